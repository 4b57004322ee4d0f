"""What the window keeps for its next start: size, panes, theme; and that nothing odd in the store disturbs it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QSplitter

from sleapnn_gui.app import show_window
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.drafts import encode
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.shell.screen import WANTED
from sleapnn_gui.shell.settings_keeper import SettingsKeeper, settings_keeper
from sleapnn_gui.shell.settings_store import draft_folder, remember_frames_mb, remember_review, remember_theme
from sleapnn_gui.widgets.theme import current_theme
from tests.engine.config.obstacles import as_nobody, full_disk, open_folder
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


@pytest.fixture
def keeper(app: QApplication, monkeypatch: pytest.MonkeyPatch) -> SettingsKeeper:
    """The application's, as it is before anything was told."""
    found = settings_keeper()
    monkeypatch.setattr(found, "_told", "")
    return found


def test_a_full_disk_is_told_once_and_what_was_remembered_stays(
    opened: list[MainWindow], keeper: SettingsKeeper, wait_until: Callable[..., None]
) -> None:
    remember_theme("dark")
    window = start(opened)
    file = Path(QSettings().fileName())
    before = file.read_bytes()
    with full_disk():
        window.actions_by_verb["theme_light"].trigger()
        wait_until(window.banner.isVisible)
        told = window.banner.sentence
        window.show_message("")
        remember_review(True)
        wait_until(lambda: not keeper._looking.is_at_work)
        assert not window.banner.isVisible(), "once"
    assert str(file) in told
    assert "too large" in told  # the disk of a test ends where files may not grow
    assert file.read_bytes() == before
    window.show_message(told, "warning")
    remember_frames_mb(7)
    assert not window.banner.isVisible(), "it is true no more"
    assert {b"theme=light", b"frames_mb=7", b"review=true"} <= set(file.read_bytes().splitlines()), (
        "nothing is lost"
    )


def test_a_read_only_folder_is_told_before_anything_is_to_be_kept(
    app: QApplication, keeper: SettingsKeeper, wait_until: Callable[..., None]
) -> None:
    told: list[str] = []
    with open_folder() as folder:
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
        remember_theme("dark")
        file = Path(QSettings().fileName())
        file.parent.chmod(0o555)
        hearing = keeper.failed.connect(told.append)
        with as_nobody():
            keeper.check()
            wait_until(lambda: bool(told))
            remember_theme("light")
            wait_until(lambda: not keeper._looking.is_at_work)
        keeper.failed.disconnect(hearing)
        assert f"you may not write into {file.parent}" in told[0]
        assert [one.name for one in file.parent.iterdir()] == [file.name]
        assert b"dark" in file.read_bytes()
    assert len(told) == 1
