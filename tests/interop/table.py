"""The table of the docs page on training and predicting elsewhere: each model type with each backbone, and both pairs,
trained here and there, and read by both programs. Every number is from this run."""

import io
import json
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import sleap_io as sio

from sleapnn_engine.cli import main
from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job, job_values
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.for_others import for_version
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.data.linear_assignment import best_pairs
from tests.engine.training.learning import LEARNS
from tests.engine.training.rendered import job, trained, write_labels

BACKBONES = ("unet", "convnext", "swint")
PAIRS = ("centered_instance", "multi_class_topdown")
HEAD = (
    "| model | opens there | largest difference, px | opens here | largest difference, px | our error, px | theirs, px | speed |",
    "|---|---|---|---|---|---|---|---|",
)
#: Frames that are predicted; the networks have learned from as many others.
FRAMES = 40
#: No animal is farther than that from the same one in another file.
FAR = 1e3

Theirs = Callable[..., dict[str, Any]]


@attrs.frozen(kw_only=True)
class Made:
    """Models of one row: the folders of those that were trained `here` and `there`, one or a pair, and frames to predict."""

    name: str
    labels: Path
    here: tuple[Path, ...]
    there: tuple[Path, ...]


def table(folder: Path, their_side: Theirs) -> list[str]:
    """The lines of the table. Trains everything in `folder`, which is to be empty."""
    made = _rows(folder, their_side)
    jobs = [
        {"labels": str(one.labels), "runs": list(map(str, runs)), "output": str(folder / f"{number}_{where}_by_them.slp")}
        for number, one in enumerate(made)
        for where, runs in (("here", one.here), ("there", one.there))
    ]  # fmt: skip
    listed = folder / "jobs.json"
    listed.write_text(json.dumps(jobs))
    told = their_side("timed", listed)
    return [*HEAD, *(_line(number, one, folder, told) for number, one in enumerate(made))]


def _rows(folder: Path, their_side: Theirs) -> list[Made]:
    """Train all of them, here and there."""
    here: dict[tuple[str, str], Path] = {}
    there: dict[tuple[str, str], Path] = {}
    labels: dict[bool, tuple[Path, Path]] = {}
    for alone in (True, False):
        drawn = {} if alone else {"animals": 2, "size": (64, 96), "tracks": ("short", "long")}
        labels[alone] = (
            write_labels(folder, f"train_{alone}.slp", frames=FRAMES, **drawn),
            write_labels(folder, f"test_{alone}.slp", frames=FRAMES, **drawn),
        )
    configs = []
    for kind in MODEL_TYPES:
        for backbone in BACKBONES:
            name = f"{kind}_{backbone}"
            config = _config(folder / "ours", labels[kind == "single_instance"][0], kind, backbone)
            here[kind, backbone] = trained(config)
            tree.put(config, "trainer_config.ckpt_dir", str(folder / "theirs"))
            configs.append(folder / f"{name}.yaml")
            configs[-1].write_text(
                dump_config(for_version(job_values(build_job(config)), version="0.3.5")[0])
            )
            there[kind, backbone] = folder / "theirs" / name
    their_side("train", *configs)
    rows = [
        Made(
            name=f"{kind}, {backbone}",
            labels=labels[kind == "single_instance"][1],
            here=(here[kind, backbone],),
            there=(there[kind, backbone],),
        )
        for kind, backbone in here
    ]
    centroid = ("centroid", "unet")
    rows += [
        Made(
            name=f"centroid and {kind}, unet",
            labels=labels[False][1],
            here=(here[centroid], here[kind, "unet"]),
            there=(there[centroid], there[kind, "unet"]),
        )
        for kind in PAIRS
    ]
    return rows


def _config(folder: Path, labels: Path, kind: str, backbone: str) -> dict[str, Any]:
    """A training of some seconds, by which the network finds the drawn animals."""
    learns = {name: value for name, value in LEARNS[kind].items() if "__unet__" not in name}
    if backbone == "unet":
        learns["model_config__backbone_config__unet__filters"] = 12
    elif backbone == "convnext":
        learns["model_config__backbone_config__convnext__arch"] = {
            "depths": [1, 1, 1, 1],
            "channels": [16, 24, 32, 48],
        }
    else:
        learns["model_config__backbone_config__swint__arch"] = {
            "embed": 16,
            "depths": [1, 1, 1, 1],
            "num_heads": [1, 2, 2, 4],
        }
    return job(
        folder,
        labels,
        model_type=kind,
        backbone=backbone,
        **{
            "trainer_config__run_name": f"{kind}_{backbone}",
            "trainer_config__max_epochs": 4,
            "trainer_config__save_ckpt": True,
            "trainer_config__train_data_loader__batch_size": 4,
            "trainer_config__ckpt_dir": str(folder),
            **learns,
            "trainer_config__train_steps_per_epoch": 80,
            "trainer_config__min_train_steps_per_epoch": 80,
            "trainer_config__optimizer__lr": 0.003,
        },
    )  # fmt: skip


