"""How soon See shows an edit on images of 1024²: `python -m tests.benchmarks.bench_see`.

Each sight is asked anew in the real window, over the two-fly labels matched to 1024×1024 px: after an edit (another
config each time), and after a step to the next sample. The table has the median and the worst time from the question
to the answer in the window, the engine's share of it, and the longest turn of the window's event loop, by the clock
and in processor time of the window's thread. 150 ms are allowed for crops, draws and targets, 50 ms for a turn.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sleapnn_engine.config.reader import GEOMETRIC, HEADS, PREPROCESSING
from sleapnn_gui.inspector.see.sights import SIGHTS
from tests.benchmarks.bench_turns import Bench, Turn, end

ROOT = Path(__file__).resolve().parents[2]
LABELS = ROOT.parent / "shared" / "data" / "flies13_pair" / "train.pkg.slp"
PRESETS = {"crops": "topdown_centered_instance_unet_medium_rf", "whole images": "bottomup_unet_medium_rf"}
ALLOWED_MS = 150.0


def edits(bench: Bench, number: int) -> dict[str, tuple[str, Any]]:
    """For each sight that a setting belongs to, another value of it."""
    head = f"{HEADS}.{bench.window.document.chosen(HEADS)}"
    return {
        "chain": (PREPROCESSING + "scale", 1.0 - 0.01 * (number + 1)),
        "crops": (PREPROCESSING + "crop_size", 160 + 16 * number),
        "augment": (GEOMETRIC + "rotation_max", 90.0 + number),
        "targets": (f"{head}.confmaps.sigma", 2.0 + 0.25 * number),
        "network": ("model_config.backbone_config.unet.filters", 20 + 8 * number),
        "skeleton": (f"{head}.confmaps.sigma", 2.0 + 0.25 * number),
        "schedule": ("trainer_config.early_stopping.patience", 10 + number),
    }


def measure(bench: Bench, act: Callable[[], object]) -> tuple[float, Turn]:
    """Milliseconds from an act until what is seen is of now, the wait for more edits included, and the longest turn."""
    watch, began = bench.window.see.watch, time.perf_counter()
    act()
    longest = bench.settle(0.0, until=lambda: watch.is_idle)
    return 1000 * (time.perf_counter() - began), longest.or_longer(bench.settle(0.1))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    folder = Path(tempfile.mkdtemp())
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ[name] = str(folder / "home")
    bench = Bench(folder)
    window = bench.window
    window.show_page("configure")
    window.form.set_pane_shown(True)
    window.form.context.open_title("See")
    print(
        f"{'what':34}{'median ms':>10}{'worst':>8}{'of ' + format(ALLOWED_MS, '.0f'):>8}{'turn ms':>9}{'cpu':>7}"
    )
    for name, preset in PRESETS.items():
        window.files.use_preset(preset)
        window.files.set_labels([str(LABELS)])
        matched = {PREPROCESSING + "max_height": 1024, PREPROCESSING + "max_width": 1024}
        window.document.apply_values(matched | {GEOMETRIC + "rotation_min": -90.0}, "bench")
        bench.settle(1.0, until=lambda: window.document.facts is not None)
        for sight in SIGHTS:
            if sight.kind not in edits(bench, 0) or (sight.kind == "crops" and name != "crops"):
                continue
            window.see.show_kind(sight.kind)
            bench.settle(0.3, until=lambda: window.see.watch.is_idle)
            acts: dict[str, Callable[[int], object]] = {
                "edit": lambda number, kind=sight.kind: window.document.set_value(
                    *edits(bench, number)[kind]
                ),
                "next": lambda number: window.see.behind.click(),
            }
            for act, do in acts.items():
                if act == "next" and "index" not in sight.asks:
                    continue
                taken = [measure(bench, lambda number=number, do=do: do(number)) for number in range(rounds)]
                told = [milliseconds for milliseconds, _ in taken]
                turn = max(one.wall for _, one in taken), max(one.cpu for _, one in taken)
                median = statistics.median(told)
                print(
                    f"{name + ', ' + sight.kind + ', ' + act:34}{median:10.0f}{max(told):8.0f}"
                    f"{median / ALLOWED_MS:8.2f}{turn[0]:9.0f}{turn[1]:7.0f}",
                    flush=True,
                )
            window.document.undo_stack.setClean()
    end(window)
    os._exit(0)


if __name__ == "__main__":
    main()
