"""The evaluation of a run: which one is shown, beside which other run, on which labels next, and where it is written."""

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import attrs
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from sleapnn_engine.config.run_models import RunModel
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.banner import Banner
from sleapnn_gui.results.evaluating import Evaluating
from sleapnn_gui.results.evaluation_text import csv_text
from sleapnn_gui.results.evaluations import (
    Judgement,
    RunResults,
    Side,
    Source,
    others_of,
    read_judgement,
    results_of,
)
from sleapnn_gui.results.exports import Exports, fresh_menu
from sleapnn_gui.results.frame_source import FrameSource
from sleapnn_gui.results.judgement_view import JudgementView
from sleapnn_gui.results.labelling import Labelling, WorthALook
from sleapnn_gui.results.strip import ResultStrip
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.file_dialog import ALL_FILES, ask_for_file, ask_for_folder
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.menus import open_below

_KIND = "evaluation"
_NOTHING = tr(
    "This run was not evaluated yet.\n\nPress “Evaluate on…” and choose labels: the model looks at the frames a person "
    "has labelled, and what it finds is compared with them, part by part."
)


class EvaluationPage(QWidget):
    """Shows evaluations of one run, or of two side by side.

    `frame_wanted` carries files and what is told of the frame to show, `left` says that the page is done with,
    `predict_wanted` and `folder_wanted` carry the run's folder.
    """

    frame_wanted = Signal(object, object)
    predict_wanted = Signal(Path)
    left = Signal()

    def __init__(
        self,
        inspect: Inspect,
        source: FrameSource,
        *,
        parent: QWidget | None = None,
        in_steps: bool = False,
    ) -> None:
        """Made `in_steps`, it is of use once somebody has gone through `fill`."""
        super().__init__(parent)
        self.setObjectName("page:evaluate")
        self.setAccessibleName(tr("Evaluation"))
        self._inspect, self._source = inspect, source
        self._first: Side | None = None
        self._second: Side | None = None
        self._folder: Path | None = None
        self._results: RunResults | None = None
        self._asked: Side | None = None
        self._finding, self._reading, self._other = (
            BackgroundTask(self),
            BackgroundTask(self),
            BackgroundTask(self),
        )
        self.evaluating = Evaluating(self)
        if not in_steps:
            deque(self.fill(), maxlen=0)

    def fill(self) -> Iterator[None]:
        """Make what it shows, some in each step."""
        self.strip = ResultStrip(tr("Evaluation"))
        self._fill_strip()
        yield
        self.view = JudgementView(self._source, in_steps=True)
        yield from self.view.fill(self._source)
        yield
        self.empty = QLabel(_NOTHING)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "muted")
        self.empty.setContentsMargins(24, 24, 24, 24)
        self.empty.setMaximumWidth(640)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.view)
        self.banner = Banner(self.stack)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        around = QVBoxLayout()
        around.setContentsMargins(16, 10, 16, 0)
        around.addWidget(self.banner)
        column.addLayout(around)
        column.addWidget(self.stack, 1)
        self._connect()
        self._offer()

    def _connect(self) -> None:
        inspect = self._inspect
        self.labelling = Labelling(self, inspect)
        self.labelling.progressed.connect(self._show_remark)
        self.view.to_labelling.clicked.connect(self._offer_labelling)
        self.view.frame_chosen.connect(self.frame_wanted)
        self.exports.written.connect(self._show_remark)
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)
        self.evaluating.progressed.connect(self._show_note)
        self.evaluating.failed.connect(self._evaluation_failed)
        self.evaluating.done.connect(self._evaluated)

    def _fill_strip(self) -> None:
        strip = self.strip
        self.which = QuietComboBox()
        self.which.setAccessibleName(tr("Which evaluation is shown"))
        self.which.setToolTip(tr("Which evaluation is shown"))
        self.which.setMinimumWidth(176)
        self.which.currentIndexChanged.connect(self._choose)
        strip.row.addWidget(self.which)
        self.compare = strip.add_button(tr("Compare with…"), tr("Show another run beside this one"))
        self.export = strip.add_button(
            tr("Export…"), tr("Write the figures as a table, or what is shown as a picture")
        )
        self.evaluate = strip.add_button(tr("Evaluate on…"), tr("Judge this model on other labels"))
        self.stop = strip.add_button(tr("Stop"), tr("Give the evaluation up"))
        self.back = strip.add_button(tr("Back"), tr("Go back to the runs"))
        self.predict = strip.add_button(
            tr("Predict…"), tr("Use this model on a video or labels"), primary=True
        )
        self.compare.clicked.connect(self._list_others)
        self.exports = Exports(self, self.export)
        self.evaluate.clicked.connect(self.ask_for_labels)
        self.stop.clicked.connect(self.evaluating.stop)
        self.back.clicked.connect(self.left)
        self.predict.clicked.connect(self._predict)

    # -- what is shown ---------------------------------------------------------------------------------------

    def open(
        self, folder: Path, *, wanted: Path | None = None, then: Callable[[], None] | None = None
    ) -> None:
        """Show the evaluations of a run, `wanted` being the file of the one to begin with; `then` once they are known."""
        if folder != self._folder:
            self._second = None
            self.banner.clear(at_once=True)
        self._folder = folder
        self.strip.show_message(folder.name, "")
        self._finding.begin(partial(results_of, folder), partial(self._found, wanted, then))

    def _found(self, wanted: Path | None, then: Callable[[], None] | None, results: RunResults) -> None:
        self.which.blockSignals(True)
        self.which.clear()
        for source in results.sources:
            self.which.addItem(source.name, source)
        self.which.blockSignals(False)
        self._results = results
        if results.sources:
            place = next((n for n, one in enumerate(results.sources) if one.saved == wanted), 0)
            self.which.setCurrentIndex(place)
            self._choose()
        else:
            self._first = None
            self.view.clear_frames()
            self.stack.setCurrentWidget(self.empty)
        self._offer()
        if then is not None:
            then()

    def _choose(self) -> None:
        """Show the evaluation that is chosen; of a second run, the one of the same name."""
        source = self.which.currentData()
        if source is None or self._results is None:
            return
        self._first = Side(self._results, source)
        if self._second is not None:
            self._second = Side(self._second.results, _same(self._second.results, source))
        self._load()

    def _load(self) -> None:
        """Get the figures that are missing, one after the other, and then draw."""
        missing = next((one for one in (self._first, self._second) if one and one.judgement is None), None)
        self._asked = missing
        self._offer()
        if missing is None:
            self._draw()
        elif missing.source.saved is not None:
            self._reading.begin(
                partial(read_judgement, missing.source.saved), partial(self._show_judgement, missing)
            )
        else:
            self.strip.show_message(self._title(), tr("comparing …"))
            self._inspect.ask(_KIND, **missing.source.files.asked)

    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        if kind == _KIND and self._asked is not None:
            try:
                self._show_judgement(self._asked, Judgement.read(answer))
            except ValueError as problem:
                self._show_judgement(self._asked, str(problem))

    def _failed(self, kind: str, text: str) -> None:
        if kind == _KIND and self._asked is not None:
            self._show_judgement(self._asked, text)

    def _show_judgement(self, side: Side, found: Judgement | str) -> None:
        if side not in (self._first, self._second):
            return  # another one is wanted by now
        if isinstance(found, str):
            self._show_remark(f"{side.name}, {side.source.name}: {found}", "error")
            if side is self._first:
                self._first = None
                self.stack.setCurrentWidget(self.empty)
            else:
                self._second = None
                self._load()
            self._offer()
            return
        side.judgement = found
        side.source = attrs.evolve(side.source, files=attrs.evolve(side.source.files, truth=found.truth))
        self._load()

    def _draw(self) -> None:
        first, second = self._first, self._second
        if first is None or first.judgement is None:
            return
        other = None if second is None or second.judgement is None else (second.name, second.judgement)
        shown = [one for one in (first, second) if one is not None]
        judged = {one.name: one.judgement for one in shown if one.judgement is not None}
        tables = {tr("Figures as CSV…"): partial(csv_text, judged)}
        self.exports.show("_".join(judged) or "evaluation", tables, self.view)
        self.view.show_judgements(
            (first.name, first.judgement), other, files=[one.source.files for one in shown]
        )
        self.stack.setCurrentWidget(self.view)
        animals = first.judgement.report["animals"]
        about = [
            Path(first.judgement.truth).name,
            words.counted(animals["frames"], "frame", "frames"),
            words.counted(animals["labelled"], "animal", "animals"),
        ]
        self.strip.show_message(self._title(), " · ".join(about))
        self.strip.about.setToolTip("\n".join((first.judgement.truth, *first.judgement.notes)))
        self._offer()

    def _title(self) -> str:
        names = [one.name for one in (self._first, self._second) if one is not None]
        return tr(" beside ").join(names) or (self._folder.name if self._folder is not None else "")

    def _offer(self) -> None:
        busy = self.evaluating.is_at_work
        shown = self._first is not None and self._first.judgement is not None
        self.which.setVisible(self.which.count() > 0)
        self.compare.setEnabled(shown)
        self.export.setEnabled(shown)
        able = self._results is not None and self._results.model is not None
        self.evaluate.setVisible(not busy)
        self.evaluate.setEnabled(able)
        self.predict.setEnabled(able)
        self.stop.setVisible(busy)

    def _offer_labelling(self) -> None:
        shown = [one for one in (self._first, self._second) if one is not None and one.judgement is not None]
        menu = fresh_menu(self)
        self.labelling.fill(menu, [_worth_a_look(one) for one in shown])
        open_below(menu, self.view.to_labelling)

    def _predict(self) -> None:
        if self._folder is not None:
            self.predict_wanted.emit(self._folder)

    # -- two runs --------------------------------------------------------------------------------------------

    def _list_others(self) -> None:
        if self._folder is not None:
            self._other.begin(partial(others_of, self._folder), self._offer_others)

    def _offer_others(self, folders: list[Path]) -> None:
        menu = fresh_menu(self)
        for folder in folders:
            menu.addAction(folder.name).triggered.connect(
                lambda _checked=False, folder=folder: self.compare_with(folder)
            )
        menu.addSeparator()
        menu.addAction(tr("Another run…")).triggered.connect(lambda _checked=False: self._ask_other())
        if self._second is not None:
            menu.addAction(tr("No other run")).triggered.connect(
                lambda _checked=False: self.compare_with(None)
            )
        open_below(menu, self.compare)

    def _ask_other(self) -> None:
        ask_for_folder(
            self, tr("Choose the run folder to compare with"), lambda path: self.compare_with(Path(path))
        )

    def compare_with(self, folder: Path | None) -> None:
        """Show another run beside the one that is shown, or none."""
        if folder is None:
            self._second = None
            self._load()
        else:
            self._other.begin(partial(results_of, folder), self._found_other)

    def _found_other(self, results: RunResults) -> None:
        if self._first is None:
            return
        if not results.sources:
            told = tr("{folder} has no evaluation to compare with.", folder=results.folder.name)
            self._show_remark(told, "warning")
            return
        self.banner.clear(at_once=True)
        self._second = Side(results, _same(results, self._first.source))
        self._load()

    # -- other labels ----------------------------------------------------------------------------------------

    def ask_for_labels(self) -> None:
        """Let a person choose labels, and, of a model of a pair, whether it is judged with the other one."""
        results = self._results
        if results is None or results.model is None or self.evaluating.is_at_work:
            return
        if not results.partners:
            self._ask_labels([results.model])
            return
        menu = fresh_menu(self)
        for partner in results.partners:
            models = sorted((results.model, partner), key=lambda one: one.kind.cropped)
            menu.addAction(tr("As one with {folder}…", folder=partner.folder.name)).triggered.connect(
                lambda _checked=False, models=models: self._ask_labels(models)
            )
        alone = [results.model]
        menu.addAction(tr("This model by itself…")).triggered.connect(
            lambda _checked=False: self._ask_labels(alone)
        )
        open_below(menu, self.evaluate)

    def _ask_labels(self, models: list[RunModel]) -> None:
        ask_for_file(
            self,
            tr("Choose labels to judge the model on"),
            lambda path: self.evaluate_on(path, models),
            filters=tr("Labels (*.slp);;{all_files}", all_files=ALL_FILES),
        )

    def evaluate_on(self, labels: str, models: list[RunModel] | None = None) -> None:
        """Judge the model, or the pair, on labels; what comes of it is shown when it is there."""
        model = self._results.model if self._results is not None else None
        if model is None or self.evaluating.is_at_work:
            return
        self.evaluating.begin(models or [model], labels, owner=model)
        self._offer()

    def _show_note(self, text: str, severity: str = "info") -> None:
        self.banner.show_message(text, severity=severity)

    def _show_remark(self, text: str, severity: str = "info") -> None:
        self.banner.show_message(text, severity=severity, closable=True)

    def _evaluation_failed(self, text: str) -> None:
        self._show_remark(text, "error")
        self._offer()

    def _evaluated(self, path: Path) -> None:
        self.banner.clear()
        self.open(path.parent.parent.parent, wanted=path)

    def leave(self) -> None:
        """For when the window closes."""
        for aside in (self._finding, self._reading, self._other):
            aside.drop()
        self.evaluating.leave()


def _worth_a_look(side: Side) -> WorthALook:
    assert side.judgement is not None
    return WorthALook(side.name, side.source.files, side.judgement.report["frames"])


def _same(results: RunResults, source: Source) -> Source:
    """The evaluation of the same name, else the first."""
    return next((one for one in results.sources if one.name == source.name), results.sources[0])
