"""sleap-nn reads our configs: those of runs as they are, and those that are made for it."""

from pathlib import Path

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job, job_values
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.for_others import for_version
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.inference.trained import read_trained
from sleapnn_engine.training.artifacts.resolved_config import INITIAL, write_initial
from tests.engine.training.rendered import job, write_labels
from tests.interop.table import learning

pytestmark = pytest.mark.interop


def test_configs_of_every_model_type_are_accepted(their_side, tmp_path: Path) -> None:
    files = []
    for kind in MODEL_TYPES:
        empty = {"data_config__use_negative_frames": True, "data_config__negative_loss_weight": 0.5}
        config = job(tmp_path, tmp_path / "labels.slp", model_type=kind, **empty)
        folder = tmp_path / kind
        folder.mkdir()
        write_initial(build_job(config), folder)
        files.append(folder / INITIAL)
        files.append(folder / "made.yaml")
        files[-1].write_text(dump_config(for_version(config, version="0.3.5")[0]))
        assert "use_negative_frames: true" in files[-1].read_text()
    assert set(their_side("verify", *files).values()) == {None}


def test_configs_for_the_oldest_version_train_there_and_its_models_open_here(
    their_old_side, tmp_path: Path
) -> None:
    drawn = {"animals": 2, "size": (64, 96), "tracks": ("short", "long")}
    labels = {True: write_labels(tmp_path, "one.slp"), False: write_labels(tmp_path, "two.slp", **drawn)}
    files = []
    for kind in MODEL_TYPES:
        config = learning(tmp_path, labels[kind == "single_instance"], kind, "unet", run_name=kind)
        tree.put(config, "trainer_config.max_epochs", 1)
        for name in ("train_steps_per_epoch", "min_train_steps_per_epoch"):
            tree.put(config, f"trainer_config.{name}", 2)
        files.append(tmp_path / f"{kind}.yaml")
        files[-1].write_text(dump_config(for_version(job_values(build_job(config)), version="0.1")[0]))
    assert set(their_old_side("verify", *files).values()) == {None}
    assert set(their_old_side("train", *files).values()) == {None}
    for kind in MODEL_TYPES:
        assert read_trained(tmp_path / kind).kind.key == kind
