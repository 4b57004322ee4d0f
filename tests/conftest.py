"""What every test can ask for: the real data sets, one thread for torch, an offscreen Qt."""

import atexit
import functools
import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import hypothesis
import pytest

from tests.leftovers import _leftovers, _maker  # noqa: F401 - fixtures for every test there is

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["LANGUAGE"] = "en"  # texts are compared as they are written, whatever catalogue the person has
# Whatever window a test starts, in this process or another: drafts never go among those of the person.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="sleapnn-tests-state-")
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)

# A shell that starts the tests in the background has them ignore Ctrl-C, and `nohup` the end of the terminal, and every
# process they start as well; several tests send these on purpose.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# What is imported and collected stays to the end. Looking through it for garbage, again and again while it grows and then
# for as long as tests run, takes seconds of every process.
gc.disable()


def pytest_collection_finish() -> None:
    """The collector works from here on, on what tests make; beside a window as in the app, which has no other."""
    gc.freeze()
    if "PySide6.QtCore" not in sys.modules:
        gc.enable()


def pytest_runtest_logfinish() -> None:
    """Between two tests nothing is in the middle of a call of Qt."""
    if not gc.isenabled() and "PySide6.QtCore" in sys.modules:
        from sleapnn_gui.shell.garbage import search_garbage

        search_garbage()


_SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real labelled sets, legacy configs and broken inputs."""
    if not (_SHARED / "data").is_dir():
        pytest.skip("the real data sets (../shared/data) are not on this machine")
    return _SHARED / "data"


@pytest.fixture(scope="session")
def shared_spec() -> Path:
    """The folder with the configuration guide and its list of keys."""
    if not (_SHARED / "spec").is_dir():
        pytest.skip("the configuration guide (../shared/spec) is not on this machine")
    return _SHARED / "spec"


@pytest.fixture(autouse=True)
def _numbers_as_they_are() -> Iterator[None]:
    """Training lets the processor round tiny numbers to 0, for the whole process; the next test must not."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "set_flush_denormal"):
        torch.set_flush_denormal(False)


@pytest.fixture(autouse=True)
def _add_ons_of_fabric(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each Fabric reads the metadata of all installed packages anew, a fortieth of a second in every training here."""
    registry = sys.modules.get("lightning_fabric.utilities.registry")
    if registry is not None:
        monkeypatch.setattr(registry, "entry_points", _entry_points)


@functools.cache
def _entry_points(**wanted: str) -> metadata.EntryPoints:
    return metadata.entry_points(**wanted)
