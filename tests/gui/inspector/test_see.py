"""See beside the form: it follows the setting in hand, asks the engine anew with every edit, and sets what is dragged."""

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.reader import BACKBONES, DATA, GEOMETRIC, HEADS, PREPROCESSING, ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.app import show_window
from sleapnn_gui.form.layout import read_layout
from sleapnn_gui.inspector.see.see_pane import SeePane
from sleapnn_gui.inspector.see.sights import SIGHTS, nothing_to_see, sight_of
from sleapnn_gui.inspector.see.views import drawn_text
from sleapnn_gui.main_window import MainWindow
from tests.engine.training.rendered import job, write_labels
from tests.gui.inspector.see_answers import ANSWERS
from tests.gui.windows import throw_away

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]
CROP, SCALE = PREPROCESSING + "crop_size", PREPROCESSING + "scale"
SIGMA = f"{HEADS}.centered_instance.confmaps.sigma"


@pytest.fixture(scope="module")
def shown(app: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    """One window, with the pane beside the form open, and one engine for the module."""
    with contextlib.chdir(tmp_path_factory.mktemp("shown")):
        _, found = show_window(["sleapnn-gui", "--theme", "light"])
        found.resize(1440, 900)
        found.show_page("configure")
        yield found
        throw_away(found)


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("labels"), frames=8, animals=2, size=(90, 120))


@pytest.fixture
def window(shown: MainWindow, labels: Path, tmp_path: Path) -> MainWindow:
    """A config of crops whose labels are there."""
    values = job(tmp_path, labels, model_type="centered_instance", data_config__preprocessing__crop_size=32)
    shown.document.undo_stack.clear()
    shown.document.apply_values(values, "start")
    shown.document.choose(HEADS, "centered_instance")
    shown.document.undo_stack.clear()
    shown.form.context.open_title("See")
    return shown


def settled(see: SeePane) -> bool:
    """Whether what is seen is of the config as it stands."""
    return see.watch.is_idle


def test_every_setting_of_images_and_network_has_a_sight() -> None:
    """Of all settings in the form, those without are the ones that change nothing that could be seen."""
    blind = set()
    for page in read_layout().pages:
        if page.id in ("preprocessing", "augmentation", "head", "backbone", "weights"):
            blind |= {path for path in page.keys if not sight_of(path, ConfigReader({}))}
        else:
            kinds = {sight_of(path, ConfigReader({})) for path in page.keys}
            assert kinds <= {"", "chain", "schedule", "devices"}
    assert {path.rpartition(".")[2] for path in blind} == {"loss_weight"}
    kinds = {sight_of(path, ConfigReader({})) for path in SPEC.keys}
    assert kinds - {""} == {sight.kind for sight in SIGHTS}


@pytest.mark.parametrize("kind", sorted({*ANSWERS} - {"schedule", "devices"}))
def test_without_labels_each_sight_says_what_would_be_there(kind: str) -> None:
    said = nothing_to_see(kind, ConfigReader({}))
    assert said.startswith("Choose labels on the Data page")
    chosen = {"data_config": {"train_labels_path": ["a.slp"]}}
    assert "type of model" in nothing_to_see(kind, ConfigReader(chosen))


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_crops_are_only_seen_where_something_is_cropped(model_type: str) -> None:
    values = {
        "data_config": {"train_labels_path": ["a.slp"]},
        "model_config": {"head_configs": {model_type: {}}},
    }
    assert bool(nothing_to_see("crops", ConfigReader(values))) is not MODEL_TYPES[model_type].cropped


def test_it_follows_the_setting_in_hand(window: MainWindow, wait_until: Wait) -> None:
    see = window.see
    for path, kind in (
        (SCALE, "chain"),
        (CROP, "crops"),
        (GEOMETRIC + "rotation_max", "augment"),
        (SIGMA, "targets"),
        (BACKBONES + ".unet.filters", "network"),
    ):
        window.document.set_section(DATA + "augmentation_config.geometric", True)
        window.document.set_value(DATA + "use_augmentations_train", True)
        window.reveal(path)
        assert see.watch.kind == kind
        assert see.buttons[kind].isChecked()
        wait_until(lambda: settled(see), 30)
        assert see.message.isHidden(), see.message.sentence
    window.reveal("trainer_config.enable_progress_bar")
    assert see.watch.kind == "network", "what has nothing to see leaves what is seen"
    assert see.network.facts.value("Parameters")


