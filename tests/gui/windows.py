"""Windows for tests: thrown away so that nothing is left to be restyled, or put back to how they start."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from sleapnn_gui.document.files import Opened
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.shell.screen import WANTED


def throw_away(window: MainWindow) -> None:
    """Close a window without its questions and delete it now; processing events alone never would."""
    window.files.finish()
    window.runs.leave()
    window.document.undo_stack.setClean()
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def start_over(window: MainWindow, *paths: str) -> MainWindow:
    """A window as it was when it was made, with these paths open: making one takes a second of a processor."""
    window.files.finish()
    window.runs.leave()
    for dialog in window.findChildren(QDialog):
        dialog.done(QDialog.DialogCode.Rejected)
        dialog.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    window.files.finish()
    window.document.adopt(Opened(values={}, title=""))
    window.files.do_new()
    window.show_message("")
    window.show_page("data")
    window.resize(WANTED)
    window.show()
    # The pointer of an earlier test, on a control, would hold back whatever comes by itself.
    QTest.mouseMove(window.windowHandle(), window.rect().bottomRight() - QPoint(2, 2))
    if paths:
        window.files.open_paths([Path(path) for path in paths])
        window.files.finish()
    return window
