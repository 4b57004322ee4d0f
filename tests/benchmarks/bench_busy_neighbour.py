"""What a training step costs beside another busy process, and how that depends on how threads wait for one another.

Run it on a quiet machine: `python -m tests.benchmarks.bench_busy_neighbour [--rounds N] [--steps N] [--neighbour KIND]`.
Each row is a real engine that trains the medium-field single-animal preset on the 32-node fly, alone and beside one
process that keeps a core busy (`loop`), or that trains as well (`training`, with the same environment). `engine` is what
the engine chooses by itself. All rows take turns, alone and beside, and medians are compared.
"""

import argparse
import contextlib
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import dump_config
from tests.benchmarks.bench_training_step import ROOT, WARM_UP, job_values, journal

#: What the environment says of waiting and threads; libgomp's own choice is to go round 300,000 times before it sleeps.
BEFORE = "300000"
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
WAITING: dict[str, dict[str, str]] = {
    "as libgomp has it": {"GOMP_SPINCOUNT": BEFORE},
    "engine": {},
    "passive": {"GOMP_SPINCOUNT": "0", "OMP_WAIT_POLICY": "passive"},
    **{
        f"{count:,} times round": {"GOMP_SPINCOUNT": str(count)}
        for count in (1000, 10_000, 100_000, 1_000_000)
    },
    f"as libgomp has it, {CORES - 1} thread": {"GOMP_SPINCOUNT": BEFORE, "OMP_NUM_THREADS": str(CORES - 1)},
}
#: Variables that would decide instead.
_DECIDING = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each row, alone and beside")
    parser.add_argument("--steps", type=int, default=25, help="steps of each turn")
    parser.add_argument("--neighbour", choices=("loop", "training"), default="loop")
    parser.add_argument("--only", action="append", choices=WAITING, help="only these rows, and the first")
    args = parser.parse_args()
    names = [name for name in WAITING if not args.only or name in args.only or name == next(iter(WAITING))]
    taken: dict[tuple[str, bool], list[float]] = {key: [] for key in itertools.product(names, (False, True))}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{CORES} cores, load before {load:.1f}, neighbour: {args.neighbour}")
    for turn in range(args.rounds):
        for name in names if turn % 2 == 0 else names[::-1]:
            for beside in (False, True):
                with neighbour(args.neighbour, WAITING[name]) if beside else contextlib.nullcontext():
                    taken[name, beside].append(step_seconds(WAITING[name], steps=args.steps))
    first = statistics.median(taken[names[0], False])
    print(f"{'threads wait':28}{'alone':>10}{'of first':>10}{'beside':>10}{'of alone':>10}")
    for name in names:
        alone, beside = (statistics.median(taken[name, which]) for which in (False, True))
        # Neighbours nobody asked for come and go: what is alone and what is beside are compared turn by turn.
        lost = statistics.median(b / a for a, b in zip(taken[name, False], taken[name, True], strict=True))
        print(f"{name:28}{alone * 1e3:7.1f} ms{alone / first:10.3f}{beside * 1e3:7.1f} ms{lost:10.2f}")


def environment(waiting: dict[str, str]) -> dict[str, str]:
    """That of a new process, in which nothing but `waiting` says how threads wait."""
    kept = {name: value for name, value in os.environ.items() if name not in _DECIDING}
    return {**kept, **waiting, "PYTHONPATH": str(ROOT)}


def step_seconds(waiting: dict[str, str], *, steps: int) -> float:
    """The median time from one step to the next of an engine that is started for it."""
    with tempfile.TemporaryDirectory() as folder:
        process = start(Path(folder), waiting, steps=steps + WARM_UP)
        said = process.communicate()[1]
        if process.returncode:
            sys.exit(said.decode(errors="replace"))
        ends = [event["t"] for event in journal(Path(folder) / "run") if event["kind"] == "batch_end"]
    return statistics.median(b - a for a, b in itertools.pairwise(ends[WARM_UP:]))


def start(folder: Path, waiting: dict[str, str], *, steps: int) -> subprocess.Popen[bytes]:
    """An engine that trains for so many steps."""
    values = job_values(folder, steps=steps)
    tree.put(values, "trainer_config.enable_progress_bar", False)
    config = folder / "job.yaml"
    config.write_text(dump_config(values), encoding="utf-8")
    command = [sys.executable, "-m", "sleapnn_engine", "train", str(config), "--precision", "32"]
    return subprocess.Popen(
        command, env=environment(waiting), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


@contextlib.contextmanager
def neighbour(kind: str, waiting: dict[str, str]) -> Iterator[None]:
    """A process that is busy until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "loop":
            process: subprocess.Popen[bytes] = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        else:
            process = start(Path(folder), waiting, steps=1_000_000)
            events = Path(folder) / "run" / "events.jsonl"
            while process.poll() is None and not (events.exists() and b"batch_end" in events.read_bytes()):
                time.sleep(0.1)
        try:
            yield
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
