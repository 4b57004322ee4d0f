"""Starting, following and ending a run."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QInputDialog, QSpinBox, QWidget

from sleapnn_engine.config.reader import TRAINER
from sleapnn_engine.config.validate import errors
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.states import text_of
from sleapnn_gui.run.folders import next_run_dir
from sleapnn_gui.run.launch import Launch, prepare
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.run.standby import Standby
from sleapnn_gui.run.verbs import ON_RUN, refused_text
from sleapnn_gui.shell.elsewhere_commands import ElsewhereCommands
from sleapnn_gui.shell.settings_store import (
    frames_mb,
    remember_frames_mb,
    remember_recent,
    remember_run_folder,
    run_folders,
)
from sleapnn_gui.widgets.file_dialog import ask_for_folder, ask_where_to_save
from sleapnn_gui.widgets.language import tr

if TYPE_CHECKING:
    from sleapnn_gui.monitor.train_page import TrainPage
    from sleapnn_gui.shell.pair_training import PairTraining


#: Commands that begin to follow a run which was not started here.
_BEGINNINGS = ("watch_peer", "attach_far")

#: Commands whose states are not those of a run.
AROUND = (*_BEGINNINGS, "leave_run", "show_folder", "save_curves")


_BUSY = tr("Another run is being followed; wait until it ends, or open a second window.")


def secrets(document: Document) -> dict[str, str]:
    """What a run has to know but no file may hold, as environment variables of the engine."""
    key = document.value(TRAINER + "wandb.api_key")
    used = document.value(TRAINER + "use_wandb") is True
    return {"WANDB_API_KEY": key} if used and isinstance(key, str) and key.strip() else {}


class RunCommands(QObject):
    """Commands on the run. `changed` says that what is possible may have changed, `opened` that a run is shown.

    `message` carries a sentence and its severity, `untrue` one that holds no more; `refused` means the config has problems that keep it from training;
    `folder_chosen` carries a folder that a person wants to see as a run, `pair_wanted` asks for both models of a pair,
    and carries by what each stops by itself. `pair` trains them.
    """

    message = Signal(str, str)
    untrue = Signal(str)
    changed = Signal()
    opened = Signal()
    refused = Signal()
    folder_chosen = Signal(str)
    pair_wanted = Signal(list)

    def __init__(self, window: QWidget, document: Document, page: Callable[[], "TrainPage"]) -> None:
        """`page` gives the page that shows the run; it may be made only then."""
        super().__init__(window)
        self._window = window
        self._document = document
        self._page = page
        self.session: RunSession | None = None
        self.pair: PairTraining | None = None
        self._served: TrainPage | None = None
        self._standby: Standby | None = None
        self._told_refused = ""
        self._preparing, self._writing = BackgroundTask(self), BackgroundTask(self, abandon=False)
        self.base = Path.cwd()
        elsewhere = ElsewhereCommands(window, self)
        self.do_watch_peer, self.do_attach_far = elsewhere.do_watch_peer, elsewhere.do_attach_far

    def keep_ready(self) -> None:
        """Have an engine loaded before Train is pressed, from now on; see `prepare`."""
        self._standby = Standby()

    def prepare(self) -> None:
        """A training is likely to come: load an engine for it, where one is to be kept ready and none is at work."""
        if self._standby is not None and not self.is_running:
            self._standby.prepare()

    def let_standby_go(self) -> None:
        """What is loaded is of an engine that is not to be used any more."""
        if self._standby is not None:
            self._standby.close()

    @property
    def is_warm(self) -> bool:
        """Whether an engine has been started that waits for a training."""
        return self._standby is not None and self._standby.pid is not None

    def can(self, verb: str) -> bool:
        """Whether a command on a run, or train, makes sense now."""
        if verb in ("train", *_BEGINNINGS):
            return not self._preparing.is_at_work and not self.is_running
        if verb == "leave_run":
            return self.is_running
        if verb == "show_folder":
            return self.session is not None and self.session.kept_dir is not None
        if verb == "save_curves":
            return self.session is not None
        return self.session is not None and self.session.can(verb)

    @property
    def is_running(self) -> bool:
        """Whether an engine that this window follows is at work."""
        return self.session is not None and not self.session.is_over

    @property
    def is_training(self) -> bool:
        """The same, but for a window that only listens for a training which has not begun."""
        session = self.session
        listens = session is not None and bool(session.waits_for) and session.state is State.CONNECTING
        return self.is_running and not listens

    def folder(self) -> Path:
        """The folder that the config's runs go to."""
        said = self._document.value(TRAINER + "ckpt_dir")
        return (self.base / Path(said).expanduser()) if isinstance(said, str) and said.strip() else self.base

    def folders(self) -> list[Path]:
        """All folders that runs are listed of: that of the config, and those that were used before."""
        return list(dict.fromkeys(path.absolute() for path in (self.folder(), *run_folders())))

    def engine_text(self) -> str:
        """What the engine does, for the status line."""
        if self.session is None:
            return tr("engine idle")
        pid = (
            tr(" · engine {pid}", pid=self.session.pid)
            if self.session.pid and not self.session.is_over
            else ""
        )
        return f"{self.session.state.value}{pid}"

    # -- commands ------------------------------------------------------------------------------------------

    def do_train(self, stop_rules: Sequence[str] = ()) -> None:
        """Start the engine on the config as it stands; with problems in the way, go to them instead.

        It stops by itself by `stop_rules`, in words.
        """
        if not self.can("train"):
            return
        if errors(self._document.every_issue()):
            self.refused.emit()
            return
        if self._document.half:
            self.pair_wanted.emit(list(stop_rules))
            return
        document, environment = self._document, secrets(self._document)
        state, view, base = document.state, document.view, self.base
        known = document.to_yaml() if document.has_text else None

        def make() -> tuple[str, Launch | OSError]:
            text = text_of(state) if known is None else known
            try:
                return text, prepare(text, next_run_dir(view, base=base))
            except OSError as problem:
                return text, problem

        def made(found: tuple[str, Launch | OSError]) -> None:
            document.keep_text(state, found[0])
            self._start(found[1], environment, stop_rules)

        self._preparing.begin(make, made)
        self.changed.emit()

    def _start(
        self, launch: Launch | OSError, environment: dict[str, str], stop_rules: Sequence[str] = ()
    ) -> None:
        session = RunSession(self, standby=self._standby)
        try:
            if isinstance(launch, OSError):
                raise launch
            launch = attrs.evolve(launch, frames_mb=frames_mb(), stop_rules=tuple(stop_rules))
            session.launch(launch, folder=self.base, environment=environment)
        except OSError as problem:
            self.message.emit(tr("The engine could not be started: {problem}.", problem=problem), "error")
            self.changed.emit()
            return
        self.message.emit("", "info")
        self.follow(session)

    def resume_run(self, folder: Path) -> None:
        """Go on with a training from its last checkpoint, in a folder of its own."""
        if not self.can("train"):
            return

        from sleapnn_gui.run.resuming import Resumed, prepare_resuming

        def made(found: Resumed | str) -> None:
            if isinstance(found, str):
                self.message.emit(found, "error")
                self.changed.emit()
                return
            self._start(found.launch, {})
            self.message.emit(found.sentence, "info")

        self._preparing.begin(partial(prepare_resuming, folder), made)
        self.changed.emit()

    def finish(self) -> None:
        """Wait until a training that is to start can; for those who have no event loop to wait in."""
        self._preparing.finish()

    def open_run(self, run_dir: Path | str, *, show: bool = True) -> None:
        """Follow a run: live where its engine is at work, else from its journal; `show` its page, whatever is looked at."""
        if not self.can("train"):
            if self.session is not None and self.session.run_dir == Path(run_dir).absolute():
                self.opened.emit()  # it is the one that is followed
                return
            self.message.emit(_BUSY, "warning")
            return
        session = RunSession(self)
        session.attach(run_dir)
        remember_recent(Path(run_dir))
        self.follow(session, show=show)

    def do_open_run(self) -> None:
        ask_for_folder(
            self._window, tr("Open a run folder"), self.folder_chosen.emit, start=str(self.folder())
        )

    def do_keep_frames(self) -> None:
        """Ask how much of the validation frames each run keeps."""
        box = QInputDialog(self._window)
        box.setObjectName("keep_frames")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(tr("Frames that runs keep"))
        box.setLabelText(
            tr(
                "Megabytes of validation frames in each run folder, from the first, the best, the last and some\n"
                "epochs between, so that a run shows later what it saw; 0 for none. The next training keeps to it."
            )
        )
        box.setInputMode(QInputDialog.InputMode.IntInput)
        box.setIntRange(0, 100_000)
        box.setIntValue(frames_mb())
        for field in box.findChildren(QSpinBox):
            field.setAccessibleName(tr("Megabytes of frames in each run folder"))
        box.intValueSelected.connect(remember_frames_mb)
        box.open()

    def do_save_curves(self) -> None:
        """Ask where to, and write the curves of the run that is shown as the kind of file that was chosen."""
        store = self._page().store
        if not store.is_training:
            self.message.emit(
                tr("No run is shown whose curves could be saved; open one or train first."), "info"
            )
            return
        from sleapnn_gui.monitor.curve_export import FILTERS  # few save curves, and it brings Qt's drawings

        name = store.header.run_name if store.header is not None else "run"
        ask_where_to_save(
            self._window,
            tr("Save the curves"),
            self.save_curves,
            name=f"{name}.png",
            suffix="png",
            filters=FILTERS,
        )

    def save_curves(self, path: str) -> None:
        """Write the curves that are shown; the ending of the name says as what."""
        from sleapnn_gui.monitor.curve_export import curves_as, write_curves, written_text

        page = self._page()
        content = curves_as(Path(path).suffix.lower(), store=page.store, view=page.charts.loss)
        self._writing.begin(
            partial(write_curves, Path(path), content),
            lambda told: self.message.emit(told, "info" if told == written_text(Path(path)) else "warning"),
        )

    def do_show_folder(self) -> None:
        self._page().open_folder()

    def ask(self, verb: str) -> None:
        """Have the engine carry out a request that takes nothing else."""
        if self.session is not None:
            self.session.ask(verb)

    def do_pause(self) -> None:
        self._page().pause()

    def do_resume(self) -> None:
        self._page().resume()

    def do_stop_when(self) -> None:
        """Let a person say when the run is to stop by itself, on its page."""
        self.opened.emit()
        self._page().stops.ask()

    def do_stop(self) -> None:
        self._page().stop_and_keep()

    def do_stop_after_epoch(self) -> None:
        self._page().stop_and_keep("epoch")

    def do_cancel(self) -> None:
        self._page().cancel()

    def leave(self) -> None:
        """Stop following; an engine at work goes on, one that was not started yet is not."""
        self._preparing.drop()
        if self._standby is not None:
            self._standby.close()
        self._let_go()

    def do_leave_run(self) -> None:
        """Stop following a run that goes on."""
        if self.can("leave_run"):
            self._let_go()
            self.message.emit(tr("The run goes on without this window; open it again to follow it."), "info")
            self.changed.emit()

    def _let_go(self) -> None:
        if self.session is not None:
            self._page().set_session(None)
            self.session.leave()
            self.session.deleteLater()
            self.session = None

    def _notify(self, verb: str, stage: str, text: str) -> None:
        """Say how far a command has come that no button of the run's strip tells of."""
        command = ON_RUN[verb]
        if command.over and stage == "past":
            self.untrue.emit(self._told_refused)
        elif command.over:
            sentences = {
                "asked": tr("{name}: asked.", name=command.text),
                "accepted": command.under_way,
                "done": text or command.over,
                "refused": refused_text(verb, text),
            }
            self._told_refused = sentences["refused"] if stage == "refused" else self._told_refused
            self.message.emit(sentences[stage], "warning" if stage == "refused" else "info")
        self.changed.emit()

    def _run_ended(self, _: object) -> None:
        self.untrue.emit(_BUSY)
        self.changed.emit()
        self.prepare()

    def follow(self, session: RunSession, *, show: bool = True) -> None:
        """Follow this run from now on, in the place of the one before; `show` its page, whatever is looked at."""
        if self.session is not None:
            self.session.leave()
            self.session.deleteLater()
        self.session = session
        if session.run_dir is not None:
            remember_run_folder(session.run_dir.absolute().parent)
        session.state_changed.connect(self.changed)
        session.command_state.connect(self._notify)
        session.ended.connect(self._run_ended)
        session.distant.connect(lambda text: self.message.emit(text, "info"))
        page = self._page()
        if page is not self._served:
            page.phases.leave_wanted.connect(self.do_leave_run)
            self._served = page
        page.set_session(session)
        if show:
            self.opened.emit()
        self.changed.emit()