def test_an_edit_is_seen_and_a_mistake_is_a_sentence_below_the_last_picture(
    window: MainWindow, wait_until: Wait
) -> None:
    see, document = window.see, window.document
    window.reveal(CROP)
    wait_until(lambda: settled(see) and see.crops.facts.value("The network gets") == "32 × 32 px", 30)
    document.set_value(CROP, 48)
    wait_until(lambda: see.crops.facts.value("The network gets") == "48 × 48 px", 30)
    document.set_value(SIGMA, -1)
    wait_until(lambda: not see.message.isHidden() and settled(see), 30)
    assert "sigma" in see.message.sentence
    assert see.crops.facts.value("The network gets") == "48 × 48 px", "the last picture stays"
    document.set_value(SIGMA, 1.5)
    wait_until(lambda: see.message.isHidden(), 30)


def test_whoever_drags_sees_before_the_hand_rests(window: MainWindow, wait_until: Wait) -> None:
    """Edits that come faster than answers do not keep all answers away."""
    see, document, answers, side = window.see, window.document, [], iter(range(20, 2000))
    window.reveal(CROP)
    wait_until(lambda: settled(see), 30)
    hear = lambda kind, answer: answers.append(answer["side"])  # noqa: E731
    see.watch.answered.connect(hear)

    def edit_on() -> bool:
        document.set_value(CROP, next(side))
        return len(answers) > 2

    wait_until(edit_on, 30)
    document.set_value(CROP, 64)
    wait_until(lambda: settled(see), 30)
    assert answers[-1] == 64
    see.watch.answered.disconnect(hear)


def test_dragging_the_box_sets_the_crop_size_in_one_step(window: MainWindow, wait_until: Wait) -> None:
    see, document = window.see, window.document
    window.reveal(CROP)
    wait_until(lambda: settled(see), 30)
    frame = see.crops.frame
    wait_until(lambda: frame.isVisible() and frame.height() > 100)
    fitted = frame._fitted()
    box = next(crop for crop, is_shown in frame._boxes() if is_shown)
    middle = box.center() - QPointF(0.5, 0.5)

    def place(reach: float) -> QPoint:
        return fitted.at(middle.x() + reach, middle.y()).toPoint()

    before, count = document.value(CROP), document.undo_stack.count()
    assert before == 32
    QTest.mousePress(frame, Qt.MouseButton.LeftButton, pos=place(16))
    for reach in (18, 22, 25):
        QTest.mouseMove(frame, place(reach))
        QApplication.processEvents()
    wait_until(lambda: see.crops.facts.value("The network gets") == "56 × 56 px" and settled(see), 20)
    assert document.value(CROP) == 32, "nothing is set before it is let go"
    QTest.mouseRelease(frame, Qt.MouseButton.LeftButton, pos=place(25))
    assert abs(document.value(CROP) - 50) <= 2
    assert document.undo_stack.count() == count + 1
    assert document.undo_stack.undoText() == f"Drag crop size to {document.value(CROP)} px"
    document.undo_stack.undo()
    assert document.value(CROP) == 32
    # A press elsewhere drags nothing.
    QTest.mousePress(frame, Qt.MouseButton.LeftButton, pos=place(4))
    QTest.mouseMove(frame, place(30))
    QTest.mouseRelease(frame, Qt.MouseButton.LeftButton, pos=place(30))
    assert document.value(CROP) == 32
    wait_until(lambda: settled(see), 30)


def test_what_is_found_from_the_labels_is_used_with_a_click(window: MainWindow, wait_until: Wait) -> None:
    see, document = window.see, window.document
    window.reveal(CROP)
    wait_until(lambda: settled(see) and see.crops.facts.use.isVisible(), 30)
    QTest.mouseClick(see.crops.facts.use, Qt.MouseButton.LeftButton)
    assert see.crops.facts.value("Found from the labels") == f"{document.value(CROP)} px"
    wait_until(lambda: settled(see) and not see.crops.facts.use.isVisible(), 30)


