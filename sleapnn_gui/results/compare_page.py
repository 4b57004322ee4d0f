"""Two to eight runs side by side: curves over each other, the best of each, what differs, and the error of each part."""

from collections.abc import Callable, Sequence
from functools import partial

import attrs
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from sleapnn_engine.config.differences import Difference
from sleapnn_engine.protocol.epoch_history import EpochFigures, read_epochs
from sleapnn_engine.protocol.measures import F1, MEDIAN_PX, OF_BODY, P90_PX
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.panel import Panel, TextToggle
from sleapnn_gui.monitor.run_summary import RunSummary
from sleapnn_gui.results.compared_curves import ComparedCurves, Legend, X
from sleapnn_gui.results.figure_table import FigureTable, Row
from sleapnn_gui.results.run_details import between, shown_value
from sleapnn_gui.results.strip import ResultStrip
from sleapnn_gui.widgets.segmented import Segmented

MOST = 8


@attrs.frozen
class Curve:
    """What is drawn of the runs: its words, its value in an epoch, and how it is written."""

    name: str
    title: str
    value: Callable[[EpochFigures], float | None]
    written: Callable[[float | None], str]


CURVES = (
    Curve("Loss", "Validation loss", lambda one: one.val, words.loss),
    Curve("Error", "Median error in px", lambda one: one.measured[MEDIAN_PX], words.pixels),
    Curve("Animals", "Animals found", lambda one: one.measured[F1], words.part),
)


@attrs.frozen(eq=False)
class Compared:
    """Runs with their epochs, and what differs between their settings."""

    runs: tuple[RunSummary, ...]
    epochs: tuple[tuple[EpochFigures, ...], ...]
    differences: tuple[Difference, ...]

    def best(self, place: int) -> EpochFigures | None:
        """The epoch of a run with the least validation loss."""
        known = [one for one in self.epochs[place] if one.val is not None]
        return min(known, key=lambda one: one.val or 0.0, default=None)


def read_compared(runs: Sequence[RunSummary]) -> Compared:
    """Read what is shown of these runs. For a thread."""
    epochs = tuple(tuple(read_epochs(run.folder)) for run in runs)
    return Compared(tuple(runs), epochs, tuple(between(runs)))


