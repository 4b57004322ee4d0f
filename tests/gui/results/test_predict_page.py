"""Predicting from the window: the sheet says what the command is told, and what becomes of it is shown and kept."""

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
import sleap_io as sio
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.predict_options import OPTIONS, Option, why_unused
from sleapnn_gui.results.predict_page import PredictPage
from tests.engine.commands.test_predict_options import other
from tests.engine.data import drawn

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]


@pytest.fixture
def page(app: QApplication, wait_until: Wait) -> Iterator[PredictPage]:
    found = PredictPage()
    found.resize(1204, 610)
    found.show()
    yield found
    found.job.stop()
    wait_until(lambda: not found.is_at_work, 60)
    found.leave()
    found.close()
    found.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def ready(page: PredictPage, models: Path, wait_until: Wait) -> PredictPage:
    """The page with the bottomup model."""
    page.open(models / "bottomup")
    wait_until(lambda: page.sheet.model is not None and page.start.isEnabled())
    return page


def test_labels_are_predicted_into_a_file_beside_them(
    ready: PredictPage, labels: Path, wait_until: Wait
) -> None:
    ready.sheet.data.choose(str(labels))
    out = labels.with_name("labels.bottomup.slp")
    wait_until(lambda: ready.sheet.output.text() == str(out))
    ready.activateWindow()
    assert QTest.qWaitForWindowActive(ready)
    ready.start.setFocus()
    ready.start.click()
    assert ready.state == "loading"
    assert QApplication.focusWidget() is ready.back, "not on what ends it, and not out of the page"
    assert not ready.sheet.isEnabled()
    wait_until(lambda: ready.state == "done" and not ready.is_at_work, 120, ready.banner.text)
    assert ready.banner.text == f"1 frame with 2 animals are in {out}."
    assert [len(frame.instances) for frame in sio.load_slp(out.as_posix())] == [2]
    seen: list[Path] = []
    ready.result_wanted.connect(seen.append)
    ready.folder_wanted.connect(seen.append)
    ready.look.click()
    ready.folder.click()
    assert seen == [out, out]
    ready.again.click()
    assert ready.sheet.isEnabled()
    ready._check_places()
    wait_until(lambda: ready.sheet.output.text() == str(labels.with_name("labels.bottomup-1.slp")))


def test_stopping_keeps_what_is_done(ready: PredictPage, tmp_path: Path, wait_until: Wait) -> None:
    ready.sheet.data.choose(str(drawn.write_video(tmp_path / "long.avi", 4000)))
    ready.sheet.output.choose(str(tmp_path / "out.slp"))
    ready.sheet.rows["batch_size"].set_value(1)
    ready.start.click()
    wait_until(lambda: ready.frames.value.text() not in ("–", "0"), 120)
    assert ready.speed.caption.text() == "frames / s"
    ready.stop.click()
    assert ready.state == "stopping"
    wait_until(lambda: not ready.is_at_work, 60)
    assert ready.state == "stopped"
    assert ready.banner.text.startswith("Stopped: what was done is kept, ")
    assert 0 < len(sio.load_slp((tmp_path / "out.slp").as_posix())) < 4000


def test_a_page_that_goes_leaves_the_prediction_at_work(
    ready: PredictPage, labels: Path, wait_until: Wait
) -> None:
    out = labels.with_name("later.slp")
    ready.sheet.data.choose(str(labels))
    ready.sheet.output.choose(str(out))
    ready.start.click()
    ready.leave()
    assert not ready.is_at_work
    wait_until(out.exists, 120)


def test_what_the_engine_refuses_stands_at_its_row(
    ready: PredictPage, tmp_path: Path, wait_until: Wait
) -> None:
    ready.start.click()
    assert ready.state == "ready"
    assert ready.sheet.data_row.message.sentence.startswith("Choose what to look at")
    missing = str(tmp_path / "none.mp4")
    ready.sheet.data.choose(missing)
    ready.sheet.output.choose(str(tmp_path / "out.slp"))
    ready.start.click()
    wait_until(lambda: ready.state == "failed" and not ready.is_at_work, 120)
    assert "There is no such file or folder." in ready.banner.text
    assert ready.sheet.data_row.message.sentence.startswith("There is no such file or folder.")
    assert ready.sheet.isEnabled()


