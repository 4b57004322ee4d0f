"""Train on a top-down pair, with the real queue and real engines: both models, one after the other, then judged as one."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.pairs import PARTS
from sleapnn_engine.protocol.queue_records import PairStanding, QueueState
from sleapnn_engine.protocol.training_queue import TrainingQueue
from sleapnn_gui.main_window import MainWindow
from tests.engine.commands.in_process import engine
from tests.engine.training.rendered import job, write_labels
from tests.gui.real_runs import real_window

Wait = Callable[..., None]
pytestmark = pytest.mark.usefixtures("quick_engines")


@pytest.fixture
def window(app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setenv("SLEAPNN_QUEUE", str(tmp_path / "queue.json"))
    with real_window(tmp_path, monkeypatch) as found:
        yield found


def write_pair(folder: Path, *, epochs: int = 2) -> Path:
    """Both configs of a pair on drawn animals; returns the one of the parts."""
    labels = write_labels(folder, animals=2, size=(64, 96))
    for kind in ("centroid", "centered_instance"):
        said = {"run_name": kind, "max_epochs": epochs, "save_ckpt": True}
        changes = {f"trainer_config__{name}": value for name, value in said.items()}
        values = job(folder, labels, model_type=kind, **changes)
        (folder / f"flies.{kind}.yaml").write_text(dump_config(values), encoding="utf-8")
    return folder / "flies.centered_instance.yaml"


def test_both_models_are_trained_followed_and_judged_as_one(
    window: MainWindow, tmp_path: Path, wait_until: Wait
) -> None:
    queue = TrainingQueue(tmp_path / "queue.json")
    (tmp_path / "else.yaml").touch()
    queue.add(config=tmp_path / "else.yaml", folder=tmp_path)
    window.open_path(write_pair(tmp_path))
    window.files.finish()
    window.files.pairs.finish()
    assert window.document.half == PARTS
    wait_until(lambda: window.document.facts is not None, 60, "labels are described")
    window.document.set_value("trainer_config.seed", 7)  # what is edited and not saved is trained too
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.page() == "train"
    before_the_rest = ["pair flies"] * 2 + [""]
    wait_until(
        lambda: [one.group for one in queue.read()] == before_the_rest, 30, "before what waits already"
    )
    wait_until(lambda: "one after the other: centroid and centered_instance." in window.banner.sentence)
    told: list[str] = []
    pair = window.runs.pair
    assert pair is not None
    pair.offered.connect(lambda words, *_: told.append(words))  # before short trainings can have ended
    window.actions_by_verb["train"].trigger()
    assert "A top-down pair is being trained" in window.banner.sentence
    for name in ("centroid", "centered_instance"):
        wait_until(
            lambda name=name: (
                window.session is not None and window.session.run_dir == tmp_path / "models" / name
            ),
            90,
            f"{name} is followed",
        )
    wait_until(lambda: "Judged together" in window.banner.sentence, 120, "judged together")
    assert [one.state for one in queue.read()] == ["done", "done", "waiting"], "nobody asked for the rest"
    judged = Path(queue.read()[1].judged)
    assert judged.is_file(), "by the queue, so that no window is needed"
    assert [words for words in told if "Judging them together" in words]
    said = window.banner.sentence
    assert "of 4 animals found on the validation frames" in said
    assert "missed by the centre model" in said
    assert "misplaced by the parts model" in said
    window.banner.followed.emit()
    assert window.page() == "evaluation"
    (made,) = (tmp_path / "models" / "centered_instance" / "evaluations").glob("*/evaluation.json")
    assert made == judged
    assert made.parent.name == "labels_gt.val.0 with centroid"


def stop_judging(queue: TrainingQueue) -> None:
    """Press Stop as soon as there is something to stop."""
    end = time.monotonic() + 60
    while (judging := queue.standing().judging) is None and time.monotonic() < end:
        time.sleep(0.01)
    assert judging is not None
    assert queue.stop_judging(judging.number)
    assert not queue.stop_judging(judging.number - 1), "that is none"


def test_a_pair_of_the_terminal_is_judged_by_the_queue_too_and_that_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody says which run folders: the second time both are skipped, for what is trained is trained."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLEAPNN_QUEUE", str(tmp_path / "queue.json"))
    parts = write_pair(tmp_path)
    queue = TrainingQueue(tmp_path / "queue.json")
    assert engine("queue", "add", tmp_path / "flies.centroid.yaml", "--pair", parts).code == 0
    said = engine("queue", "run", "--group", "pair flies")
    assert (said.code, "both models are trained; judging them together" in said.out) == (0, True), said.err
    first, second = queue.read()
    assert (Path(first.run_dir or "").name, first.judged) == ("centroid", "")
    assert Path(second.judged).parents[1] == tmp_path / "models" / "centered_instance" / "evaluations"
    assert queue.standing().judging is None

    again = [{"config": one.config, "folder": one.folder, "run_dir": one.run_dir} for one in (first, second)]
    queue.add_group(again, name="pair flies")
    stopper = threading.Thread(target=stop_judging, args=(queue,))
    stopper.start()
    assert engine("queue", "run").code == 0
    stopper.join()
    last = queue.read()[-1]
    assert (last.state, last.judged, last.not_judged) == ("skipped", "", "it was stopped.")
    assert "not judged together: it was stopped." in engine("queue", "list").out


def test_who_stops_the_first_model_says_whether_the_other_one_is_trained(
    window: MainWindow, tmp_path: Path, wait_until: Wait
) -> None:
    """And who closes the window is told what becomes of both; each stops by the rules it can follow."""
    queue = TrainingQueue(tmp_path / "queue.json")
    window.open_path(write_pair(tmp_path, epochs=2000))
    window.files.finish()
    window.files.pairs.finish()
    wait_until(lambda: window.document.facts is not None, 60, "labels are described")
    window.runs.do_train(["after 2 h", "error of nose below 0.01 px"])
    pair = window.runs.pair
    assert pair is not None
    wait_until(
        lambda: pair.waiting_model == "parts model" and window.runs.can("stop"), 90, "the first is trained"
    )
    both = ("after 2 h", "error of nose below 0.01 px")
    assert [one.stop_rules for one in queue.read()] == [both[:1], both]
    assert queue.read()[1].words[-6:-2] == ["--stop-when", both[0], "--stop-when", both[1]]

    window.document.undo_stack.setClean()
    window.close()
    box = window._closing.question
    assert box is not None
    assert "the parts model is trained after it. Stopping keeps this model" in box.informativeText()
    box.reject()

    window.actions_by_verb["stop"].trigger()
    wait_until(lambda: "The parts model is trained next" in window.banner.sentence, 60)
    window.banner.followed.emit()
    wait_until(lambda: len(queue.read()) == 1, 30, "the other one is taken out")
    wait_until(lambda: "The parts model is not trained." in window.banner.sentence)
    wait_until(lambda: not pair.is_at_work, 60)
    assert [one.state for one in queue.read()] == ["done"]
    wait_until(lambda: not window.runs.is_running, 60, "its end is seen here too")


def test_who_lets_the_other_be_trained_is_not_asked_any_more_once_it_is(
    window: MainWindow, tmp_path: Path, wait_until: Wait
) -> None:
    window.open_path(write_pair(tmp_path, epochs=2000))
    window.files.finish()
    window.files.pairs.finish()
    wait_until(lambda: window.document.facts is not None, 60, "labels are described")
    window.runs.do_train()
    pair = window.runs.pair
    assert pair is not None
    for said in ("The parts model is trained next", "Judged together"):
        wait_until(lambda: window.runs.can("stop") and window.train_page.store.epochs, 90, "one is trained")
        window.actions_by_verb["stop"].trigger()
        if pair.waiting_model:
            wait_until(lambda said=said: said in window.banner.sentence, 60)
            wait_until(lambda: window.banner.sentence == "The parts model is trained now.", 60)
    wait_until(lambda: "Judged together" in window.banner.sentence, 120, "judged together")


def test_how_far_the_queue_is_with_judging_is_in_the_banner_and_stop_there_stops_it(
    window: MainWindow, tmp_path: Path, wait_until: Wait
) -> None:
    """The queue is trained by this test, as by a process that the window knows nothing of."""
    queue = TrainingQueue(tmp_path / "queue.json")
    window.open_path(write_pair(tmp_path))
    window.files.finish()
    window.files.pairs.finish()
    wait_until(lambda: window.document.facts is not None, 60, "labels are described")
    with queue.working():
        window.actions_by_verb["train"].trigger()
        wait_until(lambda: len(queue.read()) == 2, 30, "both are in the queue")
        for one in queue.read():
            assert queue.start_next(group="pair flies") is not None
            queue.finish(one.number, QueueState.DONE, code=0)
        for reach in ("Predicting 1 of 4 frames …", "Predicting 2 of 4 frames …"):
            queue.show_judging(2, reach)
            wait_until(lambda reach=reach: window.banner.sentence.endswith(reach))
        assert window.banner.sentence.startswith("Both models are trained. Judging them together")
        window.banner.followed.emit()
        wait_until(lambda: (judging := queue.standing().judging) is not None and judging.is_unwanted)
        wait_until(lambda: window.banner.sentence == "Stopping …")
        queue.show_judging(2, "Comparing with the labels …")
        assert queue.standing().judging == PairStanding(
            number=2, reach="Comparing with the labels …", is_unwanted=True
        ), "what is on its way meanwhile does not undo it"
        queue.keep_judgement(2, judged="", why="it was stopped.")
        wait_until(lambda: window.banner.sentence.endswith("not judged together: it was stopped."))
    pair = window.runs.pair
    assert pair is not None
    assert not pair.is_at_work
