"""The frame beside the loss: which image, which epoch, which layers."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.colormaps import colormap
from sleapnn_gui.monitor.frame_cache import frame_key
from sleapnn_gui.monitor.frame_view import FrameView
from sleapnn_gui.monitor.model_words import CROPPED, ONE_ANIMAL
from sleapnn_gui.monitor.panel import Panel, QuietSlider, TextToggle, caption
from sleapnn_gui.monitor.store import Header, RunStore
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.theme import current_theme

LEGEND = "○ truth   × predicted"

_FIRST = "The first frames come at the end of the first epoch."
_OVER = "No frame of this run was kept; if it saved pictures, they are in its viz folder."
_SPLITS = {"validation": "Validation", "train": "Training"}


class FramePanel(Panel):
    """Shows the frames of a `RunStore`: worst first, the newest epoch until a person goes back, the chosen image
    pinned through the epochs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Validation frame", parent)
        self.store: RunStore | None = None
        self.view = FrameView()
        self.view.placeholder = _FIRST
        self._version = -1
        self._shown: list[Event] = []
        self._pinned: tuple[object, ...] | None = None
        self._follow = True
        self._model_type = ""
        self.legend = self.add_caption(LEGEND)
        self.body.addWidget(self.view, 1)
        self.body.addLayout(self._make_chooser())
        self.body.addLayout(self._make_layers())
        self.body.addWidget(self._make_heat_row())
        self.view.pointed.connect(self._point_out)
        self._enable()

    def _make_chooser(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.previous = _step_button("caret-left", "Frame with a larger error")
        self.next = _step_button("caret-right", "Frame with a smaller error")
        self.place = caption("–")
        self.place.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.place.setMinimumWidth(112)
        self.slider = QuietSlider(name="Epoch of the frame", most=0)
        self.epoch = caption("–")
        self.epoch.setMinimumWidth(30)
        self.epoch.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.previous.clicked.connect(lambda: self.step(-1))
        self.next.clicked.connect(lambda: self.step(1))
        self.slider.valueChanged.connect(self._slide)
        row.addWidget(self.previous)
        row.addWidget(self.place)
        row.addWidget(self.next)
        row.addSpacing(8)
        row.addWidget(caption("epoch"))
        row.addWidget(self.slider, 1)
        row.addWidget(self.epoch)
        return row

    def _make_layers(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        layers = self.view.layers
        self.points = TextToggle("points", name="Show labelled and predicted points", checked=layers.points)
        self.errors = TextToggle(
            "errors",
            name="Show the lines from truth to prediction and each animal's error",
            checked=layers.errors,
        )
        self.limbs = TextToggle("limbs", name="Show the limbs of the skeleton", checked=layers.limbs)
        self.names = TextToggle("names", name="Show the names of the parts", checked=layers.names)
        self.confidence = TextToggle("confidence", name="Show the confidence maps", checked=layers.confidence)
        for toggle in (self.points, self.errors, self.limbs, self.names, self.confidence):
            toggle.toggled.connect(self._change_layers)
            row.addWidget(toggle)
        row.addStretch(1)
        self.close_up = _step_button("magnifying-glass-plus", "Close-up of the animals")
        self.close_up.setCheckable(True)
        self.close_up.toggled.connect(self.view.set_close_up)
        row.addWidget(self.close_up)
        return row

    def _make_heat_row(self) -> QWidget:
        """Which part's confidence, how strongly, and what the colours mean; shown with the confidence maps."""
        self.heat_row = QWidget()
        row = QHBoxLayout(self.heat_row)
        row.setContentsMargins(0, 2, 0, 0)
        row.setSpacing(8)
        layers = self.view.layers
        self.part = QuietComboBox()
        self.part.setAccessibleName("Part whose confidence is shown")
        self.part.addItem("all parts")
        self.part.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.part.currentIndexChanged.connect(self._change_layers)
        self.opacity = QuietSlider(name="Opacity of the confidence maps")
        self.opacity.setValue(round(layers.opacity * 100))
        self.opacity.valueChanged.connect(self._change_layers)
        row.addWidget(self.part, 3)
        row.addWidget(caption("opacity"))
        row.addWidget(self.opacity, 2)
        row.addWidget(Colorbar(), 2)
        return self.heat_row

    def set_store(self, store: RunStore | None) -> None:
        """Show another run, or none."""
        self.store = store
        self._version, self._shown, self._pinned, self._follow = -1, [], None, True
        self.refresh()

    def set_header(self, header: Header) -> None:
        """Learn the names of the parts and how they are joined."""
        places = {name: index for index, name in enumerate(header.nodes)}
        self.view.nodes = header.nodes
        self.view.edges = tuple(
            (places[a], places[b]) for a, b in header.edges if a in places and b in places
        )
        self.part.blockSignals(True)
        self.part.clear()
        self.part.addItems(["all parts", *header.nodes])
        self.part.blockSignals(False)
        self._model_type = header.model_type
        self.view.one_animal = header.model_type in ONE_ANIMAL
        self.limbs.setVisible(bool(header.edges))
        self.names.setVisible(len(header.nodes) > 1)
        self.part.setVisible(len(header.nodes) > 1)
        # A crop is a close-up already.
        self.close_up.setVisible(header.model_type not in CROPPED)

    def set_over(self, over: bool) -> None:
        """Say what an empty view means: frames to come, or a run that has ended."""
        self.view.placeholder = _OVER if over else _FIRST
        self.view.update()

    def refresh(self) -> None:
        """Take in frames that came since the last time."""
        cache = self.store.frames if self.store is not None else None
        if cache is None or not cache.epochs:
            self.slider.setRange(0, 0)
            self._show([], -1)
            return
        if cache.version == self._version:
            return
        self._version = cache.version
        epochs = cache.epochs
        wanted = self._epoch_shown()
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(epochs) - 1))
        at = len(epochs) - 1
        if not self._follow and wanted is not None:
            at = min(range(len(epochs)), key=lambda index: abs(epochs[index] - wanted))
        self.slider.setValue(at)
        self.slider.blockSignals(False)
        self._show_epoch(epochs[at])

    def step(self, by: int) -> None:
        """Go to the next frame in order of error, and keep to that image through the epochs."""
        if not self._shown:
            return
        index = (self._index() + by) % len(self._shown)
        self._pinned = frame_key(self._shown[index])
        self._show(self._shown, index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
        }
        frame, epoch = steps.get(Qt.Key(event.key()), (0, 0))
        if frame:
            self.step(frame)
        elif epoch:
            self.slider.setValue(self.slider.value() + epoch)
        elif event.text() in ("+", "-"):
            self.view.zoom_by(1.25 if event.text() == "+" else 0.8)
        else:
            super().keyPressEvent(event)

    def _epoch_shown(self) -> int | None:
        frame = self.view.frame
        return frame.typed_as(Frame).epoch if frame is not None else None

    def _index(self) -> int:
        """Place of the shown frame in its epoch's list."""
        return next((i for i, event in enumerate(self._shown) if event is self.view.frame), 0)

    def _slide(self, value: int) -> None:
        if self.store is None or not self.store.frames.epochs:
            return
        self._follow = value == self.slider.maximum()
        self._show_epoch(self.store.frames.epochs[value])

    def _show_epoch(self, epoch: int) -> None:
        assert self.store is not None
        frames = self.store.frames.of_epoch(epoch)
        index = next((i for i, event in enumerate(frames) if frame_key(event) == self._pinned), 0)
        self._show(frames, index)

    def _show(self, frames: list[Event], index: int) -> None:
        self._shown = frames
        frame = frames[index] if frames else None
        self.view.show_frame(frame)
        self._enable()
        if frame is None:
            self.title.setText("Validation frame")
            self.place.setText("–")
            self.epoch.setText("–")
            return
        self.title.setText(self._title(frame))
        said = frame.typed_as(Frame)
        self.title.setToolTip(" · ".join(str(part) for part in (said.video, said.labels_file) if part))
        result = self._result(frame)
        self.place.setText(f"{index + 1} of {len(frames)}{'  ·  ' if result else ''}{result}")
        self.place.setToolTip(self.view.accessibleDescription())
        self.epoch.setText(str(words.epoch_number(said.epoch)))
        self._point_out("")

    def _title(self, frame: Event) -> str:
        said = frame.typed_as(Frame)
        number = said.frame if said.frame is not None else said.index
        split = _SPLITS.get(said.split, said.split)
        if self._model_type in CROPPED:
            return f"{split} crop, frame {number}{self._rank(said)}"
        order = ", worst first" if said.split == "validation" else ""
        return f"{split} frame {number}{self._rank(said) or order}"

    def _rank(self, said: Frame) -> str:
        """How bad it is among all that were judged, most of which are not sent."""
        many = self.store.header.n_val if self.store is not None and self.store.header is not None else 0
        if said.rank is None or said.rank > many:
            return ""
        return f", worst of {many}" if said.rank == 1 else f", {words.ordinal(said.rank)} worst of {many}"

    def _result(self, frame: Event) -> str:
        """The error, or where animals were not found that, in as few words as there is room for."""
        missed, extra = len(self.view.matching.missed), len(self.view.matching.extra)
        if missed or (extra and frame.typed_as(Frame).error_px is None):
            return f"{missed} missed" if missed else f"{extra} extra"
        return (
            words.pixels(frame.typed_as(Frame).error_px) if frame.typed_as(Frame).error_px is not None else ""
        )

    def _enable(self) -> None:
        several = len(self._shown) > 1
        self.previous.setEnabled(several)
        self.next.setEnabled(several)
        self.slider.setEnabled(self.slider.maximum() > 0)
        frame = self.view.frame
        has_maps = frame is not None and "confmaps" in frame.arrays
        self.confidence.setEnabled(has_maps)
        shown = has_maps and self.confidence.isChecked()
        self.heat_row.setVisible(shown)

    def _change_layers(self) -> None:
        layers = self.view.layers
        layers.points, layers.errors = self.points.isChecked(), self.errors.isChecked()
        layers.limbs, layers.names = self.limbs.isChecked(), self.names.isChecked()
        layers.confidence = self.confidence.isChecked()
        layers.opacity = self.opacity.value() / 100
        layers.node = self.part.currentIndex() - 1 if self.part.currentIndex() > 0 else None
        self._enable()
        self.view.update()

    def _point_out(self, text: str) -> None:
        """Say what is under the pointer in place of the legend."""
        self.legend.setText(text or LEGEND)


class Colorbar(QWidget):
    """The colours of confidence from 0 to 1."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(20)
        self.setMinimumWidth(64)
        self.setAccessibleName("Colour scale of confidence, 0 to 1")

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("muted"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), "0")
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), "1")
        bar = QRectF(12, 6, self.width() - 24, 8)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for stop in range(9):
            gradient.setColorAt(stop / 8, QColor(*colormap("magma")[round(255 * stop / 8)].tolist()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 2, 2)


def _step_button(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFixedSize(24, 24)
    return button