class ComparePage(QWidget):
    """Shows what it is given; `left` says that the page is done with."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page:compare")
        self.setAccessibleName("Compare")
        self.compared: Compared | None = None
        self._reading = BackgroundTask(self)
        self.strip = ResultStrip("Compare")
        self.back = self.strip.add_button("Back", "Go back to the runs")
        self.back.clicked.connect(self.left)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        inside = QVBoxLayout()
        inside.setContentsMargins(16, 12, 16, 12)
        inside.setSpacing(12)
        inside.addWidget(self._make_curves(), 5)
        inside.addLayout(self._make_tables(), 4)
        column.addLayout(inside, 1)

    def _make_curves(self) -> Panel:
        self.curves_panel = panel = Panel(CURVES[0].title)
        self.what = Segmented([curve.name for curve in CURVES])
        self.what.describe("Curve", "What is drawn of each run")
        self.over = Segmented([x.value for x in X])
        self.over.describe("Over", "What the curves are drawn over")
        self.what.set_index(0)
        self.over.set_index(0)
        self.what.setFixedWidth(230)
        self.over.setFixedWidth(200)
        self.log = TextToggle("log", name="Draw the loss on a logarithmic axis", checked=True)
        self.what.picked.connect(lambda _: self._draw())
        self.over.picked.connect(lambda _: self._draw())
        self.log.toggled.connect(lambda _: self._draw())
        for widget in (self.what, self.over, self.log):
            panel.head.addWidget(widget)
        self.legend, self.plot = Legend(), ComparedCurves()
        panel.body.addWidget(self.legend)
        panel.body.addWidget(self.plot, 1)
        return panel

    def _make_tables(self) -> QGridLayout:
        row = QGridLayout()
        row.setSpacing(12)
        self.best, self.differs, self.parts = (
            FigureTable(name) for name in ("Best of each", "What differs", "Error by part")
        )
        self.differing = None
        for place, table in enumerate((self.best, self.differs, self.parts)):
            panel = Panel(table.accessibleName())
            if table is self.differs:
                self.differing = panel.add_caption()
            if table is self.parts:
                panel.add_caption("px, median of the best epoch")
            panel.body.addWidget(table, 1)
            row.addWidget(panel, 0, place)
            row.setColumnStretch(place, 1)
        return row

    # -- what is shown ---------------------------------------------------------------------------------------

    def open(self, runs: Sequence[RunSummary]) -> None:
        """Compare these runs, the first of them the one that others are held against."""
        self.strip.show_message(f"Compare {words.counted(len(runs), 'run', 'runs')}", "reading …")
        self._reading.begin(partial(read_compared, list(runs)[:MOST]), self._found)

    def _found(self, compared: Compared) -> None:
        self.compared = compared
        runs = compared.runs
        labels = {run.labels for run in runs}
        same = "the same labels" if len(labels) == 1 else "different labels: errors are of different frames"
        models = {run.model for run in runs}
        other = "" if len(models) == 1 else "different types of model: losses cannot be compared"
        self.strip.show_message(
            f"Compare {words.counted(len(runs), 'run', 'runs')}", " · ".join(filter(None, (same, other)))
        )
        names = [run.name for run in runs]
        self.legend.show_names(names)
        self.best.show_rows(names, _best_rows(compared))
        self.differs.show_rows(names, [_difference(one) for one in compared.differences])
        if self.differing is not None:
            count = len(compared.differences)
            self.differing.setText(words.counted(count, "setting", "settings") if count else "no setting")
        self.parts.show_rows(names, _part_rows(compared))
        self._draw()

    def _draw(self) -> None:
        compared = self.compared
        if compared is None:
            return
        curve, over = CURVES[self.what.index()], list(X)[self.over.index()]
        self.curves_panel.title.setText(curve.title)
        self.log.setVisible(self.what.index() == 0)
        drawn = [
            (run.name, [(over.of(one), curve.value(one)) for one in epochs])
            for run, epochs in zip(compared.runs, compared.epochs, strict=True)
        ]
        self.plot.draw(
            drawn, over=over, log=self.log.isChecked() and self.what.index() == 0, written=curve.written
        )

    def leave(self) -> None:
        """For when the window closes."""
        self._reading.drop()


def _best_rows(compared: Compared) -> list[Row]:
    """Each figure of the epoch with the least validation loss; the best of all is marked where it makes sense."""
    bests = [compared.best(place) for place in range(len(compared.runs))]
    figures: tuple[
        tuple[str, Callable[[EpochFigures], float | None], Callable[[float | None], str], int], ...
    ] = (
        ("Median error", lambda one: one.measured[MEDIAN_PX], words.pixels, -1),
        ("of body", lambda one: one.measured[OF_BODY], _percent, -1),
        ("9 in 10 within", lambda one: one.measured[P90_PX], words.pixels, -1),
        ("Animals found", lambda one: one.measured[F1], words.part, 1),
        ("Validation loss", lambda one: one.val, words.loss, -1),
        (
            "Best epoch",
            lambda one: float(words.epoch_number(one.epoch)),
            lambda value: f"{value or 0:.0f}",
            0,
        ),
        ("Time to best", lambda one: one.seconds, lambda value: words.duration(value or 0.0), -1),
    )
    rows = []
    for name, value, written, better in figures:
        values = [None if one is None else value(one) for one in bests]
        if any(one is not None for one in values):
            shown = tuple("–" if one is None else written(one) for one in values)
            rows.append(Row(name, shown, _winners(values, better)))
    return rows


def _part_rows(compared: Compared) -> list[Row]:
    """The median error of each part, the one with the largest first."""
    bests = [compared.best(place) for place in range(len(compared.runs))]
    parts = [{} if one is None else dict(one.measured.by_node) for one in bests]
    names = dict.fromkeys(name for known in parts for name in known)
    rows = []
    for name in names:
        values = [known.get(name) for known in parts]
        shown = tuple("–" if value is None else words.pixels(value) for value in values)
        worst = max((value for value in values if value is not None), default=-1.0)
        rows.append((worst, Row(name, shown, _winners(values, -1))))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0], reverse=True)]


def _difference(one: Difference) -> Row:
    shown = tuple(shown_value(value) for value in one.values)
    first = shown[0]
    return Row(one.label, shown, frozenset(n for n, text in enumerate(shown) if text != first), one.path)


def _winners(values: Sequence[float | None], better: int) -> frozenset[int]:
    """Places of the best; none where all are alike or no value is better than another."""
    known = [value for value in values if value is not None]
    if not better or len(set(known)) < 2:
        return frozenset()
    best = max(known) if better > 0 else min(known)
    return frozenset(place for place, value in enumerate(values) if value == best)


def _percent(value: float | None) -> str:
    return "–" if value is None else words.share(value)
