"""Labels and videos that are not where they were: a person says where one is, and the config names what has them all."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import Any

from PySide6.QtCore import QObject, Slot

from sleapnn_engine.config.checks.disk import LABELS
from sleapnn_engine.config.moved_files import found_along
from sleapnn_engine.config.text_format import first_few
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.labels_page import LabelsPage
from sleapnn_gui.shell.advice_commands import AdviceCommands
from sleapnn_gui.shell.list_commands import ListCommands
from sleapnn_gui.widgets.file_dialog import ALL_FILES, ask_for_file
from sleapnn_gui.widgets.language import counted, tr

_MISSING, _RELINK = "missing", "relink"


class Locating(QObject):
    """Asks the engine what is missing, a person where it is, and has the engine write a copy of labels that names it there."""

    def __init__(
        self, advice: AdviceCommands, listed: ListCommands, labels: LabelsPage, inspect: Inspect
    ) -> None:
        super().__init__(listed)
        self._advice, self._listed, self._page, self._inspect = advice, listed, labels, inspect
        self._document = listed.document
        self._file = ""
        self._open = False
        self._looking = BackgroundTask(self)
        self._document.locate_wanted.connect(self.begin)
        labels.facts.locate_wanted.connect(self.begin)
        self._document.reloaded.connect(self._forget)
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)

    @Slot()
    def begin(self) -> None:
        """Find out what is missing of the config that is open, and ask where it is."""
        self._open = True
        self._inspect.ask(_MISSING, values=self._document.values)
        self._show_message(tr("Looking which labels and videos are missing …"))

    def leave(self) -> None:
        """For when the window closes."""
        self._forget()

    @Slot()
    def _forget(self) -> None:
        """What was asked of another config is no news of this one."""
        self._open = False
        self._looking.drop()

    @Slot(str, object)
    def _answered(self, kind: str, answer: Mapping[str, Any]) -> None:
        if not self._open:
            return
        if kind == _MISSING:
            self._ask_where(answer["files"])
        elif kind == _RELINK:
            self._relinked(answer)

    @Slot(str, str)
    def _failed(self, kind: str, text: str) -> None:
        if self._open and kind in (_MISSING, _RELINK):
            self._open = False
            self._show_message(text, "error")

    def _ask_where(self, files: list[Mapping[str, Any]]) -> None:
        if not files:
            self._open = False
            return self._show_message(
                tr("No labels and none of their videos are missing now. Check looks at them again.")
            )
        self._show_message("")
        gone = [one["file"] for one in files if not one["there"]]
        if gone:
            title, filters = (
                tr("Where is {name} now?", name=_name(gone[0])),
                tr("SLEAP labels (*.slp);;{all_files}", all_files=ALL_FILES),
            )
            return ask_for_file(self._page, title, partial(self._labels_chosen, gone), filters=filters)
        first = files[0]
        self._file, lost = first["file"], first["missing"]
        more = tr(", and {count} more", count=len(lost) - 1) if len(lost) > 1 else ""
        title = tr(
            "Where is {name}{more}, of {labels}?", name=_name(lost[0]), more=more, labels=_name(self._file)
        )
        return ask_for_file(self._page, title, partial(self._video_chosen, lost[0]))

    def _labels_chosen(self, gone: list[str], path: str) -> None:
        if not self._open:
            return
        first, *others = gone

        def known(along: dict[str, Path]) -> None:
            text = tr("The config names {path} now.", path=path)
            if along:
                text += f" {_along(list(along))}"
            self._replace({first: path, **{old: str(new) for old, new in along.items()}}, first, text)

        self._looking.begin(partial(found_along, first, Path(path), others), known)

    def _video_chosen(self, old: str, path: str) -> None:
        if self._open:
            self._inspect.ask(_RELINK, file=self._file, videos=[{"old": old, "new": path}])
            self._show_message(tr("Writing a copy of the labels that names it there …"))

    def _relinked(self, answer: Mapping[str, Any]) -> None:
        made = Path(answer["path"])
        first = next(iter(answer["given"]))
        text = tr(
            "{copy}, a copy beside {labels}, names {file} where it is now.",
            copy=made.name,
            labels=_name(self._file),
            file=_name(first),
        )
        if answer["found"]:
            text += f" {_along(list(answer['found']))}"
        if answer["missing"]:
            lost = answer["missing"]
            videos = counted(len(lost), "video is still missing", "videos are still missing")
            text += f" {videos}: {first_few(lost)}."
        self._replace({self._file: str(Path(self._file).with_name(made.name))}, first, text)

    def _replace(self, moved: Mapping[str, str], first: str, text: str) -> None:
        """Have the config name other labels, as one step, and show what is changed."""
        self._open = False
        changes: dict[str, Any] = {}
        for key in LABELS:
            said = self._document.value(key)
            new = [moved.get(one, one) for one in said] if isinstance(said, list) else moved.get(said, said)
            if new != said:
                changes[key] = new
        self._listed.show_changes()
        self._document.apply_values(changes, tr("Locate {name}", name=_name(first)))
        self._show_message(
            tr("{words} The old file stays as it was; Undo takes the change of the config back.", words=text)
        )

    def _show_message(self, text: str, severity: str = "info") -> None:
        self._advice.message.emit(text, severity)


def _along(names: list[str]) -> str:
    """That others were found along with one, by name."""
    found = tr("Found by its name: {names}.") if len(names) == 1 else tr("Found by their names: {names}.")
    return found.format(names=first_few(names))


def _name(stored: str) -> str:
    """The file of a path as any system writes it."""
    return PureWindowsPath(stored).name
