"""Opening and saving: configs, SLEAP 1.4 JSON, labels, presets."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from sleapnn_engine.config import tree
from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.issue import Remove
from sleapnn_engine.config.presets import find_preset

from ..document.document import Document
from ..document.files import open_config, open_preset
from ..widgets.file_dialog import ALL_FILES, ask_for_file, ask_where_to_save
from .guard import Guard
from .import_report import ImportReport

_FIRST_PRESET = "single_instance_unet_medium_rf"
_CONFIGS = f"Configs (*.yaml *.yml *.json);;{ALL_FILES}"
Answer = tuple[str, QMessageBox.ButtonRole, Callable[[], None]]
_LABELS = "data_config.train_labels_path"


class FileCommands(QObject):
    """Commands on files.

    `said` carries a sentence and its severity, `offered` also the words of a link and what it does; `run_opened`
    a run folder, `setting_chosen` the dotted path of a setting to go to.
    """

    said = Signal(str, str)
    offered = Signal(str, str, str, object)
    run_opened = Signal(Path)
    setting_chosen = Signal(str)

    def __init__(self, window: QWidget, document: Document) -> None:
        super().__init__(window)
        self._window = window
        self._document = document
        self.guard = Guard(window, document, self.save)
        self._show_report: Callable[[], None] | None = None

    # -- opening -------------------------------------------------------------------------------------------

    def do_new(self) -> None:
        """A config that was never saved, filled from the first preset; an edited one is kept in the undo steps."""
        opened = open_preset(find_preset(_FIRST_PRESET))
        if self._document.values:
            self._document.apply_preset(opened)
            self.said.emit("Every setting starts over; the labels stayed. Undo takes it back.", "info")
        else:
            self._document.adopt(opened)

    def use_preset(self, name: str) -> None:
        """Fill in every setting from a preset; the labels stay, and undo brings everything back."""
        preset = find_preset(name)
        self._document.apply_preset(open_preset(preset))
        self.said.emit(
            f"Every setting is now that of “{preset.title}”; the labels stayed. Undo takes it back.", "info"
        )

    def do_open(self) -> None:
        filters = f"Configs and labels (*.yaml *.yml *.json *.slp);;{_CONFIGS}"
        ask_for_file(self._window, "Open", self._open_text, filters=filters)

    def do_import_legacy(self) -> None:
        filters = f"SLEAP training files (*.json);;{ALL_FILES}"
        ask_for_file(self._window, "Import SLEAP 1.4 JSON", self._open_text, filters=filters)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open what was handed over, one after the other; then all labels together, for that is how they are used."""
        labels = [str(path) for path in paths if _is_labels(path)]
        runs = [path for path in paths if _is_run(path)]
        configs = [_config_of(path) for path in paths if not _is_labels(path) and not _is_run(path)]
        for path in runs[:1]:
            self.run_opened.emit(path)
        if configs:
            self._load(configs[0], then=(lambda: self.set_labels(labels)) if labels else None)
        elif labels:
            self.set_labels(labels)
        left = [*runs[1:], *configs[1:]]
        if left:
            names = ", ".join(path.name for path in left)
            self.said.emit(f"One config and one run can be open in a window. Not opened: {names}.", "warning")

    def open_path(self, path: Path) -> None:
        """Open one config, SLEAP 1.4 JSON, labels file or run folder; what is wrong with it is said."""
        self.open_paths([path])

    def set_labels(self, paths: Sequence[str]) -> None:
        """Use these files as the training labels."""
        self._document.apply_values({_LABELS: [str(path) for path in paths]}, "Choose labels")

    def _open_text(self, path: str) -> None:
        self.open_path(Path(path))

    def _load(self, path: Path, *, then: Callable[[], None] | None = None, **options: bool) -> None:
        """Open a config in place of the present one; then, whether or not it could be read, go on with `then`."""
        try:
            opened = open_config(path, **options)
        except UserError as problem:
            if then is not None:
                then()
            self._say_problem(path, problem)
            return

        def replace() -> None:
            self._document.adopt(opened)
            self.said.emit("", "info")
            if then is not None:
                then()
            if opened.report is not None:
                self._show_import(path, opened.report, options)

        self.guard.before(f"Opening {path.name}", replace)

    def _reset_resolved(self, path: Path, found: Any, options: dict[str, bool]) -> None:
        """Leave out what the old training had measured on its labels: an edit, which Undo takes back."""
        try:
            opened = open_config(path, **{**options, "reset_resolved": True})
        except UserError as problem:
            self.said.emit(str(problem), "error")
            return
        changed = {
            name: tree.get(opened.values, name) if tree.has(opened.values, name) else Remove
            for name in found.resolved
        }
        self._document.apply_values(changed, "Reset values taken from the old labels")

    def _say_problem(self, path: Path, problem: UserError) -> None:
        if getattr(problem, "closest_unet", None):
            text = f"{problem.where}: {problem.message} A UNet can take its place; that is another network."
            self.offered.emit(
                text, "error", "Use the closest UNet", lambda: self._load(path, closest_unet=True)
            )
        else:
            self.said.emit(str(problem), "error")

    def _show_import(self, path: Path, found: Any, options: dict[str, bool]) -> None:
        def show() -> None:
            for earlier in self._window.findChildren(ImportReport):
                earlier.close()
            dialog = ImportReport(found, self._window)
            dialog.reset_asked.connect(lambda: self._reset_resolved(path, found, options))
            dialog.setting_chosen.connect(self.setting_chosen)
            dialog.said.connect(self.said)
            dialog.show()

        self._show_report = show
        self.offered.emit(f"Imported {path.name}: {found.report.summary}.", "info", "Show the report", show)

    def do_import_report(self) -> None:
        """Show again what became of the settings of the file that was imported last."""
        if self._show_report is not None:
            self._show_report()

    # -- saving --------------------------------------------------------------------------------------------

    def do_save(self) -> None:
        self.save()

    def do_save_as(self) -> None:
        self._ask_where()

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save, asking for a place where there is none yet; `then` runs once the file is written."""
        path = self._document.path
        if path is None:
            self._ask_where(then)
        elif self._document.is_overtaken():
            self._ask_about_overtaken(path, then)
        else:
            self._write(path, then)

    def _write(self, path: Path, then: Callable[[], None] | None = None) -> None:
        if not os.path.exists(path.parent) and not os.path.exists(path):  # unlike Path.exists, it never fails
            self._ask_about_folder(path, then)
            return
        try:
            self._document.save(path)
        except UserError as problem:
            self.said.emit(str(problem), "error")
            return
        self.said.emit(f"Saved to {path}.", "info")
        if then is not None:
            then()

    def _ask_about_folder(self, path: Path, then: Callable[[], None] | None) -> None:
        """No folder is made without a word: it may be a slip of the pen, or a disk that is not there today."""
        self._ask(
            "new_folder",
            f"There is no folder {path.parent}.",
            f"It can be made, and {path.name} saved into it.",
            (
                (
                    "Make the folder and save",
                    QMessageBox.ButtonRole.AcceptRole,
                    lambda: self._make_folder(path, then),
                ),
                ("Save elsewhere…", QMessageBox.ButtonRole.ActionRole, lambda: self._ask_where(then)),
            ),
        )

    def _make_folder(self, path: Path, then: Callable[[], None] | None) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            text = f"{path.parent}: The folder cannot be made: {reason_of(problem)}. Nothing was saved."
            self.said.emit(text, "error")
            return
        self._write(path, then)

    def _ask_about_overtaken(self, path: Path, then: Callable[[], None] | None) -> None:
        """Another window or program has written to the file: what it wrote is not replaced without a word."""
        self._ask(
            "overtaken",
            f"{path.name} was changed by another program since it was opened here.",
            f"Saving replaces what is in it now; that stays beside it as {path.name}.bak.",
            (
                ("Save anyway", QMessageBox.ButtonRole.DestructiveRole, lambda: self._write(path, then)),
                (
                    "Save as another file…",
                    QMessageBox.ButtonRole.AcceptRole,
                    lambda: self._ask_where(then),
                ),
            ),
        )

    def _ask(self, name: str, text: str, more: str, answers: Sequence[Answer]) -> None:
        """A question over the window, with Cancel as the last answer."""
        box = QMessageBox(self._window)
        box.setObjectName(name)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowModality(Qt.WindowModality.WindowModal)
        box.setText(text)
        box.setInformativeText(more)
        for words, role, answer in (*answers, ("Cancel", QMessageBox.ButtonRole.RejectRole, lambda: None)):
            button = box.addButton(words, role)
            button.setAccessibleName(words)
            button.clicked.connect(lambda _checked=False, answer=answer: answer())
        box.open()

    def _ask_where(self, then: Callable[[], None] | None = None) -> None:
        ask_where_to_save(
            self._window,
            "Save config as",
            lambda path: self._write(Path(path), then),
            name=str(self._document.path or "config.yaml"),
            suffix="yaml",
            filters=_CONFIGS,
        )


def _is_labels(path: Path) -> bool:
    return path.name.lower().endswith(".slp")


def _is_run(path: Path) -> bool:
    # Unlike those of Path, these tests never fail, whatever the name.
    return os.path.isdir(path) and any(
        os.path.exists(path / name) for name in ("events.jsonl", "engine.json")
    )


def _config_of(path: Path) -> Path:
    """The file itself, or the config of a folder that a training left."""
    inside = path / "training_config.yaml"
    return inside if os.path.isdir(path) and os.path.exists(inside) else path
