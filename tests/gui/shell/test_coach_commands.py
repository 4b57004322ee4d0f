"""What is said of a run leads to a config with the change in it: the one that is open where it is the run's, else the run's own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.config.presets import list_presets
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.shell.settings_store import remember_run_folder
from tests.gui.monitor.speaking import Speaker
from tests.gui.monitor.test_coach import SAMPLES, overfitting
from tests.gui.monitor.test_runs_page import write
from tests.gui.windows import start_over

Wait = Callable[..., None]
TURN = "data_config.augmentation_config.geometric.rotation_max"


@pytest.fixture
def window(kept: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.chdir(tmp_path)
    return start_over(kept)


@pytest.fixture
def overfit(tmp_path: Path) -> Path:
    """A run that is over, of a preset's config."""
    (tmp_path / "used").mkdir()
    speaker = overfitting(samples={**SAMPLES, "repeated": 4})
    folder = write(tmp_path / "used" / "one", speaker, outcome="completed")
    preset = next(one for one in list_presets("guide") if one.model_type == "single_instance")
    values = read_config(preset.path).values
    values["data_config"]["augmentation_config"] = {
        "geometric": {"rotation_min": -15, "rotation_max": 15, "affine_p": 1.0}
    }
    (folder / "initial_config.yaml").write_text(dump_config(values))
    return folder


def test_a_change_opens_the_config_of_the_run_with_it_in_and_shown(
    window: MainWindow, overfit: Path, wait_until: Wait
) -> None:
    remember_run_folder(overfit.parent)
    window.show_page("runs")
    page = window.runs_page
    wait_until(lambda: [one.folder for one in page.model.shown] == [overfit])
    page.choose([overfit])
    wait_until(lambda: page.panel.hint.isVisible())
    assert page.panel.hint.sentence.startswith("Since epoch 9 the validation loss rises")
    assert page.panel.hint.sentence.endswith("1 more hint on its page.")
    page.panel.hint.linkActivated.emit("fix")
    wait_until(lambda: window.page() == "configure")
    assert window.document.value(TURN) == 45.0
    assert window.document.path is None
    assert {path for path, *_ in window.document.differences()} == {TURN, TURN.replace("max", "min")}
    assert window.form.context.diff.isVisible()
    assert "Rotate by ±45°" in window.banner.sentence
    window.document.undo_stack.undo()
    assert window.document.value(TURN) == 15


def test_a_change_goes_into_the_config_that_is_open_where_it_is_the_runs(
    window: MainWindow, overfit: Path, wait_until: Wait
) -> None:
    config = overfit / "initial_config.yaml"
    window.files.open_path(config)
    window.files.finish()
    window.runs.open_run(overfit)
    coach = window.train_page.coach
    wait_until(lambda: coach.fix.isVisible())
    assert coach.fix.text() == "Rotate by ±45°"
    QTest.mouseClick(coach.fix, Qt.MouseButton.LeftButton)
    wait_until(lambda: window.document.value(TURN) == 45.0)
    assert window.page() == "configure"
    assert window.document.path == config
    window.document.undo_stack.setClean()
    window.show_page("train")
    coach.on.click()
    QTest.mouseClick(coach.look, Qt.MouseButton.LeftButton)
    assert window.page() == "data"
    assert coach.hint is not None
    assert coach.hint.name == "repeated_frames"


BATCH, VAL_BATCH, RATE, PIPELINE, DEVICES, FOLDER = (
    "trainer_config.train_data_loader.batch_size",
    "trainer_config.val_data_loader.batch_size",
    "trainer_config.optimizer.lr",
    "data_config.data_pipeline_fw",
    "trainer_config.trainer_devices",
    "trainer_config.ckpt_dir",
)
#: By the cause that an engine tells: what is pressed, and what it changes.
PRESSED: dict[str, tuple[str, dict[str, object]]] = {
    "memory": ("Batches of 2", {BATCH: 2, VAL_BATCH: 2}),
    "cache": ("Read images as needed", {PIPELINE: "torch_dataset"}),
    "disk": ("Choose another folder…", {FOLDER: "elsewhere"}),
    "permission": ("Choose another folder…", {FOLDER: "elsewhere"}),
    "diverged": ("Learning rate 0.001", {RATE: 0.001}),
    "worker": ("Train on one device", {DEVICES: 1}),
    "port": ("Train on one device", {DEVICES: 1}),
    "images": ("Locate…", {}),
}


@pytest.mark.parametrize("cause", PRESSED)
def test_what_helps_a_training_that_failed_is_one_press(
    window: MainWindow, tmp_path: Path, cause: str, wait_until: Wait
) -> None:
    speaker = Speaker().start()
    speaker.emit("failed", {"message": "It failed.", "path": None, "hint": None, "cause": cause})
    folder = write(tmp_path / "one", speaker)
    preset = next(one for one in list_presets("guide") if one.model_type == "single_instance")
    values = read_config(preset.path).values
    given = {
        BATCH: 4,
        VAL_BATCH: 4,
        RATE: 0.01,
        PIPELINE: "torch_dataset_cache_img_memory",
        DEVICES: 2,
        FOLDER: "models",
    }
    for path, value in {**given, "data_config.train_labels_path": ["gone.slp"]}.items():
        tree.put(values, path, value)
    (folder / "initial_config.yaml").write_text(dump_config(values))
    window.runs.open_run(folder)
    coach = window.train_page.coach
    label, changed = PRESSED[cause]
    wait_until(lambda: coach.fix.isVisible())
    assert coach.fix.text() == label
    QTest.mouseClick(coach.fix, Qt.MouseButton.LeftButton)
    if label.endswith("…"):
        wait_until(lambda: any(dialog.isVisible() for dialog in window.findChildren(QFileDialog)), 60)
        dialog = next(found for found in window.findChildren(QFileDialog) if found.isVisible())
        if cause == "images":
            assert dialog.windowTitle() == "Where is gone.slp now?"
            return dialog.reject()
        dialog.fileSelected.emit("elsewhere")
    wait_until(lambda: bool(window.document.differences()))
    assert {path: window.document.value(path) for path, *_ in window.document.differences()} == changed
    assert window.page() == "configure"
    assert window.form.context.diff.isVisible()
    return None


def test_a_port_that_was_taken_is_tried_again_by_one_press(
    window: MainWindow, tmp_path: Path, wait_until: Wait
) -> None:
    speaker = Speaker().start()
    speaker.emit("failed", {"message": "It failed.", "path": None, "hint": None, "cause": "port"})
    folder = write(tmp_path / "one", speaker)
    preset = next(one for one in list_presets("guide") if one.model_type == "single_instance")
    values = read_config(preset.path).values
    tree.put(values, DEVICES, 1)
    (folder / "initial_config.yaml").write_text(dump_config(values))
    window.runs.open_run(folder)
    page, asked = window.train_page, []
    wait_until(lambda: page.coach.fix.isVisible())
    assert page.coach.fix.text() == "Train again"
    page.train_wanted.disconnect()
    page.train_wanted.connect(lambda: asked.append(window.document.value(DEVICES)))
    QTest.mouseClick(page.coach.fix, Qt.MouseButton.LeftButton)
    wait_until(lambda: asked == [1])
