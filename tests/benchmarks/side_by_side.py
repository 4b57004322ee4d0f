"""Running one job on both sides: the config each reads, processes of their own, and what is read of their runs."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job, job_values
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.spec import SPEC

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
PEER = Path(__file__).with_name("peer.py")
#: The name of the run that the other side makes beside ours.
PEER_RUN = "peer"


def put_all(values: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """The same tree with these settings, dotted key -> value."""
    for path, value in settings.items():
        tree.put(values, path, value)
    return values


def run_settings(train: Path, val: Path, folder: Path, *, steps: int, epochs: int) -> dict[str, Any]:
    """What every comparison sets: labels, folder, seed, and epochs short enough to wait for."""
    return {
        "data_config.train_labels_path": [str(train)],
        "data_config.val_labels_path": [str(val)],
        "data_config.data_pipeline_fw": "torch_dataset_cache_img_memory",
        "trainer_config.train_steps_per_epoch": steps,
        "trainer_config.min_train_steps_per_epoch": steps,
        "trainer_config.max_epochs": epochs,
        "trainer_config.seed": 0,
        "trainer_config.save_ckpt": True,
        "trainer_config.trainer_accelerator": "cpu",
        "trainer_config.visualize_preds_during_training": False,
        "trainer_config.ckpt_dir": str(folder),
        "trainer_config.run_name": "run",
        "trainer_config.zmq.publish_port": None,
        "trainer_config.zmq.controller_port": None,
    }


def write(values: dict[str, Any], file: Path, *, theirs: bool) -> Path:
    """Write a config; sleap-nn refuses keys it does not use, so those are left out for it."""
    values = job_values(build_job(values))
    if theirs:
        tree.put(values, "trainer_config.run_name", PEER_RUN)
        for path in (path for path, key in SPEC.keys.items() if not key.meta.edited):
            head, _, leaf = path.rpartition(".")
            section = tree.get(values, head)
            if head.startswith("model_config.head_configs") and isinstance(section, dict):
                section.pop(leaf, None)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dump_config(copy.deepcopy(values)), encoding="utf-8")
    return file


def train_ours(config: Path, *, precision: str, threads: int) -> None:
    """A whole training in a process of its own."""
    command = [sys.executable, "-m", "sleapnn_engine", "train", str(config), "--precision", precision]
    call(command, threads=threads)


def ask_peer(python: Path, *what: str | Path, threads: int) -> dict[str, Any]:
    """What `peer.py` says; `what` is its command line, without threads."""
    command = [str(python), str(PEER), *map(str, what), "--threads", str(threads)]
    return last_json(call(command, threads=threads))


def last_json(output: str) -> dict[str, Any]:
    """The JSON that a process printed last."""
    return json.loads(output.strip().splitlines()[-1])


def call(command: list[str], *, threads: int) -> str:
    """Run a process to its end and give what it printed; one that fails ends the comparison with its last words."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def epoch_ends(run_folder: Path) -> list[dict[str, Any]]:
    """What our journal says of each epoch; `seconds` of the training part alone come from the log."""
    lines = (run_folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    ends = [json.loads(line)["body"] for line in lines if '"epoch_end"' in line]
    rows = (run_folder / "training_log.csv").read_text(encoding="utf-8").splitlines()[1:]
    return [{**end, "seconds": float(row.split(",")[4])} for end, row in zip(ends, rows, strict=True)]
