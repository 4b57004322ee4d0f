"""Commands on what is shown: the four pages and the colours."""

from collections.abc import Callable, Mapping

from PySide6.QtGui import QAction

from sleapnn_gui.shell.settings_store import remember_theme
from sleapnn_gui.widgets.theme import current_theme


class ViewCommands:
    """Going to a page by `show_page`, and choosing light, dark or the system's colours."""

    def __init__(self, show_page: Callable[[str], None]) -> None:
        self._show_page = show_page

    def do_show_data(self) -> None:
        self._show_page("data")

    def do_show_configure(self) -> None:
        self._show_page("configure")

    def do_show_train(self) -> None:
        self._show_page("train")

    def do_show_runs(self) -> None:
        self._show_page("runs")

    def do_theme_light(self) -> None:
        self._use("light")

    def do_theme_dark(self) -> None:
        self._use("dark")

    def do_theme_system(self) -> None:
        self._use("system")

    @staticmethod
    def _use(mode: str) -> None:
        current_theme().turn_to(mode)
        remember_theme(mode)


def mark_theme(actions: Mapping[str, QAction]) -> None:
    """Show in the menu which colours are chosen."""
    actions[f"theme_{current_theme().mode}"].setChecked(True)
