"""No speed: a training with a window before it for an hour, and what both hold: memory, open files, threads.

`python -m tests.benchmarks.soak_training [--minutes 60]` prints a line a minute, and at the end how much each grows in an
hour after the first third. The window keeps frames of past epochs up to 192 MB, which fill within half an hour here.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from PySide6.QtWidgets import QApplication

from tests.manual_pictures import draw_labels, rest, wait_for

TRAIN = "trainer_config."
NAMES = ("memory MB", "files", "threads")


def main() -> None:
    """Train, watch, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    args = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="sleapnn-soak-") as name:
        folder = Path(name)
        for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
            os.environ[variable] = str(folder / variable.lower())
        from sleapnn_gui.app import build
        from sleapnn_gui.shell.garbage import GarbageSearch, hold_garbage

        os.chdir(folder)
        labels = draw_labels(folder, "mouse", "--frames", "40")
        hold_garbage()
        app, window = build(["sleapnn-gui", "--theme", "light"])
        GarbageSearch(app)
        start_training(window, labels)
        rows = watch(window, minutes=args.minutes)
        tell_growth(rows)
        window.actions_by_verb["stop"].trigger()
        wait_for(lambda: window.session.is_over, 120, "the training ends")
        window.document.undo_stack.setClean()
        window.runs.leave()
        window.close()


def start_training(window, labels: Path) -> None:
    """One with short epochs that goes on until it is stopped."""
    from sleapnn_engine.config.presets import list_presets
    from sleapnn_gui.document.files import open_preset

    window.document.adopt(open_preset(list_presets("demo")[0]))
    values = {
        "max_epochs": 10**6, "ckpt_dir": "runs", "run_name": "soak", "train_steps_per_epoch": 10,
        "early_stopping.stop_training_on_plateau": False,
    }  # fmt: skip
    window.document.apply_values(
        {
            "data_config.train_labels_path": [str(labels)],
            **{TRAIN + key: value for key, value in values.items()},
        },
        "soak",
    )
    wait_for(lambda: window.document.facts is not None, 60, "labels are described")
    window.actions_by_verb["train"].trigger()
    window.runs.finish()
    if window.session is None:
        raise RuntimeError("; ".join(issue.message for issue in window.document.issues()))
    wait_for(lambda: window.train_page.store.epochs, 120, "an epoch ends")


def watch(window, *, minutes: float) -> np.ndarray:
    """What both processes hold every ten seconds: (rows, 1 + 2 x names), hours first, then the window's and the engine's."""
    processes = [psutil.Process(), psutil.Process(window.session.pid)]
    print(
        f"{'minute':>7}{'epochs':>8}"
        + "".join(f"{who + ' ' + name:>20}" for who in ("window", "engine") for name in NAMES)
    )
    began, rows, told = time.monotonic(), [], -1
    while (passed := time.monotonic() - began) < 60 * minutes:
        held = [figure for process in processes for figure in held_by(process)]
        rows.append([passed / 3600, *held])
        if int(passed / 60) > told:
            told = int(passed / 60)
            print(
                f"{told:7}{len(window.train_page.store.epochs):8}" + "".join(f"{one:20.0f}" for one in held),
                flush=True,
            )
        rest(10)
        QApplication.processEvents()
    return np.array(rows)


def held_by(process: psutil.Process) -> tuple[float, int, int]:
    """Resident memory in MB, open files, threads."""
    return process.memory_info().rss / 1e6, process.num_fds(), process.num_threads()


def tell_growth(rows: np.ndarray) -> None:
    """The slope of each figure over the last two thirds."""
    late = rows[len(rows) // 3 :]
    for place, name in enumerate([f"{who} {name}" for who in ("window", "engine") for name in NAMES], 1):
        slope = np.polyfit(late[:, 0], late[:, place], 1)[0] if len(late) > 1 else float("nan")
        print(f"{name:20} from {late[0, place]:8.0f} to {late[-1, place]:8.0f}, {slope:+8.1f} an hour")


if __name__ == "__main__":
    main()
