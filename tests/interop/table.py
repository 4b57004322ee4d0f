"""The table of the docs page on training and predicting elsewhere: each model type with each backbone, and both pairs,
trained here and there, and read by both programs. Every number is from this run."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
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
FRAMES = 24
#: How often each program is timed; its quickest time counts, as other work of the machine only takes more.
TIMES = 2
#: No animal is farther than that from the same one in another file.
FAR = 1e3

Theirs = Callable[..., dict[str, Any]]


@attrs.frozen(kw_only=True)
class Made:
    """Models of one row: frames to predict, and the folders of one model or a pair, `trained` here and there."""

    name: str
    labels: Path
    trained: dict[str, tuple[Path, ...]]


def table(
    folder: Path,
    their_side: Theirs,
    *,
    python: Path,
    backbones: Sequence[str] = BACKBONES,
    kinds: Sequence[str] = tuple(MODEL_TYPES),
) -> Iterator[str]:
    """The lines of the table, those of one backbone after the other. Trains everything in `folder` that is not there yet.

    `python` is that of the environment that `their_side` calls, where their command is that whole processes are timed of.

    Both pairs are in it where all that they consist of is."""
    yield from HEAD
    labels = {alone: _drawn(folder, alone=alone) for alone in (True, False)}
    for backbone in backbones:
        rows = _rows(folder, their_side, backbone=backbone, kinds=kinds, labels=labels)
        jobs = [
            {
                "labels": str(one.labels),
                "runs": list(map(str, runs)),
                "output": str(_output(folder, one, where, "them")),
            }
            for one in rows
            for where, runs in one.trained.items()
        ]
        listed = folder / "jobs.json"
        listed.write_text(json.dumps(jobs))
        refused = their_side("predict", listed)
        yield from (_line(one, folder, refused, command=python.with_name("sleap-nn")) for one in rows)


def _drawn(folder: Path, *, alone: bool) -> tuple[Path, Path]:
    """Labels to train on and to predict, with one animal on each frame or two."""
    drawn: dict[str, Any] = {} if alone else {"animals": 2, "size": (64, 96), "tracks": ("short", "long")}
    train, test = (folder / f"{name}_{alone}.slp" for name in ("train", "test"))
    for file in (train, test):
        if not file.exists():
            write_labels(folder, file.name, frames=FRAMES, **drawn)
    return train, test


def _output(folder: Path, made: Made, where: str, whom: str) -> Path:
    return folder / f"{made.name.replace(' ', '_').replace(',', '')}_{where}_by_{whom}.slp"


def _rows(
    folder: Path,
    their_side: Theirs,
    *,
    backbone: str,
    kinds: Sequence[str],
    labels: dict[bool, tuple[Path, Path]],
) -> list[Made]:
    """Train models of these types with one backbone, here and there."""
    rows, configs, models = [], [], {}
    for kind in kinds:
        train, test = labels[kind == "single_instance"]
        config = learning(folder / "ours", train, kind, backbone)
        where = {place: (folder / place / f"{kind}_{backbone}",) for place in ("ours", "theirs")}
        if not (where["ours"][0] / "metrics.val.0.npz").exists():
            trained(config)
        tree.put(config, "trainer_config.ckpt_dir", str(folder / "theirs"))
        file = folder / f"{kind}_{backbone}.yaml"
        if not file.with_suffix(".done").exists():
            configs.append(file)
            configs[-1].write_text(
                dump_config(for_version(job_values(build_job(config)), version="0.3.5")[0])
            )
        models[kind] = {"here": where["ours"], "there": where["theirs"]}
        rows.append(Made(name=f"{kind}, {backbone}", labels=test, trained=models[kind]))
    their_side("train", *configs)
    for config in configs:
        config.with_suffix(".done").touch()
    if backbone == "unet" and "centroid" in kinds:
        for kind in set(PAIRS).intersection(kinds):
            pair = {where: (*models["centroid"][where], *models[kind][where]) for where in models[kind]}
            rows.append(Made(name=f"centroid and {kind}, unet", labels=labels[False][1], trained=pair))
    return rows


def learning(
    folder: Path, labels: Path, kind: str, backbone: str, *, scale: float = 1.0, run_name: str = ""
) -> dict[str, Any]:
    """A training of some seconds, by which a network finds the drawn animals."""
    learns = {name: value for name, value in LEARNS[kind].items() if "__unet__" not in name}
    section = f"model_config__backbone_config__{backbone}__"
    own: dict[str, Any] = {
        "unet": {"filters": 12},
        # They build named sizes only. A step of these takes long, so there are few.
        "convnext": {"arch": None, "model_type": "tiny"},
        "swint": {"arch": None, "model_type": "tiny", "window_size": 7},
    }[backbone]
    steps, epochs, rate = (60, 3, 0.003) if backbone == "unet" else (40, 1, 0.0005)
    if kind == "multi_class_bottomup" and backbone == "unet":
        # Its two losses hold each other up: after three epochs it knows identities, and no places.
        epochs = 10
    settings = {
        "data_config__preprocessing__scale": scale,
        "trainer_config__run_name": run_name or f"{kind}_{backbone}",
        "trainer_config__max_epochs": epochs,
        "trainer_config__save_ckpt": True,
        "trainer_config__train_data_loader__batch_size": 4,
        "trainer_config__ckpt_dir": str(folder),
        **learns,
        **{section + name: value for name, value in own.items()},
        "trainer_config__train_steps_per_epoch": steps,
        "trainer_config__min_train_steps_per_epoch": steps,
        "trainer_config__optimizer__lr": rate,
    }
    return job(folder, labels, model_type=kind, backbone=backbone, **settings)


def _line(made: Made, folder: Path, told: dict[str, Any], *, command: Path) -> str:
    """One row of the table; `told` says why they could not predict, by output."""
    cells, errors, ratio = [made.name], ["–", "–"], "–"
    for where in ("here", "there"):
        theirs, ours = (_output(folder, made, where, whom) for whom in ("them", "us"))
        why, failed = told[str(theirs)], predicted(made.labels, ours, made.trained[where])
        refused = why if where == "here" else failed
        cells.append("yes" if refused is None else f"no: {refused}")
        cells.append(_difference(ours, theirs) if why is None and failed is None else "–")
        if where == "here" and why is None and failed is None:
            ratio = f"{_ratio(made, folder, command):.1f}×"
            errors = [_error(file, made.labels) for file in (ours, theirs)]
    return "| " + " | ".join([*cells, *errors, ratio]) + " |"


def _ratio(made: Made, folder: Path, command: Path) -> float:
    """Seconds that their whole process takes to predict with the models trained here, in terms of ours."""
    runs = made.trained["here"]
    models = [word for run in runs for word in ("--model_paths", str(run))]
    output = folder / "timed.slp"
    theirs = [command, "predict", "--data_path", made.labels, "-o", output, *models, "--device", "cpu"]
    ours = [sys.executable, "-m", "sleapnn_engine", *_words(made.labels, output, runs)]
    seconds: dict[str, list[float]] = {"theirs": [], "ours": []}
    for _ in range(TIMES):
        for whose, words in (("theirs", theirs), ("ours", ours)):
            began = time.perf_counter()
            one = {**os.environ, "OMP_NUM_THREADS": "1"}
            subprocess.run(list(map(str, words)), check=True, capture_output=True, env=one)
            seconds[whose].append(time.perf_counter() - began)
    return min(seconds["theirs"]) / min(seconds["ours"])


def _words(labels: Path, output: Path, runs: Sequence[Path]) -> list[str]:
    """The command that predicts the labelled frames."""
    return [
        "predict",
        *map(str, runs),
        "--data",
        str(labels),
        "--only-labelled",
        "-o",
        str(output),
        "--overwrite",
        "--device",
        "cpu",
    ]


def predicted(labels: Path, output: Path, runs: Sequence[Path], *options: str) -> str | None:
    """Predict the labelled frames here; why that failed."""
    with redirect_stdout(io.StringIO()):
        code = main([*_words(labels, output, runs), *options])
    return f"exit code {code}" if code else None


def _animals(file: Path) -> dict[int, np.ndarray]:
    """{frame: points (animals, nodes, 2)} of a labels file."""
    return {
        frame.frame_idx: np.stack([one.numpy() for one in frame.instances])
        for frame in sio.load_slp(str(file)).labeled_frames
        if frame.instances
    }


def compared(found: Path, other: Path, *, centres: bool = False) -> tuple[np.ndarray, int]:
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
    gaps, lonely = compared(ours, theirs)
    if not len(gaps):
        return "nothing found"
    alone = f", {lonely} in one only" if lonely else ""
    return f"{gaps.max():.1e} ({len(gaps)} points{alone})"


def _error(found: Path, labels: Path) -> str:
    """The median distance to the places that were drawn."""
    centres = len(sio.load_slp(str(found)).skeletons[0].nodes) == 1
    gaps, _ = compared(found, labels, centres=centres)
    return f"{np.median(gaps):.2f}" if len(gaps) else "–"
