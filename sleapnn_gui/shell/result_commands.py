"""What is done with a trained model: predicting, and looking at what came of it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtWidgets import QWidget

from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.monitor.run_summary import RunSummary
from sleapnn_gui.results.frame_source import Files, FrameSource
from sleapnn_gui.shell.pages import Pages, Steps
from sleapnn_gui.shell.run_commands import RunCommands
from sleapnn_gui.widgets.desktop import open_in_desktop
from sleapnn_gui.widgets.file_dialog import ALL_FILES, ask_for_file, ask_for_folder
from sleapnn_gui.widgets.language import tr

if TYPE_CHECKING:
    from sleapnn_engine.protocol.messages import Event
    from sleapnn_gui.results.compare_page import ComparePage
    from sleapnn_gui.results.evaluation_page import EvaluationPage
    from sleapnn_gui.results.frames_page import FramesPage
    from sleapnn_gui.results.labelling import Labelling
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

    `seeds_wanted` carries (folder of a run, seed) of trainings that a comparison asks for.
    """

    message = Signal(str, str)
    page_wanted = Signal(str)
    seeds_wanted = Signal(object)

    def __init__(
        self,
        window: QWidget,
        runs: RunCommands,
        inspect: Inspect,
        place: Pages,
        looked_at: Callable[[], Path | None],
    ) -> None:
        """The pages are made in `place`; `looked_at` gives the folder of the run that a person has before them."""
        super().__init__(window)
        self._window, self._runs, self._looked_at = window, runs, looked_at
        self._inspect, self._source = inspect, FrameSource(inspect)
        #: What the pages are made in: one that is put there later is gone through by Qt once more, which takes long.
        self.place = place
        self._frames_from = "runs"
        self._waiting: list[Callable[[RunsPage], object]] = []
        self._labelling: Labelling | None = None

    @property
    def runs_page(self) -> "RunsPage":
        """The list of runs."""
        return cast("RunsPage", self.place.page("runs"))

    @property
    def predict_page(self) -> "PredictPage":
        """Where a model is put to work."""
        return cast("PredictPage", self.place.page("predict"))

    @property
    def frames_page(self) -> "FramesPage":
        """Predictions over their video."""
        return cast("FramesPage", self.place.page("frames"))

    @property
    def evaluation_page(self) -> "EvaluationPage":
        """How good a model is."""
        return cast("EvaluationPage", self.place.page("evaluation"))

    @property
    def compare_page(self) -> "ComparePage":
        """Runs side by side."""
        return cast("ComparePage", self.place.page("compare"))

    @property
    def pages(self) -> Mapping[str, Callable[[], Steps]]:
        """What makes the pages, by their names: made, and what they need loaded, in steps or when first asked for."""
        return {
            "runs": self._make_runs_page,
            "predict": self._make_predict_page,
            "frames": self._make_frames_page,
            "evaluation": self._make_evaluation_page,
            "compare": self._make_compare_page,
        }

    def _make_runs_page(self) -> Steps:
        from sleapnn_gui.results.runs_page import RunsPage

        yield
        page = RunsPage(self._source, parent=self.place, in_steps=True)
        yield from page.fill(self._source)
        self.serve(page)
        for do in self._waiting:
            do(page)
        return page

    def _make_predict_page(self) -> Steps:
        from sleapnn_gui.results.predict_page import PredictPage

        yield
        page = PredictPage(self.place, in_steps=True)
        yield from page.fill()
        page.left.connect(lambda: self.page_wanted.emit("runs"))
        page.result_wanted.connect(lambda path: self.show_frames(Files(str(path)), back="predict"))
        page.folder_wanted.connect(lambda path: open_in_desktop(path.parent))
        return page

    def _make_frames_page(self) -> Steps:
        from sleapnn_gui.results.frames_page import FramesPage

        yield
        page = FramesPage(self._source, parent=self.place)
        page.left.connect(lambda: self.page_wanted.emit(self._frames_from))
        page.folder_wanted.connect(lambda path: open_in_desktop(path.parent))
        return page

    def _make_evaluation_page(self) -> Steps:
        from sleapnn_gui.results.evaluation_page import EvaluationPage

        yield
        page = EvaluationPage(self._inspect, self._source, parent=self.place, in_steps=True)
        yield from page.fill()
        page.left.connect(lambda: self.page_wanted.emit("runs"))
        page.predict_wanted.connect(self.predict_with)
        page.frame_wanted.connect(self._show_frame)
        return page

    def _make_compare_page(self) -> Steps:
        from sleapnn_gui.results.compare_page import ComparePage

        yield
        page = ComparePage(self.place, in_steps=True)
        yield from page.fill()
        page.help.seeds_wanted.connect(self.seeds_wanted)
        page.left.connect(lambda: self.page_wanted.emit("runs"))
        return page

    def send_to_labelling(self, run: str, frames: "Sequence[Event]") -> None:
        """Ask where frames that a training has shown are written as suggestions, and have them written."""
        from sleapnn_gui.results.labelling import Labelling, sent_frames

        if self._labelling is None:
            self._labelling = Labelling(self._window, self._inspect)
            self._labelling.progressed.connect(self.message)
        found = sent_frames(run, frames)
        self._labelling.ask(found, found.frames)

    def when_listed(self, do: "Callable[[RunsPage], object]") -> None:
        """Do something with the list of runs once it is made."""
        self._waiting.append(do)
        if self.place.is_made("runs"):
            do(self.runs_page)

    @property
    def lists_runs(self) -> bool:
        """Whether the list of runs is on the screen."""
        return self.place.is_made("runs") and self.runs_page.isVisible()

    @property
    def is_predicting(self) -> bool:
        """Whether a prediction is being made."""
        return self.place.is_made("predict") and self.predict_page.is_at_work

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

    def show_evaluation(self, folder: Path, *, wanted: Path | None = None) -> None:
        """Show the evaluations of a run, the `wanted` one of them first."""
        self.evaluation_page.open(folder, wanted=wanted)
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
            tr("Choose the run folder of a trained model"),
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
            tr("Choose predictions"),
            lambda path: self.show_frames(Files(path)),
            filters=tr("Labels (*.slp);;{all_files}", all_files=ALL_FILES),
        )

    def show_frames(self, files: Files, *, back: str = "runs", **which: Any) -> None:
        """Show predictions over their video, from the frame on that `which` names; `back` is where Back leads."""
        self._frames_from = back
        self.frames_page.open(files, **which)
        self.page_wanted.emit("frames")

    def leave(self) -> None:
        """Let go of what is at work; for when the window closes."""
        for name in ("predict", "evaluation", "compare", "runs"):
            if self.place.is_made(name):
                cast("PredictPage | EvaluationPage | ComparePage | RunsPage", self.place.page(name)).leave()
