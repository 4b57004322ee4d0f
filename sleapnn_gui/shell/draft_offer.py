"""The line that offers drafts of unsaved work, left by a window that ended without being closed."""

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout

from sleapnn_gui.document.document import Document
from sleapnn_gui.document.draft_keeper import DraftKeeper
from sleapnn_gui.document.drafts import Draft
from sleapnn_gui.document.pair import title_of
from sleapnn_gui.form.changes import changes
from sleapnn_gui.shell.guard import Guard
from sleapnn_gui.widgets.kept_focus import holds_keyboard, withdraw
from sleapnn_gui.widgets.language import counted, tr
from sleapnn_gui.widgets.theme import current_theme


class DraftOffer(QFrame):
    """One draft at a time, the newest first. Stays until it is answered; what is not answered is offered again at
    the next start, and nothing is restored or deleted by itself.

    `answered` says that nothing is offered any more, and that the keyboard was here.
    """

    answered = Signal()

    def __init__(self, keeper: DraftKeeper, guard: Guard, show_page: Callable[[str], None]) -> None:
        super().__init__()
        self._show_page = show_page
        self.setObjectName("draft_offer")
        self.setProperty("pane", "top")
        self._keeper, self._guard = keeper, guard
        self._drafts: list[Draft] = []
        self._buttons: list[QPushButton] = []
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(current_theme().size("space_2"))
        row.addWidget(self.text, 1)
        for name, words, act, told in (
            (
                "restore",
                tr("Restore"),
                self.restore,
                tr("Put these edits into the window; saving is up to you"),
            ),
            ("differences", tr("Show differences"), self.show_differences, tr("List what the draft changes")),
            ("discard", tr("Discard"), self.discard, tr("Delete the draft for good")),
            ("later", tr("Later"), self.later, tr("Keep the draft and offer it at the next start")),
        ):
            button = QPushButton(words)
            button.setObjectName(f"draft_{name}")
            button.setAccessibleName(words)
            button.setAccessibleDescription(told)
            button.setToolTip(told)
            button.clicked.connect(act)
            row.addWidget(button)
            self._buttons.append(button)
        self.hide()

    def check(self) -> None:
        """Offer what was left behind, if anything."""
        self._drafts = self._keeper.abandoned()
        self._show()

    def restore(self) -> None:
        """Put the draft in place of what is open, unless unsaved work is to be kept."""
        draft = self._drafts[0]

        def replace() -> None:
            self._keeper.restore(draft)
            if draft.unread:
                self._show_page("configure")
            self._next()

        self._guard.before(tr("Restoring the draft"), replace)

    def show_differences(self) -> None:
        """List what the draft changes in the file or preset it began from."""
        shown = Document()
        shown.restore(self._drafts[0].state)
        lines = [
            f"{change.label}: {change.old} → {change.new}\n    {change.path}" for change in changes(shown)
        ]
        shown.deleteLater()
        lines += [
            tr("Typed as YAML, and no config yet. {why}\n\n{words}", why=why, words=text)
            for text, why in self._drafts[0].unread.values()
        ]
        dialog = QDialog(self.window())
        dialog.setObjectName("draft_differences")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(tr("What the draft changes"))
        dialog.resize(720, 480)
        told = QPlainTextEdit("\n\n".join(lines) or tr("Nothing differs from what was opened or imported."))
        told.setReadOnly(True)
        told.setAccessibleName(tr("Differences"))
        close = QPushButton(tr("Close"))
        close.clicked.connect(dialog.accept)
        column = QVBoxLayout(dialog)
        column.setContentsMargins(24, 20, 24, 16)
        column.addWidget(told, 1)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        dialog.open()

    def discard(self) -> None:
        """Delete the draft."""
        self._drafts[0].discard()
        self._next()

    def later(self) -> None:
        """Leave the draft for the next start."""
        self._drafts[0].leave()
        self._next()

    def _next(self) -> None:
        self._drafts = self._drafts[1:]
        if holds_keyboard(self):  # a second press must not be an answer to the next one
            self._buttons[0].setFocus(Qt.FocusReason.OtherFocusReason)
        self._show()

    def _show(self) -> None:
        if not self._drafts:
            withdraw(self, self.answered.emit)
            return
        self.show()
        draft, rest = self._drafts[0], len(self._drafts) - 1
        more = f" {counted(rest, 'more is kept.', 'more are kept.')}" if rest else ""
        self.text.setText(
            tr(
                "Edits of {title_of} from {moment} were not saved.{more}",
                title_of=title_of(draft.state),
                moment=_moment(draft.at),
                more=more,
            )
        )
        self.text.setToolTip(str(draft.state.path or tr("It never had a file.")))
        self.setAccessibleName(self.text.text())


def _moment(at: float) -> str:
    """The local time of day, with the date where that is another one."""
    then, now = time.localtime(at), time.localtime()
    same_day = then[:3] == now[:3]
    return time.strftime("%H:%M" if same_day else "%Y-%m-%d, %H:%M", then)
