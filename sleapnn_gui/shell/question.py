"""A question over the window, which goes on meanwhile; Cancel is always the last answer."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from sleapnn_gui.widgets.language import tr

Answer = tuple[str, QMessageBox.ButtonRole, Callable[[], None]]


def ask(window: QWidget, name: str, text: str, more: str, answers: Sequence[Answer]) -> None:
    """Ask, and do what goes with the answer; `more` stands below the question."""
    box = QMessageBox(window)
    box.setObjectName(name)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowModality(Qt.WindowModality.WindowModal)
    box.setText(text)
    box.setInformativeText(more)
    for words, role, answer in (*answers, (tr("Cancel"), QMessageBox.ButtonRole.RejectRole, lambda: None)):
        button = box.addButton(words, role)
        button.setAccessibleName(words)
        button.clicked.connect(lambda _checked=False, answer=answer: answer())
    box.open()
