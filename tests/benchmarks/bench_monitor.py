"""How many events a second the Train page takes, how late it shows them, and the longest turn of its event loop.

A second process says batch results at a steady rate through the real channel. Two viewers watch it, one after
the other in the same run of this script: the Train page, and a plain window that does what viewers of training
commonly do (look at the socket, redraw everything, sleep a tenth of a second). Run it on a quiet machine:

    python -m tests.benchmarks.bench_monitor --rate 1000 --seconds 60 --history 100000 --ours
    python -m tests.benchmarks.bench_monitor --hours 8
    python -m tests.benchmarks.bench_monitor --points 200000 1000000

With `--hours` a journal of a training that long (five steps a second, an epoch a minute) is opened instead: the time
until all of it is on the page, and the longest turn meanwhile. 3 s and 50 ms are allowed.

With `--points` the curves of runs with so many batch results are drawn, over each axis, beside those of 2,000: the time to bring
the picture up to date and to paint it. 16 ms are allowed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import attrs

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QApplication, QWidget

from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.codec import encode_event
from sleapnn_engine.protocol.connection import Connection, ConnectionFileError
from sleapnn_engine.protocol.journal import JournalReader
from sleapnn_gui.monitor.run_axis import X
from sleapnn_gui.monitor.train_page import TrainPage
from sleapnn_gui.run.queue import Batches
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.theme import install_theme
from tests.gui.monitor.speaking import Speaker

#: What the curves of many points are compared with.
FEW_POINTS = 2000

ENGINE = """
import os, sys, time
from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.channel import EngineChannel
run_dir, rate, total, steps = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
with EngineChannel(run_dir) as channel:
    while channel.viewers < 2:
        time.sleep(0.01)
    channel.emit(events.Started(run_name="bench", run_dir=run_dir, model_type="single_instance",
        max_epochs=total // steps + 1, steps_per_epoch=steps, n_train=4 * steps, n_val=1, nodes=["a"], edges=[],
        device="cpu", precision="32", parameters=1, early_stopping_patience=None, pid=os.getpid()))
    begin = time.monotonic()
    for step in range(total):
        behind = begin + step / rate - time.monotonic()
        if behind > 0:
            time.sleep(behind)
        loss = 1.0 / (step + 1) ** 0.3
        channel.emit(events.BatchEnd(epoch=step // steps, step=step, batch=step % steps, loss=loss,
            losses={"head": loss}, seconds=0.001))
    channel.emit(events.Log(level="info", text=f"said {total / (time.monotonic() - begin):.0f} events a second"))
    time.sleep(1.0)
"""


@attrs.define
class Watch:
    """What was measured of one viewer."""

    name: str
    taken: int = 0
    seqs: set[int] = attrs.field(factory=set)
    lags: list[float] = attrs.field(factory=list)
    turns: list[float] = attrs.field(factory=list)
    began: float = 0.0
    ended: float = 0.0

    def note(self, events: int, oldest: float) -> None:
        """`events` batch results were taken, the oldest of them said at the Unix time `oldest`."""
        now = time.time()
        self.began = self.began or now
        self.taken += events
        self.lags.append(now - oldest)
        self.ended = now

    @property
    def lost(self) -> str:
        """How many numbers of events are missing between the first and the last that came."""
        return f"{max(self.seqs) - min(self.seqs) + 1 - len(self.seqs):,}" if self.seqs else "–"

    def row(self) -> str:
        """One line of the table."""
        rate = self.taken / max(1e-9, self.ended - self.began)
        turns = sorted(self.turns)
        return (
            f"{self.name:<18}{self.taken:>9,}{rate:>12,.0f}{1000 * float(np.median(self.lags)):>12.0f}"
            f"{1000 * max(self.lags):>12.0f}{1000 * turns[int(0.99 * len(turns))]:>12.1f}{1000 * turns[-1]:>12.1f}"
            f"{self.lost:>8}"
        )


def start_engine(run_dir: Path, *, rate: float, total: int) -> subprocess.Popen:
    """A process that says `total` batch results at `rate` a second once somebody watches."""
    run_dir.mkdir()
    command = [sys.executable, "-c", ENGINE, str(run_dir), str(rate), str(total), "500"]
    return subprocess.Popen(command, cwd=Path(__file__).resolve().parents[2])


def wait_for_connection(run_dir: Path) -> Connection:
    """The engine's connection file, as soon as it is there."""
    while True:
        try:
            return Connection.read(run_dir)
        except ConnectionFileError:
            time.sleep(0.01)