def test_a_sight_is_gone_to_by_its_name_and_says_when_it_is_current(
    window: MainWindow, wait_until: Wait
) -> None:
    window.show_page("data")
    window.reveal("see:network")
    view = window.see.network
    assert window.page() == "configure"
    wait_until(lambda: view.isVisible() and view.ready, 30)
    window.document.set_value(BACKBONES + ".unet.filters", 6)
    assert view.property("ready") is False
    wait_until(lambda: view.property("ready"), 30)
    window.reveal("see:targets")
    assert not view.ready, "it is not looked at"
    wait_until(lambda: window.see.targets.ready, 30)


def press(see: SeePane, part: int) -> None:
    """Press a part of the animal that fills the picture."""
    picture = see.skeleton.picture
    spot = picture.spot(0, part)
    assert spot is not None
    QTest.mouseClick(picture, Qt.MouseButton.LeftButton, pos=spot.toPoint())


def test_centre_and_parts_are_chosen_on_the_animals(window: MainWindow, wait_until: Wait) -> None:
    see, document = window.see, window.document
    head = f"{HEADS}.centered_instance.confmaps"
    anchor, parts = f"{head}.anchor_part", f"{head}.part_names"
    document.apply_values({anchor: None, parts: None}, "as before")
    window.reveal(anchor)
    see.watch.index = 0
    wait_until(
        lambda: settled(see) and see.skeleton.mode == "anchor" and see.skeleton.picture.height() > 100, 30
    )
    assert not see.skeleton.buttons["limbs"].isVisible(), "crops join no limbs"
    press(see, 1)
    assert document.value(anchor) == "neck"
    assert document.undo_stack.undoText() == "Centre on neck"
    wait_until(lambda: settled(see) and see.skeleton.facts.value("Centre") == "neck", 30)
    press(see, 1)
    assert document.value(anchor) is None
    QTest.mouseClick(see.skeleton.buttons["parts"], Qt.MouseButton.LeftButton)
    press(see, 0)
    assert document.value(parts) == ["neck", "tail"]
    wait_until(lambda: settled(see) and see.skeleton.facts.value("Parts") == "2 of 3: neck, tail", 30)
    press(see, 0)
    assert document.value(parts) == ["neck", "tail", "nose"], "it is learned last"
    wait_until(lambda: settled(see) and "nose" in see.skeleton.facts.value("Parts"), 30)
    for _ in range(4):
        document.undo_stack.undo()
    wait_until(lambda: settled(see), 30)


def test_limbs_are_joined_on_the_animals_and_a_circle_is_mended(window: MainWindow, wait_until: Wait) -> None:
    see, document = window.see, window.document
    document.choose(HEADS, "bottomup")
    edges = f"{HEADS}.bottomup.pafs.edges"
    document.apply_values({edges: None}, "all")
    window.reveal(edges)
    see.watch.index = 0
    wait_until(
        lambda: settled(see) and see.skeleton.mode == "limbs" and see.skeleton.picture.height() > 100, 30
    )
    assert see.skeleton.fault.sentence == "The limbs make one tree, as they must."
    press(see, 2)
    assert document.value(edges) is None, "a limb has two ends"
    press(see, 0)
    assert document.value(edges) == [["nose", "neck"], ["neck", "tail"], ["tail", "nose"]]
    wait_until(lambda: settled(see) and see.skeleton.fault.severity == "error", 30)
    assert "circle" in see.skeleton.fault.sentence
    see.skeleton.fault.followed.emit()
    assert document.value(edges) == [["nose", "neck"], ["neck", "tail"]]
    wait_until(lambda: settled(see) and see.skeleton.fault.severity == "hint", 30)
    document.choose(HEADS, "centered_instance")
    wait_until(lambda: settled(see), 30)


def test_a_schedule_is_seen_without_labels_and_moves_with_its_patience(
    window: MainWindow, wait_until: Wait
) -> None:
    see, document = window.see, window.document
    plateau, stopping = "trainer_config.lr_scheduler.reduce_lr_on_plateau", "trainer_config.early_stopping"
    document.set_section(plateau, True)
    document.apply_values({"trainer_config.max_epochs": 150, f"{stopping}.patience": 9}, "longer")
    window.files.set_labels([])
    window.reveal(f"{stopping}.patience")
    wait_until(lambda: settled(see) and see.schedule.ready, 30)
    assert see.watch.kind == "schedule"
    assert "typical curve" in see.schedule.told.text()
    early = see.schedule.facts.value("Training ends")
    assert re.fullmatch(r"epoch \d+, early", early), "it fits beside the words for it"
    document.set_value(f"{stopping}.patience", 60)
    wait_until(lambda: settled(see) and see.schedule.facts.value("Training ends") != early, 30)
    assert not see.before.isEnabled()


