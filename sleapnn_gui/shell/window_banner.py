"""The line under the top bar: what just happened, with what can be done about it, for as long as it is true."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from sleapnn_engine.config.issue import Issue
from sleapnn_gui.shell.status_line import findings_text
from sleapnn_gui.widgets.kept_focus import withdraw
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.still import Still


class WindowBanner(MessageLine):
    """Hidden while it says nothing. What comes or goes by itself moves nothing `below` from under the pointer.

    `answered` says that it is gone, and that the keyboard was here: it goes where its link leads, else where others say.
    """

    answered = Signal()

    def __init__(self, below: QWidget) -> None:
        super().__init__()
        self.setObjectName("banner")
        self.setContentsMargins(16, 8, 16, 8)
        self.hide()
        self._then: Callable[[], None] | None = None
        self._found: tuple[str, str] | None = None
        """What Check has found, as it is shown now: a sentence and its severity."""
        self._coming = ""
        self._comes, self._goes = Still(below), Still(below)
        self.followed.connect(self._follow)

    def offer(self, text: str, severity: str, link: str, then: Callable[[], None] | None) -> None:
        """Show a sentence with something that can be done about it; an empty one takes away what is shown."""
        self._comes.drop()
        self._goes.drop()
        self._coming, self._then, self._found = "", then, None
        if text:
            self.show_message(text, severity=severity, link=link)
            self.show()
        else:
            withdraw(self, self.answered.emit)
            self.show_message("")

    def show_text(self, text: str, severity: str = "info") -> None:
        """Show a sentence that a person can close."""
        self.offer(text, severity, tr("Close") if text else "", None)

    def show_text_later(self, text: str, severity: str = "info") -> None:
        """Show a sentence that comes by itself."""
        self.offer_later(text, severity, tr("Close") if text else "", None)

    def warn_later(self, text: str) -> None:
        """Show a warning that comes by itself."""
        self.show_text_later(text, "warning")

    def offer_later(self, text: str, severity: str, link: str, then: Callable[[], None] | None) -> None:
        """The same with something that can be done about it."""
        self._coming = text
        self._comes.when_away(lambda: self.offer(text, severity, link, then))

    def when_away(self, act: Callable[[], object]) -> None:
        """Have something said by `act` that comes by itself."""
        self._coming = ""
        self._comes.when_away(act)

    def withdraw(self, text: str) -> None:
        """A sentence is true no more: it goes if it is what is shown, and does not come if it was about to."""
        if text and text == self._coming:
            self._comes.drop()
            self._coming = ""
        if text and text == self.sentence:
            self._goes.when_away(lambda: self.show_text("") if text == self.sentence else None)

    def leave_page(self) -> None:
        """Another page is looked at: a mere remark was about the one before."""
        if self.severity == "info" and self._then is None:
            self.show_text("")

    def show_findings(self, issues: Sequence[Issue], *, measure: Callable[[], None]) -> str:
        """Say what stands in the way of training, or is worth a look; returns where that is."""
        text, severity, path = findings_text(issues)
        if severity == "info":
            self.offer(text, severity, tr("Measure ten steps"), measure)
        else:
            self.show_text(text, severity)
        self._found = (text, severity)
        return path

    def renew_findings(self, issues: Sequence[Issue]) -> None:
        """What Check said holds as long as what it found is there."""
        if self._found is None:
            return
        (told, before), (text, severity, _) = self._found, findings_text(issues)
        if severity != before:
            self.withdraw(told)
        elif text != told:
            self._goes.when_away(lambda: self._show_anew(text, severity))

    def _show_anew(self, text: str, severity: str) -> None:
        if self._found is not None:
            self.show_text(text, severity)
            self._found = (text, severity)

    def _follow(self) -> None:
        then, self._then, self._found = self._then, None, None
        withdraw(self, self.answered.emit)
        if then is not None:
            then()
