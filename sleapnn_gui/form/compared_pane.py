"""What differs from what was opened, or from something else that a person chooses: file, defaults, last run, a preset."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from sleapnn_engine.config.differences import OF_EACH_RUN
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.own_presets import SHELF, list_own_presets, own_folder
from sleapnn_engine.config.presets import Preset, list_presets
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.config.run_labels import learned_from
from sleapnn_engine.config.run_models import given_config, values_of
from sleapnn_engine.protocol.run_state import find_runs
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.states import LABELS
from sleapnn_gui.form.changes import Change, changes_to
from sleapnn_gui.form.diff_pane import DiffPane
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.language import tr

OPENED, DISK, DEFAULTS, LAST_RUN = "opened", "disk", "defaults", "run"
_WORDS = {
    OPENED: tr("what was opened"),
    DISK: tr("the file on the disk"),
    DEFAULTS: tr("the defaults"),
    LAST_RUN: tr("the last run"),
}
#: What belongs to one training, so that it says nothing of how a preset or another run differs.
_OF_ONE_TRAINING = {*LABELS, *OF_EACH_RUN}


class ComparedPane(QWidget):
    """The list of differences below the choice of what the config is compared with.

    `asked` is emitted with the path of one that was clicked, `counted` with how many there are.
    """

    asked = Signal(str)
    counted = Signal(int)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._values: dict[str, Any] | None = None
        self._changed: list[Change] = []
        self._folders: Callable[[], Sequence[Path]] = list
        self._reading, self._listing = BackgroundTask(self), BackgroundTask(self)
        self.basis = QuietComboBox(self)
        self.basis.setAccessibleName(tr("Compared with"))
        self.basis.setAccessibleDescription(tr("What the config is compared with."))
        for key, words in _WORDS.items():
            self.basis.addItem(words, key)
        self.basis.insertSeparator(self.basis.count())
        self._add_presets(list_presets("guide"))
        self.basis.activated.connect(self._choose)
        self.basis.currentTextChanged.connect(self.basis.setToolTip)
        self.list = DiffPane(self)
        self.list.asked.connect(self.asked)
        label = QLabel(tr("Compared with"), self)
        label.setProperty("role", "muted")
        above = QVBoxLayout()  # above it, for the name of a preset takes the width of the pane
        above.setContentsMargins(16, 8, 16, 0)
        above.setSpacing(4)
        above.addWidget(label)
        above.addWidget(self.basis)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(above)
        column.addWidget(self.list, 1)
        document.reloaded.connect(self._read)

    @property
    def chosen(self) -> str:
        """What the config is compared with: a word of this module, or the file of a preset."""
        return str(self.basis.currentData())

    def set_folders(self, folders: Callable[[], Sequence[Path]]) -> None:
        """Know where runs lie."""
        self._folders = folders

    def _add_presets(self, presets: Sequence[Preset]) -> None:
        for preset in presets:
            if self.basis.findData(preset.file) < 0:
                self.basis.addItem(tr(preset.title), preset.file)

    def compare_with(self, key: str) -> None:
        """Choose what the config is compared with."""
        self.basis.setCurrentIndex(self.basis.findData(key))
        self._choose()

    def refresh(self, found: list[Change]) -> None:
        """Values have changed; `found` is what now differs from what was opened."""
        self._changed = found
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._read()  # files and runs may be others by now
        self._listing.begin(_own_presets, self._add_presets)

    def _choose(self) -> None:
        self._values = None
        self._read()

    def _read(self) -> None:
        if self.chosen in (OPENED, DEFAULTS):
            self._reading.drop()
            self._was_read({})
        elif self.isVisible():
            work = partial(_values_of, self.chosen, self._document.state, list(self._folders()))
            self._reading.begin(partial(_outcome, work), self._was_read)

    def _was_read(self, found: dict[str, Any] | UserError) -> None:
        self._values = None if isinstance(found, UserError) else found
        words = self.basis.currentText()
        self.list.set_nothing(
            str(found) if isinstance(found, UserError) else tr("Nothing differs from {words}.", words=words)
        )
        self._show()

    def _show(self) -> None:
        if self.chosen == OPENED:
            found = self._changed
        elif self._values is None:
            found = []
        else:
            found = changes_to(self._document, self._values)
            if self.chosen not in (DISK, DEFAULTS):
                found = [change for change in found if change.path not in _OF_ONE_TRAINING]
        self.list.show_changes(found)
        self.counted.emit(len(found))


def _values_of(key: str, state: State, folders: Sequence[Path]) -> dict[str, Any]:
    """The values that a config is compared with. Raises UserError where there are none."""
    if key == DISK:
        if state.path is None:
            raise UserError(tr("This config was never saved, so there is no file to compare it with."))
        return read_config(state.path).values
    if key != LAST_RUN:
        return read_config(resource_path("presets", key)).values  # one's own is named by its whole path
    labels = state.values.get("data_config") or {}
    paths = labels.get("train_labels_path") if isinstance(labels, dict) else None
    listed = [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
    for run in find_runs(folders) if listed else ():
        config = given_config(run) if learned_from(run, listed) else None
        if config is not None:
            return values_of(config)
    raise UserError(tr("No run of these labels is known yet.") if listed else tr("No labels are chosen yet."))


def _own_presets() -> list[Preset]:
    return [preset.record for preset in list_own_presets(own_folder() / SHELF)[0]]


def _outcome(work: Callable[[], dict[str, Any]]) -> dict[str, Any] | UserError:
    try:
        return work()
    except UserError as problem:
        return problem
