"""Starting the application as a process of its own does."""

import os
import subprocess
import sys

from PySide6.QtWidgets import QWidget

from sleapnn_gui.app import show_window
from sleapnn_gui.form.row import Row
from tests.gui.windows import throw_away

STARTED = """
import gc, sys
from PySide6.QtCore import QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication
from sleapnn_gui import app
from sleapnn_gui.form.row import Row
def wait(*_):
    while not gc.get_freeze_count():
        QApplication.processEvents()
    return 0
QApplication.exec = wait
made = []
show = app.show_window
app.show_window = lambda argv: made.append(show(argv)) or made[0]
app.run(["sleapnn-gui"])
searched = [found for found in gc.get_objects() if isinstance(found, Row)]
pages = made[0][1].pages
names = ("configure", "train", "runs", "predict", "frames", "evaluation", "compare")
print(len(searched), gc.get_freeze_count() > 10_000, all(map(pages.is_made, names)), pages.name)
QApplication.sendEvent(QApplication.instance(), QFileOpenEvent(QUrl.fromLocalFile(sys.argv[1])))
made[0][1].files.finish()
print(made[0][1].document.path)
"""


def test_all_pages_are_made_ahead_and_then_left_out_of_the_search_for_garbage(tmp_path):
    """The same process then has a file handed to it, as on a Mac when one is double-clicked."""
    job = tmp_path / "job.yaml"
    job.write_text("trainer_config: {max_epochs: 7}\n", encoding="utf-8")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    words = [sys.executable, "-c", STARTED, str(job)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["0", "True", "True", "data", str(job)], done.stderr


HALF = """
import sys
from sleapnn_gui.app import show_window
app, window = show_window(["sleapnn-gui"])
assert "pyqtgraph" not in sys.modules
window.pages.make_ahead()
turns = 0
while "ArrowItem" not in vars(sys.modules.get("pyqtgraph", sys)):
    app.processEvents()
    turns += 1
assert turns > 3 and "PlotWidget" not in vars(sys.modules["pyqtgraph"])
window.show_page("train")
assert window.pages.name == "train"
app.processEvents()
print(*vars(sys.modules["pyqtgraph"]))
window.close()
"""


def test_plots_are_loaded_in_turns_and_whole_where_a_page_is_wanted_meanwhile():
    names = []
    for code in (HALF, "import pyqtgraph; print(*vars(pyqtgraph))"):
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        names.append(set(done.stdout.split()))
    assert names[1] <= names[0]


def test_a_page_that_is_wanted_before_its_turn_is_there_at_once(app):
    """Each page is made whole when it is asked for, wherever making it ahead has come to."""
    _, window = show_window(["sleapnn-gui"])
    try:
        assert not any(map(window.pages.is_made, ("configure", "train", "runs")))
        window.pages.make_ahead()
        while not window.findChild(Row):  # into the midst of the form
            app.processEvents()
        assert not window.pages.is_made("configure")
        assert window.form.row("trainer_config.max_epochs").editor.value() == window.document.value(
            "trainer_config.max_epochs"
        )
        for name in ("train", "runs", "configure", "data"):
            window.show_page(name)
            assert window.pages.name == name
            assert window.findChild(QWidget, f"page:{name}").isVisible()
        assert not window.pages.is_made("compare")
    finally:
        throw_away(window)
