"""For who comes for the first time: the tour, the demonstration, and the ways in while nothing is open."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from sleapnn_gui.inspector.labels_page import LabelsPage
from sleapnn_gui.shell.pages import Pages
from sleapnn_gui.shell.settings_store import recent
from sleapnn_gui.shell.tour import Step, TourStrip
from sleapnn_gui.widgets.language import tr

#: The commands that the Data page offers while nothing is open.
_WAYS_IN = ("open", "demo", "tour")


class FirstSteps(QObject):
    """Commands of the first minutes. `demo_wanted` says that the demonstration is to be seen, `message` why it is not;
    `path_wanted` carries something that was opened before.
    """

    demo_wanted = Signal()
    path_wanted = Signal(str)
    message = Signal(str, str)

    def __init__(
        self, window: QWidget, pages: Pages, labels_page: LabelsPage, *, can: Callable[[str], bool]
    ) -> None:
        """`can` says whether a command on the run makes sense now."""
        super().__init__(window)
        self._page, self._can = labels_page, can
        self.strip = TourStrip(window, _steps(pages, labels_page))

    def adopt(self, actions: Mapping[str, QAction]) -> None:
        """Offer the ways in on the Data page while no labels are open."""
        self._page.ways_in.offer([actions[verb] for verb in _WAYS_IN])
        self._page.ways_in.chosen.connect(self.path_wanted)
        self._page.ways_in.comes_to_view.connect(self._refresh)

    def _refresh(self) -> None:
        self._page.ways_in.show_recent(recent())

    def do_tour(self) -> None:
        """Begin the tour."""
        self.strip.begin()

    def do_demo(self) -> None:
        """Draw labels and train on them, before one's eyes."""
        if self._can("train"):
            self.demo_wanted.emit()
        else:
            self.message.emit(
                tr("A training is at work; the demonstration can be seen when it is over."), "info"
            )


def _steps(pages: Pages, labels_page: LabelsPage) -> tuple[Step, ...]:
    """What the tour shows, from page to page."""
    return (
        Step(
            "data",
            tr(
                "Labels come in here: drop a labels file of SLEAP, or choose one. What is in them, and what is "
                "worth a look before training, is shown below."
            ),
            lambda: labels_page.drop_zone,
        ),
        Step(
            "data",
            tr(
                "How to train on your labels, with a reason for each advice, and presets to start from. Nothing is "
                "changed until you press it, and Undo takes it back."
            ),
            lambda: labels_page.beside,
        ),
        Step(
            "configure",
            tr(
                "Every setting, with what it does. See shows it on your own animals while you type; in a narrow "
                "window the button at the top right opens it. Ctrl+F finds a setting by what you would call it."
            ),
            lambda: pages.page("configure"),
        ),
        Step(
            "train",
            tr(
                "Train begins, and this page shows what is learned as it comes: the loss, the distance to your labels "
                "in pixels, and the worst frames. Pause, or stop and keep the best model, at any time."
            ),
            lambda: pages.page("train"),
        ),
        Step(
            "runs",
            tr(
                "Every training stays here, also of former days: compare runs, go on with one, judge its model, or "
                "use it on a video."
            ),
            lambda: pages.page("runs"),
        ),
    )
