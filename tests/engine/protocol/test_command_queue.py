"""Commands on their way to the training loop: queued in order, refused when senseless, waited for."""

import threading

import pytest

from sleapnn_engine.protocol.command_queue import MAX_WAITING, CommandQueue
from sleapnn_engine.protocol.messages import Command


def test_commands_come_out_once_and_in_order():
    queue = CommandQueue()
    assert queue.pop() == []
    assert queue.offer("checkpoint", {}) is None
    assert queue.offer("stop", {"after": "batch"}) is None
    assert queue.pop() == [Command("checkpoint"), Command("stop", {"after": "batch"})]
    assert queue.pop() == []


@pytest.mark.parametrize(
    ("heard", "verb", "reason"),
    [
        ([], "resume", "not paused"),
        (["paused"], "pause", "paused already"),
        (["paused", "resumed"], "resume", "not paused"),
        (["stopping"], "pause", "about to stop"),
        (["stopping"], "resume", "about to stop"),
        (["finished"], "stop", "over"),
        (["failed"], "checkpoint", "over"),
        (["stopping", "paused"], "resume", "about to stop"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(heard: list[str], verb: str, reason: str):
    queue = CommandQueue()
    for kind in heard:
        queue.note(kind)
    said = queue.offer(verb, {})
    assert said is not None
    assert reason in said
    assert queue.pop() == []


def test_pause_and_resume_on_its_heels_are_both_accepted():
    queue = CommandQueue()
    assert queue.offer("pause", {}) is None
    assert queue.offer("pause", {}) is not None
    assert queue.offer("resume", {}) is None
    queue.note("paused")  # said while the resume is still waiting to be read
    assert [command.verb for command in queue.pop()] == ["pause", "resume"]
    queue.note("resumed")
    assert queue.offer("pause", {}) is None


def test_a_stop_may_be_hastened():
    queue = CommandQueue()
    assert queue.offer("stop", {"after": "epoch"}) is None
    queue.note("stopping")
    assert queue.offer("stop", {"after": "batch"}) is None


def test_commands_nobody_reads_are_refused_in_the_end():
    queue = CommandQueue()
    answers = [queue.offer("checkpoint", {}) for _ in range(MAX_WAITING + 1)]
    assert answers[:-1] == [None] * MAX_WAITING
    assert "busy" in (answers[-1] or "")


def test_waiting_ends_with_a_command_from_another_thread():
    queue = CommandQueue()
    assert queue.wait(0.01) is None
    other = threading.Thread(target=queue.offer, args=("pause", {}))
    other.start()
    assert queue.wait(30) == Command("pause")
    other.join()
