"""The language of the window: every text that a person reads is English in the code, and goes through `tr`."""

from functools import cache
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from sleapnn_engine.config import text_format
from sleapnn_engine.config.chosen_engine import data_folder
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.protocol.counting import epoch_number

#: Catalogues are called `sleapnn_gui_de.qm`; all their texts stand in one context.
CATALOGUE = "sleapnn_gui"
CONTEXT = "sleapnn"
#: The folder of catalogues, beside what the person's engine is installed in and among the app's own files.
FOLDER = "translations"


def tr(text: str, /, **places: object) -> str:
    """`text` in the language of the window, its `{places}` filled in after that; as it is where nothing translates it.

    A language is chosen once for a process, before a window is there: a table of a module may hold texts as well.
    """
    catalogue = chosen_catalogue()
    found = catalogue.translate(CONTEXT, text) if catalogue is not None and text else ""
    if not places:
        return found or text
    try:
        return (found or text).format(**places)
    except (KeyError, IndexError, ValueError):  # a translation with places that there are not
        return text.format(**places)


def counted(number: int, one: str, many: str = "", *, spec: str = "") -> str:
    """A number with its noun: '1 frame', '3 frames'; `many` where an s does not do, `spec` how the number is written.

    A catalogue has the text `%n frame` in all the forms of its language.
    """
    catalogue = chosen_catalogue()
    if catalogue is not None:
        found = catalogue.translate(CONTEXT, f"%n {one}", None, number)
        if found:
            return found.replace("%n", f"{number:{spec}}")
    return text_format.counted(number, one, many, spec=spec)


def epoch_name(epoch: int) -> str:
    """An epoch counted from 0 as people call it, for example 'epoch 1'."""
    return tr("epoch {number}", number=epoch_number(epoch))


@cache
def chosen_catalogue() -> QTranslator | None:
    """The catalogue of the first of the system's languages that has one; None for English, and where there is none."""
    folders = [
        folder for folder in (data_folder() / FOLDER, resource_path(FOLDER)) if _has_catalogues(folder)
    ]
    if not folders:
        return None
    for language in QLocale.system().uiLanguages():
        found = QTranslator()
        if any(found.load(f"{CATALOGUE}_{language.replace('-', '_')}", str(folder)) for folder in folders):
            return found
        if language.partition("-")[0] in ("en", "C"):
            break
    return None


def install_language() -> None:
    """Have the application put Qt's own words, as on the buttons of a question, into the language of the window."""
    catalogue, app = chosen_catalogue(), QCoreApplication.instance()
    if catalogue is None or app is None:
        return
    theirs = QTranslator(app)
    if theirs.load(
        f"qtbase_{catalogue.language()}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    ):
        app.installTranslator(theirs)


def _has_catalogues(folder: Path) -> bool:
    return any(folder.glob(f"{CATALOGUE}_*.qm"))
