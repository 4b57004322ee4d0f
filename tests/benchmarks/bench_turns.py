"""The longest turn of the window's event loop in everything a person does: `python -m tests.benchmarks.bench_turns`.

A turn is what happens between two looks at keyboard and mouse: the act itself, or one round of the event dispatcher.
Each act is done several times in the real window; the table shows the median and the worst of its longest turns, the
same in processor time of the window's thread, which others at work on the machine hardly change, and the ratio of that
to what is allowed: 50 ms, from which on a person notices. The baseline of the same run is a bare Qt window of sixty
buttons that is given another stylesheet. `--only WORDS` does some of the acts.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import attrs
from PySide6.QtCore import QAbstractEventDispatcher, QEventLoop, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QPushButton, QVBoxLayout, QWidget

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values, parse_config
from sleapnn_engine.config.issue import warning
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.config.reader import HEADS
from sleapnn_engine.config.validate import validate
from sleapnn_engine.config.yaml_dialect import write
from sleapnn_engine.protocol.codec import encode_event
from sleapnn_engine.protocol.connection import Connection, ConnectionFileError
from sleapnn_engine.protocol.journal import JournalWriter
from sleapnn_engine.protocol.training_queue import QUEUE_VARIABLE, TrainingQueue
from sleapnn_gui.app import build
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.monitor.runs_model import PLACES
from sleapnn_gui.results.frame_source import Files
from sleapnn_gui.shell.garbage import GarbageSearch
from tests.benchmarks.much import large_facts
from tests.engine.config.numbers import NUMBERS
from tests.gui.monitor.speaking import Speaker

LIMIT_MS = 50.0
ROOT = Path(__file__).resolve().parents[2]
LABELS = ROOT.parent / "shared" / "data" / "fly32_single" / "train.pkg.slp"
ODD = {"nan": math.nan, "inf": math.inf, "1e308": 1e308, "10^40": 10**40, "-10^12": -(10**12)}
ODD |= {
    "a list of nan": [math.nan],
    "a list of 10^40": [10**40],
    "many": [1] * 1000,
    "digits": int("9" * 299),
}
ODD |= {"nan as text": "nan", "inf as text": "inf", "words": "as many as there are"}
EPOCHS = "trainer_config.max_epochs"
MODEL = ROOT.parent / "shared" / "data" / "sleap_nn_models" / "minimal_instance_single_instance"
SEEN = {
    "data_config.preprocessing.crop_size": (96, 128, 160),
    "model_config.head_configs.centered_instance.confmaps.sigma": (1.5, 3.0, 5.0),
    "data_config.augmentation_config.geometric.rotation_max": (10.0, 90.0, 180.0),
    "model_config.backbone_config.unet.filters": (8, 16),
}

STORM = """
import os, sys, time
from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.channel import EngineChannel
run_dir, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
with EngineChannel(run_dir) as channel:
    while not channel.viewers:
        time.sleep(0.01)
    channel.emit(events.Started(run_name="bench", run_dir=run_dir, model_type="single_instance", max_epochs=1000,
        steps_per_epoch=500, n_train=2000, n_val=1, nodes=["a"], edges=[], device="cpu", precision="32",
        parameters=1, early_stopping_patience=None, pid=os.getpid()))
    begin = time.monotonic()
    for step in range(int(rate * seconds)):
        behind = begin + step / rate - time.monotonic()
        if behind > 0:
            time.sleep(behind)
        channel.emit(events.BatchEnd(epoch=step // 500, step=step, batch=step % 500, loss=1 / (step + 1) ** 0.3,
            losses={"head": 1.0}, seconds=0.001))
    time.sleep(30)
"""


START = """
import json, sys
from PySide6.QtCore import QAbstractEventDispatcher, QEventLoop
from sleapnn_gui.app import begin_work, show_window
from tests.benchmarks.bench_turns import timed
app, window = show_window(["sleapnn-gui", "--theme", "light"])
over, turns = [], []
window.pages.all_made.connect(lambda: over.append(True))
begin_work(app, window)
dispatcher = QAbstractEventDispatcher.instance()
while len(over) < 200:
    turns.append(timed(lambda: dispatcher.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)))
    over += [True] if over else []
