"""What stands beside the labels: how to train on them, and presets to start from."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from sleapnn_engine.config.advice import Advice
from sleapnn_engine.config.presets import Preset
from sleapnn_gui.inspector.advice_view import AdviceView
from sleapnn_gui.inspector.presets_view import PresetsView
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.still import Still


class BesideLabels(QFrame):
    """Two tabs of words. Presets are open until the labels speak for something; then the advice is, once."""

    advice_wanted = Signal(list)

    def __init__(self, presets: Sequence[Preset]) -> None:
        super().__init__()
        self.setProperty("pane", "right")
        self.advice, self.presets = AdviceView(), PresetsView(presets)
        self.advice.setObjectName("data:advice")
        self.advice.wanted.connect(self.advice_wanted)
        self._tabs = QTabBar()
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.setAccessibleName(tr("Beside the labels"))
        self._stack = QStackedWidget()
        for widget, title in ((self.advice, tr("How to train")), (self.presets, tr("Presets"))):
            self._tabs.addTab(title)
            self._stack.addWidget(widget)
        self._tabs.currentChanged.connect(self._stack.setCurrentIndex)
        head = QFrame()
        head.setProperty("pane", "top")
        row = QHBoxLayout(head)
        row.setContentsMargins(24, 0, 24, 0)
        row.addWidget(self._tabs)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self._stack, 1)
        self._still = Still(self)
        self._offered = False
        self.open(self.presets)

    def open(self, widget: QWidget) -> None:
        """Open the tab of this widget."""
        self._tabs.setCurrentIndex(self._stack.indexOf(widget))

    def is_open(self, widget: QWidget) -> bool:
        """Whether that tab is open."""
        return self._stack.currentWidget() is widget

    def show_advice(self, pieces: Sequence[Advice], *, locked: Collection[str] = ()) -> None:
        """Show what is known now; its tab opens by itself when there is advice for the first time."""
        self.advice.show_done(pieces)
        if not self._offered and self.is_open(self.advice):
            self._still.drop()
            self._show_advice(pieces, locked)  # nothing is there that could move
        else:
            self._still.when_away(lambda: self._show_advice(pieces, locked))

    def _show_advice(self, pieces: Sequence[Advice], locked: Collection[str]) -> None:
        self.advice.show_advice(pieces, locked=locked)
        if bool(pieces) == self._offered:
            return
        self._offered = bool(pieces)
        focus = self.window().focusWidget()
        if focus is None or not self._stack.isAncestorOf(focus):  # else somebody is at work in the open tab
            self.open(self.advice if pieces else self.presets)
