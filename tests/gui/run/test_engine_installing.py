"""A training engine is put in place by the real uv: from a folder of wheels, from an index, broken off, gone on with."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from sleapnn_engine.config.chosen_engine import Installation, KnownEngines, known_engines, remember_engines
from sleapnn_engine.config.engine_program import engine_of_window, why_no_engine
from sleapnn_gui.run import engine_install
from sleapnn_gui.run.engine_install import CPU, find_uv, program_of
from sleapnn_gui.run.engine_installing import EngineInstalling, Stage
from tests.gui.run.tiny_engine import VERSION, index_of, write_wheels

Wait = Callable[..., None]
pytestmark = pytest.mark.skipif(
    find_uv() is None, reason="uv, which installs the engine, is not installed here"
)


@pytest.fixture
def installing(app: QApplication) -> Iterator[EngineInstalling]:
    parent = QObject()
    found = EngineInstalling(parent)
    yield found
    found.leave()
    parent.deleteLater()


@pytest.fixture
def by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The project is looked for in the index, as where it was installed from one."""
    monkeypatch.setattr(engine_install, "_origin", lambda: None)


def wanted(place: Path, wheels: Path | None = None) -> Installation:
    return Installation(place=place, build=CPU, version=VERSION.own, wheels=str(wheels or ""))


def test_an_engine_comes_from_a_folder_of_wheels_is_made_anew_and_goes_again(
    installing: EngineInstalling, wait_until: Wait, tmp_path: Path
) -> None:
    place = tmp_path / "where ann keeps it" / "engine"
    chosen: list[bool] = []
    installing.chosen.connect(lambda: chosen.append(True))
    installing.install(wanted(place, write_wheels(tmp_path / "wheels")))
    wait_until(lambda: installing.stage is Stage.IDLE, 60)
    assert installing.problem == ""
    assert chosen == [True]
    known = known_engines()
    assert known.command == engine_of_window() == (str(program_of(place)),)
    assert known.version.startswith(f"{VERSION.own} with torch 9.9")
    assert known.installation is not None
    assert known.installation.finished
    assert why_no_engine() == ""

    program_of(place).write_text("what a broken disk leaves")
    installing.install(wanted(place, tmp_path / "wheels"), again=True)
    wait_until(lambda: installing.stage is Stage.IDLE, 60)
    assert installing.problem == ""
    assert program_of(place).read_text() != "what a broken disk leaves"

    program_of(place).unlink()
    assert "not there any more" in why_no_engine()
    installing.remove()
    wait_until(lambda: installing.stage is Stage.IDLE, 60)
    assert not place.exists()
    assert place.parent.exists(), "the folder that a person named is theirs"
    assert known_engines().installation is None
    assert engine_of_window() == (sys.executable, "-m", "sleapnn_engine")


def test_a_folder_without_all_of_it_says_what_it_lacks_and_how_it_is_filled(
    installing: EngineInstalling, wait_until: Wait, tmp_path: Path
) -> None:
    wheels = write_wheels(tmp_path / "wheels")
    (wheels / "tiny_torch-9.9-py3-none-any.whl").unlink()
    installing.install(wanted(tmp_path / "engine", wheels))
    wait_until(lambda: installing.stage is Stage.IDLE, 60)
    assert "no tiny-torch that fits" in installing.problem
    assert "pip download" in installing.problem
    assert known_engines().command == ()


