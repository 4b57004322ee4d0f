"""The application, which on a Mac is handed the files that a person double-clicks."""

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication


class Application(QApplication):
    """`file_opened` carries the path of a file that the system wants shown."""

    file_opened = Signal(str)

    def event(self, event: QEvent) -> bool:
        """Elsewhere such files come on the command line."""
        if isinstance(event, QFileOpenEvent) and event.file():
            self.file_opened.emit(event.file())
            return True
        return super().event(event)
