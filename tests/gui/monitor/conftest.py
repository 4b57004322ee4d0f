"""The Train page in a window of its own, thrown away after each test with whatever it followed."""

import os
import signal
import tempfile

import pytest

from sleapnn_gui.monitor.train_page import TrainPage
from sleapnn_gui.widgets.theme import install_theme
from tests.gui.monitor.showing import delete


@pytest.fixture
def opened():
    """Paths the page wanted the desktop to open."""
    return []


@pytest.fixture
def page(app, opened):
    install_theme(app, mode="light")
    page = TrainPage(opener=opened.append)
    page.resize(1208, 692)
    page.show()
    app.processEvents()
    yield page
    session = page.session
    page.set_session(None)
    if session is not None:
        pid = session.pid
        session.leave()
        if pid is not None and not session.is_over:
            os.kill(pid, signal.SIGKILL)
    delete(page)


@pytest.fixture(autouse=True)
def launch_folders(tmp_path_factory, monkeypatch):
    """Launch folders of engines that outlive their test go away with the test's own files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("launches")))
