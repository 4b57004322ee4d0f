"""What the tests of a file leave running: threads, listening sockets, processes, windows; whoever leaves one fails.

Things are looked at after each test, so that the one that made them can be named, and judged when the file is done: what
its tests share may last as long as they do.
"""

import contextlib
import gc
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

#: Processes that serve all tests, by a word of their command line; they end with the tests. What the last one has lent does
#: not: such an engine is no process of ours, and would train beside all tests that follow.
SERVING = ("multiprocessing.forkserver", "multiprocessing.resource_tracker", "tests.engine.lender")
LENDER = SERVING[-1]
#: How long something that was told to end may take, in seconds.
PATIENCE = 3.0

#: What there is: what identifies it, and what a person calls it.
Things = Mapping[tuple[str, object], str]
_PROCESSES = Path("/proc")


def threads() -> Things:
    """Threads that would keep this process from ending."""
    running = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    return {("thread", thread): f"the thread {thread.name}" for thread in running if not thread.daemon}


def windows() -> Things:
    """Top-level windows that are shown."""
    gui = sys.modules.get("PySide6.QtGui")
    if gui is None or gui.QGuiApplication.instance() is None:
        return {}
    # By their windows on the screen: of widgets that are in no other there are hundreds, and to list those takes long.
    was_enabled = gc.isenabled()
    gc.disable()  # `sleapnn_gui/widgets/living.py` says why
    try:
        return {
            ("window", window.winId()): f"the window {window.objectName()!r} {window.title()!r}"
            for window in gui.QGuiApplication.topLevelWindows()
            if window.isVisible()
        }
    finally:
        if was_enabled:
            gc.enable()


def processes() -> Things:
    """Processes that this one started and that still run, other than those that serve all tests."""
    found: dict[tuple[str, object], str] = {}
    for pid in _child_ids():
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            words = " ".join(process.cmdline())
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if not any(name in words for name in SERVING):
                found["process", pid] = f"the process {pid}: {words[-160:]}"
            elif LENDER in words:
                found |= {("process", lent): f"an engine that was lent, {lent}" for lent in _child_ids(pid)}
    return found


def sockets() -> Things:
    """Addresses that this process listens at."""
    return {
        ("socket", tuple(found.laddr)): f"a socket that listens at {found.laddr.ip}:{found.laddr.port}"
        for found in psutil.Process().net_connections(kind="inet")
        if found.status == psutil.CONN_LISTEN
    }


def _child_ids(pid: int | None = None) -> list[int]:
    """Children of a process, by default of this one.

    Going through all processes of the machine, as psutil must elsewhere, takes long after each of many tests.
    """
    tasks = _PROCESSES / str(pid or os.getpid()) / "task"
    if sys.platform.startswith("linux") and (tasks / str(pid or os.getpid()) / "children").exists():
        with contextlib.suppress(OSError):
            return [int(one) for task in tasks.iterdir() for one in (task / "children").read_text().split()]
    return [child.pid for child in psutil.Process(pid).children()]


def all_things() -> Things:
    """Everything that a test may leave."""
    return {**threads(), **windows(), **processes(), **sockets()}


class Watch:
    """Who made what, from the beginning of a file of tests to its end."""

    def __init__(self, *, but: tuple[str, ...] = ()) -> None:
        """Of some kinds of things, as `socket`, nothing is said."""
        self._but = but
        self._before = set(all_things())
        self._makers: dict[tuple[str, object], str] = {}

    def check(self, test: str) -> None:
        """A test is over: what is new is its doing. Sockets are too dear to be looked for each time."""
        for thing in {**threads(), **windows(), **processes()}:
            self._makers.setdefault(thing, test)

    def left(self) -> list[str]:
        """What is there that was not, once it had time to go, each with its maker."""
        end = time.monotonic() + PATIENCE
        while (found := self._new()) and time.monotonic() < end:
            _let_windows_go()
            time.sleep(0.02)
        return [f"{self._makers.get(thing, 'a test')} left {name}" for thing, name in found.items()]

    def _new(self) -> Things:
        return {
            thing: name
            for thing, name in all_things().items()
            if thing not in self._before and thing[0] not in self._but
        }


def _let_windows_go() -> None:
    """Windows and the processes of Qt go in the event loop."""
    core = sys.modules.get("PySide6.QtCore")
    if core is not None and core.QCoreApplication.instance() is not None:
        core.QCoreApplication.processEvents()
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)


@pytest.fixture(scope="module", autouse=True)
def _leftovers(request: pytest.FixtureRequest) -> Iterator[Watch]:
    """A file of tests that must leave something says so, and why: `MAY_LEAVE = ("socket",)`."""
    watch = Watch(but=getattr(request.module, "MAY_LEAVE", ()))
    yield watch
    left = watch.left()
    assert left == [], "\n".join(left)


@pytest.fixture(autouse=True)
def _maker(request: pytest.FixtureRequest, _leftovers: Watch) -> Iterator[None]:
    yield
    _leftovers.check(request.node.name)
