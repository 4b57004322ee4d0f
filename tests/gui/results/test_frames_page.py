"""Predictions over their video: the engine reads them, the newest wish is shown, and keys and slider lead through them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.monitor.colormaps import part_color
from sleapnn_gui.results.frame_source import Files, FrameSource
from sleapnn_gui.results.frames_page import FramesPage
from tests.engine.data import drawn
from tests.engine.evaluation.test_comparing import ANIMAL, predictions, write

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]
FRAMES = 60


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Two animals on each frame of a video, which trade places in the list; the first two frames are labelled."""
    video = str(drawn.write_video(tmp_path / "a.avi", 99, size=(64, 64)))
    near, far = ANIMAL + np.array([1.0, 0.0]), ANIMAL + np.array([5.0, 30.0])
    given = {(0, n): [near, far] for n in range(FRAMES)}
    truth = write(tmp_path / "t.slp", {(0, 0): [ANIMAL], (0, 1): [ANIMAL]}, videos=(video,))
    made = predictions(tmp_path / "p.slp", given, videos=(video,), tracks=("one", "two"))
    return Files(str(made), str(truth))


@pytest.fixture
def page(app: QApplication) -> Iterator[FramesPage]:
    inspect = Inspect()
    found = FramesPage(FrameSource(inspect))
    found.resize(1204, 610)
    found.show()
    yield found
    inspect.close()
    found.close()
    found.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def shown(page: FramesPage, files: Files, wait_until: Wait) -> FramesPage:
    page.open(files)
    wait_until(lambda: page.shown is not None, 60)
    return page


def at(page: FramesPage) -> int:
    return -1 if page.shown is None else page.shown.index


def test_a_frame_tells_who_is_who_and_what_is_extra(shown: FramesPage, wait_until: Wait) -> None:
    assert shown.panel.title.text() == "a.avi · frame 0  ·  2 animals  ·  1 extra  ·  1.0 px off"
    assert shown.place.text() == "1 of 60"
    shown.slider.setValue(5)
    wait_until(lambda: at(shown) == 5)
    assert shown.panel.title.text() == "a.avi · frame 5  ·  2 animals"
    assert not shown.view.matching.known, "a frame without labels has nothing extra"


def test_keys_lead_through_the_frames_and_space_plays_them(shown: FramesPage, wait_until: Wait) -> None:
    for key, expected in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_PageDown, 26),
        (Qt.Key.Key_Left, 25),
        (Qt.Key.Key_End, 59),
        (Qt.Key.Key_Home, 0),
    ):
        QTest.keyClick(shown, key)
        wait_until(lambda expected=expected: at(shown) == expected)
    seen: list[int] = []
    shown.slider.valueChanged.connect(seen.append)
    QTest.keyClick(shown, Qt.Key.Key_Space)
    wait_until(lambda: at(shown) >= 3)
    QTest.keyClick(shown, Qt.Key.Key_Space)
    assert not shown._playing.isActive()
    assert seen == list(range(1, len(seen) + 1)), "none is left out"
    shown.slider.setValue(58)
    shown.play.click()
    wait_until(lambda: at(shown) == 59 and not shown._playing.isActive())


def test_a_slider_that_is_dragged_ends_at_its_last_place(shown: FramesPage, wait_until: Wait) -> None:
    asked: list[str] = []
    shown.source._inspect.asked.connect(asked.append)
    for value in range(1, 50):
        shown.slider.setValue(value)
    wait_until(lambda: at(shown) == 49)
    assert len(asked) < 10, "frames that nobody waits for any more are not asked for"


def test_tracks_have_colours_of_their_own(shown: FramesPage, wait_until: Wait) -> None:
    shown.slider.setValue(5)  # a frame without labels
    wait_until(lambda: at(shown) == 5)
    overlay = shown.view.overlay
    assert overlay.tracks == ("one", "two")
    assert [overlay.color_of(0), overlay.color_of(1)] == [part_color(0), part_color(1)]
    shown.toggles["errors"].setChecked(False)
    assert seen(shown, part_color(0))
    assert seen(shown, part_color(1))
    assert not seen(shown, part_color(2)), "the third part has the colour of its animal"
    shown.toggles["by_animal"].setChecked(False)
    assert seen(shown, part_color(2))


def seen(page: FramesPage, color: QColor) -> bool:
    """Whether a colour is in the picture; lines are smoothed, so that it need not be quite the same."""
    image = page.view.grab().toImage()
    wanted = color.getRgb()[:3]
    return any(
        max(abs(a - b) for a, b in zip(image.pixelColor(x, y).getRgb()[:3], wanted, strict=True)) < 25
        for x in range(image.width())
        for y in range(image.height())
    )


def test_it_begins_where_it_is_told_to(page: FramesPage, files: Files, wait_until: Wait) -> None:
    page.open(files, frame=7)
    wait_until(lambda: page.shown is not None, 60)
    assert (at(page), page.slider.value(), page.slider.maximum()) == (7, 7, 59)


def test_what_cannot_be_shown_is_said_on_the_picture(
    page: FramesPage, tmp_path: Path, wait_until: Wait
) -> None:
    page.open(Files(str(tmp_path / "none.slp")))
    wait_until(lambda: "does not exist" in page.view.placeholder, 60)
    assert not page.play.isEnabled()
