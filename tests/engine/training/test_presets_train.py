"""Every preset trains on real labels that suit it, with nothing but the label paths filled in."""

import io
import math
from pathlib import Path

import pytest
import sleap_io as sio
import yaml

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.config.validate import validate
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import events

#: Which real set suits a preset, by the beginning of its name.
SUITS = {
    "single_instance": "fly32_single",
    "timm_single_instance": "fly32_single",
    "centroid": "mice11_pair",
    "topdown_centered": "mice11_pair",
    "bottomup": "flies24_pair",
    "topdown_multi_class": "flies24_pair",
    "multi_class": "flies24_pair",
}
PRESETS = sorted(
    path.stem
    for pattern in ("config_*", "timm_*")
    for path in resource_path("presets").glob(f"{pattern}.yaml")
)


def few_frames(source: Path, folder: Path, *, count: int) -> str:
    """A labels file with the first frames of a real one; its images stay where they are."""
    labels = sio.load_slp(source.as_posix())
    part = sio.Labels(
        labels.labeled_frames[:count], videos=labels.videos, skeletons=labels.skeletons, tracks=labels.tracks
    )
    path = folder / f"{source.name.partition('.')[0]}.slp"
    sio.save_slp(part, path.as_posix(), embed=False, restore_original_videos=False)
    return str(path)


def test_there_are_the_eleven_of_the_guide_and_one_with_an_encoder_of_timm() -> None:
    assert len(PRESETS) == 12


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_trains_on_matching_labels(shared_data: Path, tmp_path: Path, preset: str) -> None:
    suits = next(name for start, name in SUITS.items() if preset.removeprefix("config_").startswith(start))
    values = read_config(resource_path("presets", f"{preset}.yaml")).values
    tree.put(
        values,
        "data_config.train_labels_path",
        [few_frames(shared_data / suits / "train.pkg.slp", tmp_path, count=1)],
    )
    tree.put(
        values,
        "data_config.val_labels_path",
        [few_frames(shared_data / suits / "val.pkg.slp", tmp_path, count=1)],
    )
    assert [issue.message for issue in validate(values) if issue.severity == "error"] == []
    # Not part of the claim: one step instead of an evening, and a place for the files. The large encoders see the
    # images at a quarter of their size, which costs a sixteenth.
    for path, value in {
        **({} if "unet" in preset else {"data_config.preprocessing.scale": 0.25}),
        "trainer_config.train_steps_per_epoch": 1,
        "trainer_config.max_epochs": 1,
        "trainer_config.ckpt_dir": str(tmp_path),
        "trainer_config.run_name": "run",
    }.items():
        tree.put(values, path, value)
    assert train(build_job(values), stream=io.StringIO()) == 0
    end = next(event["body"] for event in events(tmp_path / "run") if event["kind"] == "epoch_end")
    assert math.isfinite(end["train"])
    assert math.isfinite(end["val"])
    written = yaml.safe_load((tmp_path / "run" / "training_config.yaml").read_text())
    assert written["model_config"]["total_params"] > 10_000
