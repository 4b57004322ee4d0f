"""A dot at a known place is found there by both programs, with one model: sizes, scales and crops lie between."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.cli import main
from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job, job_values
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.for_others import for_version
from tests.engine.training.rendered import write_labels
from tests.interop.hand_made import animals, run_folder
from tests.interop.table import learning

pytestmark = pytest.mark.interop

CASES: dict[str, tuple[str, tuple[int, int], dict[str, Any]]] = {
    "frames": ("single_instance", (200, 240), {}),
    "frames at half the size": ("single_instance", (200, 240), {"scale": 0.5}),
    "frames of odd size at half the size": ("single_instance", (201, 243), {"scale": 0.5}),
    "frames matched in size": ("single_instance", (201, 243), {"max_height": 160, "max_width": 160}),
    "crops": ("centered_instance", (200, 240), {"crop_size": 80}),
    "crops at half the size": ("centered_instance", (200, 240), {"crop_size": 80, "scale": 0.5}),
    "crops of frames matched in size": (
        "centered_instance",
        (201, 243),
        {"crop_size": 80, "max_height": 160, "max_width": 160},
    ),
}


@pytest.fixture(scope="module")
def found(their_side, tmp_path_factory) -> dict[str, tuple[np.ndarray, Path, Path]]:
    """What is true, and the predictions of both sides, for each case; theirs are made by one process."""
    cases, jobs = {}, []
    for number, (case, (kind, size, preprocessing)) in enumerate(CASES.items()):
        folder = tmp_path_factory.mktemp(f"case{number}")
        shrinks = preprocessing.get("scale", 1.0) * (160 / size[1] if "max_width" in preprocessing else 1.0)
        labels, truth = animals(folder, size=size, wide=0.75 / shrinks)
        changes = {f"data_config__preprocessing__{name}": value for name, value in preprocessing.items()}
        run = run_folder(folder, labels, kind, **changes)
        theirs = folder / "theirs.slp"
        jobs.append({"labels": str(labels), "runs": [str(run)], "output": str(theirs)})
        cases[case] = truth, predicted(labels, folder / "ours.slp", run), theirs
    listed = tmp_path_factory.mktemp("jobs") / "jobs.json"
    listed.write_text(json.dumps(jobs))
    assert set(their_side("predict", listed).values()) == {None}
    return cases


@pytest.mark.parametrize("case", CASES)
def test_a_dot_is_where_it_is_drawn(case, found) -> None:
    truth, ours, theirs = found[case]
    assert np.abs(points(ours) - truth).max() < 0.1
    off = points(theirs) - truth
    per_pixel = CASES[case][2].get("max_width", CASES[case][1][1]) / CASES[case][1][1]
    # Theirs are off by what rounding a corner down, and a size, leaves over: up to half a pixel either way.
    assert np.abs(off).max() < 0.6 / per_pixel, off
    assert np.abs(off.mean(axis=(0, 1))).max() < 0.3 / per_pixel, off


def test_a_model_of_crops_that_was_trained_there_finds_the_same_places_here(
    their_side, tmp_path: Path
) -> None:
    """Its centre is left open in the config, which each program has to read as it was meant."""
    drawn = {"animals": 2, "size": (64, 96), "tracks": ("short", "long")}
    labels, test = (write_labels(tmp_path, f"{name}.slp", frames=24, **drawn) for name in ("train", "test"))
    config = learning(tmp_path / "ours", labels, "centered_instance", "unet")
    tree.put(config, "trainer_config.ckpt_dir", str(tmp_path / "theirs"))
    file = tmp_path / "config.yaml"
    file.write_text(dump_config(for_version(job_values(build_job(config)), version="0.3.5")[0]))
    assert "anchor_part: null" in file.read_text()
    assert set(their_side("train", file).values()) == {None}
    run = tmp_path / "theirs" / "centered_instance_unet"
    listed, theirs = tmp_path / "jobs.json", tmp_path / "theirs.slp"
    listed.write_text(json.dumps([{"labels": str(test), "runs": [str(run)], "output": str(theirs)}]))
    assert set(their_side("predict", listed).values()) == {None}
    truth = points_of_all(test)
    off = {
        name: points_of_all(found) - truth
        for name, found in (("ours", predicted(test, tmp_path / "ours.slp", run)), ("theirs", theirs))
    }
    for name, gaps in off.items():
        assert np.isfinite(gaps).mean() > 0.95, name
        assert np.nanmedian(np.linalg.norm(gaps, axis=-1)) < 0.6, name
        assert np.abs(np.nanmean(gaps, axis=(0, 1, 2))).max() < 0.3, name


def points_of_all(file: Path) -> np.ndarray:
    """The points of both animals of each frame, the left one first, (frames, 2, 3, 2)."""
    frames = sorted(sio.load_slp(str(file)).labeled_frames, key=lambda frame: frame.frame_idx)
    found = np.stack([np.stack([one.numpy() for one in frame.instances]) for frame in frames])
    order = np.argsort(np.nanmean(found[..., 0], axis=-1), axis=1)
    return np.take_along_axis(found, order[:, :, None, None], axis=1)


def predicted(labels: Path, output: Path, *runs: Path) -> Path:
    """Predict the labelled frames with this program."""
    words = ["predict", *map(str, runs), "--data", str(labels), "--only-labelled", "-o", str(output)]
    assert main([*words, "--device", "cpu"]) == 0
    return output


def points(file: Path) -> np.ndarray:
    """The points of the one animal of each frame, (frames, 3, 2)."""
    labels = sio.load_slp(str(file))
    frames = sorted(labels.labeled_frames, key=lambda frame: frame.frame_idx)
    return np.stack([frame.instances[0].numpy() for frame in frames])
