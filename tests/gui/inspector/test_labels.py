"""Labels are read by another process; the document learns what is in them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from sleapnn_engine.config.presets import list_presets
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import Opened, open_preset
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.facts_view import fact_rows, headline
from sleapnn_gui.inspector.labels_page import LabelsPage
from sleapnn_gui.inspector.labels_watch import LabelsWatch
from tests.benchmarks.much import large_facts
from tests.engine.training.rendered import write_labels

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]
PATHS = "data_config.train_labels_path"


@pytest.fixture(scope="module")
def inspect(app: QApplication) -> Iterator[Inspect]:
    """One engine process for all of them."""
    client = Inspect()
    yield client
    client.close()


@pytest.fixture
def document(app: QApplication) -> Document:
    found = Document()
    found.adopt(open_preset(list_presets("guide")[0]))
    return found


def test_real_labels_are_described(
    document: Document, inspect: Inspect, shared_data: Path, wait_until: Wait
) -> None:
    watch = LabelsWatch(document, inspect)
    document.apply_values({PATHS: [str(shared_data / "fly32_single" / "train.pkg.slp")]}, "labels")
    wait_until(lambda: document.facts is not None, 60)
    assert document.facts is not None
    assert headline(document.facts) == "64 frames · 1 animal · 32 parts"
    assert document.auto_text("data_config.preprocessing.max_width") == "→ 192 px"
    assert dict(fact_rows(document.facts))["Images"] == "192 × 192 px, gray (64 frames)"
    watch.stop()


def errors(document: Document) -> list[str]:
    return [issue.message for issue in document.issues() if issue.severity == "error" and issue.path == PATHS]


def test_labels_that_went_for_a_moment_are_not_held_to_be_none(
    document: Document, inspect: Inspect, tmp_path: Path, wait_until: Wait
) -> None:
    """They are asked about as they were wanted: what is open meanwhile may have none, and Train would be refused."""
    watch, path = LabelsWatch(document, inspect), str(write_labels(tmp_path / "a.slp"))
    document.apply_values({PATHS: [path]}, "labels")
    watch.refresh()
    document.adopt(open_preset(list_presets("guide")[0]))
    wait_until(lambda: not watch._looking.is_at_work)
    document.apply_values({PATHS: [path]}, "labels again")
    watch.refresh()
    wait_until(lambda: document.facts is not None, 60)
    assert errors(document) == []
    watch.stop()


def test_what_was_found_of_labels_goes_with_them_and_stays_with_them(
    document: Document, inspect: Inspect, tmp_path: Path, wait_until: Wait
) -> None:
    watch, broken = LabelsWatch(document, inspect), tmp_path / "broken.slp"
    broken.write_bytes(b"nothing")
    document.apply_values({PATHS: [str(broken)]}, "labels")
    wait_until(lambda: bool(errors(document)), 60)
    found, opened = errors(document), Opened(values=document.values, title="again")
    document.adopt(opened)
    assert errors(document) == found, "they are not read again, and no better"
    document.apply_values({PATHS: [str(write_labels(tmp_path / "a.slp"))]}, "other labels")
    watch.refresh()
    assert errors(document) == [], "an answer takes a moment, in which Train may be pressed"
    watch.stop()


def test_labels_of_several_animals_are_a_problem_for_a_model_of_one(
    document: Document, inspect: Inspect, shared_data: Path, wait_until: Wait
) -> None:
    watch = LabelsWatch(document, inspect)
    document.apply_values({PATHS: [str(shared_data / "flies13_pair" / "val.pkg.slp")]}, "labels")
    head = "model_config.head_configs.single_instance"
    wait_until(lambda: any("2 animals" in issue.message for issue in document.issues(head)), 60)
    watch.stop()


def test_damaged_labels_are_a_problem_in_a_sentence(
    document: Document, inspect: Inspect, shared_data: Path, wait_until: Wait
) -> None:
    watch = LabelsWatch(document, inspect)
    said: list[str] = []
    watch.failed.connect(said.append)
    watch.known.connect(lambda facts: said.extend(facts["problems"]))
    document.apply_values({PATHS: [str(shared_data / "bad" / "06_damaged" / "not_hdf5.slp")]}, "labels")
    wait_until(lambda: bool(said), 60)
    assert "not_hdf5.slp" in said[0]
    assert "Traceback" not in said[0]
    wait_until(lambda: any(issue.severity == "error" for issue in document.issues(PATHS)))
    watch.stop()


def test_a_missing_file_is_said_without_a_process(
    document: Document, inspect: Inspect, tmp_path: Path, wait_until: Wait
) -> None:
    watch = LabelsWatch(document, inspect)
    said: list[str] = []
    watch.failed.connect(said.append)
    document.apply_values({PATHS: [str(tmp_path / "gone.slp")]}, "labels")
    wait_until(lambda: bool(said))
    assert said == [f"{tmp_path / 'gone.slp'} does not exist."]


def test_labels_that_go_while_they_are_looked_for_are_asked_about_when_they_are_back(
    document: Document, inspect: Inspect, shared_data: Path, wait_until: Wait
) -> None:
    watch = LabelsWatch(document, inspect)
    said: list[str] = []
    watch.failed.connect(said.append)
    labels = {PATHS: [str(shared_data / "fly32_single" / "val.pkg.slp")]}
    document.apply_values(labels, "labels")
    watch.refresh()
    document.undo_stack.undo()
    watch._looking.finish()
    document.apply_values(labels, "labels")
    wait_until(lambda: document.facts is not None, 60)
    assert said == []
    assert not [issue for issue in document.issues() if "no training labels" in issue.message]
    watch.stop()


def test_predictions_count_where_the_config_says_so(
    document: Document, inspect: Inspect, tmp_path: Path, wait_until: Wait
) -> None:
    watch = LabelsWatch(document, inspect)
    labels = write_labels(tmp_path, frames=4, predicted=4)
    document.apply_values({PATHS: [str(labels)]}, "labels")
    wait_until(lambda: document.facts is not None and bool(document.facts["problems"]), 60)
    document.set_value("data_config.user_instances_only", False)
    wait_until(lambda: document.facts is not None and document.facts["labeled_frames"] == 4, 60)
    assert [issue for issue in document.issues(PATHS) if issue.severity == "error"] == []
    watch.stop()


def test_dropping_labels_hands_over_their_paths(app: QApplication, tmp_path: Path) -> None:
    page = LabelsPage(list_presets("guide"))
    page.resize(900, 600)
    got: list[list[str]] = []
    page.labels_chosen.connect(got.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("a.slp", "b.txt", "c.pkg.slp")])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), copy, data, left, none)
    QApplication.sendEvent(page.drop_zone, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(page.drop_zone, QDropEvent(QPointF(5, 5), copy, data, left, none))
    assert got == [[str(tmp_path / "a.slp"), str(tmp_path / "c.pkg.slp")]]


@pytest.fixture
def shown(app: QApplication) -> Iterator[LabelsPage]:
    page = LabelsPage(list_presets("guide"))
    page.resize(1100, 640)
    page.show()
    app.processEvents()
    yield page
    page.close()
    page.deleteLater()


def test_no_preset_moves_by_itself_whatever_becomes_of_the_labels(
    app: QApplication, shown: LabelsPage
) -> None:
    facts = {
        "labeled_frames": 50,
        "max_instances_per_frame": 2,
        "instances_per_frame": [[2, 50]],
        "nodes": ["a", "b"],
        "edges": [],
        "tracks": [],
    }

    def places() -> list[tuple[int, int, int, int]]:
        app.processEvents()
        view = shown.presets
        rows = [
            view.visualItemRect(view.item(row)).translated(view.mapTo(shown, QPoint()))
            for row in range(view.count())
        ]
        controls = [
            control.rect().translated(control.mapTo(shown, QPoint()))
            for control in (shown.use, shown.drop_zone)
        ]
        return [rect.getRect() for rect in (*rows, *controls)]

    shown.presets.setCurrentRow(0)
    before = places()
    for become in (
        lambda: shown.show_reading(["/data/a.slp"]),
        lambda: shown.show_facts(facts),
        lambda: shown.show_misfit(
            "Some frames show 2 animals; a one-animal model can learn only one per frame."
        ),
        lambda: shown.show_failure("a.slp is damaged: " + "it cannot be read. " * 12),
        lambda: shown.show_misfit(""),
        lambda: shown.show_nothing(),
    ):
        become()
        assert places() == before


def test_a_preset_that_does_not_fit_is_used_only_after_a_word(app: QApplication, shown: LabelsPage) -> None:
    used: list[str] = []
    shown.beside.presets.preset_chosen.connect(used.append)
    shown.show_facts({"labeled_frames": 5, "instances_per_frame": [[2, 5]], "nodes": ["a", "b"], "edges": []})
    item_of = shown.beside.presets.item_of
    shown.presets.setCurrentItem(item_of("single_instance_unet_medium_rf"))
    for answer, expected in (
        ("Choose another", []),
        ("Use it all the same", ["single_instance_unet_medium_rf"]),
    ):
        QTest.mouseClick(shown.use, Qt.MouseButton.LeftButton)
        box = shown.findChild(QMessageBox, "doubt")
        assert box is not None
        assert "2 animals" in box.informativeText()
        button = next(button for button in box.buttons() if button.text() == answer)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert used == expected
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    shown.presets.setCurrentItem(item_of("centroid_unet"))
    QTest.mouseClick(shown.use, Qt.MouseButton.LeftButton)
    assert used[-1] == "centroid_unet"


def test_long_lists_of_what_is_in_labels_say_how_much_more_there_is():
    """Names of a thousand videos would take the window seconds to lay out, and nobody reads them."""
    said = dict(fact_rows(large_facts()))
    assert said["Files"].endswith("labels_7.slp and 992 more")
    assert said["Images"].endswith("and 992 more")
    assert said["Identities"].endswith("track_7 and 92 more")
