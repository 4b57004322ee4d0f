"""Trainings that are taken up again, in this process, and the numbers they compute."""

import csv
import hashlib
import io
import itertools
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config.build import build_job
from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.inspect.preparation import prepare_values
from sleapnn_engine.inspect.wanted import never
from sleapnn_engine.protocol.measures import PCK
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import events
from tests.engine.training.rendered import job, write_labels

AUGMENTATION = {
    "geometric": {"affine_p": 1.0, "rotation_min": -30.0, "rotation_max": 30.0},
    "intensity": {"gaussian_noise_p": 0.5, "gaussian_noise_std": 0.1, "contrast_p": 0.5},
}
#: The rate falls after the third epoch, and training ends early after the fourth.
FALLING = {
    "reduce_lr_on_plateau": {"threshold": 10.0, "threshold_mode": "abs", "patience": 1, "cooldown": 0},
    "step_lr": None,
}
ENDING = {"min_delta": 10.0, "patience": 3, "stop_training_on_plateau": True}
STEPS = 4
#: The same losses on every processor, whatever it is fast at.
PRECISION = "32"


def draw_labels(folder: Path) -> Path:
    """Labels to train on and to validate with; returns the folder they are in."""
    write_labels(folder, "train.slp", frames=11)
    write_labels(folder, "val.slp", frames=5)
    return folder


def config(data: Path, folder: Path, **changes: Any) -> dict[str, Any]:
    """Four steps an epoch while a pass over the frames takes three, so that an epoch does not end with a pass."""
    settings = {
        "data_config__val_labels_path": [str(data / "val.slp")],
        "data_config__use_augmentations_train": True,
        "data_config__augmentation_config": AUGMENTATION,
        "trainer_config__train_data_loader__batch_size": 4,
        "trainer_config__train_steps_per_epoch": STEPS,
        "trainer_config__max_epochs": 9,
        "trainer_config__lr_scheduler": FALLING,
        "trainer_config__early_stopping": ENDING,
        "trainer_config__model_ckpt": {"save_last": True, "save_top_k": 1},
        "trainer_config__ckpt_dir": str(folder),
        "trainer_config__save_ckpt": True,
        "trainer_config__seed": 7,
    }
    return job(folder, data / "train.slp", **{**settings, **changes})


def run(settings: dict[str, Any], *, code: int = 0) -> Path:
    """Train in this process; returns the run folder."""
    stream = io.StringIO()
    assert train(build_job(settings), precision=PRECISION, stream=stream) == code
    return Path(stream.getvalue().splitlines()[0].removeprefix("run folder: "))


def resumed(data: Path, previous: Path, *, file: str = "last.ckpt", **changes: Any) -> Path:
    """Go on with a run in the same settings but for `changes`; what is warned of before it is what it warns of."""
    changes["trainer_config__resume_ckpt_path"] = str(previous / file)
    settings = config(data, previous.parent, **changes)
    there = sorted(previous.parent.rglob("*"))
    found = prepare_values(settings, read=read_labels, cancelled=never, precision=PRECISION).found
    assert sorted(previous.parent.rglob("*")) == there
    folder = run(settings)
    assert found.refusals == []
    told = itertools.takewhile(lambda event: event["body"].get("name") != "cache", events(folder))
    logged = [event["body"] for event in told if event["kind"] == "log"]
    assert [body["text"] for body in logged if body["level"] == "warning"] == [
        issue.message for issue in found.issues if issue.severity == "warning"
    ]
    return folder


Numbers = dict[tuple[Any, ...], float]


def steps(folder: Path) -> Numbers:
    """{(epoch, step, batch): loss}."""
    bodies = [event["body"] for event in events(folder) if event["kind"] == "batch_end"]
    return {(body["epoch"], body["step"], body["batch"]): body["loss"] for body in bodies}


def epochs(folder: Path) -> Numbers:
    """What is known after each epoch but times."""
    names = ("train", "val", "lr", "best", "best_epoch", "best_val", "median_px")
    bodies = [event["body"] for event in events(folder) if event["kind"] == "epoch_end"]
    known = [{**body, **(body["error"] or {})} for body in bodies]
    return {
        (body["epoch"], name): body[name] for body in known for name in names if body.get(name) is not None
    }


def nodes(folder: Path) -> Numbers:
    """The training error of each node, of each epoch."""
    with (folder / "training_log.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        (int(row["epoch"]), name): float(value)
        for row in rows
        for name, value in row.items()
        if name.startswith("train/confmaps/")
    }


def exactly(numbers: Numbers) -> Any:
    """Equal but for the last digits of a 32-bit number."""
    return pytest.approx(numbers, rel=1e-6, abs=1e-9)


def since(numbers: Numbers, epoch: int, batch: int = 0) -> Numbers:
    """The part from a batch of an epoch on; the numbers of whole epochs have no batch."""
    return {
        key: value
        for key, value in numbers.items()
        if key[0] > epoch or (key[0] == epoch and (len(key) < 3 or key[2] >= batch))
    }


def texts(folder: Path, level: str) -> list[str]:
    """What was logged at a level, but not that a model finds next to nothing: one of so few steps may or may not."""
    bodies = [event["body"] for event in events(folder) if event["kind"] == "log"]
    return [
        body["text"] for body in bodies if body["level"] == level and not body["text"].startswith(PCK.if_zero)
    ]


def fingerprints(folder: Path) -> dict[str, str]:
    """{file below the folder: hash of its contents}."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
