"""A choice shown as cards: a name and a sentence each, one of them chosen."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QSizePolicy, QWidget

from sleapnn_gui.widgets.theme import current_theme

_PAD, _GAP, _MARK = 12, 8, 14


class Card(QRadioButton):
    """One card. A radio button to the keyboard and to screen readers."""

    def __init__(self, title: str, sentence: str, *, parent: QWidget) -> None:
        super().__init__(title.replace("&", "&&"), parent)
        self.title, self.sentence = title, sentence
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def hitButton(self, pos: QPoint) -> bool:  # noqa: N802 - Qt's name
        return self.rect().contains(pos)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        owner = self.parentWidget()
        if isinstance(owner, CardChoice) and owner.step(self, Qt.Key(event.key())):
            return
        super().keyPressEvent(event)

    def heightForWidth(self, width: int) -> int:
        """Height in pixels that title and sentence need in a card of `width` pixels."""
        theme = current_theme()
        room = max(40, width - 2 * _PAD)
        sentence = QFontMetrics(theme.font("caption")).boundingRect(
            QRect(0, 0, room, 10_000), int(Qt.TextFlag.TextWordWrap), self.sentence
        )
        return 2 * _PAD + QFontMetrics(theme.font("heading")).height() + 4 + sentence.height()

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(240))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen, enabled = self.isChecked(), self.isEnabled()
        fill = "accent_tint" if chosen and enabled else "hover" if self.underMouse() and enabled else "panel"
        line = "accent" if (chosen or self.hasFocus()) and enabled else "control_line"
        width = 2 if self.hasFocus() else 1
        painter.setPen(QPen(theme.color(line), width))
        painter.setBrush(theme.color(fill))
        radius, edge = (
            theme.size("radius"),
            width / 2,
        )  # on whole pixels, or it would be two of half the colour
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(edge, edge, -edge, -edge), radius, radius)
        inside = self.rect().adjusted(_PAD, _PAD, -_PAD, -_PAD)
        self._paint_mark(painter, inside, chosen)
        painter.setFont(theme.font("heading"))
        painter.setPen(theme.color("muted" if not enabled else "accent_text" if chosen else "text"))
        title = QRect(
            inside.left(), inside.top(), inside.width() - _MARK - 6, QFontMetrics(painter.font()).height()
        )
        painter.drawText(title, int(Qt.AlignmentFlag.AlignVCenter), self.title)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.color("text" if chosen and enabled else "muted"))
        below = inside.adjusted(0, title.height() + 4, 0, 0)
        painter.drawText(below, int(Qt.TextFlag.TextWordWrap), self.sentence)

    def _paint_mark(self, painter: QPainter, inside: QRect, chosen: bool) -> None:
        theme = current_theme()
        ring = QRectF(inside.right() - _MARK + 1, inside.top() + 1, _MARK, _MARK)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("accent" if chosen else "control_line"), 1.5))
        painter.drawEllipse(ring)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent"))
            painter.drawEllipse(ring.adjusted(4, 4, -4, -4))


class CardChoice(QWidget):
    """Cards in a grid of equal columns; `picked` is emitted with the index a person chose."""

    picked = Signal(int)

    def __init__(
        self, cards: list[tuple[str, str]], *, name: str, columns: int = 2, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.cards = [Card(title, sentence, parent=self) for title, sentence in cards]
        self._columns = columns
        self._index = -1
        self._group = QButtonGroup(self)
        for number, card in enumerate(self.cards):
            self._group.addButton(card, number)
        self._group.idClicked.connect(self._clicked)
        self.setAccessibleName(name)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocusProxy(self.cards[0])

    def index(self) -> int:
        """Which card is chosen, or -1."""
        return self._index

    def set_index(self, index: int) -> None:
        """Choose a card, or none with -1, without telling anybody."""
        self._index = index
        self._group.setExclusive(False)
        for number, card in enumerate(self.cards):
            card.setChecked(number == index)
        self._group.setExclusive(True)
        self.setFocusProxy(self.cards[max(index, 0)])

    def step(self, card: Card, key: Qt.Key) -> bool:
        """Choose the card beside or above or below one, as an arrow key asks; whether it was an arrow key."""
        by = {
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Down: self._columns,
            Qt.Key.Key_Up: -self._columns,
        }.get(key)
        if by is None:
            return False
        wanted = self.cards.index(card) + by
        if 0 <= wanted < len(self.cards):
            self.cards[wanted].setFocus(Qt.FocusReason.OtherFocusReason)
            self.cards[wanted].click()
        return True

    def sizeHint(self) -> QSize:
        width = self._columns * 240 + (self._columns - 1) * _GAP
        return QSize(width, self.heightForWidth(width))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        # Layouts ask with the width of the page, also where the cards may not become that wide.
        width = min(width, self.maximumWidth())
        heights = self._row_heights(self._card_width(width))
        return sum(heights) + _GAP * (len(heights) - 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        width = self._card_width(self.width())
        top = 0
        for row, height in enumerate(self._row_heights(width)):
            for column in range(self._columns):
                index = row * self._columns + column
                if index < len(self.cards):
                    self.cards[index].setGeometry(column * (width + _GAP), top, width, height)
            top += height + _GAP

    def _card_width(self, width: int) -> int:
        return (width - _GAP * (self._columns - 1)) // self._columns

    def _row_heights(self, width: int) -> list[int]:
        heights = [card.heightForWidth(width) for card in self.cards]
        return [max(heights[i : i + self._columns]) for i in range(0, len(heights), self._columns)]

    def _clicked(self, index: int) -> None:
        if index != self._index:
            self._index = index
            self.setFocusProxy(self.cards[index])
            self.picked.emit(index)