def test_what_is_broken_off_is_known_as_unfinished_and_gone_on_with(
    installing: EngineInstalling,
    wait_until: Wait,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    by_name: None,
) -> None:
    wheels, place = write_wheels(tmp_path / "wheels"), tmp_path / "engine"
    first, torch = "tiny_first-1-py3-none-any.whl", "tiny_torch-9.9-py3-none-any.whl"
    with index_of(wheels) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        index.held = {torch}
        installing.install(wanted(place))
        wait_until(lambda: index.hanging.is_set() and installing.progress.fraction > 0.3, 30)
        assert "2 of 4 MB are here, tiny-torch is the largest to come" in installing.progress.text
        uv = psutil.Process(installing._job.pid)
        assert uv.nice() >= min(19, psutil.Process().nice() + 1), "whoever works in the window comes first"
        installing.cancel()
        wait_until(lambda: installing.stage is Stage.IDLE, 30)
        assert installing.problem == ""
        assert not uv.is_running()
        left = known_engines()
        assert left.command == ()
        assert left.installation is not None
        assert not left.installation.finished

        index.hanging.clear()
        installing.install(wanted(place))
        wait_until(index.hanging.is_set, 30, installing.problem)
        os.kill(installing._job.pid or 0, getattr(signal, "SIGKILL", signal.SIGTERM))
        wait_until(lambda: installing.stage is Stage.IDLE, 30)
        assert "ended from outside" in installing.problem
        assert known_engines() == left

        index.held = set()
        installing.install(wanted(place))
        wait_until(lambda: installing.stage is Stage.IDLE, 60)
        assert installing.problem == ""
        assert index.served[first] == 1, "what came whole is not fetched again"
    found = known_engines().installation
    assert found is not None
    assert found.finished


def test_what_was_begun_elsewhere_does_not_stay_there(
    installing: EngineInstalling, wait_until: Wait, tmp_path: Path
) -> None:
    (tmp_path / "full" / "engine" / "cache").mkdir(parents=True)
    remember_engines(KnownEngines(installation=wanted(tmp_path / "full" / "engine")))
    installing.install(wanted(tmp_path / "roomy" / "engine", write_wheels(tmp_path / "wheels")))
    wait_until(lambda: installing.stage is Stage.IDLE, 60)
    assert installing.problem == ""
    assert not (tmp_path / "full" / "engine").exists()


def test_an_index_that_is_away_is_named(
    installing: EngineInstalling,
    wait_until: Wait,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    by_name: None,
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    installing.install(wanted(tmp_path / "engine"))
    wait_until(lambda: installing.stage is Stage.IDLE, 60)
    assert installing.problem.startswith("The package index at 127.0.0.1 cannot be reached.")


def test_two_windows_do_not_install_at_once(
    installing: EngineInstalling,
    wait_until: Wait,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    by_name: None,
) -> None:
    wheels = write_wheels(tmp_path / "wheels")
    other = EngineInstalling(installing)
    with index_of(wheels) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        index.held = {one.name for one in wheels.iterdir()}
        installing.install(wanted(tmp_path / "engine"))
        wait_until(index.hanging.is_set, 30, installing.problem)
        other.install(wanted(tmp_path / "other" / "engine"))
        wait_until(lambda: other.stage is Stage.IDLE)
        assert "Another window" in other.problem
        installing.cancel()
        wait_until(lambda: installing.stage is Stage.IDLE, 30)
    other.leave()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (VERSION.line, ""),
        (VERSION.line.replace("torch 9.9", "") + "without torch", "without torch, which trains nothing"),
        (VERSION.line.replace(f" {VERSION.own},", " 99.3.0,"), "is version 99.3.0 and this window"),
        ("Hello", "does not answer as an engine"),
    ],
)
def test_an_engine_that_is_there_is_asked_and_one_that_does_not_fit_is_not_taken(
    installing: EngineInstalling, wait_until: Wait, tmp_path: Path, line: str, said: str
) -> None:
    program = tmp_path / "env" / "bin" / "sleapnn-engine"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!{sys.executable}\nprint({line.replace(', without', ', without')!r})\n")
    program.chmod(0o755)
    installing.choose(str(tmp_path / "env"))
    wait_until(lambda: installing.stage is Stage.IDLE, 30)
    assert said in installing.problem
    if said:
        assert known_engines().command == ()
        return
    assert installing.problem == ""
    assert engine_of_window("train") == (str(program), "train")
    installing.use_own()
    wait_until(lambda: installing.stage is Stage.IDLE)
    assert engine_of_window("train") == (sys.executable, "-m", "sleapnn_engine", "train")
