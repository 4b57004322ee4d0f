"""The editor of a setting that may be null: what null stands for, or a value of one's own."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from sleapnn_engine.config.tree import same
from sleapnn_gui.form.editors.base import Editor
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.segmented import Segmented

#: The two words; the first is the setting's own word for null.
_SET = tr("Set")


class NullableEditor(QWidget):
    """[Auto | Set], with the value's editor below while it is set.

    Going to Auto and back brings back what was typed. Going to Set for the first time starts from what
    `suggest` says, and where it knows nothing waits for input: until then the value stays null.
    """

    value_edited = Signal(object)

    def __init__(
        self,
        make_inner: Callable[[], QWidget],
        *,
        wide: bool,
        null_label: str,
        null_sentence: str,
        suggest: Callable[[], Any],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._switch = Segmented([null_label, _SET], tips=[null_sentence, tr("Say a value.")], parent=self)
        self._make_inner = make_inner
        self._widget: QWidget | None = None
        self._described = ("", "")
        self.wide = wide
        self._null_sentence = null_sentence
        self._suggest = suggest
        self._waiting = False
        self._handing_on = False
        self._switch.setMaximumWidth(240)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        top = QHBoxLayout()
        top.addWidget(self._switch, 1000)
        top.addStretch(1)
        self._column.addLayout(top)
        self._show_on(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._switch.picked.connect(self._picked)

    @property
    def is_set(self) -> bool:
        """Whether Set is chosen."""
        return self._switch.index() == 1

    @property
    def switch(self) -> Segmented:
        return self._switch

    @property
    def inner(self) -> Editor:
        """The value's own editor; made when it is first needed, because most nullable settings stay null."""
        if self._widget is None:
            self._widget = self._make_inner()
            self._widget.setVisible(self.is_set)
            self._column.addWidget(self._widget)
            QWidget.setTabOrder(self._switch.buttons[-1], self._widget)
            self._widget.describe(*self._described)  # type: ignore[attr-defined]
            self._widget.value_edited.connect(self._inner_edited)  # type: ignore[attr-defined]
        return self._widget  # type: ignore[return-value]

    def set_switch_width(self, width: int) -> None:
        """Keep the two words as wide as the editors of other rows, however wide the value's own editor is."""
        self._switch.setMaximumWidth(width)

    def value(self) -> Any:
        return self.inner.value() if self.is_set and not self._waiting else None

    def show_value(self, value: Any) -> None:
        if value is None:
            if not self._waiting:
                self._show_on(False)
            return
        self._waiting = False
        self.inner.show_value(value)
        self._show_on(True)

    def set_value(self, value: Any) -> None:
        if same(self.value(), value) and self.is_set == (value is not None):
            return
        self._waiting = False
        self.show_value(value)
        self.value_edited.emit(value)

    def describe(self, name: str, description: str) -> None:
        self.setAccessibleName(name)
        self.setAccessibleDescription(description)
        self._described = (name, description)
        self._switch.describe(name, description)
        if self._widget is not None:
            self.inner.describe(name, description)

    def mark(self, severity: str) -> None:
        if self._widget is not None:
            self.inner.mark(severity if self.is_set else "")

    def hint(self) -> str:
        return self.inner.hint() if self.is_set else self._null_sentence

    def is_blank(self) -> bool:
        return self._waiting

    def forget(self) -> None:
        self._waiting = False
        if self._widget is not None:
            self.inner.forget()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Keys sent to the frame itself belong to the field, or to the choice while there is no field; those that
        # a part inside did not want go on to the page.
        focused = QApplication.focusWidget()
        inside = focused is not None and self.isAncestorOf(focused)
        if self._handing_on or inside:
            event.ignore()
            return
        target = self._widget if self.is_set and self._widget is not None else self._switch
        self._handing_on = True
        QApplication.sendEvent(target.focusProxy() or target, event)
        self._handing_on = False

    def _show_on(self, on: bool) -> None:
        self._switch.set_index(int(on))
        if self._widget is not None:
            self._widget.setVisible(on)
        self.setFocusProxy(self._widget if on and self._widget is not None else self._switch)

    def _picked(self, index: int) -> None:
        self._waiting = False
        if index == 1 and self.inner.is_blank():
            start = self._suggest()
            self._waiting = start is None
            if start is not None:
                self.inner.show_value(start)
        self._show_on(index == 1)
        if index == 1 and self._widget is not None:
            self._widget.setFocus(Qt.FocusReason.TabFocusReason)  # what is suggested is typed over
        self.value_edited.emit(self.value())

    def _inner_edited(self, _: Any) -> None:
        self._waiting = False
        self.value_edited.emit(self.value())
