"""By what the next training stops by itself, chosen before it begins: the words and the panel of the Train page."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from sleapnn_gui.monitor.stop_panel import StopPanel
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine

_EACH = tr("Each model by itself; errors of parts are those of the parts model.")


class StopChoice(QObject):
    """`line` says the rules, `panel` puts them together; `changed` when they are others. They are of one training only."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rules: tuple[str, ...] = ()
        self._is_pair = False
        self._names: list[str] = []
        self.line, self.panel = MessageLine(parent), StopPanel(parent, narrow=True)
        self.line.followed.connect(lambda: self.panel.open(self.rules))
        self.panel.wanted.connect(self._choose)
        self.panel.closing.connect(self.line.focus_link)  # what gets it otherwise would be scrolled to
        self._show()

    def set_parts(self, names: list[str]) -> None:
        """Learn which parts there are to choose from."""
        if names != self._names:
            self._names = names
            self.panel.set_parts(names)

    def show_pair(self, wanted: bool) -> None:
        """Say that the rules are of each model of a pair by itself, or of the only one."""
        if wanted != self._is_pair:
            self._is_pair = wanted
            self._show()

    def _choose(self, rules: list[str]) -> None:
        self.rules = tuple(rules)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        told = tr(" or ").join(self.rules)
        if told:
            each = f". {_EACH}" if self._is_pair else ""
            self.line.show_message(f"{told[0].upper()}{told[1:]}{each}", link=tr("Change…"))
        else:
            self.line.show_message(tr("Only as the config says"), link=tr("Choose…"))
