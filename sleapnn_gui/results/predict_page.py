"""Predicting with a trained model: the sheet, how far it is, and what became of it."""

from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Signal, SignalInstance
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.predict_options import require_data
from sleapnn_engine.config.run_models import RunModel, partners, run_model
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.banner import Banner
from sleapnn_gui.monitor.status_text import Figure
from sleapnn_gui.monitor.summary import FigureLabel
from sleapnn_gui.results.predict_sheet import LABELS, PredictSheet
from sleapnn_gui.results.strip import ResultStrip
from sleapnn_gui.run.job import EngineJob, JobEnd
from sleapnn_gui.widgets.kept_focus import focus_kept
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.progress import ProgressBar

_MOST_SKIPPED = 3
_LOOK_MS = 200

_STATES = {
    "ready": (tr("Predict"), "accent"),
    "loading": (tr("Loading the model"), "accent"),
    "predicting": (tr("Predicting"), "accent"),
    "writing": (tr("Writing"), "accent"),
    "stopping": (tr("Stopping after this batch"), "warning"),
    "done": (tr("Done"), "best"),
    "stopped": (tr("Stopped"), "warning"),
    "failed": (tr("Failed"), "error"),
}


class PredictPage(QWidget):
    """One prediction at a time; the engine does it in a process of its own, which goes on where the page is left.

    `result_wanted` carries predictions that a person wants to see, `folder_wanted` a file whose folder is to be opened;
    `left` says that the page is done with, `changed` that something is at work now, or is no more.
    """

    result_wanted = Signal(Path)
    folder_wanted = Signal(Path)
    left = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None, *, in_steps: bool = False) -> None:
        """Made `in_steps`, it is of use once somebody has gone through `fill`."""
        super().__init__(parent)
        self.setObjectName("page:predict")
        self.setAccessibleName(tr("Predict"))
        self.job = EngineJob(self)
        self.state = "ready"
        self.output: Path | None = None
        self._failure: dict[str, Any] = {}
        self._notes: list[str] = []
        self._finding, self._looking, self._choosing = (
            BackgroundTask(self),
            BackgroundTask(self),
            BackgroundTask(self),
        )
        if not in_steps:
            deque(self.fill(), maxlen=0)

    def fill(self) -> Iterator[None]:
        """Make what it shows, some in each step."""
        self.sheet = PredictSheet(in_steps=True)
        yield from self.sheet.fill()
        yield
        self.strip = ResultStrip(tr("Predict"))
        self.banner = Banner(self.sheet)
        self._fill_strip()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        inside = QVBoxLayout()
        inside.setContentsMargins(16, 12, 16, 12)
        inside.setSpacing(10)
        inside.addWidget(self.banner)
        inside.addWidget(self.sheet, 1)
        column.addLayout(inside, 1)
        self._soon = QTimer(self, singleShot=True, interval=_LOOK_MS)
        self._soon.timeout.connect(self._check_places)
        self.sheet.places_changed.connect(self._soon.start)
        self.sheet.partner_asked.connect(self._add_partner)
        self.banner.link_followed.connect(lambda path: self.folder_wanted.emit(Path(path)))
        self.job.message.connect(self._read_message)
        self.job.ended.connect(self._ended)
        self._show_state("ready")

    def _fill_strip(self) -> None:
        strip = self.strip
        self.bar = ProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setMinimumWidth(40)
        self.bar.setMaximumWidth(240)
        self.bar.setAccessibleName(tr("Share of the frames that is done"))
        self.frames, self.speed, self.time = (
            FigureLabel(name) for name in (tr("Frames done"), tr("Speed"), tr("Time left"))
        )
        strip.row.addWidget(self.bar, 4)
        for figure in self._figures:
            strip.row.addSpacing(6)
            strip.row.addWidget(figure)
        self.back = strip.add_button(tr("Back"), tr("Go back to the runs; a prediction at work goes on"))
        self.folder = strip.add_button(tr("Open folder"), tr("Show the file of predictions in its folder"))
        self.again = strip.add_button(
            tr("Predict again"), tr("Change what is said below and predict once more")
        )
        self.look = strip.add_button(tr("Look at it"), tr("See the animals frame by frame"), primary=True)
        self.stop = strip.add_button(
            tr("Stop and keep"), tr("End after this batch; what is done is written"), primary=True
        )
        self.start = strip.add_button(tr("Predict"), tr("Find the animals with these models"), primary=True)
        self.back.clicked.connect(self.left)
        self.folder.clicked.connect(partial(self._hand_over, self.folder_wanted))
        self.again.clicked.connect(lambda: self._show_state("ready"))
        self.look.clicked.connect(partial(self._hand_over, self.result_wanted))
        self.stop.clicked.connect(self.stop_and_keep)
        self.start.clicked.connect(self._start)

    @property
    def _figures(self) -> tuple[FigureLabel, ...]:
        return self.frames, self.speed, self.time

    @property
    def is_at_work(self) -> bool:
        """Whether a prediction is being made."""
        return self.job.is_at_work

    # -- the run ---------------------------------------------------------------------------------------------

    def open(self, folder: Path) -> None:
        """Offer to predict with the model of a run; while a prediction is at work that one stays."""
        if self.is_at_work:
            return
        self.banner.clear(at_once=True)
        self._show_state("ready")
        self.strip.show_message(folder.name, tr("reading the model …"))
        self._finding.begin(partial(_model_and_partners, folder), partial(self._found, folder))

    def _found(self, folder: Path, found: tuple[RunModel | None, list[RunModel]]) -> None:
        model, others = found
        self.start.setEnabled(model is not None)
        self.sheet.setEnabled(model is not None)
        if model is None:
            self.strip.show_message(folder.name, "")
            self.banner.show_message(
                tr(
                    "{folder} holds no trained model: there is no best.ckpt with its training_config.yaml. "
                    "The training may have saved none, or ended before its first epoch did.",
                    folder=folder.name,
                ),
                severity="error",
            )
            return
        self.strip.show_message(folder.name, str(folder))
        self.sheet.show_model(model, others)
        self._check_places()

    def _add_partner(self, path: str) -> None:
        folder = Path(path)
        self._choosing.begin(partial(run_model, folder), lambda found: self.sheet.add_partner(found, folder))

    def _check_places(self) -> None:
        """Propose a file to write beside the data, and see whether the one that is said is there already."""
        sheet = self.sheet
        if sheet.model is None:
            return
        data = sheet.data.text()
        work = partial(_places, data, sheet.output.text(), sheet.model.folder.name, own=sheet.has_own_output)
        self._looking.begin(work, partial(self._places_known, data))

    def _places_known(self, data: str, found: tuple[str, bool, str]) -> None:
        self.sheet.show_output(found[0])
        self.sheet.warn_of_file(found[1])
        self.sheet.warn_of_data(data, found[2])

    # -- predicting ------------------------------------------------------------------------------------------

    def _start(self) -> None:
        told = self.sheet.words()
        if told is None:
            self._check_places()  # a file that is not there is told with all the rest
        if told is None or self.is_at_work:
            return
        self.banner.clear(at_once=True)
        self._failure, self._notes, self.output = {}, [], None
        self.bar.fill(0)
        for figure in self._figures:
            figure.setMinimumWidth(0)
            figure.show_figure(Figure("–", ""))
        self.frames.show_figure(Figure("–", tr("frames")))
        self.job.start(told)
        self._show_state("loading")
        self.changed.emit()

    def _hand_over(self, wanted: SignalInstance, _checked: bool = False) -> None:
        if self.output is not None:
            wanted.emit(self.output)

    def stop_and_keep(self) -> None:
        """End after the batch in work; what is done is written."""
        self.job.stop()
        self._show_state("stopping")

    def _read_message(self, body: dict[str, Any]) -> None:
        kind = body.get("kind")
        if kind == "progress":
            self._show_progress(body)
        elif kind == "note":
            self._notes.append(str(body.get("message")))
        elif kind == "writing" and self.state != "stopping":
            self._show_state("writing")
        elif kind == "failed":
            self._failure = body
        elif kind == "finished":
            self._finished(body)

    def _show_progress(self, body: dict[str, Any]) -> None:
        done, total, rate, left = (body.get(key) for key in ("n_processed", "n_total", "rate", "eta"))
        if self.state == "loading":
            self._show_state("predicting")
        self.bar.fill(round(1000 * (done or 0) / max(total or 0, 1)))
        self.frames.show_figure(
            Figure(f"{done:,}", tr("of {frames}", frames=words.counted(total or 0, "frame", "frames")))
        )
        if rate is not None and left is not None:
            self.speed.show_figure(Figure(words.rate(rate), tr("frames / s")))
            self.time.show_figure(Figure(words.duration(left), tr("left")))

    def _finished(self, body: dict[str, Any]) -> None:
        self.output = Path(body["output"]) if body.get("output") else None
        interrupted = body.get("outcome") == "interrupted"
        if self.output is None:
            text = tr("Stopped before a frame was done; nothing is written.")
        else:
            frames = words.counted(body["frames"], "frame", "frames")
            animals = words.counted(body["animals"], "animal", "animals")
            first = tr("Stopped: what was done is kept, ") if interrupted else ""
            text = tr(
                "{stopped}{frames} with {animals} are in {output}.",
                stopped=first,
                frames=frames,
                animals=animals,
                output=self.output,
            )
        skipped = body.get("skipped") or []
        if skipped:
            some = "; ".join(skipped[:_MOST_SKIPPED]) + (" …" if len(skipped) > _MOST_SKIPPED else "")
            text += tr(
                " {frames} could not be read: {some}.",
                frames=words.counted(len(skipped), "frame", "frames"),
                some=some,
            )
        severity = "warning" if skipped or interrupted else "info"
        self.banner.show_message(" ".join((text, *self._notes)), severity=severity)
        self._show_state("stopped" if interrupted else "done")

    def _ended(self, end: JobEnd) -> None:
        if self.state not in ("done", "stopped"):
            where, said = str(self._failure.get("where") or ""), self._failure.get("message")
            if said:
                text = " ".join(filter(None, (where and f"{where}:", said, self._failure.get("hint"))))
                self.sheet.show_problem(where, said)
                self.banner.show_message(text, severity="error")
            else:
                self.banner.show_message(end.exit.sentence, severity="error", lines=end.lines)
            self._show_state("failed")
        self.changed.emit()

    def _show_state(self, state: str) -> None:
        self.state = state
        self.strip.chip.show_state(*_STATES[state])
        busy = state in ("loading", "predicting", "writing", "stopping")
        over = state in ("done", "stopped")
        looks = over and self.output is not None
        # Off what ends a prediction: a key that was meant for the button before it must not.
        with focus_kept(
            self, self.back if busy else self.look if looks else self.again if over else self.start
        ):
            for widget in (self.bar, *self._figures):
                widget.setVisible(busy and state != "loading")
            self.start.setVisible(not busy and not over)
            self.stop.setVisible(busy)
            self.stop.setEnabled(state not in ("stopping", "writing"))
            self.again.setVisible(over)
            for button in (self.folder, self.look):
                button.setVisible(looks)
            self.sheet.setEnabled(not busy and not over)

    def leave(self) -> None:
        """For when the window closes: a prediction at work goes on and writes its file."""
        for aside in (self._finding, self._looking, self._choosing):
            aside.drop()
        self._soon.stop()
        self.job.leave()


def _model_and_partners(folder: Path) -> tuple[RunModel | None, list[RunModel]]:
    """The model of a run, and those of the folders beside it that make a pair with it. Runs aside."""
    model = run_model(folder)
    if model is None or not (model.kind.centroid or model.kind.cropped):
        return model, []
    try:
        beside = [one for one in folder.parent.iterdir() if one != folder and one.is_dir()]
    except OSError:
        beside = []
    return model, partners(model, beside)


def _places(data: str, output: str, run: str, *, own: bool) -> tuple[str, bool, str]:
    """A file to write that is not there yet, whether the one that a person has said is, and why there are no data.

    Runs aside.
    """
    path, absent = Path(data).expanduser(), ""
    try:
        require_data(path)
    except UserError as error:
        absent = f"{error.message} {error.hint}"
    if own:
        return output, Path(output).expanduser().exists(), absent
    if not data:
        return "", False, ""
    stem = path.name.removesuffix(LABELS).removesuffix(".pkg") if path.suffix == LABELS else path.stem
    wanted, number = path.with_name(f"{stem}.{run}{LABELS}"), 0
    while wanted.exists():
        number += 1
        wanted = path.with_name(f"{stem}.{run}-{number}{LABELS}")
    return str(wanted), False, absent
