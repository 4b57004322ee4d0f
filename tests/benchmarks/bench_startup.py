"""How soon the window is there, and how soon it trains: `python tests/benchmarks/bench_startup.py [LABELS.slp]`.

Every figure is the median of several fresh processes, with a bare Qt window as the baseline of the same run.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5

BARE = """
import sys
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([]); window = QMainWindow(); window.resize(1440, 900); window.show()
app.processEvents(); window.grab()
"""

OURS = """
import sys
from sleapnn_gui.shell.garbage import hold_garbage
hold_garbage()  # as `sleapnn_gui.__main__` does
from sleapnn_gui.app import show_window
app, window = show_window(["sleapnn-gui"])
app.processEvents(); window.grab()
heavy = {"torch", "lightning", "timm", "sleap_io"} & set(sys.modules)
assert not heavy, heavy
"""

CLICK = """
import json, sys, time
from pathlib import Path
from sleapnn_gui.app import build
app, window = build(["sleapnn-gui"])
document = window.document
document.apply_values({
    "data_config.train_labels_path": [sys.argv[1]],
    "trainer_config.ckpt_dir": sys.argv[2],
    "trainer_config.max_epochs": 1,
    "trainer_config.train_steps_per_epoch": 20,
}, "benchmark")
end = time.monotonic() + 60
while document.facts is None and time.monotonic() < end:
    app.processEvents(); time.sleep(0.005)
first = []
began = time.time()
window.actions_by_verb["train"].trigger()
window.runs.finish()
def hear(events):
    for event in events:
        if getattr(event, "kind", "batch_end") == "batch_end" and not first:
            first.append(time.time() - began)
window.session.events.connect(hear)
while not first and not window.session.is_over:
    app.processEvents(); time.sleep(0.005)
while not window.session.is_over:
    app.processEvents(); time.sleep(0.005)
print(json.dumps(first))
"""


def timed(code: str, *, compiled: str = "") -> tuple[float, float]:
    """Median seconds from starting a fresh process to its end, and of the processor, which neighbours change less.

    What the first one compiles is kept in the folder `compiled`, as an installed program has it.
    """
    seconds, busy = [], []
    kept = {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""} if compiled else {}
    for run in range(RUNS + 1):
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={**environment(), **kept})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if run:
            seconds.append(time.perf_counter() - began)
            busy.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(seconds), statistics.median(busy)


def environment() -> dict[str, str]:
    return {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}


def first_step(labels: Path) -> float:
    """Median seconds from the click on Train to the first step known to the window, after a warm-up."""
    seconds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-c", CLICK, str(labels), folder],
                check=True,
                cwd=ROOT,
                env=environment(),
                capture_output=True,
                text=True,
            )
        seconds += json.loads(done.stdout.strip().splitlines()[-1])
    return statistics.median(seconds)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        bare, bare_busy = timed(BARE, compiled=place)
        ours, ours_busy = timed(OURS, compiled=place)
    print(f"{'what':<44}{'seconds':>9}{'ratio':>8}{'processor':>11}")
    print(f"{'bare Qt window shown (baseline)':<44}{bare:>9.2f}{1:>8.2f}{bare_busy:>11.2f}")
    print(f"{'our window shown and usable':<44}{ours:>9.2f}{ours / bare:>8.2f}{ours_busy:>11.2f}")
    labels = (
        Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared/data/fly32_single/train.pkg.slp"
    )
    if labels.is_file():
        step = first_step(labels)
        torch, _ = timed("import torch")
        print(f"{'import torch (baseline)':<44}{torch:>9.2f}{1:>8.2f}")
        print(f"{'click on Train to the first step':<44}{step:>9.2f}{step / torch:>8.2f}")


if __name__ == "__main__":
    main()
