"""Presets in the window: looked at before they are used, made of the present config, shared as files, and their locks."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from sleapnn_engine.config.disk import copy_whole
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import copy_values, read_text, save_text
from sleapnn_engine.config.own_presets import (
    SHELF,
    OwnPreset,
    list_own_presets,
    own_folder,
    own_preset_file,
    own_preset_text,
    read_own_preset,
)
from sleapnn_engine.config.presets import Preset, find_preset
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import Opened, open_preset
from sleapnn_gui.document.locks import read_locks, write_locks
from sleapnn_gui.inspector.presets_view import PresetsView
from sleapnn_gui.shell.file_commands import FileCommands
from sleapnn_gui.widgets.file_dialog import ask_for_file, ask_where_to_save
from sleapnn_gui.widgets.language import tr

_FILTER = tr("Presets and configs (*.yaml *.yml)")


class PresetCommands(QObject):
    """Connects the list of presets, the files they are in, and the document.

    `message` carries a sentence and its severity, `setting_chosen` the path of a setting to go to.
    """

    message = Signal(str, str)
    setting_chosen = Signal(str)

    def __init__(self, window: QWidget, document: Document, files: FileCommands, view: PresetsView) -> None:
        super().__init__(window)
        self._window, self._document, self._files, self._view = window, document, files, view
        self._own: dict[str, OwnPreset] = {}
        self._reading, self._looking = BackgroundTask(self), BackgroundTask(self)
        # A file is written whole even when the window closes meanwhile; one after the other.
        self._writing = BackgroundTask(self, abandon=False)
        self._to_write: list[tuple[Callable[[], None], Callable[[], None]]] = []
        self.folder = own_folder()
        view.preset_chosen.connect(self.use)
        view.compare_wanted.connect(self.compare)
        view.share_wanted.connect(self.share)
        view.remove_wanted.connect(self.remove)
        view.unlock_wanted.connect(self.unlock)
        document.unlock_wanted.connect(self._unlock_one)
        QTimer.singleShot(0, self, self.refresh)

    # -- what there is ---------------------------------------------------------------------------------------

    def refresh(self, then: Callable[[], None] = lambda: None) -> None:
        """Read the presets and locks of this person."""
        self._reading.begin(partial(_read, self.folder), partial(self._show, then))

    def finish(self) -> None:
        """Wait until what was begun is done; for those who have no event loop to wait in."""
        self._files.finish()
        while self._writing.is_at_work or self._reading.is_at_work or self._looking.is_at_work:
            for task in (self._writing, self._reading, self._looking):
                task.finish()

    def stop(self) -> None:
        """Read no more; for when the window closes."""
        self._reading.drop()
        self._looking.drop()

    def _show(
        self, then: Callable[[], None], found: tuple[list[OwnPreset], list[UserError], dict[str, str]]
    ) -> None:
        own, wrong, locks = found
        self._own = {preset.record.name: preset for preset in own}
        self._view.set_own([preset.record for preset in own])
        self._set_locks(locks)
        if wrong:
            self.message.emit(
                tr("A file among your presets cannot be used. {wrong}", wrong=wrong[0]), "warning"
            )
        then()

    def _set_locks(self, locks: Mapping[str, str]) -> None:
        self._document.set_locks(locks)
        self._view.show_locks(locks)

    # -- using -----------------------------------------------------------------------------------------------

    def use(self, name: str) -> None:
        """Fill in every setting from a preset; what it locks is left alone by others from then on."""
        self._files.fill_in_preset(self._preset(name), then=partial(self._lock, name))

    def compare(self, name: str) -> None:
        """Show what a preset would change."""
        preset = self._preset(name)
        self._looking.begin(partial(_outcome, partial(open_preset, preset)), partial(self._compared, name))

    def _compared(self, name: str, opened: Opened | UserError) -> None:
        if isinstance(opened, UserError):
            self.message.emit(str(opened), "error")
            return
        from sleapnn_gui.form.preset_sheet import PresetSheet, preset_changes

        for earlier in self._window.findChildren(PresetSheet):
            earlier.close()
        sheet = PresetSheet(opened.title, *preset_changes(self._document, opened), self._window)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.wanted.connect(partial(self.use, name))
        sheet.setting_chosen.connect(self.setting_chosen)
        sheet.show()

    def _preset(self, name: str) -> Preset:
        return self._own[name].record if name in self._own else find_preset(name)

    def _lock(self, name: str) -> None:
        own = self._own.get(name)
        if own is not None and own.locked:
            self._keep({**self._document.locks, **dict.fromkeys(own.locked, own.title)})

    def unlock(self) -> None:
        """Nothing is locked any more."""
        self._keep({})

    def _unlock_one(self, path: str) -> None:
        self._keep({one: title for one, title in self._document.locks.items() if one != path})

    def _keep(self, locks: Mapping[str, str]) -> None:
        self._set_locks(locks)
        self._write(lambda: write_locks(_made(self.folder) / "locks.json", locks), lambda: None)

    # -- files -----------------------------------------------------------------------------------------------

    def do_save_preset(self) -> None:
        """Ask for a name, and save the present config as a preset."""
        from sleapnn_gui.form.save_preset import SavePreset

        dialog = SavePreset(self._document.values, self._window)
        dialog.wanted.connect(self.save)
        dialog.open()

    def save(self, title: str, note: str, locked: list[str]) -> None:
        """Save the present config as a preset of this title; an earlier one of the same title stays as `.bak`."""
        path, values = own_preset_file(self.folder / SHELF, title), copy_values(self._document.values)

        def write() -> None:
            _made(path.parent)
            save_text(path, own_preset_text(values, title=title, note=note, locked=locked))

        self._write(
            write, lambda: self.message.emit(tr("Saved as a preset of yours: {title}.", title=title), "info")
        )

    def do_add_preset(self) -> None:
        """Take a preset file of somebody else into one's own."""
        ask_for_file(self._window, tr("Add a preset"), self.add, filters=_FILTER)

    def add(self, path: str) -> None:
        """Take in a file; one of the same title stays as `.bak`."""

        def write() -> None:
            found = read_own_preset(Path(path))
            target = own_preset_file(self.folder / SHELF, found.title)
            _made(target.parent)
            save_text(target, read_text(found.path))

        self._write(write, lambda: self.message.emit(tr("The preset is among yours now."), "info"))

    def share(self, name: str) -> None:
        """Ask where to, and write a copy of a preset's file."""
        source = self._own[name].path

        def copy(path: str) -> None:
            told = tr(
                "{path} can be handed on: it is added with “Add a preset from a file”.", path=Path(path).name
            )
            self._write(
                lambda: save_text(Path(path), read_text(source)), lambda: self.message.emit(told, "info")
            )

        ask_where_to_save(
            self._window, tr("Share a preset"), copy, name=source.name, suffix="yaml", filters=_FILTER
        )

    def remove(self, name: str) -> None:
        """Ask, and take a preset off the list; its file stays beside the others as `.bak`."""
        own = self._own[name]
        box = QMessageBox(self._window)
        box.setObjectName("remove_preset")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowModality(Qt.WindowModality.WindowModal)
        box.setText(tr("Take “{own}” off the list of presets?", own=own.title))
        box.setInformativeText(tr("Its file is kept as {path}.bak.", path=own.path.name))
        yes = box.addButton(tr("Take it off"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(tr("Keep it"), QMessageBox.ButtonRole.RejectRole))
        yes.clicked.connect(lambda: self._write(partial(_set_aside, own.path), lambda: None))
        box.open()

    def _write(self, act: Callable[[], None], then: Callable[[], None]) -> None:
        """Do something to files beside the window, once what was begun is done, and read them again."""
        if self._writing.is_at_work:
            self._to_write.append((act, then))
            return

        def done(problem: Any) -> None:
            if isinstance(problem, UserError):
                self.message.emit(str(problem), "error")
            else:
                self.refresh(then)
            if self._to_write:
                self._write(*self._to_write.pop(0))

        self._writing.begin(partial(_outcome, act), done)


def _read(folder: Path) -> tuple[list[OwnPreset], list[UserError], dict[str, str]]:
    return *list_own_presets(folder / SHELF), read_locks(folder / "locks.json")


def _set_aside(path: Path) -> None:
    copy_whole(path, path.with_name(f"{path.name}.bak"))
    path.unlink()


def _made(folder: Path) -> Path:
    """A folder of this program's own, made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _outcome(work: Callable[[], Any]) -> Any:
    """What came of it, or the error that says why nothing did."""
    try:
        return work()
    except UserError as problem:
        return problem
    except OSError as problem:
        return UserError(
            tr("The file cannot be written: {strerror}.", strerror=problem.strerror),
            where=str(problem.filename or ""),
        )
