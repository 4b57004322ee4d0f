"""The menu bar, built from the table of commands; on a Mac it is the bar of the system."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar

from sleapnn_gui.shell.commands import COMMANDS, MENUS
from sleapnn_gui.shell.settings_store import forget_recent, recent
from sleapnn_gui.widgets.language import tr


class RecentMenu(QMenu):
    """What was opened lately; the list is read when the menu opens. `chosen` carries the path."""

    chosen = Signal(str)

    def __init__(self, bar: QMenuBar) -> None:
        super().__init__(tr("Open recent"), bar)
        self.setObjectName("menu.recent")
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)
        self.fill()

    def fill(self) -> None:
        """List what is remembered."""
        self.clear()
        paths = recent()
        for path in paths:
            action = self.addAction(_short(path).replace("&", "&&"))
            action.setToolTip(path)
            action.setData(path)
            action.triggered.connect(lambda _checked=False, chosen=path: self.chosen.emit(chosen))
        if paths:
            self.addSeparator()
            self.addAction(tr("Clear this list")).triggered.connect(lambda _checked=False: self._clear())
        else:
            self.addAction(tr("Nothing was opened yet")).setEnabled(False)

    def _clear(self) -> None:
        forget_recent()
        self.fill()


def fill_menu_bar(bar: QMenuBar, actions: Mapping[str, QAction]) -> RecentMenu:
    """Put every command into its menu, in the order of the table; returns the menu of what was opened lately."""
    bar.setObjectName("menu_bar")
    recent_menu = RecentMenu(bar)
    for title in MENUS:
        menu = bar.addMenu(f"&{tr(title)}")
        menu.setObjectName(f"menu.{title.lower()}")
        group = 0
        for command in COMMANDS:
            if command.menu != title:
                continue
            if command.group != group:
                menu.addSeparator()
                group = command.group
            menu.addAction(actions[command.verb])
            if command.verb == "open_run":
                menu.addMenu(recent_menu)
    return recent_menu


def _short(path: str) -> str:
    """The file and the folder it is in."""
    found = Path(path)
    return f"{found.name}  –  {found.parent.name}" if found.parent.name else found.name
