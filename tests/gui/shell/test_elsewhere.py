"""Trainings that this window did not start: asked for in a sheet, shown on the Train page, left again."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QMessageBox

from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.shell.elsewhere_sheet import ElsewhereSheet
from tests.gui.run import fake_ssh
from tests.gui.run.following import ENGINE, ROOT
from tests.gui.run.peer_trainer import PeerTrainer, free_ports
from tests.gui.windows import start_over

Wait = Callable[..., None]


@pytest.fixture
def window(kept: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.chdir(tmp_path)
    return start_over(kept)


def sheet_of(window: MainWindow, verb: str) -> ElsewhereSheet:
    window.actions_by_verb[verb].trigger()
    found = [one for one in window.findChildren(QDialog) if isinstance(one, ElsewhereSheet)]
    assert len(found) == 1
    return found[0]


def fill(sheet: ElsewhereSheet, **texts: object) -> None:
    for name, text in texts.items():
        sheet.fields[name].selectAll()
        QTest.keyClicks(sheet.fields[name], str(text))
    sheet.go.click()


def test_a_sleap_nn_training_is_watched_and_stopped_on_the_train_page(
    window: MainWindow, wait_until: Wait
) -> None:
    progress, control = free_ports()
    fill(sheet_of(window, "watch_peer"), progress=progress, control=control)
    page, actions = window.train_page, window.actions_by_verb
    assert window.page() == "train"
    assert page.phases.waiting.isVisible()
    assert f"publish_port: {progress}" in page.phases.waiting.text()
    assert not actions["watch_peer"].isEnabled(), "one run is followed at a time"
    trainer = PeerTrainer(progress, control)
    trainer.begin()
    trainer.epoch(0, batches=4, loss=0.5, val=0.5)
    trainer.epoch(1, batches=4, loss=0.25, val=0.25)
    wait_until(lambda: page.charts.isVisible() and len(page.store.epochs) == 1)
    wait_until(lambda: page.strip.chip.text() == "Training · epoch 3")
    wait_until(page.strip.stop.isEnabled)
    assert not page.strip.pause.isEnabled()
    assert not page.strip.cancel.isEnabled()
    assert not actions["show_folder"].isEnabled()
    assert page.strip.stop.text() == "Stop and keep", "sleap-nn has one way to stop"
    assert not actions["stop_after_epoch"].isEnabled()
    page.strip.stop.click()
    wait_until(trainer.stop_came)
    trainer.end()
    wait_until(lambda: window.session is not None and window.session.is_over)
    assert len(page.store.epochs) == 2
    assert page.banner.text.startswith("The run was stopped on request")
    assert page.coach.hint is None, "what was not measured is no reason for advice"
    assert not page.strip.predict.isEnabled()
    assert page.charts.journal.isHidden()


def test_a_watch_can_be_left(window: MainWindow) -> None:
    progress, control = free_ports()
    fill(sheet_of(window, "watch_peer"), progress=progress, control=control)
    assert window.session is not None
    assert window.session.state is State.CONNECTING
    assert not window.runs.is_training, "closing the window asks nothing: no training has begun"
    leave = window.train_page.phases.leave
    assert leave.isVisible()
    assert window.actions_by_verb["leave_run"].isEnabled()
    leave.click()
    assert window.session is None
    assert window.actions_by_verb["watch_peer"].isEnabled()
    assert window.train_page.empty.isVisible()


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for ssh is a script of the shell")
def test_a_run_on_another_machine_is_attached_to(
    window: MainWindow, wait_until: Wait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_ssh.install(tmp_path, monkeypatch)
    folder = tmp_path / "far_run"
    engine = RunSession(window, engine=ENGINE)
    engine.start('{"epochs": 400, "frames": false}', folder, folder=ROOT)
    wait_until(lambda: engine.state is State.TRAINING, 30)
    sheet = sheet_of(window, "attach_far")
    fill(sheet, host="nowhere", folder=folder)
    assert sheet.problem.sentence == f"Looking at nowhere:{folder} …", "the window does not wait for it"
    wait_until(lambda: "no machine called" in sheet.problem.sentence)
    fill(sheet, host="lab", folder="far_run")
    assert "whole path" in sheet.problem.sentence
    fill(sheet, host="lab", folder=folder)
    page = window.train_page
    wait_until(lambda: window.session is not None, 20)
    assert page.strip.name.text() == "far_run", "known before its engine has spoken"
    wait_until(lambda: page.charts.isVisible() and page.strip.name.text() == "far_run", 20)
    wait_until(page.strip.stop.isEnabled)
    assert page.strip.pause.isEnabled()
    page.strip.stop.click()
    page.strip.stop_menu.actions()[0].trigger()
    wait_until(lambda: window.session is not None and window.session.is_over, 20)
    wait_until(lambda: engine.is_over, 20)
    engine.leave()
    assert page.banner.text.startswith("The run was stopped on request")
    assert sheet_of(window, "attach_far").fields["host"].text() == "lab", "where one was before"


def test_ports_that_cannot_be_used_are_told_where_they_were_asked_for(window: MainWindow) -> None:
    progress, control = free_ports()
    holder = PeerTrainer(1, 1)
    holder.sender.bind(f"tcp://127.0.0.1:{control}")
    sheet = sheet_of(window, "watch_peer")
    fill(sheet, progress=progress, control="ninety")
    assert "number from 1 to 65535" in sheet.problem.sentence
    fill(sheet, progress=progress, control=control)
    assert f"Port {control} cannot be listened on" in sheet.problem.sentence
    assert sheet.isVisible()
    assert window.session is None
    holder.close()


def test_a_question_about_a_training_that_ends_meanwhile_is_withdrawn(
    window: MainWindow, tmp_path: Path, wait_until: Wait
) -> None:
    """Whoever is about to close the window stays, and sees how it ended."""
    session = RunSession(engine=ENGINE)
    window.runs.follow(session)
    session.start(
        json.dumps({"epochs": 2, "steps": 10, "batch_seconds": 0.02}), tmp_path / "run", folder=ROOT
    )
    wait_until(lambda: session.state is State.TRAINING)
    window.close()
    question = next(box for box in window.findChildren(QMessageBox) if box.isVisible())
    assert question.text() == "A training is running."
    wait_until(lambda: session.is_over, 30)
    wait_until(lambda: not any(box.isVisible() for box in window.findChildren(QMessageBox)))
    assert window.isVisible()
