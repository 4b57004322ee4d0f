"""Keeps what is known of the training labels in step with the document."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from sleapnn_engine.config.checks_disk import check_labels
from sleapnn_engine.config.issue import error

from ..document.document import Document
from .client import LabelReader

_PATHS = "data_config.train_labels_path"


class LabelsWatch(QObject):
    """Reads the training labels whenever they change and checks the config against them.

    `reading` carries the paths, `known` the facts, `failed` a sentence; `nothing` means no labels are chosen.
    """

    reading = Signal(list)
    known = Signal(dict)
    failed = Signal(str)
    nothing = Signal()

    def __init__(self, document: Document, reader: LabelReader) -> None:
        super().__init__(document)
        self._document = document
        self._reader = reader
        self._asked: list[str] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(150)
        self._timer.timeout.connect(self.refresh)
        document.changed.connect(self._changed)
        document.reloaded.connect(self._timer.start)
        reader.started.connect(self.reading)
        reader.described.connect(self._described)
        reader.failed.connect(self._failed)

    def refresh(self, *, again: bool = False) -> None:
        """Read the labels if they are others than before, or `again`."""
        said = self._document.value(_PATHS)
        paths = [str(path) for path in said if path] if isinstance(said, list) else [said] if said else []
        if paths == self._asked and not again:
            return
        self._asked = paths
        if not paths:
            self._reader.stop()
            self._document.set_facts(None)
            self.nothing.emit()
        elif missing := [path for path in paths if not Path(path).expanduser().is_file()]:
            self._reader.stop()
            self._document.set_facts(None)
            self.failed.emit(f"{missing[0]} does not exist.")
        else:
            self._reader.read([str(Path(path).expanduser()) for path in paths])

    def _changed(self, _paths: list[str]) -> None:
        self._timer.start()
        self._check()

    def _described(self, facts: dict[str, Any]) -> None:
        self._document.set_facts(facts)
        self._check()
        self.known.emit(facts)

    def _failed(self, text: str) -> None:
        self._document.set_facts(None)
        self._document.set_outside_issues("labels", [error(_PATHS, text)])
        self.failed.emit(text)

    def _check(self) -> None:
        facts = self._document.facts
        if facts is not None:
            self._document.set_outside_issues("labels", check_labels(self._document.values, facts))

    def stop(self) -> None:
        """Give up reading; for when the window closes."""
        self._timer.stop()
        self._reader.stop()
