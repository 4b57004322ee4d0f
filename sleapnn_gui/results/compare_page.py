"""Two to eight runs side by side: curves over each other, the best of each, what differs, and the error of each part."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import attrs
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from sleapnn_engine.config.differences import Difference
from sleapnn_engine.protocol.comparison import Compared, read_compared, winners
from sleapnn_engine.protocol.comparison_tables import epochs_csv, runs_csv
from sleapnn_engine.protocol.epoch_history import EpochFigures
from sleapnn_engine.protocol.measures import F1, MEAN_OKS, MEDIAN_PX, OF_BODY, P90_PX, PCK
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.monitor import ticks, words
from sleapnn_gui.monitor.panel import Panel, TextToggle
from sleapnn_gui.monitor.run_axis import X
from sleapnn_gui.monitor.run_summary import MOST_COMPARED, RunSummary
from sleapnn_gui.results.compared_curves import ComparedCurves, Legend
from sleapnn_gui.results.exports import Exports
from sleapnn_gui.results.figure_table import FigureTable, Row
from sleapnn_gui.results.help_panel import HelpPanel
from sleapnn_gui.results.run_details import shown_value
from sleapnn_gui.results.strip import ResultStrip
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.segmented import Segmented


@attrs.frozen
class Curve:
    """What is drawn of the runs: its words, its value in an epoch, how it is written, and how on an axis, where room is short."""

    name: str
    title: str
    value: Callable[[EpochFigures], float | None]
    written: Callable[[float | None], str]
    tick: Callable[[float], str]


CURVES = (
    Curve(tr("Loss"), tr("Validation loss"), lambda one: one.val, words.loss, ticks.short_text),
    Curve(
        tr("Error"), tr("Median error in px"), lambda one: one.measured[MEDIAN_PX], words.pixels, words.pixels
    ),
    Curve(tr("Animals"), tr("Animals found"), lambda one: one.measured[F1], words.part, words.part),
)


class ComparePage(QWidget):
    """Shows what it is given; `left` says that the page is done with."""

    left = Signal()

    def __init__(self, parent: QWidget | None = None, *, in_steps: bool = False) -> None:
        """Made `in_steps`, it is of use once somebody has gone through `fill`."""
        super().__init__(parent)
        self.setObjectName("page:compare")
        self.setAccessibleName(tr("Compare"))
        self.runs: tuple[RunSummary, ...] = ()
        self.compared: Compared | None = None
        self._reading = BackgroundTask(self)
        if not in_steps:
            deque(self.fill(), maxlen=0)

    def fill(self) -> Iterator[None]:
        """Make what it shows, some in each step."""
        self.strip = ResultStrip(tr("Compare"))
        self.export = self.strip.add_button(
            tr("Export…"), tr("Write figures and curves as tables, or the page as a picture")
        )
        self.export.setEnabled(False)
        self.exports = Exports(self, self.export)
        self.exports.written.connect(self.strip.about.setText)
        self.back = self.strip.add_button(tr("Back"), tr("Go back to the runs"))
        self.back.clicked.connect(self.left)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        inside = QVBoxLayout()
        inside.setContentsMargins(16, 12, 16, 12)
        inside.setSpacing(12)
        yield
        inside.addWidget(self._make_curves(), 5)
        yield
        self.help = HelpPanel()
        inside.addWidget(self.help)
        yield
        inside.addLayout(self._make_tables(), 4)
        column.addLayout(inside, 1)

    def _make_curves(self) -> Panel:
        self.curves_panel = panel = Panel(CURVES[0].title)
        self.what = Segmented([curve.name for curve in CURVES])
        self.what.describe(tr("Curve"), tr("What is drawn of each run"))
        self.over = Segmented([tr(x.value) for x in X])
        self.over.describe(tr("Over"), tr("What the curves are drawn over"))
        self.what.set_index(0)
        self.over.set_index(0)
        self.what.setFixedWidth(230)
        self.over.setFixedWidth(200)
        self.log = TextToggle(tr("log"), name=tr("Draw the loss on a logarithmic axis"), checked=True)
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
            FigureTable(name, empty=empty)
            for name, empty in (
                (tr("Best of each"), tr("None of these runs has ended an epoch.")),
                (tr("What differs"), tr("No setting that is known of all these runs differs.")),
                (
                    tr("Error by part"),
                    tr("No error of a part is known of these runs: it comes with a validation."),
                ),
            )
        )
        self.differing = None
        for place, table in enumerate((self.best, self.differs, self.parts)):
            panel = Panel(table.accessibleName())
            if table is self.differs:
                self.differing = panel.add_caption()
            if table is self.parts:
                panel.add_caption(tr("px, median of the best epoch"))
            panel.body.addWidget(table, 1)
            row.addWidget(panel, 0, place)
            row.setColumnStretch(place, 1)
        return row

    # -- what is shown ---------------------------------------------------------------------------------------

    def open(self, runs: Sequence[RunSummary]) -> None:
        """Compare these runs, the first of them the one that others are held against."""
        self.strip.show_message(
            tr("Compare {runs}", runs=words.counted(len(runs), "run", "runs")), tr("reading …")
        )
        shown = tuple(runs)[:MOST_COMPARED]
        folders = [run.folder for run in shown]
        self._reading.begin(partial(read_compared, folders), partial(self._found, shown))

    def _found(self, runs: tuple[RunSummary, ...], compared: Compared) -> None:
        self.runs, self.compared = runs, compared
        self.strip.show_message(
            tr("Compare {runs}", runs=words.counted(len(runs), "run", "runs")), " · ".join(compared.remarks)
        )
        names = [run.name for run in runs]
        self.legend.show_names(names)
        self.best.show_rows(names, _best_rows(compared))
        self.differs.show_rows(names, [_difference(one) for one in compared.differences])
        if self.differing is not None:
            count = len(compared.differences)
            self.differing.setText(words.counted(count, "setting", "settings") if count else "")
        self.parts.show_rows(names, _part_rows(compared))
        self.help.show_compared(compared)
        self.export.setEnabled(True)
        tables = {
            tr("Figures and settings as CSV…"): partial(runs_csv, names, compared),
            tr("Curves as CSV…"): partial(epochs_csv, names, compared),
        }
        self.exports.show("_".join(names), tables, self)
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
            for run, epochs in zip(self.runs, compared.epochs, strict=True)
        ]
        log = self.log.isChecked() and self.what.index() == 0
        self.plot.draw(drawn, over=over, log=log, written=curve.written, tick=curve.tick)

    def leave(self) -> None:
        """For when the window closes."""
        self._reading.drop()


#: How the figures of a best epoch are written.
_WRITTEN: Mapping[str, Callable[[float], str]] = {
    MEDIAN_PX.key: words.pixels,
    OF_BODY.key: words.share,
    P90_PX.key: words.pixels,
    **dict.fromkeys((F1.key, PCK.key, MEAN_OKS.key), words.part),
    "val": words.loss,
    "epoch": "{:.0f}".format,
    "seconds": words.duration,
}


def _best_rows(compared: Compared) -> list[Row]:
    """Each figure of the epoch with the least validation loss; the best of all is marked where it makes sense."""
    return [
        _row(figure.name, values, better=figure.better, written=_WRITTEN[figure.key])
        for figure, values in compared.figures
    ]


def _part_rows(compared: Compared) -> list[Row]:
    return [_row(name, values, better=-1, written=words.pixels) for name, values in compared.parts]


def _row(name: str, values: Sequence[float | None], *, better: int, written: Callable[[float], str]) -> Row:
    texts = tuple("–" if value is None else written(value) for value in values)
    return Row(name, texts, winners(values, better, texts=texts))


def _difference(one: Difference) -> Row:
    shown = tuple(shown_value(value) for value in one.values)
    first = shown[0]
    return Row(one.label, shown, frozenset(n for n, text in enumerate(shown) if text != first), one.path)
