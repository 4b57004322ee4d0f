"""What lists open: every entry of every drop-down list, of the problems and of what was opened lately does what it says."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QMenu, QWidget

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.app import build
from sleapnn_gui.form.layout import read_layout
from sleapnn_gui.form.row import Row
from sleapnn_gui.form.section_page import Filter
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.shell.settings_store import remember_recent
from sleapnn_gui.shell.status_line import by_weight
from tests.gui.windows import throw_away

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]


@pytest.fixture(scope="module")
def shown(app: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    with contextlib.chdir(tmp_path_factory.mktemp("shown")):
        _, found = build(["sleapnn-gui", "--theme", "light"])
        found.resize(1280, 900)
        yield found
        throw_away(found)


@pytest.fixture
def window(shown: MainWindow) -> MainWindow:
    shown.files.do_new()
    shown.files.finish()
    shown.document.undo_stack.setClean()
    return shown


def row_of(widget: QWidget) -> Row:
    while not isinstance(widget, Row):
        widget = widget.parentWidget()
    return widget


def choose(field: QComboBox, index: int) -> None:
    """Open the list and click an entry of it, as a person does."""
    field.showPopup()
    QApplication.processEvents()
    view = field.view()
    view.scrollTo(field.model().index(index, field.modelColumn()))
    place = view.visualRect(field.model().index(index, field.modelColumn())).center()
    # The list does not take the release of the click that opened it; here none did.
    QTest.mouseMove(view.viewport(), place)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.qWait(0)
    if shiboken6.isValid(field) and view.isVisible():
        QTest.keyClick(view, Qt.Key.Key_Return)
    QApplication.processEvents()


def lists(window: MainWindow) -> dict[str, QComboBox]:
    """The drop-down lists of the section that is shown, by the key they set."""
    return {
        row_of(field).path: field
        for field in window.form.findChildren(QComboBox)
        if field.isVisible() and field.isEnabled() and _is_in_row(field)
    }


def _is_in_row(field: QWidget) -> bool:
    above: QWidget | None = field
    while above is not None and not isinstance(above, Row):
        above = above.parentWidget()
    return above is not None


def test_the_form_has_lists(window: MainWindow) -> None:
    window.show_page("configure")
    window.form.set_filter(Filter(all=True))
    found: set[str] = set()
    for page in read_layout().pages:
        window.form.show_page(page.id)
        QApplication.processEvents()
        found |= set(lists(window))
    assert len(found) >= 4


@pytest.mark.parametrize("section", [page.id for page in read_layout().pages])
def test_every_entry_of_every_list_sets_what_it_says(window: MainWindow, section: str) -> None:
    window.show_page("configure")
    window.form.set_filter(Filter(all=True))
    window.form.show_page(section)
    QApplication.processEvents()
    wrong = []
    for key in lists(window):
        for index in range(lists(window)[key].count()):
            field = lists(window)[key]
            said, before = field.itemText(index), window.document.value(key)
            was = field.currentIndex()
            choose(field, index)
            kept = window.document.value(key)
            choices = {choice.label: choice.value for choice in SPEC.keys[key].meta.choices}
            if said in choices and kept != choices[said]:
                wrong.append((key, said, kept))
            if index != was and kept == before:
                wrong.append((key, said, "nothing changed"))
            while window.document.undo_stack.canUndo():
                window.document.undo_stack.undo()
            QApplication.processEvents()
    assert wrong == []


def open_menu(wait_until: Wait) -> QMenu:
    found: list[QMenu] = []

    def there() -> bool:
        popup = QApplication.activePopupWidget()
        if isinstance(popup, QMenu):
            found.append(popup)
        return bool(found)

    wait_until(there)
    return found[-1]


def test_every_problem_of_the_list_leads_to_its_setting(window: MainWindow, wait_until: Wait) -> None:
    for path, value in {
        "trainer_config.max_epochs": -1,
        "trainer_config.optimizer.lr": -2.0,
        "data_config.preprocessing.scale": 0.0,
        "data_config.train_labels_path": [],
    }.items():
        window.document.set_value(path, value)
    wanted = [issue.path for issue in by_weight(window.document.issues())]
    assert len(wanted) >= 4
    for number, path in enumerate(wanted):
        window.show_page("data")
        button = window.status_line.problems
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=button.rect().center())
        menu = open_menu(wait_until)
        place = menu.actionGeometry(menu.actions()[number]).center()
        QTest.mouseMove(menu, place)
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=place)
        wait_until(lambda: window.page() == "configure")
        row = window.form.findChild(Row, f"row:{path}")
        wait_until(lambda row=row: row is not None and row.isVisible())
        assert row.visibleRegion().contains(QPoint(2, 2)) or not row.visibleRegion().isEmpty()


def test_what_was_opened_lately_opens_again(window: MainWindow, tmp_path: Path, wait_until: Wait) -> None:
    files = []
    for name in ("one.yaml", "two & three.yaml"):
        files.append(tmp_path / name)
        window.files.do_new()
        window.files.finish()
        window.document.set_value("trainer_config.run_name", name)
        files[-1].write_text(window.document.to_yaml(), encoding="utf-8")
        window.document.undo_stack.setClean()
        remember_recent(files[-1])
    menu = window.recent_menu
    for file in files:
        menu.popup(window.mapToGlobal(QPoint(40, 40)))
        QApplication.processEvents()
        action = next(action for action in menu.actions() if action.data() == str(file))
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
        wait_until(lambda file=file: window.document.path == file)
        assert window.document.value("trainer_config.run_name") == file.name
    menu.popup(window.mapToGlobal(QPoint(40, 40)))
    clear = next(action for action in menu.actions() if action.text().startswith("Clear"))
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(clear).center())
    wait_until(lambda: [action.isEnabled() for action in menu.actions()] == [False])
    menu.close()
