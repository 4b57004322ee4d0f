"""The sheet before training: shown when asked for, and before each training where a person wants it so."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from sleapnn_engine.config.pairs import CENTRE
from sleapnn_engine.config.validate import errors
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.pair import files_of, halves, in_order, named_after
from sleapnn_gui.document.states import LABELS
from sleapnn_gui.form.changes import every_change
from sleapnn_gui.form.facts import names_for
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.measuring import Measuring
from sleapnn_gui.run.command_line import pair_command, train_command
from sleapnn_gui.run.folders import next_run_dirs
from sleapnn_gui.shell.run_commands import RunCommands, secrets
from sleapnn_gui.shell.settings_store import frames_mb, remember_review, reviews_before_training
from sleapnn_gui.widgets.language import tr

if TYPE_CHECKING:
    from sleapnn_gui.shell.train_sheet import TrainSheet

_NETWORK = "network"


class ReviewCommands(QObject):
    """Train, which may bring the sheet first, and the command that shows it. `setting_chosen` carries a path, `message` a sentence."""

    setting_chosen = Signal(str)
    message = Signal(str, str)

    def __init__(self, window: QWidget, document: Document, runs: RunCommands, inspect: Inspect) -> None:
        super().__init__(window)
        self._window, self._document, self._runs, self._inspect = window, document, runs, inspect
        self._sheet: TrainSheet | None = None
        self._run_dirs: list[Path] = []
        self._networks: dict[str, dict[str, Any]] = {}
        self._left: list[State] = []
        self._looking = BackgroundTask(self)
        self.measuring = Measuring(document, inspect)
        self.measuring.changed.connect(self._measured)
        self.measuring.failed.connect(lambda text: self.message.emit(text, "error"))
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)
        for signal in (document.reloaded, document.issues_changed, document.figures_changed):
            signal.connect(self._refresh)
        document.changed.connect(self._changed)

    def do_train(self) -> None:
        """Train at once; where a person wants the sheet before each training, and nothing is wrong, show that first."""
        if reviews_before_training() and self._runs.can("train") and not errors(self._document.every_issue()):
            self.do_review()
        else:
            self._runs.do_train()

    def do_review(self) -> None:
        """Show the sheet."""
        from sleapnn_gui.shell.train_sheet import TrainSheet

        if self._sheet is not None:
            self._sheet.close()
        sheet = TrainSheet(self._window, always=reviews_before_training())
        sheet.train_wanted.connect(lambda: self._runs.do_train(sheet.stops.rules))
        sheet.stops.changed.connect(self._show_command)
        sheet.measure.clicked.connect(self.do_measure)
        sheet.setting_chosen.connect(self.setting_chosen)
        sheet.always_wanted.connect(remember_review)
        sheet.finished.connect(partial(self._closed, sheet))
        self._sheet = sheet
        self._changed([""])
        sheet.show()

    def do_measure(self) -> None:
        """Take ten real steps, to know memory and time before, and whatever would fail at once."""
        if errors(self._document.every_issue()):
            self._runs.refused.emit()
        elif not self.measuring.is_at_work:
            self.measuring.begin()
            self.message.emit(tr("Taking ten steps as the training would; nothing of them is kept …"), "info")

    @Slot()
    def _measured(self) -> None:
        if self.measuring.found:
            from sleapnn_gui.shell.training_review import measured_sentence

            self.message.emit(measured_sentence(self.measuring), "info")
        self._refresh()

    def stop(self) -> None:
        """Look no more; for when the window closes."""
        self._looking.drop()
        self.measuring.forget()
        self._sheet = None

    def _closed(self, sheet: "TrainSheet", _result: int) -> None:
        if self._sheet is sheet:
            self._sheet = None
            self._looking.drop()

    @Slot(list)
    def _changed(self, paths: list[str]) -> None:
        if self._sheet is None or not paths:
            return
        self._networks = {}
        # That in hand comes last: who shows its network beside hears of this one's in the end.
        self._left = halves(self._document.state)[::-1]
        if self._document.facts is None:
            self._networks, self._left = {half.half: {"failed": ""} for half in self._left}, []
        self._ask_network()
        configs = [half.values for half in in_order(self._document.state)]
        self._looking.begin(partial(next_run_dirs, configs, base=self._runs.base), self._found)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        sheet, document = self._sheet, self._document
        if sheet is None:
            return
        from sleapnn_gui.shell.training_review import rows_of, worth_a_look

        for name, words in rows_of(document, self._networks, self.measuring).items():
            sheet.show_row(name, words)
        sheet.stops.show_pair(bool(document.half))
        sheet.stops.set_parts(names_for(document.facts, "part"))
        told = [one for one in every_change(document) if one.path not in LABELS]  # which stand above
        sheet.show_differences(told, title=document.title)
        sheet.show_issues(worth_a_look(document))
        sheet.measure.setEnabled(sheet.train.isEnabled() and not self.measuring.is_at_work)

    def _found(self, run_dirs: list[Path]) -> None:
        """Where the run, or those of a pair, would go is known."""
        self._run_dirs = run_dirs
        self._show_command()

    def _show_command(self) -> None:
        sheet, document = self._sheet, self._document
        if sheet is None or not self._run_dirs:
            return
        from sleapnn_gui.shell.training_review import FOLDER

        configs = self._configs()
        notes = []
        if len(document.paths) < len(configs) or document.is_dirty:
            names = tr(" and ").join(path.name for path in configs)
            notes.append(
                tr("Save the config as {names} first: as it stands here, it is in no file.", names=names)
            )
        if secrets(document):
            notes.append(tr("Set WANDB_API_KEY in the terminal; no file and no command line holds the key."))
        sheet.show_row(FOLDER, "\n".join(map(str, self._run_dirs)))
        base, (first, *second) = self._runs.base, configs
        if second:
            command = pair_command(configs, base=base, stop_rules=sheet.stops.rules)
        else:
            command = train_command(
                first,
                run_dir=self._run_dirs[0],
                base=base,
                frames_mb=frames_mb(),
                stop_rules=sheet.stops.rules,
            )
        sheet.show_command(command, " ".join(notes))

    def _configs(self) -> list[Path]:
        """Where what is trained stands, or would after saving, in the order it is trained."""
        document, base = self._document, self._runs.base
        if document.state.other is None:
            return [document.path or base / "config.yaml"]
        places = files_of(document.state) or named_after(document.state, base / "config.yaml")
        return places if document.half == CENTRE else places[::-1]

    def _ask_network(self) -> None:
        if self._left:
            self._inspect.ask(_NETWORK, values=self._left[0].values)

    @Slot(str, object)
    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        if kind == _NETWORK and self._sheet is not None and self._left:
            self._networks[self._left.pop(0).half] = answer
            self._ask_network()
            self._refresh()

    @Slot(str, str)
    def _failed(self, kind: str, text: str) -> None:
        self._answered(kind, {"failed": text})
