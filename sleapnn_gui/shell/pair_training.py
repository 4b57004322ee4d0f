"""Training both models of a top-down pair: one after the other by the queue, followed here, and then judged as one."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from sleapnn_engine.config.files import copy_values
from sleapnn_engine.config.pairs import CENTRE, WORDS, group_of_file
from sleapnn_engine.protocol.stop_rules import parse_rule
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.pair import in_order
from sleapnn_gui.monitor.words import pixels
from sleapnn_gui.results.evaluations import Judgement, read_judgement
from sleapnn_gui.shell.result_commands import ResultCommands
from sleapnn_gui.shell.run_commands import RunCommands, secrets
from sleapnn_gui.widgets.language import counted, tr
from sleapnn_gui.widgets.still import Still

if TYPE_CHECKING:
    from sleapnn_engine.protocol.queue_records import QueuedTraining
    from sleapnn_engine.protocol.training_queue import TrainingQueue
    from sleapnn_gui.run.queue_watch import QueueWatch
    from sleapnn_gui.run.queueing import Wish

#: The models in the order they are trained.
_MODELS = (tr("centre model"), tr("parts model"))
_WAITING = "waiting"
SECRETS_NOTE = tr(" Set WANDB_API_KEY where the queue is trained: no file holds the key.")


class PairTraining(QObject):
    """One pair at a time. `message` carries a sentence and its severity, `offered` also the words of a link and what it does.

    The queue trains both and then judges them together, also when this window is closed.
    """

    message = Signal(str, str)
    offered = Signal(str, str, str, object)

    def __init__(
        self, parent: QObject, document: Document, runs: RunCommands, results: ResultCommands
    ) -> None:
        super().__init__(parent)
        self._document, self._runs, self._results = document, runs, results
        self._watch: QueueWatch | None = None
        self._still = Still(results.place)
        self._added: list[QueuedTraining] = []
        self._asked = False
        self._shown: list[str] = []
        self._reach, self._has_offered = "", False
        self._finding = BackgroundTask(self)
        runs.pair_wanted.connect(self.begin)
        runs.pair = self

    @property
    def is_at_work(self) -> bool:
        """Whether a pair waits, is trained, or is judged."""
        return self._asked

    @Slot(list)
    def begin(self, stop_rules: Sequence[str] = ()) -> None:
        """Have both models trained, before what waits in the queue already; each stops by itself by rules, in words."""
        if self.is_at_work:
            self.message.emit(
                tr("A top-down pair is being trained; the queue on the Runs page has it."), "info"
            )
            return
        from sleapnn_gui.run.queue_watch import (
            QueueWatch,  # nothing of the queue is needed to show the window
        )
        from sleapnn_gui.run.queueing import put_into

        if self._watch is None:
            self._watch = QueueWatch(self)
            self._watch.message.connect(self._answered)
            self._watch.changed.connect(self._follow)
        wishes = wishes_of(self._document, stop_rules)
        group, base = group_of(self._document), self._runs.base
        note = SECRETS_NOTE if secrets(self._document) else ""
        self._asked, self._shown, self._reach, self._has_offered = True, [], "", False
        added = self._added = []

        def act(queue: "TrainingQueue") -> str:
            added.extend(put_into(queue, wishes, base=base, group=group, first=True))
            names = tr(" and ").join(Path(one.run_dir or "").name for one in added)
            return tr(
                "Two models are trained, one after the other: {names}. The Runs page has the queue.{note}",
                names=names,
                note=note,
            )

        self._watch.change(act)
        self._runs.opened.emit()

    def leave(self) -> None:
        """For when the window closes: both are trained on, and judged."""
        self._finding.drop()
        if self._watch is not None:
            self._watch.leave()

    # -- while they are trained ------------------------------------------------------------------------------

    def _answered(self, text: str, severity: str) -> None:
        """What came of adding them, or of the process that trains the queue."""
        self.message.emit(text, severity)
        if severity == "error" and not self._added:
            self._asked = False

    @Slot()
    def _follow(self) -> None:
        """Have them begun once they are in the queue, show the one that is at work, and learn how they end."""
        watch = self._watch
        if watch is None or not self._added:
            return
        from sleapnn_engine.protocol.queue_records import QueueState

        if not self._shown and not watch.asked:
            self._shown.append("")  # asked once
            watch.train(group=self._added[0].group)
            watch.watch(True)
            return
        mine = {one.number for one in self._added}
        now = [one for one in watch.sight.standing.trainings if one.number in mine]
        for one in now:
            if one.state is QueueState.RUNNING and watch.sight.reach.get(one.number):
                self._show(one.run_dir or "")
        if self._is_judged(now):
            return
        left = [one for one in now if one.state in (QueueState.WAITING, QueueState.RUNNING)]
        broken = next((one for one in now if one.state in (QueueState.FAILED, QueueState.INTERRUPTED)), None)
        if not left or (broken is not None and not watch.sight.at_work):
            self._end(now, broken, waits=bool(left))

    def _show(self, run_dir: str) -> None:
        """Follow the one that is at work now, where the page shows no other run."""
        if run_dir in self._shown or self._runs.is_running:
            return
        session = self._runs.session
        before = "" if session is None or session.run_dir is None else str(session.run_dir)
        if len(self._shown) == 1 or before in self._shown:
            self._runs.open_run(run_dir, show=False)
        self._shown.append(run_dir)
        if self._has_offered:  # not to train it, which comes too late now
            self._has_offered = False
            self._warn(tr("The {models} is trained now.", models=_MODELS[-1]), "info")
        session = self._runs.session
        if session is not None and str(session.run_dir) == run_dir:
            session.command_state.connect(self._follow_stop)

    # -- where one is stopped and the other waits --------------------------------------------------------------

    @property
    def waiting_model(self) -> str:
        """The model that is trained after the one that is followed; '' where none waits for that."""
        session, watch = self._runs.session, self._watch
        if session is None or watch is None or str(session.run_dir) not in self._shown:
            return ""
        mine = [one.number for one in self._added]
        waiting = [one.number for one in watch.sight.standing.trainings if one.state == _WAITING]
        return next((_MODELS[place] for place, number in enumerate(mine) if number in waiting), "")

    def remove_waiting(self) -> None:
        """Have the one that waits not trained."""
        mine, model, watch = {one.number for one in self._added}, self.waiting_model, self._watch
        if watch is None or not model:
            return

        def act(queue: "TrainingQueue") -> str:
            gone = queue.remove(lambda one: one.number in mine and one.state == _WAITING)
            return (
                tr("The {model} is not trained.", model=model)
                if gone
                else tr("The {model} is being trained already.", model=model)
            )

        watch.change(act)

    @Slot(str, str, str)
    def _follow_stop(self, verb: str, stage: str, _text: str) -> None:
        """Stopped is the one that is trained; whether the other goes on is for a person to say."""
        model = self.waiting_model
        if verb in ("stop", "cancel") and stage == "accepted" and model:
            self._has_offered = True
            self.offered.emit(
                tr("The {model} is trained next, whatever became of this one.", model=model),
                "info",
                tr("Do not train it"),
                self.remove_waiting,
            )

    # -- how they end ------------------------------------------------------------------------------------------

    def _end(self, now: "list[QueuedTraining]", broken: "QueuedTraining | None", *, waits: bool) -> None:
        self._asked, self._added = False, []
        if self._watch is not None:
            self._watch.watch(False)
        if broken is not None:
            rest = tr(" The other one waits in the queue.") if waits else ""
            self._warn(
                tr(
                    "{path} was not trained. {why}{rest}",
                    path=Path(broken.run_dir or broken.config).name,
                    why=broken.why,
                    rest=rest,
                ),
                "error",
            )
        elif now and now[-1].judged:
            path = Path(now[-1].judged)
            self._finding.begin(partial(read_judgement, path), partial(self._report, path))
        elif len(now) == len(WORDS):
            why = now[-1].not_judged or tr("the queue ended before.")
            self._warn(tr("Both models are trained, but not judged together: {why}", why=why), "warning")

    # -- once they are trained -------------------------------------------------------------------------------

    def _is_judged(self, now: "list[QueuedTraining]") -> bool:
        """Whether both are trained and the queue judges them, or is about to; how far that is, is shown."""
        sight = self._watch.sight if self._watch is not None else None
        if sight is None or not sight.at_work or len(now) < len(WORDS):
            return False
        if not all(one.is_trained for one in now) or now[-1].judged or now[-1].not_judged:
            return False
        judging = sight.standing.judging
        if judging is not None and judging.number == now[-1].number and not judging.is_unwanted:
            self._show_reach(judging.reach)
        return True

    def _show_reach(self, text: str) -> None:
        if text == self._reach:
            return
        self._reach = text
        words = tr(
            "Both models are trained. Judging them together on the validation frames: {words}", words=text
        )
        self._still.when_away(lambda: self.offered.emit(words, "info", tr("Stop"), self._stop_judging))

    def _stop_judging(self) -> None:
        watch, added = self._watch, self._added
        if watch is not None and added:

            def act(queue: "TrainingQueue") -> str:
                return tr("Stopping …") if queue.stop_judging(added[-1].number) else ""

            watch.change(act)

    def _report(self, path: Path, found: "Judgement | str") -> None:
        if isinstance(found, str):
            self._warn(found, "warning")
            return
        show = partial(self._results.show_evaluation, path.parents[2], wanted=path)
        self._still.when_away(lambda: self.offered.emit(pair_sentence(found), "info", tr("Show"), show))

    def _warn(self, text: str, severity: str) -> None:
        self._still.when_away(lambda: self.message.emit(text, severity))


def wishes_of(document: Document, stop_rules: Sequence[str] = ()) -> "list[Wish]":
    """Trainings of what is open: of both models of a pair, the one that finds the centres first.

    Rules about parts are none of a model that finds centres.
    """
    from sleapnn_gui.run.queueing import Wish

    of_any = [rule for rule in stop_rules if not parse_rule(rule, now=0.0).parts]
    return [
        Wish(copy_values(half.values), stop_rules=tuple(of_any if half.half == CENTRE else stop_rules))
        for half in in_order(document.state)
    ]


def group_of(document: Document) -> str:
    """What the trainings of a pair are called together; '' where there is no pair."""
    if not document.half:
        return ""
    return group_of_file(document.paths[0]) if document.paths else "pair"


def pair_sentence(found: Judgement) -> str:
    """How good both are together, and which of them misses what."""
    animals = found.report["animals"]
    missed, misplaced = animals["missed"], animals["misplaced"]
    error = found.figure("report", "distances", "px", "p50")
    near = "" if error is None else tr(" Half of the points are within {pixels}.", pixels=pixels(error))
    return tr(
        "Judged together: {found} of {animals} found on the validation frames; "
        "{missed} missed by the centre model, {misplaced} misplaced by the parts model.{near}",
        found=animals["found"],
        animals=counted(animals["labelled"], "animal"),
        missed=missed - misplaced,
        misplaced=misplaced,
        near=near,
    )
