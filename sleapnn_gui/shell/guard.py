"""The one question before unsaved work is replaced or closed: save it, give it up, or leave everything as it is."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from sleapnn_gui.document.document import Document
from sleapnn_gui.document.states import LABELS
from sleapnn_gui.form.changes import every_change
from sleapnn_gui.widgets.language import tr

_MOST_NAMED = 4
#: The words of a button, its role, and what is done when it is pressed.
_Answer = tuple[str, QMessageBox.ButtonRole, Callable[[], None] | None]


class Guard(QObject):
    """Every act that replaces the document goes through `before`.

    Nothing is lost without an answer: an act that cannot be asked about now, because another question is open, is not
    carried out, and saving that fails or is given up leaves everything as it was.
    """

    def __init__(
        self,
        window: QWidget,
        document: Document,
        save: Callable[[Callable[[], None]], None],
        *,
        busy: Callable[[Callable[[], None]], bool],
    ) -> None:
        """`busy` says whether the document is being saved just now, and does what it is given after that."""
        super().__init__(window)
        self._window = window
        self._document = document
        self._save = save
        self._busy = busy
        self.question: QMessageBox | None = None

    def before(
        self, act: str, then: Callable[[], None], *, given_up: Callable[[], None] | None = None
    ) -> None:
        """Do `then` once nothing unsaved stands in its way; `given_up` in its place where work is not to be saved.

        `act` begins the sentence on what would be lost, like "Opening b.yaml".
        """
        if self.question is not None:
            self.question.raise_()
            return
        if self._busy(lambda: self.before(act, then, given_up=given_up)):
            return
        if self._document.unread:
            self._ask_about_text(act, lambda: self._before_edits_go(act, then, given_up or then))
        else:
            self._before_edits_go(act, then, given_up or then)

    def _before_edits_go(self, act: str, then: Callable[[], None], given_up: Callable[[], None]) -> None:
        if self._document.is_dirty:
            told = tr("“{document}” has work that was not saved.", document=self._document.title)
            more = tr("{act} would lose {losses}.", act=act, losses="; ".join(losses(self._document)))
            save: _Answer = (tr("Save"), QMessageBox.ButtonRole.AcceptRole, lambda: self._save(then))
            lose: _Answer = (tr("Don't save"), QMessageBox.ButtonRole.DestructiveRole, given_up)
            self._ask(
                "unsaved", told, more, [save, lose, (tr("Cancel"), QMessageBox.ButtonRole.RejectRole, None)]
            )
        else:
            then()

    def _ask_about_text(self, act: str, then: Callable[[], None]) -> None:
        """What is typed and no config is in nothing that could be saved."""
        told = tr("What was typed as YAML beside the form is no config yet.")
        more = tr(
            "{unread} {act} would lose what was typed; the settings do not have it.",
            unread=self._document.unread,
            act=act,
        )
        give_up: _Answer = (tr("Lose what was typed"), QMessageBox.ButtonRole.DestructiveRole, then)
        self._ask("unread", told, more, [give_up, (tr("Cancel"), QMessageBox.ButtonRole.RejectRole, None)])

    def _ask(self, name: str, told: str, more: str, answers: Sequence[_Answer]) -> None:
        box = QMessageBox(self._window)
        box.setObjectName(name)
        box.setText(told)
        box.setInformativeText(more)
        box.setWindowModality(Qt.WindowModality.WindowModal)
        for text, role, answer in answers:
            button = box.addButton(text, role)
            button.setAccessibleName(text)
            if answer is not None:
                button.clicked.connect(lambda _checked=False, answer=answer: self._answered(answer))
            else:
                box.setEscapeButton(button)
        box.finished.connect(lambda _code: self._answered(None))
        self.question = box
        box.open()

    def _answered(self, answer: Callable[[], None] | None) -> None:
        if self.question is not None:
            self.question.deleteLater()
            self.question = None
        if answer is not None:
            answer()


def losses(document: Document) -> list[str]:
    """What is in the document and in no file, in words."""
    found = []
    if document.report is not None and document.path is None:
        found.append(tr("the imported settings"))
    named = [change for change in every_change(document) if change.path not in LABELS]
    if named:
        names = [f"“{change.label}”" for change in named[:_MOST_NAMED]]
        rest = len(named) - len(names)
        more = tr(" and {rest} more", rest=rest) if rest else ""
        found.append(
            (tr("a change of {names}") if len(named) == 1 else tr("changes of {names}")).format(
                names=", ".join(names) + more
            )
        )
    if any(document.is_changed(path) for path in LABELS):
        found.append(tr("the choice of labels"))
    if document.undo_stack.count():
        found.append(tr("the steps that Undo takes back"))
    return found or [tr("what is not in a file yet")]
