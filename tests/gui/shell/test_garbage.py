"""What nothing refers to any more is ended by the window's own thread, between two turns, whoever made it."""

import gc
import threading
import weakref

from sleapnn_gui.app import show_window
from sleapnn_gui.shell.garbage import GarbageSearch
from tests.gui.windows import throw_away


class Ring:
    """Something that refers to itself: only a search ends it."""

    def __init__(self) -> None:
        self.itself = self


def test_a_thread_that_makes_many_objects_ends_none_of_the_windows(app, wait_until):
    """Parts of a window that end in another thread, or while others are being made, end the app or have it wait."""
    _, window = show_window(["sleapnn-gui"])
    search = GarbageSearch(app)
    ended: list[str] = []
    try:
        ring = Ring()
        weakref.finalize(ring, lambda: ended.append(threading.current_thread().name))
        del ring
        # What it makes is enough for Python to search all there is, many times over.
        thread = threading.Thread(target=lambda: [Ring() for _ in range(200_000)], name="other")
        thread.start()
        thread.join()
        assert ended == []
        assert not gc.isenabled()
        wait_until(lambda: len(ended) == 1)
        assert ended == [threading.main_thread().name]
    finally:
        search.deleteLater()
        throw_away(window)
