"""The evaluation of a run in the window: made by the engine on other labels, drawn, compared, written, clicked through."""

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sleap_io as sio
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QMenu

from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.results.evaluation_page import EvaluationPage
from sleapnn_gui.results.frame_source import Files, FrameSource
from sleapnn_gui.results.judgement_view import VideoRows
from tests.engine.commands.in_process import engine

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]


@pytest.fixture
def page(app: QApplication, wait_until: Wait) -> Iterator[EvaluationPage]:
    inspect = Inspect()
    found = EvaluationPage(inspect, FrameSource(inspect))
    found.resize(1204, 610)
    found.show()
    yield found
    found.evaluating.stop()
    wait_until(lambda: not found.evaluating.is_at_work, 60)
    found.leave()
    inspect.close()
    found.close()
    found.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(scope="module")
def predicted(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the model of several animals finds on the labelled frame."""
    made = tmp_path_factory.mktemp("predicted") / "predicted.slp"
    model = shared_data / "sleap_nn_models" / "minimal_instance_bottomup"
    labels = shared_data / "projects" / "minimal_instance" / "minimal_instance.pkg.slp"
    said = engine("predict", model, "--data", labels, "-o", made)
    assert said.code == 0, said
    return made


@pytest.fixture
def run(models: Path, labels: Path, predicted: Path) -> Path:
    """A run with what a training leaves of its validation frames."""
    folder = models / "bottomup"
    shutil.copyfile(labels, folder / "labels_gt.val.0.slp")
    shutil.copyfile(predicted, folder / "labels_pr.val.0.slp")
    return folder


@pytest.fixture
def shown(page: EvaluationPage, run: Path, wait_until: Wait) -> EvaluationPage:
    page.open(run)
    wait_until(lambda: page.stack.currentWidget() is page.view, 60, page.banner.text)
    return page


def headline(page: EvaluationPage) -> dict[str, str]:
    return {one.accessibleName(): one.value.text() for one in page.view.figures if one.isVisible()}


def test_a_run_shows_its_own_figures(
    shown: EvaluationPage, run: Path, labels: Path, wait_until: Wait
) -> None:
    words = ("--truth", run / "labels_gt.val.0.slp", "--predicted", run / "labels_pr.val.0.slp")
    body = json.loads(engine("evaluate", *words, "--json").out)
    first = shown._first
    assert first is not None
    assert first.judgement is not None
    assert first.judgement.report == body["report"]
    assert shown.which.currentText() == "Validation frames"
    found = headline(shown)
    assert found["animals found"] == "100 %"
    assert found["extra animals"] == "0"
    assert found["median error"] == f"{body['report']['distances']['px']['p50']:.1f} px"
    assert found["OKS mAP"] == f"{body['metrics']['voc_metrics']['oks_voc.mAP']:.2f}"
    medians = [part["px"]["median"] for part in body["report"]["parts"]]
    assert len(shown.view.boxes.names) == len(medians)
    worst = max(body["report"]["parts"], key=lambda part: part["px"]["median"])
    assert shown.view.boxes.names[-1] == worst["name"]
    shown.view.by_oks.click()
    assert shown.view.curves.currentWidget() is shown.view.oks
    assert "100 %" not in shown.view.oks.accessibleDescription()
    chosen: list[tuple[Files, dict]] = []
    shown.frame_wanted.connect(lambda files, told: chosen.append((files, told)))
    first_frame = shown.view.worst[0].buttons[0]
    wait_until(lambda: first_frame.view.frame is not None, 60)
    assert first_frame.view.matching.pairs
    first_frame.click()
    ((files, told),) = chosen
    assert (files.predicted, told["frame"]) == (str(run / "labels_pr.val.0.slp"), 0)


def test_another_run_stands_beside_it(shown: EvaluationPage, run: Path, wait_until: Wait) -> None:
    other = run.with_name("other")
    shutil.copytree(run, other)
    shown.compare_with(other)
    wait_until(lambda: shown._second is not None and shown._second.judgement is not None, 60)
    wait_until(lambda: shown.strip.name.text() == "bottomup beside other")
    assert shown.view.figures[0].caption.text().startswith("median error, beside ")
    assert shown.view.minimumSizeHint().width() <= shown.width()
    assert shown.view.boxes._others
    assert shown.view.parts_told.text() == "filled bottomup · hollow other"
    assert shown.view.pck.accessibleDescription().count("other: ") == 1
    chosen: list[Files] = []
    shown.frame_wanted.connect(lambda files, _: chosen.append(files))
    for place, folder in enumerate((run, other)):
        button = shown.view.worst[place].buttons[0]
        wait_until(lambda button=button: button.view.frame is not None, 60)
        button.click()
        assert chosen[-1].predicted == str(folder / "labels_pr.val.0.slp")
        assert shown.view.worst_of[place].text() == folder.name
    shown.compare_with(None)
    assert not shown.view.boxes._others
    shown.compare_with(run.parent / "single_instance")
    wait_until(lambda: "single_instance has no evaluation to compare with." in shown.banner.text)


def test_worst_frames_become_suggestions(
    shown: EvaluationPage, run: Path, tmp_path: Path, wait_until: Wait
) -> None:
    shown.view.to_labelling.click()
    menu = shown.findChild(QMenu, "menu.results")
    assert [action.text() for action in menu.actions()] == ["All 1 frame…"]
    menu.close()
    out = tmp_path / "to_label.slp"
    first = shown._first
    assert first is not None
    assert first.judgement is not None
    shown.labelling.write(first.source.files, first.judgement.report["frames"], str(out))
    wait_until(lambda: shown.banner.text.startswith(f"1 frame is a suggestion in {out}"), 60)
    assert [one.frame_idx for one in sio.load_slp(out.as_posix()).suggestions] == [0]
    before = (run / "labels_gt.val.0.slp").read_bytes()
    shown.labelling.write(first.source.files, first.judgement.report["frames"], str(first.source.files.truth))
    wait_until(lambda: "would replace the labels" in shown.banner.text, 60)
    assert (run / "labels_gt.val.0.slp").read_bytes() == before


def test_figures_and_picture_are_written(shown: EvaluationPage, tmp_path: Path, wait_until: Wait) -> None:
    table, picture = tmp_path / "figures.csv", tmp_path / "view.png"
    shown.exports.write_csv(str(table))
    wait_until(table.exists)
    wait_until(lambda: shown.banner.text == f"The figures are in {table}.")
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))
    first = shown._first
    assert first is not None
    assert first.judgement is not None
    report = first.judgement.report
    by = {(row["what"], row["name"], row["figure"], row["unit"]): row["value"] for row in rows}
    assert float(by["all", "", "p50", "px"]) == report["distances"]["px"]["p50"]
    for part in report["parts"]:
        assert float(by["part", part["name"], "q3", "px"]) == part["px"]["q3"]
    assert {row["what"] for row in rows} == {"all", "metrics", "part", "video", "curve", "frame"}
    shown.exports.write_png(str(picture))
    wait_until(lambda: shown.banner.text == f"The picture is in {picture}.")
    assert QImage(str(picture)).width() == 2 * shown.view.width()
    shown.exports.write_csv(str(tmp_path / "none" / "x.csv"))
    wait_until(lambda: "was not written" in shown.banner.text)


def test_a_model_is_judged_on_labels_that_are_chosen(
    page: EvaluationPage, models: Path, labels: Path, wait_until: Wait
) -> None:
    page.open(models / "bottomup")
    wait_until(page.evaluate.isEnabled)
    assert page.stack.currentWidget() is page.empty
    for name in ("labels", "labels-1"):
        page.evaluate_on(str(labels))
        assert page.stop.isVisible()
        saved = models / "bottomup" / "evaluations" / name / "evaluation.json"
        wait_until(lambda: not page.evaluating.is_at_work, 120)
        wait_until(
            lambda name=name: (
                page.strip.about.text().startswith("labels") and page.which.currentText() == name
            )
        )
        assert page.stack.currentWidget() is page.view
        body = json.loads(saved.read_text(encoding="utf-8"))
        assert body["report"]["animals"]["found"] == 2
        assert headline(page)["animals found"] == "100 %"
    assert page.which.count() == 2
    assert page.evaluate.isVisible()


def test_what_fails_is_said_and_leaves_what_was_shown(
    shown: EvaluationPage, tmp_path: Path, wait_until: Wait
) -> None:
    shown.evaluate_on(str(tmp_path / "none.slp"))
    wait_until(lambda: "There is no such file" in shown.banner.text, 60)
    wait_until(lambda: not shown.evaluating.is_at_work)
    assert shown.evaluate.isVisible()
    assert shown.stack.currentWidget() is shown.view


def test_a_damaged_evaluation_is_said(page: EvaluationPage, models: Path, wait_until: Wait) -> None:
    folder = models / "bottomup" / "evaluations" / "odd"
    folder.mkdir(parents=True)
    for text in ("[", "{}", '{"report": 3, "metrics": {}}'):
        (folder / "evaluation.json").write_text(text, encoding="utf-8")
        page.banner.clear(at_once=True)
        page.open(models / "bottomup")
        wait_until(lambda: "is no evaluation" in page.banner.text)
    assert page.stack.currentWidget() is page.empty


def test_a_video_on_which_no_animal_was_found_comes_before_those_with_errors(app):
    rows = VideoRows()
    figures = {"a.mp4": 0.0, "b.mp4": None, "c.mp4": 3.0}
    rows.show_videos(
        [{"video": name, "p50_px": px, "missed": 0, "frames": 1} for name, px in figures.items()]
    )
    names = [row.partition(" ")[0] for row in rows.accessibleDescription().splitlines()]
    assert names == ["b.mp4", "c.mp4", "a.mp4"]
