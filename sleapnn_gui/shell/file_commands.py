"""Opening and saving: configs, SLEAP 1.4 JSON, labels, presets."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.issue import Remove
from sleapnn_engine.config.presets import Preset, find_preset
from sleapnn_engine.config.text_format import first_few
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.file_watch import FileWatch
from sleapnn_gui.document.files import Opened, open_config, open_preset
from sleapnn_gui.document.locks import kept_words
from sleapnn_gui.document.open_files import OpenFile
from sleapnn_gui.document.states import judged_state
from sleapnn_gui.shell.guard import Guard
from sleapnn_gui.shell.handed_over import (
    TRAIN_LABELS,
    HandedOver,
    is_labels,
    sort_by_kind,
    uses_of,
    uses_of_labels,
)
from sleapnn_gui.shell.pair_commands import PairCommands
from sleapnn_gui.shell.question import ask
from sleapnn_gui.shell.saving import CONFIGS, Saving, outcome_of
from sleapnn_gui.shell.settings_store import lock_folder
from sleapnn_gui.widgets.file_dialog import ALL_FILES, ask_for_file
from sleapnn_gui.widgets.language import tr

_FIRST_PRESET = "single_instance_unet_medium_rf"
_LONG_MS = 200
"""How long reading may take before the window says that it reads."""


class FileCommands(QObject):
    """Commands on files.

    `said` carries a sentence and its severity, `offered` also the words of a link and what it does; `run_opened`
    a run folder, `setting_chosen` the dotted path of a setting to go to; `labels_opened`: there are labels, where there
    were none.
    """

    message = Signal(str, str)
    offered = Signal(str, str, str, object)
    run_opened = Signal(Path)
    setting_chosen = Signal(str)
    labels_opened = Signal()

    def __init__(self, window: QWidget, document: Document) -> None:
        super().__init__(window)
        self._window = window
        self._document = self.document = document
        self._reading = BackgroundTask(self)
        self._reading_is_long = QTimer(self, singleShot=True, interval=_LONG_MS)
        self._reading_is_long.timeout.connect(self._show_reading)
        self._name_read = ""
        self._told_reading = False
        self.saving = Saving(window, document)
        self.saving.message.connect(self.message)
        self.guard = Guard(window, document, self.saving.save, busy=self.saving.once_written)
        self._question = partial(ask, window)
        self._show_report: Callable[[], None] | None = None
        self.open_file = OpenFile(document, lock_folder())
        self.open_file.shared.connect(lambda text: self.message.emit(text, "warning"))
        self.pairs = PairCommands(document)
        self.pairs.message.connect(self.message)
        self.pairs.offered.connect(self.offered)
        self.watch = FileWatch(document, busy=lambda: self.saving.is_at_work)

    # -- opening -------------------------------------------------------------------------------------------

    def do_new(self) -> None:
        """A config that was never saved, filled from the first preset; an edited one is kept in the undo steps."""
        if self._document.values:
            told = tr("Every setting starts over; the labels stayed. Undo takes it back.")
            self._fill_in(find_preset(_FIRST_PRESET), told)
        else:
            self._document.adopt(open_preset(find_preset(_FIRST_PRESET)))

    def use_preset(self, name: str) -> None:
        """Fill in every setting from a preset that came with the program."""
        self.fill_in_preset(find_preset(name))

    def fill_in_preset(self, preset: Preset, then: Callable[[], None] = lambda: None) -> None:
        """Fill in every setting; the labels and what is locked stay, and undo brings everything back."""
        told = tr(
            "Every setting is now that of “{preset}”; the labels stayed. Undo takes it back.",
            preset=tr(preset.title),
        )
        self._fill_in(preset, told, then)

    def _fill_in(self, preset: Preset, told: str, then: Callable[[], None] = lambda: None) -> None:
        def fill_in(opened: Any) -> None:
            if isinstance(opened, UserError):
                self.message.emit(str(opened), "error")
            else:
                kept = kept_words(self._document.apply_preset(opened))
                self.message.emit(f"{told} {kept}".strip(), "info")
                then()

        self._read(preset.path, partial(open_preset, preset), fill_in)

    def do_open(self) -> None:
        filters = tr("Configs and labels (*.yaml *.yml *.json *.slp);;{configs}", configs=CONFIGS)
        ask_for_file(self._window, tr("Open"), self._open_text, filters=filters)

    def do_import_legacy(self) -> None:
        filters = tr("SLEAP training files (*.json);;{all_files}", all_files=ALL_FILES)
        ask_for_file(self._window, tr("Import SLEAP 1.4 JSON"), self._open_text, filters=filters)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open what was handed over, one after the other; then all labels together, for that is how they are used."""
        if all(is_labels(path) for path in paths):
            self._open_sorted(sort_by_kind(paths))  # names tell it
        else:
            self._read(paths[0], partial(sort_by_kind, paths), self._open_sorted)

    def _open_sorted(self, found: HandedOver) -> None:
        for path in found.runs[:1]:
            self.run_opened.emit(path)
        left = ", ".join(path.name for path in (*found.runs[1:], *found.configs[1:], *found.weights[1:]))

        def go_on() -> None:
            if found.labels:
                if not (found.configs or found.runs or self._document.value(TRAIN_LABELS)):
                    self.labels_opened.emit()  # on other pages hardly anything shows what was opened
                # What is handed over together belongs together; else there may be labels already.
                (self.set_labels if found.configs else self.offer_labels)(found.labels)
            if found.weights:
                self._ask_about_weights(found.weights[0])
            if left:
                text = tr(
                    "One config, one run and one model can be opened at a time. Not opened: {left}.",
                    left=left,
                )
                self.message.emit(text, "warning")

        if found.configs:
            self._load(found.configs[0], then=go_on)
        else:
            go_on()

    def _ask_about_weights(self, weights: Path) -> None:
        """A trained model is no config: what is it for?"""

        def use(changes: dict[str, Any], name: str) -> None:
            self._document.apply_values(changes, name)
            self.message.emit(
                tr("{name}: {weights}. Undo takes it back.", name=name, weights=weights), "info"
            )
            self.setting_chosen.emit(next(iter(changes)))

        role = QMessageBox.ButtonRole.AcceptRole
        self._question(
            "weights",
            tr("{weights} is a trained model.", weights=weights.name),
            tr("What shall this config do with it?"),
            [(words, role, partial(use, changes, words)) for words, changes in uses_of(weights).items()],
        )

    def open_path(self, path: Path) -> None:
        """Open one config, SLEAP 1.4 JSON, labels file or run folder; what is wrong with it is said."""
        self.open_paths([path])

    def set_labels(self, paths: Sequence[str]) -> None:
        """Use these files as the training labels."""
        self._document.apply_values({TRAIN_LABELS: [str(path) for path in paths]}, tr("Choose labels"))

    def offer_labels(self, paths: Sequence[str]) -> None:
        """Use these files as the training labels; where there are others, ask what they are for."""
        present = [str(path) for path in self._document.value(TRAIN_LABELS) or ()]
        if not present or set(paths) == set(present):
            self.set_labels(paths)
            return

        def use(words: str, changes: dict[str, Any]) -> None:
            self._document.apply_values(changes, f"{words}: {names}")
            self.message.emit(tr("{words}: {names}. Undo takes it back.", words=words, names=names), "info")

        names, here = (first_few([Path(path).name for path in some]) for some in (paths, present))
        role, uses = QMessageBox.ButtonRole.AcceptRole, uses_of_labels(paths, present=present)
        answers = [(words, role, partial(use, words, changes)) for words, changes in uses.items()]
        self._question(
            "labels",
            tr("What are the labels in {names} for?", names=names),
            tr("This config learns from {here}.", here=here),
            answers,
        )

    def _open_text(self, path: str) -> None:
        self.open_path(Path(path))

    def finish(self) -> None:
        """Wait until what was to be opened and saved is; for those who have no event loop to wait in."""
        while self._reading.is_at_work or self.saving.is_at_work:
            self._reading.finish()
            self.saving.finish()

    def _load(self, path: Path, *, then: Callable[[], None] = lambda: None, **options: bool) -> None:
        """Open a config in place of the present one; then, whether or not it could be read, go on with `then`."""

        def read() -> Any:
            opened = open_config(path, **options)
            return opened, judged_state(opened)

        def replace(opened: Opened, state: Any) -> None:
            self._document.adopt(opened, state)
            self.message.emit("", "info")
            then()
            if opened.report is not None:
                self._show_import(path, opened.report, options)

        def go_on(found: Any) -> None:
            if isinstance(found, UserError):
                then()
                self._show_problem(path, found)
            else:
                self.guard.before(tr("Opening {path}", path=path.name), partial(replace, *found))

        self._read(path, read, go_on)

    def _read(self, path: Path, read: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Read beside the window, which stays as it is until then; a file that is opened meanwhile takes the place.

        `then` gets what was read, or the UserError that says why it could not be.
        """

        def taken(found: Any) -> None:
            self._reading_is_long.stop()
            if self._told_reading:
                self._told_reading = False
                self.message.emit("", "info")
            then(found)

        self._name_read = path.name
        self._reading.begin(partial(outcome_of, read), taken)
        if self._told_reading:
            self._show_reading()
        else:
            self._reading_is_long.start()

    def _show_reading(self) -> None:
        if self._reading.is_at_work:
            self._told_reading = True
            self.message.emit(tr("Reading {name_read} …", name_read=self._name_read), "info")

    def _reset_resolved(self, path: Path, found: Any, options: dict[str, bool]) -> None:
        """Leave out what the old training had measured on its labels: an edit, which Undo takes back."""

        def change(opened: Any) -> None:
            if isinstance(opened, UserError):
                self.message.emit(str(opened), "error")
                return
            changed = {
                name: tree.get(opened.values, name) if tree.has(opened.values, name) else Remove
                for name in found.resolved
            }
            self._document.apply_values(changed, tr("Reset values taken from the old labels"))

        self._read(path, lambda: open_config(path, **{**options, "reset_resolved": True}), change)

    def _show_problem(self, path: Path, problem: UserError) -> None:
        if getattr(problem, "closest_unet", None):
            text = tr(
                "{where}: {message} A UNet can take its place; that is another network.",
                where=problem.where,
                message=problem.message,
            )
            self.offered.emit(
                text, "error", tr("Use the closest UNet"), lambda: self._load(path, closest_unet=True)
            )
        else:
            self.message.emit(str(problem), "error")

    def _show_import(self, path: Path, found: Any, options: dict[str, bool]) -> None:
        def show() -> None:
            from sleapnn_gui.shell.import_report import ImportReport

            for earlier in self._window.findChildren(ImportReport):
                earlier.close()
            dialog = ImportReport(found, self._window)
            dialog.reset_asked.connect(lambda: self._reset_resolved(path, found, options))
            dialog.setting_chosen.connect(self.setting_chosen)
            dialog.message.connect(self.message)
            dialog.show()

        self._show_report = show
        self.offered.emit(
            tr("Imported {path}: {summary}.", path=path.name, summary=found.report.summary),
            "info",
            tr("Show the report"),
            show,
        )

    def do_import_report(self) -> None:
        """Show again what became of the settings of the file that was imported last."""
        if self._show_report is not None:
            self._show_report()

    # -- saving --------------------------------------------------------------------------------------------

    def do_save(self) -> None:
        self.saving.save()

    def do_save_as(self) -> None:
        self.saving.ask_where()
