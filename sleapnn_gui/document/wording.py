"""Makes the text that saving would write, in a thread, so that the window never waits for a long file."""

from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.states import text_of


class Wording(QObject):
    """Gives a document the text of its present state some time after that is asked for.

    `ready` says that `document.to_yaml()` has the text at hand. Edits made meanwhile are taken up by themselves.
    """

    ready = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._task = BackgroundTask(self)
        self._begins = QTimer(self, singleShot=True)
        self._begins.timeout.connect(self._begin)

    def ask(self, after_ms: int) -> None:
        """Have the text made when nothing has been asked for so many milliseconds."""
        self._begins.start(after_ms)

    def _begin(self) -> None:
        if self._task.is_at_work:
            return
        if self._document.has_text:
            self.ready.emit()
            return
        state = self._document.state
        self._task.begin(partial(text_of, state), partial(self._made, state))

    def _made(self, state: State, text: str) -> None:
        self._document.keep_text(state, text)
        self._begin()
