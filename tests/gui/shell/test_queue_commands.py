"""The queue in the window: what is added, moved, trained and paused there is so in the file, and outlives the window."""

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from sleapnn_engine.config.files import copy_values, dump_config, read_config
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.protocol.queue_records import QueuedTraining, QueueStanding, QueueState
from sleapnn_engine.protocol.training_queue import TrainingQueue, default_queue
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.results.queue_model import QueueModel
from sleapnn_gui.run.queue_watch import PAUSE, TRAIN, QueueSight, queue_words
from sleapnn_gui.shell.settings_store import remember_run_folder
from tests.gui.monitor.test_runs_page import run, write
from tests.gui.windows import start_over

Wait = Callable[..., None]
pytestmark = pytest.mark.usefixtures("quick_engines")


@pytest.fixture
def window(kept: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLEAPNN_QUEUE", str(tmp_path / "queue.json"))
    yield start_over(kept)
    kept.runs_page.queue.watch.leave()


@pytest.fixture
def folder(window: MainWindow, tmp_path: Path, wait_until: Wait) -> Path:
    """A run that is over, listed on the Runs page with the queue below it."""
    made = write(tmp_path / "one", run("single_instance"), outcome="completed")
    preset = next(one for one in list_presets("guide") if one.model_type == "single_instance")
    (made / "initial_config.yaml").write_text(dump_config(copy_values(read_config(preset.path).values)))
    remember_run_folder(tmp_path)
    window.actions_by_verb["queue_show"].trigger()
    wait_until(lambda: any(one.folder == made for one in window.runs_page.model.shown))
    return made


def press(window: MainWindow, text: str) -> None:
    buttons = window.runs_page.queue.findChildren(QPushButton)
    button = next(one for one in buttons if one.text() == text)
    assert button.isEnabled(), text
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def names(queue: TrainingQueue) -> list[str]:
    return [Path(one.run_dir or "").name for one in queue.read()]


def test_what_is_added_and_moved_is_so_in_the_file(
    window: MainWindow, folder: Path, tmp_path: Path, wait_until: Wait
) -> None:
    queue, panel, page = TrainingQueue(default_queue()), window.runs_page.queue, window.runs_page
    assert panel.isVisible()
    assert "Nothing waits yet" in panel.words.text()
    for count in (1, 2):
        page.choose([folder])
        press(window, "Add chosen runs")
        wait_until(lambda count=count: len(panel.model.rows) == count)
    assert names(queue) == ["one-1", "one-2"], "folders that are not there yet are not given twice"
    assert page.queue_shown.text() == "Queue · 2"
    labels = tmp_path / "a.slp"
    labels.touch()
    window.files.set_labels([str(labels)])
    window.document.set_value("trainer_config.run_name", "mine")
    press(window, "Add this config")
    wait_until(lambda: len(panel.model.rows) == 3)
    window.document.set_value("trainer_config.run_name", "later")
    assert read_config(Path(queue.read()[2].config)).values["trainer_config"]["run_name"] == "mine"
    assert "Added to the queue, after 2 others: mine." in window.banner.sentence
    panel.table.selectRow(2)
    press(window, "Sooner")
    wait_until(lambda: names(queue) == ["one-1", "mine", "one-2"])
    wait_until(lambda: [one.number for one in panel.selected] == [3] and panel.model.rows[1].number == 3)
    press(window, "Sooner")
    wait_until(lambda: names(queue)[0] == "mine")
    wait_until(lambda: panel.model.rows[0].number == 3)
    press(window, "Sooner")
    wait_until(lambda: "stays where it is" in window.banner.sentence)
    copies = list(queue.copies.iterdir())
    press(window, "Take out")
    wait_until(lambda: names(queue) == ["one-1", "one-2"])
    wait_until(lambda: len(list(queue.copies.iterdir())) == len(copies) - 1)
    window.document.set_value("trainer_config.max_epochs", "many")
    press(window, "Add this config")
    assert window.page() == "configure", "a config with problems is not added; the first of them is shown"
    assert len(queue.read()) == 2


def test_the_queue_is_trained_by_a_process_that_outlives_the_window(
    window: MainWindow, folder: Path, tmp_path: Path, wait_until: Wait
) -> None:
    queue, panel = TrainingQueue(default_queue()), window.runs_page.queue
    config = folder / "initial_config.yaml"
    queue.add(config=config, folder=tmp_path, run_dir=str(folder))
    queue.add(config=tmp_path / "gone.yaml", folder=tmp_path)
    queue.add(config=config, folder=tmp_path / "gone")
    wait_until(lambda: len(panel.model.rows) == 3)
    press(window, "Train the queue")
    assert "Asked to train" in panel.words.text()
    wait_until(lambda: [one.state for one in queue.read()][:2] == ["skipped", "failed"], 30)
    wait_until(lambda: not panel.watch.sight.at_work and panel.model.rows[1].state is QueueState.FAILED)
    assert [one.state for one in queue.read()][2] == "waiting", "a failure holds it"
    QTest.mouseClick(panel.go_on, Qt.MouseButton.LeftButton)
    wait_until(lambda: queue.standing().go_on)
    press(window, "Clear")
    wait_until(lambda: len(panel.model.rows) == 1)
    queue.add(config=tmp_path / "gone.yaml", folder=tmp_path)
    press(window, "Train the queue")
    panel.watch.leave()  # as when the window closes
    wait_until(lambda: {one.state for one in queue.read()} == {"failed"}, 30)
    wait_until(lambda: not queue.standing().is_at_work)


def test_pausing_is_asked_accepted_and_done(
    window: MainWindow, folder: Path, tmp_path: Path, wait_until: Wait
) -> None:
    queue, panel = TrainingQueue(default_queue()), window.runs_page.queue
    for _ in range(2):
        queue.add(config=tmp_path / "a.yaml", folder=tmp_path, run_dir=str(folder))
    with queue.working():
        queue.start_next()
        wait_until(lambda: panel.words.text().startswith("At work, 1 to come"))
        assert panel.model.index(0, 4).data() == "3 epochs done"
        press(window, "Pause")
        assert panel.words.text() == "Asked to pause …"
        wait_until(lambda: panel.words.text().startswith("Pausing: what is at work is trained to its end"))
        queue.finish(1, QueueState.DONE, code=0)
        assert queue.start_next() is None
    wait_until(lambda: panel.words.text() == "Paused: 1 training waits.")
    assert window.actions_by_verb["queue_train"].isEnabled()
    assert not window.actions_by_verb["queue_pause"].isEnabled()
    default_queue().write_text("no queue", encoding="utf-8")
    wait_until(lambda: "This is no queue of trainings" in panel.words.text())
    default_queue().unlink()
    wait_until(lambda: "Nothing waits yet" in panel.words.text())


def training(number: int, **said: object) -> QueuedTraining:
    return QueuedTraining(number=number, config=f"/c/{number}.yaml", folder="/c", added=1.0, **said)  # type: ignore[arg-type]


def test_rows_that_have_not_changed_are_left_alone() -> None:
    model = QueueModel()
    told: list[str] = []
    for signal in (model.rowsInserted, model.rowsRemoved, model.rowsMoved, model.dataChanged):
        signal.connect(lambda *_, signal=signal: told.append(signal))
    model.modelReset.connect(lambda: told.append("reset"))

    def show(*trainings: QueuedTraining) -> list[str]:
        told.clear()
        model.show_sight(QueueSight(QueueStanding(trainings=trainings), at_work=True))
        assert [one.number for one in model.rows] == [one.number for one in trainings]
        return list(told)

    one, two, three = training(1), training(2), training(3)
    assert show(one, two, three) == [model.rowsInserted], "all at once"
    assert show(one, two, three) == []
    assert show(three, one, two) == [model.rowsMoved]
    assert show(three, two) == [model.rowsRemoved]
    four, five = training(4), training(5)
    assert show(four, three, two, five) == [model.rowsInserted] * 2
    assert show(four, five) == [model.rowsRemoved], "neighbours at once"
    assert show(four, three, two, five) == [model.rowsInserted]
    assert show(three, two) == [model.rowsRemoved] * 2
    assert show(attrs.evolve(three, state="running"), two) == [model.dataChanged]


def test_what_a_queue_does_is_told_in_a_sentence() -> None:
    waits, over = training(1), training(2, state="done")

    def words(
        *trainings: QueuedTraining, at_work: bool = False, paused: bool = False, asked: str = ""
    ) -> str:
        standing = QueueStanding(trainings=trainings, paused=paused)
        return queue_words(QueueSight(standing, at_work=at_work), asked=asked)

    assert "Nothing waits yet" in words()
    assert words(over) == "Nothing waits any more."
    assert words(waits, waits).startswith("2 trainings wait.")
    assert words(waits, paused=True) == "Paused: 1 training waits."
    assert words(waits, asked=TRAIN).startswith("Asked to train")
    assert words(waits, at_work=True, asked=TRAIN).startswith("At work, 1 to come")
    assert words(waits, at_work=True, asked=PAUSE) == "Asked to pause …"
    assert words(waits, at_work=True, paused=True, asked=PAUSE).startswith("Pausing")
    assert queue_words(QueueSight(problem="It is broken.")) == "It is broken."


def test_nobody_at_work_means_interrupted() -> None:
    model = QueueModel()
    at_work = training(1, state="running")
    for there, word in ((True, "at work"), (False, "interrupted")):
        model.show_sight(QueueSight(QueueStanding(trainings=(at_work,)), at_work=there))
        assert model.index(0, 1).data() == word