window.document.undo_stack.setClean()
window.close()
print(json.dumps(max(turns)))
"""


class Turn(NamedTuple):
    """Milliseconds of a turn, by the clock and of the processor."""

    wall: float
    cpu: float

    def or_longer(self, other: "Turn") -> "Turn":
        return Turn(max(self.wall, other.wall), max(self.cpu, other.cpu))


def timed(do: Callable[[], object]) -> Turn:
    """How long something takes."""
    wall, cpu = time.perf_counter(), time.thread_time()
    do()
    return Turn(1000 * (time.perf_counter() - wall), 1000 * (time.thread_time() - cpu))


class Bench:
    """The window, its dispatcher, and what each act took."""

    def __init__(self, folder: Path) -> None:
        os.chdir(folder)
        self.folder = folder
        self.app, self.window = build(["sleapnn-gui", "--theme", "light"])
        GarbageSearch(self.app)
        self.window.resize(1600, 950)
        found = QAbstractEventDispatcher.instance()
        assert found is not None
        self._dispatcher = found
        self.rows: dict[str, list[Turn]] = {}
        self.settle()

    def turn(self) -> Turn:
        """One round of the dispatcher."""
        return timed(lambda: self._dispatcher.processEvents(QEventLoop.ProcessEventsFlag.AllEvents))

    def settle(self, seconds: float = 0.5, until: Callable[[], bool] | None = None) -> Turn:
        """Go on for some seconds, or until something holds and for a moment after; the longest turn."""
        longest, end = Turn(0.0, 0.0), time.perf_counter() + seconds
        give_up = end + 60
        while time.perf_counter() < end or (until is not None and not until()):
            longest = longest.or_longer(self.turn())
            time.sleep(0.001)
            if time.perf_counter() > give_up:
                raise RuntimeError("did not happen")
        return longest

    def act(
        self,
        name: str,
        do: Callable[[], object],
        *,
        seconds: float = 0.5,
        until: Callable[[], bool] | None = None,
    ) -> None:
        """Do something, and keep its longest turn under a name."""
        first = timed(do)
        self.rows.setdefault(name, []).append(first.or_longer(self.settle(seconds, until)))


# -- acts --------------------------------------------------------------------------------------------------


def themes(bench: Bench) -> None:
    """From every page, with all sections of the form built."""
    for page in ("data", "configure", "train", "runs"):
        bench.window.show_page(page)
        bench.settle(0.2)
        for verb in ("theme_dark", "theme_light"):
            bench.act(f"theme, page {page}", bench.window.actions_by_verb[verb].trigger, seconds=1.5)
    for steps in (2, 8, 14):  # whatever the change is at, another wish comes
        bench.window.actions_by_verb["theme_dark"].trigger()
        for _ in range(steps):
            bench.turn()
        bench.act("theme, another wish", bench.window.actions_by_verb["theme_light"].trigger, seconds=1.5)


def yaml_pane(bench: Bench) -> None:
    window, form = bench.window, bench.window.form
    window.open_path(bench.folder / "big.yaml")
    window.show_page("configure")
    form.set_pane_shown(True)
    bench.settle()
    bench.act("YAML pane opened", lambda: form.context.open(form.context.yaml))
    for value in (41, 42):
        bench.act(
            "edit with YAML open", lambda value=value: window.document.set_value(EPOCHS, value), seconds=1.0
        )
    bench.act("save an edited config", window.actions_by_verb["save"].trigger, seconds=1.0)
    editor = form.context.yaml.editor
    editor.setFocus()
    for sign in "# a":
        bench.act("type into the YAML", lambda sign=sign: QTest.keyClicks(editor, sign), seconds=0.6)
    form.context.open(form.context.help)


def sections(bench: Bench) -> None:
    window, form = bench.window, bench.window.form
    window.show_page("configure")
    for wanted in (True, False):
        bench.act("Basic / All", lambda wanted=wanted: form._levels.buttons[int(wanted)].click())
        for page in form._layout.pages:
            bench.act("section switch", lambda page=page: form.show_page(page.id), seconds=0.15)
    bench.act("go to a setting", lambda: window.reveal("trainer_config.optimizer.lr"))


def pages(bench: Bench) -> None:
    for page in ("data", "configure", "train", "runs", "configure"):
        bench.act("page switch", lambda page=page: bench.window.show_page(page), seconds=0.2)


def presets(bench: Bench) -> None:
    window = bench.window
    for page in ("data", "configure"):
        window.show_page(page)
        for preset in list_presets("guide")[2:5]:
            bench.act(f"preset, page {page}", lambda preset=preset: window.files.use_preset(preset.name))
        for name in ("bottomup", "centroid"):
            bench.act(f"model type, page {page}", lambda name=name: window.document.choose(HEADS, name))
        for _ in range(5):
            bench.act(f"undo, page {page}", window.actions_by_verb["undo"].trigger)
    bench.act("open a config", lambda: window.open_path(bench.folder / "big.yaml"), seconds=1.0)


def typing(bench: Bench) -> None:
    window = bench.window
    window.show_page("configure")
    window.actions_by_verb["search"].trigger()
    for letter in "learning rate":
        bench.act(
            "search typing", lambda letter=letter: QTest.keyClicks(window.search_field, letter), seconds=0.1
        )
    window.search_field.clear()
    bench.settle()
    for value in range(50, 56):
        bench.act("edit", lambda value=value: window.document.set_value(EPOCHS, value), seconds=0.3)


def labels(bench: Bench) -> None:
    if not LABELS.is_file():
        return
    window = bench.window
    for page in ("data", "configure"):
        window.document.set_facts(None)
        window.files.set_labels([])
        window.show_page(page)
        bench.settle()
        bench.act(
            f"labels arrive, page {page}",
            lambda: window.files.set_labels([str(LABELS)]),
            seconds=1.0,
            until=lambda: window.document.facts is not None,
        )


def frames(bench: Bench) -> None:
    """Going through the frames of the labels that `labels` left open."""
    if not LABELS.is_file():
        return
    window, page = bench.window, bench.window.labels_page
    window.show_page("data")
    bench.settle(until=lambda: bool(page.findings.rows))
    strip = page.browser.strip
    bench.act("last frame, page data", lambda: QTest.keyClick(strip, Qt.Key.Key_End))
    bench.act("first frame, page data", lambda: QTest.keyClick(strip, Qt.Key.Key_Home))
    bench.act("frames of a finding", lambda: page.findings.rows[0].buttons[0].click())
    bench.act("an animal by its size", lambda: page.figures.histogram.press(8))
    bench.act("frames split otherwise", lambda: page.split.rule_chosen.emit("stretch"), seconds=1.0)


def advice(bench: Bench) -> None:
    """On the labels that `labels` left open: all of it applied and taken back, and the sheet before training."""
    if not LABELS.is_file():
        return
    window = bench.window
    shown = window.labels_page.beside.advice
    window.show_page("data")
    bench.settle()
    bench.act("advice applied", lambda: shown.apply_all.click(), seconds=1.0)
    bench.act("advice undone", window.actions_by_verb["undo"].trigger, seconds=1.0)
    compare = lambda: window.presets.compare("bottomup_unet_large_rf")  # noqa: E731
    bench.act("preset compared", compare, seconds=1.0)
    window.findChild(QDialog, "preset_sheet").close()
    bench.act("sheet before training", window.actions_by_verb["review"].trigger, seconds=1.0)
    window.findChild(QDialog, "train_sheet").close()


def runs(bench: Bench) -> None:
    for name in ("short", "long"):
        bench.window.show_page("runs")
        bench.settle()
        bench.act(
            f"open a {name} run",
            lambda name=name: bench.window.runs.open_run(bench.folder / name),
            seconds=1.0,
            until=lambda: bench.window.session is not None and bench.window.session.is_over,
        )


def results(bench: Bench) -> None:
    """What is done with a trained model: its pages, a video frame by frame, and another theme while they are there."""
    if not MODEL.is_dir():
        return
    window, folder = bench.window, bench.folder / "model"
    found = window.results
    if not folder.exists():
        shutil.copytree(MODEL, folder)
        for name in ("gt", "pr"):
            shutil.copyfile(LABELS, folder / f"labels_{name}.val.0.slp")
    bench.act("predict, page opened", lambda: found.predict_with(folder), seconds=1.0)
    evaluation = found.evaluation_page
    bench.act(
        "evaluation opened",
        lambda: found.show_evaluation(folder),
        seconds=1.0,
        until=lambda: evaluation.stack.currentWidget() is evaluation.view,
    )
    bench.act(
        "predictions opened", lambda: found.show_frames(Files(str(LABELS), truth=str(LABELS))), seconds=3.0
    )
    for _ in range(10):
        bench.act("next frame of predictions", lambda: found.frames_page.step(1), seconds=0.3)
    for verb in ("theme_dark", "theme_light"):
        bench.act("theme, page of results", window.actions_by_verb[verb].trigger, seconds=1.5)


def seeing(bench: Bench) -> None:
    """Edits while See shows what they do."""
    if not LABELS.is_file():
        return
    window = bench.window
    window.files.use_preset("config_topdown_centered_instance_unet_medium_rf")
    window.files.set_labels([str(LABELS)])
    window.show_page("configure")
    bench.settle(5.0, until=lambda: window.document.facts is not None)
    for path, values in SEEN.items():
        bench.act("a setting that is seen", lambda path=path: window.reveal(path), seconds=2.0)
        for value in values:
            bench.act(
                "edit of what is seen",
                lambda path=path, value=value: window.document.set_value(path, value),
                seconds=1.0,
            )


def large(bench: Bench) -> None:
    """As much as there may be of everything that is listed."""
    window, document = bench.window, bench.window.document
    window.show_page("data")
    facts = large_facts()
    if LABELS.is_file():  # whoever reads labels has an engine at hand
        window.files.set_labels([str(LABELS)])
        bench.settle(2.0, until=lambda: document.facts is not None)
    bench.act("1,000 videos, page data", lambda: window.labels_watch.known.emit(facts))
    window.show_page("runs")
    bench.settle()
    many_runs(bench)
    window.show_page("configure")
    found = [warning(EPOCHS, f"Finding {number} of a long list of findings.") for number in range(300)]
    bench.act("300 problems", lambda: document.set_outside_issues("bench", found))
    bench.act("the list of 300 problems", window.status_line.show_list)
    for menu in window.status_line.findChildren(QMenu):
        menu.close()
    document.set_outside_issues("bench", [])
    window.actions_by_verb["search"].trigger()
    bench.act("search finds all there is", lambda: QTest.keyClicks(window.search_field, "e"))
    window.search_field.clear()
    bench.settle()


def many_runs(bench: Bench) -> None:
    """A list of 2,000 runs: read, sorted, filtered, chosen from, and eight of them side by side."""
    page = bench.window.runs_page
    bench.act(
        "2,000 runs",
        lambda: page.set_folders([bench.folder / "many"]),
        seconds=2.0,
        until=lambda: page.status.text().startswith("2000 in"),
    )
    header = page.table.horizontalHeader()
    for key in ("name", "median_px", "state", "started"):
        bench.act(
            "2,000 runs sorted",
            lambda key=key: header.setSortIndicator(PLACES[key], Qt.SortOrder.DescendingOrder),
        )
    for text in ("run1", "run19", "bottom", ""):
        bench.act("2,000 runs filtered", lambda text=text: page.filter.setText(text))
    shown = [run.folder for run in page.model.shown]
    for place in (3, 700, 1500):
        bench.act("a run chosen", lambda place=place: page.choose([shown[place]]), seconds=1.0)
    page.choose(shown[:8])
    compare = bench.window.results.compare_page
    for _ in range(2):
        bench.act("eight runs compared", bench.window.listed.do_list_compare, seconds=1.5)
        for what in (1, 2, 0):
            bench.act("another curve of eight runs", lambda what=what: compare.what.buttons[what].click())
        bench.window.show_page("runs")
        bench.settle(1.0)
        page.choose(shown[:8])


def queue(bench: Bench) -> None:
    """A queue of 200 trainings below the list of runs: come to, moved in, and emptied."""
    page = bench.window.runs_page
    panel = page.queue
    with mock.patch.dict(os.environ, {QUEUE_VARIABLE: str(bench.folder / "queue.json")}):
        fields = {"config": bench.folder / "a.yaml", "folder": bench.folder}
        TrainingQueue(bench.folder / "queue.json").add_group([fields] * 200)
        show = bench.window.actions_by_verb["queue_show"].trigger
        bench.act("200 trainings in the queue", show, until=lambda: len(panel.model.rows) == 200)
        panel.table.selectRow(100)
        moved = panel.model.rows[100].number
        bench.act("a training sooner", panel.sooner.click, until=lambda: panel.model.rows[99].number == moved)
        panel.table.selectAll()
        bench.act("200 trainings taken out", panel.out.click, until=lambda: not panel.model.rows)
        page.queue.hide()
        panel.watch.leave()


def storm(bench: Bench) -> None:
    run_dir = bench.folder / f"storm{len(list(bench.folder.glob('storm*')))}"
    run_dir.mkdir()
    engine = subprocess.Popen([sys.executable, "-c", STORM, str(run_dir), "1000", "6"], cwd=ROOT)
    while True:
        try:
            Connection.read(run_dir)
            break
        except ConnectionFileError:
            time.sleep(0.05)
    bench.act("1,000 events a second", lambda: bench.window.runs.open_run(run_dir), seconds=7.0)
    engine.kill()
    engine.wait()
    bench.settle(1.0, until=lambda: bench.window.session is not None and bench.window.session.is_over)


def odd_numbers(bench: Bench) -> None:
    """Whatever can stand in place of a number, at every numeric setting: through the form, and through files."""
    window, form = bench.window, bench.window.form
    window.show_page("configure")
    window.document.undo_stack.setClean()
    form.set_filter(attrs.evolve(form.filter(), all=True))
    for path in NUMBERS:
        form.reveal(path)
        bench.settle(0.02)
        for value in ODD.values():
            bench.act(
                "odd number, form",
                lambda path=path, value=value: window.document.set_value(path, value),
                seconds=0.0,
            )
        window.document.undo_stack.setIndex(0)
        values = copy_values(window.document.values)
        for value in ODD.values():
            tree.put(values, path, value)
            text = write(values)
            # Not followed by a look at the events, which are those of the form.
            bench.rows.setdefault("odd number, file", []).append(
                timed(lambda text=text: parse_and_judge(text))
            )


def parse_and_judge(text: str) -> None:
    """What a file costs that holds them, wherever it is read."""
    validate(parse_config(text).values)


def start(bench: Bench) -> None:
    """The window in a process of its own: what is made ahead while a person begins to work."""
    done = subprocess.run([sys.executable, "-c", START], cwd=ROOT, capture_output=True, text=True, check=True)
    bench.rows.setdefault("pages made ahead", []).append(Turn(*json.loads(done.stdout.splitlines()[-1])))


ACTS = (
    start, sections, pages, themes, yaml_pane, presets, typing, labels, frames, advice, runs, results, seeing, large, queue, storm, odd_numbers,
)  # fmt: skip


# -- what they are done with -------------------------------------------------------------------------------


def write_run(run_dir: Path, *, epochs: int, steps: int) -> None:
    """A journal of a finished run, a little over its true length."""
    run_dir.mkdir()
    speaker = Speaker(t=time.time() - 5000)
    speaker.start(max_epochs=epochs, steps=steps)
    for epoch in range(epochs):
        speaker.batches(steps, steps=steps, loss=lambda step: 1 / (step + 1) ** 0.3, seconds=0.01)
        speaker.epoch(epoch, val=1 / (epoch + 1))
    journal = JournalWriter(run_dir)
    for event in speaker.events:
        journal.append(event.seq or 0, encode_event(event))


def big_config() -> str:
    """Every section of every preset in one file, with comments and unknown keys."""
    longest = max((preset.path.read_text(encoding="utf-8") for preset in list_presets("guide")), key=len)
    unknown = "".join(f"x_lab_{number}: {{deep: [1, 2, {number}]}}  # ours\n" for number in range(100))
    return f"# big\n{longest}\n{unknown}"


def baseline(app: QApplication) -> list[Turn]:
    """A bare window of 60 buttons is given another stylesheet and drawn."""
    window = QWidget()
    column = QVBoxLayout(window)
    for number in range(60):
        column.addWidget(QPushButton(str(number)))
    window.show()
    app.processEvents()

    def dress(color: str) -> None:
        window.setStyleSheet(f"QPushButton {{ color: {color}; }}")
        app.processEvents()

    found = [timed(lambda color=color: dress(color)) for color in ("red", "blue", "red")]
    window.deleteLater()
    return found


def table(rows: dict[str, list[Turn]]) -> Iterator[str]:
    yield (
        f"{'longest turn of':<30}{'times':>6}{'median ms':>11}{'worst ms':>10}{'median cpu':>12}{'worst cpu':>11}"
        f"{'allowed':>9}{'cpu / allowed':>15}"
    )
    for name, found in rows.items():
        wall, cpu = [turn.wall for turn in found], [turn.cpu for turn in found]
        yield (
            f"{name:<30}{len(found):>6}{statistics.median(wall):>11.1f}{max(wall):>10.1f}"
            f"{statistics.median(cpu):>12.1f}{max(cpu):>11.1f}{LIMIT_MS:>9.0f}{max(cpu) / LIMIT_MS:>15.2f}"
        )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="", help="names of acts, separated by commas")
    args = parser.parse_args()
    wanted = [act for act in ACTS if not args.only or act.__name__ in args.only.split(",")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            os.environ[variable] = str(folder / "home")
        (folder / "big.yaml").write_text(big_config(), encoding="utf-8")
        if runs in wanted:
            write_run(folder / "short", epochs=20, steps=20)
            write_run(folder / "long", epochs=400, steps=400)
        if large in wanted:
            (folder / "many").mkdir()
            for number in range(2000):
                write_run(folder / "many" / f"run{number}", epochs=2, steps=2)
        bench = Bench(folder)
        for _ in range(args.repeats):
            for act in wanted:
                act(bench)
                bench.window.document.undo_stack.setClean()
        bench.rows["baseline: 60 restyled buttons"] = baseline(bench.app)
        print("\n".join(table(bench.rows)), flush=True)
        end(bench.window)


def end(window: MainWindow) -> None:
    """Close without questions."""
    window.runs.leave()
    window.document.undo_stack.setClean()
    window.close()


if __name__ == "__main__":
    main()
