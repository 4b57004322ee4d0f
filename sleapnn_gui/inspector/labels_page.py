"""The Data page: which labels are open, what is in them, how to train on them, and a preset to start from."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.config.presets import Preset
from sleapnn_gui.inspector.beside_labels import BesideLabels
from sleapnn_gui.inspector.facts_view import FactsView, headline
from sleapnn_gui.inspector.frames.browser import FrameBrowser
from sleapnn_gui.inspector.frames.figures import FrameFigures
from sleapnn_gui.inspector.frames.findings import FindingList
from sleapnn_gui.inspector.frames.split_view import SplitView
from sleapnn_gui.inspector.frames.table import Choice
from sleapnn_gui.inspector.labels_watch import LabelsWatch
from sleapnn_gui.inspector.ways_in import WaysIn
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.file_dialog import ask_for_files
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.one_by_one import OneByOne
from sleapnn_gui.widgets.steady_scroll import SteadyScroll
from sleapnn_gui.widgets.still import Still
from sleapnn_gui.widgets.theme import set_state

_SUFFIXES = (".slp",)
_STACK_BELOW = 640  # page width in pixels under which presets stand below the labels
_BELOW_PICTURE = 900  # page width under which facts stand below the picture
_ABOVE_PICTURE, _LEAST_PICTURE = 180, 360  # what stands above picture and strip, and their least height


class DropZone(QFrame):
    """Where labels are dropped or chosen."""

    dropped = Signal(list)
    clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("panel", True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Drop labels here"))
        self.setAccessibleDescription(tr("Drop .slp files, or press Return to choose them"))
        # One line each: who is at the button must not see it move when other words come.
        self.title, self.text = ElidedLabel(), ElidedLabel()
        self.title.setProperty("role", "heading")
        self.text.setProperty("role", "muted")
        self.show_open("", "")
        choose = QPushButton(tr("Choose labels…"))
        choose.setObjectName("choose_labels")
        choose.clicked.connect(self.clicked)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.title)
        words.addWidget(self.text)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(16)
        row.addLayout(words, 1)
        row.addWidget(choose, 0, Qt.AlignmentFlag.AlignVCenter)

    def show_open(self, name: str, about: str) -> None:
        """Which labels are open, and what is in them; '' without any."""
        self.title.setText(name or tr("Drop a .slp or .pkg.slp file here"))
        self.text.setText(
            about or tr("Labels made in SLEAP. The frames a person labelled are what the model learns from.")
        )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if labels_in(event.mimeData().urls()):
            set_state(self, "over", True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        set_state(self, "over", False)

    def dropEvent(self, event: QDropEvent) -> None:
        set_state(self, "over", False)
        self.dropped.emit(labels_in(event.mimeData().urls()))
        event.acceptProposedAction()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)


def labels_in(urls: Sequence[Any]) -> list[str]:
    """Paths of the labels files among dropped or given URLs."""
    return [url.toLocalFile() for url in urls if url.toLocalFile().lower().endswith(_SUFFIXES)]


class LabelsPage(QWidget):
    """Labels at the left; how to train on them, and presets, at the right."""

    labels_chosen = Signal(list)

    def __init__(self, presets: Sequence[Preset]) -> None:
        super().__init__()
        self.setObjectName("page:data")
        self.setAccessibleName(tr("Data"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._row = row
        self._drawing = OneByOne(self)
        self._found: dict[str, Any] = {}
        row.addWidget(self._labels_side(), 2)
        self.beside = BesideLabels(presets)
        self.presets, self.note, self.use = self._shown_presets()
        row.addWidget(self.beside, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _STACK_BELOW
        self._row.setDirection(
            QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        )
        # The strip below the picture is to be in view without scrolling.
        self.browser.setMaximumHeight(max(_LEAST_PICTURE, self.height() - _ABOVE_PICTURE))
        beside = self.width() < _BELOW_PICTURE
        self._pictures.setDirection(
            QBoxLayout.Direction.TopToBottom if beside else QBoxLayout.Direction.LeftToRight
        )

    def minimumSizeHint(self) -> QSize:
        """What it can do with where labels and presets stand below one another."""
        return QSize(340, super().minimumSizeHint().height())

    def _labels_side(self) -> QWidget:
        side = QWidget()
        side.setProperty("clear", True)
        column = QVBoxLayout(side)
        column.setSpacing(12)
        self.drop_zone = DropZone()
        self.drop_zone.dropped.connect(self.labels_chosen)
        self.drop_zone.clicked.connect(self._choose)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName(tr("Reading labels"))
        # Reading begins and ends by itself; nothing moves under the pointer when it does.
        room = self.busy.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.busy.setSizePolicy(room)
        self.busy.hide()
        self.misfit = MessageLine()
        self.misfit.setObjectName("misfit")
        self.misfit.hide()
        self.facts = FactsView()
        self.ways_in = WaysIn()
        self._still = Still(self.ways_in)
        # What comes by itself stands below what may be pressed.
        for widget in (self.drop_zone, self.busy, self.ways_in, self.misfit, self.facts.notes):
            column.addWidget(widget)
        column.addLayout(self._make_pictures(), 1)
        column.addWidget(self.split)
        column.addWidget(self.findings)
        scroll = self._scroll = SteadyScroll(side, margins=(24, 20, 24, 20))
        scroll.setAccessibleName(tr("What is known of the labels"))
        scroll.setMinimumSize(320, 140)
        return scroll

    def _make_pictures(self) -> QBoxLayout:
        """The frames, and beside them what is known of them; what is worth a look stands below."""
        self.browser = FrameBrowser()
        beside = QWidget()
        about = QVBoxLayout(beside)
        about.setContentsMargins(0, 0, 0, 0)
        about.addWidget(self.facts)
        self.figures = FrameFigures()
        self.figures.shown.connect(self._step_through)
        self.figures.animal_chosen.connect(self.browser.show_animal)
        about.addWidget(self.figures)
        about.addStretch(1)
        self._pictures = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pictures.setSpacing(20)
        pictured = QVBoxLayout()
        pictured.addWidget(self.browser, 100)
        pictured.addStretch(1)
        self._pictures.addLayout(pictured, 5)
        self._pictures.addWidget(beside, 3)
        self.findings = FindingList()
        self.findings.setObjectName("data:doctor")
        self.findings.shown.connect(self._step_through)
        self.split = SplitView()
        self.split.setObjectName("data:split")
        self.findings.split_wanted.connect(self._offer_split)
        self.split.frames_wanted.connect(self._step_through_validation)
        self._show_frames(False)
        return self._pictures

    def _step_through(self, choice: Choice) -> None:
        """Show the frames of a finding, which may stand below what is in view."""
        self.browser.step_through(choice)
        self._go_to_pictures()

    def _step_through_validation(self) -> None:
        self.browser.step_through_validation()
        self._go_to_pictures()

    def _go_to_pictures(self) -> None:
        self._scroll.verticalScrollBar().setValue(self.browser.y())
        self.browser.strip.setFocus(Qt.FocusReason.OtherFocusReason)

    def _offer_split(self) -> None:
        """Put the keyboard on the ways to split, which may stand above what is in view."""
        self._scroll.ensureWidgetVisible(self.split)
        self.split.focus_rules()

    def go_to(self, part: str) -> None:
        """Bring to view how frames are set aside (`split`), or what is worth a look in the labels."""
        if part == "split":
            self._offer_split()
        else:
            self._scroll.ensureWidgetVisible(self.findings)

    def _choose(self) -> None:
        ask_for_files(self, tr("Choose labels"), self.labels_chosen.emit, filters=tr("SLEAP labels (*.slp)"))

    def _shown_presets(self) -> tuple[QListWidget, QLabel, QPushButton]:
        """The list of presets, what is said of the chosen one, and what uses it."""
        view = self.beside.presets
        return view.presets, view.note, view.use

    def offer_presets(self) -> None:
        """Put the keyboard on the presets; one is chosen then, without which nothing would show it."""
        self.beside.open(self.beside.presets)
        self.beside.presets.offer()

    def show_misfit(self, why: str) -> None:
        """Say why the model that is chosen now cannot learn from the labels; '' when it can."""
        self.misfit.show_message(
            tr(
                "The model that is chosen now does not fit these labels. {why} Choose another preset.",
                why=why,
            )
            if why
            else "",
            severity="warning" if why else "hint",
        )
        self.misfit.setVisible(bool(why))

    def follow(self, watch: LabelsWatch) -> None:
        """Show what becomes known of the labels."""
        watch.reading.connect(self.show_reading)
        watch.known.connect(self._come_to_know)
        watch.failed.connect(self.show_failure)
        watch.nothing.connect(self.show_nothing)

    def show_reading(self, paths: Sequence[str]) -> None:
        """Labels are being read."""
        self.busy.show()
        self._still.when_away(self.ways_in.hide)
        self.facts.show_reading(paths)
        self.drop_zone.show_open(_names(paths), tr("The labels are read …"))

    def show_facts(self, facts: dict[str, Any]) -> None:
        """What was found in the labels."""
        self._show_found(facts)
        self._judge_found(facts)

    @Slot(dict)
    def _come_to_know(self, facts: dict[str, Any]) -> None:
        self._show_found(facts)
        QTimer.singleShot(0, self, lambda: self._judge_found(facts))  # a turn of its own

    def _show_found(self, facts: dict[str, Any]) -> None:
        self._found = facts
        self.busy.hide()
        self._drawing.draw((self.facts, self.browser, self.presets))
        self.facts.show_facts(facts)
        self._show_frames(bool(facts.get("labeled_frames")) and not facts.get("problems"))
        self.drop_zone.show_open(
            _names([file["path"] for file in facts.get("files", [])]),
            tr("{headline}. Drop others here.", headline=headline(facts)),
        )

    def _judge_found(self, facts: dict[str, Any]) -> None:
        if facts is self._found:
            self.beside.presets.judge(facts if facts.get("labeled_frames") else {})

    def _show_frames(self, on: bool) -> None:
        parts = (self.browser, self.figures, self.split, self.findings)
        if on:
            self._drawing.show(parts)
        else:
            self._drawing.hide(parts)

    def show_failure(self, text: str) -> None:
        """The labels could not be read."""
        self.busy.hide()
        self._found = {}
        self.facts.show_failure(text)
        self._show_frames(False)
        self.drop_zone.show_open("", "")
        self.beside.presets.judge({})

    def show_nothing(self) -> None:
        """No labels are chosen."""
        self.busy.hide()
        self._found = {}
        self.facts.show_nothing()
        self._still.drop()
        self.ways_in.show()
        self._show_frames(False)
        self.drop_zone.show_open("", "")
        self.beside.presets.judge({})


def _names(paths: Sequence[str]) -> str:
    """The first of some files, and how many more there are."""
    more = tr(" and {count} more", count=len(paths) - 1) if len(paths) > 1 else ""
    return f"{PurePath(paths[0]).name}{more}" if paths else ""
