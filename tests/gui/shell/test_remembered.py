"""What the window keeps for its next start: size, panes, theme; and that nothing odd in the store disturbs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QSplitter

from sleapnn_gui.app import show_window
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.drafts import encode
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.shell.screen import WANTED
from sleapnn_gui.shell.settings_store import draft_folder
from sleapnn_gui.widgets.theme import current_theme
from tests.gui.windows import throw_away

PANES = ("form:panes", "charts:upper", "charts:rows")


@pytest.fixture
def opened(app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[MainWindow]]:
    monkeypatch.chdir(tmp_path)
    windows: list[MainWindow] = []
    yield windows
    for window in windows:
        throw_away(window)
    current_theme().set_mode("light")


def start(opened: list[MainWindow], *options: str) -> MainWindow:
    _, window = show_window(["sleapnn-gui", *options])
    opened.append(window)
    return window


def splitter(window: MainWindow, name: str) -> QSplitter:
    window.pages.page("configure" if name.startswith("form") else "train")
    found = window.findChild(QSplitter, name)
    assert found is not None, name
    return found


def test_size_and_panes_come_back(opened: list[MainWindow], app: QApplication) -> None:
    first = start(opened, "--theme", "light")
    first.resize(780, 700)  # what fits on the screen of a test
    first.show_page("configure")
    app.processEvents()
    splitter(first, "form:panes").setSizes([210, 500, 0])
    app.processEvents()
    wanted = splitter(first, "form:panes").sizes()[0]
    first.close()
    second = start(opened, "--theme", "light")
    second.show_page("configure")
    app.processEvents()
    assert second.size() == first.size()
    assert splitter(second, "form:panes").sizes()[0] == wanted


def test_a_demonstration_shows_a_whole_window_and_nobody_elses_drafts(
    opened: list[MainWindow], tmp_path: Path
) -> None:
    first = start(opened, "--theme", "light")
    first.resize(780, 700)
    draft_folder().mkdir(parents=True)
    left = encode(State(values={"a": 1}, title="left.yaml"), at=1.0)
    (draft_folder() / "left.json").write_text(left, encoding="utf-8")
    first.close()
    second = start(opened, "--theme", "light", "--demo", "--screenshots", str(tmp_path))
    assert second.size() == WANTED
    assert not second.draft_offer.isVisible()
    third = start(opened, "--theme", "light")
    assert third.draft_offer.isVisible(), "the draft is still there for who has left it"


def test_what_was_open_beside_the_form_comes_back(opened: list[MainWindow]) -> None:
    first = start(opened)
    assert (first.form.context.title, first.form.pane_shown) == ("See", None)
    first.form.context.open_title("YAML")
    first.form.set_pane_shown(False)
    first.close()
    second = start(opened)
    assert (second.form.context.title, second.form.pane_shown) == ("YAML", False)
    assert second.form.context.isHidden()


def test_the_share_of_the_picture_comes_back(opened: list[MainWindow]) -> None:
    first = start(opened)
    for name in PANES[1:]:
        splitter(first, name).setSizes([600, 400])
    first.close()
    second = start(opened)
    for name in PANES:
        assert splitter(second, name).saveState() == splitter(first, name).saveState()


def test_a_theme_that_was_chosen_comes_back(opened: list[MainWindow]) -> None:
    start(opened).actions_by_verb["theme_dark"].trigger()
    current_theme().set_mode("light")
    start(opened)
    assert current_theme().mode == "dark"


def test_a_theme_of_the_command_line_is_for_once(opened: list[MainWindow]) -> None:
    start(opened, "--theme", "dark")
    start(opened)
    assert current_theme().mode == "system"


def test_what_cannot_be_read_is_passed_over(opened: list[MainWindow], nothing_remembered: Path) -> None:
    settings = QSettings()
    for key in ("window/geometry", "panes/form:panes", "theme"):
        settings.setValue(key, "nonsense")
    window = start(opened)
    assert window.width() >= window.minimumWidth()
    assert current_theme().mode == "system"
