"""Data path and whole trainings beside sleap-nn's, on the same labels, settings and threads.

Run it on a quiet machine: `python -m tests.benchmarks.bench_against_peer --peer PYTHON [data|train ...]`, where PYTHON
is that of an environment with sleap-nn. Both sides run in processes of their own, ours first and theirs after it.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.resources import resource_path
from tests.benchmarks.side_by_side import (
    DATA,
    ask_peer,
    call,
    epoch_ends,
    last_json,
    put_all,
    run_settings,
    train_ours,
    write,
)

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
        output = call([*command, "--seconds", str(args.seconds)], threads=1)
        own = last_json(output)["samples_per_second"]
        print(f"{case:42} data   ours {own:9.1f} samples/s", end="", flush=True)
        if args.peer:
            file = write(settings(case, Path(folder), args), Path(folder) / "peer.yaml", theirs=True)
            said = ask_peer(args.peer, "data", file, "--seconds", str(args.seconds), threads=1)
            peer = said["samples_per_second"]
            print(f"   sleap-nn {peer:9.1f} samples/s   ratio {own / peer:6.1f}", end="")
        print(flush=True)


def compare_training(case: str, args: argparse.Namespace) -> None:
    """Seconds of an epoch's training part and the last validation loss, two threads."""
    with tempfile.TemporaryDirectory() as folder:
        best = None
        if args.peer:
            file = write(settings(case, Path(folder), args), Path(folder) / "peer.yaml", theirs=True)
            peer = ask_peer(args.peer, "train", file, threads=2)
            best = min(peer["train_seconds"][1:] or peer["train_seconds"])
            print(f"{case:42} train  sleap-nn {best:7.2f} s   val {peer['val_losses'][-1]:.5f}", flush=True)
        for precision in ("32", "bf16"):
            values = settings(case, Path(folder) / precision, args)
            file = write(values, Path(folder) / f"{precision}.yaml", theirs=False)
            train_ours(file, precision=precision, threads=2)
            ends = epoch_ends(Path(folder) / precision / "run")
            seconds = min(row["seconds"] for row in ends[1:])
            line = f"{case:42} train  ours {precision:5}{seconds:7.2f} s   val {ends[-1]['val']:.5f}"
            line += f"   waiting for data {max(row['data_wait'] for row in ends[1:]):.1%}"
            print(line + (f"   ratio {seconds / best:.2f}" if best else ""), flush=True)


def own_loading(config: Path, seconds: float) -> float:
    """Samples per second of the feed a training would use, in this process."""
    import torch

    from sleapnn_engine.config.findings import Findings
    from sleapnn_engine.models.allocator import keep_freed_memory
    from sleapnn_engine.training import build
    from sleapnn_engine.training.inputs import images, labels

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    keep_freed_memory()
    job = build_job(read_config(config).values)
    seed = build.seed_everything(0)
    found = Findings()
    opened = labels.open_training_labels(job, found=found)
    data = labels.split_data(job, opened, val=None, found=found)
    plan = images.plan_images(job, data, found=found)
    crops = images.plan_crops(job, data, plan)
    stores = images.build_stores(job, data, plan, folder=config.parent, progress=lambda *_: None)
    train, val = images.build_samples(job, stores, crops)
    batches = build.build_batches(job, train, val, seed=seed, device=torch.device("cpu"))
    for _ in range(5):
        batches.next_batch()
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        count += len(batches.next_batch().images)
    return count / (time.perf_counter() - began)


def settings(case: str, folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """The preset on its labels; only epochs, steps, folders and the seed are set."""
    values = read_config(resource_path("presets", f"config_{case}.yaml")).values
    labels = DATA / CASES[case]
    return put_all(
        values,
        run_settings(
            labels / "train.pkg.slp", labels / "val.pkg.slp", folder, steps=args.steps, epochs=args.epochs
        ),
    )


if __name__ == "__main__":
    main()
