"""The engine that the window starts: offered when it is first needed and not there, shown and changed from the Help menu."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from sleapnn_engine.config.chosen_engine import known_engines
from sleapnn_engine.config.engine_program import why_no_engine
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.run.engine_installing import EngineInstalling
from sleapnn_gui.shell.question import ask
from sleapnn_gui.shell.run_commands import RunCommands
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.still import Still


class EngineCommands(QObject):
    """`message` carries a sentence and its severity, `offered` also the words of a link and what it does."""

    message = Signal(str, str)
    offered = Signal(str, str, str, object)

    def __init__(self, window: QWidget, inspect: Inspect, runs: RunCommands) -> None:
        super().__init__(window)
        self._window, self._inspect, self._runs = window, inspect, runs
        self._told = False
        known_engines()  # before anybody looks, and waits for the disk
        self._still = Still(window)
        self.installing = EngineInstalling(self)
        self.installing.chosen.connect(self._renew)
        inspect.missing.connect(self._offer)

    def do_engine(self) -> None:
        """Show which engine is used, or what would be installed."""
        from sleapnn_gui.shell.engine_sheet import EngineSheet

        found = self._window.findChild(EngineSheet)
        if found is not None and found.isVisible():
            found.raise_()
            found.activateWindow()
            return
        sheet = EngineSheet(self._window, self.installing)
        sheet.removal_wanted.connect(self._ask_to_remove)
        sheet.show()

    def is_ready(self) -> bool:
        """Whether there is an engine; the sheet opens where there is none."""
        if why_no_engine():
            self.do_engine()
            return False
        return True

    def _offer(self, why: str) -> None:
        """Something that came by itself needs an engine: say so once, with a way to get one."""
        if not self._told:
            self._told = True
            words = tr("{why} Labels can be looked into, and models trained, once it is.", why=why)
            self._still.when_away(
                lambda: self.offered.emit(words, "info", tr("Install the engine…"), self.do_engine)
            )

    def _ask_to_remove(self) -> None:
        installation = known_engines().installation
        if installation is None:
            return
        if self._runs.is_running:
            self.message.emit(
                tr("A run is being followed; the engine can be removed when it is over."), "warning"
            )
            return
        ask(
            self._window,
            "remove_engine",
            tr("Remove the engine that this app installed?"),
            tr(
                "Its folder {place} is deleted, with what was fetched. Configs, runs and models stay.",
                place=installation.place,
            ),
            [(tr("Remove"), QMessageBox.ButtonRole.DestructiveRole, self._remove)],
        )

    def _remove(self) -> None:
        self._inspect.close()
        self._runs.let_standby_go()
        self.installing.remove()

    def _renew(self) -> None:
        """What waits or answers now is of the engine before."""
        self._runs.let_standby_go()
        self._told = False
        self._inspect.renew()
        if not why_no_engine():
            version = known_engines().version
            self.message.emit(
                tr("The training engine in use is {version}.", version=version or tr("that of this window")),
                "info",
            )

    def leave(self) -> None:
        """For when the window closes."""
        self._still.drop()
        self.installing.leave()
