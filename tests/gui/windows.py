"""Throwing a window away so that nothing of it is left to be restyled by the next test's theme."""

from PySide6.QtCore import QCoreApplication, QEvent

from sleapnn_gui.main_window import MainWindow


def throw_away(window: MainWindow) -> None:
    """Close a window without its questions and delete it now; processing events alone never would."""
    window.files.finish()
    window.runs.leave()
    window.document.undo_stack.setClean()
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
