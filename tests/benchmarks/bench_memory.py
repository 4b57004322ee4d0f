"""What the image cache takes beside the pixels it holds, and whether a training grows with its epochs.

`python -m tests.benchmarks.bench_memory [--epochs N] [--steps N]`. The cache is measured as the growth of a process
that fills it (the readers of the files take some 15 MiB of that, whatever the set), the training as its resident
memory at the end of each epoch: it settles within the first twenty and must stay there.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.files import read_config
from tests.benchmarks.bench_against_peer import CASES, settings
from tests.benchmarks.side_by_side import ROOT, write

MEBI = 2**20
#: A small and a large set.
DEFAULT = ("single_instance_unet_medium_rf", "topdown_centered_instance_unet_medium_rf")


def main() -> None:
    """Measure every case and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", action="append", choices=CASES, help="these presets")
    parser.add_argument("--epochs", type=int, default=60, help="epochs of a training")
    parser.add_argument("--steps", type=int, default=4, help="steps of an epoch")
    parser.add_argument("--cache", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.cache:
        print(json.dumps(fill_cache(Path(args.cache))))
        return
    for case in args.case or DEFAULT:
        with tempfile.TemporaryDirectory() as folder:
            file = write(settings(case, Path(folder), args), Path(folder) / "job.yaml", theirs=False)
            report_cache(case, file)
            report_training(case, file, Path(folder) / "run")


def report_cache(case: str, file: Path) -> None:
    """One line: pixels of all frames, and what a process grew by to hold them."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_memory", "--cache", str(file)]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{case:42} cache   {found['pixels'] / MEBI:8.1f} MiB of pixels, process grew by"
        f" {found['grown'] / MEBI:8.1f} MiB   ratio {found['grown'] / found['pixels']:.2f}",
        flush=True,
    )


def report_training(case: str, file: Path, run: Path) -> None:
    """One line: resident memory after the second epoch, half of them and all, and its trend over the second half."""
    sizes = watch(file, run / "events.jsonl")
    half = sizes[len(sizes) // 2 :]
    trend = float(np.polyfit(range(len(half)), half, 1)[0])
    print(
        f"{case:42} epochs  {sizes[1] / MEBI:8.1f} MiB after 2, {half[0] / MEBI:.1f} after {len(sizes) // 2 + 1},"
        f" {sizes[-1] / MEBI:.1f} after {len(sizes)}   {trend / MEBI:+.3f} MiB an epoch in the second half",
        flush=True,
    )


def fill_cache(config: Path) -> dict[str, int]:
    """Bytes of all frames as the network reads them, and by how much this process grew while keeping them."""
    from sleapnn_engine.config.findings import Findings
    from sleapnn_engine.models.allocator import keep_freed_memory
    from sleapnn_engine.training.inputs import images, labels

    keep_freed_memory()
    job = build_job(read_config(config).values)
    found = Findings()
    opened = labels.open_training_labels(job, found=found)
    data = labels.split_data(job, opened, val=None, found=found)
    plan = images.plan_images(job, data, found=found)
    data.train.read_image(0)
    before = psutil.Process().memory_info().rss
    stores = images.build_stores(job, data, plan, folder=config.parent, progress=lambda *_: None)
    grown = psutil.Process().memory_info().rss - before
    assert stores
    frames = len(data.train) + len(data.val)
    return {"pixels": frames * plan.channels * plan.height * plan.width, "grown": grown}


def watch(file: Path, journal: Path) -> list[int]:
    """Resident bytes of a training process at the end of each of its epochs."""
    command = [sys.executable, "-m", "sleapnn_engine", "train", str(file)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    sizes: list[int] = []
    while process.poll() is None:
        ended = journal.read_text(encoding="utf-8").count('"kind":"epoch_end"') if journal.exists() else 0
        if ended > len(sizes):
            sizes.append(psutil.Process(process.pid).memory_info().rss)
        time.sleep(0.05)
    if process.returncode:
        sys.exit(f"The training of {file} ended with code {process.returncode}.")
    return sizes


if __name__ == "__main__":
    main()
