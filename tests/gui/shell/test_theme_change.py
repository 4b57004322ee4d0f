"""Another theme while the window is open: everything wears it, whether it is seen then, later or never before."""

import contextlib
from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QImage, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from sleapnn_gui.form.section_page import Filter
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.monitor.plots import QuietPlot
from sleapnn_gui.widgets.theme import current_theme, install_theme
from tests.gui.windows import throw_away

ROLES = (
    QPalette.ColorRole.Window,
    QPalette.ColorRole.WindowText,
    QPalette.ColorRole.Base,
    QPalette.ColorRole.Text,
    QPalette.ColorRole.Button,
    QPalette.ColorRole.ButtonText,
    QPalette.ColorRole.Highlight,
    QPalette.ColorRole.PlaceholderText,
)
GROUPS = (QPalette.ColorGroup.Active, QPalette.ColorGroup.Disabled)


#: The windows start their engines, as those of other tests, and are not about them.
pytestmark = pytest.mark.usefixtures("quick_engines")


def make_window() -> MainWindow:
    """A window with all its pages, of which one was seen."""
    window = MainWindow()
    window.resize(1440, 900)
    window.show()
    window.pages.make_all()
    return window


@pytest.fixture
def window(app, tmp_path, monkeypatch):
    """Of which nothing else was seen before the test."""
    monkeypatch.chdir(tmp_path)
    install_theme(app, mode="light")
    window = make_window()
    yield window
    throw_away(window)
    install_theme(app, mode="light")


@pytest.fixture(scope="module")
def once_seen(app, tmp_path_factory):
    """Of which everything was seen: one for all tests that begin so, as making and seeing it takes long."""
    with contextlib.chdir(tmp_path_factory.mktemp("seen")):
        install_theme(app, mode="light")
        window = make_window()
        see_everything(app, window)
        yield window
        throw_away(window)
        install_theme(app, mode="light")


@pytest.fixture
def seen_window(app, once_seen):
    """The light window that was seen whole, at its form."""
    once_seen.show()
    once_seen.show_page("configure")
    yield once_seen
    current_theme().set_mode("light")
    once_seen.hide()


def looks(window: MainWindow) -> dict[QWidget, object]:
    """Colours and type of what is seen."""
    return {
        widget: (
            [widget.palette().color(group, role).name() for group in GROUPS for role in ROLES],
            widget.font().pixelSize(),
            widget.font().weight(),
        )
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
    }


def see_everything(app: QApplication, window: MainWindow) -> dict[QWidget, object]:
    """Go to every page and every section of the form; how every widget looked while it was seen."""
    found: dict[QWidget, object] = {}
    for page in ("data", "train", "runs", *window.results.pages, "configure"):
        window.show_page(page)
        app.processEvents()
        found |= looks(window)
    window.form.set_filter(Filter(all=True))
    for section in [page.id for page in window.form._layout.pages]:
        window.form.show_page(section)
        app.processEvents()
        found |= looks(window)
    return found


def wrong_looks(app: QApplication, window: MainWindow) -> list[str]:
    """What looks otherwise than after Qt has styled every widget in its own slow way."""
    found = see_everything(app, window)
    assert len(found) > 500
    assert app.styleSheet() == current_theme().stylesheet()
    app.setStyleSheet("")
    app.setStyleSheet(current_theme().stylesheet())
    expected = see_everything(app, window)
    return [
        f"{type(widget).__name__} {widget.objectName()}"
        for widget, look in expected.items()
        if found.get(widget, look) != look
    ]


def change(mode: str, wait_until: Callable[..., None]) -> None:
    told: list[None] = []
    current_theme().changed.connect(lambda: told.append(None))
    current_theme().turn_to(mode)
    wait_until(lambda: bool(told))


def test_what_was_never_seen_looks_as_if_all_had_been_styled_at_once(app, window, wait_until):
    change("dark", wait_until)
    assert current_theme().scheme == "dark"
    assert wrong_looks(app, window) == []


def test_plots_that_are_not_seen_take_the_colours_on_when_they_are(app, window, wait_until):
    plots = window.findChildren(QuietPlot)
    change("dark", wait_until)
    window.show_page("train")
    window.train_page.stack.setCurrentWidget(window.train_page.charts)
    panel = current_theme().hex("panel")
    seen = [plot for plot in plots if plot.isVisible()]
    assert seen
    assert {plot.backgroundBrush().color().name() for plot in seen} == {panel}
    change("light", wait_until)
    assert {plot.backgroundBrush().color().name() for plot in seen} == {current_theme().hex("panel")}


