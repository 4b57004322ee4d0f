"""What is said of a run on its page: when, with what to see and what to change, and that nothing moves under the pointer."""

import errno
import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.protocol.coach_case import Shows
from sleapnn_gui.monitor.ending import REPORT
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.outcome import Exit, Outcome
from tests.engine.protocol.examples import BODIES
from tests.gui.monitor.showing import long_run, show
from tests.gui.monitor.speaking import Speaker

SAMPLES = {
    **BODIES["samples"],
    "repeated": 0,
    "cut": 0,
    "train_parts": {"nose": 90},
    "val_parts": {"nose": 10},
}


def overfitting(*, samples=SAMPLES, first=9, after=12, counted=None):
    speaker = Speaker().emit("samples", samples).start(max_epochs=60, steps=4)
    for number in range(first + after):
        speaker.batches(4, loss=lambda step: 0.5 / (1 + step))
        val = 1 / (1 + number) if number < first else 0.12 + 0.01 * (number - first)
        speaker.epoch(number, val=val, train=1 / (1 + number), counted=counted)
    return speaker


def test_a_run_that_is_well_is_left_in_peace(page):
    session = show(page, long_run())
    assert page.coach.hint is None
    assert page.coach.text.text() == "What the numbers of the run say comes here."
    assert (page.coach.look.isVisible(), page.coach.fix.isVisible()) == (False, False)
    session.machine.state = State.COMPLETED
    session.outcome = Outcome(State.COMPLETED, "Training is done.")
    session.ended.emit(session.outcome)
    assert page.coach.isHidden(), "nothing is to come any more"


def test_the_first_hint_finds_its_place_made(page, app):
    well, worse = overfitting(after=0), overfitting()
    session = show(page, well)
    app.processEvents()
    assert page.coach.hint is None
    top = page.stack.y()
    session.events.emit(worse.items[len(well.items) :])
    page._refresh()
    app.processEvents()
    assert page.coach.hint is not None
    assert page.stack.y() == top


def test_each_remark_has_a_sentence_a_look_and_its_place(page, app):
    show(page, overfitting(samples={**SAMPLES, "repeated": 4, "cut": 60}))
    strip = page.coach
    assert strip.isVisible()
    assert strip.text.text().startswith("Since epoch 9 the validation loss rises")
    assert (strip.place.text(), strip.look.text()) == ("1 of 3", "Show the loss")
    assert strip.fix.isHidden(), "the config of this run is not there, so nothing is offered"
    seen = []
    for _ in range(3):
        seen.append(strip.hint.name)
        QTest.mouseClick(strip.on, Qt.MouseButton.LeftButton)
    assert seen == ["overfitting", "crops_cut", "repeated_frames"]
    assert strip.hint.name == "overfitting"
    QTest.mouseClick(strip.back, Qt.MouseButton.LeftButton)
    assert (strip.hint.name, strip.look.text()) == ("repeated_frames", "Show the split")


def test_a_look_brings_the_chart_to_view_and_marks_it(page):
    show(page, overfitting())
    charts = page.charts
    charts.loss.show_view("error")
    QTest.mouseClick(page.coach.look, Qt.MouseButton.LeftButton)
    assert charts.loss.view == "loss"
    assert charts.loss.property("marked")
    for shows, panel in ((Shows.RATE, charts.rate_panel), (Shows.PARTS, charts.parts_panel)):
        charts.point_out(shows)
        marked = [one for one in (charts.loss, *charts._of_epochs()) if one.property("marked")]
        assert marked == [panel]
    charts.point_out(Shows.ANIMALS)  # this model counts none: what is offered of the curves stays
    assert charts.loss.view == "loss"


def test_what_is_read_stays_in_view_while_the_run_goes_on(page):
    speaker = overfitting(samples={**SAMPLES, "repeated": 4})
    session = show(page, speaker)
    page.coach.on.click()
    before = page.coach.hint.name
    told = len(speaker.items)
    speaker.batches(4).epoch(21, val=0.4, train=0.01)
    session.events.emit(speaker.items[told:])
    page._refresh()
    assert page.coach.hint.name == before == "repeated_frames"