def test_another_sample_another_draw_another_part(window: MainWindow, wait_until: Wait) -> None:
    see = window.see
    see.show_kind("targets")
    see.watch.index = 0
    see.watch.later()
    wait_until(lambda: settled(see) and see.sample.text() == "Animal 1 of 12", 30)
    QTest.mouseClick(see.before, Qt.MouseButton.LeftButton)
    wait_until(lambda: see.sample.text() == "Animal 12 of 12", 30)
    whole = see.targets.maps._heat
    see.targets.part.setCurrentIndex(2)
    see.targets.part.activated.emit(2)
    wait_until(lambda: settled(see) and see.targets.maps._heat is not whole, 30)
    assert see.targets.part.currentText() == "neck"
    assert not see.targets.maps.tiles[0].view.isEmpty()
    QTest.mouseClick(see.targets.close_up, Qt.MouseButton.LeftButton)
    assert see.targets.maps.tiles[0].view.isEmpty()
    window.document.set_value(DATA + "use_augmentations_train", True)
    window.document.set_section(DATA + "augmentation_config.geometric", True)
    window.document.set_value(GEOMETRIC + "rotation_p", 1.0)
    see.show_kind("augment")
    wait_until(lambda: settled(see) and len(see.augment.tiles.tiles) == 6, 30)
    captions = [tile.caption for tile in see.augment.tiles.tiles]
    QTest.mouseClick(see.augment.draw, Qt.MouseButton.LeftButton)
    wait_until(lambda: settled(see) and [tile.caption for tile in see.augment.tiles.tiles] != captions, 30)


def test_fewer_samples_than_before_begin_again(window: MainWindow, wait_until: Wait) -> None:
    see = window.see
    see.show_kind("chain")
    see.watch.index = 11
    see.watch.later()
    wait_until(lambda: settled(see) and see.sample.text() == "Animal 12 of 12", 30)
    window.document.set_value(DATA + "validation_fraction", 0.75)
    wait_until(lambda: settled(see) and see.sample.text() == "Animal 1 of 4", 30)


def test_a_change_that_does_nothing_says_so(window: MainWindow, wait_until: Wait) -> None:
    see, document = window.see, window.document
    document.set_value(DATA + "use_augmentations_train", True)
    document.set_section(DATA + "augmentation_config.geometric", True)
    document.apply_values({GEOMETRIC + "rotation_p": 0.0, GEOMETRIC + "scale_p": 1.0}, "chances")
    window.reveal(GEOMETRIC + "rotation_max")
    assert see.quiet.sentence == "Rotation does nothing: its chance is 0."
    document.set_value(GEOMETRIC + "rotation_p", 1.0)
    assert see.quiet.isHidden()
    document.apply_values({GEOMETRIC + "rotation_min": 0.0, GEOMETRIC + "rotation_max": 0.0}, "none")
    assert see.quiet.sentence == "Rotation does nothing: its range is empty."
    document.set_value(DATA + "use_augmentations_train", False)
    wait_until(lambda: see._stack.currentWidget() is see.nothing, 30)
    assert "switched off" in see.nothing.text()


def test_nobody_is_asked_while_nobody_looks(window: MainWindow, wait_until: Wait) -> None:
    see, document = window.see, window.document
    see.show_kind("crops")
    wait_until(lambda: settled(see), 30)
    asked: list[str] = []
    window.inspect.asked.connect(asked.append)
    window.form.context.open_title("Help")
    document.set_value(CROP, 40)
    QTest.qWait(150)
    assert not {sight.kind for sight in SIGHTS} & set(asked)
    window.form.context.open_title("See")
    wait_until(lambda: see.watch.kind in asked and settled(see), 30)
    window.inspect.asked.disconnect(asked.append)


