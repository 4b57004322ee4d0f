"""Data path and whole trainings beside sleap-nn's, on the same labels, settings and threads.

Run it on a quiet machine: `python -m tests.benchmarks.bench_against_peer --peer PYTHON [data|train ...]`, where PYTHON
is that of an environment with sleap-nn. Both sides run in processes of their own, ours first and theirs after it.
"""

import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job, job_values
from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.config.spec import SPEC

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
PEER = Path(__file__).with_name("peer.py")
#: Preset and labels of each comparison.
CASES = {
    "single_instance_unet_medium_rf": "fly32_single",
    "bottomup_unet_medium_rf": "flies13_pair",
    "topdown_centered_instance_unet_medium_rf": "flies13_pair",
    "centroid_unet": "mice11_pair",
}


def main() -> None:
    """Compare what the command line names and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["data", "train"])
    parser.add_argument("--peer", type=Path, help="Python of an environment with sleap-nn")
    parser.add_argument("--own", help=argparse.SUPPRESS)
    parser.add_argument("--case", action="append", choices=CASES, help="only these comparisons")
    parser.add_argument("--seconds", type=float, default=15, help="how long a data path is timed")
    parser.add_argument("--steps", type=int, default=40, help="steps of an epoch")
    parser.add_argument("--epochs", type=int, default=3, help="epochs of a training; the first one warms up")
    args = parser.parse_args()
    if args.own:
        print(json.dumps({"samples_per_second": own_loading(Path(args.own), args.seconds)}))
        return
    for case in args.case or CASES:
        if "data" in args.what:
            compare_data(case, args)
        if "train" in args.what:
            compare_training(case, args)


def compare_data(case: str, args: argparse.Namespace) -> None:
    """Frame store to augmented batch with targets, one thread."""
    with tempfile.TemporaryDirectory() as folder:
        file = write(settings(case, Path(folder), args), Path(folder) / "job.yaml", theirs=False)
        command = [sys.executable, "-m", "tests.benchmarks.bench_against_peer", "--own", str(file)]
        own = run([*command, "--seconds", str(args.seconds)], threads=1)["samples_per_second"]
        print(f"{case:42} data   ours {own:9.1f} samples/s", end="", flush=True)
        if args.peer:
            file = write(settings(case, Path(folder), args), Path(folder) / "peer.yaml", theirs=True)
            command = [str(args.peer), str(PEER), "data", str(file), str(args.seconds), "1"]
            peer = run(command, threads=1)["samples_per_second"]
            print(f"   sleap-nn {peer:9.1f} samples/s   ratio {own / peer:6.1f}", end="")
        print(flush=True)


def compare_training(case: str, args: argparse.Namespace) -> None:
    """Seconds of an epoch's training part and the last validation loss, two threads."""
    with tempfile.TemporaryDirectory() as folder:
        peer: dict[str, Any] = {}
        if args.peer:
            file = write(settings(case, Path(folder), args), Path(folder) / "peer.yaml", theirs=True)
            peer = run([str(args.peer), str(PEER), "train", str(file), "2"], threads=2)
            best = min(peer["train_seconds"][1:] or peer["train_seconds"])
            print(f"{case:42} train  sleap-nn {best:7.2f} s   val {peer['val_losses'][-1]:.5f}", flush=True)
        for precision in ("32", "bf16"):
            values = settings(case, Path(folder) / precision, args)
            file = write(values, Path(folder) / f"{precision}.yaml", theirs=False)
            command = [sys.executable, "-m", "sleapnn_engine", "train", str(file), "--precision", precision]
            call(command, threads=2)
            ends = epoch_ends(Path(folder) / precision / "run")
            seconds = min(row["seconds"] for row in ends[1:])
            line = f"{case:42} train  ours {precision:5}{seconds:7.2f} s   val {ends[-1]['val']:.5f}"
            line += f"   waiting for data {max(row['data_wait'] for row in ends[1:]):.1%}"
            print(line + (f"   ratio {seconds / best:.2f}" if peer else ""), flush=True)


def own_loading(config: Path, seconds: float) -> float:
    """Samples per second of the feed a training would use, in this process."""
    import torch

    from sleapnn_engine.training import build, images, labels
    from sleapnn_engine.training.allocator import keep_freed_memory

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    keep_freed_memory()
    job = build_job(read_config(config).values)
    seed = build.seed_everything(0)
    data = labels.split_data(job, labels.open_training_labels(job), seed=seed)
    plan = images.plan_images(job, data)
    crops = images.plan_crops(job, data.train, plan)
    stores = images.build_stores(job, data, plan, folder=config.parent, progress=lambda *_: None)
    train, val = images.build_samples(job, stores, crops)
    feed = build.build_feed(job, train, val, steps=100, seed=seed, device=torch.device("cpu"))
    for _ in range(5):
        feed.next_batch()
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        count += len(feed.next_batch().images)
    return count / (time.perf_counter() - began)


def settings(case: str, folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """The preset on its labels; only epochs, steps, folders and the seed are set."""
    values = read_config(resource_path("presets", f"config_{case}.yaml")).values
    for path, value in {
        "data_config.train_labels_path": [str(DATA / CASES[case] / "train.pkg.slp")],
        "data_config.val_labels_path": [str(DATA / CASES[case] / "val.pkg.slp")],
        "data_config.data_pipeline_fw": "torch_dataset_cache_img_memory",
        "trainer_config.train_steps_per_epoch": args.steps,
        "trainer_config.min_train_steps_per_epoch": args.steps,
        "trainer_config.max_epochs": args.epochs,
        "trainer_config.seed": 0,
        "trainer_config.save_ckpt": True,
        "trainer_config.trainer_accelerator": "cpu",
        "trainer_config.visualize_preds_during_training": False,
        "trainer_config.ckpt_dir": str(folder),
        "trainer_config.run_name": "run",
        "trainer_config.zmq.publish_port": None,
        "trainer_config.zmq.controller_port": None,
    }.items():
        tree.put(values, path, value)
    return values


def write(values: dict[str, Any], file: Path, *, theirs: bool) -> Path:
    """Write a config; sleap-nn refuses keys it does not use, so those are left out for it."""
    values = job_values(build_job(values))
    if theirs:
        tree.put(values, "trainer_config.run_name", "peer")
        for path in (path for path, key in SPEC.keys.items() if not key.meta.edited):
            head, _, leaf = path.rpartition(".")
            section = tree.get(values, head)
            if head.startswith("model_config.head_configs") and isinstance(section, dict):
                section.pop(leaf, None)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dump_config(copy.deepcopy(values)), encoding="utf-8")
    return file


def run(command: list[str], *, threads: int) -> dict[str, Any]:
    """The JSON that a process prints last."""
    return json.loads(call(command, threads=threads).strip().splitlines()[-1])


def call(command: list[str], *, threads: int) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def epoch_ends(run_folder: Path) -> list[dict[str, Any]]:
    """What the journal says of each epoch; `seconds` of the training part alone come from the log."""
    lines = (run_folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    ends = [json.loads(line)["body"] for line in lines if '"epoch_end"' in line]
    rows = (run_folder / "training_log.csv").read_text(encoding="utf-8").splitlines()[1:]
    return [{**end, "seconds": float(row.split(",")[4])} for end, row in zip(ends, rows, strict=True)]


if __name__ == "__main__":
    main()
