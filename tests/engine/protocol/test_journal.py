"""The journal on disk: written line by line, read back in pages, followed, and read again after a crash."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from sleapnn_engine.protocol.batch_lines import BatchLines
from sleapnn_engine.protocol.codec import MAX_EVENT_BYTES, encode_event
from sleapnn_engine.protocol.journal import FILE_NAME, JournalReader, JournalWriter
from sleapnn_engine.protocol.messages import Event
from tests.engine.protocol.conftest import seqs
from tests.engine.protocol.examples import body_of


def line(seq: int) -> bytes:
    return encode_event(Event(seq, 1.0, "log", {"level": "info", "text": f"line {seq} é"}))


def write(run_dir: Path, numbers: range) -> JournalWriter:
    writer = JournalWriter(run_dir)
    for number in numbers:
        writer.append(number, line(number))
    return writer


def page_seqs(writer: JournalWriter, first: int, last: int, **options: int) -> tuple[list[int], int]:
    page = writer.page(first, last, **options)
    return [int(one[7:].partition(b",")[0]) for one in page.lines.split(b"\n") if one], page.next


def test_a_page_holds_just_what_was_asked_for(run_dir: Path):
    writer = write(run_dir, range(1, 2001, 2))  # even numbers are frames, which the journal does not keep
    assert page_seqs(writer, 1, 9) == ([1, 3, 5, 7, 9], 10)
    assert page_seqs(writer, 1000, 1004) == ([1001, 1003], 1005)
    assert page_seqs(writer, 1998, 5000) == ([1999], 5001)
    assert page_seqs(writer, 2, 2) == ([], 3)
    writer.close()


def test_pages_end_where_they_are_full_and_go_on_from_there(run_dir: Path):
    writer = write(run_dir, range(1, 1001))
    seen, at, pages = [], 1, 0
    while at <= 1000:
        found, at = page_seqs(writer, at, 1000, limit=5000)
        seen += found
        pages += 1
    assert seen == list(range(1, 1001))
    assert pages > 10
    assert page_seqs(writer, 5, 9, limit=1) == ([5], 6)
    writer.close()


def test_an_older_journal_is_kept_beside_the_new_one(run_dir: Path):
    for start in (1, 11, 21):
        write(run_dir, range(start, start + 3)).close()
    assert seqs(JournalReader(run_dir).read_all()) == [21, 22, 23]
    assert (run_dir / "events-1.jsonl").read_bytes().startswith(line(1))
    assert (run_dir / "events-2.jsonl").read_bytes().startswith(line(11))


def test_a_reader_follows_a_growing_journal_and_waits_for_whole_lines(run_dir: Path):
    reader = JournalReader(run_dir)
    assert reader.poll() == []
    path = run_dir / FILE_NAME
    with path.open("wb", buffering=0) as stream:
        stream.write(line(1) + b"\n" + line(2)[:20])
        assert seqs(reader.poll()) == [1]
        assert reader.poll() == []
        stream.write(line(2)[20:])
        assert reader.poll() == []
        stream.write(b"\n")
        assert seqs(reader.poll()) == [2]
    assert reader.pop_notices() == []


def test_a_reader_takes_no_more_than_it_is_asked_for(run_dir: Path):
    write(run_dir, range(1, 101)).close()
    reader = JournalReader(run_dir)
    parts = [seqs(reader.poll(limit=30)) for _ in range(5)]
    assert [len(part) for part in parts] == [30, 30, 30, 10, 0]
    assert [seq for part in parts for seq in part] == list(range(1, 101))


def test_a_cut_last_line_and_damaged_lines_are_left_out_and_told(run_dir: Path):
    lines = [line(1), b'{"seq":2,"t":1', line(3), b"\x00\x00\x00", b"", line(6), line(7)[:30]]
    (run_dir / FILE_NAME).write_bytes(b"\n".join(lines))
    reader = JournalReader(run_dir)
    assert seqs(reader.read_all()) == [1, 3, 6]
    notices = reader.pop_notices()
    assert ["Line 2" in notices[0], "Line 4" in notices[1], "cut off after 30 bytes" in notices[2]] == [
        True
    ] * 3
    assert len(notices) == 3
    assert reader.pop_notices() == []


def batch_line(seq: int, **changes: object) -> bytes:
    body = {
        "epoch": 0,
        "step": seq - 1,
        "batch": seq - 1,
        "loss": 0.5 / seq,
        "losses": {"côté": 1e-07},
        "seconds": 0.25,
    }
    return encode_event(Event(seq, 1000.5 + seq, "batch_end", {**body, **changes}))


def flat(packed: list[Event | BatchLines]) -> list[tuple[object, ...]]:
    """Events as numbers, times and what batch results say."""
    found: list[tuple[object, ...]] = []
    for one in packed:
        if isinstance(one, BatchLines):
            columns = (one.seqs, one.times, one.epochs, one.steps, one.batches, one.losses, one.seconds)
            heads = [dict(zip(one.heads, row, strict=True)) for row in zip(*one.heads.values(), strict=True)]
            found += zip(*columns, heads or [{}] * len(one), strict=True)
        elif one.kind == "batch_end":
            names = ("epoch", "step", "batch", "loss", "seconds", "losses")
            found.append((one.seq, one.t, *(one.body[name] for name in names)))
        else:
            found.append((one.seq, one.t, one.kind))
    return found


ODD = {
    "a loss that is not finite": batch_line(51, loss=float("nan")),
    "another head": batch_line(51, losses={"pafs": 1.0}),
    "no head": batch_line(51, losses={}),
    "one head twice": batch_line(51).replace(b'"losses":{', b'"losses":{"c\xc3\xb4t\xc3\xa9":2.0,'),
    "more keys": batch_line(51, note="x"),
    "a whole number": batch_line(51, loss=1),
    "too large for a number": batch_line(51).replace(b'"seconds":0.25', b'"seconds":1e999'),
    "no JSON": batch_line(51).replace(b'"seconds":0.25', b'"seconds":00.25'),
    "no number": batch_line(51).replace(b'{"seq":51', b'{"seq":null'),
    "number 0": batch_line(51).replace(b'{"seq":51', b'{"seq":0'),
    "a time that is text": batch_line(51).replace(b'"t":1051.5', b'"t":"1051.5"'),
    "no text": batch_line(51).replace(b"c\xc3", b"c\xff"),
    "cut": batch_line(51)[:-20],
    "nothing": b"",
    "another event": line(51),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_many_batch_results_are_read_as_one_by_one(run_dir: Path, odd: bytes):
    lines = [batch_line(seq) for seq in range(1, 51)] + [odd] + [batch_line(seq) for seq in range(52, 101)]
    (run_dir / FILE_NAME).write_bytes(b"\n".join(lines) + b"\n")
    plain, packing = JournalReader(run_dir), JournalReader(run_dir)
    packed: list[Event | BatchLines] = []
    while more := packing.poll_packed(limit=40):
        packed += more
    assert flat(packed) == flat([*plain.read_all()])
    assert packing.pop_notices() == plain.pop_notices()
    assert sum(isinstance(one, BatchLines) for one in packed) >= 2, "and few of them one by one"


def test_a_line_longer_than_any_event_is_left_out(run_dir: Path):
    (run_dir / FILE_NAME).write_bytes(
        line(1) + b"\n" + b"x" * (3 * MAX_EVENT_BYTES) + b"\n" + line(2) + b"\n"
    )
    reader = JournalReader(run_dir)
    assert seqs(reader.read_all()) == [1, 2]
    assert any("Line 2" in notice and "too long" in notice for notice in reader.pop_notices())


def test_a_reader_starts_over_with_a_new_journal(run_dir: Path):
    write(run_dir, range(1, 6)).close()
    reader = JournalReader(run_dir)
    assert len(reader.read_all()) == 5
    write(run_dir, range(1, 3)).close()
    assert seqs(reader.read_all()) == [1, 2]
    assert "replaced" in reader.pop_notices()[0]


FULL_DISK = """
import resource, sys
from pathlib import Path
from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.events import Log
folder = Path(sys.argv[1])
with EngineChannel(folder) as channel:
    def emit(count):
        for _ in range(count):
            channel.emit(Log(level="info", text="x" * 80))
    emit(20)
    limit = (folder / "events.jsonl").stat().st_size + 170
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    emit(20)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    emit(20)
    print(channel.last_seq)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on file sizes")
def test_a_full_disk_ends_no_run_and_the_journal_says_what_it_lacks(run_dir: Path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(run_dir)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 62  # 60 said here, two by the channel about its journal
    reader = JournalReader(run_dir)
    events = reader.read_all()
    assert seqs(events) == [*range(1, 22), *range(42, 63)]
    told = [event.body["text"] for event in events if event.body["level"] == "error"]
    assert told == ["The journal is written again; events 22 to 41 are not in it."]
    assert len(reader.pop_notices()) == 1  # the line the disk cut short


def test_writing_survives_bodies_with_every_kind_of_text(run_dir: Path):
    writer = JournalWriter(run_dir)
    texts = ["a\nb", "\u2028\u2029\x85\x0b\x0c", "\udc80", "🙂"]
    for number, text in enumerate(texts, start=1):
        writer.append(number, encode_event(Event(number, 1.0, "log", body_of("log", text=text))))
    writer.close()
    assert [event.body["text"] for event in JournalReader(run_dir).read_all()] == texts
    assert os.stat(run_dir / FILE_NAME).st_size > 0
