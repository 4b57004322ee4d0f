"""The one way to ask a person for files or a folder; nothing waits while the dialog is open."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from sleapnn_gui.widgets.language import tr

ALL_FILES = tr("All files (*)")


def ask_for_files(
    parent: QWidget, title: str, then: Callable[[list[str]], object], *, filters: str = ALL_FILES
) -> None:
    """Call `then` with the paths of the files that are chosen; not at all where none is."""
    dialog = _dialog(parent, title, filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    # Qt's list of strings is another type than ours: a signal cannot be handed it directly.
    dialog.filesSelected.connect(lambda paths: then(list(paths)))
    dialog.open()


def ask_for_file(
    parent: QWidget, title: str, then: Callable[[str], object], *, filters: str = ALL_FILES
) -> None:
    """Call `then` with the path of the file that is chosen."""
    dialog = _dialog(parent, title, filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(lambda path: then(path))
    dialog.open()


def ask_for_folder(parent: QWidget, title: str, then: Callable[[str], object], *, start: str = "") -> None:
    """Call `then` with the path of the folder that is chosen."""
    dialog = _dialog(parent, title, "", start=start)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
    dialog.fileSelected.connect(lambda path: then(path))
    dialog.open()


def ask_where_to_save(
    parent: QWidget,
    title: str,
    then: Callable[[str], object],
    *,
    name: str,
    suffix: str,
    filters: str = ALL_FILES,
) -> None:
    """Call `then` with the path to write to; `name` is proposed, `suffix` added to a name without one."""
    dialog = _dialog(parent, title, filters)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suffix)
    dialog.selectFile(name)
    dialog.fileSelected.connect(lambda path: then(path))
    dialog.open()


def _dialog(parent: QWidget, title: str, filters: str, *, start: str = "") -> QFileDialog:
    dialog = QFileDialog(parent, title, start, filters)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return dialog
