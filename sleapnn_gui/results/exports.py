"""What is shown as files: the figures as tables, the view as a picture."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from sleapnn_engine.config.disk import reason_of, write_whole
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.widgets.file_dialog import ALL_FILES, ask_where_to_save
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.menus import open_below

_SCALE = 2.0


class Exports(QObject):
    """Asks below a button what to write, and writes it beside the window; `written` carries a sentence."""

    written = Signal(str)

    def __init__(self, page: QWidget, button: QPushButton) -> None:
        super().__init__(page)
        self._page, self._button = page, button
        self._name = ""
        self._tables: Mapping[str, Callable[[], str]] = {}
        self._view: QWidget | None = None
        self._writing = BackgroundTask(self, abandon=False)
        button.clicked.connect(self._ask)

    def show(self, name: str, tables: Mapping[str, Callable[[], str]], view: QWidget) -> None:
        """This is shown: `name` is proposed for files, `tables` make text of CSV files, by the words of their choices."""
        self._name, self._tables, self._view = name, dict(tables), view

    def _ask(self) -> None:
        menu = fresh_menu(self._page)
        choices = [(words, "csv", partial(self.write_csv, make=make)) for words, make in self._tables.items()]
        for words, kind, write in (*choices, (tr("This view as PNG…"), "png", self.write_png)):
            menu.addAction(words).triggered.connect(
                lambda _checked=False, kind=kind, write=write: self._ask_where(kind, write)
            )
        open_below(menu, self._button)

    def _ask_where(self, kind: str, write: Callable[[str], None]) -> None:
        ask_where_to_save(
            self._page,
            tr("Export"),
            write,
            name=f"{self._name}.{kind}",
            suffix=kind,
            filters=f"{kind.upper()} (*.{kind});;{ALL_FILES}",
        )

    def write_csv(self, path: str, *, make: Callable[[], str] | None = None) -> None:
        """Write a table of what is shown; `make` makes its text, the first one where it is not said."""
        made = make or next(iter(self._tables.values()), str)
        self._writing.begin(partial(_write_text, Path(path), made), self.written.emit)

    def write_png(self, path: str) -> None:
        """Write what is shown as a picture, twice as fine as on the screen."""
        view = self._view
        if view is None:
            return
        image = QImage(view.size() * _SCALE, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(_SCALE)
        image.fill(view.palette().window().color())
        view.render(image, QPoint())
        self._writing.begin(partial(_write_image, Path(path), image), self.written.emit)


def fresh_menu(page: QWidget) -> QMenu:
    """The menu of a page, with nothing in it."""
    found = page.findChild(QMenu, "menu.results")
    menu = found if isinstance(found, QMenu) else QMenu(page)
    menu.setObjectName("menu.results")
    menu.clear()
    return menu


def _write_text(path: Path, make: Callable[[], str]) -> str:
    try:
        write_whole(path, make())
    except OSError as problem:
        return tr("{path} was not written: {reason_of}.", path=path, reason_of=reason_of(problem))
    return tr("The figures are in {path}.", path=path)


def _write_image(path: Path, image: QImage) -> str:
    writer = QImageWriter(str(path), b"PNG")
    return (
        tr("The picture is in {path}.", path=path)
        if writer.write(image)
        else tr("{path} was not written: {error_string}.", path=path, error_string=writer.errorString())
    )
