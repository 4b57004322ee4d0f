"""The engine's side: what may be said, what stands on disk, connection file, opening and closing."""

import json
import os
import stat
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest

from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.channel import ChannelError, EngineChannel
from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.codec import decode_event
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.events import KINDS
from sleapnn_engine.protocol.journal import FILE_NAME, JournalReader
from tests.engine.protocol.conftest import seqs, wait_for
from tests.engine.protocol.examples import ARRAYS, BODIES, body_of, event_of


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].journaled])
def test_every_kind_is_in_the_journal_when_emit_returns(channel: EngineChannel, kind: str):
    assert channel.emit(event_of(kind)) == 1
    written = (channel.run_dir / FILE_NAME).read_bytes()
    event = decode_event(written)
    assert (event.seq, event.kind) == (1, kind)
    assert event.body.keys() >= BODIES[kind].keys()
    assert channel.last_seq == 1


def test_frames_have_a_number_but_are_not_in_the_journal(channel: EngineChannel):
    channel.emit(events.Pausing())
    assert channel.emit(event_of("frame"), ARRAYS) == 2
    assert channel.emit(event_of("frame"), ARRAYS.items()) == 3
    channel.emit(events.Pausing())
    assert seqs(JournalReader(channel.run_dir).read_all()) == [1, 4]


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("heartbeat", BODIES["heartbeat"], "'heartbeat' is said by the channel itself"),
        ("paused", {"epoch": 1, "step": "two"}, "'step' should be integer, got str 'two'"),
        ("batch_end", body_of("batch_end", loss=None), "'loss' should be number"),
        ("batch_end", body_of("batch_end", losses={"a": "b"}), "'losses' should be name → number"),
        ("stopping", {"after": "lunch"}, "'after' should be one of batch, epoch, got 'lunch'"),
        ("frame", body_of("frame", truth=[[[1.0]]]), "'truth'"),
        ("failed", body_of("failed", message=Path("x")), "'message' should be text"),
    ],
)
def test_what_does_not_fit_is_refused_and_takes_no_number(
    channel: EngineChannel, kind: str, body: dict, says: str
):
    with pytest.raises(ValueError) as refused:
        channel.emit(KINDS[kind](**body))
    assert says in str(refused.value)
    assert channel.last_seq == 0
    assert (channel.run_dir / FILE_NAME).read_bytes() == b""


def test_arrays_go_with_image_kinds_only(channel: EngineChannel):
    with pytest.raises(ValueError, match="carries no arrays"):
        channel.emit(events.Pausing(), ARRAYS)


def test_numpy_numbers_and_non_finite_ones_may_be_said(channel: EngineChannel):
    body = body_of(
        "batch_end", epoch=np.int64(2), loss=np.float32(0.5), losses={"a": np.float64("nan")}, seconds=1
    )
    channel.emit(events.BatchEnd.read(body))
    event = JournalReader(channel.run_dir).read_all()[0]
    assert (event.body["epoch"], event.body["loss"], event.body["seconds"]) == (2, 0.5, 1)
    assert event.non_finite == ("losses.a",)


def test_threads_may_all_speak_and_numbers_stay_in_order(channel: EngineChannel):
    def speak() -> None:
        for _ in range(300):
            channel.emit(events.Pausing())

    speakers = [threading.Thread(target=speak) for _ in range(4)]
    for speaker in speakers:
        speaker.start()
    for speaker in speakers:
        speaker.join()
    assert seqs(JournalReader(channel.run_dir).read_all()) == list(range(1, 1201))


def test_connection_file_is_private_complete_and_gone_after_a_clean_end(run_dir: Path):
    with EngineChannel(run_dir) as channel:
        file = run_dir / "engine.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text())["protocol"] == 1
        assert Connection.read(run_dir) == Connection.read(file) == channel.connection
        assert channel.connection.pid == os.getpid()
        assert channel.connection.answers()
        assert channel.token not in repr(channel.connection)
        assert sorted(path.name for path in run_dir.iterdir()) == ["engine.json", "events.jsonl"]
    assert not file.exists()
    assert not channel.connection.answers()
    channel.close()


def test_each_run_has_its_own_token(run_dir: Path, tmp_path: Path):
    tokens = {EngineChannel(run_dir).token for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(token) >= 32 for token in tokens)
    assert EngineChannel(run_dir, token="mine").token == "mine"


def test_a_connection_file_that_became_another_engines_is_left_alone(run_dir: Path):
    with EngineChannel(run_dir):
        other = Connection.read(run_dir)
        Connection(
            pid=other.pid,
            token="other",
            events=other.events,
            requests=other.requests,
            started=1.0,
            run_dir="x",
        ).write(run_dir)
    assert Connection.read(run_dir).token == "other"


def test_the_channel_must_be_open_to_speak(run_dir: Path):
    channel = EngineChannel(run_dir)
    with pytest.raises(RuntimeError, match="not open"):
        channel.emit(events.Pausing())
    with pytest.raises(RuntimeError, match="not been started"):
        _ = channel.connection
    with channel:
        channel.emit(events.Pausing())
    with pytest.raises(RuntimeError, match="not open"):
        channel.emit(events.Pausing())


def test_a_missing_run_folder_is_refused(tmp_path: Path):
    with pytest.raises(ChannelError, match="does not exist"):
        EngineChannel(tmp_path / "nowhere").start()


def test_a_channel_that_cannot_open_leaves_nothing_open(run_dir: Path):
    (run_dir / "engine.json").mkdir()
    with pytest.raises(ChannelError, match="cannot open its sockets"):
        EngineChannel(run_dir).start()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("engine-")] == []


def test_the_remains_of_a_killed_engine_are_no_obstacle(run_dir: Path):
    Connection(
        pid=os.getpid(),
        token="old",
        events="tcp://127.0.0.1:1",
        requests="tcp://127.0.0.1:1",
        started=1.0,
        run_dir=str(run_dir),
    ).write(run_dir)
    with EngineChannel(run_dir) as channel:
        assert Connection.read(run_dir).token == channel.token


def test_heartbeats_say_what_was_set(channel: EngineChannel, watch):
    channel.set_heartbeat(state="training", epoch=2)
    channel.set_heartbeat(step=40)
    channel.emit(events.Pausing())
    client: EngineClient = watch()
    wait_for(lambda: client.poll(50) is not None and client.heartbeat is not None)
    body = client.heartbeat.body
    assert (body["state"], body["epoch"], body["step"], body["last_seq"]) == ("training", 2, 40, 1)
    assert body["gpu_bytes"] is None
    # Whatever the system, what it says of this process, which holds more than ten million bytes.
    assert body["rss_bytes"] == pytest.approx(psutil.Process(os.getpid()).memory_info().rss, rel=0.5)
    assert body["rss_bytes"] > 1e7


def test_a_gpu_that_cannot_be_asked_does_not_stop_the_heart(run_dir: Path):
    def broken() -> int:
        raise RuntimeError("driver gone")

    with EngineChannel(run_dir, gpu_bytes=broken) as channel, EngineClient(channel.connection) as client:
        wait_for(lambda: client.poll(50) is not None and client.heartbeat is not None)
        assert client.heartbeat.body["gpu_bytes"] is None


def test_gpu_memory_is_told(run_dir: Path):
    with (
        EngineChannel(run_dir, gpu_bytes=lambda: 12345) as channel,
        EngineClient(channel.connection) as client,
    ):
        wait_for(lambda: client.poll(50) is not None and client.heartbeat is not None)
        assert client.heartbeat.body["gpu_bytes"] == 12345
