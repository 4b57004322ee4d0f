"""The line to a run is let go without waiting for its thread."""

import threading

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
