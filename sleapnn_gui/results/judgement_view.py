"""One evaluation, or two side by side, as figures, boxes, curves, videos and worst frames; it only draws."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.frames import LEGEND
from sleapnn_gui.monitor.panel import Panel, TextToggle, caption, link_button
from sleapnn_gui.monitor.status_text import Figure
from sleapnn_gui.monitor.summary import FigureLabel
from sleapnn_gui.results.boxes import PartBoxes
from sleapnn_gui.results.evaluations import Judgement
from sleapnn_gui.results.frame_source import Files, FrameSource
from sleapnn_gui.results.share_plot import SharePlot
from sleapnn_gui.results.worst_frames import WorstFrames
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.one_by_one import OneByOne
from sleapnn_gui.widgets.theme import current_theme

_ROW, _MOST_VIDEOS = 22, 4


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


_Path = tuple[str, ...]
_Written = Callable[[float | None], str]


def _percent(value: float | None) -> str:
    return "–" if value is None else words.share(value)


@attrs.frozen
class _Headline:
    """A figure that is said first: where it stands and how it is written, and another one in its caption."""

    path: _Path
    written: _Written
    caption: str
    more: _Path = ()
    more_written: _Written = _count
    after: str = ""

    def make_figure(self, one: Judgement, other: Judgement | None) -> Figure:
        """The figure of an evaluation, with that of another run beside it."""
        value = self.written(one.figure(*self.path))
        if other is not None:
            return Figure(
                value,
                tr(
                    "{caption}, beside {written}",
                    caption=self.caption,
                    written=self.written(other.figure(*self.path)),
                ),
            )
        more = one.figure(*self.more) if self.more else None
        return Figure(
            value,
            self.caption if more is None else f"{self.caption}, {self.more_written(more)} {self.after}",
        )


_DISTANCES, _METRICS, _ANIMALS = ("report", "distances"), "metrics", ("report", "animals")
_HEADLINES = (
    _Headline((*_DISTANCES, "px", "p50"), words.pixels, tr("median error"), (*_DISTANCES, "percent", "p50"), _percent, tr("of body")),
    _Headline((*_DISTANCES, "px", "p90"), words.pixels, tr("90 % of found points within"), (*_DISTANCES, "percent", "p90"), _percent, tr("of body")),
    _Headline((_METRICS, "voc_metrics", "oks_voc.mAP"), _share, tr("OKS mAP"), (_METRICS, "voc_metrics", "oks_voc.mAR"), _share, "mAR"),
    _Headline((_METRICS, "pck_metrics", "PCK@5"), _share, tr("PCK at 5 px"), (_METRICS, "pck_metrics", "PCK@10"), _share, tr("at 10 px")),
    _Headline((*_ANIMALS, "found_share"), words.part, tr("animals found"), (*_ANIMALS, "missed"), _count, tr("missed")),
    _Headline((*_ANIMALS, "extra"), _count, tr("extra animals"), (*_ANIMALS, "misplaced"), _count, tr("misplaced")),
)  # fmt: skip
_BRIEF_BELOW = 1150


class VideoRows(QWidget):
    """One line a video, the worst first."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, str]] = []
        self.setAccessibleName(tr("By video"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        current_theme().changed.connect(self.update)

    def show_videos(self, videos: list[dict[str, Any]]) -> None:
        """Show the videos of a report."""
        # Where no animal was found there is no error, and nothing that is worse.
        ordered = sorted(
            videos, key=lambda one: math.inf if one["p50_px"] is None else one["p50_px"], reverse=True
        )
        self._rows = [(_name(one), _result(one)) for one in ordered]
        self.setToolTip("\n".join(f"{name}: {result}" for name, result in self._rows))
        self.setAccessibleDescription(self.toolTip())
        self.setFixedHeight(_ROW * min(_MOST_VIDEOS, len(self._rows)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setFont(theme.font("caption"))
        rows = self._rows
        if len(rows) > _MOST_VIDEOS:
            rest = len(rows) - _MOST_VIDEOS + 1
            rows = [*rows[: _MOST_VIDEOS - 1], (tr("and {rest} videos with less", rest=rest), "")]
        for number, (name, result) in enumerate(rows):
            box = self.rect().adjusted(0, number * _ROW, 0, 0)
            box.setHeight(_ROW)
            painter.setPen(theme.color("line"))
            painter.drawLine(box.topLeft(), box.topRight())
            painter.setPen(theme.color("text"))
            right = painter.fontMetrics().horizontalAdvance(result) + 12
            shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, box.width() - right)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), shown)
            painter.setPen(theme.color("muted"))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), result)


