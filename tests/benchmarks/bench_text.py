"""How soon form and text agree: `python -m tests.benchmarks.bench_text`.

In the real window with a preset open and the YAML beside the form: from a value set in the form until the text has it, and
from the last key typed in the text until the form has it. The table has the median and the worst time by the clock, the
wait for more keys included, the longest turn of the window's event loop, and the ratio of the median to the 150 ms allowed.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest

from sleapnn_gui.form.yaml_text import line_of
from tests.benchmarks.bench_turns import Bench, end

EPOCHS = "trainer_config.max_epochs"
ALLOWED_MS = 150.0


def timed(bench: Bench, act: Callable[[], object], until: Callable[[], bool]) -> tuple[float, float]:
    """Milliseconds from an act until something holds, and of the longest turn."""
    began = time.perf_counter()
    act()
    longest = bench.settle(0.0, until=until)
    return 1000 * (time.perf_counter() - began), longest.wall


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    folder = Path(tempfile.mkdtemp())
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ[name] = str(folder / "home")
    bench = Bench(folder)
    window = bench.window
    window.files.use_preset("bottomup_unet_medium_rf")
    window.files.finish()
    window.show_page("configure")
    pane, document = window.form.context.yaml, window.document
    window.form.context.open(pane)
    bench.settle(1.5)
    table: dict[str, list[tuple[float, float]]] = {"form to text": [], "text to form": []}
    for number in range(rounds):
        value = 100 + number
        table["form to text"].append(
            timed(
                bench,
                lambda value=value: document.set_value(EPOCHS, value),
                lambda value=value: f"max_epochs: {value}" in pane.editor.text(),
            )
        )
        bench.settle(0.3)
        editor = pane.editor
        cursor = QTextCursor(editor.document().findBlockByNumber(line_of(editor.text(), EPOCHS)))
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
        editor.setFocus()
        editor.setTextCursor(cursor)
        bench.settle(0.1)
        QTest.keyClick(editor, Qt.Key.Key_Backspace)
        table["text to form"].append(
            timed(
                bench,
                partial(QTest.keyClicks, editor, "7"),
                lambda value=value: document.value(EPOCHS) == value // 10 * 10 + 7,
            )
        )
        bench.settle(0.3)
    print(f"{'':14} {'median ms':>10} {'worst ms':>10} {'turn ms':>8} {'of 150 ms':>10}")
    for name, found in table.items():
        times = [each for each, _ in found]
        median = statistics.median(times)
        turn = max(turn for _, turn in found)
        print(f"{name:14} {median:10.0f} {max(times):10.0f} {turn:8.0f} {median / ALLOWED_MS:10.2f}")
    end(window)


if __name__ == "__main__":
    main()
