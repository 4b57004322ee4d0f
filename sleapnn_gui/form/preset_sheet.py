"""What a preset would change, before anything is changed."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sleapnn_engine.config.files import copy_values
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import Opened
from sleapnn_gui.document.locks import kept_words
from sleapnn_gui.document.states import with_preset
from sleapnn_gui.form.changes import Change, changes
from sleapnn_gui.form.diff_pane import DiffPane
from sleapnn_gui.widgets.language import counted, tr
from sleapnn_gui.widgets.message_line import MessageLine


def preset_changes(document: Document, opened: Opened) -> tuple[list[Change], list[str]]:
    """What a preset would change in a document, and which locked settings it would leave alone."""
    after, kept = with_preset(document.values, opened, locked=tuple(document.locks))
    beside = Document()
    before = copy_values(document.values)
    beside.adopt(opened, State(values=after.values, opened=before, title=opened.title))
    found = [Change(one.path, one.label, one.old, one.new, None) for one in changes(beside)]
    beside.deleteLater()
    return found, kept


class PresetSheet(QDialog):
    """The changes as a list, beside the window.

    `wanted` is emitted when the preset is to be used, `setting_chosen` carries the path of a change that was clicked.
    """

    wanted = Signal()
    setting_chosen = Signal(str)

    def __init__(self, title: str, found: Sequence[Change], kept: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("preset_sheet")
        self.setWindowTitle(tr("Before the preset is used"))
        self.resize(min(560, parent.width()), min(600, parent.height()))
        heading = QLabel(
            tr("“{title}” would change {settings}", title=title, settings=counted(len(found), "setting"))
        )
        heading.setProperty("role", "title")
        heading.setWordWrap(True)
        self.kept = MessageLine()
        self.kept.show_message(kept_words(kept), severity="info")
        self.kept.setVisible(bool(kept))
        self.list = DiffPane(nothing=tr("Every setting is so already."))
        self.list.show_changes(list(found))
        self.list.asked.connect(self.setting_chosen)
        use, close = QPushButton(tr("Use this preset")), QPushButton(tr("Close"))
        use.setObjectName("use_compared")
        use.setProperty("primary", True)
        use.clicked.connect(self._use)
        close.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(use)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        for widget in (heading, self.kept):
            column.addWidget(widget)
        column.addWidget(self.list, 1)
        column.addLayout(buttons)

    def _use(self) -> None:
        self.accept()
        self.wanted.emit()
