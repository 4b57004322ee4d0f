"""Each figure beside a setting is the one that a training of that config has, for all presets and real labels."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from sleapnn_engine.config.checks.labels import misfit
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.data.samples import CropSamples
from sleapnn_engine.training.state import Training
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import open_preset
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.figures_watch import FiguresWatch
from sleapnn_gui.inspector.labels_watch import LabelsWatch
from sleapnn_gui.shell.status_line import network_text
from tests.engine.training.rendered import built

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]
PRE, LABELS = "data_config.preprocessing.", "data_config.train_labels_path"
STEPS = "trainer_config.train_steps_per_epoch"


@pytest.fixture(scope="module")
def document(app: QApplication) -> Iterator[Document]:
    """A document whose figures come from one engine process."""
    shown, inspect = Document(), Inspect()
    watches = [LabelsWatch(shown, inspect), FiguresWatch(shown, inspect)]
    yield shown
    for watch in watches:
        watch.stop()
    inspect.close()


def engine_figures(training: Training) -> dict[str, int]:
    """What the engine has built for a run."""
    samples = training.parts.batches.train
    found = {STEPS: training.parts.steps_per_epoch, "parameters": training.parts.model.parameter_count}
    if isinstance(samples, CropSamples):
        found[PRE + "crop_size"] = samples.plan.side
    return found


@pytest.mark.parametrize("labels", ["fly32_single", "flies13_pair", "flies24_pair"])
def test_the_form_says_what_the_engine_does(
    document: Document, shared_data: Path, tmp_path: Path, wait_until: Wait, labels: str
) -> None:
    compared = 0
    for preset in list_presets("guide"):
        document.adopt(open_preset(preset))
        changes = {
            LABELS: [str(shared_data / labels / "val.pkg.slp")],
            STEPS: None,
            "trainer_config.min_train_steps_per_epoch": 1,
            "trainer_config.train_data_loader.batch_size": 3,
            "trainer_config.ckpt_dir": str(tmp_path),
            "trainer_config.run_name": preset.name,
            PRE + "crop_size": None,
            "data_config.data_pipeline_fw": "torch_dataset",
        }
        if preset.backbone == "unet":
            changes["model_config.backbone_config.unet.filters"] = 4
        document.apply_values(changes, "a small one")
        wait_until(lambda: bool(document.figures) and not document.figures_pending, 60)
        # Facts of the labels before may still stand while those of these are read.
        wait_until(lambda: bool(document.facts) and labels in document.facts["files"][0]["path"], 60)
        assert document.figures is not None
        assert document.facts is not None
        if misfit(preset.model_type, document.facts):
            assert document.figures["reason"], preset.name
            assert document.auto_text(STEPS) == ""
            continue
        assert document.figures["reason"] is None
        if preset.backbone != "unet":
            continue  # tens of millions of weights; their count is compared where networks are built
        wanted = built(document.values, engine_figures)
        assert document.auto_text(STEPS) == f"→ {wanted[STEPS]} steps", preset.name
        assert document.figures["parameters"] == wanted["parameters"], preset.name
        assert re.search(r"[\d.,]+ (M )?parameters", network_text(document))
        if PRE + "crop_size" in wanted:
            assert document.auto_text(PRE + "crop_size") == f"→ {wanted[PRE + 'crop_size']} px", preset.name
        compared += 1
    assert compared


def test_several_devices_share_the_steps(document: Document, shared_data: Path, wait_until: Wait) -> None:
    document.adopt(open_preset(list_presets("guide")[0]))
    common = {
        LABELS: [str(shared_data / "fly32_single" / "val.pkg.slp")],
        "trainer_config.trainer_accelerator": "cpu",
    }
    document.apply_values(common, "labels")
    wait_until(lambda: bool(document.figures) and not document.figures_pending, 60)
    alone = document.auto_text(STEPS)
    document.set_value("trainer_config.trainer_devices", 2)
    wait_until(lambda: bool(document.figures) and not document.figures_pending, 60)
    assert (alone, document.auto_text(STEPS)) == ("→ 200 steps", "→ 100 steps")


def test_without_labels_nothing_is_said(document: Document) -> None:
    document.adopt(open_preset(list_presets("guide")[0]))
    document.set_value(LABELS, [])
    assert document.auto_text(STEPS) == ""
    assert "parameters" not in network_text(document)
