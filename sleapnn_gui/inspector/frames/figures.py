"""FrameFigures the picture: how large the animals are, and which frames differ: by closeness, by track, by the image itself."""

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from sleapnn_gui.inspector.frames.table import Choice, FrameTable
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.panel import caption
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.theme import current_theme

_BARS, _HEIGHT = 16, 64


class SizeHistogram(QWidget):
    """How many animals are of which size; `chosen` carries the place of an animal in a bar that is pressed.

    Pressed again, a bar goes on to its next animal. The arrow keys go from bar to bar, Return presses.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._sizes = np.zeros(0, np.float32)
        self._edges = np.linspace(0, 1, _BARS + 1)
        self.counts = np.zeros(_BARS, np.int64)
        self._at, self._turn = -1, 0
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Body lengths of animals"))

    def sizeHint(self) -> QSize:
        return QSize(240, _HEIGHT)

    def set_sizes(self, sizes: np.ndarray) -> None:
        """Show these, px source; NaN for animals without a size."""
        self._sizes, self._at = sizes, -1
        there = sizes[np.isfinite(sizes)]
        least, most = (float(there.min()), float(there.max())) if len(there) else (0.0, 1.0)
        self._edges = np.linspace(least, max(most, least + 1), _BARS + 1)
        self.counts = np.histogram(there, self._edges)[0]
        self.setAccessibleDescription(
            tr(
                "{animals}, {least:.0f} to {most:.0f} px",
                animals=words.counted(len(there), "animal", "animals"),
                least=least,
                most=most,
            )
        )
        self.update()

    def press(self, bar: int) -> None:
        """Go to an animal of a bar, or to the next one of it."""
        rows = self._rows(bar)
        if len(rows):
            self._turn = self._turn + 1 if bar == self._at else 0
            self._at = bar
            self.update()
            self.chosen.emit(int(rows[self._turn % len(rows)]))

    def _rows(self, bar: int) -> np.ndarray:
        """Places of the animals in a bar; the last bar has its upper end too."""
        if not 0 <= bar < _BARS:
            return np.zeros(0, np.int64)
        low, high = self._edges[bar], self._edges[bar + 1]
        below = self._sizes <= high if bar == _BARS - 1 else self._sizes < high
        return np.flatnonzero((self._sizes >= low) & below)

    def _bar_at(self, x: float) -> int:
        return min(max(int(x / max(self.width(), 1) * _BARS), 0), _BARS - 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        each, most = self.width() / _BARS, max(int(self.counts.max(initial=0)), 1)
        for bar, count in enumerate(self.counts):
            if count:
                tall = max(2.0, (self.height() - 4) * count / most)
                box = QRectF(bar * each + 1, self.height() - tall, each - 2, tall)
                chosen = bar == self._at
                painter.setBrush(theme.color("accent_strong" if chosen else "accent"))
                painter.setOpacity(1.0 if chosen or self._at < 0 else 0.7)
                painter.drawRoundedRect(box, 2, 2)
        painter.setOpacity(1.0)
        if self.hasFocus():
            painter.setBrush(theme.color("accent"))
            painter.drawRect(QRectF(max(self._at, 0) * each, self.height() - 2, each, 2))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            bar = self._bar_at(event.pos().x())
            count = words.counted(int(self.counts[bar]), "animal", "animals")
            between = tr("{low:.0f} to {high:.0f} px", low=self._edges[bar], high=self._edges[bar + 1])
            QToolTip.showText(
                event.globalPos(),
                tr("{count}, {between}. Press to see one.", count=count, between=between),
                self,
            )
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.press(self._bar_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step:
            others = np.flatnonzero(self.counts)
            beyond = others[others > self._at] if step > 0 else others[others < self._at][::-1]
            if len(beyond):
                self.press(int(beyond[0]))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.press(self._at)
        else:
            super().keyPressEvent(event)


class FrameFigures(QWidget):
    """`animal_chosen` carries the place of an animal, `shown` frames to step through."""

    animal_chosen = Signal(int)
    shown = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        self.title = QLabel(tr("Body length of animals"))
        self.title.setProperty("role", "heading")
        self.histogram = SizeHistogram()
        self.histogram.chosen.connect(self.animal_chosen)
        self.spread = caption()
        self.spread.setWordWrap(True)
        for widget in (self.title, self.histogram, self.spread):
            column.addWidget(widget)
        self.lines: list[MessageLine] = []
        self._choices: list[Choice] = []
        for number in range(3):
            line = MessageLine(self)
            line.hide()
            line.followed.connect(lambda number=number: self.shown.emit(self._choices[number]))
            column.addWidget(line)
            self.lines.append(line)

    @Slot(object)
    def show_table(self, table: FrameTable) -> None:
        """Tell what the frames and animals of a list are like."""
        sizes = table.sizes[np.isfinite(table.sizes)]
        for widget in (self.title, self.histogram, self.spread):
            widget.setVisible(len(sizes) > 1)
        if len(sizes) > 1:
            self.histogram.set_sizes(table.sizes)
            low, middle, most = np.percentile(sizes, (5, 50, 100))
            self.spread.setText(
                tr(
                    "{low:.0f} · {middle:.0f} · {most:.0f} px source, the diagonal of the box (5 %, median, largest)",
                    low=low,
                    middle=middle,
                    most=most,
                )
            )
        told = [
            found for found in (touching(table), untracked(table), odd_images(table)) if found is not None
        ]
        self._choices = [choice for _, choice in told]
        for line, (text, _) in zip(self.lines, told, strict=False):
            line.show_message(text, link=tr("Show"))
        for number, line in enumerate(self.lines):
            line.setVisible(number < len(told))


def touching(table: FrameTable) -> tuple[str, Choice] | None:
    """Frames on which boxes of animals touch, the closest first."""
    rows = np.flatnonzero(table.covered >= 0)
    rows = rows[np.argsort(-table.covered[rows], kind="stable")]
    choice = of_animals(table, rows, tr("Animals touch"))
    if not len(rows):
        return None
    return tr(
        "Animals touch on {count:,} of {all:,} frames.", count=len(choice.places), all=len(table)
    ), choice


def untracked(table: FrameTable) -> tuple[str, Choice] | None:
    """Animals without a track, where others have one."""
    tracks = table.animals[:, 2]
    rows = np.flatnonzero(tracks < 0)
    if not len(rows) or len(rows) == len(tracks):
        return None
    lacking = (
        tr("{animals} of {all:,} has no track.")
        if len(rows) == 1
        else tr("{animals} of {all:,} have no track.")
    )
    text = lacking.format(animals=words.counted(len(rows), "animal", "animals"), all=len(tracks))
    return text, of_animals(table, rows, tr("Without a track"))


def odd_images(table: FrameTable) -> tuple[str, Choice] | None:
    """Frames whose image has another size or number of channels than most."""
    shapes, which, counts = np.unique(table.shapes, axis=0, return_inverse=True, return_counts=True)
    if len(shapes) < 2:
        return None
    places = np.flatnonzero(which.reshape(-1) != np.argmax(counts))
    height, width, channels = shapes[np.argmax(counts)]
    usual = tr(
        "{width} × {height} px, {colour}",
        width=width,
        height=height,
        colour=tr("gray") if channels == 1 else tr("colour"),
    )
    images = words.counted(len(places), "image is not as most are", "images are not as most are")
    return f"{images} ({usual}).", Choice(tr("Odd images"), places)


def of_animals(table: FrameTable, rows: np.ndarray, name: str) -> Choice:
    """The frames of some animals, in their order, these pointed out."""
    animals: dict[int, list[int]] = {}
    for frame, place in table.animals[rows, :2].tolist():
        animals.setdefault(frame, []).append(place)
    return Choice(name, np.array(list(animals), dtype=np.int64), animals)