def turn_until(app: QApplication, watch: Watch, done: Callable[[], bool], *, pause: float) -> None:
    """Run the event loop turn by turn, timing each, until `done`; sleep `pause` between turns."""
    while not done():
        begin = time.perf_counter()
        app.processEvents()
        watch.turns.append(time.perf_counter() - begin)
        time.sleep(pause)


def watch_with_train_page(app: QApplication, run_dir: Path, *, total: int, history: int) -> Watch:
    """Our page, at 1280 by 720."""
    watch = Watch("Train page")
    wait_for_connection(run_dir)
    session = RunSession()
    page = TrainPage(session)
    page.resize(1208, 692)
    page.show()
    # The rail of the real window has loaded the icon font long before anything trains.
    icon("caret-left").pixmap(16, 16)
    if history:
        steps = np.arange(history)
        page.store.losses.extend(steps / 500 - history / 500, 1.0 / (steps + 1) ** 0.2)

    def take(items: list) -> None:
        for item in items:
            if isinstance(item, Batches):
                watch.note(len(item), item.since)
                watch.seqs.update(item.seqs)
            elif item.seq is not None:
                watch.seqs.add(item.seq)

    session.events.connect(take)
    session.attach(run_dir)
    turn_until(app, watch, lambda: watch.taken >= total, pause=0.001)
    session.leave()
    page.close()
    return watch


def watch_with_plain_window(app: QApplication, run_dir: Path, *, total: int, seconds: float) -> Watch:
    """The baseline: sockets read on the window's thread, one redraw of everything for each event, a fixed sleep."""
    watch = Watch("plain window")
    plot = pg.PlotWidget()
    plot.resize(1208, 692)
    plot.show()
    losses: list[float] = []
    give_up = time.monotonic() + 3 * seconds
    with EngineClient(wait_for_connection(run_dir)) as client:

        def turn() -> bool:
            begin = time.perf_counter()
            for event in client.poll(0, limit=10):
                if event.kind == "batch_end":
                    losses.append(event.body["loss"])
                    plot.plotItem.clear()
                    plot.plotItem.plot(losses)
                    app.processEvents()
                    watch.note(1, event.t)
            watch.turns.append(time.perf_counter() - begin)
            return watch.taken >= total or time.monotonic() > give_up

        turn_until(app, watch, turn, pause=0.1)
    plot.close()
    return watch


def write_journal(run_dir: Path, *, hours: float) -> int:
    """The journal of a training of so many hours that is over; how many events it has."""
    speaker = Speaker(t=time.time() - 3600 * hours)
    epochs, steps = round(60 * hours), 300
    speaker.start(max_epochs=epochs, steps=steps)
    for number in range(epochs):
        loss = 1.0 / (1 + number)
        speaker.batches(steps, steps=steps, loss=loss, seconds=0.2).epoch(number, val=loss, after=0.0)
    end = {"outcome": "completed", "epochs": epochs, "best_epoch": epochs - 1, "best_val": loss}
    speaker.emit("finished", {**end, "run_dir": str(run_dir), "seconds": 3600.0 * hours})
    run_dir.mkdir()
    (run_dir / "events.jsonl").write_bytes(b"\n".join(map(encode_event, speaker.events)) + b"\n")
    return len(speaker.events)


def open_journal(app: QApplication, *, hours: float) -> None:
    """Write a journal, open it on the page as a person does, and print how long that took."""
    with tempfile.TemporaryDirectory() as folder:
        run_dir = Path(folder) / "long"
        events = write_journal(run_dir, hours=hours)
        size = (run_dir / "events.jsonl").stat().st_size / 1e6
        session = RunSession()
        page = TrainPage(session)
        page.resize(1208, 692)
        page.show()
        icon("caret-left").pixmap(16, 16)
        app.processEvents()
        watch = Watch("journal")
        begin = time.perf_counter()
        session.attach(run_dir)
        turn_until(app, watch, lambda: session.is_over and page.charts.isVisible(), pause=0.0005)
        app.processEvents()
        took = time.perf_counter() - begin
        bare = time.perf_counter()
        JournalReader(run_dir).poll(limit=events)
        bare = time.perf_counter() - bare
        session.leave()
        page.close()
    print(f"a training of {hours:g} h: {events:,} events, {size:.0f} MB")
    print(
        f"open after {took:.2f} s, {took / bare:.1f} times what reading it alone takes; longest turn {1000 * max(watch.turns):.0f} ms"
    )


