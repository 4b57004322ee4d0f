"""Keeps what is known of the labels in step with the document."""

import os
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from sleapnn_engine.config.checks.labels import check_labels
from sleapnn_engine.config.issue import error
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.pair import halves
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.widgets.language import tr

_PATHS = "data_config.train_labels_path"

#: What decides which animals are read from which files.
_DECISIVE = (_PATHS, "data_config.val_labels_path", "data_config.user_instances_only")


class LabelsWatch(QObject):
    """Has the labels read whenever the config names others and checks the config against them.

    `reading` carries the paths, `known` the facts, `failed` a sentence; `nothing` means no labels are chosen.
    """

    reading = Signal(list)
    known = Signal(dict)
    failed = Signal(str)
    nothing = Signal()

    def __init__(self, document: Document, inspect: Inspect) -> None:
        super().__init__(document)
        self._document = document
        self._inspect = inspect
        self._asked: list[Any] | None = None
        self._problem = ""  # why the labels that were asked for cannot be read
        self._looking = BackgroundTask(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(150)
        self._timer.timeout.connect(self.refresh)
        document.changed.connect(self._changed)
        document.reloaded.connect(self._reloaded)
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)
        inspect.renewed.connect(partial(self.refresh, again=True))

    def refresh(self, *, again: bool = False) -> None:
        """Read the labels if they are to be read otherwise than before, or `again`."""
        said = self._document.value(_PATHS)
        paths = [str(path) for path in said if path] if isinstance(said, list) else [said] if said else []
        wanted = self._wanted()
        if wanted == self._asked and not again:
            return
        self._asked, self._problem = wanted, ""
        self._looking.drop()
        if not paths:
            self._inspect.cancel("describe")
            self._document.set_facts(None)
            self.nothing.emit()
        else:
            self.reading.emit(paths)
            self._looking.begin(partial(_missing, paths), self._found)
        self._check()

    def _wanted(self) -> list[Any]:
        return [self._document.value(path) for path in _DECISIVE]

    def _found(self, missing: str) -> None:
        if self._wanted() != self._asked:
            self._asked = None  # they are others by now, which is looked at in a moment
        elif missing:
            self._inspect.cancel("describe")
            self._document.set_facts(None)
            self.failed.emit(tr("{missing} does not exist.", missing=missing))
        else:
            self._inspect.ask("describe", values=self._document.values)

    def _changed(self, _paths: list[str]) -> None:
        self._timer.start()
        self._check()

    def _reloaded(self) -> None:
        self._timer.start()
        self._check()  # the document has forgotten what was found; of the same labels it is not asked again

    @Slot(str, object)
    def _answered(self, kind: str, facts: dict[str, Any]) -> None:
        if kind == "describe":
            self._document.set_facts(facts)
            self._check()
            self.known.emit(facts)

    @Slot(str, str)
    def _failed(self, kind: str, text: str) -> None:
        if kind == "describe":
            self._problem = text
            self._document.set_facts(None)
            self._check()
            self.failed.emit(text)

    def _check(self) -> None:
        facts = self._document.facts
        wanted, is_reading = self._wanted(), self._looking.is_at_work or self._inspect.is_asking("describe")
        for half in halves(self._document.state):
            if self._problem:
                issues = [error(_PATHS, self._problem)]
            else:
                issues = check_labels(half.values, facts) if facts is not None else []
            if wanted != self._asked or is_reading:
                # What is wrong with former labels is not wrong with these, which are still to be read.
                issues = [issue for issue in issues if issue.path not in _DECISIVE]
            self._document.set_outside_issues("labels", issues, half=half.half)

    def stop(self) -> None:
        """Give up reading; for when the window closes."""
        self._timer.stop()
        self._looking.drop()
        self._inspect.cancel("describe")


def _missing(paths: list[str]) -> str:
    """The first of these files that is not there, or ''."""
    return next((path for path in paths if not os.path.isfile(os.path.expanduser(path))), "")
