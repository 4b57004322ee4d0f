"""The Train page in a real window: what it shows of a run, what can be asked, and that nothing is clipped."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from sleapnn_gui.monitor.status_text import Figure
from sleapnn_gui.monitor.train_page import TrainPage
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.outcome import Outcome
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.theme import current_theme, install_theme
from tests.gui.monitor.showing import delete, long_run, show
from tests.gui.monitor.speaking import Speaker

ENGINE = (sys.executable, "-m", "tests.gui.run.scripted_engine")
ROOT = Path(__file__).resolve().parents[3]
LONG = {"epochs": 400, "steps": 10, "batch_seconds": 0.005}


@pytest.fixture
def run(page):
    """Starts a scripted engine and shows it on the page."""

    def start(run_dir, **script):
        session = RunSession(engine=ENGINE)
        page.set_session(session)
        session.start(json.dumps(script), run_dir, folder=ROOT)
        return session

    return start


def test_before_the_first_run_the_page_teaches(page, qsignals):
    wanted = qsignals(page.train_wanted)
    assert page.stack.currentWidget() is page.empty
    assert not page.strip.isVisible()
    assert any("Ctrl+Return" in label.text() for label in page.empty.findChildren(QLabel))
    QTest.mouseClick(page.empty.train, Qt.MouseButton.LeftButton)
    assert len(wanted) == 1
    assert not any(page.can(verb) for verb in ("pause", "resume", "stop", "cancel"))


@pytest.fixture
def qsignals():
    """Counts what a signal says."""

    def watch(signal_instance):
        said = []
        signal_instance.connect(lambda *told: said.append(told))
        return said

    return watch


@pytest.mark.parametrize("left", [True, False])
def test_what_needs_a_run_folder_is_offered_where_there_is_one(page, tmp_path, left):
    session = show(page, Speaker().start())
    session.run_dir = tmp_path
    session.machine.state = State.FAILED
    session.outcome = Outcome(State.FAILED, "The disk is full.", run_dir=tmp_path if left else None)
    session.ended.emit(session.outcome)
    strip = page.strip
    for button in (strip.folder, strip.evaluation, strip.predict):
        assert button.isVisible()
        assert button.isEnabled() is left
        assert ("no files and no model" in button.toolTip()) is not left
        assert button.accessibleDescription() == button.toolTip()
    assert strip.configure.isEnabled()


def test_a_whole_run_with_pause_and_stop_by_the_buttons(page, run, wait_until, tmp_path, opened):
    run(tmp_path / "fly_01", **LONG)
    strip = page.strip
    assert page.stack.currentWidget() is page.phases
    wait_until(lambda: page.stack.currentWidget() is page.charts, 20)
    wait_until(lambda: len(page.store.epochs) >= 1, 20)
    QTest.mouseClick(strip.pause, Qt.MouseButton.LeftButton)
    assert strip.pause.text() == "Asking…"
    assert not strip.pause.isEnabled()
    wait_until(lambda: strip.pause.text() == "Resume" and strip.pause.isEnabled(), 10)
    assert strip.chip.text().startswith("Paused · epoch")
    QTest.mouseClick(strip.pause, Qt.MouseButton.LeftButton)
    wait_until(lambda: strip.pause.text() == "Pause" and strip.pause.isEnabled(), 10)
    QTest.mouseClick(strip.stop, Qt.MouseButton.LeftButton)
    assert [action.text() for action in strip.stop_menu.actions()] == ["After this batch", "After this epoch"]
    assert strip.stop_menu.isVisible()
    strip.stop_menu.close()
    assert strip.stop.isEnabled(), "nothing is asked of the engine before that is chosen"
    strip.stop_menu.actions()[1].trigger()
    assert not strip.stop.isEnabled()
    wait_until(lambda: page.session.is_over, 20)
    assert strip.chip.text().startswith("Stopped and kept · ")
    assert "stopped on request" in page.banner.text
    assert not strip.pause.isVisible()
    assert strip.folder.isVisible()
    QTest.mouseClick(strip.folder, Qt.MouseButton.LeftButton)
    assert opened == [tmp_path / "fly_01"]
    assert strip.name.text() == "fly_01"


def test_cancel_asks_once_and_keeps_the_folder(page, run, wait_until, tmp_path):
    run(tmp_path / "run", **LONG)
    wait_until(lambda: page.can("pause"), 20)
    QTest.mouseClick(page.strip.cancel, Qt.MouseButton.LeftButton)
    assert page.question.isVisible()
    QTest.keyClick(page.question.keep, Qt.Key.Key_Escape)
    assert not page.question.isVisible()
    assert page.session.state is State.TRAINING
    page.cancel()
    QTest.mouseClick(page.question.cancel, Qt.MouseButton.LeftButton)
    assert page.strip.cancel.text() in ("Asking…", "Cancelling…")
    wait_until(lambda: page.session.is_over, 20)
    assert page.strip.chip.text().startswith("Cancelled")
    assert "folder is kept" in page.banner.text
    assert (tmp_path / "run" / "events.jsonl").is_file()


def test_a_crash_shows_what_happened_the_last_lines_and_the_log(page, run, wait_until, tmp_path, opened):
    run(tmp_path / "run", die_at=15, **LONG)
    wait_until(lambda: page.session.is_over, 20)
    assert page.strip.chip.text() == "Crashed · 1 epoch and 5 steps"
    assert "signal 9 (SIGKILL)" in page.banner.text
    assert "scripted engine at work" in page.banner.lines.text()
    assert str(tmp_path / "run" / "engine.out") in page.banner.lines.text()
    page.banner.link_followed.emit(str(tmp_path / "run" / "engine.out"))
    assert opened == [tmp_path / "run" / "engine.out"]
    assert page.banner.accessibleName().startswith("error: ")


def test_a_refused_start_lists_its_problems(page, run, wait_until, tmp_path):
    run(tmp_path / "run", refuse=["trainer_config.max_epochs: error: 0 is not 1 or more."])
    wait_until(lambda: page.session.is_over, 20)
    assert "1 problem" in page.banner.text
    assert "max_epochs" in page.banner.lines.text()
    assert page.stack.currentWidget() is page.phases
    assert "broke off" in page.phases.lines["launch"].accessibleName()


def test_lost_contact_is_said_and_taken_back(page, run, wait_until, tmp_path):
    session = run(tmp_path / "run", silent_at=15, **LONG)
    wait_until(lambda: page.strip.chip.text().startswith("No contact"), 20)
    wait_until(lambda: page.banner.text.startswith("No answer since"))
    os.kill(session.pid, signal.SIGCONT)
    wait_until(lambda: page.strip.chip.text().startswith("Training"), 20)
    assert not page.banner.isVisible()


def test_a_refused_command_says_why_and_the_button_comes_back(page):
    session = show(page, long_run())
    session.command_state.emit("pause", "asked", "")
    assert page.strip.pause.text() == "Asking…"
    session.command_state.emit("pause", "accepted", "")
    assert page.strip.pause.text() == "Pausing…"
    session.command_state.emit("pause", "refused", "The engine has not answered for 5 s.")
    assert page.strip.pause.text() == "Pause"
    assert "not answered for 5 s" in page.banner.text
    session.command_state.emit("pause", "asked", "")
    assert page.banner.text == ""


def test_what_was_not_carried_out_is_said_until_it_is_past_or_was_read(page, app):
    session = show(page, long_run())
    for verb, stage in (("pause", "asked"), ("pause", "refused"), ("resume", "past")):
        session.command_state.emit(verb, stage, "It is busy.")
    assert page.banner.isVisible()
    assert page.strip.pause.text() == "Pause"
    session.command_state.emit("pause", "past", "")
    assert not page.banner.isVisible()
    for stage in ("asked", "refused"):
        session.command_state.emit("pause", stage, "It is busy.")
    page.banner.sentence.setFocus()
    page.banner.sentence.linkActivated.emit("close")
    page._refresh()
    assert not page.banner.isVisible()
    assert app.focusWidget() is page, "from where Tab goes on"


@pytest.mark.parametrize("verb", ["pause", "stop"])
def test_the_keyboard_never_goes_on_by_itself_to_what_ends_the_run(page, app, verb):
    show(page, long_run())
    strip = page.strip
    can = dict.fromkeys(("pause", "resume", "stop", "stop_after_epoch", "cancel", "folder"), True)
    strip.set_buttons(can=can, paused=False, over=False)
    button = getattr(strip, verb)
    button.setFocus()
    assert page.focusWidget() is button
    strip.set_buttons(can={**can, verb: False}, paused=False, over=False)
    assert not button.isEnabled()
    assert page.focusWidget() is None
    strip.set_buttons(can=can, paused=False, over=False)
    assert page.focusWidget() is button


def test_the_time_to_the_end_is_the_last_that_a_small_screen_leaves_out(page, app):
    session = show(page, long_run())
    strip = page.strip
    strip.error.show_figure(Figure("12.8 px", "median error, 13.5 % of body"))
    strip.time.show_figure(Figure("about 12 h 36 min", "to the end"))
    strip.chip.show_state("Training · epoch 102 of 200", "accent")
    strip._make_room()
    app.processEvents()
    assert session.state is State.TRAINING
    assert strip.time.isVisible()
    assert not strip.speed.isVisible(), "it stands over its own chart"


def test_headings_over_small_panels_are_whole(page, app):
    show(page, long_run())
    for width in (1208, 1000):
        page.resize(width, 692)
        page.charts.parts_unit.setText("px, epoch 1234")
        app.processEvents()
        title = page.charts.parts_panel.title
        assert title.width() >= QFontMetrics(title.font()).horizontalAdvance(title.text()), width


def test_the_phases_before_the_first_epoch(page):
    speaker = Speaker().phase("labels", "started").phase("labels", "done", seconds=0.4, text="9 frames")
    speaker.phase("cache", "started").phase("cache", "progress", done=3, total=9)
    show(page, speaker, State.PREPARING)
    lines = page.phases.lines
    assert page.stack.currentWidget() is page.phases
    assert lines["labels"].accessibleName() == "Read the labels: done"
    assert lines["labels"].text.text() == "9 frames"
    assert lines["labels"].time.text() == "0.4 s"
    assert (lines["cache"].bar.value(), lines["cache"].bar.maximum()) == (3, 9)
    assert lines["model"].accessibleName().endswith("waiting")


def test_numbers_of_the_strip_and_the_small_panels(page):
    show(page, long_run())
    assert page.strip.error.value.text() == "3.0 px"
    assert page.strip.error.caption.text() == "median error, 2.5 % of body"
    assert page.strip.time.value.text().startswith("about ")
    assert page.strip.speed.value.text() == "4.0"
    assert page.charts.parts.rows == [("nose", 2.0), ("thorax", 1.0)]
    assert page.charts.rate_now.text() == "5e-4"
    assert page.charts.speed_panel.wait_now.text() == "data wait 2.0 %"
    assert "epoch 12" in page.charts.log.toPlainText().splitlines()[0]


def test_a_loss_that_is_no_number_is_pointed_out(page):
    show(page, Speaker().start(steps=4).batches(5).batches(2, loss=None))
    assert "epoch 2" in page.advice.text
    assert "learning rate" in page.advice.text


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("size", [(884, 570), (1208, 692), (1848, 1052)])
@pytest.mark.parametrize("state", [State.TRAINING, State.PAUSED, State.PREPARING, State.CRASHED])
@pytest.mark.parametrize(
    "counted", [None, {"precision": 0.9, "recall": 0.9, "f1": 0.9, "class_accuracy": 0.9}]
)
def test_no_words_are_clipped(page, app, mode, size, state, counted):
    install_theme(app, mode=mode)
    page.resize(*size)
    if state is State.PREPARING:
        speaker = Speaker().start().phase("cache", "started")
    else:
        speaker = long_run(counted=counted, heads=("confmaps", "pafs") if counted else ("confmaps",))
    session = show(page, speaker, state)
    if state is State.CRASHED:
        session.ended.emit(Outcome(state, "The engine stopped without saying why.", last_lines=("Killed",)))
    if state is State.PAUSED:
        page.question.ask()
    for _ in range(3):
        app.processEvents()
    assert _clipped(page) == []


def test_a_crowded_strip_leaves_its_buttons_the_room_they_need(page):
    show(page, long_run(), State.TRAINING)
    strip = page.strip
    for button in (strip.pause, strip.stop, strip.cancel):
        assert button.minimumWidth() >= button.sizeHint().width(), button.text()


def _clipped(page):
    """Visible words that do not have the room they need; labels that shorten themselves are allowed to."""
    found = []
    for label in page.findChildren(QLabel):
        if not label.isVisible() or isinstance(label, ElidedLabel) or label.wordWrap() or label.text() == "":
            continue
        if label.parentWidget() is page.banner:
            continue
        needed = QFontMetrics(label.font()).horizontalAdvance(label.text())
        if needed > label.width() + 1:
            found.append((label.text(), needed, label.width()))
    for button in page.findChildren(QAbstractButton):
        # What a button asks for knows of the heavier type of the main one and of its edges.
        needed = button.sizeHint().width()
        if button.isVisible() and button.text() and needed > button.width() + 1:
            found.append((button.text(), needed, button.width()))
    for widget in page.findChildren(QWidget):
        corner = widget.mapTo(page, widget.rect().bottomRight())
        if widget.isVisible() and not page.rect().contains(corner):
            found.append((type(widget).__name__, "outside", corner.toTuple()))
    return found


def test_every_control_has_a_name(page):
    show(page, long_run())
    nameless = [
        widget
        for widget in page.findChildren(QWidget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and widget.isVisible()
        and not widget.accessibleName()
        and not (isinstance(widget, QAbstractButton) and widget.text())
        and not isinstance(widget, QLabel)
        and widget.objectName() != "qt_scrollarea_viewport"
    ]
    assert [type(widget).__name__ for widget in nameless] == []


def test_a_hidden_page_draws_nothing_and_catches_up_when_shown(page, app):
    session = show(page, long_run(3))
    page.hide()
    session.events.emit(Speaker().frame(7).items)
    page._turn()
    assert page.charts.frames.epoch.text() == "3"
    page.show()
    app.processEvents()
    assert page.charts.frames.epoch.text() == "8"


def test_another_session_starts_with_a_clean_page(page):
    first = show(page, long_run())
    show(page, Speaker().start(), State.PREPARING)
    assert page.stack.currentWidget() is page.phases
    assert page.charts.log.toPlainText().count("epoch") == 1
    first.events.emit(long_run().items)
    assert page.store.epochs == []


def test_changing_the_theme_repaints_in_its_colours(page, app):
    show(page, long_run())
    install_theme(app, mode="dark")
    app.processEvents()
    corner = page.charts.loss.plot.grab().toImage().pixelColor(2, 2)
    assert corner.name() == current_theme().hex("panel")


def test_a_page_that_is_gone_hears_no_more_of_the_theme(app, capfd):
    page = TrainPage()
    page.show()
    show(page, long_run(2))
    page.set_session(None)
    delete(page)
    install_theme(app, mode="dark")
    install_theme(app, mode="light")
    assert "deleted" not in capfd.readouterr().err


def test_the_name_of_the_run_is_whole_before_what_stands_elsewhere_too(page, app):
    show(page, long_run())
    strip, width = page.strip, page.width()
    strip.name.setText("261130_135408_centroid")
    strip.show_animals(Figure("0 %", "animals found"), told="")
    page.resize(1196, 692)
    app.processEvents()
    strip._make_room()
    app.processEvents()
    assert strip.name.width() >= QFontMetrics(strip.name.font()).horizontalAdvance(strip.name.text())
    assert strip.time.isVisible()
    page.resize(width, 692)


def test_a_title_that_does_not_fit_says_it_in_fewer_words(app):
    title = ElidedLabel()
    title.show_words("Validation crop, frame 159, worst of 40", brief="Crop of frame 159, worst of 40")
    title.resize(220, 20)
    assert drawn(title) != drawn(ElidedLabel("Validation crop, frame 159, worst of 40"), width=220)
    brief = ElidedLabel("Crop of frame 159, worst of 40")
    assert drawn(title) == drawn(brief, width=220)
    assert title.toolTip() == title.text()
    short = ElidedLabel("labels_gt.val.0.slp", least=90)
    assert drawn(short, width=40) == drawn(ElidedLabel(""), width=40)


def drawn(label, *, width=220):
    label.resize(width, 20)
    return label.grab().toImage()
