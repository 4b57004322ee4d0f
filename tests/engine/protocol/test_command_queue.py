"""Commands on their way to the training loop: queued in order, refused when senseless, waited for."""

import threading

import pytest

from sleapnn_engine.protocol.command_queue import MAX_WAITING, CommandQueue
from sleapnn_engine.protocol.messages import Command


def test_commands_come_out_once_and_in_order():
    orders = CommandQueue()
    assert orders.take() == []
    assert orders.offer("checkpoint", {}) is None
    assert orders.offer("stop", {"after": "batch"}) is None
    assert orders.take() == [Command("checkpoint"), Command("stop", {"after": "batch"})]
    assert orders.take() == []


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
    orders = CommandQueue()
    for kind in heard:
        orders.note(kind)
    said = orders.offer(verb, {})
    assert said is not None
    assert reason in said
    assert orders.take() == []


def test_pause_and_resume_on_its_heels_are_both_accepted():
    orders = CommandQueue()
    assert orders.offer("pause", {}) is None
    assert orders.offer("pause", {}) is not None
    assert orders.offer("resume", {}) is None
    orders.note("paused")  # said while the resume is still waiting to be read
    assert [command.verb for command in orders.take()] == ["pause", "resume"]
    orders.note("resumed")
    assert orders.offer("pause", {}) is None


def test_a_stop_may_be_hastened():
    orders = CommandQueue()
    assert orders.offer("stop", {"after": "epoch"}) is None
    orders.note("stopping")
    assert orders.offer("stop", {"after": "batch"}) is None


def test_commands_nobody_reads_are_refused_in_the_end():
    orders = CommandQueue()
    answers = [orders.offer("checkpoint", {}) for _ in range(MAX_WAITING + 1)]
    assert answers[:-1] == [None] * MAX_WAITING
    assert "busy" in (answers[-1] or "")


def test_waiting_ends_with_a_command_from_another_thread():
    orders = CommandQueue()
    assert orders.wait(0.01) is None
    other = threading.Thread(target=orders.offer, args=("pause", {}))
    other.start()
    assert orders.wait(30) == Command("pause")
    other.join()
