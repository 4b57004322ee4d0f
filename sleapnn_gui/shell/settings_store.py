"""What the window keeps from one start to the next: place and size, panes, theme, what was open, drafts."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths
from PySide6.QtWidgets import QSplitter, QWidget

from sleapnn_gui.run.process import USUAL_FRAMES_MB
from sleapnn_gui.shell.screen import first_place, place_window
from sleapnn_gui.shell.settings_keeper import settings_keeper

_GEOMETRY, _THEME, _PANES, _RECENT, _RUNS = "window/geometry", "theme", "panes/", "recent", "run_folders"
_REVIEW, _FRAMES, _PLACE = "train/review", "train/frames_mb", "runs/elsewhere"
_MOST_RECENT, _MOST_FOLDERS = 10, 50


def draft_folder() -> Path:
    """Where drafts of unsaved work lie: with what the system lets programs keep of their state."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.StateLocation)
    return Path(place) / "drafts"


def lock_folder() -> Path:
    """Where locks lie that tell windows of one another."""
    return draft_folder().with_name("open")


def remembered_theme() -> str:
    """The theme a person chose last: light, dark or, without a choice, system."""
    found = str(QSettings().value(_THEME, "system"))
    return found if found in ("light", "dark", "system") else "system"


def remember_theme(mode: str) -> None:
    """Use this theme from the next start on as well."""
    settings_keeper().keep({_THEME: mode})


def reviews_before_training() -> bool:
    """Whether the sheet shall come before each training."""
    return str(QSettings().value(_REVIEW, "false")).lower() == "true"


def remember_review(wanted: bool) -> None:
    """Show the sheet before each training from now on, or no more."""
    settings_keeper().keep({_REVIEW: wanted})


def frames_mb() -> int:
    """How many megabytes of validation frames each run keeps."""
    said = str(QSettings().value(_FRAMES, USUAL_FRAMES_MB))
    return int(said) if said.isascii() and said.isdigit() and len(said) <= 6 else USUAL_FRAMES_MB


def remember_frames_mb(megabytes: int) -> None:
    """Have each training from now on keep so many megabytes of validation frames."""
    settings_keeper().keep({_FRAMES: megabytes})


def recent() -> list[str]:
    """Configs and run folders that were opened or saved, the latest first."""
    return _listed(_RECENT)


def run_folders() -> list[Path]:
    """Folders that runs were trained or looked at in, the latest first."""
    return [Path(path) for path in _listed(_RUNS)]


def last_place() -> tuple[str, str]:
    """Host and folder of the run on another machine that was followed last; '' before."""
    found = _listed(_PLACE)
    return (found[0], found[1]) if len(found) == 2 else ("", "")


def remember_place(host: str, folder: str) -> None:
    """Offer this place the next time."""
    settings_keeper().keep({_PLACE: [host, folder]})


def remember_run_folder(folder: Path) -> None:
    """Look for runs in this folder as well from now on."""
    said, known = str(folder.absolute()), _listed(_RUNS)
    if known[:1] != [said]:
        settings_keeper().keep({_RUNS: [said, *(other for other in known if other != said)][:_MOST_FOLDERS]})


def _listed(name: str) -> list[str]:
    found = QSettings().value(name, [])
    # One entry comes back as a text, none as None.
    if isinstance(found, str):
        return [found]
    return [str(path) for path in found] if isinstance(found, list) else []


def remember_recent(path: Path) -> None:
    """Put a config or run folder at the head of the list."""
    said = str(path.absolute())
    settings_keeper().keep({_RECENT: [said, *(other for other in recent() if other != said)][:_MOST_RECENT]})


def forget_recent() -> None:
    """Empty the list."""
    settings_keeper().keep({_RECENT: None})


def restore_layout(window: QWidget) -> None:
    """Give the window and its panes the sizes they had, as far as the screens that are there now allow."""
    geometry = QSettings().value(_GEOMETRY)
    if isinstance(geometry, QByteArray) and window.restoreGeometry(geometry):
        place_window(window)
    else:
        window.setGeometry(first_place(window.screen()))
    restore_panes(window)


def restore_panes(part: QWidget) -> None:
    """Give the panes in a part of the window, as a page that was made only now, the sizes they had."""
    settings = QSettings()
    for splitter in _splitters(part):
        state = settings.value(_PANES + splitter.objectName())
        if isinstance(state, QByteArray):
            splitter.restoreState(state)


def remember_layout(window: QWidget) -> None:
    """Keep the sizes of the window and its panes."""
    sizes: dict[str, object] = {_GEOMETRY: window.saveGeometry()}
    sizes |= {_PANES + splitter.objectName(): splitter.saveState() for splitter in _splitters(window)}
    settings_keeper().keep(sizes)


def _splitters(window: QWidget) -> list[QSplitter]:
    return [splitter for splitter in window.findChildren(QSplitter) if splitter.objectName()]
