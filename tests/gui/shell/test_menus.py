"""The menus hold every command, and the commands on a run do what they say, from asked to done."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from sleapnn_engine.cli import COMMANDS as TERMINAL
from sleapnn_engine.config.engine_program import CHOSEN
from sleapnn_engine.protocol.events import KINDS
from sleapnn_engine.protocol.verbs import VERBS
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.shell.commands import COMMANDS, MENUS, RUN_COMMANDS
from sleapnn_gui.shell.run_commands import RunCommands
from tests.gui.run.following import ENGINE, ROOT
from tests.gui.windows import start_over

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]


@pytest.fixture
def window(kept: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.chdir(tmp_path)
    return start_over(kept)


def menu(window: MainWindow, name: str) -> QMenu:
    found = window.findChild(QMenu, f"menu.{name}")
    assert isinstance(found, QMenu)
    return found


def test_every_command_stands_in_one_menu(window: MainWindow) -> None:
    bar = window.menuBar()
    assert tuple(action.text().removeprefix("&") for action in bar.actions()) == MENUS
    listed = [action.objectName() for name in MENUS for action in menu(window, name.lower()).actions()]
    listed = [name for name in listed if name.startswith("action.")]
    assert sorted(listed) == sorted(f"action.{command.verb}" for command in COMMANDS)


def test_no_menu_is_higher_than_a_small_screen(window: MainWindow) -> None:
    """A higher one breaks into columns, and covers the window that it is about."""
    for name in MENUS:
        one = menu(window, name.lower())
        one.ensurePolished()
        lines = [action for action in one.actions() if not action.isSeparator()]
        high = sum(one.actionGeometry(action).height() for action in one.actions())
        assert high <= 720 - window.menuBar().sizeHint().height(), name
        assert len({one.actionGeometry(action).left() for action in lines}) == 1, f"{name} has columns"


@pytest.mark.parametrize("command", RUN_COMMANDS, ids=lambda command: command.verb)
def test_what_is_told_of_a_command_on_a_run_is_so(command) -> None:
    assert command.states <= {state.value for state in State}
    assert command.asks in VERBS
    assert command.done in KINDS
    assert command.asks.replace("_", "-") in TERMINAL
    carried_on = hasattr(RunCommands, f"do_{command.verb}")
    assert callable(getattr(RunSession, command.asks if carried_on else "ask"))


@pytest.fixture
def followed(window: MainWindow, tmp_path: Path, wait_until: Wait) -> Iterator[RunSession]:
    """A run of a scripted engine that the window follows."""
    session = RunSession(window, engine=ENGINE)
    session.start('{"epochs": 400, "frames": false}', tmp_path / "run_a", folder=ROOT)
    window.runs.follow(session)
    wait_until(lambda: session.state is State.TRAINING, 30)
    yield session
    session.cancel()
    wait_until(lambda: session.is_over, 30)


def test_rules_to_stop_by_are_told_on_the_page_of_the_run_alone(window: MainWindow) -> None:
    """A sentence above all pages would outlast the run."""
    for stage in ("asked", "accepted", "done"):
        window.runs._notify("stop_when", stage, "")
    assert window.banner.isHidden()


def test_checkpoint_and_memory_are_asked_for_accepted_and_done(
    window: MainWindow, followed: RunSession, wait_until: Wait
) -> None:
    said: list[str] = []
    window.runs.message.connect(lambda text, _severity: said.append(text))
    actions = window.actions_by_verb
    assert actions["checkpoint"].isEnabled()
    assert not actions["release_memory"].isEnabled(), "the memory is in use while training"
    actions["checkpoint"].trigger()
    wait_until(lambda: len(said) == 3)
    assert said[0] == "Save a checkpoint now: asked."
    assert "written after" in said[1]
    assert "last.ckpt" in said[2]
    actions["pause"].trigger()
    wait_until(lambda: actions["release_memory"].isEnabled())
    assert actions["checkpoint"].isEnabled()
    said.clear()
    actions["release_memory"].trigger()
    wait_until(lambda: len(said) == 3)
    assert said[2] == "Handed 120 MB of GPU memory back."
    assert window.banner.sentence == said[2]


def test_the_title_says_config_edits_run_and_epoch(
    window: MainWindow, followed: RunSession, wait_until: Wait, tmp_path: Path
) -> None:
    window.document.save(tmp_path / "mice.yaml")
    wait_until(lambda: window.windowTitle().startswith("mice.yaml – run_a, epoch "))
    first = window.windowTitle()
    window.document.set_value("trainer_config.seed", 5)
    assert window.windowTitle().startswith("mice.yaml (edited) – run_a, epoch ")
    assert window.windowTitle().endswith(" – sleapnn-gui")
    wait_until(lambda: window.windowTitle().split("epoch")[-1] != first.split("epoch")[-1])
    window.actions_by_verb["pause"].trigger()
    wait_until(lambda: "run_a, paused" in window.windowTitle())


def test_what_was_open_lately_opens_again(window: MainWindow, tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text("trainer_config: {max_epochs: 7}\n", encoding="utf-8")
        window.open_path(tmp_path / name)
        window.files.finish()
    recent = menu(window, "recent")
    recent.aboutToShow.emit()
    assert [action.text().split()[0] for action in recent.actions()[:2]] == ["two.yaml", "one.yaml"]
    recent.actions()[1].trigger()
    window.files.finish()
    assert window.document.path == tmp_path / "one.yaml"
    recent.actions()[-1].trigger()
    assert [action.isEnabled() for action in recent.actions()] == [False]


def test_the_chosen_colours_are_marked(window: MainWindow) -> None:
    actions = window.actions_by_verb
    assert actions["theme_light"].isChecked()
    actions["theme_dark"].trigger()
    assert actions["theme_dark"].isChecked()
    assert not actions["theme_light"].isChecked()


def test_a_report_of_the_machine_is_copied(
    window: MainWindow, wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.actions_by_verb["report"].trigger()
    wait_until(lambda: "clipboard" in window.banner.sentence, 60)
    assert "Machine" in QGuiApplication.clipboard().text()
    monkeypatch.setenv(CHOSEN, "/nowhere/engine")
    window.actions_by_verb["report"].trigger()
    wait_until(lambda: "could not be started" in window.banner.sentence)


def test_a_menu_opens_by_a_click_and_does_what_is_clicked(window: MainWindow) -> None:
    bar = window.menuBar()
    place = bar.actionGeometry(bar.actions()[2]).center()
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=place)
    view = menu(window, "view")
    assert view.isVisible()
    runs = next(action for action in view.actions() if action.text() == "Runs")
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.actionGeometry(runs).center())
    assert window.page() == "runs"
    assert not view.isVisible()
