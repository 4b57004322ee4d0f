"""Messages across the page: how a run ended, what went wrong with the evidence, and the question before a cancel."""

import html
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from sleapnn_gui.widgets.kept_focus import rest_on_page, withdraw
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.still import Still
from sleapnn_gui.widgets.theme import current_theme, set_state

MOST_LINES = 12

_CLOSE = "close"

_TINTS = {
    "error": ("error_tint", "error"),
    "warning": ("warning_tint", "warning"),
    "info": ("accent_tint", "text"),
}


class Banner(QFrame):
    """A sentence, perhaps the last lines of output, and links. Hidden until it has something to say.

    It comes and goes by itself, and so only when that moves nothing of what is `below` it from under the pointer.
    `dismissed` says that a person has taken it away.
    """

    link_followed = Signal(str)
    dismissed = Signal()

    def __init__(self, below: QWidget) -> None:
        super().__init__()
        self._still = Still(below)
        self.setObjectName("banner")
        self._severity = "info"
        self._links: list[tuple[str, str]] = []
        self._text = ""
        self._lines: tuple[str, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.RichText)
        self.sentence.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
            | Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self.sentence.linkActivated.connect(self._follow)
        self.lines = QLabel()
        self.lines.setTextFormat(Qt.TextFormat.PlainText)
        self.lines.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.lines.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        column.addWidget(self.sentence)
        column.addWidget(self.lines)
        self.setVisible(False)
        current_theme().changed.connect(self._paint)

    def show_message(
        self,
        text: str,
        *,
        severity: str,
        lines: tuple[str, ...] = (),
        links: list[tuple[str, str]] | None = None,
        closable: bool = False,
    ) -> None:
        """Show `text`; `lines` below it in type of equal width; `links` are (target, words) at the end.

        One that is `closable` can be taken away by a person, who else would have it there for as long as it is true.
        """
        ways = [*(links or []), *([(_CLOSE, tr("Close"))] if closable else [])]
        self._text, self._severity, self._links, self._lines = text, severity, ways, lines
        self._still.when_away(self._show)

    def clear(self, *, at_once: bool = False) -> None:
        """Say nothing."""
        self._text = ""
        if at_once:
            self._still.drop()
            self._go()
        else:
            self._still.when_away(self._go)

    def _follow(self, target: str) -> None:
        if target != _CLOSE:
            self.link_followed.emit(target)
            return
        self.clear(at_once=True)
        self.dismissed.emit()

    def _go(self) -> None:
        withdraw(self, partial(rest_on_page, self))

    def rename_link(self, target: str, words: str) -> None:
        """Have a link say something else, in its place."""
        self._links = [(one, words if one == target else said) for one, said in self._links]
        self._paint()

    def _show(self) -> None:
        self.lines.setText("\n".join(self._lines[-MOST_LINES:]))
        self.lines.setVisible(bool(self._lines))
        named = self._severity if self._severity != "info" else ""
        self.setAccessibleName(f"{named}: {self._text}" if named else self._text)
        self.setAccessibleDescription(self.lines.text())
        self._paint()
        self.setVisible(True)

    @property
    def text(self) -> str:
        """The sentence that is shown, without links."""
        return self._text

    @property
    def severity(self) -> str:
        """How serious it is: info, warning or error."""
        return self._severity

    def _paint(self) -> None:
        theme = current_theme()
        tint, ink = _TINTS[self._severity]
        self.setStyleSheet(
            f"QFrame#banner {{ background: {theme.hex(tint)}; border-radius: {theme.size('radius')}px; }}"
        )
        color = theme.hex(ink)
        self.sentence.setStyleSheet(f"color: {color};")
        self.lines.setStyleSheet(f"color: {theme.hex('text')};")
        self.lines.setFont(theme.font("small", mono=True))
        shown = html.escape(self._text).replace("\n", "<br>")
        for target, words in self._links:
            shown += (
                f' &nbsp;<a href="{html.escape(target)}" style="color:{color}; font-weight:600">'
                f"{html.escape(words)}</a>"
            )
        self.sentence.setText(shown)


_CANCEL = tr(
    "Cancel this run? Training ends now without an evaluation. The folder and every checkpoint so far are kept."
)


class CancelQuestion(QFrame):
    """Asks once, on the page itself, before a run is cancelled. Escape means keep training."""

    confirmed = Signal()
    declined = Signal()

    def __init__(self, below: QWidget) -> None:
        super().__init__()
        self._still = Still(self, below)
        self.setObjectName("question")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(8)
        self.text = QLabel(_CANCEL)
        self.text.setWordWrap(True)
        self.keep = QPushButton(tr("Keep training"))
        self.keep.setAccessibleDescription(tr("Close this question; nothing changes"))
        self.cancel = QPushButton(tr("Cancel the run"))
        self.cancel.setAccessibleDescription(tr("End the run now; its folder is kept"))
        set_state(self.cancel, "primary", value=True)
        self.keep.clicked.connect(self.decline)
        self.cancel.clicked.connect(self._confirm)
        row.addWidget(self.text, 1)
        row.addWidget(self.keep)
        row.addWidget(self.cancel)
        self.setAccessibleName(tr("Cancel this run?"))
        self.setAccessibleDescription(self.text.text())
        self.setVisible(False)
        current_theme().changed.connect(self._paint)
        self._paint()

    def ask(self, loss: str = "") -> None:
        """Show the question with the harmless answer in focus; `loss` says what ends with a silent engine."""
        self.text.setText(tr("End the process of this engine? {loss}", loss=loss) if loss else _CANCEL)
        self.cancel.setText(tr("End the process") if loss else tr("Cancel the run"))
        self.keep.setText(tr("Keep waiting") if loss else tr("Keep training"))
        self.setAccessibleDescription(self.text.text())
        self._still.drop()
        self._set_enabled(True)
        self.setVisible(True)
        self.keep.setFocus(Qt.FocusReason.OtherFocusReason)

    def withdraw(self, *, at_once: bool = False) -> None:
        """There is nothing left to cancel: the answers do nothing any more, and go when the pointer is on none."""
        if at_once or self.isHidden():
            self._still.drop()
            self._go()
        else:
            self._set_enabled(False)
            self._still.when_away(self._go)

    def _set_enabled(self, enabled: bool) -> None:
        for button in (self.keep, self.cancel):
            button.setEnabled(enabled)

    def decline(self) -> None:
        """Close the question without cancelling."""
        self._go()
        self.declined.emit()

    def _confirm(self) -> None:
        self._go()
        self.confirmed.emit()

    def _go(self) -> None:
        withdraw(self, partial(rest_on_page, self))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.decline()
        else:
            super().keyPressEvent(event)

    def _paint(self) -> None:
        theme = current_theme()
        self.setStyleSheet(
            f"QFrame#question {{ background: {theme.hex('warning_tint')}; "
            f"border-radius: {theme.size('radius')}px; }}"
        )
        self.text.setStyleSheet(f"color: {theme.hex('warning')};")
