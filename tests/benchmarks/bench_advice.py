"""What following the advice blindly is worth: on real labels, trained as long as the medium preset of the same type.

Run it on a quiet machine: `python -m tests.benchmarks.bench_advice [--seconds 90] [--labels NAME] [--set key=value]`.
Each side is a training of its own that is told to stop once it has trained for so many seconds behind its first step;
validations are not counted among them, on either side. What it keeps then finds the animals of the test split; errors are
in pixels of the images, over all labelled points, and a point that was not found counts as far off as its animal is long.
`--bottomup` compares with the medium bottom-up preset where there are several animals, which is what one model for all of
them takes.

`--peer PYTHON`, that of an environment with sleap-nn, has it train its medium preset for 1,000 steps first, and the advised
side for a fifth of the time that its steps took, in epochs as long as the peer's. On one thread that is a quarter of an
hour to half an hour for each set of labels, and nearly two hours for `openfield4_mouse`. With sleap-nn 0.3.5 on one thread of
an EPYC, once each, median / mean px:

| labels | sleap-nn | s | advised | s |
|---|---|---|---|---|
| fly32_single | 44.1 / 56.1 | 590 | 6.3 / 12.2 | 59 |
| flies24_pair | 24.7 / 33.6 | 940 | 5.3 / 7.0 | 94 |
| flies13_pair | 3.3 / 4.5 | 334 | 2.3 / 3.9 | 66 |
| flies13_sex | 7.4 / 13.4 | 606 | 6.1 / 11.2 | 121 |
| mice11_pair | 5.0 / 10.8 | 1,100 | 3.7 / 5.7 | 220 |
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import sleap_io as sio

from sleapnn_engine.config.advice import advise, all_changes, apply_advice
from sleapnn_engine.config.overrides import apply_overrides
from sleapnn_engine.config.presets import load_preset
from sleapnn_engine.data.describe import describe_labels
from tests.benchmarks.side_by_side import DATA, ROOT, ask_peer, put_all, run_settings, write

MEDIUM = {1: "single_instance_unet_medium_rf", 2: "topdown_centered_instance_unet_medium_rf"}
BOTTOM_UP = "bottomup_unet_medium_rf"
LABELS = {
    "fly32_single": 1,
    "openfield4_mouse": 1,
    "flies13_pair": 2,
    "flies13_sex": 2,
    "flies24_pair": 2,
    "mice11_pair": 2,
}
#: Steps between two looks at the validation frames, so that the best of each side is kept.
STEPS = 40
#: Epochs that the peer's steps are divided into.
_PEER_EPOCHS = 5


def main() -> None:
    """Train what the command line names and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--labels", action="append", choices=LABELS, help="only these labels")
    parser.add_argument("--bottomup", action="store_true", help="compare with the medium bottom-up preset")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the advised side")
    parser.add_argument("--only-advised", action="store_true")
    parser.add_argument("--peer", type=Path, help="Python of an environment with sleap-nn")
    parser.add_argument("--peer-steps", type=int, default=1000)
    args = parser.parse_args()
    if args.peer:
        beside_peer(args)
        return
    names = (
        "labels",
        "medium: median / mean px",
        "steps",
        "advised: median / mean px",
        "steps",
        "ratio of medians",
    )
    print(_row(names), _row(["---"] * len(names)), sep="\n", flush=True)
    for labels in args.labels or LABELS:
        medium = load_preset(BOTTOM_UP if args.bottomup and LABELS[labels] > 1 else MEDIUM[LABELS[labels]])
        advised = _advised(labels, args.set)
        one = None if args.only_advised else train(medium, labels, seconds=args.seconds)
        other = train(advised, labels, seconds=args.seconds)
        ratio = "" if one is None else f"{other[0] / one[0]:.2f}"
        print(_row([labels, *_cells(one), *_cells(other), ratio]), flush=True)


def beside_peer(args: argparse.Namespace) -> None:
    """A table of the peer's error after its steps, and of what the advised side comes to in a fifth of their time."""
    names = ("labels", "sleap-nn: median / mean px", "steps", "s", "advised: median / mean px", "steps", "s")
    print(_row(names), _row(["---"] * len(names)), sep="\n", flush=True)
    for labels in args.labels or LABELS:
        seconds, errors = train_peer(args.peer, labels, steps=args.peer_steps)
        each = args.peer_steps // _PEER_EPOCHS
        other = train(_advised(labels, args.set), labels, seconds=seconds / 5, steps=each)
        theirs = (float(np.median(errors)), float(errors.mean()), args.peer_steps)
        print(
            _row([labels, *_cells(theirs), f"{seconds:.0f}", *_cells(other), f"{seconds / 5:.0f}"]),
            flush=True,
        )


