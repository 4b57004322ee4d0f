"""The line to a run is let go without waiting for its thread, and reads its own journal only, whatever the clock says."""

import threading

from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.events import Pausing
from sleapnn_engine.protocol.journal import journal_mark
from sleapnn_gui.run.link import RunLink
from sleapnn_gui.run.queue import EventQueue


def test_letting_go_does_not_wait_for_a_disk_that_does_not_answer(tmp_path):
    looking, let_go = threading.Event(), threading.Event()
    told = []

    def look() -> None:
        """As slow as a network folder that is gone; it answers at once when nobody waits for it."""
        looking.set()
        told.append(let_go.wait(1.5))

    link = RunLink(tmp_path, queue=EventQueue(), watch=look)
    link.start()
    assert looking.wait(10)
    link.close()
    let_go.set()
    link._thread.join(10)
    assert told == [True]


def test_the_journal_of_a_run_is_told_from_the_one_before_though_the_clock_was_set_back(
    tmp_path, monkeypatch
):
    def read(older):
        queue = EventQueue()
        link = RunLink(tmp_path, queue=queue, older=older)
        link.finish()
        link.start()
        link._thread.join(10)
        return len(queue)

    with EngineChannel(tmp_path) as channel:
        channel.emit(Pausing())
    before = journal_mark(tmp_path)
    assert (read(None), read(before)) == (1, 0)
    monkeypatch.setattr("sleapnn_engine.protocol.event_clock.time.time", lambda: 1000.0)
    with EngineChannel(tmp_path) as channel:
        channel.emit(Pausing())
        channel.emit(Pausing())
    assert read(before) == 2