def draw_points(app: QApplication, counts: list[int]) -> None:
    """Print how long the curves of runs of so many batch results take, in milliseconds: the median and the most."""
    print(
        f"{'curves, ms':<22}" + "".join(f"{count:>22,}" for count in (FEW_POINTS, *counts)) + f"{'ratio':>8}"
    )
    taken = [times_of_drawing(app, count) for count in (FEW_POINTS, *counts)]
    for name in taken[0]:
        cells = [f"{np.median(times[name]):>12.1f}, most {max(times[name]):>4.1f}" for times in taken]
        ratio = np.median(taken[-1][name]) / np.median(taken[0][name])
        print(f"{name:<22}" + "".join(cells) + f"{ratio:>8.1f}")


def times_of_drawing(app: QApplication, count: int) -> dict[str, list[float]]:
    """Milliseconds of drawing each view again and again, by what is drawn."""
    steps, nodes = max(1, count // 500), [f"part {number}" for number in range(16)]
    speaker = Speaker().start(max_epochs=count // steps, steps=steps, nodes=nodes)
    heads = ("confmaps", "pafs")
    page = TrainPage(RunSession())
    page.resize(1208, 692)
    page.show()
    for number in range(count // steps):
        by_node = {node: 3.0 + place / (1 + number) for place, node in enumerate(nodes)}
        speaker.batches(
            steps, steps=steps, heads=heads, loss=lambda step: 1 / (1 + step) ** 0.2 + (step % 97) / 900
        )
        speaker.epoch(number, val=1 / (1 + number), by_node=by_node, counted={"f1": 0.5, "pck_10": 0.5})
        page.store.add(speaker.items)
        speaker.events.clear()
    loss = page.charts.loss
    page.stack.setCurrentWidget(page.charts)
    page.charts.set_store(page.store)
    page.charts.refresh()
    loss.heads.setChecked(True)
    times: dict[str, list[float]] = {}

    def once(name: str, change: Callable[[], object]) -> None:
        begin = time.perf_counter()
        change()
        loss.draw()
        shown().repaint()
        times.setdefault(name, []).append(1000 * (time.perf_counter() - begin))

    def shown() -> QWidget:
        plot = next(plot for plot in loss.plots if plot.isVisible())
        return plot.viewport()

    app.processEvents()
    for _ in range(20):
        for x in X:
            loss.show_view("loss")
            app.processEvents()
            once(f"loss by {x.value}", lambda x=x: loss.show_over(x))
            loss.plot._person_moved()
            low, high = loss.plot.view.viewRange()[0]
            once("zoomed", lambda low=low, high=high: loss.plot.view.setXRange(low, high / 5, padding=0))
        for view in loss.views:
            if not loss.views[view].isHidden():
                loss.show_view(view)
                app.processEvents()
                once(view, lambda: None)
    page.close()
    return times


def main() -> None:
    """Measure both viewers and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=1000.0, help="events a second the engine says")
    parser.add_argument("--seconds", type=float, default=10.0, help="for how long")
    parser.add_argument("--history", type=int, default=0, help="batch results the page holds beforehand")
    parser.add_argument("--ours", action="store_true", help="leave the plain window out")
    parser.add_argument(
        "--hours", type=float, default=0.0, help="open the journal of so long a training instead"
    )
    parser.add_argument(
        "--points", type=int, nargs="+", default=[], help="draw the curves of so many batch results instead"
    )
    args = parser.parse_args()
    app = QApplication([])
    install_theme(app, mode="light")
    if args.points:
        draw_points(app, args.points)
        return
    if args.hours:
        open_journal(app, hours=args.hours)
        return
    total = int(args.rate * args.seconds)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("page",) if args.ours else ("page", "plain"):
            run_dir = Path(folder) / name
            engine = start_engine(run_dir, rate=args.rate, total=total)
            if name == "page":
                watch = watch_with_train_page(app, run_dir, total=total, history=args.history)
            else:
                watch = watch_with_plain_window(app, run_dir, total=total, seconds=args.seconds)
            rows.append(watch)
            engine.kill()
            engine.wait()
    print(f"{total:,} events at {args.rate:,.0f} a second on {os.cpu_count()} cores")
    print(
        f"{'viewer':<18}{'taken':>9}{'taken/s':>12}{'lag ms':>12}{'worst lag':>12}{'turn p99':>12}{'worst turn':>12}{'lost':>8}"
    )
    for watch in rows:
        print(watch.row())


if __name__ == "__main__":
    main()
