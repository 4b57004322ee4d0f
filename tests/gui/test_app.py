"""Starting the application as a process of its own does."""

import os
import subprocess
import sys

STARTED = """
import gc, sys
from PySide6.QtWidgets import QApplication
from sleapnn_gui import app
from sleapnn_gui.form.row import Row
QApplication.exec = lambda *_: 0
app.run(["sleapnn-gui"])
searched = [found for found in gc.get_objects() if isinstance(found, Row)]
print(len(searched), gc.get_freeze_count() > 10_000)
"""


def test_what_a_window_is_made_of_is_left_out_of_the_search_for_garbage():
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["0", "True"], done.stderr
