"""What is done with a trained model: predicting, and looking at what came of it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from sleapnn_gui.monitor.train_page import open_in_desktop
from sleapnn_gui.results.predict_page import PredictPage
from sleapnn_gui.shell.run_commands import RunCommands
from sleapnn_gui.widgets.file_dialog import ask_for_folder


class ResultCommands(QObject):
    """Commands on the model of a run, and the pages they lead to. `page_wanted` carries the name of the one to show."""

    said = Signal(str, str)
    page_wanted = Signal(str)

    def __init__(self, window: QWidget, runs: RunCommands, *, looked_at: Callable[[], Path | None]) -> None:
        """`looked_at` gives the folder of the run that a person has before them."""
        super().__init__(window)
        self._window, self._runs, self._looked_at = window, runs, looked_at
        self.predict_page = PredictPage()
        self.predict_page.left.connect(lambda: self.page_wanted.emit("runs"))
        self.predict_page.folder_wanted.connect(lambda path: open_in_desktop(path.parent))

    @property
    def pages(self) -> Mapping[str, QWidget]:
        """The pages by their names."""
        return {"predict": self.predict_page}

    def do_predict(self) -> None:
        """Predict with the run that is looked at, or with one that is chosen then."""
        folder = self._looked_at()
        if self.predict_page.is_at_work:
            self.page_wanted.emit("predict")
        elif folder is not None:
            self.predict_with(folder)
        else:
            ask_for_folder(
                self._window,
                "Choose the run folder of a trained model",
                lambda path: self.predict_with(Path(path)),
                start=str(self._runs.folder()),
            )

    def predict_with(self, folder: Path) -> None:
        """Offer to predict with the model of a run."""
        self.predict_page.open(folder)
        self.page_wanted.emit("predict")

    def leave(self) -> None:
        """Let go of what is at work; for when the window closes."""
        self.predict_page.leave()
