"""Everything that looks as if it could be pressed is pressed with a real click, in every state, and something is seen."""

import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QFocusEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.protocol.training_queue import TrainingQueue
from sleapnn_gui.app import build
from sleapnn_gui.document.commands import State as Kept
from sleapnn_gui.document.drafts import DraftStore
from sleapnn_gui.form.layout import read_layout
from sleapnn_gui.form.section_page import Filter
from sleapnn_gui.inspector.labels_page import DropZone
from sleapnn_gui.inspector.see.crop_view import CROP_SIZE
from sleapnn_gui.inspector.see.sights import SIGHTS
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.results.frame_source import Files
from sleapnn_gui.run.machine import State
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.widgets.living import top_level_widgets
from sleapnn_gui.widgets.message_line import MessageLine
from tests.gui.monitor.test_runs_page import run, write
from tests.gui.run.following import ENGINE, ROOT
from tests.gui.shell.pressing import Presser
from tests.gui.windows import throw_away

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]
MENUS = ("File", "Edit", "View", "Train", "Runs", "Help")
QUIT = "action.quit"  # ends the window, which has tests of its own


@pytest.fixture(scope="module")
def shown(app: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    """One window for the module: making it is the slow part."""
    flash = app.cursorFlashTime()
    app.setCursorFlashTime(0)  # a blinking cursor is nothing that a click brings about
    with contextlib.chdir(tmp_path_factory.mktemp("shown")):
        _, found = build(["sleapnn-gui", "--theme", "light"])
        found.resize(1280, 800)
        # It goes from page to page by itself, which is nothing for a walk; that a press begins it has a test of its own.
        found.first_steps.demo_wanted.disconnect()
        found.first_steps.demo_wanted.connect(lambda: found.show_message("The demonstration begins."))
        yield found
        throw_away(found)
    app.setCursorFlashTime(flash)


@pytest.fixture
def window(
    shown: MainWindow, wait_until: Wait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """The window as it starts; what was set to train by a press trains no longer than the test."""
    queue = TrainingQueue(tmp_path / "queue.json")
    monkeypatch.setenv("SLEAPNN_QUEUE", str(queue.path))
    shown.runs.leave()
    shown.runs.changed.emit()
    shown.files.set_labels([])
    shown.files.do_new()
    shown.files.finish()
    shown.document.undo_stack.setClean()
    shown.runs_page.starred.setChecked(False)
    shown.form.set_filter(Filter())
    wait_until(lambda: shown.document.facts is None)
    yield shown
    shown.runs.finish()
    session = shown.session
    if session is not None:
        # An engine that is only about to start would train beside all tests that follow.
        wait_until(lambda: session.pid is not None or session.is_over, 60)
        end(session)
    end_queue(queue)


def end_queue(queue: TrainingQueue) -> None:
    """End the process that trains a pair, once it has said that it is there."""
    late = time.monotonic() + 5
    while any(one.group for one in queue.read()) and time.monotonic() < late:
        worker = queue.standing().worker
        if worker is not None and worker.is_there:
            os.kill(worker.pid, signal.SIGKILL)
            return
        time.sleep(0.05)


def end(session: RunSession) -> None:
    if session.pid is not None and not session.is_over:
        os.kill(session.pid, signal.SIGKILL)


@pytest.fixture
def walker(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Iterator[Presser]:
    """Somebody who presses everything, and has found nothing dead when the test ends."""
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url.toString())) or True)
    found = Presser(window, opened)
    yield found
    found.close_what_opened()
    assert found.dead == []


def on_page(window: MainWindow, page: str, part: QWidget | None = None) -> Callable[[], QWidget]:
    """Brings a page of the window back before each press; what is walked is the page or another part."""

    def back() -> QWidget:
        window.show_message("")
        window.show_page(page)
        QApplication.processEvents()
        return part or window.pages.currentWidget()

    return back