def _line(number: int, made: Made, folder: Path, told: dict[str, Any]) -> str:
    """One row of the table."""
    cells = [made.name]
    spent: list[tuple[float, float]] = []
    errors: list[str] = []
    for where, runs in (("here", made.here), ("there", made.there)):
        theirs = folder / f"{number}_{where}_by_them.slp"
        ours = folder / f"{number}_{where}_by_us.slp"
        why, seconds = told[str(theirs)]
        failed, own_seconds = _predicted(made.labels, ours, runs)
        refused = why if where == "here" else failed
        cells.append("yes" if refused is None else f"no: {refused}")
        cells.append(_difference(ours, theirs) if why is None and failed is None else "–")
        if where == "here" and why is None and failed is None:
            spent.append((own_seconds, seconds))
            errors = [_error(file, made.labels) for file in (ours, theirs)]
    ratio = f"{spent[0][1] / spent[0][0]:.1f}×" if spent else "–"
    return "| " + " | ".join([*cells, *(errors or ["–", "–"]), ratio]) + " |"


def _predicted(labels: Path, output: Path, runs: Sequence[Path]) -> tuple[str | None, float]:
    """Predict the labelled frames here, twice; why that failed, and the seconds of the second time."""
    words = [
        "predict",
        *map(str, runs),
        "--data",
        str(labels),
        "--only-labelled",
        "-o",
        str(output),
        "--overwrite",
    ]
    seconds = 0.0
    for _ in range(2):
        began = time.perf_counter()
        with redirect_stdout(io.StringIO()):
            code = main([*words, "--device", "cpu"])
        seconds = time.perf_counter() - began
        if code:
            return f"exit code {code}", seconds
    return None, seconds


def _animals(file: Path) -> dict[int, np.ndarray]:
    """{frame: points (animals, nodes, 2)} of a labels file."""
    return {
        frame.frame_idx: np.stack([one.numpy() for one in frame.instances])
        for frame in sio.load_slp(str(file)).labeled_frames
        if frame.instances
    }


def _together(found: Path, other: Path, *, centres: bool = False) -> tuple[np.ndarray, int]:
    """Distances of the points of the same animals in two files, and the number of points that only one of them has."""
    one, two = _animals(found), _animals(other)
    gaps, lonely = [np.zeros(0)], 0
    for frame in one.keys() | two.keys():
        a, b = one.get(frame), two.get(frame)
        if centres and b is not None:
            b = (np.nanmin(b, axis=1, keepdims=True) + np.nanmax(b, axis=1, keepdims=True)) / 2
        if a is None or b is None:
            lonely += int(np.isfinite((b if a is None else a)[..., 0]).sum())
            continue
        apart = np.linalg.norm(a[:, None] - b[None], axis=-1)
        i, j = best_pairs(np.where(np.isfinite(apart), apart, FAR).mean(axis=-1))
        gaps.append(apart[i, j][np.isfinite(apart[i, j])])
        lonely += int(np.isfinite(a[..., 0]).sum() + np.isfinite(b[..., 0]).sum()) - 2 * len(gaps[-1])
    return np.concatenate(gaps), lonely


def _difference(ours: Path, theirs: Path) -> str:
    gaps, lonely = _together(ours, theirs)
    if not len(gaps):
        return "nothing found"
    alone = f", {lonely} in one only" if lonely else ""
    return f"{gaps.max():.1e} ({len(gaps)} points{alone})"


def _error(found: Path, labels: Path) -> str:
    """The median distance to the places that were drawn."""
    centres = len(sio.load_slp(str(found)).skeletons[0].nodes) == 1
    gaps, _ = _together(found, labels, centres=centres)
    return f"{np.median(gaps):.2f}" if len(gaps) else "–"
