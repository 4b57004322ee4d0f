"""The whole window with the real engine behind it, and settings with which that trains in seconds."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sleapnn_gui.app import show_window
from sleapnn_gui.main_window import MainWindow
from tests.gui.windows import throw_away

SMALL = {
    "model_config.backbone_config.unet.filters": 4,
    "trainer_config.train_data_loader.batch_size": 2,
    "trainer_config.trainer_accelerator": "cpu",
    "trainer_config.run_name": "here",
}


@contextmanager
def real_window(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """A window that works in `folder`; at the end its engine is killed, should it still run."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    _, found = show_window(["sleapnn-gui", "--theme", "light"])
    yield found
    session = found.session
    if session is not None and session.pid and not session.is_over:
        with suppress(ProcessLookupError):  # it may have ended since
            os.kill(session.pid, signal.SIGKILL)
    throw_away(found)
