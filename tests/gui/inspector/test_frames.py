"""Going through the labelled frames: what is shown, and how few of them are read for it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sleapnn_gui.inspector.frames.browser import FrameBrowser
from sleapnn_gui.inspector.frames.figures import FrameFigures
from sleapnn_gui.inspector.frames.findings import FindingList, worth_a_look
from sleapnn_gui.inspector.frames.table import Choice, FrameTable
from sleapnn_gui.main_window import MainWindow
from tests.engine.training.rendered import write_labels
from tests.gui.windows import throw_away

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]


@attrs.define
class Asked:
    frames: list[int] = attrs.field(factory=list)
    small: list[list[int]] = attrs.field(factory=list)


def table_of(frames: int, *, videos: int = 1) -> FrameTable:
    rows = np.zeros((frames, 4), dtype=np.int32)
    rows[:, 0], rows[:, 1] = np.arange(frames) % videos, np.arange(frames) * 10
    rows[:, 2], rows[:, 3] = 1, np.where(np.arange(frames) % 5 == 0, 2, 1)
    animals = np.stack([np.arange(frames), np.zeros(frames), np.full(frames, -1)], axis=1).astype(np.int32)
    return FrameTable(
        rows,
        np.tile(np.array([[48, 64, 1]], np.int32), (frames, 1)),
        animals,
        np.linspace(20, 60, frames).astype(np.float32),
        np.full(frames, -1, np.float32),
        tuple(f"film_{video}.mp4" for video in range(videos)),
        (),
    )


@pytest.fixture
def browser(app: QApplication) -> Iterator[tuple[FrameBrowser, Asked]]:
    asked, made = Asked(), FrameBrowser()
    made.wanted.connect(asked.frames.append)
    made.small_wanted.connect(asked.small.append)
    made.resize(560, 520)
    made.show()
    app.processEvents()
    yield made, asked
    made.close()
    made.deleteLater()


def turn(browser: FrameBrowser, notches: float) -> None:
    middle = QPointF(browser.strip.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(browser.strip.mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, round(-120 * notches)),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(browser.strip, event)


def test_of_ten_thousand_frames_only_those_in_view_are_asked_for(
    browser: tuple[FrameBrowser, Asked],
) -> None:
    made, asked = browser
    made.show_table(table_of(10_000, videos=3))
    assert asked.frames == [0]
    assert max(map(max, asked.small)) < 10
    QTest.keyClick(made.strip, Qt.Key.Key_End)
    assert asked.frames == [0, 9_999]
    assert min(asked.small[-1]) > 9_980
    assert made.count.text() == "10,000 of 10,000"
    made.show_pictures({place: QImage(8, 8, QImage.Format.Format_Grayscale8) for place in asked.small[-1]})
    before = len(asked.small)
    QTest.keyClick(made.strip, Qt.Key.Key_Left)
    assert len(asked.small) == before, "what has its picture is not asked for again"


def test_keys_wheel_pointer_and_slider_go_from_frame_to_frame(browser: tuple[FrameBrowser, Asked]) -> None:
    made, asked = browser
    made.show_table(table_of(200))
    QTest.keyClick(made.strip, Qt.Key.Key_Right)
    QTest.keyClick(made.strip, Qt.Key.Key_PageDown)
    turn(made, 1)
    turn(made, 0.5)
    turn(made, 0.5)
    QTest.keyClick(made, Qt.Key.Key_Home)
    QTest.mouseClick(made.strip, Qt.MouseButton.LeftButton, pos=QPoint(200, 20))
    made.slider.setValue(150)
    assert asked.frames == [0, 1, 26, 27, 28, 0, 2, 150]
    QTest.keyClick(made.strip, Qt.Key.Key_Home)
    QTest.keyClick(made.strip, Qt.Key.Key_Left)
    assert made.strip.place == 0


def test_a_choice_of_frames_is_stepped_through(browser: tuple[FrameBrowser, Asked]) -> None:
    made, asked = browser
    made.show_table(table_of(30, videos=2))
    names = [made.filter.itemText(row) for row in range(made.filter.count())]
    assert names == ["All frames (30)", "Validation (6)", "film_0.mp4 (15)", "film_1.mp4 (15)"]
    made.filter.setCurrentIndex(1)
    made.filter.activated.emit(1)
    QTest.keyClick(made.strip, Qt.Key.Key_Right)
    assert asked.frames[-1] == 5
    made.step_through(Choice("Odd ones", np.array([7, 9]), {7: [0]}))
    assert made.filter.currentText() == "Odd ones (2)"
    assert made.strip.place == 7
    made.go_to(20)
    assert made.filter.currentText() == "All frames (30)"
    assert made.strip.place == 20
    made.show_table(table_of(30, videos=2))
    assert made.strip.place == 20, "another split leaves the frame where it is"
    made.clear()
    assert made.filter.count() == 0


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("frames")
    return write_labels(folder, frames=12, animals=2, tracks=("ann", "bob"))


def test_the_page_shows_the_labels_that_are_opened(
    app: QApplication, wait_until: Wait, labels: Path, tmp_path: Path
) -> None:
    window = MainWindow()
    window.show()
    page, shown = window.labels_page, []
    window.frames_watch.shown.connect(shown.append)
    assert not page.browser.isVisible()
    window.files.set_labels([str(labels)])
    wait_until(lambda: bool(shown) and page.browser.table is not None, 60)
    browser = page.browser
    wait_until(lambda: len(browser.strip._images) >= 5, 20)
    assert browser.isVisible()
    assert page.drop_zone.title.text() == labels.name
    assert browser.view.nodes == ("nose", "neck", "tail")
    assert browser.view.overlay.true_identities == ["ann", "bob"]
    QTest.keyClick(browser.strip, Qt.Key.Key_End)
    wait_until(lambda: shown[-1]["index"] == 11)
    assert "frame 11" in browser.said.text()
    wait_until(lambda: "looked through" not in page.findings.status.text(), 20)
    validation = count_of(browser, "Validation")
    window.document.set_value("data_config.validation_fraction", 0.5)
    wait_until(lambda: count_of(browser, "Validation") > validation, 20)
    assert browser.strip.place == 11
    asked: list[str] = []
    window.inspect.asked.connect(asked.append)
    window.files.use_preset("bottomup_unet_medium_rf")
    wait_until(lambda: "doctor" in asked, 20)
    wait_until(
        lambda: not window.inspect.is_asking("doctor") and not window.frames_watch._timer.isActive(), 20
    )
    del asked[:]
    window.document.set_value("model_config.head_configs.bottomup.confmaps.sigma", 3.5)
    assert not window.frames_watch._timer.isActive(), "a sigma changes nothing that is shown here"
    split_into_files(window, tmp_path, wait_until)
    window.document.set_value("data_config.train_labels_path", None)
    wait_until(lambda: not browser.isVisible(), 20)
    assert browser.table is None
    throw_away(window)


def split_into_files(window: MainWindow, folder: Path, wait_until: Wait) -> None:
    """Stretches of frames are looked at, then saved as labels files that the config names, and back again."""
    view, browser, document = window.labels_page.split, window.labels_page.browser, window.document
    wait_until(lambda: "drawn at random" in view.said.sentence, 20)
    assert not view.save.isEnabled()
    assert not view.rules.buttons[1].isEnabled(), "there is one video only"
    view.share.setCurrentIndex(view.share.findText("20 %"))
    view.share.activated.emit(view.share.currentIndex())
    assert document.value("data_config.validation_fraction") == 0.2
    wait_until(lambda: view.said.sentence.startswith("2 of 12 frames"), 20)
    QTest.mouseClick(view.rules.buttons[2], Qt.MouseButton.LeftButton)
    wait_until(lambda: "stretches" in view.said.sentence, 20)
    view.show_them.click()
    assert browser.filter.currentText().startswith("Validation")
    measured = [browser.table.number(int(place)) for place in browser.strip.places]
    view.save_wanted.emit(str(folder / "gone"))
    wait_until(lambda: view.saved.severity == "error", 20)
    view.save_wanted.emit(str(folder))
    wait_until(lambda: bool(document.value("data_config.val_labels_path")), 20)
    assert document.value("data_config.train_labels_path") == [str(folder / "labels.train.slp")]
    wait_until(lambda: "files of their own" in view.said.sentence, 20)
    assert not view.rules.isEnabled()
    validation = next(choice for choice in browser.choices if choice.name == "Validation")
    assert [browser.table.number(int(place)) for place in validation.places] == measured
    window.do_undo()
    wait_until(lambda: "drawn at random" in view.said.sentence, 20)


def count_of(browser: FrameBrowser, name: str) -> int:
    """How many frames a choice has."""
    found: dict[str, Any] = {choice.name: choice for choice in browser.choices}
    return len(found[name].places) if name in found else 0


def finding(kind: str, *places: tuple[int, int], doubt: bool = True, fix: Any = None) -> dict[str, Any]:
    said = {"kind": kind, "title": f"{len(places)} animals: {kind} so", "detail": "Why.", "fix": fix}
    return {**said, "places": [list(place) for place in places], "doubt": doubt}


def test_what_is_worth_a_look_is_stepped_through_and_mended(
    app: QApplication, browser: tuple[FrameBrowser, Asked], wait_until: Wait
) -> None:
    made, _ = browser
    made.show_table(table_of(40))
    listed, fixed, split = FindingList(), [], []
    listed.shown.connect(made.step_through)
    listed.fixed.connect(lambda changes, label: fixed.append((changes, label)))
    listed.split_wanted.connect(lambda: split.append(True))
    listed.show()
    said = [
        finding("odd", (9, 1), (3, 0), (9, 0)),
        finding("leaks", (5, -1), doubt=False),
        finding("tree", doubt=False, fix={"label": "Mend it", "set": {"a.b": 1}}),
    ]
    assert "looked through" in listed.status.text()
    listed.show_findings(said)
    wait_until(lambda: len(listed.rows) == 3)
    assert [[button.text() for button in row.buttons] for row in listed.rows] == [
        ["Show"],
        ["Show", "Split…"],
        ["Mend it"],
    ]
    QTest.mouseClick(listed.rows[0].buttons[0], Qt.MouseButton.LeftButton)
    assert made.filter.currentText() == "Odd so (2)"
    assert list(made.strip.places) == [9, 3]
    assert made._pointed_out(9) == [1, 0]
    listed.rows[1].buttons[1].click()
    listed.rows[2].buttons[0].click()
    assert split == [True]
    assert fixed == [({"a.b": 1}, "Mend it")]
    made.offer_worth(worth_a_look(said))
    assert made.filter.itemText(1) == "Worth a look (2)"
    assert worth_a_look(said[1:]) is None
    listed.show_findings([])
    wait_until(lambda: not listed.rows)
    assert listed.status.text() == "Nothing odd was found in the labels."
    listed.close()
    listed.deleteLater()


def test_sizes_overlaps_tracks_and_odd_images_lead_to_their_frames(
    app: QApplication, browser: tuple[FrameBrowser, Asked]
) -> None:
    made, asked = browser
    table = table_of(40)
    table.covered[[8, 3]] = 0.1, 0.5
    table.animals[:20, 2] = 0
    table.shapes[[5, 6]] = 32, 32, 3
    beside = FrameFigures()
    beside.animal_chosen.connect(made.show_animal)
    beside.shown.connect(made.step_through)
    beside.resize(260, 300)
    beside.show()
    app.processEvents()
    made.show_table(table)
    beside.show_table(table)
    assert beside.spread.text() == "22 · 40 · 60 px source, the diagonal of the box (5 %, median, largest)"
    histogram = beside.histogram
    right = QPoint(histogram.width() - 3, 30)
    QTest.mouseClick(histogram, Qt.MouseButton.LeftButton, pos=right)
    first = made.strip.place
    assert first is not None
    assert table.sizes[first] > 57
    QTest.mouseClick(histogram, Qt.MouseButton.LeftButton, pos=right)
    assert made.strip.place == first + 1
    assert made._pointed_out(first + 1) == [0]
    QTest.keyClick(histogram, Qt.Key.Key_Left)
    assert table.sizes[made.strip.place] < 58
    assert [line.sentence for line in beside.lines] == [
        "Animals touch on 2 of 40 frames.",
        "20 animals of 40 have no track.",
        "2 images are not as most are (64 × 48 px, gray).",
    ]
    for line, places in zip(beside.lines, ([3, 8], [*range(20, 40)], [5, 6]), strict=True):
        line.followed.emit()
        assert list(made.strip.places) == places
    beside.show_table(table_of(40))
    assert not any(line.isVisible() for line in beside.lines)
    assert asked.frames
    beside.close()
    beside.deleteLater()