def test_what_does_nothing_is_found(walker: Presser, window: MainWindow) -> None:
    """The walk can fail: focus, hover and being pressed are nothing that happens."""
    dialog = QDialog(window)
    column = QVBoxLayout(dialog)
    line = MessageLine()
    line.show_message("Nobody listens.", severity="info", link="Go")
    field = QComboBox()
    field.addItems(["one", "two"])
    alive = QPushButton("alive")
    alive.clicked.connect(lambda: alive.setText("dead" if alive.text() == "alive" else "alive"))
    for widget in (QPushButton("button"), QToolButton(text="tool"), line, alive, DropZone(), field):
        column.addWidget(widget)

    def show() -> QWidget:
        dialog.show()
        return dialog

    walker.patience = 0.3
    walker.walk(show, "bench")
    assert walker.dead == [
        "bench: “button”",
        "bench: “tool”",
        "bench: link fix",
        "bench: DropZone Drop labels here",
        "bench: “Choose labels…”",
    ]
    assert len(walker.pressed) == 8
    walker.dead.clear()
    dialog.deleteLater()


def test_what_is_replaced_while_it_is_reached_for_is_pressed_anew(
    walker: Presser, window: MainWindow
) -> None:
    dialog = QDialog(window)
    column = QVBoxLayout(dialog)
    pressed: list[str] = []

    def put(text: str) -> QPushButton:
        button = QPushButton("Go")
        button.clicked.connect(lambda: (pressed.append(text), button.setEnabled(False)))
        column.addWidget(button)
        return button

    class Replaced(QPushButton):
        def focusInEvent(self, event: QFocusEvent) -> None:
            if event.reason() == Qt.FocusReason.MouseFocusReason:
                self.hide()
                self.deleteLater()
                put("second")

    column.addWidget(QLineEdit())  # which has the focus first
    column.addWidget(Replaced("Go"))

    def show() -> QWidget:
        dialog.show()
        return dialog

    walker.walk(show, "replaced")
    assert pressed == ["second"]
    walker._seen.clear()
    dialog.deleteLater()


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train shows a run that is about to begin; the process itself would outlive the walk."""
    monkeypatch.setattr(RunSession, "start", lambda *_args, **_more: None)


@pytest.mark.usefixtures("no_engine")
def test_nothing_open(walker: Presser, window: MainWindow) -> None:
    walker.walk(on_page(window, "data", window), "window")
    for page in ("data", "train", "runs"):
        walker.walk(on_page(window, page), page)
    assert len(walker.pressed) > 20


@pytest.mark.usefixtures("no_engine")
def test_labels_and_a_preset(
    walker: Presser, window: MainWindow, shared_data: Path, wait_until: Wait
) -> None:
    window.open_path(shared_data / "flies13_pair" / "val.pkg.slp")
    wait_until(lambda: window.document.facts is not None, 60)
    page = window.labels_page
    wait_until(lambda: bool(page.findings.rows) and page.split.show_them.isEnabled(), 30)
    page.use.click()
    walker.walk(on_page(window, "data", window), "window")
    for page in ("data", "train", "runs"):
        walker.walk(on_page(window, page), page)
    assert len(walker.pressed) > 20


def test_menus(walker: Presser, window: MainWindow) -> None:
    for _ in range(2):
        window.document.set_value("trainer_config.seed", 3)
        window.document.undo_stack.undo()
        window.document.set_value("trainer_config.max_epochs", 3)
    for title in MENUS:
        walker.walk_menu(window.menuBar(), title, begin=on_page(window, "data"), but=QUIT)
    assert len(walker.pressed) > 20


@pytest.mark.parametrize("page", [page.id for page in read_layout().pages])
def test_the_form(walker: Presser, window: MainWindow, page: str) -> None:
    """Every row, card and switch; what a choice brings up is pressed as well."""
    form = window.form
    back = on_page(window, "configure", form)

    def begin() -> QWidget:
        if form.page() != page:
            form.show_page(page)
        if form.filter() != Filter(all=True):
            form.set_filter(Filter(all=True))
        return back()

    walker.walk(begin, page)
    assert walker.pressed


@pytest.mark.parametrize("sight", [sight.kind for sight in SIGHTS])
def test_see(walker: Presser, window: MainWindow, shared_data: Path, wait_until: Wait, sight: str) -> None:
    """The buttons of each sight, over real labels."""
    see, watch = window.see, window.see.watch
    window.files.use_preset("topdown_centered_instance_unet_medium_rf")
    window.files.set_labels([str(shared_data / "flies13_pair" / "val.pkg.slp")])
    window.files.finish()
    window.document.set_value(CROP_SIZE, 48)
    window.form.set_pane_shown(True)
    window.form.context.open_title("See")
    walker.patience = 5.0

    def begin() -> QWidget:
        window.show_page("configure")
        see.show_kind(sight)
        wait_until(lambda: watch.is_idle and see.message.isHidden(), 60)
        return see

    walker.walk(begin, sight)
    assert len(walker.pressed) >= 4
    window.form.set_pane_shown(None)


SCRIPTS = {
    State.TRAINING: {"epochs": 400},
    State.PAUSED: {"epochs": 400},
    State.COMPLETED: {"epochs": 4},
    State.FAILED: {"epochs": 4, "fail_at": 50},
}


@pytest.mark.parametrize("state", SCRIPTS, ids=lambda state: state.value)
def test_a_run(walker: Presser, window: MainWindow, tmp_path: Path, wait_until: Wait, state: State) -> None:
    """A run of a scripted engine; once its state is reached, its news are held back."""
    window.document.set_value("trainer_config.ckpt_dir", str(tmp_path))
    session, page = RunSession(window, engine=ENGINE), window.train_page
    session.start(json.dumps(SCRIPTS[state]), tmp_path / "run_a", folder=ROOT)
    try:
        window.runs.follow(session)
        if not session.is_over and state in (State.TRAINING, State.PAUSED):
            wait_until(lambda: page.store.is_training and len(page.store.epochs) > 2, 30)
            if state is State.PAUSED:
                session.pause()
        wait_until(lambda: session.state is state, 30)
        page._refresh()
        session._timer.stop()
        page._timer.stop()
        walker.walk(on_page(window, "train"), state.value)
        walker.walk_menu(window.menuBar(), "Train", begin=on_page(window, "train"))
        assert len(walker.pressed) > 8
    finally:
        end(session)


def test_a_model_that_is_used(
    walker: Presser, window: MainWindow, shared_data: Path, tmp_path: Path, wait_until: Wait
) -> None:
    """The list of runs with one chosen, and the sheet of a prediction before it is made and after."""
    folder = write(tmp_path / "bottomup", run("bottomup"), outcome="completed")
    shutil.copytree(shared_data / "sleap_nn_models" / "minimal_instance_bottomup", folder, dirs_exist_ok=True)
    window.document.set_value("trainer_config.ckpt_dir", str(tmp_path))
    window.show_page("runs")
    # What another test trained may be listed as well.
    wait_until(lambda: folder in [one.folder for one in window.runs_page.model.shown], 60)
    window.runs_page.choose([folder])
    page = window.results.predict_page
    window.runs_page.predict.click()
    wait_until(lambda: page.sheet.model is not None)
    assert window.page() == "predict"
    walker.walk(on_page(window, "runs"), "runs with one chosen")
    walker.walk(on_page(window, "predict"), "predict")
    page.sheet.data.choose(str(shared_data / "projects" / "minimal_instance" / "minimal_instance.pkg.slp"))
    page.sheet.output.choose(str(tmp_path / "out.slp"))
    page.start.click()
    wait_until(lambda: page.state == "done" and not page.is_at_work, 120)
    walker.walk(on_page(window, "predict", page.strip), "predicted")
    frames = window.results.frames_page
    page.look.click()
    assert window.page() == "frames"
    wait_until(lambda: frames.shown is not None, 60)
    walker.walk(on_page(window, "frames"), "frames of a picture")
    video = shared_data / "projects" / "centered_pair" / "centered_pair_predictions.slp"
    window.results.show_frames(Files(str(video)))
    wait_until(lambda: frames.slider.maximum() > 10, 60)
    frames.slider.setValue(3)
    wait_until(lambda: frames.shown is not None and frames.shown.index == 3)
    walker.walk(on_page(window, "frames"), "frames of a video")


def test_an_evaluation(
    walker: Presser, window: MainWindow, shared_data: Path, tmp_path: Path, wait_until: Wait
) -> None:
    folder = write(tmp_path / "bottomup", run("bottomup"), outcome="completed")
    shutil.copytree(shared_data / "sleap_nn_models" / "minimal_instance_bottomup", folder, dirs_exist_ok=True)
    page = window.results.evaluation_page
    window.results.show_evaluation(folder)
    wait_until(page.evaluate.isEnabled)
    walker.walk(on_page(window, "evaluation"), "not evaluated yet")
    page.evaluate_on(str(shared_data / "projects" / "minimal_instance" / "minimal_instance.pkg.slp"))
    wait_until(lambda: page.stack.currentWidget() is page.view, 120)
    wait_until(lambda: page.view.worst[0].buttons[0].view.frame is not None, 60)
    walker.walk(on_page(window, "evaluation"), "evaluated")
    assert len(walker.pressed) > 7


def test_dialogs(walker: Presser, window: MainWindow, shared_data: Path, tmp_path: Path) -> None:
    actions = window.actions_by_verb
    walker.walk(dialog_of(window, actions["shortcuts"].trigger), "shortcuts")
    walker.walk(dialog_of(window, actions["about"].trigger), "about")
    window.document.set_value("trainer_config.max_epochs", 3)
    guard = window.files.guard
    ask = lambda: guard.before("Opening b.yaml", lambda: window.show_message("Opened."))  # noqa: E731
    walker.walk(dialog_of(window, ask), "unsaved")
    window.document.undo_stack.setClean()
    window.open_path(shared_data / "legacy_configs" / "trained.robot.single_instance.json")
    window.files.finish()
    walker.walk(dialog_of(window, actions["import_report"].trigger), "import report")
    facts = {"labeled_frames": 5, "instances_per_frame": [[2, 5]], "nodes": ["a", "b"], "edges": []}
    window.labels_page.show_facts(facts)
    page = window.labels_page
    page.presets.setCurrentItem(page.beside.presets.item_of("single_instance_unet_medium_rf"))
    walker.walk(dialog_of(window, window.labels_page.use.click), "preset that does not fit")
    walker.walk(dialog_of(window, actions["review"].trigger), "before training")
    mine = tmp_path / "mine.yaml"
    window.document.save(mine)

    def save_what_others_changed() -> None:
        mine.write_text("trainer_config: {max_epochs: 99}\n", encoding="utf-8")
        actions["save"].trigger()

    walker.walk(dialog_of(window, save_what_others_changed), "overtaken")
    assert len(walker.pressed) > 15


def dialog_of(window: MainWindow, show: Callable[[], object]) -> Callable[[], QWidget]:
    """Shows a dialog again whenever a press has closed it."""

    def begin() -> QWidget:
        window.files.finish()
        window.show_message("")
        for _ in range(2):
            tops = [top for top in top_level_widgets() if top.isVisible() and top is not window]
            if tops:
                return tops[0]
            show()
            window.files.finish()
            QApplication.processEvents()
        raise AssertionError("no dialog opens")

    return begin


def test_the_offer_of_a_draft(walker: Presser, window: MainWindow) -> None:
    for title in ("one", "two", "three", "four"):
        store = DraftStore(window.drafts._store.folder)
        store.write(Kept(values={"trainer_config": {"max_epochs": 3}}, title=title))
        assert store._lock_file is not None
        store._lock_file.release()
    window.draft_offer.check()
    walker.walk(on_page(window, "data", window.draft_offer), "draft")
    assert len(walker.pressed) == 4
