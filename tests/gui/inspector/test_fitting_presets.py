"""The Data page says how to train on the opened labels, and it and the form which models do not fit, before Train is pressed."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from sleapnn_engine.config.advice import advise
from sleapnn_engine.config.pairs import CENTRE, PARTS
from sleapnn_engine.config.presets import find_preset, list_presets
from sleapnn_gui.app import show_window
from sleapnn_gui.form.section_page import SectionMessage
from sleapnn_gui.inspector.advice_view import AdviceRow, AdviceView
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.widgets.two_lines import DOUBT
from tests.gui.windows import start_over, throw_away

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]
CROP, HEADS = "data_config.preprocessing.crop_size", "model_config.head_configs"


@pytest.fixture(scope="module")
def shown(app: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    """One window for the module: making it, and the engine that reads labels for it, are the slow part."""
    with contextlib.chdir(tmp_path_factory.mktemp("shown")):
        _, found = show_window(["sleapnn-gui", "--theme", "light"])
        yield found
        throw_away(found)


@pytest.fixture
def window(shown: MainWindow, wait_until: Wait) -> MainWindow:
    """The window as it starts, without labels."""
    start_over(shown)
    beside = shown.labels_page.beside
    beside.open(beside.presets)
    wait_until(lambda: shown.document.facts is None and doubted(shown) == set())
    return shown


def open_labels(window: MainWindow, path: Path, wait_until: Wait) -> None:
    window.open_path(path)
    wait_until(lambda: window.document.facts is not None, 60, "labels are described")
    QApplication.processEvents()  # presets are judged in the turn after


def doubted(window: MainWindow) -> set[str]:
    """Types of model whose presets are marked."""
    shown = window.labels_page.presets
    marked = [bool(shown.item(row).data(DOUBT)) for row in range(shown.count())]
    assert marked == sorted(marked), "what fits comes first"
    item = window.labels_page.beside.presets.item_of
    return {preset.model_type for preset in list_presets("guide") if item(preset.name).data(DOUBT)}


def test_what_has_no_room_in_an_entry_stands_in_its_tip(window: MainWindow) -> None:
    view = window.labels_page.beside.presets
    for preset in view.known:
        tip = view.item_of(preset.name).toolTip().splitlines()
        assert [tip[0], *tip[-2:]] == [preset.title, preset.purpose, preset.note]


@pytest.mark.parametrize(
    ("labels", "unfit"),
    [
        ("flies13_pair", {"single_instance"}),
        ("mice11_pair", {"single_instance", "multi_class_bottomup", "multi_class_topdown"}),
        ("fly32_single", {"multi_class_bottomup", "multi_class_topdown"}),
    ],
)
def test_presets_that_do_not_fit_the_labels_are_marked(
    window: MainWindow, shared_data: Path, wait_until: Wait, labels: str, unfit: set[str]
) -> None:
    assert doubted(window) == set()
    open_labels(window, shared_data / labels / "val.pkg.slp", wait_until)
    assert doubted(window) == unfit
    window.files.set_labels([])
    wait_until(lambda: doubted(window) == set())


def test_the_reason_is_told_with_the_preset(window: MainWindow, shared_data: Path, wait_until: Wait) -> None:
    page = window.labels_page
    page.presets.setCurrentRow(0)
    open_labels(window, shared_data / "mice11_pair" / "val.pkg.slp", wait_until)
    assert page.note.text().startswith("Not for these labels: some frames show 2 animals")
    wait_until(page.misfit.isVisible)
    assert "does not fit these labels. Some frames show 2 animals" in page.misfit.sentence
    assert page.use.isEnabled(), "a person may still want its settings"
    page.presets.setCurrentItem(page.beside.presets.item_of("centroid_unet"))
    assert page.note.text() == find_preset("centroid_unet").note
    window.files.use_preset("centroid_unet")
    window.files.finish()
    wait_until(lambda: not page.misfit.isVisible())


@pytest.mark.parametrize(
    ("preset", "words"),
    [
        ("single_instance_unet_medium_rf", "show 2 animals"),
        ("multi_class_bottomup_unet", "No animal has a track"),
        ("topdown_multi_class_centered_instance_unet", "No animal has a track"),
    ],
)
def test_train_is_refused_in_words_that_stand_in_the_form(
    window: MainWindow, shared_data: Path, wait_until: Wait, preset: str, words: str
) -> None:
    open_labels(window, shared_data / "mice11_pair" / "val.pkg.slp", wait_until)
    window.files.use_preset(preset)
    window.files.finish()
    head = f"{HEADS}.{find_preset(preset).model_type}"
    wait_until(lambda: any(words in issue.message for issue in window.document.issues(head)))
    window.actions_by_verb["train"].trigger()
    assert window.session is None
    assert window.banner.severity == "error"
    assert words in window.banner.sentence
    assert window.page() == "configure"
    assert window.form.page() == "head"
    line = window.form.findChild(SectionMessage, f"issue:{HEADS}")
    assert line is not None
    wait_until(line.isVisible)
    assert words in line.sentence


@pytest.mark.parametrize("preset", list_presets("guide"), ids=lambda preset: preset.name)
def test_every_preset_can_be_trained_on_labels_that_fit(
    window: MainWindow, shared_data: Path, wait_until: Wait, preset
) -> None:
    labels = "fly32_single" if preset.model_type == "single_instance" else "flies24_pair"
    open_labels(window, shared_data / labels / "val.pkg.slp", wait_until)
    window.files.use_preset(preset.name)
    window.files.finish()
    wait_until(lambda: window.document.chosen(HEADS) == preset.model_type)
    window.disk_check.check()
    QApplication.processEvents()
    # What Check found in other labels stands until it has looked again, a moment after the last edit.
    wait_until(lambda: not [found for found in window.document.issues() if found.severity == "error"])


def test_the_size_of_crops_is_known_before_training(
    window: MainWindow, shared_data: Path, wait_until: Wait
) -> None:
    path = str(shared_data / "flies13_pair" / "val.pkg.slp")
    open_labels(window, Path(path), wait_until)
    window.files.use_preset("topdown_centered_instance_unet_medium_rf")
    window.files.finish()
    crop = "data_config.preprocessing.crop_size"
    said = lambda: window.document.auto_text(crop)  # noqa: E731
    wait_until(lambda: said() == "→ 112 px", 60)
    window.document.set_value("data_config.val_labels_path", [path])
    assert said() == "→ …"
    wait_until(lambda: said() == "→ 112 px", 60)
    window.document.set_value(f"{HEADS}.centered_instance.confmaps.anchor_part", "head")
    wait_until(lambda: said() == "→ 144 px", 60)
    assert window.document.idle_reason(crop) == ""
    window.files.use_preset("bottomup_unet_medium_rf")
    window.files.finish()
    assert "whole images" in window.document.idle_reason(crop)


def view_of(window: MainWindow) -> AdviceView:
    return window.labels_page.beside.advice


def row_of(window: MainWindow, name: str) -> AdviceRow:
    return next(row for row in view_of(window).rows() if row.piece.name == name)


def open_pieces(window: MainWindow) -> list[str]:
    return [row.piece.name for row in view_of(window).rows() if row.piece.is_open]


def press(button: QPushButton) -> None:
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_advice_from_opened_labels_to_all_of_it_applied_and_back(
    window: MainWindow, shared_data: Path, wait_until: Wait
) -> None:
    beside, document = window.labels_page.beside, window.document
    window.show()
    # Rows come one in each turn: that there are none yet does not say that none come.
    wait_until(lambda: not view_of(window).rows() and not beside._offered)
    beside.open(beside.presets)
    window.labels_page.drop_zone.setFocus()
    assert not view_of(window).apply_all.isVisible()

    window.open_path(shared_data / "flies13_pair" / "val.pkg.slp")
    wait_until(lambda: bool(view_of(window).rows()), 60)
    assert beside.is_open(beside.advice), "it meets the person who opened the labels"
    shown = [row.piece for row in view_of(window).rows()]
    assert shown == advise(document.values, document.facts or {}), "the engine's own words"
    assert document.undo_stack.undoText() == "Choose labels", "nothing is applied by itself"
    assert row_of(window, "batch").state.text() == "In use"
    assert row_of(window, "batch").state.isVisible()

    press(row_of(window, "crop").apply)
    assert document.undo_stack.undoText() == "Apply advice: Crop 80 px"
    assert document.value(CROP) == 80
    wait_until(lambda: row_of(window, "crop").piece.done)
    assert row_of(window, "crop").state.isVisible()
    assert not row_of(window, "crop").apply.isVisible()

    before, values, left = document.undo_stack.index(), document.values, len(open_pieces(window))
    assert view_of(window).apply_all.text() == f"Apply all {left}"
    press(view_of(window).apply_all)
    assert document.undo_stack.index() == before + 1
    assert document.chosen(HEADS) == "centered_instance"
    assert document.half == PARTS, "two models are advised, and here they are"
    wait_until(lambda: not open_pieces(window))
    assert row_of(window, "pair").state.isVisible()
    assert not view_of(window).apply_all.isVisible()
    wait_until(lambda: not [found for found in document.issues() if found.severity == "error"])

    window.actions_by_verb["undo"].trigger()
    assert (document.values, document.half) == (values, "")
    wait_until(lambda: row_of(window, "pair").apply.isVisible())
    press(row_of(window, "pair").apply)
    assert document.undo_stack.index() == before + 1
    assert (document.half, document.chosen(HEADS)) == (PARTS, "centered_instance")
    assert "Parts and Centre stand above" in window.banner.sentence
    wait_until(lambda: row_of(window, "pair").state.text() == "In use")
    document.turn(CENTRE)
    wait_until(lambda: any(row.piece.title == "Where the animals are" for row in view_of(window).rows()))
    assert row_of(window, "pair").piece.done
    window.actions_by_verb["undo"].trigger()
    assert document.half == ""
    wait_until(lambda: view_of(window).apply_all.isVisible() and len(open_pieces(window)) == left)
    beside._still.when_away = lambda act: None  # type: ignore[method-assign]
    try:
        press(view_of(window).apply_all)
        wait_until(lambda: not view_of(window).apply_all.isEnabled())
    finally:
        del beside._still.when_away
    assert "in use" in view_of(window).hint.text(), "the pointer has not left it yet"
    assert row_of(window, "rate").apply.text() == "In use"
    assert not row_of(window, "rate").apply.isEnabled()
    window.actions_by_verb["undo"].trigger()
    assert document.values == values
    wait_until(lambda: view_of(window).apply_all.isEnabled() and row_of(window, "rate").apply.isEnabled())
    QTest.mouseMove(window.windowHandle(), QPoint(1, 1))
    document.set_locks({"trainer_config.optimizer.lr": "Ours"})
    wait_until(
        lambda: any(row.piece.name == "rate" and row.state.isVisible() for row in view_of(window).rows())
    )
    assert row_of(window, "rate").state.text() == "Locked"
    assert not row_of(window, "rate").apply.isVisible()
    assert view_of(window).apply_all.text() == f"Apply all {left - 1}"
    document.set_locks({})
    wait_until(lambda: len(open_pieces(window)) == left)


def test_advice_goes_with_the_labels_and_does_not_take_the_tab_from_who_is_at_work(
    window: MainWindow, shared_data: Path, wait_until: Wait
) -> None:
    beside = window.labels_page.beside
    window.files.set_labels([])
    wait_until(lambda: not view_of(window).rows())
    assert beside.is_open(beside.presets)
    assert "Once labels are open" in view_of(window).hint.text()
    window.actions_by_verb["apply_preset"].trigger()
    window.open_path(shared_data / "fly32_single" / "val.pkg.slp")
    wait_until(lambda: bool(view_of(window).rows()), 60)
    assert beside.is_open(beside.presets)
