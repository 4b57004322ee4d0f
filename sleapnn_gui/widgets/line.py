"""A one-line field of fixed height that can offer names while one types."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, QStringListModel, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QSizePolicy, QWidget

from sleapnn_gui.widgets.completion import list_of, on_text
from sleapnn_gui.widgets.theme import current_theme


class Line(QLineEdit):
    """A line edit for forms. `names` is asked for completions whenever the field gets the focus."""

    def __init__(
        self, parent: QWidget | None = None, *, names: Callable[[], list[str]] | None = None
    ) -> None:
        super().__init__(parent)
        self._names = names
        self.setFixedHeight(current_theme().size("control"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(72, self.height())

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._offer_names()
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._completer() is None:
            self._offer_names()
        completer = self._completer()
        if event.key() == Qt.Key.Key_Down and completer is not None and not list_of(completer).isVisible():
            completer.setCompletionPrefix("" if not self.text() else self.text())
            completer.complete()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ReadOnlyChange:
            self.update()

    def _offer_names(self) -> None:
        if self._names is None:
            return
        names = self._names()
        completer = self._completer()
        if completer is None:
            if not names:
                return
            completer = QCompleter(QStringListModel(names, self), self)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            list_of(completer).setProperty("popup", True)
            self.setCompleter(completer)
            on_text(completer, self._apply_name)
            return
        # Emptied rather than removed: the list may just be closing, and would go under Qt's feet.
        model = completer.model()
        if isinstance(model, QStringListModel) and model.stringList() != names:
            model.setStringList(names)

    def _completer(self) -> QCompleter | None:
        """None until there are names to offer, which PySide's types do not say."""
        return self.completer()

    def _apply_name(self, name: str) -> None:
        """A name chosen in the list is an edit like any other; Qt only shows it."""
        self.setText(name)
        self.textEdited.emit(name)