def test_labels_that_do_not_fit_are_told_in_the_middle_with_a_way_out(
    window: MainWindow, wait_until: Wait
) -> None:
    see, document = window.see, window.document
    document.choose(HEADS, "single_instance")
    see.show_kind("chain")
    wait_until(lambda: see.nothing.text().startswith("Some frames show 2 animals"), 30)
    assert see.nothing.isVisible()
    assert see.message.isHidden()
    assert see.nothing.findChildren(QLabel)[0].width() > 200
    see.nothing.button.click()
    assert window.page() == "data"
    assert window.labels_page.beside.presets.isVisible()
    window.show_page("configure")
    see.show_kind("crops")
    wait_until(lambda: "whole images" in see.nothing.text())
    see.nothing.button.click()
    assert "Model type" in [label.text() for label in window.form.findChildren(QLabel) if label.isVisible()]
    document.choose(HEADS, "centered_instance")
    see.show_kind("crops")
    wait_until(lambda: settled(see) and see.crops.isVisible(), 30)
    document.set_value(SCALE, "much")
    wait_until(see.message.isVisible, 30)
    assert see.crops.isVisible(), "what was seen stays while a number is typed"


def test_without_labels_the_pane_teaches(window: MainWindow, wait_until: Wait) -> None:
    window.files.set_labels([])
    window.see.show_kind("augment")
    wait_until(lambda: window.see._stack.currentWidget() is window.see.nothing and settled(window.see))
    assert "random changes" in window.see.nothing.text()
    assert window.see.nothing.button.text() == "Go to the Data page"
    assert not window.see.before.isEnabled()


def test_devices_are_told_by_the_engine_and_chosen_by_a_press(window: MainWindow, wait_until: Wait) -> None:
    see, document = window.see, window.document
    accelerator = "trainer_config.trainer_accelerator"
    document.set_value(accelerator, "auto")
    window.files.set_labels([])
    window.reveal(accelerator)
    wait_until(lambda: see.watch.kind == "devices" and settled(see) and see.devices.ready, 60)
    cpu = see.devices.ticks["cpu"]
    assert "GB of memory free" in cpu.accessibleDescription()
    for tick in see.devices.ticks.values():
        assert tick.isEnabled() != tick.accessibleDescription().startswith("Cannot be used: ")
    QTest.mouseClick(cpu, Qt.MouseButton.LeftButton)
    assert document.value(accelerator) == "cpu"
    assert document.undo_stack.undoText().startswith("Train on Processor")
    wait_until(lambda: settled(see) and cpu.isChecked(), 30)
    see.devices.show_answer(ANSWERS["devices"]())
    QTest.mouseClick(see.devices.ticks["cuda:1"], Qt.MouseButton.LeftButton)
    assert document.value(accelerator) == "gpu"
    assert document.value("trainer_config.trainer_device_indices") == [1]
    wait_until(lambda: settled(see), 30)
    assert see.devices.fault.sentence or see.devices.ticks.get("cuda:1", cpu).isChecked()
    document.undo_stack.undo()


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_is_drawn_is_told_in_words_too(window: MainWindow, kind: str) -> None:
    """A screen reader gets what is painted."""
    view = window.see.views[kind]
    view.show_answer(ANSWERS[kind]())
    told = [
        part.accessibleDescription()
        for part in view.findChildren(object)
        if hasattr(part, "accessibleDescription")
    ]
    assert any(told)


def test_captions_say_what_was_drawn() -> None:
    assert drawn_text({"rotation": -23.4, "scale": 0.97}, left=0, width=64) == "−23° · ×0.97"
    assert drawn_text({}, left=0, width=64) == "as it is"
    assert drawn_text({"shift": [3.2, -4.0], "mixup": 0.25}, left=1, width=64) == (
        "1 point outside · shift 3, −4 px · mixed 25 %"
    )


def test_a_wide_window_gives_its_room_to_the_pictures(window: MainWindow, wait_until: Wait) -> None:
    """Rows have a width of their own, and beyond it nothing to show."""
    window.reveal(CROP)
    pane = window.form.context
    narrow = pane.width()
    window.resize(1920, 1000)
    wait_until(lambda: pane.width() > narrow + 150)
    assert window.form.row(CROP).parentWidget().width() >= 600
    tiles = window.see.crops.frame
    window.see.show_kind("crops")
    window.see.watch.answered.emit("crops", ANSWERS["crops"]())
    wait_until(lambda: tiles.width() > narrow and tiles.height() == tiles.height_at(tiles.width()))
    below = window.see.crops.facts
    assert below.y() - tiles.geometry().bottom() < 20, "nothing is empty between them"
    window.resize(1440, 900)
    wait_until(lambda: pane.width() < narrow + 20)
