"""Small jobs on real labels, and running the engine on them in a process of its own."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.protocol.measures import PCK
from tests.engine.warm import CAN_FORK, WarmEngine

Engine = WarmEngine | subprocess.Popen[str]
ROOT = Path(__file__).resolve().parents[3]


def values(data: Path, folder: Path, **changes: Any) -> dict[str, Any]:
    """A config that trains in seconds; `changes` are dotted keys with `__` for the dots."""
    config: dict[str, Any] = {}
    settings = {
        "data_config.train_labels_path": [str(data / "fly32_single" / "train.pkg.slp")],
        "data_config.val_labels_path": [str(data / "fly32_single" / "val.pkg.slp")],
        "data_config.data_pipeline_fw": "torch_dataset_cache_img_memory",
        "data_config.preprocessing.scale": 0.5,
        "data_config.use_augmentations_train": False,
        "model_config.backbone_config.unet.filters": 4,
        "model_config.backbone_config.unet.max_stride": 8,
        "model_config.backbone_config.unet.output_stride": 4,
        "model_config.head_configs.single_instance.confmaps.sigma": 1.5,
        "model_config.head_configs.single_instance.confmaps.output_stride": 4,
        "trainer_config.train_data_loader.batch_size": 4,
        "trainer_config.val_data_loader.batch_size": 6,
        "trainer_config.train_steps_per_epoch": 3,
        "trainer_config.max_epochs": 2,
        "trainer_config.seed": 7,
        "trainer_config.optimizer.lr": 0.001,
        "trainer_config.save_ckpt": True,
        "trainer_config.ckpt_dir": str(folder),
        "trainer_config.run_name": "run",
    }
    for path, value in {
        **settings,
        **{key.replace("__", "."): value for key, value in changes.items()},
    }.items():
        tree.put(config, path, value)
    return config


def config_file(config: dict[str, Any], folder: Path) -> Path:
    """Write a config and return where it is."""
    path = folder / "job.yaml"
    path.write_text(dump_config(config), encoding="utf-8")
    return path


def start(config: Path, *words: str) -> Engine:
    """Start `train` in a process of its own; it needs no time for its imports, where that can be had."""
    return (
        WarmEngine(["train", str(config), *words], folder=config.parent) if CAN_FORK else cold(config, *words)
    )


def cold(config: Path, *words: str) -> subprocess.Popen[str]:
    """Start `train` as a person's shell does, with one thread for torch and pipes for its output."""
    command = [sys.executable, "-m", "sleapnn_engine", "train", str(config), *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command,
        cwd=config.parent,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(process: Engine, *, seconds: float = 90) -> tuple[int, str, str]:
    """Wait for the end: exit code, stdout, stderr."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"the engine did not end\n{out}\n{err}") from None
    return process.returncode, out, err


def faults(err: str) -> list[str]:
    """Lines on the stream for errors that are no warnings."""
    return [line for line in err.splitlines() if not line.startswith("warning: ")]


def events(run: Path) -> list[dict[str, Any]]:
    """The journal of a run."""
    return [json.loads(line) for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def outline(run: Path) -> list[str]:
    """Kinds of events in order; phases as `name state`, without how far they were: that depends on the machine.

    That a model finds next to nothing is left out: whether one of so few steps does is a matter of its numbers.
    """
    return [
        f"{event['body']['name']} {event['body']['state']}" if event["kind"] == "phase" else event["kind"]
        for event in events(run)
        if event["body"].get("state") != "progress" and PCK.if_zero not in event["body"].get("text", "")
    ]


def wait_for(path: Path, *, process: Engine, seconds: float = 60) -> Path:
    """Wait until a file exists; fails when the process ends first."""
    end = time.monotonic() + seconds
    while not path.exists():
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"{path.name} never came\n{finish(process)}")
        time.sleep(0.02)
    return path
