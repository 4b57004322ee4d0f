"""Commands on the runs that are chosen in the list: open, resume, train again, compare, name, note, star, trash."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from PySide6.QtCore import QFile, QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import MODEL, TRAINER
from sleapnn_engine.config.run_models import WEIGHTS, given_config
from sleapnn_engine.protocol.methods_text import methods_text
from sleapnn_engine.protocol.run_account import read_account
from sleapnn_engine.protocol.run_state import read_run
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import Opened, open_config
from sleapnn_gui.document.states import judged_state
from sleapnn_gui.monitor.run_summary import MOST_COMPARED, RunSummary
from sleapnn_gui.run.job import EngineJob, JobEnd
from sleapnn_gui.shell.file_commands import FileCommands
from sleapnn_gui.shell.queue_commands import QueueCommands
from sleapnn_gui.shell.result_commands import ResultCommands
from sleapnn_gui.shell.run_commands import RunCommands
from sleapnn_gui.widgets.desktop import open_in_desktop
from sleapnn_gui.widgets.file_dialog import ask_where_to_save
from sleapnn_gui.widgets.language import counted, tr

if TYPE_CHECKING:
    from sleapnn_gui.form.form_page import FormPage
    from sleapnn_gui.results.runs_page import RunsPage

_RESUMES = TRAINER + "resume_ckpt_path"
_WEIGHTS = (MODEL + "pretrained_backbone_weights", MODEL + "pretrained_head_weights")
_IN_MENU = (
    "list_open", "predict", "show_evaluation", "evaluate", "list_compare", "", "list_resume", "list_retrain",
    "list_weights", "list_queue", "", "list_star", "list_rename", "list_note", "", "list_methods", "list_bundle", "", "list_reveal", "list_trash",
)  # fmt: skip
_AS_BUTTONS = {
    tr("Train again…"): "list_retrain",
    tr("Go on"): "list_resume",
    tr("From its weights…"): "list_weights",
    tr("Compare"): "list_compare",
    tr("Methods text"): "list_methods",
    tr("Bundle…"): "list_bundle",
}
_OWN = tuple(verb for verb in _IN_MENU if verb.startswith("list_"))


class ListCommands(QObject):
    """Commands on the chosen runs; what is read or moved is read and moved beside the window."""

    def __init__(
        self, window: QWidget, results: ResultCommands, runs: RunCommands, files: FileCommands
    ) -> None:
        super().__init__(window)
        self._window, self._results, self._runs, self._files = window, results, runs, files
        self._actions: Mapping[str, QAction] = {}
        self._form: Callable[[], FormPage] | None = None
        self._reading, self._moving = BackgroundTask(self), BackgroundTask(self, abandon=False)
        self._bundling, self._bundled = EngineJob(self), ""
        self._bundling.ended.connect(self._bundle_ended)
        self.queue = QueueCommands(self, results, runs, files.document)
        self.queue.pair.offered.connect(files.offered)
        results.seeds_wanted.connect(self.queue.add_seeds)
        runs.changed.connect(self._refresh)

    @property
    def _page(self) -> "RunsPage":
        return self._results.runs_page

    def adopt(self, actions: Mapping[str, QAction], form: "Callable[[], FormPage]") -> None:
        """The commands as they are pressed, and what gives the form in which configs of runs are shown."""
        self._actions, self._form = actions, form
        self._results.when_listed(self._serve)
        self.queue.adopt(actions)
        self._refresh()

    def _serve(self, page: "RunsPage") -> None:
        """Offer the commands on the list of runs."""
        page.run_chosen.connect(self._runs.open_run)
        page.selection_changed.connect(self._refresh)
        actions = self._actions
        separators = {place: QAction(self) for place, verb in enumerate(_IN_MENU) if not verb}
        for line in separators.values():
            line.setSeparator(True)
        listed = [separators.get(place) or actions[verb] for place, verb in enumerate(_IN_MENU)]
        page.offer(listed, buttons=[(text, actions[verb]) for text, verb in _AS_BUTTONS.items()])

    @property
    def document(self) -> Document:
        """The config that is open."""
        return self._files.document

    def when_listed(self, do: "Callable[[RunsPage], object]") -> None:
        """Do something with the list of runs once it is made."""
        self._results.when_listed(do)

    def go_to(self, page: str) -> None:
        """Show a page of the window."""
        self._results.page_wanted.emit(page)

    def show_setting(self, path: str) -> None:
        """Go to one setting of the form."""
        self.go_to("configure")
        if self._form is not None:
            self._form().reveal(path)

    def can(self, verb: str) -> bool:
        """Whether a command makes sense for what is chosen; none does while the list is not shown."""
        chosen = self._page.selected if self._results.lists_runs else []
        if verb == "list_compare":
            return 2 <= len(chosen) <= MOST_COMPARED
        if verb in ("list_star", "list_reveal", "list_trash", "list_queue"):
            return bool(chosen)
        if verb == "list_resume":
            return len(chosen) == 1 and chosen[0].is_over and self._runs.can("train")
        return len(chosen) == 1

    def _refresh(self) -> None:
        for verb in _OWN if self._actions else ():
            self._actions[verb].setEnabled(self.can(verb))

    @property
    def _one(self) -> RunSummary | None:
        chosen = self._page.selected
        return chosen[0] if len(chosen) == 1 else None

    # -- what is asked ---------------------------------------------------------------------------------------

    def do_list_open(self) -> None:
        if self._one is not None:
            self._runs.open_run(self._one.folder)

    def do_list_compare(self) -> None:
        """Show the chosen runs side by side."""
        if self.can("list_compare"):
            self._results.compare(self._page.selected)

    def do_list_resume(self) -> None:
        """Go on with a training from its last checkpoint, in a folder of its own."""
        if self._one is not None:
            self._runs.resume_run(self._one.folder)

    def do_list_retrain(self) -> None:
        """Open the config of a run as one that is not saved yet, with what is changed beside it."""
        if self._one is not None:
            self._open_config(self._one, {})

    def do_list_weights(self) -> None:
        """The same, with the weights of the run's best model to begin with."""
        run = self._one
        if run is not None:
            best = next((run.folder / name for name in WEIGHTS if (run.folder / name).is_file()), None)
            if best is None:
                self._results.message.emit(
                    tr("{run} has kept no model to start from.", run=run.name), "warning"
                )
            else:
                self._open_config(run, dict.fromkeys(_WEIGHTS, str(best)))

    def do_list_methods(self) -> None:
        """Copy how a run was trained, for a paper."""
        if self._one is not None:
            self._reading.begin(partial(_methods_of, self._one), self._copy)

    def _copy(self, found: tuple[str, str]) -> None:
        text, problem = found
        if text:
            QGuiApplication.clipboard().setText(text)
        told = tr("The methods text is copied to the clipboard. Read it before you use it.")
        self._results.message.emit(problem or told, "error" if problem else "info")

    def do_list_bundle(self) -> None:
        """Ask where to, and have the engine write a bundle there."""
        run = self._one
        if run is None:
            return
        if self._bundling.is_at_work:
            self._results.message.emit(
                tr("Another bundle is being written; try again when it is done."), "warning"
            )
            return
        ask_where_to_save(
            self._window,
            tr("Save {run} as a bundle", run=run.name),
            partial(self.write_bundle, run.folder),
            name=f"{run.name}.zip",
            suffix="zip",
            filters=tr("Zip files (*.zip)"),
        )

    def write_bundle(self, folder: Path, path: str) -> None:
        """Have the engine write the bundle of a run; what lies there is replaced once it is whole."""
        self._bundled = path
        self._results.message.emit(
            tr("Writing {path}; the labels are read whole for that …", path=Path(path).name), "info"
        )
        self._bundling.start(("runs", "bundle", str(folder), "-o", path, "--replace"))

    def _bundle_ended(self, end: JobEnd) -> None:
        done = end.exit.code == 0
        notes = [line.removeprefix("note: ") for line in end.lines if line.startswith("note: ")]
        why = " ".join(end.lines[-2:]) or end.exit.sentence
        said = [tr("{bundled} is written.", bundled=self._bundled), *notes] if done else [why]
        self._results.message.emit(" ".join(said), "error" if not done else "warning" if notes else "info")

    def do_list_queue(self) -> None:
        """Have the chosen runs trained again, one after the other, each as it was."""
        self.queue.add_runs([run.folder for run in self._page.selected])

    def do_list_star(self) -> None:
        chosen = self._page.selected
        wanted = not all(run.star for run in chosen)
        for run in chosen:
            self._page.model.remark(run.folder, star=wanted)

    def do_list_rename(self) -> None:
        self._page.edit("name")

    def do_list_note(self) -> None:
        self._page.edit("note")

    def do_list_reveal(self) -> None:
        for run in self._page.selected:
            open_in_desktop(run.folder)

    def do_list_trash(self) -> None:
        """Ask, and then move run folders to the trash."""
        chosen = self._page.selected
        if not chosen:
            return
        names = ", ".join(run.name for run in chosen[:5]) + (" …" if len(chosen) > 5 else "")
        box = QMessageBox(self._window)
        box.setObjectName("trash")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowModality(Qt.WindowModality.WindowModal)
        box.setText(tr("Move {runs} to the trash? {names}", runs=counted(len(chosen), "run"), names=names))
        box.setInformativeText(
            tr(
                "The whole folders go: models, journals, pictures, notes. You get them back from the trash of this computer."
            )
        )
        move = box.addButton(tr("Move to trash"), QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton(tr("Keep"), QMessageBox.ButtonRole.RejectRole)
        for button in (move, keep):
            button.setAccessibleName(button.text())
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        folders = [run.folder for run in chosen]
        move.clicked.connect(lambda _checked=False: self.move_to_trash(folders))
        box.open()

    def move_to_trash(self, folders: Sequence[Path]) -> None:
        """Move run folders to the trash, but none whose training may be at work."""
        self._moving.begin(partial(_moved, folders), self._moved)

    def _moved(self, found: list[tuple[Path, str]]) -> None:
        gone = [folder for folder, why in found if not why]
        for folder in gone:
            self._page.model.drop(folder)
        told = [tr("{runs} moved to the trash.", runs=counted(len(gone), "run"))] if gone else []
        failed = [tr("{folder} stays: {why}", folder=folder.name, why=why) for folder, why in found if why]
        self._results.message.emit(" ".join((*told, *failed)), "warning" if failed else "info")

    # -- configs of runs -------------------------------------------------------------------------------------

    def _open_config(self, run: RunSummary, changes: dict[str, Any]) -> None:
        self.open_config(run.folder, name=run.name, then=partial(self._changed, run.name, changes))

    def open_config(self, folder: Path, *, then: Callable[[], object], name: str = "") -> None:
        """Open the config of the run in a folder as one that is not saved yet, and then do what is to be done."""
        called = name or folder.name

        def go_on(found: Opened | str) -> None:
            if isinstance(found, str):
                self._results.message.emit(found, "error")
            else:
                self._files.guard.before(
                    tr("Opening the config of {called}", called=called), partial(self._adopt, found, then)
                )

        self._reading.begin(partial(_config_to_edit, folder, called), go_on)

    def _adopt(self, opened: Opened, then: Callable[[], object]) -> None:
        self.document.adopt(opened, judged_state(opened))
        then()

    def _changed(self, name: str, changes: dict[str, Any]) -> None:
        if changes:
            self.document.apply_values(changes, tr("Start from the weights of {name}", name=name))
        self.show_changes()
        what = tr("starts from its best model") if changes else tr("is as it was trained")
        text = tr(
            "The config of {name} {what}; what you change is listed beside it. Its run stays as it is.",
            name=name,
            what=what,
        )
        self._results.message.emit(text, "info")

    def show_changes(self) -> None:
        """Go to the form, with what is changed beside it."""
        self.go_to("configure")
        if self._form is not None:
            form = self._form()
            form.set_pane_shown(True)
            form.context.open(form.context.diff)

    def leave(self) -> None:
        """For when the window closes: what is moved is moved whole."""
        self._reading.drop()
        self._moving.finish()
        self._bundling.leave()
        self.queue.pair.leave()


def _methods_of(run: RunSummary) -> tuple[str, str]:
    """The methods text of a run, or why there is none. Runs aside."""
    try:
        return methods_text(read_account(run.folder)), ""
    except UserError as problem:
        return "", f"{run.name}: {problem.message}"


def _config_to_edit(folder: Path, name: str) -> Opened | str:
    """The config of a run as a new one, or why there is none. Runs aside."""
    path = given_config(folder)
    if path is None:
        return tr("{name} holds no config to train again with.", name=name)
    try:
        opened = open_config(path)
    except UserError as problem:
        return str(problem)
    if tree.has(opened.values, _RESUMES):
        tree.put(opened.values, _RESUMES, None)
    return attrs.evolve(opened, path=None, title=tr("{name}, again", name=name))


def _moved(folders: Sequence[Path]) -> list[tuple[Path, str]]:
    """Each folder, with why it was not moved; '' where it was. Runs aside."""
    found = []
    for folder in folders:
        record = read_run(folder)
        if record is not None and not record.is_over:
            found.append((folder, tr("its training may still be at work. {why}", why=record.why).strip()))
            continue
        moved = QFile.moveToTrash(str(folder))
        done = moved[0] if isinstance(moved, tuple) else moved
        found.append((folder, "" if done else tr("this computer has no trash for that disk.")))
    return found
