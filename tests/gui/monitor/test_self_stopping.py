"""When the run stops by itself: put together on the page, sent to the engine, told while it runs and when it has ended."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sleapnn_engine.protocol.events import Finished, Stopping
from sleapnn_gui.monitor.stop_panel import StopPanel
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.outcome import Exit, LastWords, describe
from tests.gui.monitor.showing import delete, long_run, show


@pytest.fixture
def panel(app):
    found = StopPanel()
    found.set_parts(("nose", "thorax", "tail"))
    yield found
    delete(found)


def test_rules_are_put_together_and_what_cannot_be_read_is_not_sent(panel):
    sent = []
    panel.wanted.connect(sent.append)
    panel.open(())
    assert not panel.use.isEnabled()
    assert not panel.never.isEnabled()
    for action in panel.menu.actions()[:2]:
        action.trigger()
    QTest.keyClicks(panel.clock, "x")
    assert panel.texts == ["error of nose, thorax below 3 px", "by 18:00x"]
    assert panel.problem.text() == "Not readable: write it like “by 18:00”."
    QTest.keyClick(panel.clock, Qt.Key.Key_Return)
    assert sent == []
    for field, word in (
        (panel.px, "error below 3 px"),
        (panel.spans, "after 2 h 30 min"),
        (panel.epochs, "no smaller"),
    ):
        before = field.text()
        panel.clock.setText("18:00")
        QTest.keyClicks(field, "abc")
        assert f"write it like “{word}" in panel.problem.text()
        field.setText(before)
    for tick in (panel.after, panel.plateau):
        tick.setChecked(False)  # typing had ticked them
    panel.clock.setText("7:30")
    panel.use.click()
    assert sent == [["error of nose, thorax below 3 px", "by 7:30"]]
    assert panel.isHidden()


def test_what_holds_now_is_shown_to_be_changed(panel):
    sent = []
    panel.wanted.connect(sent.append)
    panel.open(("error of tail below 2.5 px", "no smaller error for 4 epochs"))
    assert panel.texts == ["error of tail below 2.5 px", "no smaller error for 4 epochs"]
    assert panel.parts.text() == "tail ▾"
    panel.never.click()
    assert sent == [[]]
    panel.open(("after 1 h", "by 18:00"))
    QTest.keyClick(panel.spans, Qt.Key.Key_Escape)
    assert panel.isHidden()
    assert panel.texts == ["after 1 h", "by 18:00"]


def test_the_page_says_by_what_the_run_stops(page):
    speaker = long_run(2).emit("stop_rules", {"rules": ["error below 3 px", "by 18:00"]})
    session = show(page, speaker)
    assert page.stops.line.text == "Training stops by itself: error below 3 px or by 18:00."
    session.events.emit(long_run(0).emit("stop_rules", {"rules": []}).items[-1:])
    page._refresh()
    assert page.stops.line.isHidden()
    speaker.emit("stopping", {"after": "batch", "reason": "It was to stop by 18:00."})
    show(page, speaker)
    assert "the model is kept: It was to stop by 18:00." in page.charts.log.toPlainText()


def test_the_end_tells_the_reason():
    last = LastWords().after(Stopping(after="batch", reason="The median error is 2 px."))
    finished = {"outcome": "stopped", "epochs": 3, "best_epoch": 1, "best_val": 0.1, "run_dir": "/r"}
    last = last.after(Finished(**finished, seconds=1.0))
    assert describe(State.STOPPED, Exit(code=0), last, [])[0] == (
        "The run stopped by itself after 3 epochs and is kept; the best model is from epoch 2. "
        "The median error is 2 px."
    )
