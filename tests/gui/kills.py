"""Engines and windows are killed at random moments; afterwards the list, the page and the command line are compared.

Used by a test that kills a few and by `tests.benchmarks.soak_kills`, which kills many.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import attrs
from PySide6.QtWidgets import QApplication

from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL_NAME
from sleapnn_engine.protocol.journal import JournalReader
from sleapnn_engine.protocol.presence import Presence, engine_status
from sleapnn_gui.monitor.run_summary import summarise
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.session import RunSession

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = {"epochs": 40, "steps": 25, "batch_seconds": 0.002, "frames": True}
PATIENCE = 40.0

#: A window that starts a training and follows it until somebody kills it.
WINDOW = """
import sys
from PySide6.QtWidgets import QApplication
from sleapnn_gui.monitor.train_page import TrainPage
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.widgets.theme import install_theme
app = QApplication([])
install_theme(app, mode="light")
session = RunSession(engine=(sys.executable, "-m", "tests.gui.run.scripted_engine"))
page = TrainPage(session)
page.show()
session.events.connect(lambda items: print("heard", flush=True))
session.start(sys.argv[2], sys.argv[1], folder=sys.argv[3])
app.exec()
"""

#: The same end in the words of the page, the list and the command line.
ENDS = {
    "crashed": (State.CRASHED, "crashed"),
    "completed": (State.COMPLETED, "completed"),
    "running": (State.TRAINING, "running"),
}


@attrs.define
class Watcher:
    """A session that is followed here, with all that it said."""

    session: RunSession = attrs.field(factory=RunSession)
    store: RunStore = attrs.field(factory=RunStore)
    seqs: list[int] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.session.events.connect(self._add)

    def _add(self, items: list) -> None:
        self.store.add(items)
        for item in items:
            numbers = getattr(item, "seqs", None) or [item.seq]
            self.seqs += [seq for seq in numbers if seq is not None]


def kill_an_engine(app: QApplication, run_dir: Path, *, after: float) -> list[str]:
    """Kill an engine while a window follows it; what is wrong afterwards."""
    watcher = Watcher(RunSession(engine=(sys.executable, "-m", "tests.gui.run.scripted_engine")))
    watcher.session.start(json.dumps(SCRIPT), run_dir, folder=ROOT)
    _turn(app, lambda: watcher.seqs != [])
    _rest(app, after)
    if not watcher.session.is_over and watcher.session.pid is not None:
        os.kill(watcher.session.pid, signal.SIGKILL)
    _turn(app, lambda: watcher.session.is_over)
    found = _compared(watcher, run_dir, "followed")
    watcher.session.leave()
    return found + _surfaces(app, run_dir)


def kill_a_window(app: QApplication, run_dir: Path, *, after: float) -> list[str]:
    """Kill a window whose training goes on; another one follows it from there to its end. What is wrong."""
    words = [sys.executable, "-c", WINDOW, str(run_dir), json.dumps(SCRIPT), str(ROOT)]
    window = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE)
    assert window.stdout is not None
    window.stdout.readline()
    time.sleep(after)
    window.kill()
    window.stdout.close()
    window.wait()
    found = []
    there = engine_status(run_dir).presence is Presence.PRESENT
    summary = summarise(run_dir)
    if there and engine_status(run_dir).presence is Presence.PRESENT and (summary is None or summary.is_over):
        found.append(f"the list says {summary and summary.state} of a run whose engine is at work")
    watcher = Watcher()
    watcher.session.attach(run_dir)
    _turn(app, lambda: watcher.session.is_over)
    found += _compared(watcher, run_dir, "attached")
    watcher.session.leave()
    return found + _surfaces(app, run_dir)


def _surfaces(app: QApplication, run_dir: Path) -> list[str]:
    """What the page, opened anew, and the list say otherwise than the journal."""
    opened = Watcher()
    opened.session.attach(run_dir)
    _turn(app, lambda: opened.session.is_over)
    found = _compared(opened, run_dir, "opened anew")
    summary = summarise(run_dir)
    told = opened.store.reach.brief
    if summary is None or summary.epochs != told or ENDS[summary.state][0] is not opened.session.state:
        found.append(
            f"page: {opened.session.state}, {told}; list: {summary and (summary.state, summary.epochs)}"
        )
    opened.session.leave()
    return found


def in_the_terminal(folder: Path) -> list[str]:
    """What the command line says otherwise than the list, of all runs in a folder."""
    words = [sys.executable, "-m", "sleapnn_engine", "runs", "list", str(folder), "--json"]
    told = json.loads(subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout)
    found = []
    for run in told:
        summary = summarise(Path(run["path"]))
        if summary is None or (ENDS[summary.state][1], summary.values.get("epochs")) != (
            run["state"],
            run["epochs"],
        ):
            found.append(f"{run['name']}: terminal {run['state']}, {run['epochs']}; list {summary}")
    runs = sum(1 for path in folder.iterdir() if (path / JOURNAL_NAME).is_file())
    return found if len(told) == runs else [*found, f"the terminal lists {len(told)} of {runs} runs"]


def _compared(watcher: Watcher, run_dir: Path, how: str) -> list[str]:
    """What a page misses of the journal, or has twice; frames are in memory alone and may be gone with an engine."""
    journal = [event.seq for event in JournalReader(run_dir).poll(limit=10**9)]
    missing = sorted(set(journal) - set(watcher.seqs))
    found = (
        [f"{how}: {len(missing)} events of the journal did not come, first {missing[0]}"] if missing else []
    )
    if watcher.seqs != sorted(set(watcher.seqs)):
        found.append(f"{how}: events came twice or out of order")
    return found


def _turn(app: QApplication, done) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("it did not come to that")
        app.processEvents()
        time.sleep(0.002)


def _rest(app: QApplication, seconds: float) -> None:
    end = time.monotonic() + seconds
    _turn(app, lambda: time.monotonic() > end)


def soak(app: QApplication, folder: Path, *, kills: int, seed: int, told=lambda _text: None) -> list[str]:
    """Kill engines and windows by turns at random moments; everything that was wrong."""
    draw, found = random.Random(seed), []
    for number in range(kills):
        kill = (kill_an_engine, kill_a_window)[number % 2]
        after = draw.uniform(0.0, 1.5)
        wrong = kill(app, folder / f"run_{number:03}", after=after)
        found += [f"{number} ({kill.__name__} after {after:.2f} s): {text}" for text in wrong]
        told(
            f"{number + 1} of {kills}: {kill.__name__} after {after:.2f} s: {'; '.join(wrong) or 'as it should be'}"
        )
    return found + in_the_terminal(folder)
