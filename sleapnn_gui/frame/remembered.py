"""What the window keeps from one start to the next: its place and size, how panes share it, the theme, drafts."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths
from PySide6.QtWidgets import QSplitter, QWidget

_GEOMETRY, _THEME, _PANES = "window/geometry", "theme", "panes/"


def draft_folder() -> Path:
    """Where drafts of unsaved work lie: with what the system lets programs keep of their state."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.StateLocation)
    return Path(place) / "drafts"


def remembered_theme() -> str:
    """The theme a person chose last: light, dark or, without a choice, system."""
    found = str(QSettings().value(_THEME, "system"))
    return found if found in ("light", "dark", "system") else "system"


def remember_theme(mode: str) -> None:
    """Use this theme from the next start on as well."""
    QSettings().setValue(_THEME, mode)


def restore_layout(window: QWidget) -> None:
    """Give the window and its panes the sizes they had; what does not fit this screen is left to Qt."""
    settings = QSettings()
    geometry = settings.value(_GEOMETRY)
    if isinstance(geometry, QByteArray):
        window.restoreGeometry(geometry)
    for splitter in _splitters(window):
        state = settings.value(_PANES + splitter.objectName())
        if isinstance(state, QByteArray):
            splitter.restoreState(state)


def remember_layout(window: QWidget) -> None:
    """Keep the sizes of the window and its panes."""
    settings = QSettings()
    settings.setValue(_GEOMETRY, window.saveGeometry())
    for splitter in _splitters(window):
        settings.setValue(_PANES + splitter.objectName(), splitter.saveState())


def _splitters(window: QWidget) -> list[QSplitter]:
    return [splitter for splitter in window.findChildren(QSplitter) if splitter.objectName()]
