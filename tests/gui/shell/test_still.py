"""Nothing that comes by itself moves a control from under the pointer; it is said once the pointer is elsewhere."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from sleapnn_gui.app import show_window
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.machine import State
from tests.gui.monitor.showing import long_run, show
from tests.gui.shell.pressing import controls
from tests.gui.windows import throw_away

Wait = Callable[..., None]
pytestmark = pytest.mark.usefixtures("quick_engines")
LONG = "The engine that reads labels could not be started: the disk is full. " * 4


@pytest.fixture(scope="module")
def shown(app: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    with contextlib.chdir(tmp_path_factory.mktemp("shown")):
        _, found = show_window(["sleapnn-gui", "--theme", "light"])
        found.resize(1280, 720)
        found.document.set_value("trainer_config.max_epochs", 3)
        show(found.train_page, long_run(), State.TRAINING)
        found.train_page._timer.stop()
        yield found
        throw_away(found)


@pytest.fixture
def window(shown: MainWindow) -> MainWindow:
    point_at(shown, QPoint(1, 1))
    shown.show_message("")
    return shown


def point_at(window: MainWindow, place: QPoint) -> None:
    QTest.mouseMove(window.windowHandle(), place)
    QApplication.processEvents()


def places(part: QWidget) -> dict[tuple[str, ...], QRect]:
    """Where in the window everything of a part of it is that can be pressed and seen."""
    QApplication.processEvents()
    found = {}
    for key, control in controls(part).items():
        widget: QWidget = control.owner
        seen = widget.visibleRegion().boundingRect()
        if not seen.isEmpty():
            found[key] = QRect(widget.mapTo(widget.window(), seen.topLeft()), seen.size())
    return found


def places_at_rest(part: QWidget) -> dict[tuple[str, ...], QRect]:
    """The same once nothing moves any more: a page that was just shown learns what the engine works out."""
    last, found = None, places(part)
    while last != found:
        QTest.qWait(300)
        last, found = found, places(part)
    return found


HAPPENINGS: dict[str, Callable[[MainWindow], object]] = {
    "reading labels fails": lambda window: window.inspect.troubled.emit(LONG),
    "drafts cannot be kept": lambda window: window.drafts.failed.emit(LONG),
    "a part of the window fails": lambda window: window.show_fault(LONG, "Traceback"),
    "files could not be looked at": lambda window: window.full_check.failed.emit(LONG),
}
ON_RUN: dict[str, Callable[[MainWindow], object]] = {
    "a run ends": lambda window: window.train_page.banner.show_message(
        LONG, severity="error", lines=("a", "b")
    ),
    "the loss is no number": lambda window: window.train_page.advice.show_message(LONG, severity="warning"),
}


def nothing_moves(window: MainWindow, part: QWidget, happen: Callable[[MainWindow], object]) -> None:
    """Point at everything of a part while something happens; it is seen only after that, and needs room."""
    before = places_at_rest(part)
    assert before
    for place in before.values():
        point_at(window, place.center())
        happen(window)
        assert places(part) == before, place
    point_at(window, QPoint(1, 1))
    QTest.qWait(150)
    assert places(part) != before, "the walk can fail: what happened needs room"


@pytest.mark.parametrize("page", ["data", "configure", "train", "runs"])
@pytest.mark.parametrize("happening", HAPPENINGS)
def test_nothing_moves_from_under_the_pointer(window: MainWindow, page: str, happening: str) -> None:
    window.show_page(page)
    nothing_moves(window, window.pages.parentWidget(), HAPPENINGS[happening])
    assert window.banner.isVisible()


@pytest.mark.parametrize("happening", ON_RUN)
def test_nothing_moves_when_a_run_has_news(window: MainWindow, happening: str) -> None:
    window.show_page("train")
    page = window.train_page
    for message in (page.banner, page.advice):
        message.clear(at_once=True)
    nothing_moves(window, page.stack, ON_RUN[happening])


def test_a_message_is_taken_away_by_itself_as_calmly(window: MainWindow) -> None:
    window.show_page("train")
    page = window.train_page
    page.banner.show_message(LONG, severity="error")
    nothing_moves(window, page.stack, lambda _window: page.banner.clear())
    assert not page.banner.isVisible()


def test_nothing_moves_when_labels_are_known(window: MainWindow, shared_data: Path, wait_until: Wait) -> None:
    window.files.set_labels([])
    wait_until(lambda: window.document.facts is None)
    window.show_page("data")
    window.labels_page.offer_presets()
    QTest.qWait(100)  # what was shown before may have had a scroll bar, which is going
    window.files.set_labels([str(shared_data / "mice11_pair" / "val.pkg.slp")])
    before = around_presets(window)
    wait_until(lambda: window.document.facts is not None, 60)
    wait_until(lambda: window.labels_page.note.text().startswith("Not for these labels"))
    QTest.qWait(100)
    after = around_presets(window)
    assert {name: after[name] for name in before} == before, "what comes moves nothing that was there"


def around_presets(window: MainWindow) -> dict[tuple[str, ...], QPoint]:
    """Where everything is but the presets, of which those that fit come first, and what is offered without labels."""
    return {
        name: place
        for name, place in corners(window.labels_page).items()
        if not {"presets", "data:ways_in"}.intersection(name)
    }


def corners(part: QWidget) -> dict[tuple[str, ...], QPoint]:
    """Where things begin: a list may show fewer rows at its end, which moves none of them."""
    return {key: place.topLeft() for key, place in places(part).items()}