def test_0_percent_found_is_never_a_calm_done(page):
    counted = {"precision": 0.0, "recall": 0.0, "f1": 0.0, "class_accuracy": None}
    speaker = Speaker().emit("samples", SAMPLES).start(model_type="bottomup", max_epochs=12)
    for number in range(12):
        speaker.batches(4).epoch(number, val=1 / (1 + number), median=None, counted=counted)
    session = show(page, speaker)
    nothing = "The model finds no animal in the validation frames."
    session.machine.state = State.COMPLETED
    session.outcome = Outcome(State.COMPLETED, "Training is done.", warnings=(nothing,))
    session.ended.emit(session.outcome)
    assert page.coach.text.text().startswith("0 % of the animals are found in validation after 12 epochs.")
    assert page.coach.property("grave")
    assert page.banner.severity == "warning"
    assert page.strip.chip._token == "warning"


def test_another_run_is_not_judged_by_the_one_before(page):
    show(page, overfitting())
    assert page.coach.isVisible()
    show(page, long_run())
    assert page.coach.hint is None


def test_a_failure_says_what_helps_and_gives_a_report(page, app, wait_until, tmp_path):
    speaker = overfitting()
    body = {"message": "There is not enough memory.", "path": None, "hint": "Less.", "cause": "memory"}
    speaker.emit("failed", body)
    session = show(page, speaker)
    session.run_dir = tmp_path
    session.machine.state = State.FAILED
    (tmp_path / "events.jsonl").touch()
    (tmp_path / "run.log").write_text("OutOfMemoryError: no room\n")
    outcome = Outcome(State.FAILED, "There is not enough memory.", hint="Less.", run_dir=tmp_path)
    session.outcome = outcome
    session.ended.emit(outcome)
    strip = page.coach
    assert strip.hint.name == "memory"
    assert strip.property("grave")
    assert strip.look.text() == "Show the setting"
    app.clipboard().clear()
    page.banner.link_followed.emit(REPORT)
    wait_until(lambda: "OutOfMemoryError: no room" in app.clipboard().text())
    assert "Report copied" in page.banner.sentence.text()


@pytest.mark.parametrize(
    ("number", "helps"), [(errno.ENOSPC, "disk"), (errno.EROFS, "permission"), (errno.EIO, "")]
)
def test_where_the_disk_took_not_even_a_run_folder_another_one_is_offered(
    page, wait_until, tmp_path, number, helps
):
    session = show(page, Speaker(), State.PREPARING)
    session.run_dir = tmp_path / "disk" / "run"
    session.config = tmp_path / "config.yaml"
    session.config.write_text("trainer_config: {ckpt_dir: disk}\n")
    why = reason_of(OSError(number, os.strerror(number)))
    session.machine.state = State.FAILED
    session.outcome = Outcome(State.FAILED, f"{session.run_dir}: The file cannot be written: {why}.")
    session.ended.emit(session.outcome)
    page._refresh()
    wait_until(lambda: page._coaching._config is not None)
    assert (page.coach.hint.name if page.coach.hint is not None else "") == helps
    if helps:
        assert page.coach.fix.text() == "Choose another folder…"
        assert page.coach.fix.isVisible()


def test_a_process_that_the_system_ended_is_told_what_helps(page):
    session = show(page, long_run(), State.CRASHED)
    session.outcome = Outcome(State.CRASHED, "The engine stopped.", exit=Exit(signal=9))
    session.ended.emit(session.outcome)
    assert page.coach.hint.name == "killed"
    session.outcome = Outcome(State.CRASHED, "The engine stopped.", exit=Exit(signal=11))
    session.ended.emit(session.outcome)
    assert page.coach.hint is None


def test_what_stands_below_stays_where_it_is_while_hints_come_and_go(page, app):
    long = overfitting(samples={**SAMPLES, "repeated": 4})
    session = show(page, long)
    app.processEvents()
    top = page.stack.y()
    better = Speaker()
    better.step, better.best = long.step, (20, 0.01)
    better.batches(4).epoch(21, val=0.01)
    page._coaching._judged = ()
    page.store.samples = None
    session.events.emit(better.items)
    page._refresh()
    app.processEvents()
    assert page.coach.hint is None
    assert page.coach.isVisible()
    assert page.coach.look.isHidden()
    assert page.stack.y() == top
    session.machine.state = State.COMPLETED
    session.outcome = Outcome(State.COMPLETED, "Training is done.")
    session.ended.emit(session.outcome)
    assert page.coach.isHidden(), "that nothing holds any more is no news of a run that is over"
    page.set_session(None)
    assert page.coach.isHidden(), "another run begins without it"
