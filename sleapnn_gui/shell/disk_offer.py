"""The line that tells of a file of the document that another program changed while it is open here, and what can be done about it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from sleapnn_engine.config.errors import UserError
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.file_watch import FileWatch
from sleapnn_gui.document.files import Opened
from sleapnn_gui.document.pair import halves
from sleapnn_gui.widgets.kept_focus import withdraw
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.still import Still
from sleapnn_gui.widgets.theme import current_theme


class DiskOffer(QFrame):
    """Comes when nothing under the pointer moves by it, and stays until it is answered or settled.

    `compare_wanted` is emitted where a person wants to see both, `message` carries a sentence and its severity.
    `answered` says that it is gone, and that the keyboard was here.
    """

    answered = Signal()
    compare_wanted = Signal()
    message = Signal(str, str)

    def __init__(self, document: Document, watch: FileWatch, *, around: QWidget) -> None:
        super().__init__()
        self.setObjectName("disk_offer")
        self.setProperty("pane", "top")
        self._document = document
        self._told: dict[Path, Opened | UserError] = {}
        self._path: Path | None = None
        self._still = Still(around)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(current_theme().size("space_2"))
        row.addWidget(self.text, 1)
        self.take = self._button(
            "take",
            tr("Take theirs"),
            self._use_theirs,
            tr("Show what is in the file now; Undo brings back what was here"),
        )
        self.keep = self._button(
            "keep",
            tr("Keep mine"),
            self._keep,
            tr("Go on with what is here; saving replaces what is in the file"),
        )
        self.compare = self._button(
            "compare", tr("Compare"), self._compare, tr("List what differs from the file, under Diff")
        )
        self.hide()
        watch.overtaken.connect(self._learn)
        watch.settled.connect(self._close)

    def _button(self, name: str, words: str, act: Callable[[], None], told: str) -> QPushButton:
        button = QPushButton(words, self)
        button.setObjectName(f"disk_{name}")
        button.setAccessibleName(words)
        button.setAccessibleDescription(told)
        button.setToolTip(told)
        button.clicked.connect(act)
        self._row.addWidget(button)
        return button

    def _learn(self, path: Path, theirs: Opened | UserError) -> None:
        self._told[path] = theirs
        self._still.when_away(self._show)

    def _show(self) -> None:
        """Tell of one file at a time: of a pair both may be others."""
        if not self._told:
            return
        self._path = next(iter(self._told))
        theirs = self._told[self._path]
        text = tr("{path} was changed by another program while it is open here.", path=self._path.name)
        if isinstance(theirs, UserError):
            text += tr(
                " It cannot be read now: {message} What is here stays as it is.", message=theirs.message
            )
        elif self._document.is_dirty:
            text += tr(" What you changed here is not in it.")
        self.text.setText(text)
        self.setAccessibleName(text)
        for button in (self.take, self.compare):
            button.setVisible(isinstance(theirs, Opened))
        self.show()

    def _theirs(self) -> Opened | UserError | None:
        """What stands in the file that is told of, whose half of a pair is in hand from now on; None where none is."""
        half = next((one for one in halves(self._document.state) if one.path == self._path), None)
        if self._path is None or half is None:
            return None
        self._document.turn(half.half)
        return self._told.get(self._path)

    def _use_theirs(self) -> None:
        theirs = self._theirs()
        if isinstance(theirs, Opened):
            self._close(self._path)
            self._document.adopt_theirs(theirs)
            self.message.emit(
                tr(
                    "These are the settings that are in {theirs} now. Undo takes it back.",
                    theirs=theirs.title,
                ),
                "info",
            )

    def _keep(self) -> None:
        theirs = self._theirs()
        self._close(self._path)
        if isinstance(theirs, Opened):
            self._document.keep_mine(theirs)

    def _compare(self) -> None:
        self._theirs()
        self.compare_wanted.emit()

    def _close(self, path: Path | None) -> None:
        """Nothing is to be told of a file any more."""
        if path is not None:
            self._told.pop(path, None)
        if not self._told:
            self._still.drop()
        if path == self._path or not self._told:
            self._path = None
            withdraw(self, self.answered.emit)
            if self._told:
                self._still.when_away(self._show)
