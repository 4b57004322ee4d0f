"""What is done in one turn of the event loop: no more than has to be."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QAbstractEventDispatcher, QEventLoop
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QProgressBar, QVBoxLayout, QWidget

from sleapnn_gui.monitor.charts import ChartsView
from sleapnn_gui.monitor.phases import PhasesView
from sleapnn_gui.monitor.summary import RunStrip
from sleapnn_gui.widgets.one_by_one import OneByOne
from sleapnn_gui.widgets.progress import ProgressBar


class Drawn(QWidget):
    """Tells when it is drawn."""

    def __init__(self, name: str, told: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self.told = name, told

    def paintEvent(self, event: QPaintEvent) -> None:
        self.told.append(self.name)


def turn() -> None:
    dispatcher = QAbstractEventDispatcher.instance()
    assert dispatcher is not None
    dispatcher.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)


def test_what_comes_into_view_together_is_drawn_one_by_one(
    app: QApplication, wait_until: Callable[..., None]
) -> None:
    told: list[str] = []
    whole = QWidget()
    column = QVBoxLayout(whole)
    parts = [Drawn(name, told) for name in "abcd"]
    for part in parts:
        column.addWidget(part)
    OneByOne(whole).draw(parts)
    whole.resize(200, 200)
    whole.show()
    most, before = 0, 0
    for _ in range(50):
        turn()
        most, before = max(most, len(told) - before), len(told)
    assert told == ["a", "b", "c", "d"]
    assert most == 1
    parts[0].update()
    wait_until(lambda: told[-1] == "a")  # and from then on as ever
    whole.close()


def test_the_charts_are_drawn_one_by_one_and_all(app: QApplication, wait_until: Callable[..., None]) -> None:
    view = ChartsView()
    view.resize(1200, 700)
    view.show()
    parts = (view.loss, view.frames, view.parts_panel, view.rate_panel, view.speed_panel, view.log_panel)
    assert [part.updatesEnabled() for part in parts] == [False] * len(parts)
    wait_until(lambda: all(part.updatesEnabled() for part in parts))
    view.close()


def test_progress_draws_nothing_before_its_turn(app: QApplication, wait_until: Callable[..., None]) -> None:
    """Qt's own bar draws all that waits to be drawn inside of `setValue`, beside what the turn has to do anyway."""
    told: list[str] = []
    whole = QWidget()
    column = QVBoxLayout(whole)
    bar, other = ProgressBar(), Drawn("other", told)
    column.addWidget(bar)
    column.addWidget(other)
    whole.resize(200, 200)
    whole.show()
    wait_until(lambda: bool(told))
    for _ in range(5):
        turn()
    told.clear()
    other.update()
    bar.fill(30)
    assert (told, bar.value(), bar.updatesEnabled()) == ([], 30, True)
    wait_until(lambda: "other" in told)
    whole.close()


@pytest.mark.parametrize("kind", [RunStrip, PhasesView])
def test_every_bar_of_a_run_is_such_a_bar(app: QApplication, kind: type[QWidget]) -> None:
    bars = kind().findChildren(QProgressBar)
    assert [type(bar) for bar in bars] == [ProgressBar] * len(bars) != []