def test_a_file_that_is_there_is_replaced_only_on_request(
    ready: PredictPage, labels: Path, wait_until: Wait
) -> None:
    sheet = ready.sheet
    sheet.data.choose(str(labels))
    sheet.output.choose(str(labels))
    wait_until(lambda: sheet.output_row.message.sentence.startswith("This file is there already."))
    words = sheet.words()
    assert words is not None
    assert "--overwrite" not in words
    sheet.output_row.message.followed.emit()
    assert "--overwrite" in (sheet.words() or [])
    sheet.output.choose(str(labels.with_name("another.slp")))
    assert "--overwrite" not in (sheet.words() or [])


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_of_the_command_is_a_row(ready: PredictPage, labels: Path, option: Option) -> None:
    sheet = ready.sheet
    sheet.data.choose(str(labels))
    sheet.output.choose("out.slp")
    assert sheet.model is not None
    if why_unused(option.name, [sheet.model.kind]):
        sheet.model = attrs.evolve(sheet.model, kind=MODEL_TYPES["multi_class_bottomup"])
    value, told = other(option), {**{each.name: each.default for each in OPTIONS}, option.name: other(option)}
    if option.needs:
        sheet.rows[option.needs].set_value("iou")
        told[option.needs] = "iou"
    sheet.rows[option.name].set_value(value)
    sheet._option_edited()
    assert sheet.rows[option.name].isVisible()
    assert sheet.values() == told
    words = sheet.words()
    assert words is not None
    assert any(word.startswith(option.flag) for word in words)


def test_what_makes_no_sense_is_said_at_once(ready: PredictPage, labels: Path) -> None:
    row = ready.sheet.rows["batch_size"]
    ready.sheet.data.choose(str(labels))
    ready.sheet.output.choose("out.slp")
    for text, said in (("much", "is not a whole number"), ("0", "outside of what makes sense"), ("", "")):
        row.field.setText(text)
        row.field.textEdited.emit(text)
        assert said in row.message.sentence
        assert row.message.isVisible() == bool(said)
        assert (ready.sheet.words() is None) == bool(said)
    assert row.field.text() == ""


def test_all_that_is_wrong_is_said_at_once(ready: PredictPage, tmp_path: Path, wait_until: Wait) -> None:
    sheet = ready.sheet
    nonsense = {
        "frames": ("5-2", "ends before it begins"),
        "device": ("toaster", "There is no device “toaster”"),
        "batch_size": ("0", "outside of what makes sense"),
        "peak_threshold": ("high", "is not a number"),
    }
    for name, (text, _) in nonsense.items():
        field = sheet.rows[name].field
        field.setText(text)
    sheet.data.choose(str(tmp_path / "none.mp4"))
    ready.start.click()
    for name, (_, said) in nonsense.items():
        assert said in sheet.rows[name].message.sentence
    assert ready.state == "ready"
    wait_until(lambda: "There is no such file or folder." in sheet.data_row.message.sentence)
    for name in nonsense:
        sheet.rows[name].set_value(sheet.rows[name].option.default)
    assert sheet.words() is None, "the file is still not there"
    (tmp_path / "none.mp4").touch()
    ready._check_places()
    wait_until(lambda: sheet.words() is not None)
    assert not sheet.data_row.message.sentence


def test_options_that_a_model_has_no_use_for_are_not_offered(
    page: PredictPage, models: Path, wait_until: Wait
) -> None:
    offered = {}
    for name in ("bottomup", "single_instance", "multiclass_centered_instance"):
        page.open(models / name)
        wait_until(lambda name=name: page.sheet.model is not None and page.sheet.model.folder.name == name)
        shown = ("max_instances", "tracking", "n_points", "peak_threshold")
        offered[name] = [key for key in shown if page.sheet.rows[key].isVisible()]
    assert offered == {
        "bottomup": ["max_instances", "tracking", "n_points", "peak_threshold"],
        "single_instance": ["peak_threshold"],
        "multiclass_centered_instance": ["peak_threshold"],
    }
    assert page.sheet.partner_row.isVisible()
    page.sheet.add_partner(None, models / "nothing")
    assert (
        "nothing holds no trained model; a pair needs a centroid model."
        in page.sheet.partner_row.message.sentence
    )


def test_a_folder_without_a_model_is_said(page: PredictPage, tmp_path: Path, wait_until: Wait) -> None:
    page.open(tmp_path)
    wait_until(lambda: "holds no trained model" in page.banner.text)
    assert not page.start.isEnabled()


def test_no_label_is_cut(ready: PredictPage) -> None:
    rows = ready.sheet.rows.values()
    assert [row.label.text() for row in rows if row.label.sizeHint().width() > row.label.width()] == []
