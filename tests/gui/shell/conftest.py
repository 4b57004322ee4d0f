"""One window for the tests of a file."""

import contextlib
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from sleapnn_gui.app import show_window
from sleapnn_gui.main_window import MainWindow
from tests.gui.windows import throw_away


@pytest.fixture(scope="module")
def kept(app: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    """A window for tests that have `tests.gui.windows.start_over` put it back to how it starts."""
    with contextlib.chdir(tmp_path_factory.mktemp("kept")):
        _, found = show_window(["sleapnn-gui", "--theme", "light"])
        yield found
        throw_away(found)
