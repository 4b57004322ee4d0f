"""What is done before anybody asks for it, once the window is there: so that it is quick when somebody does."""

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.starting import read_ahead
from sleapnn_gui.form.section_page import SectionPage

_AFTER_MS = 500


def do_ahead(pages: Iterable[SectionPage], *, of: QWidget) -> None:
    """Read what each type of model begins with, and show each group of rows its state, one in a turn of the event loop."""
    reading, turns = BackgroundTask(of), QTimer(of, interval=0)
    steps: Iterator[None] = (None for page in list(pages) for _ in page.get_ready())

    def step() -> None:
        if next(steps, steps) is steps:
            turns.stop()

    def begin() -> None:
        reading.begin(read_ahead, lambda _: None)
        turns.start()

    turns.timeout.connect(step)
    QTimer.singleShot(_AFTER_MS, of, begin)
