"""The queue between the link and the window: order, packing, bounds."""

import math
import threading

import numpy as np

from sleapnn_engine.protocol.codec import encode_event
from sleapnn_engine.protocol.journal import JournalReader
from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.run.queue import MOST_FRAMES, Batches, EventQueue


def batch(seq, *, loss=0.5, **heads):
    body = {
        "epoch": seq // 100,
        "step": seq,
        "batch": seq % 100,
        "loss": loss,
        "losses": heads,
        "seconds": 0.01,
    }
    return Event(seq, 1000.0 + seq, "batch_end", body)


def note(seq):
    return Event(seq, 1000.0 + seq, "log", {"level": "info", "text": str(seq)})


def frame(seq):
    return Event(seq, 1000.0, "frame", {}, {"image": np.zeros((2, 2, 1), np.uint8)})


def seqs(items):
    return [seq for item in items for seq in (item.seqs if isinstance(item, Batches) else [item.seq])]


def test_batches_between_other_events_are_packed_and_the_order_is_kept():
    queue = EventQueue()
    for event in [note(1), batch(2), batch(3), note(4), batch(5)]:
        queue.put(event)
    assert len(queue) == 5
    items = queue.pop()
    assert [type(item).__name__ for item in items] == ["Event", "Batches", "Event", "Batches"]
    assert seqs(items) == [1, 2, 3, 4, 5]
    assert len(queue) == 0
    assert queue.pop() == []


def test_packed_columns_keep_non_finite_losses_and_heads_that_come_and_go():
    queue = EventQueue()
    queue.put(batch(1, a=1.0))
    queue.put(batch(2, loss=None, a=None, b=2.0))
    queue.put(batch(3, b=3.0))
    (packed,) = queue.pop()
    assert packed.losses[0] == 0.5
    assert math.isnan(packed.losses[1])
    assert packed.steps == [1, 2, 3]
    np.testing.assert_array_equal(packed.heads["a"], [1.0, np.nan, np.nan])
    np.testing.assert_array_equal(packed.heads["b"], [np.nan, 2.0, 3.0])
    assert packed.t == 1003.0


def test_what_is_read_as_columns_is_packed_as_if_one_by_one(tmp_path):
    said = [batch(seq, confmaps=0.5, **({"pafs": 0.25} if seq > 30 else {})) for seq in range(1, 61)]
    said.insert(45, note(200))
    (tmp_path / "events.jsonl").write_bytes(b"".join(encode_event(event) + b"\n" for event in said))
    ways = []
    for reader in (JournalReader(tmp_path).poll, JournalReader(tmp_path).poll_packed):
        queue = EventQueue()
        while events := reader(limit=25):
            for event in events:
                queue.put(event)
        assert len(queue) == 61
        ways.append(queue.pop())
        assert len(queue) == 0
    assert str(ways[0]) == str(ways[1])
    assert [type(item) for item in ways[1]] == [Batches, Event, Batches]


def test_one_turn_takes_a_bounded_piece_of_a_long_history():
    queue = EventQueue()
    for seq in range(1, 3001):
        queue.put(note(seq))
    taken = queue.pop(most=2000)
    assert len(taken) == 100
    assert len(queue) == 2900
    rest = []
    while items := queue.pop(most=2000):
        rest.extend(items)
    assert seqs(taken + rest) == list(range(1, 3001))


def test_a_full_queue_holds_the_writer_back_and_loses_nothing():
    queue = EventQueue(capacity=50)
    writer = threading.Thread(target=lambda: [queue.put(batch(seq)) for seq in range(1, 501)])
    writer.start()
    got = []
    while len(got) < 500:
        got.extend(seqs(queue.pop()))
        assert len(queue) <= 50
    writer.join()
    assert got == list(range(1, 501))


def test_closing_lets_a_waiting_writer_go():
    queue = EventQueue(capacity=1)
    queue.put(note(1))
    answers = []
    writer = threading.Thread(target=lambda: answers.append(queue.put(note(2))))
    writer.start()
    queue.close()
    writer.join(timeout=5)
    assert answers == [False]


def test_waiting_frames_are_bounded_and_other_events_stay():
    queue = EventQueue()
    queue.put(note(1))
    for seq in range(2, 2 + MOST_FRAMES + 5):
        queue.put(frame(seq))
    queue.put(note(500))
    kept = seqs(queue.pop())
    assert queue.dropped_frames == 5
    assert kept == [1, *range(7, 2 + MOST_FRAMES + 5), 500]


def test_whoever_puts_into_a_held_queue_waits_until_it_goes_on():
    queue = EventQueue()
    queue.hold()
    done = threading.Event()
    thread = threading.Thread(target=lambda: (queue.put(note(1)), done.set()))
    thread.start()
    assert not done.wait(0.05)
    assert queue.pop() == []
    queue.go_on()
    thread.join()
    assert seqs(queue.pop()) == [1]


def test_a_held_queue_that_is_closed_lets_everybody_go():
    queue = EventQueue()
    queue.hold()
    told = []
    thread = threading.Thread(target=lambda: told.append(queue.put(note(1))))
    thread.start()
    queue.close()
    thread.join()
    assert told == [False]
