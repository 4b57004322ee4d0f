"""One run is told alike wherever it is seen: followed by the window, opened again, in the lists, and by `watch`."""

import json
import os
import re
import signal

import attrs
import pytest
from PySide6.QtWidgets import QWidget

from sleapnn_engine.protocol.counting import duration, exact_duration
from sleapnn_engine.protocol.run_state import RunState, read_run
from sleapnn_gui.monitor.run_summary import summarise
from sleapnn_gui.monitor.train_page import TrainPage
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.session import RunSession
from tests.engine.commands.in_process import engine
from tests.gui.monitor.showing import delete
from tests.gui.run.following import ENGINE, ROOT

STATES = {
    State.COMPLETED: {RunState.COMPLETED, RunState.EARLY_STOPPED},
    State.STOPPED: {RunState.STOPPED},
    State.FAILED: {RunState.FAILED},
    State.CRASHED: {RunState.CRASHED},
}


@attrs.define
class Told:
    """What the Train page says of a run that is over."""

    state: State
    chip: str
    time: str
    sentence: str
    log: list[str]


@pytest.fixture
def page(app):
    page = TrainPage()
    page.resize(1208, 692)
    page.show()
    yield page
    session = page.session
    page.set_session(None)
    if session.pid is not None and not session.is_over:
        os.kill(session.pid, signal.SIGKILL)
    session.leave()
    delete(page)


def collect(page) -> Told:
    strip = page.strip
    log = page.charts.log.toPlainText().splitlines()
    return Told(page.session.state, strip.chip.text(), strip.time.value.text(), page.banner.text, log)


def end_half_way(page, wait_until):
    """Paused for a moment in the second epoch, then stopped there."""
    session = page.session
    wait_until(lambda: page.store.step >= 12)
    while session.state is not State.PAUSED or page.store.step % SLOW["steps"] == 0:
        if session.state is State.PAUSED:  # Paused between two epochs: half-way is in one.
            before = page.store.step
            session.resume()
            wait_until(lambda before=before: page.store.step > before)
        session.pause()
        wait_until(lambda: session.state is State.PAUSED)
    session.stop(after="batch")


def kill(page, wait_until):
    wait_until(lambda: page.store.step >= 12)
    os.kill(page.session.pid, signal.SIGKILL)


SLOW = {"steps": 8, "epochs": 50, "batch_seconds": 0.02}
RUNS = {
    "done": ({"steps": 8, "epochs": 3}, None, "3 epochs"),
    "stopped half-way": (SLOW, end_half_way, None),
    "failed half-way": ({"steps": 8, "fail_at": 13}, None, "1 epoch and 5 steps"),
    "failed in the first epoch": ({"steps": 8, "fail_at": 3}, None, "3 steps"),
    "killed": (SLOW, kill, None),
}


def follow(page, folder, wait_until, script, act=None):
    """Train by the script before the page's eyes, to the end."""
    session = RunSession(engine=ENGINE)
    page.set_session(session)
    session.start(json.dumps(script), folder, folder=ROOT)
    if act is not None:
        act(page, wait_until)
    wait_until(lambda: session.is_over, 30)
    return collect(page)


def open_again(page, folder, wait_until):
    before = page.session
    page.set_session(RunSession())
    before.leave()
    page.session.attach(folder)
    wait_until(lambda: page.session.is_over)
    return collect(page)


@pytest.mark.parametrize("name", RUNS)
def test_every_surface_tells_the_same(page, wait_until, tmp_path, name):
    script, act, reach = RUNS[name]
    folder = tmp_path / "run"
    live = follow(page, folder, wait_until, script, act)
    again = open_again(page, folder, wait_until)
    record, row = read_run(folder), summarise(folder)
    listed, watched = engine("runs", "list", folder).out, engine("watch", folder).out
    reach = reach or record.reach.text
    assert record.reach.text == reach
    assert live.chip.endswith(f"· {reach}")
    assert (again.state, again.chip, again.time) == (live.state, live.chip, live.time)
    assert record.state in STATES[live.state]
    assert record.seconds is not None
    assert live.time == duration(record.seconds)
    assert row.epochs == record.reach.brief
    assert f"  {live.time}  " in listed
    assert f"  {record.reach.brief}  " in listed
    if live.state in (State.COMPLETED, State.STOPPED):
        assert again.sentence == live.sentence
        assert f"after {reach} in {exact_duration(record.seconds)}" in watched.splitlines()[-1]
        assert any(f"after {reach}, {exact_duration(record.seconds)}" in line for line in again.log)
    if live.state is State.STOPPED:
        assert record.steps
        assert f"stopped on request after {reach}" in live.sentence


def test_nobody_counts_from_nought(page, wait_until, tmp_path):
    folder = tmp_path / "run"
    live = follow(page, folder, wait_until, {"steps": 3, "epochs": 2, "batch_seconds": 0.0})
    seen = "\n".join([engine("watch", folder).out, engine("runs", "list", folder).out, *live.log])
    assert "step 1 of epoch 1" in seen
    assert "step 3 of epoch 2" in seen
    for wrong in ("epoch 0", "step 0", "batch 0", "step 4"):
        assert wrong not in seen


def test_what_is_amiss_with_the_result_is_said_everywhere(page, wait_until, tmp_path):
    folder = tmp_path / "run"
    said = [
        "The model is saved, but labels_pr.val.0 could not be made: no room.",
        "It finds no animal. Train longer.",
    ]
    live = follow(page, folder, wait_until, {"steps": 3, "warnings": said})
    token, severity = page.strip.chip._token, page.banner.severity
    again = open_again(page, folder, wait_until)
    assert (token, severity) == (page.strip.chip._token, page.banner.severity) == ("warning", "warning")
    watched, listed = engine("watch", folder).out, engine("runs", "list", folder).out
    for text in said:
        assert all(text in told for told in (live.sentence, again.sentence, watched, summarise(folder).why))
    assert "completed, with warnings" in listed
    assert summarise(folder).state == "completed, with warnings"
    assert summarise(folder).token == "warning", "no calm dot in the list either"


NOT_OVER = re.compile(r"\b(yet|will|still|so far|come at|are measured when)\b")


@pytest.mark.parametrize("script", [{}, {"finds": False}, {"fail_at": 2}, {"epochs": 40}], ids=str)
def test_nothing_is_awaited_after_the_end(page, app, wait_until, tmp_path, script):
    """Whatever stands on the page of a run that is over speaks of what was."""
    stop = (
        (lambda page, wait_until: (wait_until(lambda: page.store.step), page.stop_and_keep()))
        if "epochs" in script
        else None
    )
    follow(page, tmp_path / "run", wait_until, {"steps": 8, "frames": False, **script}, stop)
    for _ in range(2):
        app.processEvents()
        widgets = [page, *page.findChildren(QWidget)]
        texts = [text for widget in widgets if widget.isVisible() for text in texts_of(widget)]
        assert [text for text in texts if NOT_OVER.search(text)] == []
        open_again(page, tmp_path / "run", wait_until)


def texts_of(widget):
    texts = [widget.accessibleDescription(), widget.accessibleName()]
    for name in ("text", "placeholder", "toPlainText"):
        found = getattr(widget, name, "")
        texts.append(found() if callable(found) else found)
    return [text for text in texts if isinstance(text, str)]
