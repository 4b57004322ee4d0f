"""Pictures of every page and state the window passes, for `--screenshots`."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QObject
from PySide6.QtWidgets import QWidget

from sleapnn_engine.config.disk import write_whole


class Screenshots(QObject):
    """Saves the window as numbered PNG files; the same name is taken only once."""

    def __init__(self, window: QWidget, folder: Path) -> None:
        super().__init__(window)
        self._window = window
        self._folder = folder.expanduser().absolute()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._taken: list[str] = []

    @property
    def folder(self) -> Path:
        return self._folder

    def save(self, name: str) -> None:
        """Save what the window shows as `NN-name.png`, unless that was done."""
        if name not in self._taken:
            self._taken.append(name)
            buffer = QBuffer()
            self._window.grab().save(buffer, "PNG")
            write_whole(self._folder / f"{len(self._taken):02d}-{name}.png", bytes(buffer.data().data()))
