"""The mark on what presets and advice leave alone: which preset locked it, and how to unlock it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget

from sleapnn_engine.config.own_presets import label_of
from sleapnn_gui.document.document import Document
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr


def lock_of(document: Document, path: str) -> tuple[str, str] | None:
    """What is locked of a setting: itself or a section around it; and the title of the preset that locked it."""
    around = path
    while around:
        if around in document.locks:
            return around, document.locks[around]
        around = around.rpartition(".")[0]
    return None


class LockMark(QToolButton):
    """Shown while the setting is locked; a press unlocks it."""

    def __init__(self, path: str, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self._path, self._document = path, document
        self.setObjectName(f"lock:{path}")
        self.setIcon(icon("lock-simple"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._unlock)

    def show_lock(self, locked: str, title: str) -> None:
        """Say what is locked, and by which preset."""
        self.setAccessibleName(tr("Unlock {label}", label=tr(label_of(locked))))
        self.setToolTip(
            tr(
                "Locked by “{title}”: other presets and advice leave it as it is. Press to unlock.",
                title=title,
            )
        )
        self.setAccessibleDescription(self.toolTip())

    def _unlock(self) -> None:
        found = lock_of(self._document, self._path)
        if found is not None:
            self._document.unlock_wanted.emit(found[0])
