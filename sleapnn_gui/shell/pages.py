"""The pages of the window, one shown at a time, that scroll where the window is smaller than what they can do with."""

import importlib
from collections.abc import Callable, Generator, Mapping

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget

from sleapnn_gui.shell.loading import SteppedLoad, make_types
from sleapnn_gui.shell.settings_store import restore_panes
from sleapnn_gui.widgets.one_by_one import style_ahead

Steps = Generator[None, None, QWidget]
"""Makes a page; what lies between two `yield`s takes no longer than a turn of the event loop may."""

#: Pages that are reached from another one, and the one of the rail that they belong to.
_INSIDE = {"predict": "runs", "frames": "runs", "evaluation": "runs", "compare": "runs"}


#: What the pages are made of, loaded one in a turn, and then the sheets; what takes long of a page stands before it.
MODULES = tuple(
    f"sleapnn_{name}"
    for name in (
        "gui.form.row", "gui.form.form_page",
        "gui.inspector.see.views", "gui.inspector.see.skeleton_view", "gui.inspector.see.see_pane",
        "gui.monitor.plots", "gui.monitor.curves_panel", "gui.monitor.frames", "gui.monitor.train_page",
        "engine.protocol.training_queue", "gui.monitor.runs_model", "gui.results.run_panel", "gui.results.runs_page",
        "engine.config.predict_options", "gui.results.predict_page", "gui.results.frames_page",
        "gui.results.judgement_view", "gui.results.evaluation_page", "gui.results.compare_page",
        "gui.shell.training_review", "gui.shell.train_sheet", "gui.shell.manual_window", "gui.shell.engine_sheet",
        "gui.shell.import_report", "gui.form.preset_sheet", "gui.form.save_preset", "gui.run.resuming",
    )
)  # fmt: skip


def home_of(name: str) -> str:
    """The page of the rail that a page belongs to."""
    return _INSIDE.get(name, name)


class Pages(QStackedWidget):
    """Asks for no more room than the page that is shown, rather than for that of the largest.

    A page is made when it is first needed: then whole, or ahead of that a step in each turn. `all_made` says that none is
    left to be made.
    """

    all_made = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._coming: dict[str, Steps] = {}
        self._pages: dict[str, QWidget] = {}
        self._to_load: list[str] = []
        self._plots: SteppedLoad | None = None
        self._types: list[str] = []
        """While it goes on."""
        self._turns = QTimer(self, interval=0)
        self._turns.timeout.connect(self._go_on)
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def add(self, name: str, page: QWidget) -> None:
        """Take in a page that is made."""
        self._pages[name] = page
        self.addWidget(page)

    def fill(self, makers: Mapping[str, Callable[[], Steps]]) -> None:
        """Know what makes each page, by its name."""
        self._coming = {name: make() for name, make in makers.items()}

    def page(self, name: str) -> QWidget:
        """The page of this name, made now if it was not."""
        while name not in self._pages:
            self._make_step(name)
        return self._pages[name]

    def is_made(self, name: str) -> bool:
        """Whether the page of this name was needed yet, or made ahead."""
        return name in self._pages

    def leave(self) -> None:
        """Make no more ahead; for when the window closes."""
        self._turns.stop()
        if self._plots is not None:
            self._plots.leave()

    def _make_step(self, name: str) -> None:
        try:
            next(self._coming[name])
        except StopIteration as made:
            del self._coming[name]
            restore_panes(made.value)
            self.add(name, made.value)

    def make_all(self) -> None:
        """Make now what was not needed yet."""
        for name in list(self._coming):
            self.page(name)
        self._end()

    def make_ahead(self) -> None:
        """Make what was not needed yet, beside the person's work; not while garbage is searched for."""
        # Not in a thread: one that loads modules of Qt's while the window is at work ends the process now and then.
        self._plots, self._to_load = SteppedLoad("pyqtgraph", without="cuda"), list(MODULES)
        self._types = ["PySide6.QtCore", "PySide6.QtGui", "PySide6.QtWidgets"]  # of which plots ask for all
        self._turns.start()

    def _go_on(self) -> None:
        if self._types:
            make_types(self._types.pop(0))
            return
        if self._plots is not None:
            if not self._plots.step():
                self._plots = None
            return
        if self._to_load:
            importlib.import_module(self._to_load.pop(0))
            return
        name = next(iter(self._coming), "")
        if name:
            self._make_step(name)
        else:
            self._end()

    def _end(self) -> None:
        """What is not seen yet is styled while nobody waits for it."""
        self._turns.stop()
        style_ahead(self)
        self.all_made.emit()

    @property
    def name(self) -> str:
        """Name of the page that is shown."""
        return next(name for name, page in self._pages.items() if page is self.currentWidget())

    def show_page(self, name: str) -> QWidget:
        """Show the page of this name; returns it."""
        page = self.page(name)
        self.setCurrentWidget(page)
        return page

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        if page is None:
            return QSize()
        least = page.minimumSizeHint()
        return QSize(least.width(), self.heightForWidth(max(least.width(), self.width())))

    def heightForWidth(self, width: int) -> int:
        """What the page needs at least: what it would like is no reason to scroll."""
        page = self.currentWidget()
        if page is None:
            return 0
        layout = page.layout()
        if layout is not None and layout.hasHeightForWidth():
            return layout.minimumHeightForWidth(width)
        return page.minimumSizeHint().height()

    def scrolled(self) -> QScrollArea:
        """This in an area that scrolls where it must."""
        area = QScrollArea()
        area.setObjectName("pages")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self)
        return area
