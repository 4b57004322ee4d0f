"""With keys alone: every control is reached and has a name, and a training goes from start to stop."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget

from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.machine import State
from tests.gui.real_runs import SMALL, real_window
from tests.gui.shell.pressing import controls

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]
Key = Qt.Key
MOST_STOPS = 200


@pytest.fixture
def window(app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    with real_window(tmp_path, monkeypatch) as found:
        found.activateWindow()
        yield found


def press(key: Qt.Key, *, control: bool = False) -> None:
    """A key that goes wherever the keyboard is."""
    target = QApplication.focusWidget() or QApplication.activeWindow()
    assert target is not None
    modifier = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    QTest.keyClick(target.window().windowHandle(), key, modifier)
    QApplication.processEvents()


def write(text: str) -> None:
    target = QApplication.focusWidget()
    assert isinstance(target, QLineEdit), "the keyboard is in a field"
    QTest.keyClicks(target, text)
    QApplication.processEvents()


def command(words: str) -> None:
    """Find a command by its words and choose it."""
    press(Key.Key_K, control=True)
    write(words)
    press(Key.Key_Return)


def go_to(name: str) -> None:
    """Tab on until the keyboard is on a button of this name."""
    for _ in range(MOST_STOPS):
        found = QApplication.focusWidget()
        if isinstance(found, QAbstractButton) and name in (found.text(), found.accessibleName()):
            return
        press(Key.Key_Tab)
    raise AssertionError(f"Tab does not reach “{name}”")


def stops() -> list[QWidget]:
    """Where Tab leads, until it comes back."""
    found: list[QWidget] = []
    for _ in range(MOST_STOPS):
        press(Key.Key_Tab)
        here = QApplication.focusWidget()
        assert here is not None
        if found and here is found[0]:
            return found
        if here not in found:
            found.append(here)
    raise AssertionError("Tab does not come back")


def owners(window: MainWindow) -> set[QWidget]:
    """What can be pressed now; while pictures still come there may soon be more."""
    return {control.owner for control in controls(window).values()}


def name_of(widget: QWidget) -> str:
    return widget.accessibleName() or getattr(widget, "text", str)()


def is_reached(widget: QWidget, found: list[QWidget]) -> bool:
    """By Tab, or by an arrow key from another of its group."""
    if widget in found or isinstance(widget.parentWidget(), QLineEdit):
        return True  # a field's own button does what a key does in it
    if not isinstance(widget, QAbstractButton) or not widget.isCheckable():
        return False
    return any(one.parentWidget() is widget.parentWidget() for one in found)


def test_tab_reaches_every_control_and_each_has_a_name(
    window: MainWindow, shared_data: Path, wait_until: Wait
) -> None:
    window.open_path(shared_data / "fly32_single" / "val.pkg.slp")
    browser = window.labels_page.browser
    wait_until(lambda: browser.close_up.isEnabled() and browser.isVisible(), 60, "a frame is shown")
    wait_until(lambda: bool(window.labels_page.beside.advice.rows()), 60, "advice is there")
    for page in ("data", "configure", "train", "runs"):
        window.show_page(page)
        QApplication.processEvents()
        before, found, after = owners(window), stops(), owners(window)
        assert [f"{page}: {one!r}" for one in found if not name_of(one)] == []
        missed = [one for one in before if one in after and not is_reached(one, found)]
        assert [f"{page}: {type(one).__name__} {name_of(one)}" for one in missed] == []


def test_a_training_from_start_to_stop(
    window: MainWindow, shared_data: Path, tmp_path: Path, wait_until: Wait
) -> None:
    window.open_path(shared_data / "fly32_single" / "val.pkg.slp")
    wait_until(lambda: window.document.facts is not None, 60, "labels are described")
    window.document.apply_values({**SMALL, "trainer_config.ckpt_dir": str(tmp_path)}, "small")
    command("maximum epochs")
    press(Key.Key_A, control=True)
    write("500")
    press(Key.Key_Return)
    assert window.document.value("trainer_config.max_epochs") == 500
    press(Key.Key_Return, control=True)
    window.runs.finish()
    session = window.session
    assert session is not None, window.banner.sentence
    wait_until(lambda: session.can("pause"), 90)
    command("pause")
    wait_until(lambda: session.state is State.PAUSED, 30)
    go_to("Resume")
    press(Key.Key_Space)
    wait_until(lambda: session.state is not State.PAUSED, 30)
    go_to("Stop and keep…")
    press(Key.Key_Space)
    press(Key.Key_Return)
    wait_until(lambda: session.is_over, 60)
    assert session.state is State.STOPPED
    assert window.pages.currentWidget() is window.train_page
    assert "topped" in " ".join(label.text() for label in window.train_page.findChildren(QLabel))
