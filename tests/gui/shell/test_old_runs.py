"""What the window says while it shows a run of another day, trained with other settings than those that are open."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from sleapnn_gui.app import show_window
from sleapnn_gui.main_window import MainWindow
from tests.gui.monitor.speaking import Speaker
from tests.gui.monitor.test_runs_page import write
from tests.gui.windows import throw_away

LONG_AGO = 1_600_000_000.0


@pytest.fixture
def window(app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.chdir(tmp_path)
    _, found = show_window(["sleapnn-gui", "--theme", "light"])
    yield found
    throw_away(found)


@pytest.mark.parametrize("outcome", ["completed", "stopped", ""])
def test_every_line_of_its_log_is_of_its_time(
    window: MainWindow, wait_until: Callable[..., None], tmp_path: Path, outcome: str
) -> None:
    speaker = Speaker(t=LONG_AGO).start().batches(4).epoch(0)
    folder = write(tmp_path / "old", speaker, outcome=outcome)
    window.open_path(folder / "events.jsonl")  # as by a double-click in a file manager
    wait_until(lambda: window.session is not None and window.session.is_over)
    assert window.session is not None
    assert window.session.run_dir == folder
    lines = window.train_page.charts.log.toPlainText().splitlines()
    clocks = {time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event.t)) for event in speaker.events}
    stamps = [re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", line) for line in lines]
    assert len(lines) >= 3
    assert {stamp[0] for stamp in stamps if stamp} <= clocks
    assert all(stamps)


def test_the_status_line_tells_of_the_run_or_says_whose_figures_it_tells(
    window: MainWindow, wait_until: Callable[..., None], tmp_path: Path
) -> None:
    window.document.set_figures({"parameters": 7_760_000})
    line = window.status_line
    assert "7.76 M parameters" in line.network.text()
    window.runs.open_run(write(tmp_path / "old", Speaker(t=LONG_AGO).start().batches(4).epoch(0)))
    wait_until(lambda: window.session is not None and window.session.is_over)
    wait_until(lambda: "1,000 parameters" in line.network.text())
    assert "7.76" not in line.network.text()
    assert line.problems.text().endswith(f" in {window.document.title}")
    window.show_page("runs")
    assert line.network.text() == ""
    window.show_page("configure")
    assert "7.76 M parameters" in line.network.text()
    assert window.document.title not in line.problems.text()


@pytest.mark.parametrize("f1", [0.0, 0.5])
def test_a_model_that_finds_nothing_never_ends_calmly_whoever_judged_it(
    window: MainWindow, wait_until: Callable[..., None], tmp_path: Path, f1: float
) -> None:
    """Earlier engines said nothing of it when they had finished; the figures of the epoch that is kept do."""
    counted = {"precision": f1, "recall": f1, "f1": f1, "class_accuracy": None}
    speaker = Speaker(t=LONG_AGO).start(model_type="bottomup").batches(4).epoch(0, counted=counted)
    window.runs.open_run(write(tmp_path / "old", speaker, outcome="completed"))
    wait_until(lambda: window.session is not None and window.session.is_over)
    banner = window.train_page.banner
    assert ("finds no animal" in banner.text) is (f1 == 0)
    assert (banner.severity == "warning") is (f1 == 0)
