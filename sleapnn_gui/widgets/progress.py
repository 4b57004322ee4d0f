"""A progress bar that is drawn when everything else is."""

from PySide6.QtWidgets import QProgressBar


class ProgressBar(QProgressBar):
    """Qt's own draws itself, and with it all that waits to be drawn, inside of `setValue`."""

    def fill(self, value: int) -> None:
        """Show a value between `minimum` and `maximum` from the next drawing on."""
        self.setUpdatesEnabled(False)
        self.setValue(value)
        self.setUpdatesEnabled(True)
