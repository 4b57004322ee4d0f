"""The window's side of the questions: newest wins, an engine that ends is started again, nothing is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from sleapnn_engine.config.engine_program import CHOSEN
from sleapnn_gui.inspector.client import Inspect, plain

Wait = Callable[..., None]


@pytest.fixture
def inspect(app: QApplication) -> Iterator[Inspect]:
    client = Inspect()
    yield client
    client.close()


def test_of_a_kind_only_the_newest_question_is_answered(inspect: Inspect, wait_until: Wait) -> None:
    got: list[str] = []
    inspect.answered.connect(lambda kind, _: got.append(kind))
    for name in ("a.slp", "b.slp", "c.slp"):
        inspect.ask("derive", values={"data_config": {"train_labels_path": [name]}, "odd": float("nan")})
    assert inspect.is_asking("derive")
    wait_until(lambda: bool(got), 60)
    inspect.ask("ping")
    wait_until(lambda: not inspect.is_asking("ping"), 60)
    assert got == ["derive", "ping"]


def test_an_engine_that_ends_is_started_again_and_the_question_is_answered(
    inspect: Inspect, wait_until: Wait
) -> None:
    said: list[str] = []
    got: list[str] = []
    inspect.troubled.connect(said.append)
    inspect.answered.connect(lambda kind, _: got.append(kind))
    inspect.ask("ping")
    wait_until(lambda: got == ["ping"], 60)
    before = inspect.pid
    inspect.ask("derive", values={})
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: got == ["ping", "derive"], 60)
    assert inspect.pid not in (0, before)
    assert said == ["The engine that answers the editor ended unexpectedly; it is started again."]


def test_without_an_engine_a_question_says_so_in_a_turn_of_its_own(
    inspect: Inspect, wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CHOSEN, "/nowhere/engine")
    said: list[str] = []
    inspect.missing.connect(lambda why: said.append(f"missing: {why}"))
    inspect.failed.connect(lambda kind, text: said.append(f"{kind}: {text}"))
    inspect.ask("ping")
    assert said == []
    wait_until(lambda: len(said) == 2)
    assert said[0] == "missing: The training engine that was chosen is not there any more: /nowhere/engine."
    assert said[1].endswith("Help › Engine… brings one.")
    assert inspect.pid == 0
    monkeypatch.delenv(CHOSEN)
    inspect.ask("ping")
    assert inspect.pid, "one that has come since is asked"


def test_an_engine_that_always_ends_is_given_up_with_its_last_words(
    app: QApplication, wait_until: Wait
) -> None:
    client = Inspect(command=[sys.executable, "-c", "import sys; sys.exit('no room on the device')"])
    said: list[str] = []
    client.failed.connect(lambda kind, text: said.append(f"{kind}: {text}"))
    client.ask("describe", values={})
    wait_until(lambda: bool(said), 60)
    assert said == [
        "describe: The engine that answers the editor ended 3 times. It said last: no room on the device"
    ]
    assert client.pid == 0


@pytest.mark.parametrize(
    "printed", ["'no message at all'", "'\\\\0' * 64", "'\\\\0\\\\0\\\\0\\\\1' + '\\\\xff' * 8"]
)
def test_an_engine_that_says_nonsense_is_given_up(app: QApplication, wait_until: Wait, printed: str) -> None:
    client = Inspect(command=[sys.executable, "-c", f"print({printed}, flush=True); input()"])
    said: list[str] = []
    client.failed.connect(lambda _, text: said.append(text))
    client.ask("describe", values={})
    wait_until(lambda: bool(said), 60)
    assert "ended 3 times" in said[0]


def test_an_engine_that_is_not_there_is_said(app: QApplication, wait_until: Wait) -> None:
    client = Inspect(command=["/nowhere/engine"])
    said: list[str] = []
    client.failed.connect(lambda _, text: said.append(text))
    client.ask("describe", values={})
    wait_until(lambda: bool(said))
    assert "could not be started" in said[0]


def test_it_goes_with_a_window_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import time\n"
        "from PySide6.QtCore import QCoreApplication\n"
        "from sleapnn_gui.inspector.client import Inspect\n"
        "app = QCoreApplication([]); client = Inspect()\n"
        "client.answered.connect(lambda kind, answer: print(answer['pid'], flush=True))\n"
        "client.ask('ping'); app.exec()\n"
    )
    window = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert window.stdout is not None
    engine = int(window.stdout.readline())
    os.kill(window.pid, signal.SIGKILL)
    window.wait()
    window.stdout.close()
    end = time.monotonic() + 20
    while time.monotonic() < end and alive(engine):
        time.sleep(0.02)
    assert not alive(engine)


def alive(pid: int) -> bool:
    """Whether a process is there that is not only waiting to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_odd_values_of_a_file_become_text() -> None:
    values = {"a": [float("nan"), float("-inf"), 1.5], 3: (None, True, 10**40), "b": {"c": Path("x")}}
    assert plain(values) == {"a": ["nan", "-inf", 1.5], "3": [None, True, 10**40], "b": {"c": "x"}}
