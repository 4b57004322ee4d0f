"""How to train on the opened labels: each piece of advice with its reason and Apply, and one button for all of it."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sleapnn_engine.config.advice import Advice
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.steady_scroll import SteadyScroll

_HINT = tr("Worked out from your labels. Nothing is changed until you apply it.")
_OF_HALF = tr(" It is for the model in hand; Parts and Centre stand above the sections of Configure.")
_EMPTY = tr("Once labels are open, this says how to train on them, setting by setting, and why.")


class AdviceRow(QWidget):
    """One piece: what, why, and a button that applies it, or a word where there is nothing to do."""

    applied = Signal(object)

    def __init__(self, piece: Advice, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(f"advice:{piece.name}")
        self._piece = piece
        self._title, self._reason = QLabel(self), MessageLine(self)
        self._title.setProperty("role", "heading")
        self.apply = QPushButton(tr("Apply"), self)
        self.apply.clicked.connect(lambda: self.applied.emit(self._piece))
        self.state = QLabel(self)
        self.state.setProperty("role", "caption")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._title)
        words.addWidget(self._reason)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(12)
        row.addLayout(words, 1)
        row.addWidget(self.apply, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.state, 0, Qt.AlignmentFlag.AlignTop)
        self.show_piece(piece)

    @property
    def piece(self) -> Advice:
        """What is shown."""
        return self._piece

    def show_piece(self, piece: Advice, *, locked: bool = False) -> None:
        """Show a piece in the place of the one before; `locked`: it touches what a preset locked."""
        self._piece = piece
        self._title.setText(piece.title)
        self._reason.show_message(piece.reason)
        self.setAccessibleName(f"{piece.title}. {piece.reason}")
        self.apply.setText(tr("Apply"))
        self.apply.setEnabled(True)
        self.apply.setVisible(piece.is_open and not locked)
        self.apply.setAccessibleName(tr("Apply: {piece}", piece=piece.title))
        self.apply.setToolTip("\n".join(piece.changes))
        self.state.setText(tr("In use") if piece.done else tr("Locked"))
        self.state.setToolTip("" if piece.done else tr("A preset locked what this would change."))
        self.state.setVisible(piece.done or locked)

    def show_done(self, piece: Advice) -> None:
        """Say whether the piece is in use by now, without moving anything."""
        if not self.apply.isHidden():
            self.apply.setText(tr("In use") if piece.done else tr("Apply"))
            self.apply.setEnabled(not piece.done)


class AdviceView(SteadyScroll):
    """The pieces under one another. `wanted` carries those that a person wants applied."""

    wanted = Signal(list)

    def __init__(self) -> None:
        inside = QWidget()
        inside.setProperty("clear", True)
        column = QVBoxLayout(inside)
        super().__init__(inside, margins=(24, 16, 24, 20))
        self._column = column
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("How to train on these labels"))
        self._column.setSpacing(0)
        title = QLabel(tr("How to train on these"))
        title.setProperty("role", "title")
        self.hint = QLabel(_EMPTY)
        self.hint.setProperty("role", "muted")
        self.hint.setWordWrap(True)
        self.apply_all = QPushButton(tr("Apply all"))
        self.apply_all.setObjectName("apply_all_advice")
        self.apply_all.setProperty("primary", True)
        self.apply_all.clicked.connect(self._want_all)
        self.apply_all.hide()
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._coming: list[Advice] = []
        self._open: list[Advice] = []
        self._left: list[Advice] = []
        self._locked: frozenset[str] = frozenset()
        self._turns = QTimer(self, interval=0)
        self._turns.timeout.connect(self._add_next)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(self.apply_all)
        self._column.addLayout(head)
        self._column.addSpacing(4)
        self._column.addWidget(self.hint)
        self._column.addSpacing(8)
        self._column.addLayout(self._rows)
        self._column.addStretch(1)

    def rows(self) -> list[AdviceRow]:
        """The pieces shown, from above; none while some are still to come."""
        return [] if self._coming else self._made()

    def _made(self) -> list[AdviceRow]:
        items = (self._rows.itemAt(index) for index in range(self._rows.count()))
        found = [item.widget() for item in items if item is not None]
        return [row for row in found if isinstance(row, AdviceRow)]

    def show_advice(self, pieces: Sequence[Advice], *, locked: Collection[str] = ()) -> None:
        """Show these; rows that are there already stay where they are, and new ones come one in each turn.

        `locked` are names of those that touch a lock.
        """
        self._locked = frozenset(locked)
        made = self._made()
        if [piece.name for piece in (*(row.piece for row in made), *self._coming)] != [
            one.name for one in pieces
        ]:
            self._clear()
            made = []
        for row, piece in zip(made, pieces, strict=False):
            row.show_piece(piece, locked=piece.name in self._locked)
        self._coming = list(pieces[len(made) :])
        if self._coming:
            self._turns.start()
        self._open = self._left = [one for one in pieces if one.is_open and one.name not in locked]
        done = tr("All of it is in use, but for what is locked.") if locked else tr("All of it is in use.")
        of_half = _OF_HALF if any(piece.name == "pair" for piece in pieces) and not self._open else ""
        self.hint.setText((_HINT if self._open else done + of_half) if pieces else _EMPTY)
        self.apply_all.setText(tr("Apply all {count}", count=len(self._open)))
        self.apply_all.setEnabled(True)
        self.apply_all.setAccessibleName(tr("Apply all of the advice"))
        self.apply_all.setVisible(len(self._open) > 1)

    def show_done(self, pieces: Sequence[Advice]) -> None:
        """Say in its place what came into use; the pointer may be on the button that was pressed."""
        known = {piece.name: piece for piece in pieces}
        for row in self._made():
            row.show_done(known.get(row.piece.name, row.piece))
        if self._open:
            self._left = [piece for piece in self._open if not known.get(piece.name, piece).done]
            self.hint.setText(_HINT if self._left else tr("All of it is in use."))
            self.apply_all.setText(
                tr("Apply all {count}", count=len(self._left)) if self._left else tr("All in use")
            )
            self.apply_all.setEnabled(bool(self._left))

    def _clear(self) -> None:
        self._coming = []
        self._turns.stop()
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _add_next(self) -> None:
        """Add one row: to style all of them in one turn takes longer than a turn may."""
        piece = self._coming.pop(0)
        row = AdviceRow(piece, self)
        row.show_piece(piece, locked=piece.name in self._locked)
        row.applied.connect(lambda piece: self.wanted.emit([piece]))
        self._rows.addWidget(row)
        line = QFrame(self)
        line.setProperty("rule", True)
        line.setFixedHeight(1)
        self._rows.addWidget(line)
        if not self._coming:
            self._turns.stop()

    def _want_all(self) -> None:
        self.wanted.emit(list(self._left))
