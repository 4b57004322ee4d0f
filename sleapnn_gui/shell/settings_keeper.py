"""Writing what the window keeps for its next start; where that cannot be done it is told, once."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QSettings, Signal

from sleapnn_engine.config.disk import reason_of, writable_target, write_whole
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.widgets.language import tr


class SettingsKeeper(QObject):
    """One for the application. `failed` carries a sentence, `mended` the same one when it is true no more.

    Qt writes the file whole or not at all, and what found no place in it goes with what is written next.
    """

    failed = Signal(str)
    mended = Signal(str)

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        self.setObjectName("settings_keeper")
        self._told = ""
        self._looking = BackgroundTask(self)

    def keep(self, values: Mapping[str, object]) -> None:
        """Use these values from the next start on as well; None takes one away."""
        settings = QSettings()
        for name, value in values.items():
            if value is None:
                settings.remove(name)
            else:
                settings.setValue(name, value)
        settings.sync()
        if settings.status() is QSettings.Status.AccessError:
            self.check()
        elif self._told:
            self.mended.emit(self._told)

    def check(self) -> None:
        """See whether anything could be written: what is kept as the window closes, nobody would be told of."""
        path = Path(QSettings().fileName())
        if path.is_absolute():  # else it is no file
            self._looking.begin(partial(why_not_written, path), partial(self._report, path))

    def _report(self, path: Path, why: str) -> None:
        if why and not self._told:
            self._told = tr(
                "What this window remembers, as recent files, sizes and choices, cannot be written to {path}: {why}. "
                "What it remembered before is still there.",
                path=path,
                why=why,
            )
            self.failed.emit(self._told)


def settings_keeper() -> SettingsKeeper:
    """The application's one keeper, made if there is none."""
    app = QCoreApplication.instance()
    found = None if app is None else app.findChild(SettingsKeeper, "settings_keeper")
    return found or SettingsKeeper(app)


def why_not_written(path: Path) -> str:
    """Why nothing can be written to a file, to end a sentence; '' where it can. It stays as it is. For a thread."""
    folder = next(one for one in path.parents if one.exists())
    try:
        if folder != path.parent:  # it is made when there is something to write
            writable_target(folder / path.name)
            return ""
        size = writable_target(path).stat().st_size if path.exists() else 0
        probe = path.with_name(f".{path.name}.probe")
        write_whole(probe, bytes(size + 1), durable=False)
        probe.unlink(missing_ok=True)
    except OSError as problem:
        return reason_of(problem)
    return ""
