"""Everything that comes by itself, on every page: no control under the pointer moves, or comes to do something else."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QWidget

from sleapnn_engine.config.issue import error, warning
from sleapnn_gui.app import build
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.monitor.run_summary import RunSummary
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.outcome import Outcome
from sleapnn_gui.widgets.still import Still
from tests.gui.form.conftest import FACTS
from tests.gui.inspector.see_answers import ANSWERS
from tests.gui.monitor.showing import long_run, show
from tests.gui.shell.pressing import controls
from tests.gui.windows import throw_away

HEAD = "model_config.head_configs.single_instance.confmaps"
CROP = "data_config.preprocessing.crop_size"
LONG = "The crops are smaller than the animals, so that the model sees parts of them only. " * 3
#: Several animals, so that presets for one are told apart.
LABELS = {
    **FACTS,
    "max_instances_per_frame": 3,
    "instances": {"used": 483},
    "image_sizes": [{"height": 1024, "width": 1280, "channels": 1, "frames": 161}],
    "instance_size": {"min": 60, "median": 120, "max": 163},
}
FOUND = [error(CROP, LONG), warning(f"{HEAD}.sigma", LONG)]


def run_named(name: str) -> RunSummary:
    return RunSummary(Path(name), state="running")


@pytest.fixture(scope="module")
def shown(app: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    with contextlib.chdir(tmp_path_factory.mktemp("shown")):
        _, found = build(["sleapnn-gui", "--theme", "light"])
        found.resize(1280, 720)
        begin(found)
        yield found
        found.train_page.session._engine = None
        throw_away(found)


def labels(window: MainWindow, known: bool) -> None:
    window.document.set_facts(LABELS if known else None)
    if known:
        window.labels_watch.known.emit(LABELS)
    else:
        window.labels_page.show_nothing()


def figures(window: MainWindow, known: bool) -> None:
    made = {"parameters": 1_234_567, "crop_size": 160, "steps_per_epoch": 225}
    window.document.set_figures(made if known else None, pending=not known)


def check(window: MainWindow, known: bool) -> None:
    window.document.set_outside_issues("labels", FOUND if known else [])
    if known:
        window.full_check.done.emit()
    else:
        window.show_message("")


def run_list(window: MainWindow, known: bool) -> None:
    names = ["new", "two", "one"] if known else ["two", "one"]
    page = window.runs_page
    page._read, page._found = [], set()
    page._receive([run_named(name) for name in names], True)


def run_state(window: MainWindow, state: State) -> None:
    session = window.train_page.session
    assert session is not None
    session.machine.state = state
    session.state_changed.emit()
    window.train_page._refresh()


def paused(window: MainWindow, known: bool) -> None:
    """By another window, or from the command line."""
    run_state(window, State.PAUSED if known else State.TRAINING)


def contact_lost(window: MainWindow, known: bool) -> None:
    """The engine answers no longer, and its last words have been read."""
    page = window.train_page
    session = page.session
    assert session is not None
    if session.is_over:
        begin(window)
        session = page.session
    session.machine.set_lost_contact(lost=known)
    session.state_changed.emit()
    page._refresh()
    if known:
        page._contact._show_silence(session, Path("run.log"), ("The last line there is.",))


def run_ends(window: MainWindow, known: bool) -> None:
    page = window.train_page
    if known:
        run_state(window, State.FAILED)
        page.session.ended.emit(Outcome(State.FAILED, "The disk is full. " * 20))
    else:
        begin(window)


def begin(window: MainWindow) -> None:
    page = window.train_page
    session = show(page, long_run(), State.TRAINING)
    session._engine = SimpleNamespace(is_reachable=True, pid=None, leave=lambda: None)
    page._timer.stop()
    page._refresh()


def question_withdrawn(window: MainWindow, known: bool) -> None:
    """The run ends while it is asked whether it should be cancelled."""
    if known:
        run_ends(window, True)
    else:
        begin(window)
        window.train_page.question.ask()


def seen(window: MainWindow, known: bool, *, kind: str) -> None:
    """An answer to what is seen comes: after none or after one that fails, of another crop size."""
    see = window.see
    window.form.set_pane_shown(True)
    window.form.context.open_title("See")
    see.watch.kind = kind
    see._show_kind(kind)
    answer = ANSWERS[kind]()
    if kind == "crops" and known:
        answer["side"] = answer["found"]
    see.watch.answered.emit(kind, answer)
    if not known:
        see.watch.failed.emit(LONG)


HAPPENINGS: dict[str, Callable[[MainWindow, bool], Any]] = {
    "labels arrive": labels,
    "figures arrive": figures,
    "a check ends": check,
    **{f"{kind} arrive": partial(seen, kind=kind) for kind in ANSWERS},
    "the list of runs is read": run_list,
    "a run is paused elsewhere": paused,
    "contact with a run is lost": contact_lost,
    "a run ends": run_ends,
    "a run ends while it is asked about": question_withdrawn,
}


def point_at(window: MainWindow, place: QPoint) -> None:
    QTest.mouseMove(window.windowHandle(), place)
    settle()


def settle() -> None:
    for _ in range(5):
        QApplication.processEvents()


def let_go(window: MainWindow) -> None:
    """Point at nothing, and have everything done that waited for it."""
    point_at(window, QPoint(1, 1))
    for still in window.findChildren(Still):
        still._check()
    settle()


def under(window: MainWindow, place: QPoint) -> tuple[Any, ...] | None:
    """What a press at a place would do: which control it meets, where that begins, and what it says."""
    widget = window.childAt(place)
    while widget is not None and not (widget.focusPolicy().value & 2 or isinstance(widget, QAbstractButton)):
        widget = widget.parentWidget()
    if widget is None or not widget.isEnabled():
        return None
    # The button that lists problems says how many there are, and lists them however many.
    says = widget.text() if isinstance(widget, QAbstractButton) and widget.objectName() != "problems" else ""
    if isinstance(widget, QAbstractItemView):
        item = widget.indexAt(widget.viewport().mapFrom(window, place))
        return widget, item.data(), widget.viewport().mapTo(window, widget.visualRect(item).topLeft())
    return widget, widget.mapTo(window, QPoint()), says


def spots(window: MainWindow, part: QWidget) -> list[QPoint]:
    """Where there is something to press, every part of a list included."""
    found = []
    for control in controls(part).values():
        widget: QWidget = control.widget
        seen = widget.visibleRegion().boundingRect()
        heights = (seen.top() + 6, seen.center().y(), seen.bottom() - 6)
        for y in heights if widget is not control.owner else heights[1:2]:
            place = widget.mapTo(window, QPoint(seen.center().x(), y))
            if not seen.isEmpty() and place not in found:
                found.append(place)
    return found


@pytest.mark.parametrize("happening", HAPPENINGS)
@pytest.mark.parametrize("page", ["data", "configure", "train", "runs"])
def test_nothing_under_the_pointer_moves_or_changes_its_meaning(
    shown: MainWindow, page: str, happening: str
) -> None:
    window, happen = shown, HAPPENINGS[happening]
    happen(window, False)
    window.show_page(page)
    if page == "data":
        window.labels_page.presets.setCurrentRow(0)
    if page == "configure":
        window.form.reveal(CROP)
    let_go(window)
    # Neighbours move together: every third of many rows is as good as all.
    places = spots(window, window.centralWidget())
    places = places if len(places) < 24 else places[::3]
    assert places
    for place in places:
        happen(window, False)
        window.show_page(page)
        let_go(window)
        point_at(window, place)
        before = under(window, place)
        happen(window, True)
        settle()
        assert before is None or under(window, place) in (before, None), (before, place)
    let_go(window)
    happen(window, False)
