"""Frames that stayed in the run folder: an old run shows what it saw, epoch by epoch, and the worst says out of how many."""

import attrs
import numpy as np
from PySide6.QtCore import QSettings

from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.kept_frames import write_frames
from sleapnn_gui.run.command_line import train_command
from sleapnn_gui.run.launch import prepare
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.shell.settings_store import frames_mb, remember_frames_mb
from tests.engine.hostile import Command, mark
from tests.gui.monitor.speaking import Speaker
from tests.gui.monitor.test_runs_page import run, write

__all__ = ["mark"]  # a fixture


def keep(folder, epochs, *, rank=1, map_bytes=10**6):
    """Two frames of each of these epochs, as an engine keeps them."""
    for epoch in epochs:
        speaker = Speaker().frame(epoch).frame(epoch, index=5, error=9.0)
        told = [(event.typed_as(Frame), event.arrays) for event in speaker.events]
        frames = [
            (attrs.evolve(said, rank=rank + 1 - place), arrays) for place, (said, arrays) in enumerate(told)
        ]
        write_frames(folder / "frames", epoch, frames, map_bytes=map_bytes)


def open_run(page, folder):
    session = RunSession()
    page.set_session(session)
    session.attach(folder)
    return session


def test_an_old_run_shows_what_it_saw(page, tmp_path, wait_until):
    folder = write(tmp_path / "one", run("single_instance"), outcome="completed")
    keep(folder, (0, 1, 2))
    open_run(page, folder)
    frames = page.charts.frames
    wait_until(lambda: page.store.frames.epochs == [0, 1, 2])
    wait_until(lambda: frames.slider.maximum() == 2)
    assert frames.epoch.text() == "3"
    assert frames.title.text() == "Validation frame 105, worst of 8"
    assert frames.confidence.isEnabled()
    assert frames.confidence.toolTip() == "Show confidence maps"
    frames.slider.setValue(0)
    assert frames.epoch.text() == "1"
    frames.step(1)
    assert frames.title.text() == "Validation frame 100, 2nd worst of 8"


def test_maps_that_were_not_kept_are_not_offered_and_it_is_said_why(page, tmp_path, wait_until):
    folder = write(tmp_path / "one", run("single_instance"), outcome="completed")
    keep(folder, (0,), map_bytes=0)
    open_run(page, folder)
    frames = page.charts.frames
    wait_until(lambda: frames.view.frame is not None)
    assert not frames.confidence.isEnabled()
    assert "were not kept" in frames.confidence.toolTip()


def test_a_run_that_kept_nothing_says_so(page, tmp_path, wait_until):
    folder = write(tmp_path / "one", run("single_instance"), outcome="completed")
    session = open_run(page, folder)
    wait_until(lambda: session.is_over)
    assert page.charts.frames.view.placeholder.startswith("No frame of this run was kept")
    assert page.store.frames.epochs == []


def test_files_with_a_command_are_refused_in_words(page, tmp_path, mark, wait_until):
    folder = write(tmp_path / "one", run("single_instance"), outcome="completed")
    keep(folder, (0, 1))
    hostile = folder / "frames" / "epoch-0000.npz"
    np.savez(hostile, body_0=np.array(Command(mark), dtype=object))
    open_run(page, folder)
    wait_until(lambda: page.store.frames.epochs == [1])
    wait_until(lambda: "epoch-0000.npz in the folder frames" in page.charts.log.toPlainText())
    np.savez(folder / "frames" / "epoch-0001.npz", body_0=np.array(Command(mark), dtype=object))
    open_run(page, folder)
    view = page.charts.frames.view
    wait_until(lambda: view.placeholder.startswith("epoch-0000.npz, epoch-0001.npz in the folder frames"))
    assert page.store.frames.epochs == []
    assert not mark.exists()


def test_another_run_gets_no_frames_of_the_one_before(page, tmp_path, wait_until):
    folder = write(tmp_path / "one", run("single_instance"), outcome="completed")
    keep(folder, range(3))
    other = write(tmp_path / "other", run("single_instance"), outcome="completed")
    first = open_run(page, folder)
    wait_until(lambda: first.is_over)
    second = open_run(page, other)
    wait_until(lambda: second.is_over)
    assert not page._kept._waiting
    assert page.store.frames.epochs == []


def test_the_budget_is_told_to_the_engine_and_in_the_command_line(tmp_path):
    before = QSettings().value("train/frames_mb")
    try:
        assert "--keep-frames" not in prepare("", tmp_path / "run").words
        remember_frames_mb(7)
        assert frames_mb() == 7
        launch = attrs.evolve(prepare("", tmp_path / "run"), frames_mb=frames_mb())
        assert launch.words[-2:] == ("--keep-frames", "7")
        command = train_command(tmp_path / "a.yaml", run_dir=tmp_path / "run", base=tmp_path, frames_mb=7)
        assert command.endswith("--keep-frames 7")
        QSettings().setValue("train/frames_mb", "many")
        assert frames_mb() == 50
    finally:
        QSettings().setValue("train/frames_mb", before)
