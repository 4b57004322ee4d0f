"""The first minutes: what is offered while nothing is open, the tour, and the demonstration, by real presses."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from sleapnn_engine.config import tree
from sleapnn_engine.config.presets import Preset, list_presets
from sleapnn_gui import demo
from sleapnn_gui.document.files import Opened, open_preset
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.machine import State
from sleapnn_gui.shell.tour import TourMark
from tests.gui.real_runs import real_window

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]


@pytest.fixture
def window(app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    with real_window(tmp_path, monkeypatch) as found:
        found.resize(1280, 800)
        yield found


def press(part: QWidget, words: str) -> None:
    """Press the button with these words where it stands."""
    button = next(one for one in part.findChildren(QPushButton) if one.text() == words and one.isVisible())
    window = part.window()
    QTest.mouseClick(
        window.windowHandle(), Qt.MouseButton.LeftButton, pos=button.mapTo(window, button.rect().center())
    )


def inside(outer: QWidget, inner: QWidget) -> bool:
    window = outer.window()
    places = [QRect(one.mapTo(window, QPoint()), one.size()) for one in (outer, inner)]
    return places[0].contains(places[1].intersected(window.rect()))


def test_while_nothing_is_open_what_was_opened_before_is_a_press_away(
    window: MainWindow, shared_data: Path, tmp_path: Path, wait_until: Wait
) -> None:
    ways = window.labels_page.ways_in
    assert ways.isVisible()
    saved = tmp_path / "fly & mouse.yaml"
    shutil.copy(list_presets("guide")[1].path, saved)
    window.open_path(saved)
    window.files.finish()
    window.files.do_new()
    window.files.finish()
    window.files.set_labels([])
    window.document.undo_stack.setClean()
    assert window.document.path is None
    window.show_page("data")
    wait_until(
        lambda: (
            "fly && mouse.yaml" in [one.text() for one in ways.findChildren(QPushButton) if one.isVisible()]
        )
    )
    press(ways, "fly && mouse.yaml")
    window.files.finish()
    assert window.document.path == saved
    window.show_page("data")
    window.show_page("runs")
    window.open_path(shared_data / "fly32_single" / "val.pkg.slp")
    assert window.page() == "data", "nothing on another page would show them"
    wait_until(lambda: window.document.facts is not None, 60)
    QTest.mouseMove(window.windowHandle(), window.rect().bottomRight() - QPoint(2, 2))
    wait_until(lambda: not ways.isVisible())  # the pointer was on what was pressed, which holds them
    window.files.set_labels([])
    wait_until(ways.isVisible)


def test_the_tour_goes_through_the_window_and_can_be_left(window: MainWindow, wait_until: Wait) -> None:
    strip = window.first_steps.strip
    mark = window.findChild(TourMark)
    assert mark is not None
    assert strip.step is None
    press(window.labels_page.ways_in, "Take the tour")
    seen = []
    for step, page in enumerate(("data", "data", "configure", "train", "runs")):
        assert (strip.step, window.page()) == (step, page)
        about = strip._steps[step].about()
        wait_until(lambda about=about: mark.isVisible() and inside(mark, about))
        seen.append(strip.text.text())
        assert strip.back.isEnabled() == (step > 0)
        press(strip, "Done" if page == "runs" else "Next")
    assert strip.step is None
    assert not mark.isVisible()
    assert len(set(seen)) == 5
    window.actions_by_verb["tour"].trigger()
    assert (strip.step, window.page()) == (0, "data")
    for step in (1, 2, 3):  # Next keeps the keyboard, whatever page is shown
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Space)
        assert strip.step == step
    press(strip, "Back")
    assert strip.step == 2
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    assert strip.step is None
    assert not mark.isVisible()


def open_smaller(preset: Preset) -> Opened:
    """The preset, with a network and an epoch of which the test need not wait for every step."""
    opened = open_preset(preset)
    tree.put(opened.values, "model_config.backbone_config.unet.filters", 4)
    tree.put(opened.values, "trainer_config.train_steps_per_epoch", 5)
    return opened


def test_the_demonstration_is_a_press_away(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_until: Wait
) -> None:
    monkeypatch.setattr(demo, "open_preset", open_smaller)
    press(window.labels_page.ways_in, "See the demonstration")
    wait_until(lambda: window.session is not None, 60, "the demonstration trains")
    session = window.session
    assert session is not None
    rows = window.train_page.store.epochs
    wait_until(lambda: session.state is State.TRAINING and len(rows) >= 1, 120, "its first epoch")
    assert session.run_dir is not None
    assert session.run_dir.is_relative_to(tmp_path / "demo")
    assert not window.document.is_dirty, "nothing of this is a person's work"
    window.actions_by_verb["demo"].trigger()
    assert "when it is over" in window.banner.sentence
    session.cancel()
    wait_until(lambda: session.is_over, 60, "cancelled")
