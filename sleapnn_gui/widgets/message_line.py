"""One line under something that says what is wrong, why it has no effect, or what it does."""

import html

from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme, set_state

#: A word in front of the sentence, so that the state is not said by colour alone.
_WORDS = {"error": "", "warning": tr("Warning: "), "info": ""}
#: The same where nothing is seen.
_SPOKEN = {"error": tr("error"), "warning": tr("warning"), "info": tr("info")}


class MessageLine(QLabel):
    """A sentence with an optional link. `severity` is error, warning, info or hint (plain muted text)."""

    followed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence, self._severity, self._link = "", "hint", ""
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.linkActivated.connect(lambda _: self.followed.emit())

    @property
    def sentence(self) -> str:
        """What is shown, without its link."""
        return self._sentence

    @property
    def severity(self) -> str:
        return self._severity

    def show_message(self, sentence: str, *, severity: str = "hint", link: str = "") -> None:
        """Show a sentence; `link` is the label of what would mend it."""
        if (sentence, severity, link) == (self._sentence, self._severity, self._link):
            return
        self._sentence, self._severity, self._link = sentence, severity, link
        set_state(self, "severity", severity)
        # A label takes up the padding of its new style only when it is told of it.
        QCoreApplication.sendEvent(self, QEvent(QEvent.Type.StyleChange))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if link else Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(f"{_SPOKEN[severity]}: {sentence}" if severity in _SPOKEN else sentence)
        self.setAccessibleDescription(link)
        self._render()

    def focus_link(self) -> None:
        """Put the keyboard on the link, so that Return follows it."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if not self.hasSelectedText():
            self.focusNextPrevChild(True)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Where it goes while it has the keyboard, that goes back to what it was about, which stands before it."""
        return super().focusNextPrevChild(forward and not self.isHidden())

    def minimumSizeHint(self) -> QSize:
        # What a wrapped label claims by default is its height at its narrowest, which makes pages scroll in vain.
        return QSize(60, self.fontMetrics().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._link:
            self._render()

    def _render(self) -> None:
        text = html.escape(_WORDS.get(self._severity, "") + self._sentence)
        if self._link:
            color = current_theme().hex(
                self._severity if self._severity in ("error", "warning") else "accent_text"
            )
            text += f' <a href="fix" style="color:{color}; font-weight:600">{html.escape(self._link)}</a>'
        self.setText(text)
