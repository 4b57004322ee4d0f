"""By what the followed run stops by itself: the line that says so, and the panel in which that is changed."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from sleapnn_gui.monitor.banner import Banner
from sleapnn_gui.monitor.stop_panel import StopPanel
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.widgets.language import tr


class SelfStopping(QObject):
    """Follows one run at a time. `widgets` stand above what is `below` them, and are hidden without anything to say."""

    def __init__(self, below: QWidget) -> None:
        super().__init__(below)
        self.line, self.panel = Banner(below), StopPanel()
        self.widgets: tuple[QWidget, ...] = (self.line, self.panel)
        self._session: RunSession | None = None
        self._rules: tuple[str, ...] = ()
        self._nodes: tuple[str, ...] = ()
        self.line.link_followed.connect(lambda _target: self.ask())
        self.panel.wanted.connect(self._send)

    def start_over(self, session: RunSession | None) -> None:
        """Another run is followed, or none."""
        self._session, self._rules, self._nodes = session, (), ()
        self.panel.hide()
        self.line.clear(at_once=True)

    def ask(self) -> None:
        """Let a person say when the run is to stop by itself."""
        if self._session is not None and self._session.can("stop_when"):
            self.panel.open(self._rules)

    def refresh(self, store: RunStore) -> None:
        """Say by which rules the run stops now."""
        if store.header is not None and store.header.nodes != self._nodes:
            self._nodes = store.header.nodes
            self.panel.set_parts(self._nodes)
        over = self._session is None or self._session.is_over
        rules = () if over else store.stop_rules
        if over:
            self.panel.hide()
        if rules != self._rules:
            self._rules = rules
            if rules:
                text = tr("Training stops by itself: {rules}.", rules=tr(" or ").join(rules))
                self.line.show_message(text, severity="info", links=[("change", tr("Change…"))])
            else:
                self.line.clear()

    def _send(self, rules: list[str]) -> None:
        if self._session is not None:
            self._session.stop_when(rules)
