"""What is done with a trained model: predicting, and looking at what came of it."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtWidgets import QWidget

from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.monitor.run_summary import RunSummary
from sleapnn_gui.results.frame_source import Files, FrameSource
from sleapnn_gui.shell.pages import Steps
from sleapnn_gui.shell.run_commands import RunCommands
from sleapnn_gui.widgets.desktop import open_in_desktop
from sleapnn_gui.widgets.file_dialog import ALL_FILES, ask_for_file, ask_for_folder

if TYPE_CHECKING:
    from sleapnn_gui.results.compare_page import ComparePage
    from sleapnn_gui.results.evaluation_page import EvaluationPage
    from sleapnn_gui.results.frames_page import FramesPage
    from sleapnn_gui.results.predict_page import PredictPage
    from sleapnn_gui.results.runs_page import RunsPage


class Offering(Protocol):
    """A page that offers to use the model of a run and to judge it."""

    @property
    def predict_wanted(self) -> SignalInstance: ...

    @property
    def evaluation_wanted(self) -> SignalInstance: ...


class ResultCommands(QObject):
    """Commands on the model of a run, and the pages they lead to. `page_wanted` carries the name of the one to show.

    `seeds_wanted` carries (folder of a run, seed) of trainings that a comparison asks for. Each page is made, and what it needs is loaded, when it is first asked for: the window is there sooner without them.
    """

    message = Signal(str, str)
    page_wanted = Signal(str)
    seeds_wanted = Signal(object)

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
        self._inspect, self._source = inspect, FrameSource(inspect)
        #: What the pages are made in: one that is put there later is gone through by Qt once more, which takes long.
        self.place: QWidget | None = None
        self._frames_from = "runs"
        self._waiting: list[Callable[[RunsPage], object]] = []

    @cached_property
    def runs_page(self) -> "RunsPage":
        """The list of runs."""
        from sleapnn_gui.results.runs_page import RunsPage

        page = RunsPage(self._source, parent=self.place)
        self.serve(page)
        for do in self._waiting:
            do(page)
        return page

    @cached_property
    def predict_page(self) -> "PredictPage":
        """Where a model is put to work."""
        from sleapnn_gui.results.predict_page import PredictPage

        page = PredictPage(self.place)
        page.left.connect(lambda: self.page_wanted.emit("runs"))
        page.result_wanted.connect(lambda path: self.show_frames(Files(str(path)), back="predict"))
        page.folder_wanted.connect(lambda path: open_in_desktop(path.parent))
        return page

    @cached_property
    def frames_page(self) -> "FramesPage":
        """Predictions over their video."""
        from sleapnn_gui.results.frames_page import FramesPage

        page = FramesPage(self._source, parent=self.place)
        page.left.connect(lambda: self.page_wanted.emit(self._frames_from))
        page.folder_wanted.connect(lambda path: open_in_desktop(path.parent))
        return page

    @cached_property
    def evaluation_page(self) -> "EvaluationPage":
        """How good a model is."""
        from sleapnn_gui.results.evaluation_page import EvaluationPage

        page = EvaluationPage(self._inspect, self._source, parent=self.place)
        page.left.connect(lambda: self.page_wanted.emit("runs"))
        page.predict_wanted.connect(self.predict_with)
        page.frame_wanted.connect(self._show_frame)
        return page

    @cached_property
    def compare_page(self) -> "ComparePage":
        """Runs side by side."""
        from sleapnn_gui.results.compare_page import ComparePage

        page = ComparePage(self.place)
        page.help.seeds_wanted.connect(self.seeds_wanted)
        page.left.connect(lambda: self.page_wanted.emit("runs"))
        return page

    @property
    def pages(self) -> Mapping[str, Callable[[], Steps]]:
        """What makes the pages, by their names."""
        names = ("runs", "predict", "frames", "evaluation", "compare")
        return {name: partial(self._make_page, f"{name}_page") for name in names}

    def _make_page(self, name: str) -> Steps:
        importlib.import_module(f"sleapnn_gui.results.{name}")
        yield
        page: QWidget = getattr(self, name)
        return page

    def when_listed(self, do: "Callable[[RunsPage], object]") -> None:
        """Do something with the list of runs once it is made."""
        self._waiting.append(do)
        if self._is_made("runs_page"):
            do(self.runs_page)

    @property
    def lists_runs(self) -> bool:
        """Whether the list of runs is on the screen."""
        return self._is_made("runs_page") and self.runs_page.isVisible()

    @property
    def is_predicting(self) -> bool:
        """Whether a prediction is being made."""
        return self._is_made("predict_page") and self.predict_page.is_at_work

    def _is_made(self, page: str) -> bool:
        return page in vars(self)

    def serve(self, page: "Offering") -> None:
        """Do what a page offers, with the run that is looked at there."""
        page.predict_wanted.connect(self.do_predict)
        page.evaluation_wanted.connect(self.do_show_evaluation)

    def do_predict(self) -> None:
        """Predict with the run that is looked at, or with one that is chosen then."""
        folder = self._looked_at()
        if self.is_predicting:
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
        for page in ("predict_page", "evaluation_page", "compare_page", "runs_page"):
            if self._is_made(page):
                getattr(self, page).leave()
