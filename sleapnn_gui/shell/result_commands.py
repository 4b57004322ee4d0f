"""What is done with a trained model: predicting, and looking at what came of it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtWidgets import QWidget

from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.monitor.run_summary import RunSummary
from sleapnn_gui.monitor.train_page import open_in_desktop
from sleapnn_gui.results.compare_page import ComparePage
from sleapnn_gui.results.evaluation_page import EvaluationPage
from sleapnn_gui.results.frame_source import Files, FrameSource
from sleapnn_gui.results.frames_page import FramesPage
from sleapnn_gui.results.predict_page import PredictPage
from sleapnn_gui.results.runs_page import RunsPage
from sleapnn_gui.shell.run_commands import RunCommands
from sleapnn_gui.widgets.file_dialog import ALL_FILES, ask_for_file, ask_for_folder


class Offering(Protocol):
    """A page that offers to use the model of a run and to judge it."""

    @property
    def predict_wanted(self) -> SignalInstance: ...

    @property
    def evaluation_wanted(self) -> SignalInstance: ...


class ResultCommands(QObject):
    """Commands on the model of a run, and the pages they lead to. `page_wanted` carries the name of the one to show."""

    message = Signal(str, str)
    page_wanted = Signal(str)

    def __init__(
        self,
        window: QWidget,
        runs: RunCommands,
        inspect: Inspect,
        *,
        looked_at: Callable[[], Path | None],
    ) -> None:
        """`looked_at` gives the folder of the run that a person has before them."""
        super().__init__(window)
        self._window, self._runs, self._looked_at = window, runs, looked_at
        self.predict_page = PredictPage()
        self._source = FrameSource(inspect)
        self.runs_page = RunsPage(self._source)
        self.frames_page = FramesPage(self._source)
        self.evaluation_page = EvaluationPage(inspect, self._source)
        self.compare_page = ComparePage()
        self.compare_page.left.connect(lambda: self.page_wanted.emit("runs"))
        self._frames_from = "runs"
        self.predict_page.left.connect(lambda: self.page_wanted.emit("runs"))
        self.predict_page.result_wanted.connect(
            lambda path: self.show_frames(Files(str(path)), back="predict")
        )
        self.frames_page.left.connect(lambda: self.page_wanted.emit(self._frames_from))
        self.evaluation_page.left.connect(lambda: self.page_wanted.emit("runs"))
        self.evaluation_page.predict_wanted.connect(self.predict_with)
        self.evaluation_page.frame_wanted.connect(self._show_frame)
        for page in (self.predict_page, self.frames_page):
            page.folder_wanted.connect(lambda path: open_in_desktop(path.parent))

    @property
    def pages(self) -> Mapping[str, QWidget]:
        """The pages by their names."""
        return {
            "predict": self.predict_page,
            "frames": self.frames_page,
            "evaluation": self.evaluation_page,
            "compare": self.compare_page,
        }

    def serve(self, *pages: "Offering") -> None:
        """Do what these pages offer, with the run that is looked at there."""
        for page in pages:
            page.predict_wanted.connect(self.do_predict)
            page.evaluation_wanted.connect(self.do_show_evaluation)

    def do_predict(self) -> None:
        """Predict with the run that is looked at, or with one that is chosen then."""
        folder = self._looked_at()
        if self.predict_page.is_at_work:
            self.page_wanted.emit("predict")
        elif folder is not None:
            self.predict_with(folder)
        else:
            self._ask_for_run(self.predict_with)

    def do_show_evaluation(self) -> None:
        """Show how good the model of the run is that is looked at, or of one that is chosen then."""
        folder = self._looked_at()
        if folder is not None:
            self.show_evaluation(folder)
        else:
            self._ask_for_run(self.show_evaluation)

    def do_evaluate(self) -> None:
        """The same, and ask at once for the labels to judge it on."""
        folder = self._looked_at()
        if folder is not None:
            self._evaluate(folder)
        else:
            self._ask_for_run(self._evaluate)

    def show_evaluation(self, folder: Path) -> None:
        """Show the evaluations of a run."""
        self.evaluation_page.open(folder)
        self.page_wanted.emit("evaluation")

    def compare(self, runs: Sequence[RunSummary]) -> None:
        """Show runs side by side."""
        self.compare_page.open(runs)
        self.page_wanted.emit("compare")

    def _evaluate(self, folder: Path) -> None:
        self.evaluation_page.open(folder, then=self.evaluation_page.ask_for_labels)
        self.page_wanted.emit("evaluation")

    def _show_frame(self, files: Files, told: dict[str, Any]) -> None:
        self.show_frames(files, back="evaluation", video=told["video"], frame=told["frame"])

    def _ask_for_run(self, then: Callable[[Path], None]) -> None:
        ask_for_folder(
            self._window,
            "Choose the run folder of a trained model",
            lambda path: then(Path(path)),
            start=str(self._runs.folder()),
        )

    def predict_with(self, folder: Path) -> None:
        """Offer to predict with the model of a run."""
        self.predict_page.open(folder)
        self.page_wanted.emit("predict")

    def do_show_predictions(self) -> None:
        """Show a file of predictions that is chosen then."""
        ask_for_file(
            self._window,
            "Choose predictions",
            lambda path: self.show_frames(Files(path)),
            filters=f"Labels (*.slp);;{ALL_FILES}",
        )

    def show_frames(self, files: Files, *, back: str = "runs", **which: Any) -> None:
        """Show predictions over their video, from the frame on that `which` names; `back` is where Back leads."""
        self._frames_from = back
        self.frames_page.open(files, **which)
        self.page_wanted.emit("frames")

    def leave(self) -> None:
        """Let go of what is at work; for when the window closes."""
        self.predict_page.leave()
        self.evaluation_page.leave()
        self.compare_page.leave()
