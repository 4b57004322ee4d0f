"""The file as it would be saved, to read and to type into; what is typed counts as soon as it is a config."""

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import without_secrets
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.states import with_text
from sleapnn_gui.document.wording import Wording
from sleapnn_gui.form.yaml_text import YamlText, line_of
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine

_SEEN_MS, _UNSEEN_MS = 20, 1000
_PAUSE_MS = 80
"""How long nothing is typed before a text is read."""
_PATIENCE_MS = 500
"""How long a text may be no config before that is said: it is on the way from one to the next."""
_AT_ONCE = 20_000
"""Signs of a text that is read in a moment."""
_MOST_MARKED = 20


class YamlPane(QWidget):
    """The text follows the settings and they follow it, unless it is no config: then both stay as they are.

    `reached` carries the key of the line that a person went to.
    """

    reached = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._path = ""
        self._follow = False
        #: The text that was shown or taken over last, and the values in it: what is typed is measured against these.
        self._settled, self._shown = "", dict[str, Any]()
        self._problem: UserError | None = None
        #: Of a pair: whose text this is, and what was typed as the other half's and is no config.
        self._half, self._aside = document.half, dict[str, tuple[str, UserError]]()
        self._reading = BackgroundTask(self)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._read)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self._show_problem)
        self._wording = Wording(document)
        self._wording.ready.connect(self._show_text)
        self.editor, self.told = YamlText(self), MessageLine(self)
        self.told.setObjectName("yaml:told")
        self.told.setContentsMargins(16, 8, 16, 8)
        self.told.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.editor, 1)
        column.addWidget(self.told)  # below, so that no line moves when it comes
        self.setFocusProxy(self.editor)
        self.editor.typed.connect(self._typed)
        self.editor.settling.connect(self._settle)
        self.editor.reached.connect(self.reached)
        self.told.followed.connect(self._give_up)
        document.reloaded.connect(self._start_over)
        document.unread_restored.connect(self._restore)
        document.state_changed.connect(self._follow_half)
        document.issues_changed.connect(self._mark)
        self._restore()

    def invalidate(self) -> None:
        """The text is out of date. It is made anew even while nobody looks, for saving needs it as well."""
        self._wording.ask(_SEEN_MS if self.isVisible() else _UNSEEN_MS)

    def show_path(self, path: str) -> None:
        """Mark the line of this key and, where nobody is typing, bring it into view."""
        self._path = path
        if self.isVisible():
            self._mark(follow=not self.editor.hasFocus())

    def marked_line(self) -> int:
        """Number of the marked line from 0, or -1."""
        return line_of(self.editor.text(), self._path) if self._path else -1

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow = True
        self._wording.ask(0)
        self._bring_back()

    # -- from the settings to the text -----------------------------------------------------------------------

    @property
    def _is_typed(self) -> bool:
        """Whether the text is not what the settings say, because somebody typed in it."""
        return self.editor.text() != self._settled

    def _show_text(self) -> None:
        if not self.isVisible():
            return
        if not self._is_typed:
            self._show_anew()
        self._mark(follow=self._follow and not self.editor.hasFocus())
        self._follow = False

    def _show_anew(self) -> None:
        text = self._document.to_yaml()
        if text != self._settled:
            self.editor.show_text(text)
            self.editor.forget_steps()
        self._settled, self._shown = self.editor.text(), without_secrets(self._document.values)
        # What cannot be shown as it is, as a sign that ends lines elsewhere only, is not to be typed over either.
        self.editor.setReadOnly(self._settled != text)

    def _start_over(self) -> None:
        self._aside.clear()
        self._half = self._document.half
        self._give_up()

    def _follow_half(self) -> None:
        """What is typed as the text of one half of a pair must not be read as that of the other; it waits there."""
        before, self._half = self._half, self._document.half
        if self._half == before or not self._half or not before:
            return
        if self._problem is not None and self._is_typed:
            self._aside[before] = (self.editor.text(), self._problem)
        self._give_up()
        self.editor.setReadOnly(True)  # until it is the text of this half
        self._bring_back()

    def _bring_back(self) -> None:
        """Show what was typed as the text of the half in hand before, and is no config."""
        kept = self._aside.pop(self._half, None)
        if kept is not None:
            self._show_anew()
            text, self._problem = kept
            self.editor.show_text(text)
            self._report_unread()
            self._show_problem()
            self._typed()

    def _restore(self) -> None:
        """What was typed has come back from a draft; it is shown as soon as somebody looks."""
        for half, (text, why) in self._document.unread_texts.items():
            self._aside[half] = (text, UserError(why))
        if self.isVisible():
            self._bring_back()

    def _report_unread(self) -> None:
        """Have the document know what would be lost."""
        own = {} if self._problem is None else {self._half: (self.editor.text(), self._problem.message)}
        aside = {half: (text, problem.message) for half, (text, problem) in self._aside.items()}
        self._document.set_unread(aside | own)

    def _give_up(self) -> None:
        """Show what the settings say in place of what was typed, which undo in the text brings back."""
        self._pause.stop()
        self._reading.drop()
        if self.told.hasFocus():
            self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self._no_problem()
        if self.isVisible() and self._document.has_text:
            self.editor.show_text(self._document.to_yaml())
            self._settled, self._shown = self.editor.text(), without_secrets(self._document.values)
        else:
            self._settled = self.editor.text()
            self.invalidate()
        self._mark()

    # -- from the text to the settings -----------------------------------------------------------------------

    def _typed(self) -> None:
        if self._is_typed:
            self._pause.start()
        else:
            self._pause.stop()
            self._no_problem()

    def _read(self) -> None:
        if self._reading.is_at_work:
            self._pause.start()
            return
        state, text = self._document.state, self.editor.text()
        self._reading.begin(partial(_outcome, state, text, self._shown), partial(self._was_read, state, text))

    def _settle(self) -> None:
        """What was typed counts now, where reading it takes no time to speak of."""
        if self._is_typed and self._problem is None and len(self.editor.text()) < _AT_ONCE:
            self._pause.stop()
            self._reading.drop()
            state, text = self._document.state, self.editor.text()
            self._was_read(state, text, _outcome(state, text, self._shown))

    def _was_read(self, state: State, text: str, found: "tuple[State, dict[str, Any]] | UserError") -> None:
        if text != self.editor.text() or state is not self._document.state:
            self._typed()
        elif isinstance(found, UserError):
            is_new, self._problem = self._problem is None, found
            self._report_unread()
            if is_new:
                self._patience.start()
            elif not self._patience.isActive():
                self._show_problem()
        else:
            self._no_problem()
            after, self._shown = found
            self._settled = text
            self.editor.forget_steps()
            self._document.adopt_typed(after)
            self._document.keep_text(self._document.state, after.typed)
            self._mark()

    def _no_problem(self) -> None:
        self._problem = None
        self._report_unread()
        self._patience.stop()
        self.told.hide()

    def _show_problem(self) -> None:
        if self._problem is not None:
            # “Nothing was changed”, as a file that cannot be read has it, is said in full here.
            self.told.show_message(
                tr(
                    "{message} The settings stay as they were until this is mended.",
                    message=self._problem.message,
                ),
                severity="error",
                link=tr("Give up what was typed"),
            )
            self.told.show()
            self.editor.ensureCursorVisible()
            self._mark()

    # -- marks -----------------------------------------------------------------------------------------------

    def _mark(self, *, follow: bool = False) -> None:
        if not self.isVisible():
            return
        number, text = self.marked_line(), self.editor.text()
        wrong = [issue.path for issue in self._document.issues() if issue.severity == "error"][:_MOST_MARKED]
        lines = [line for path in dict.fromkeys(wrong) if (line := line_of(text, path)) >= 0]
        marks = [(number, "accent_tint")] if number >= 0 else []
        if self._problem is not None:
            lines = [min(self._problem.line or 1, text.count("\n") + 1) - 1]
        self.editor.mark_lines(
            [*marks, *((line, "error_tint") for line in lines)], follow=number if follow else -1
        )


def _outcome(state: State, text: str, shown: dict[str, Any]) -> "tuple[State, dict[str, Any]] | UserError":
    """What a text comes to, or what is wrong with it."""
    try:
        return with_text(state, text, shown=shown)
    except UserError as problem:
        return problem
