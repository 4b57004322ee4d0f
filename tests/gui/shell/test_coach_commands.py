"""What is said of a run leads to a config with the change in it: the one that is open where it is the run's, else the run's own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.config.presets import list_presets
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.shell.settings_store import remember_run_folder
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
