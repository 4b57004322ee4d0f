"""A menu below its button. The one that Qt's own tool buttons open waits inside the press until the menu is closed."""

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QAbstractButton, QMenu


def open_below(menu: QMenu, button: QAbstractButton) -> None:
    """Open a menu below its button; nothing waits while it is open."""
    menu.popup(button.mapToGlobal(QPoint(0, button.height() + 2)))
