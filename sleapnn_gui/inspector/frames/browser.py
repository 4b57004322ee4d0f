"""Going through the labelled frames: a large picture, a strip of small ones, and a choice of which are in it."""

from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sleapnn_gui.inspector.frames.picture import LabelView
from sleapnn_gui.inspector.frames.strip import FrameStrip
from sleapnn_gui.inspector.frames.table import VALIDATION, Choice, FrameTable, choices_of
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.panel import QuietSlider, TextToggle, caption
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme


class FrameBrowser(QWidget):
    """`wanted` carries the place of a frame to show, `small_wanted` places of which small pictures are to come."""

    wanted = Signal(int)
    small_wanted = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.table: FrameTable | None = None
        self.worth: Choice | None = None
        self.choices: list[Choice] = []
        self._extra: Choice | None = None
        self._pointed: tuple[int, int] | None = None
        self._answer: dict[str, Any] | None = None
        self.view = LabelView()
        self.view.setObjectName("data:frame")
        self.view.placeholder = tr("The first frame is read …")
        self.view.pointed.connect(self._point_out)
        self.strip = FrameStrip()
        self.strip.setObjectName("data:strip")
        self.strip.chosen.connect(self._go)
        self.strip.wanted.connect(self.small_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.view, 1)
        column.addLayout(self._make_line())
        column.addWidget(self.strip)
        column.addLayout(self._make_chooser())
        self.setFocusProxy(self.strip)

    def _make_line(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        self.said = ElidedLabel()
        self.said.setProperty("role", "caption")
        self.said.setFont(current_theme().font("caption"))
        row.addWidget(self.said, 1)
        layers = self.view.layers
        for name, word, tip in (
            ("limbs", tr("limbs"), tr("Show the limbs of the skeleton")),
            ("errors", tr("tracks"), tr("Show the names of tracks")),
            ("names", tr("names"), tr("Show the names of the parts")),
        ):
            toggle = TextToggle(word, name=tip, checked=getattr(layers, name))
            toggle.toggled.connect(lambda on, name=name: self._set_layer(name, on))
            row.addWidget(toggle)
        self.close_up = TextToggle(tr("close-up"), name=tr("Show the animals large"))
        self.close_up.toggled.connect(self.view.set_close_up)
        row.addWidget(self.close_up)
        return row

    def _make_chooser(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.filter = QuietComboBox()
        self.filter.setAccessibleName(tr("Which frames"))
        self.filter.setMinimumContentsLength(16)
        self.filter.activated.connect(self._filter)
        self.slider = QuietSlider(name=tr("Frame"), most=0)
        self.slider.valueChanged.connect(self._slide)
        self.count = caption("")
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.count.setMinimumWidth(96)
        row.addWidget(self.filter)
        row.addWidget(self.slider, 1)
        row.addWidget(self.count)
        return row

    # -- what is shown -------------------------------------------------------------------------------------

    @Slot(object)
    def show_table(self, table: FrameTable) -> None:
        """The list of frames has come, or come anew with another split."""
        if self.table is None or len(self.table) != len(table):
            self.strip.forget_pictures()
        self.table = table
        self.strip.title_of = lambda place: str(table.number(place))
        self.strip.is_measured = table.is_measured
        self._list_choices(self._name())

    @Slot(object)
    def show_parts(self, parts: np.ndarray) -> None:
        """Show which frames another way to split would set aside."""
        if self.table is not None and len(parts) == len(self.table):
            self.show_table(self.table.parted(parts))

    def step_through_validation(self) -> None:
        """Go to the first of the frames that measure the model."""
        found = next((choice for choice in self.choices if choice.name == VALIDATION), None)
        if found is not None:
            self._list_choices(VALIDATION, first=True)

    @Slot()
    def clear(self) -> None:
        """There are no labels."""
        self.table = self.worth = self._extra = self._answer = None
        self.choices = []
        self.filter.clear()
        self.strip.forget_pictures()
        self.strip.show_places([])
        self.view.show_frame(None)
        self.said.setText("")
        self._show_count()

    def offer_worth(self, worth: Choice | None) -> None:
        """Have a choice of the frames that are worth a look, or none."""
        self.worth = worth
        if self.table is not None:
            self._list_choices(self._name())

    def step_through(self, choice: Choice) -> None:
        """Show these frames and go to the first."""
        self._extra = choice
        self._list_choices(choice.name, first=True)

    def go_to(self, place: int) -> None:
        """Show one frame, among all of them where the choice does not have it."""
        if place not in self.strip.places:
            self._list_choices(tr("All frames"))
        hits = (self.strip.places == place).nonzero()[0]
        if len(hits):
            self.strip.go(int(hits[0]))

    @Slot(int)
    def show_animal(self, row: int) -> None:
        """Show an animal of the list of all, pointed out."""
        if self.table is not None:
            frame, animal = self.table.animals[row, :2].tolist()
            self.go_to(frame)
            self._pointed = frame, animal
            if self._answer is not None and self._answer["index"] == frame:
                self.view.point_out(self._pointed_out(frame))

    @Slot(object)
    def show_answer(self, answer: dict[str, Any]) -> None:
        """A frame has come."""
        self._answer = answer
        self.view.show_answer(answer, pointed_out=self._pointed_out(answer["index"]))
        self._point_out("")

    @Slot(str)
    def show_failure(self, text: str) -> None:
        """Say why a frame cannot be shown."""
        self._answer = None
        self.view.placeholder = text
        self.view.show_frame(None)
        self.said.setText("")

    @Slot(object)
    def show_pictures(self, images: dict[int, QImage | None]) -> None:
        """Small pictures have come."""
        self.strip.show_pictures(images)

    # -- inside --------------------------------------------------------------------------------------------

    def _name(self) -> str:
        index = self.filter.currentIndex()
        return self.choices[index].name if 0 <= index < len(self.choices) else ""

    def _list_choices(self, name: str, *, first: bool = False) -> None:
        """Offer all choices and take the one of a name, where it is still there."""
        if self.table is None:
            return
        self.choices = choices_of(self.table, self.worth)
        if self._extra is not None and len(self._extra.places):
            self.choices.append(self._extra)
        names = [choice.name for choice in self.choices]
        at = len(names) - 1 - names[::-1].index(name) if name in names else 0
        self.filter.blockSignals(True)
        self.filter.clear()
        self.filter.addItems([tr(choice.label) for choice in self.choices])
        self.filter.setCurrentIndex(at)
        self.filter.blockSignals(False)
        self._show_choice(first=first)

    def _filter(self, _index: int) -> None:
        self._show_choice(first=True)

    def _show_choice(self, *, first: bool) -> None:
        index, self._pointed = self.filter.currentIndex(), None
        before = self.strip.place
        self.strip.show_places(self.choices[index].places, at=None if first else before)
        self._show_count()
        place = self.strip.place
        if place is not None and (place != before or self._answer is None):
            self.wanted.emit(place)
        elif self._answer is not None:
            self.view.point_out(self._pointed_out(self._answer["index"]))

    def _pointed_out(self, place: int) -> list[int]:
        if self._pointed is not None and self._pointed[0] == place:
            return [self._pointed[1]]
        index = self.filter.currentIndex()
        return self.choices[index].animals.get(place, []) if 0 <= index < len(self.choices) else []

    def _go(self, place: int) -> None:
        self._pointed = None
        self._show_count()
        self.wanted.emit(place)

    def _slide(self, value: int) -> None:
        self.strip.go(value)

    def _show_count(self) -> None:
        count = len(self.strip.places)
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, count - 1))
        self.slider.setValue(max(0, self.strip.position))
        self.slider.blockSignals(False)
        self.slider.setEnabled(count > 1)
        self.slider.update()
        self.count.setText(
            tr("{position:,} of {count:,}", position=self.strip.position + 1, count=count) if count else ""
        )

    def _set_layer(self, name: str, on: bool) -> None:
        setattr(self.view.layers, name, on)
        self.view.update()

    def _point_out(self, text: str) -> None:
        """Say what is under the pointer, else which frame is shown."""
        answer = self._answer
        if text or answer is None:
            self.said.setText(text)
            return
        parts = [
            tr("frame {frame}", frame=answer["frame"]),
            words.counted(len(answer["points"]), "animal", "animals"),
        ]
        parts += ["validation"] if answer["measured"] else []
        if self.table is not None and answer["index"] < len(self.table):
            parts.append(self.table.video(answer["index"]))
        self.said.setText("  ·  ".join(parts))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text() in ("+", "-"):
            self.view.zoom_by(1.25 if event.text() == "+" else 0.8)
        else:
            self.strip.keyPressEvent(event)
