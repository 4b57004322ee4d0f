"""Makes the text that saving would write, in a thread, so that the window never waits for a long file."""

import sys
import threading

from PySide6.QtCore import QObject, QTimer, Signal

from sleapnn_engine.config.files import dump_config

from .commands import State
from .document import Document

_LOOK_MS = 15
_SWITCH_SECONDS = 0.0002
"""How soon the thread hands the interpreter to the window; Python's own 5 ms would hold up every call into Qt."""


class _Making:
    """The text of one state in the making. It knows nothing of Qt, so that the window may go before it is done."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.text: str | None = None
        self.thread = threading.Thread(target=self._make, name="wording", daemon=True)
        self.thread.start()

    def _make(self) -> None:
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_SECONDS))
        # A state is never changed once it is the document's, so that it can be read here.
        self.text = dump_config(self.state.values, base=self.state.text)


class Wording(QObject):
    """Gives a document the text of its present state some time after that is asked for.

    `ready` says that `document.to_yaml()` has the text at hand. Edits made meanwhile are taken up by themselves.
    """

    ready = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._making: _Making | None = None
        self._begins = QTimer(self, singleShot=True)
        self._begins.timeout.connect(self._begin)
        self._looks = QTimer(self, interval=_LOOK_MS)
        self._looks.timeout.connect(self._look)

    def ask(self, after_ms: int) -> None:
        """Have the text made when nothing has been asked for so many milliseconds."""
        self._begins.start(after_ms)

    def _begin(self) -> None:
        if self._making is not None:
            return
        if self._document.has_text:
            self.ready.emit()
            return
        self._making = _Making(self._document.state)
        self._looks.start()

    def _look(self) -> None:
        made = self._making
        if made is None or made.thread.is_alive():
            return
        self._looks.stop()
        self._making = None
        if made.text is not None:
            self._document.keep_text(made.state, made.text)
            self._begin()
