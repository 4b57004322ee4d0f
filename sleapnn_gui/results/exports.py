"""What is shown of evaluations as files: the figures as a table, the view as a picture."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from sleapnn_engine.config.disk import reason_of, write_whole
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.results.evaluation_text import csv_text
from sleapnn_gui.results.evaluations import Judgement
from sleapnn_gui.widgets.file_dialog import ALL_FILES, ask_where_to_save

_SCALE = 2.0


class Exports(QObject):
    """Asks below a button what to write, and writes it beside the window; `written` carries a sentence."""

    written = Signal(str)

    def __init__(self, page: QWidget, button: QPushButton) -> None:
        super().__init__(page)
        self._page, self._button = page, button
        self._shown: Mapping[str, Judgement] = {}
        self._view: QWidget | None = None
        self._writing = BackgroundTask(self, abandon=False)
        button.clicked.connect(self._ask)

    def show(self, shown: Mapping[str, Judgement], view: QWidget) -> None:
        """These figures, by the names of the runs, are what is shown in this view."""
        self._shown, self._view = dict(shown), view

    def _ask(self) -> None:
        menu = fresh_menu(self._page)
        for words, kind, write in (
            ("Figures as CSV…", "csv", self.write_csv),
            ("This view as PNG…", "png", self.write_png),
        ):
            menu.addAction(words).triggered.connect(
                lambda _checked=False, kind=kind, write=write: self._ask_where(kind, write)
            )
        open_below(menu, self._button)

    def _ask_where(self, kind: str, write: Callable[[str], None]) -> None:
        ask_where_to_save(
            self._page,
            "Export",
            write,
            name=f"{'_'.join(self._shown) or 'evaluation'}.{kind}",
            suffix=kind,
            filters=f"{kind.upper()} (*.{kind});;{ALL_FILES}",
        )

    def write_csv(self, path: str) -> None:
        """Write every figure of what is shown as a table."""
        self._writing.begin(partial(_write_text, Path(path), self._shown), self.written.emit)

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


def open_below(menu: QMenu, button: QPushButton) -> None:
    """Open a menu below its button; nothing waits while it is open."""
    menu.popup(button.mapToGlobal(QPoint(0, button.height() + 2)))


def _write_text(path: Path, shown: Mapping[str, Judgement]) -> str:
    try:
        write_whole(path, csv_text(shown))
    except OSError as problem:
        return f"{path} was not written: {reason_of(problem)}."
    return f"The figures are in {path}."


def _write_image(path: Path, image: QImage) -> str:
    writer = QImageWriter(str(path), b"PNG")
    return (
        f"The picture is in {path}."
        if writer.write(image)
        else f"{path} was not written: {writer.errorString()}."
    )
