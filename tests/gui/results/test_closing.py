"""A window that is closed while a prediction is being made asks what is to become of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sleap_io as sio
from PySide6.QtWidgets import QApplication, QMessageBox

from sleapnn_gui.app import show_window
from sleapnn_gui.main_window import MainWindow
from tests.engine.data import drawn
from tests.gui.windows import throw_away

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]


@pytest.fixture
def window(app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.chdir(tmp_path)
    _, found = show_window(["sleapnn-gui", "--theme", "light"])
    yield found
    found.results.predict_page.stop_and_keep()
    found.results.leave()
    throw_away(found)


def press(window: MainWindow, words: str) -> None:
    (question,) = (box for box in window.findChildren(QMessageBox) if box.isVisible())
    assert question.text() == "A prediction is being made."
    next(button for button in question.buttons() if button.text() == words).click()


def test_it_is_asked_and_what_is_done_is_kept(
    window: MainWindow, models: Path, tmp_path: Path, wait_until: Wait
) -> None:
    page, out = window.results.predict_page, tmp_path / "out.slp"
    window.results.predict_with(models / "bottomup")
    wait_until(lambda: page.sheet.model is not None)
    page.sheet.data.choose(str(drawn.write_video(tmp_path / "long.avi", 4000)))
    page.sheet.output.choose(str(out))
    page.start.click()
    wait_until(lambda: page.state == "predicting" and page.frames.value.text() not in ("–", "0"), 120)
    window.close()
    assert window.isVisible()
    press(window, "Do not close")
    assert window.isVisible()
    assert page.is_at_work
    window.close()
    press(window, "Stop and keep what is done")
    assert not window.isVisible()
    wait_until(out.exists, 60)
    assert 0 < len(sio.load_slp(out.as_posix())) < 4000
