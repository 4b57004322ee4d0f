"""The process that answers an editor: every question once, the newest of a kind wins, and it ends with its input."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sleapnn_engine.inspect.service import Service
from sleapnn_engine.inspect.wanted import NotWanted
from sleapnn_engine.protocol.codec import DecodeError, decode_arrays, decode_reply, encode_request
from sleapnn_engine.protocol.messages import Reply, Request
from sleapnn_engine.protocol.pipe import PipeReader, encode_parts
from tests.engine.training.rendered import job, write_labels


class Asking:
    """One inspect process, asked over its pipes."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sleapnn_engine", "inspect"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.reader, self.number, self.come = PipeReader(), 0, []

    def send(self, verb: str, **args: Any) -> int:
        self.number += 1
        assert self.process.stdin is not None
        self.process.stdin.write(encode_parts([encode_request(Request(self.number, "", verb, args))]))
        self.process.stdin.flush()
        return self.number

    def next(self) -> tuple[Reply, list[bytes]]:
        assert self.process.stdout is not None
        while not self.come:
            self.come += self.reader.feed(os.read(self.process.stdout.fileno(), 1 << 16))
        parts = self.come.pop(0)
        return decode_reply(parts[0], limit=1 << 26), parts[1:]

    def ask(self, verb: str, **args: Any) -> tuple[Reply, list[bytes]]:
        number = self.send(verb, **args)
        reply, arrays = self.next()
        assert reply.id == number
        return reply, arrays


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    made = Asking()
    yield made
    made.process.kill()
    made.process.communicate()


def test_it_answers_each_kind_from_the_config_in_the_question(asking: Asking, tmp_path: Path) -> None:
    values = job(tmp_path, write_labels(tmp_path, frames=8))
    facts = asking.ask("describe", values=values)[0]
    assert facts.body["labeled_frames"] == 8
    figures = asking.ask("derive", values=values)[0].body
    assert (figures["train_samples"], figures["val_samples"], figures["steps_per_epoch"]) == (6, 2, 2)
    checked = asking.ask("check", values=values)[0].body
    assert [issue for issue in checked["issues"] if issue["severity"] == "error"] == []
    shown, arrays = asking.ask("frame", values=values, index=3)
    image = decode_arrays(shown.body, arrays)["image"]
    assert image.shape == (64, 64, 1)
    assert np.shape(shown.body["points"]) == (1, 3, 2)
    same, _ = asking.ask("frame", values=values, frame=3)
    assert same.body["index"] == 3
    assert not list(tmp_path.glob("models*")), "nothing is created by asking"


def test_what_cannot_be_answered_comes_back_with_a_sentence(asking: Asking, tmp_path: Path) -> None:
    values = job(tmp_path, write_labels(tmp_path, frames=3))
    for verb, args, words in (
        ("frame", {"values": values, "index": 99}, "There is no frame 99"),
        ("frame", {"values": {}}, "No labels are chosen"),
        ("derive", {"values": 3}, "'values' should be object"),
        ("derive", {}, "'values' is missing"),
        ("paint", {}, "'paint' is no question"),
    ):
        reply, _ = asking.ask(verb, **args)
        assert not reply.accepted
        assert words in (reply.error or "")
    gone, _ = asking.ask("derive", values=job(tmp_path, tmp_path / "gone.slp"))
    assert gone.accepted
    assert gone.body["steps_per_epoch"] is None
    assert "gone.slp" in gone.body["reason"]


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", 1e308, 10**40])
def test_odd_numbers_in_a_config_are_answered(asking: Asking, tmp_path: Path, number: Any) -> None:
    values = job(tmp_path, tmp_path / "gone.slp", trainer_config__train_data_loader__batch_size=number)
    values["data_config"]["preprocessing"] = {"crop_size": number, "scale": number}
    assert asking.ask("derive", values=values)[0].accepted
    issues = asking.ask("check", values=values)[0].body["issues"]
    assert any(issue["severity"] == "error" for issue in issues)


def test_it_ends_with_its_input_whatever_it_is_doing(tmp_path: Path) -> None:
    made = Asking()
    values = job(tmp_path, write_labels(tmp_path))
    assert made.ask("ping")[0].body["pid"] == made.process.pid
    made.send("derive", values=values)  # imports for seconds
    assert made.process.stdin is not None
    made.process.stdin.close()
    assert made.process.wait(timeout=20) == 0
    assert made.process.stdout is not None
    made.process.stdout.close()


class Held:
    """An answer that takes until it is let go, in this process."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self.replies: list[Reply] = []
        self.said = threading.Condition()
        self.service = Service(
            {"derive": self.answer, "check": lambda *_: ({"issues": []}, {})}, send=self.submit
        )

    def answer(self, args: Any, cancelled: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        self.begun.release()
        self.go.acquire()
        if cancelled():
            raise NotWanted
        return {"asked": args["values"]["n"]}, {}

    def submit(self, parts: Any) -> None:
        with self.said:
            self.replies.append(decode_reply(parts[0]))
            self.said.notify_all()

    def ask(self, number: int, verb: str = "derive", **args: Any) -> None:
        args = args or {"values": {"n": number}}
        self.service.submit([encode_request(Request(number, "", verb, args))])

    def wait(self, count: int) -> dict[int | None, Reply]:
        with self.said:
            assert self.said.wait_for(lambda: len(self.replies) >= count, 20)
        return {reply.id: reply for reply in self.replies}


def test_of_a_kind_the_newest_question_wins_and_other_kinds_do_not_wait() -> None:
    held = Held()
    held.ask(1)
    held.begun.acquire()
    held.ask(2)
    held.ask(3)
    held.ask(4, "check")
    assert held.wait(2)[4].accepted, "answered while another kind is at work"
    held.go.release()
    held.begun.acquire()
    held.go.release()
    replies = held.wait(4)
    assert [replies[n].accepted for n in (1, 2, 3)] == [False, False, True]
    assert "newer question" in (replies[1].error or "")
    assert replies[3].body == {"asked": 3}


def test_a_question_is_taken_back_while_it_is_answered_or_waits() -> None:
    held = Held()
    held.ask(1)
    held.begun.acquire()
    held.ask(2, "cancel", id=1)
    held.ask(3, "cancel", id=77)
    held.go.release()
    replies = held.wait(3)
    assert replies[2].body == {"heard": True}
    assert replies[3].body == {"heard": False}
    assert not replies[1].accepted
    assert "taken back" in (replies[1].error or "")


def test_messages_come_whole_in_whatever_pieces_and_nonsense_is_refused() -> None:
    messages = [[b"{}", b"", b"\0" * 300], [json.dumps({"a": 1}).encode()]]
    stream = b"".join(map(encode_parts, messages))
    for step in (1, 7, len(stream)):
        reader = PipeReader()
        got = [m for at in range(0, len(stream), step) for m in reader.feed(stream[at : at + step])]
        assert got == messages
    for nonsense in (b"\0\0\0\0", b"\xff" * 16, b"\0\0\0\1" + b"\xff" * 8):
        with pytest.raises(DecodeError):
            PipeReader().feed(nonsense)
