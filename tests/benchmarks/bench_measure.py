"""How near the memory that Measure tells is to what the training takes at the most, on a processor.

`python -m tests.benchmarks.bench_measure [--case PRESET] [--epochs N] [--steps N]`. Both are the most resident bytes of a
process, as Linux keeps them: of `measure`, which takes ten steps, and of the whole training that it stands for.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.bench_against_peer import CASES, settings
from tests.benchmarks.side_by_side import ROOT, write

MEBI = 2**20
DEFAULT = ("single_instance_unet_medium_rf", "centroid_unet", "topdown_centered_instance_unet_medium_rf")


def main() -> None:
    """Measure every case and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", action="append", choices=CASES, help="these presets")
    parser.add_argument("--epochs", type=int, default=2, help="epochs of a training")
    parser.add_argument("--steps", type=int, default=40, help="steps of an epoch")
    args = parser.parse_args()
    print(f"{'preset':42} {'measured':>12} {'training':>12}   ratio (0.85 to 1.15 is allowed)")
    for case in args.case or DEFAULT:
        with tempfile.TemporaryDirectory() as folder:
            values = settings(case, Path(folder), args)
            values["trainer_config"]["trainer_accelerator"] = "cpu"
            file = write(values, Path(folder) / "job.yaml", theirs=False)
            told, taken = measured(file), most_of(file)
            print(
                f"{case:42} {told / MEBI:8.0f} MiB {taken / MEBI:8.0f} MiB   {told / taken:.2f}", flush=True
            )


def measured(file: Path) -> int:
    """The bytes that Measure tells of a config."""
    command = [sys.executable, "-m", "sleapnn_engine", "measure", str(file), "--json"]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True)
    return int(json.loads(done.stdout.splitlines()[-1])["memory"])


def most_of(file: Path) -> int:
    """The most resident bytes of a whole training, which only grow, so that the last look has them."""
    command = [sys.executable, "-m", "sleapnn_engine", "train", str(file)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
        found = next((line for line in lines if line.startswith("VmHWM")), "")
        most = max(most, 1024 * int(found.split()[1]) if found else 0)
        time.sleep(0.02)
    if process.returncode:
        sys.exit(f"The training of {file} ended with code {process.returncode}.")
    return most


if __name__ == "__main__":
    main()
