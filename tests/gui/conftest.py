"""One QApplication for all GUI tests, and waiting for something to become true."""

import atexit
import shlex
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess, QSettings, QStandardPaths
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication

from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.run.job import EngineJob
from sleapnn_gui.run.session import RunSession
from tests.gui.borrowed import CAN_BORROW, lender

# A window that several tests share is made before each of them has a folder of its own: it neither knows nor changes what the
# person's windows have kept.
_SETTINGS = tempfile.mkdtemp(prefix="sleapnn-tests-settings-")
atexit.register(shutil.rmtree, _SETTINGS, ignore_errors=True)
QSettings.setDefaultFormat(QSettings.Format.IniFormat)
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, _SETTINGS)


@pytest.fixture(scope="session")
def app() -> Iterator[QApplication]:
    existing = QApplication.instance()
    found = existing if isinstance(existing, QApplication) else QApplication([])
    yield found
    for process in found.findChildren(QProcess):
        process.waitForFinished(3000)  # killed as its window went; without an event loop nobody has noticed


@pytest.fixture(autouse=True)
def nothing_remembered(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """What a window keeps for its next start, drafts included, goes to a folder of the test's own."""
    folder = tmp_path_factory.mktemp("settings")
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(folder))
    QStandardPaths.setTestModeEnabled(not sys.platform.startswith("linux"))
    before = QSettings.defaultFormat()
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    yield folder
    QSettings.setDefaultFormat(before)


@pytest.fixture(autouse=True)
def pointer_far_away() -> None:
    """The pointer of an earlier test, on a control, would hold back whatever comes by itself."""
    if isinstance(QApplication.instance(), QApplication):
        QCursor.setPos(5000, 5000)


@pytest.fixture(autouse=True)
def no_slot_fails(nothing_remembered: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """An exception in a slot fails the test it came up in; a test that wants one clears the list."""
    monkeypatch.setenv("XDG_DATA_HOME", str(nothing_remembered))
    found: list[str] = []
    monkeypatch.setattr(
        sys, "excepthook", lambda *fault: found.append("".join(traceback.format_exception(*fault)))
    )
    yield found
    assert found == [], f"{len(found)} exceptions in slots, the first:\n{found[0]}"


@pytest.fixture
def wait_until(app: QApplication) -> Callable[..., None]:
    """`wait_until(condition, seconds=10)` runs the event loop until the condition holds; fails otherwise."""

    def wait(condition: Callable[[], bool], seconds: float = 10.0, what: str = "") -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"did not happen within {seconds} s: {what or condition}")
            app.processEvents()
            time.sleep(0.005)

    return wait


@pytest.fixture(scope="session")
def borrowed() -> Iterator[tuple[str, ...]]:
    """The command of engines that have their imports done, as real as any; the usual one where that cannot be had."""
    if not CAN_BORROW:
        yield (sys.executable, "-m", "sleapnn_engine")
        return
    with lender() as command:
        yield command


@pytest.fixture(scope="module")
def quick_engines(borrowed: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever window is made in the module: its engines start at once, and those that the queue starts too.

    For tests about what engines do; that the window starts them as a person's would is for tests without it.
    """
    with pytest.MonkeyPatch.context() as patch:
        for starter, name, command in (
            (RunSession.__init__, "engine", borrowed),
            (EngineJob.__init__, "engine", borrowed),
            (Inspect.__init__, "command", (*borrowed, "inspect")),
        ):
            defaults = starter.__kwdefaults__
            assert name in defaults
            patch.setitem(defaults, name, command)
        if CAN_BORROW:
            program = tmp_path_factory.mktemp("engine") / "sleapnn-engine"
            program.write_text(f'#!/bin/sh\nexec {shlex.join(borrowed)} "$@"\n', encoding="utf-8")
            program.chmod(0o700)
            patch.setenv("SLEAPNN_ENGINE", str(program))
        yield
