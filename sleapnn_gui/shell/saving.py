"""Saving the config, or both of a top-down pair: where to, what is in the way there, and what is asked about it."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import save_text
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import is_overtaken
from sleapnn_gui.document.pair import files_of, halves, named_after
from sleapnn_gui.document.states import text_of
from sleapnn_gui.shell.question import ask
from sleapnn_gui.widgets.file_dialog import ALL_FILES, ask_where_to_save
from sleapnn_gui.widgets.language import tr

CONFIGS = tr("Configs (*.yaml *.yml *.json);;{all_files}", all_files=ALL_FILES)

_Then = Callable[[], None] | None


class Saving(QObject):
    """Writes beside the window. `message` carries a sentence and its severity."""

    message = Signal(str, str)

    def __init__(self, window: QWidget, document: Document) -> None:
        super().__init__(window)
        self._window, self._document = window, document
        # The process does not end in the midst of a file.
        self._writing = BackgroundTask(self, abandon=False)
        self._after_writing: list[Callable[[], None]] = []
        self._question = partial(ask, window)

    @property
    def is_at_work(self) -> bool:
        """Whether a file is being written now."""
        return self._writing.is_at_work

    def finish(self) -> None:
        """Wait until what is being written is; for those who have no event loop to wait in."""
        self._writing.finish()

    def once_written(self, act: Callable[[], None]) -> bool:
        """Whether a file is being written now; `act` is then done after it, whatever became of it."""
        if self._writing.is_at_work:
            self._after_writing.append(act)
        return self._writing.is_at_work

    def save(self, then: _Then = None) -> None:
        """Save, asking for a place where there is none yet; `then` runs once everything is written."""
        if self.once_written(lambda: self.save(then)):
            return
        places = files_of(self._document.state)
        if places:
            self._write(places, then, look_first=True)
        else:
            self.ask_where(then)

    def ask_where(self, then: _Then = None) -> None:
        """Ask for a file, of a pair for the name that both have in common, and save there."""
        state = self._document.state
        title = tr("Save config as")
        if state.other is not None:
            names = tr(" and ").join(path.name for path in named_after(state, Path("NAME.yaml")))
            title = tr("Save both models as {names}", names=names)
        ask_where_to_save(
            self._window,
            title,
            lambda path: self._write_as(Path(path), then),
            name=str(next(iter(self._document.paths), "config.yaml")),
            suffix="yaml",
            filters=CONFIGS,
        )

    def _write_as(self, path: Path, then: _Then) -> None:
        state = self._document.state
        if state.other is None:
            self._write([path], then)
        else:
            # Whoever was asked has agreed to one name, not to these two.
            self._write(named_after(state, path), then, look_first=True)

    def _write(
        self, places: Sequence[Path], then: _Then = None, *, look_first: bool = False, new: bool = False
    ) -> None:
        """Write beside the window, a half in each place; `look_first` whether others wrote there since, `new` makes folders."""
        if self.once_written(lambda: self._write(places, then, look_first=look_first, new=new)):
            return
        state, known = self._document.state, self._document.to_yaml() if self._document.has_text else None

        def written(found: Any) -> None:
            waiting, self._after_writing = self._after_writing, []
            if isinstance(found, UserError):
                self.message.emit(str(found), "error")
            elif isinstance(found, _Obstacle):
                self._ask_about(found, places, then)
            else:
                self._document.saved(state, list(zip(places, found, strict=True)))
                self.message.emit(tr("Saved to {map}.", map=tr(" and ").join(map(str, places))), "info")
                if then is not None:
                    then()
            for act in waiting:
                act()

        self._after_writing = []
        work = partial(_written, state, places, known=known, look_first=look_first, new=new)
        self._writing.begin(partial(outcome_of, work), written)

    def _ask_about(self, found: "_Obstacle", places: Sequence[Path], then: _Then) -> None:
        yes, destroys = QMessageBox.ButtonRole.AcceptRole, QMessageBox.ButtonRole.DestructiveRole
        if found.name == _FOLDER:
            answers = [
                (tr("Make the folder and save"), yes, partial(self._write, places, then, new=True)),
                (tr("Save elsewhere…"), QMessageBox.ButtonRole.ActionRole, partial(self.ask_where, then)),
            ]
        else:
            answers = [
                (tr("Save anyway"), destroys, partial(self._write, places, then)),
                (tr("Save as another file…"), yes, partial(self.ask_where, then)),
            ]
        self._question(found.name, found.text, found.more, answers)


#: Questions by their names: about a folder that is not there, and about what somebody else wrote.
_FOLDER, _OVERTAKEN = "new_folder", "overtaken"


@attrs.frozen
class _Obstacle:
    """What a person is asked before a file is written."""

    name: str
    text: str
    more: str


def _written(
    state: State, places: Sequence[Path], *, known: str | None, look_first: bool, new: bool
) -> list[str] | _Obstacle:
    """The texts that were written, a half in each place, or what has to be asked before. Raises UserError; runs aside."""
    both = list(zip(halves(state), places, strict=True))
    for half, path in both:
        found = _obstacle(half, path, look_first=look_first, new=new)
        if found is not None:
            return found
    texts = [
        known if number == 0 and known is not None else text_of(half) for number, (half, _) in enumerate(both)
    ]
    for (_, path), text in zip(both, texts, strict=True):
        save_text(path, text)
    return texts


def _obstacle(half: State, path: Path, *, look_first: bool, new: bool) -> _Obstacle | None:
    if new:
        _make_folder(path.parent)
    # Unlike Path.exists, this never fails. No folder is made without a word: it may be a slip of the pen, or a disk that
    # is not there today.
    if not os.path.exists(path.parent) and not os.path.exists(path):
        text = tr("There is no folder {parent}.", parent=path.parent)
        return _Obstacle(_FOLDER, text, tr("It can be made, and {path} saved into it.", path=path.name))
    if not look_first or not is_overtaken(path, half.text):
        return None
    # What another window or program has written is not replaced without a word.
    was_open = half.path == path
    text = (
        tr("{path} was changed by another program since it was opened here.", path=path.name)
        if was_open
        else tr("There is a file {path} already, which is not open here.", path=path.name)
    )
    return _Obstacle(
        _OVERTAKEN,
        text,
        tr("Saving replaces what is in it now; that stays beside it as {path}.bak.", path=path.name),
    )


def outcome_of(work: Callable[[], Any]) -> Any:
    """What came of it, or the error that says why nothing did."""
    try:
        return work()
    except UserError as problem:
        return problem


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UserError(
            tr("The folder cannot be made: {reason}. Nothing was saved.", reason=reason_of(problem)),
            where=str(folder),
        ) from problem
