"""Without an engine the window offers one when it is first needed, and the sheet goes through all that can become of it."""

import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QMessageBox, QPushButton

from sleapnn_engine.config import engine_program
from sleapnn_engine.config.chosen_engine import Installation, KnownEngines, known_engines, remember_engines
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run import engine_install, engine_installing
from sleapnn_gui.run.engine_install import CPU, CUDA, find_uv, program_of
from sleapnn_gui.shell.commands import _ENGINE_FIRST
from sleapnn_gui.shell.engine_sheet import EngineSheet
from tests.gui.run.tiny_engine import VERSION, index_of, write_wheels
from tests.gui.windows import start_over

Wait = Callable[..., None]
needs_uv = pytest.mark.skipif(
    find_uv() is None, reason="uv, which installs the engine, is not installed here"
)


@pytest.fixture
def window(kept: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """A window whose Python has no engine, as where its extra alone was installed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(engine_program, "_PARTS", ("no_such_part",))
    monkeypatch.setattr(engine_install, "_origin", lambda: None)
    # Behind all other tests that run at the same time an installation would take minutes.
    monkeypatch.setattr(engine_installing, "POLITE", (*engine_installing.POLITE[:-1], "0"))
    monkeypatch.delenv(engine_program.CHOSEN, raising=False)
    return start_over(kept)


def sheet_of(window: MainWindow, verb: str = "engine") -> EngineSheet:
    window.actions_by_verb[verb].trigger()
    found = [one for one in window.findChildren(EngineSheet) if one.isVisible()]
    assert len(found) == 1
    return found[0]


def is_said(sheet: EngineSheet, words: str) -> bool:
    return words in sheet.problem.sentence


def problem(sheet: EngineSheet) -> str:
    """Why an installation that was at work has ended."""
    return "" if sheet.title.text() == "Installing the engine" else sheet.problem.sentence


def buttons(sheet: EngineSheet) -> list[str]:
    return [one.text() for one in sheet.findChildren(QPushButton) if one.isVisible() and one.isEnabled()]


def typed(sheet: EngineSheet, *, place: Path, wheels: Path | None = None) -> None:
    sheet.offer.place.setText(str(place))
    if wheels is not None:
        sheet.offer.source.buttons[1].click()
        QTest.keyClicks(sheet.offer.wheels, str(wheels))


@pytest.mark.skipif(sys.platform == "darwin", reason="what chip a Mac has is known at once")
def test_nothing_is_installed_before_it_is_known_which_build_fits(
    window: MainWindow, wait_until: Wait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def card() -> str:
        asked.set()
        answered.wait(20)
        return "NVIDIA A40, driver 550.54"

    monkeypatch.setattr(engine_install, "_ask_driver", card)
    sheet = sheet_of(window)
    typed(sheet, place=tmp_path / "engine")
    wait_until(lambda: asked.is_set() and bool(sheet.offer.room.sentence))
    assert not sheet.go.isEnabled()
    answered.set()
    wait_until(sheet.go.isEnabled)
    assert sheet.offer.wanted().build == CUDA
    sheet.reject()


@needs_uv
def test_train_offers_the_engine_which_is_installed_used_and_removed(
    window: MainWindow, wait_until: Wait, tmp_path: Path
) -> None:
    sheet = sheet_of(window, "train")
    assert window.session is None
    assert sheet.title.text() == "Install the engine"
    wait_until(lambda: "nvidia-smi" in sheet.offer.reason.text() or "card" in sheet.offer.reason.text())
    typed(sheet, place=tmp_path / "engine", wheels=tmp_path / "wheels")
    wait_until(lambda: "There are no wheels" in sheet.offer.room.sentence)
    assert not sheet.go.isEnabled()
    write_wheels(tmp_path / "wheels")
    QTest.keyClicks(sheet.offer.wheels, "/")
    wait_until(sheet.go.isEnabled)
    assert "on the disk, where" in sheet.offer.room.sentence
    size = sheet.size()
    sheet.go.click()
    wait_until(lambda: sheet.title.text() == "Installing the engine" and sheet.cancel.isEnabled())
    assert "Try again" not in buttons(sheet)
    wait_until(lambda: sheet.title.text() == "Training engine", 60)
    assert sheet.size() == size, "nothing moves by itself"
    assert sheet.in_use.version.text().startswith(f"{VERSION.own} with torch 9.9")
    assert sheet.in_use.place.text() == str(program_of(tmp_path / "engine"))
    assert buttons(sheet) == ["Choose one that exists…", "Change…", "Repair", "Remove…", "Close"]
    assert "engine in use is" in window.banner.sentence

    sheet.another.click()
    assert not sheet.offer.place.isEnabled(), "it is made anew where it lies"
    sheet.offer.build.buttons[1].click()
    wait_until(sheet.go.isEnabled)
    sheet.go.click()
    wait_until(lambda: sheet.title.text() == "Installing the engine")
    wait_until(lambda: sheet.title.text() == "Training engine", 60)
    assert sheet.in_use.origin.text() == "installed by this app, build for: nvidia card"

    sheet.repair.click()
    wait_until(lambda: sheet.title.text() == "Installing the engine")
    wait_until(lambda: sheet.title.text() == "Training engine", 60)
    sheet.remove.click()
    question = window.findChild(QMessageBox, "remove_engine")
    assert str(tmp_path / "engine") in question.informativeText()
    next(one for one in question.buttons() if one.text() == "Remove").click()
    wait_until(lambda: sheet.title.text() == "Install the engine", 30)
    assert not (tmp_path / "engine").exists()


@needs_uv
def test_cancel_leaves_what_the_next_sheet_goes_on_with(
    window: MainWindow, wait_until: Wait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = write_wheels(tmp_path / "wheels")
    with index_of(wheels) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        index.held = {one.name for one in wheels.iterdir()}
        sheet = sheet_of(window)
        typed(sheet, place=tmp_path / "engine")
        wait_until(sheet.go.isEnabled)
        sheet.go.click()
        wait_until(lambda: index.hanging.is_set() or bool(problem(sheet)), 60)
        assert not problem(sheet)
        sheet.reject()
        sheet = sheet_of(window)
        assert sheet.title.text() == "Installing the engine", "it goes on without its sheet"
        sheet.cancel.click()
        wait_until(lambda: sheet.title.text() == "Install the engine", 60)
    assert sheet.problem.sentence.startswith("An installation was begun and not finished.")
    assert sheet.go.text() == "Go on"
    sheet.reject()
    again = sheet_of(window)
    assert again.offer.place.text() == str(tmp_path / "engine")
    assert again.problem.sentence.startswith("An installation was begun and not finished.")
    assert "Remove…" in buttons(again)


def test_an_engine_that_exists_is_taken_once_it_fits(
    window: MainWindow, wait_until: Wait, tmp_path: Path
) -> None:
    program = tmp_path / "env" / "bin" / "sleapnn-engine"
    program.parent.mkdir(parents=True)
    old = VERSION.line.replace(f" {VERSION.own},", " 0.0.1,")
    for line in (old, VERSION.line):
        program.write_text(f"#!/bin/sh\necho '{line}'\n")
        program.chmod(0o755)
        sheet = sheet_of(window)
        sheet.choose.click()
        assert not sheet.go.isEnabled()
        QTest.keyClicks(sheet.existing.path, str(tmp_path / "env"))
        sheet.go.click()
        if line == old:
            wait_until(partial(is_said, sheet, "is version 0.0.1 and this window"))
            assert known_engines() == KnownEngines()
            sheet.reject()
    wait_until(lambda: sheet.title.text() == "Training engine")
    assert sheet.in_use.origin.text() == "chosen by hand"
    assert sheet.in_use.place.text() == str(program)
    sheet.own.click()
    wait_until(lambda: sheet.title.text() == "Install the engine")


def test_what_was_chosen_and_is_gone_is_said(window: MainWindow) -> None:
    gone = Installation(place=Path("/gone/engine"), build=CPU, version="0.1.0", finished=True)
    remember_engines(KnownEngines(command=(str(program_of(gone.place)),), version="0.1.0", installation=gone))
    assert "/gone/engine" in sheet_of(window).problem.sentence


def test_whatever_needs_an_engine_offers_it(window: MainWindow) -> None:
    for verb in _ENGINE_FIRST:
        action = window.actions_by_verb[verb]
        enabled = action.isEnabled()
        action.setEnabled(True)
        sheet = sheet_of(window, verb)
        assert [one for one in window.findChildren(QDialog) if one.isVisible()] == [sheet]
        sheet.reject()
        action.setEnabled(enabled)
    assert window.page() == "data"


def test_labels_that_are_opened_offer_it_without_standing_in_the_way(
    window: MainWindow, wait_until: Wait, tmp_path: Path
) -> None:
    (tmp_path / "mouse.slp").write_bytes(b"labels")
    window.files.open_paths([tmp_path / "mouse.slp"])
    window.files.finish()
    wait_until(lambda: "not installed yet" in window.banner.sentence)
    assert not window.findChildren(EngineSheet) or not any(
        one.isVisible() for one in window.findChildren(EngineSheet)
    )
    window.banner.followed.emit()
    assert any(one.isVisible() for one in window.findChildren(EngineSheet))
