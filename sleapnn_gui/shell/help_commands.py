"""Help: the keys, the manual, what this program is, and a report of the machine for a question."""

import platform
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess, Qt, Signal, qVersion
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.config.engine_program import engine_of_window
from sleapnn_engine.config.installed import PROJECT, version_of
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.shell.commands import COMMANDS, MENUS, name_alone
from sleapnn_gui.shell.engine_commands import EngineCommands
from sleapnn_gui.shell.file_commands import FileCommands
from sleapnn_gui.shell.run_commands import RunCommands
from sleapnn_gui.widgets.language import tr

if TYPE_CHECKING:
    from sleapnn_gui.form.form_page import FormPage


class Shortcuts(QDialog):
    """Every command that has keys, menu by menu."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts")
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(460, 560)
        inside = QWidget()
        inside.setProperty("clear", True)
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 12, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        for menu in MENUS:
            self._add(grid, menu)
        grid.setRowStretch(grid.rowCount(), 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        close = QPushButton(tr("Close"))
        close.setProperty("primary", True)
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(16)
        column.addWidget(scroll, 1)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)

    @staticmethod
    def _add(grid: QGridLayout, menu: str) -> None:
        with_keys = [command for command in COMMANDS if command.menu == menu and command.shortcut]
        if not with_keys:
            return
        heading = QLabel(tr(menu))
        heading.setProperty("role", "heading")
        grid.addWidget(heading, grid.rowCount(), 0)
        for command in with_keys:
            keys = QKeySequence(command.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
            said = QLabel(keys)
            said.setProperty("role", "muted")
            row = grid.rowCount()
            grid.addWidget(QLabel(name_alone(command)), row, 0)
            grid.addWidget(said, row, 1)


class HelpCommands(QObject):
    """Commands of the Help menu. `said` carries a sentence and its severity."""

    message = Signal(str, str)

    def __init__(
        self,
        window: QWidget,
        files: FileCommands,
        inspect: Inspect,
        runs: RunCommands,
        form: "Callable[[], FormPage]",
    ) -> None:
        super().__init__(window)
        self._window, self._form = window, form
        self._doctor: QProcess | None = None
        self._engine = EngineCommands(window, inspect, runs)
        self._engine.message.connect(self.message)
        self._engine.offered.connect(files.offered)
        self.do_engine, self.engine_is_ready = self._engine.do_engine, self._engine.is_ready

    def do_shortcuts(self) -> None:
        Shortcuts(self._window).open()

    def do_manual(self) -> None:
        """Open the manual, at the setting in hand where there is one."""
        from sleapnn_gui.shell.manual_window import ManualWindow

        manual = self._window.findChild(ManualWindow)
        if manual is None:
            manual = ManualWindow(self._window)
            manual.message.connect(self.message)
        form = self._form()
        if form.isVisible() and form.context.help.path:
            manual.open_setting(form.context.help.path)
        manual.show()
        manual.raise_()
        manual.activateWindow()

    def do_about(self) -> None:
        box = QMessageBox(self._window)
        box.setObjectName("about")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(tr("About sleapnn-gui"))
        box.setText(tr("sleapnn-gui {version}", version=_version()))
        box.setInformativeText(
            tr(
                "Configure, train and watch animal-pose models.\n\n"
                "BSD 3-Clause licence. Python {python_version}, Qt {q_version}.",
                python_version=platform.python_version(),
                q_version=qVersion(),
            )
        )
        box.open()

    def do_report(self) -> None:
        """Ask the engine for its report, which takes seconds, and put it on the clipboard."""
        if self._doctor is not None:
            return
        process = QProcess(self)
        process.finished.connect(self._reported)
        process.errorOccurred.connect(self._not_reported)
        self._doctor = process
        self.message.emit(tr("Looking at versions, devices and libraries …"), "info")
        program, *words = engine_of_window("doctor")
        process.start(program, words)

    def stop(self) -> None:
        """Give up the report, and an installation; for when the window closes."""
        self._engine.leave()
        process, self._doctor = self._doctor, None
        if process is not None:
            process.finished.disconnect(self._reported)
            process.kill()
            process.waitForFinished(200)

    def _reported(self, code: int, _status: QProcess.ExitStatus) -> None:
        process, self._doctor = self._doctor, None
        if process is None:
            return
        text = bytes(process.readAllStandardOutput().data()).decode(errors="replace")
        process.deleteLater()
        if code or not text.strip():
            self.message.emit(tr("The report could not be made: the engine ended without one."), "warning")
            return
        QGuiApplication.clipboard().setText(text)
        self.message.emit(tr("The report is on the clipboard; paste it into your question."), "info")

    def _not_reported(self, _problem: QProcess.ProcessError) -> None:
        if self._doctor is not None and self._doctor.state() is QProcess.ProcessState.NotRunning:
            program, self._doctor = self._doctor.program(), None
            self.message.emit(
                tr("The report could not be made: {program} could not be started.", program=program),
                "warning",
            )


def _version() -> str:
    return version_of(PROJECT) or tr("from a checkout")
