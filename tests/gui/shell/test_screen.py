"""The window fits the screens that are there, and all of it can be reached on a small one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.machine import State
from sleapnn_gui.shell.screen import SMALLEST, mended_place
from tests.gui.monitor.showing import long_run, show
from tests.gui.windows import start_over

ROOT = Path(__file__).parents[3]

#: Starts the window on a screen, tells where it came to be, then moves it as a screen that is gone would have it.
CODE = """
import json, sys
from PySide6.QtCore import QSettings
QSettings.setDefaultFormat(QSettings.Format.IniFormat)
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, sys.argv[1])
from sleapnn_gui.app import show_window
from sleapnn_gui.shell.settings_store import remember_layout
told = []
app, window = show_window(["sleapnn-gui"])
for place in (None, (5000, 4000, 1440, 900)):
    if place is not None:
        window.setGeometry(*place)
        remember_layout(window)
        app, window = show_window(["sleapnn-gui"])
    room = window.screen().availableGeometry()
    train = window.top_bar.train
    corner = train.mapToGlobal(train.rect().bottomRight())
    told.append([window.geometry().getRect(), room.contains(window.geometry()), room.contains(corner)])
print(json.dumps(told))
import os
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.parametrize(
    ("width", "height", "scale"), [(1366, 768, "1"), (1366, 768, "1.5"), (1366, 768, "2"), (2560, 1440, "1")]
)
def test_a_window_is_on_its_screen_at_the_first_start_and_after_a_screen_is_gone(
    tmp_path: Path, width: int, height: int, scale: str
) -> None:
    screens = tmp_path / "screens.json"
    one = {"name": "one", "x": 0, "y": 0, "width": width, "height": height}
    screens.write_text(json.dumps({"synchronousWindowSystemEvents": True, "screens": [one]}))
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": f"offscreen:configfile={screens}",
        "QT_SCALE_FACTOR": scale,
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    for place, inside, train_inside in json.loads(done.stdout.splitlines()[-1]):
        assert inside, place
        assert train_inside, place
        assert place[2] <= 1440
        assert place[3] <= 900


def test_a_place_on_a_second_screen_is_kept_while_it_is_there(app: QApplication) -> None:
    class Screen:
        def __init__(self, *rect: int) -> None:
            self._rect = QRect(*rect)

        def availableGeometry(self) -> QRect:  # noqa: N802 - Qt's name
            return self._rect

        def size(self):
            return self._rect.size()

    left, right = Screen(0, 0, 1366, 768), Screen(1366, 0, 1920, 1080)
    there = QRect(1500, 100, 1440, 900)
    assert mended_place(there, [left, right]) == there
    moved = mended_place(there, [left])
    assert left.availableGeometry().contains(moved)
    assert not mended_place(QRect(-900, -500, 1000, 700), [left]).top() < 0


@pytest.mark.parametrize("size", [(SMALLEST.width(), SMALLEST.height()), (683, 340), (960, 600), (1366, 700)])
def test_everything_of_every_page_can_be_reached_on_a_small_screen(
    kept: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    """Nothing is squeezed below what it can do with, and what is out of sight can be scrolled to."""
    monkeypatch.chdir(tmp_path)
    window = start_over(kept)
    window.resize(*size)
    for name in ("data", "configure", "train", "runs", *window.results.pages):
        window.show_page(name)
        QTest.qWait(1)
        page = window.pages.currentWidget()
        assert (window.width(), window.height()) == size
        for control in page.findChildren(QWidget):
            if control.isVisible() and control.property("primary"):
                assert can_be_seen(control, window), f"{name}: {control.text()}"
        assert page.width() >= page.minimumSizeHint().width()
        assert page.height() >= page.minimumSizeHint().height()


def can_be_seen(control: QWidget, window: QWidget) -> bool:
    """Whether all of a control is in the window once everything around it was scrolled to it."""
    around = control.parentWidget()
    while around is not None:
        if isinstance(around, QScrollArea):
            around.ensureWidgetVisible(control, 0, 0)
        around = around.parentWidget()
    QGuiApplication.processEvents()
    shown = control.visibleRegion().boundingRect()
    return shown == control.rect() and window.rect().contains(control.mapTo(window, control.rect().center()))


def test_messages_over_a_run_do_not_make_a_page_scroll_that_could_do_without(
    app: QApplication, kept: MainWindow
) -> None:
    window = start_over(kept)
    window.resize(1280, 720)
    show(window.train_page, long_run(), State.TRAINING)
    window.show_page("train")
    window.train_page.question.ask("Ending its process loses everything since the last checkpoint. " * 2)
    window.train_page.banner.show_message("No answer since 12 s. " * 8, severity="error", lines=("a", "b"))
    for _ in range(5):
        app.processEvents()
    area = window.findChild(QScrollArea, "pages")
    assert area.verticalScrollBar().maximum() == 0
    assert window.train_page.height() == area.viewport().height()
    window.train_page.set_session(None)
