"""Viewers of a running engine, over real sockets: late, slow, several, gone, and always every event in order."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sleapnn_engine.protocol import events, replay
from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.client import EngineClient, EngineRefusedError, EngineSilentError
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.messages import Event
from sleapnn_engine.protocol.replay import Frame, FrameRing
from tests.engine.protocol.conftest import collect, seqs, wait_for
from tests.engine.protocol.examples import ARRAYS, event_of

Watch = Callable[..., EngineClient]


def speak(channel: EngineChannel, count: int) -> None:
    """Say so many batches."""
    for step in range(count):
        channel.emit(event_of("batch_end", step=step))


def up_to(seq: int) -> Callable[[list[Event]], bool]:
    """A condition for `collect`: the event of that number has come."""
    return lambda seen: bool(seen) and seen[-1].seq == seq


def test_who_comes_late_misses_nothing(channel: EngineChannel, watch: Watch):
    speak(channel, 1000)
    client = watch()
    early = collect(client, until=up_to(1000))
    speak(channel, 500)
    assert seqs(early) == list(range(1, 1001))
    assert seqs(collect(client, until=up_to(1500))) == list(range(1001, 1501))
    wait_for(lambda: client.poll(10) is not None and client.caught_up)
    assert client.engine["run_dir"] == str(channel.run_dir)
    assert client.pop_notices() == []


def test_events_said_while_someone_joins_come_once_and_in_order(channel: EngineChannel, watch: Watch):
    speak(channel, 200)
    client = watch()
    seen: list[Event] = []
    for _ in range(200):
        seen += [event for event in client.poll(1) if event.seq is not None]
        channel.emit(event_of("batch_end"))
    seen += collect(client, until=up_to(400)) if seen[-1].seq != 400 else []
    assert seqs(seen) == list(range(1, 401))


def test_who_wants_only_what_comes_gets_only_that(channel: EngineChannel, watch: Watch):
    speak(channel, 50)
    client = watch(from_seq=None)
    wait_for(lambda: client.poll(10) is not None and bool(client.engine))
    speak(channel, 5)
    assert seqs(collect(client, until=up_to(55))) == [51, 52, 53, 54, 55]


def test_who_comes_back_goes_on_where_it_left(channel: EngineChannel, watch: Watch):
    speak(channel, 100)
    assert seqs(collect(watch(from_seq=81), until=up_to(100))) == list(range(81, 101))


def test_an_engine_that_has_said_nothing_yet_can_be_watched(channel: EngineChannel, watch: Watch):
    client = watch()
    wait_for(lambda: client.poll(10) is not None and bool(client.engine))
    assert client.caught_up
    channel.emit(events.Pausing())
    assert seqs(collect(client, until=up_to(1))) == [1]


def test_a_viewer_that_was_asleep_fetches_what_its_socket_lost(channel: EngineChannel, watch: Watch):
    client = watch()
    speak(channel, 10)
    collect(client, until=up_to(10))
    speak(channel, 40_000)  # more than all queues between the two can hold
    seen = collect(client, until=up_to(40_010))
    assert seqs(seen) == list(range(11, 40_011))
    assert client.pop_notices() == []


def test_a_slow_viewer_takes_what_it_can_and_still_gets_all(channel: EngineChannel, watch: Watch):
    client = watch()
    speak(channel, 300)
    seen: list[Event] = []
    while len(seen) < 300:
        got = client.poll(100, limit=7)
        assert len(got) <= 7
        seen += [event for event in got if event.seq is not None]
    assert seqs(seen) == list(range(1, 301))


def test_two_viewers_do_not_disturb_each_other(channel: EngineChannel, watch: Watch):
    first = watch()
    speak(channel, 300)
    second = watch()
    speak(channel, 300)
    assert seqs(collect(second, until=up_to(600))) == list(range(1, 601))
    second.close()
    speak(channel, 10)
    assert seqs(collect(first, until=up_to(610))) == list(range(1, 611))


def test_images_come_through_whole(channel: EngineChannel, watch: Watch):
    client = watch()
    chance = np.random.default_rng(0)
    image = chance.integers(0, 255, (480, 640, 3), dtype=np.uint8)
    maps = chance.normal(size=(13, 120, 160)).astype(np.float16)
    collect(client, until=lambda seen: channel.viewers == 2)
    channel.emit(event_of("frame"), {"image": image, "confmaps": maps})
    image[:] = 0  # what was handed over is a copy
    event = collect(client, until=up_to(1))[0]
    assert {name: (a.dtype, a.shape) for name, a in event.arrays.items()} == {
        "image": (np.uint8, (480, 640, 3)),
        "confmaps": (np.float16, (13, 120, 160)),
    }
    np.testing.assert_array_equal(event.arrays["confmaps"], maps)
    assert event.arrays["image"].any()
    assert event.body["truth"] == [[[1.0, 0.5], None]]


def test_frames_are_kept_for_who_comes_late_in_their_place(channel: EngineChannel, watch: Watch):
    for _ in range(3):
        channel.emit(events.Pausing())
        channel.emit(event_of("frame"), ARRAYS)
    seen = collect(watch(), until=up_to(6))
    assert [event.kind for event in seen] == ["pausing", "frame"] * 3
    assert all(np.array_equal(event.arrays["image"], ARRAYS["image"]) for event in seen[1::2])


def test_many_large_frames_come_in_several_pages(
    channel: EngineChannel, watch: Watch, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(replay, "REPLY_FRAME_BYTES", 3000)
    for step in range(20):
        channel.emit(event_of("frame", index=step), {"image": np.full((30, 30), step, np.uint8)})
        channel.emit(event_of("batch_end", step=step))
    seen = collect(watch(), until=up_to(40))
    assert seqs(seen) == list(range(1, 41))
    assert [int(event.arrays["image"][0, 0]) for event in seen[::2]] == list(range(20))


def test_a_viewer_without_frames_gets_everything_else(channel: EngineChannel, watch: Watch):
    early = watch(frames=False)
    for _ in range(3):
        channel.emit(event_of("frame"), ARRAYS)
        channel.emit(events.Pausing())
    assert seqs(collect(early, until=up_to(6))) == [2, 4, 6]
    assert seqs(collect(watch(frames=False), until=up_to(6))) == [2, 4, 6]


def test_old_frames_make_room_and_are_not_waited_for(channel: EngineChannel, watch: Watch):
    for _ in range(replay.RING_FRAMES + 5):
        channel.emit(event_of("frame"), ARRAYS)
    channel.emit(events.Pausing())
    seen = collect(watch(), until=lambda seen: bool(seen) and seen[-1].kind == "pausing")
    assert seqs(seen) == list(range(6, replay.RING_FRAMES + 7))


def test_the_ring_is_bounded_in_bytes():
    ring = FrameRing(frames=10, size=1000)
    for seq in range(1, 6):
        ring.append(Frame(seq, b"", (b"x" * 300,)))
    assert [frame.seq for frame in ring.between(1, 9)] == [3, 4, 5]
    ring.append(Frame(6, b"", (b"x" * 2000,)))
    assert ring.between(1, 9) == []


def test_requests_are_answered_while_events_stream(channel: EngineChannel, watch: Watch):
    client = watch()
    speak(channel, 3000)
    assert client.request("ping").ok
    reply = client.request("resume")
    assert (reply.ok, reply.accepted) == (True, False)
    number = client.ask("pause")
    seen = collect(client, until=up_to(3000))
    assert seqs(seen) == list(range(1, 3001))
    replies = client.pop_replies()
    while not replies:
        client.poll(50)
        replies = client.pop_replies()
    assert [(reply.id, reply.accepted) for reply in replies] == [(number, True)]
    assert client.pop_replies() == []


def test_a_wrong_token_is_told_and_gets_nothing(channel: EngineChannel):
    channel.emit(events.Pausing())
    good = channel.connection
    wrong = Connection(
        pid=good.pid,
        token="guess",
        events=good.events,
        requests=good.requests,
        started=good.started,
        run_dir=good.run_dir,
    )
    with EngineClient(wrong) as client, pytest.raises(EngineRefusedError, match="token is wrong"):
        collect(client, until=lambda seen: bool(seen))


def test_an_unknown_verb_is_a_mistake_of_the_caller(watch: Watch):
    with pytest.raises(ValueError, match="'reboot' is no request"):
        watch().ask("reboot")


def test_a_silent_engine_is_told_apart_from_a_slow_one(channel: EngineChannel, tmp_path: Path):
    deaf = Connection(
        pid=1,
        token="t",
        events="tcp://127.0.0.1:1",
        requests="tcp://127.0.0.1:1",
        started=1.0,
        run_dir=str(tmp_path),
    )
    with EngineClient(deaf) as client:
        with pytest.raises(EngineSilentError, match="no answer to 'ping'"):
            client.request("ping", timeout_ms=50)
        assert not client.lost
        wait_for(lambda: client.poll(100) == [] and client.lost)


def test_the_last_word_reaches_who_reads_and_closing_is_clean(run_dir: Path):
    with EngineChannel(run_dir) as channel:
        client = EngineClient(channel.connection)
        speak(channel, 10)
        collect(client, until=up_to(10))
        speak(channel, 500)
        channel.emit(event_of("finished"))
    seen = collect(client, until=lambda seen: client.end is not None)
    assert seqs(seen) == list(range(11, 512))
    assert client.end is not None
    assert client.end.body["outcome"] == "early_stopped"
    assert not client.lost
    client.close()
    client.close()


def test_a_viewer_that_is_behind_when_the_engine_leaves_reads_the_rest_from_disk(run_dir: Path):
    with EngineChannel(run_dir, linger_seconds=0.0) as channel:
        client = EngineClient(channel.connection)
        channel.emit(events.Pausing())
        collect(client, until=up_to(1))
        speak(channel, 30_000)
        channel.emit(event_of("finished"))
    seen = collect(client, until=lambda seen: client.end is not None)
    assert seqs(seen) == list(range(2, 30_003))
    client.close()


def test_damaged_events_are_left_out_and_told(channel: EngineChannel, watch: Watch):
    channel.emit(events.Pausing())
    with (channel.run_dir / "events.jsonl").open("ab") as journal:
        journal.write(b'{"seq":2,"t":"soon"}\n')
    channel.emit(events.Pausing())
    channel.emit(events.Pausing())
    client = watch()
    seen = collect(client, until=up_to(3))
    assert seqs(seen)[0] == 1
    assert "could not be read" in client.pop_notices()[0]