def test_a_page_shown_while_the_theme_changes_changes_with_the_rest(app, seen_window, wait_until):
    window = seen_window
    told: list[None] = []
    current_theme().changed.connect(lambda: told.append(None))
    current_theme().turn_to("dark")
    QCoreApplication.processEvents()
    window.show_page("data")
    assert current_theme().scheme == "light"
    wait_until(lambda: bool(told))
    shown = looks(window)
    app.setStyleSheet("")
    app.setStyleSheet(current_theme().stylesheet())
    assert looks(window) == shown


def test_what_was_seen_looks_so_too_and_the_last_of_several_wishes_counts(app, seen_window, wait_until):
    window = seen_window
    current_theme().turn_to("dark")
    QCoreApplication.processEvents()
    change("light", wait_until)
    assert current_theme().scheme == "light"
    change("dark", wait_until)
    assert wrong_looks(app, window) == []


def test_a_widget_that_goes_while_the_theme_changes_does_no_harm(app, seen_window, wait_until):
    window = seen_window
    passing = QLabel("here for a moment", window)
    passing.ensurePolished()
    current_theme().turn_to("dark")
    for _ in range(100):
        if passing.testAttribute(Qt.WidgetAttribute.WA_SetStyle):
            break
        QCoreApplication.processEvents()
    assert current_theme().scheme == "light"
    passing.setParent(None)
    passing.deleteLater()
    del passing
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    wait_until(lambda: current_theme().scheme == "dark")


class Polished(QLabel):
    """Notes the turn in which Qt styles it."""

    turn = 0

    def __init__(self, parent: QWidget, noted: list[int]) -> None:
        super().__init__("seen", parent)
        self.noted = noted

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Polish:
            self.noted.append(Polished.turn)
        return super().event(event)


def test_what_is_seen_is_styled_some_at_a_time(app, seen_window):
    """Each costs a millisecond or more, and a turn in which all are styled is felt."""
    noted: list[int] = []
    labels = [Polished(seen_window, noted) for _ in range(60)]
    for label in labels:
        label.show()
    app.processEvents()
    noted.clear()
    told: list[None] = []
    current_theme().changed.connect(lambda: told.append(None))
    current_theme().turn_to("dark")
    while not told:
        Polished.turn += 1
        current_theme()._go_on()
    assert set(map(noted.count, noted)) <= set(range(1, 13))
    assert len(noted) >= 60
    for label in labels:
        label.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def pictures(app: QApplication, window: MainWindow, wait_until: Callable[..., None]) -> dict[str, QImage]:
    """How every page and every section of the form is drawn."""
    found = {}
    for page in ("data", "train", "runs", *window.results.pages):
        window.show_page(page)
        app.processEvents()
        wait_until(
            lambda: not any(label.text().startswith("Looking") for label in window.findChildren(QLabel))
        )
        found[page] = window.grab().toImage()
    window.show_page("configure")
    window.form.set_filter(Filter(all=True))
    window.form.context.open_title("Help")  # See says how long its pictures took
    for section in [page.id for page in window.form._layout.pages]:
        window.form.show_page(section)
        found[section] = at_rest(window)
    return found


def at_rest(window: MainWindow) -> QImage:
    """How a window is drawn once nothing changes any more: what stands beside the form follows it a moment later."""
    last, picture = None, window.grab().toImage()
    for _ in range(20):
        QTest.qWait(40)
        last, picture = picture, window.grab().toImage()
        if last == picture:
            break
    return picture


def test_what_was_seen_before_is_drawn_as_in_a_window_that_began_so(app, window, wait_until):
    window.form.context.open_title("Help")
    see_everything(app, window)
    window.show_page("data")
    for mode in ("dark", "light", "dark"):
        change(mode, wait_until)
    changed = pictures(app, window, wait_until)
    fresh = MainWindow()
    fresh.resize(window.size())
    fresh.show()
    expected = pictures(app, fresh, wait_until)
    throw_away(fresh)
    assert [name for name, picture in changed.items() if picture != expected[name]] == []


@pytest.mark.parametrize("turns", [0, 3, 12])
def test_a_wish_in_the_middle_of_a_change_is_done_after_it_and_told_once(app, seen_window, wait_until, turns):
    told: list[str] = []
    current_theme().changed.connect(lambda: told.append(current_theme().scheme))
    current_theme().turn_to("dark")
    for _ in range(turns):
        current_theme()._go_on()
    current_theme().turn_to("light")
    wait_until(lambda: bool(told))
    assert told == ["light"]
    assert app.styleSheet() == current_theme().stylesheet()
    assert seen_window.updatesEnabled()