def train_peer(python: Path, labels: str, *, steps: int) -> tuple[float, np.ndarray]:
    """Seconds that the peer's steps took, validation and start left out, and the errors of its best model, px."""
    with tempfile.TemporaryDirectory() as place:
        folder, test = Path(place), DATA / labels / "test.pkg.slp"
        sides = (DATA / labels / "train.pkg.slp", DATA / labels / "val.pkg.slp")
        values = load_preset(MEDIUM[LABELS[labels]])
        values = put_all(
            values, run_settings(*sides, folder, steps=steps // _PEER_EPOCHS, epochs=_PEER_EPOCHS)
        )
        config = write(values, folder / "peer.yaml", theirs=True)
        said = ask_peer(python, "train", config, "--labels", test, "--threshold", "0.0", threads=2)
        # Its log lacks the time of the last epoch.
        seconds = said["step_seconds"]
        return sum(seconds) / len(seconds) * _PEER_EPOCHS, distances(Path(said["predicted"]), test)


def _advised(labels: str, overrides: list[str]) -> dict[str, Any]:
    """The medium preset with all that is advised; with several animals for the half of top-down that finds parts."""
    start = load_preset(MEDIUM[LABELS[labels]])
    facts = describe_labels([DATA / labels / "train.pkg.slp"])
    advised = apply_advice(start, all_changes(advise(start, facts)))
    apply_overrides(advised, overrides)
    return advised


def train(
    values: dict[str, Any], labels: str, *, seconds: float, steps: int = STEPS
) -> tuple[float, float, int]:
    """Median and mean error in px of the test split, and how many steps were taken; `steps` make an epoch."""
    with tempfile.TemporaryDirectory() as place:
        folder, own = Path(place), values["data_config"]["data_pipeline_fw"]
        sides = (DATA / labels / "train.pkg.slp", DATA / labels / "val.pkg.slp")
        values = put_all(values, run_settings(*sides, folder, steps=steps, epochs=100_000))
        put_all(
            values,
            {
                "data_config.data_pipeline_fw": own,
                "trainer_config.early_stopping.stop_training_on_plateau": False,
            },
        )
        run = folder / "run"
        config = write(values, folder / "job.yaml", theirs=False)
        with (folder / "said.txt").open("w") as said:
            engine = subprocess.Popen(
                [sys.executable, "-m", "sleapnn_engine", "train", str(config)],
                cwd=ROOT,
                stdout=said,
                stderr=said,
            )
            _wait_for_step(run, engine, folder / "said.txt")
            _wait_for_seconds(run, seconds)
            _call("stop", run, "--after", "batch")
            engine.wait()
        predicted = folder / "predicted.slp"
        threshold = 0.05 if values["model_config"]["head_configs"]["bottomup"] else 0.0
        test = DATA / labels / "test.pkg.slp"
        _call("predict", run, "--data", test, "-o", predicted, "--peak-threshold", threshold)
        errors = distances(predicted, test)
        return float(np.median(errors)), float(errors.mean()), _steps(run)


def distances(predicted: Path, truth: Path) -> np.ndarray:
    """How far each labelled point is from where it was found, px; the length of its animal where it was not."""
    labels, found = sio.load_slp(truth.as_posix()), sio.load_slp(predicted.as_posix())
    nodes = labels.skeleton.node_names
    there = {(found.videos.index(one.video), one.frame_idx): one for one in found.labeled_frames}
    errors = []
    for frame in labels.labeled_frames:
        one = there.get((labels.videos.index(frame.video), frame.frame_idx))
        poses = [] if one is None else [_points(animal, nodes) for animal in one.instances]
        for animal in frame.user_instances:
            real = _points(animal, nodes)
            seen = np.isfinite(real).all(axis=-1)
            far = float(np.ptp(real[seen], axis=0).max())
            each = [_capped(np.linalg.norm(pose - real, axis=-1)[seen], far) for pose in poses]
            errors.append(min(each, key=np.mean) if each else np.full(int(seen.sum()), far))
    return np.concatenate(errors)


def _capped(gaps: np.ndarray, far: float) -> np.ndarray:
    return np.minimum(np.nan_to_num(gaps, nan=far), far)


def _points(instance: Any, nodes: list[str]) -> np.ndarray:
    return instance.numpy()[[instance.skeleton.node_names.index(node) for node in nodes]]


def _wait_for_step(run: Path, engine: subprocess.Popen[bytes], said: Path) -> None:
    journal = run / "events.jsonl"
    while not (journal.exists() and '"batch_end"' in journal.read_text(encoding="utf-8")):
        if engine.poll() is not None:
            sys.exit(said.read_text()[-4000:])
        time.sleep(0.05)


def _wait_for_seconds(run: Path, seconds: float) -> None:
    """Wait until it has trained for so long; its validations take none of that."""
    began = time.perf_counter()
    while (left := seconds + _validated(run) - (time.perf_counter() - began)) > 0:
        time.sleep(min(left, 0.2))


def _validated(run: Path) -> float:
    """Seconds that the validations of a run took so far."""
    with (run / "training_log.csv").open(encoding="utf-8") as log:
        return sum(float(row["val/time"]) for row in csv.DictReader(log))


def _steps(run: Path) -> int:
    lines = (run / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return sum(json.loads(line).get("kind") == "batch_end" for line in lines)


def _call(*words: object) -> None:
    command = [sys.executable, "-m", "sleapnn_engine", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


def _cells(found: tuple[float, float, int] | None) -> list[str]:
    return ["", ""] if found is None else [f"{found[0]:.2f} / {found[1]:.2f}", str(found[2])]


def _row(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