class JudgementView(QWidget):
    """Shows what it is given. `frame_chosen` carries the files and what a report tells of the frame that was pressed."""

    frame_chosen = Signal(object, object)

    def __init__(self, source: FrameSource, *, in_steps: bool = False) -> None:
        """Made `in_steps`, it is of use once somebody has gone through `fill`."""
        super().__init__()
        if not in_steps:
            deque(self.fill(source), maxlen=0)

    def fill(self, source: FrameSource) -> Iterator[None]:
        """Make what it shows, some in each step; pictures of frames come from the source."""
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 12)
        column.setSpacing(10)
        figures = QHBoxLayout()
        figures.setSpacing(18)
        self.figures = [FigureLabel(headline.caption) for headline in _HEADLINES]
        for figure in self.figures:
            figures.addWidget(figure)
        figures.addStretch(1)
        column.addLayout(figures)
        middle = QHBoxLayout()
        middle.setSpacing(12)
        middle.addWidget(self._make_parts(), 9)
        yield
        middle.addWidget(self._make_curves(), 11)
        yield
        column.addLayout(middle, 3)
        column.addWidget(self._make_worst(source), 1)
        self._drawing = OneByOne(self)
        current_theme().changed.connect(self._draw_in_turn)

    def _make_worst(self, source: FrameSource) -> Panel:
        panel = Panel(tr("Worst frames"))
        panel.add_caption(tr("{legend}  ·  press one to see it", legend=LEGEND))
        self.to_labelling: QPushButton = link_button(
            tr("Send to labelling…"),
            tip=tr("Write the worst frames as a labels file that SLEAP lists as suggestions"),
        )
        panel.head.addWidget(self.to_labelling)
        row = QHBoxLayout()
        row.setSpacing(16)
        self.worst = (WorstFrames(source), WorstFrames(source))
        self.worst_of = (caption(), caption())
        for name, frames in zip(self.worst_of, self.worst, strict=True):
            side = QVBoxLayout()
            side.setSpacing(2)
            side.addWidget(name)
            side.addWidget(frames, 1)
            row.addLayout(side, 1)
            frames.chosen.connect(self.frame_chosen)
        panel.body.addLayout(row, 1)
        panel.setMinimumHeight(140)
        return panel

    def _make_parts(self) -> Panel:
        panel = Panel(tr("Error by part"))
        self.parts_told = panel.add_caption(tr("px source · % of body · half of all points in the box"))
        self.boxes = PartBoxes()
        panel.body.addWidget(self.boxes, 1)
        return panel

    def _make_curves(self) -> Panel:
        self.curves_panel = Panel(tr("Points within a distance"))
        self.pck = SharePlot(name=tr("Share of points within a distance"), unit=tr(" px"))
        self.oks = SharePlot(name=tr("Share of animals with an OKS of at least"))
        self.curves = QStackedWidget()
        self.curves.addWidget(self.pck)
        self.curves.addWidget(self.oks)
        self.by_oks = TextToggle("OKS", name=tr("Show the share of animals by their similarity, OKS"))
        self.by_oks.toggled.connect(self._turn)
        self.curves_panel.head.addWidget(self.by_oks)
        self.videos = VideoRows()
        self.curves_panel.body.addWidget(self.curves, 1)
        self.curves_panel.body.addWidget(self.videos)
        return self.curves_panel

    def show_judgements(
        self, first: tuple[str, Judgement], second: tuple[str, Judgement] | None, *, files: Sequence[Files]
    ) -> None:
        """Show an evaluation, by the name of its run, and beside it perhaps one of another; `files` are those of both."""
        one, other = first[1], None if second is None else second[1]
        for label, headline in zip(self.figures, _HEADLINES, strict=True):
            label.setMinimumWidth(0)
            label.show_figure(headline.make_figure(one, other))
            label.setVisible(one.figure(*headline.path) is not None)
        self.boxes.show_parts(one.report["parts"], other.report["parts"] if other is not None else ())
        self.parts_told.setText(
            tr("px source · % of body · half of all points in the box")
            if second is None
            else tr("filled {first} · hollow {second}", first=first[0], second=second[0])
        )
        shown = [first, *([second] if second is not None else [])]
        curves = [(name, found.report["curves"]) for name, found in shown]
        self.pck.draw([(name, found["pck"]["px"], found["pck"]["share"]) for name, found in curves])
        similar = [(name, found["oks"]) for name, found in curves if found["oks"] is not None]
        self.oks.draw([(name, found["at_least"], found["share"]) for name, found in similar])
        self.by_oks.setVisible(bool(similar))
        if not similar:
            self.by_oks.setChecked(False)
        self.videos.show_videos(one.report["videos"])
        self._show_worst(shown, files)
        self._draw_in_turn()

    def _show_worst(self, shown: Sequence[tuple[str, Judgement]], files: Sequence[Files]) -> None:
        for place, (label, frames) in enumerate(zip(self.worst_of, self.worst, strict=True)):
            there = place < len(shown)
            label.setVisible(len(shown) > 1)
            frames.setVisible(there)
            if there:
                name, found = shown[place]
                label.setText(name)
                frames.show_frames(files[place], found.report["frames"])
            else:
                frames.clear()

    def clear_frames(self) -> None:
        """Show no worst frames."""
        for frames in self.worst:
            frames.clear()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw_in_turn()

    def _draw_in_turn(self) -> None:
        """Each picture takes milliseconds, and there are ten."""
        worst = [button for side in self.worst for button in side.buttons]
        self._drawing.draw((self.boxes, self.pck, self.oks, *worst))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for figure in self.figures:
            figure.set_brief(self.width() < _BRIEF_BELOW)

    def _turn(self, by_oks: bool) -> None:
        self.curves.setCurrentWidget(self.oks if by_oks else self.pck)
        title = tr("Animals by similarity: OKS of at least") if by_oks else tr("Points within a distance")
        self.curves_panel.title.setText(title)


def _name(video: dict[str, Any]) -> str:
    return f"{Path(video['video']).name} ({words.counted(video['frames'], 'frame', 'frames')})"


def _result(video: dict[str, Any]) -> str:
    missed = tr("{missed} missed", missed=video["missed"]) if video["missed"] else ""
    return " · ".join(filter(None, (words.pixels(video["p50_px"]), missed)))
