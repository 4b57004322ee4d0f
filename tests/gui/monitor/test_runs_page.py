"""The list of runs: every type of model with its own figures, of the epoch that was kept, whatever state a run is in."""

import json
import os
import shutil
from pathlib import Path

import attrs
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QAbstractItemModelTester

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values, dump_config, read_config
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.protocol.codec import encode_event
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.measures import MEASURES
from sleapnn_engine.protocol.processes import start_mark
from sleapnn_engine.protocol.remarks import FILE_NAME, Remarks, read_remarks
from sleapnn_engine.protocol.run_state import find_runs, read_run
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.monitor.run_summary import RunSummary, summarise
from sleapnn_gui.monitor.runs_model import COLUMNS, PLACES
from sleapnn_gui.results.current_rows import CurrentRows
from sleapnn_gui.results.frame_source import FrameSource
from sleapnn_gui.results.run_panel import PairRows, figures_of
from sleapnn_gui.results.runs_page import RunsPage
from tests.gui.monitor.speaking import Speaker

COUNTED = {"precision": 0.9, "recall": 0.8, "f1": 0.847, "class_accuracy": None}


def write(folder: Path, speaker: Speaker, *, outcome: str = "") -> Path:
    """Put the journal of a made-up run into a folder."""
    if outcome:
        best_epoch, best_val = speaker.best
        body = {"outcome": outcome, "epochs": 3, "best_epoch": best_epoch, "best_val": best_val}
        speaker.emit("finished", {**body, "run_dir": str(folder), "seconds": 9.0})
    folder.mkdir()
    lines = [encode_event(event) for event in speaker.events if not event.arrays]
    (folder / "events.jsonl").write_bytes(b"".join(line.rstrip(b"\n") + b"\n" for line in lines))
    return folder


def run(model_type: str, *, counted: dict | None = None, batches: int = 4) -> Speaker:
    """Three epochs of which the second is the best."""
    speaker = Speaker().start(model_type=model_type, steps=batches)
    for number, (val, median) in enumerate(((0.5, 8.0), (0.2, 4.0), (0.4, 6.0))):
        speaker.batches(batches, steps=batches).epoch(number, val=val, median=median, counted=counted)
    return speaker


def shown(run: RunSummary) -> dict[str, str]:
    """Its figures that have a column."""
    columns = {measure.key for measure in MEASURES if measure.heading}
    return {key: text for key, text in run.figures.items() if key in columns}


def test_the_figures_are_those_of_the_epoch_that_was_kept(tmp_path):
    found = summarise(write(tmp_path / "one", run("bottomup", counted=COUNTED), outcome="early_stopped"))
    assert (found.model, found.state, found.epochs) == ("Several animals at once", "early stopped", "3")
    assert found.best == "0.200"
    assert shown(found) == {"median_px": "4.0 px", "percent_of_body": "2.5 %", "f1": "85 %"}


def test_the_best_epoch_is_found_behind_many_batches(tmp_path):
    found = summarise(write(tmp_path / "long", run("single_instance", batches=2000)))
    assert shown(found) == {"median_px": "4.0 px", "percent_of_body": "2.5 %"}
    assert found.state == "crashed"
    assert found.epochs == "3"


def test_identities_have_a_figure_of_their_own(tmp_path):
    only = {"precision": None, "recall": None, "f1": None, "class_accuracy": 0.75}
    found = summarise(write(tmp_path / "known", run("multi_class_topdown", counted=only)))
    assert shown(found) == {"median_px": "4.0 px", "percent_of_body": "2.5 %", "class_accuracy": "75 %"}


def test_runs_that_never_got_far_are_listed_too(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "events.jsonl").touch()
    (tmp_path / "no_run").mkdir()
    write(tmp_path / "begun", Speaker().start(model_type="centroid"))
    failed = Speaker().start(model_type="centroid")
    failed.emit("failed", {"message": "No.", "path": None, "hint": None})
    write(tmp_path / "failed", failed)
    torn = write(tmp_path / "torn", run("centroid"))
    with (torn / "events.jsonl").open("ab") as journal:
        journal.write(b'{"seq":99,"t":1.0,"kind":"epoch_end","body":{"epo')
    by_name = {path.name: summarise(path) for path in find_runs([tmp_path])}
    assert set(by_name) == {"begun", "failed", "torn", "empty"}
    assert (by_name["empty"].state, by_name["empty"].started) == ("crashed", "")
    assert (by_name["begun"].epochs, by_name["begun"].best) == ("0", "")
    assert by_name["failed"].state == "failed"
    assert by_name["torn"].figures["median_px"] == "4.0 px"


def connection(folder: Path, *, pid: int, began: str, host: str = "") -> None:
    """Leave the connection file of an engine in a run folder."""
    Connection(
        pid=pid,
        token="t",
        events="tcp://127.0.0.1:1",
        requests="tcp://127.0.0.1:2",
        started=1.0,
        run_dir=str(folder),
        host=host,
        process_started=began,
    ).write(folder)


def test_only_a_run_whose_own_engine_is_at_work_is_running(tmp_path):
    now, killed, elsewhere, other = (write(tmp_path / name, run("bottomup")) for name in "abcd")
    own = start_mark(os.getpid())
    connection(now, pid=os.getpid(), began=own)
    connection(killed, pid=os.getpid(), began="another start/1")
    connection(elsewhere, pid=1, began="", host="another-computer")
    (other / "engine.json").write_text(
        json.dumps({"protocol": 99, "pid": os.getpid(), "process_started": own})
    )
    assert summarise(now).state == "running"
    assert summarise(killed).state == "crashed"
    assert "belongs to another program" in summarise(killed).why
    assert summarise(elsewhere).state == "elsewhere"
    assert "another-computer" in summarise(elsewhere).why
    assert summarise(other).state == "running, another version"


@pytest.fixture
def page(app):
    inspect = Inspect()
    found = RunsPage(FrameSource(inspect))
    found.resize(1200, 600)
    found.show()
    yield found
    found.leave()
    inspect.close()
    found.close()
    found.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def rows(pairs: PairRows) -> list[tuple[str, str]]:
    return [(name.text(), value.text()) for name, value in pairs._rows if not name.isHidden()]


def names(page: RunsPage) -> list[str]:
    return [run.name for run in page.model.shown]


_FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def look(page: RunsPage, wait_until, *folders: Path, count: int) -> None:
    page.set_folders(folders)
    wait_until(lambda: page._complete and not page._soon.isActive() and len(page.model) == count, 30)


def test_every_run_is_listed_however_many(page, wait_until, tmp_path):
    for number in range(95):
        place = tmp_path / ("one" if number % 2 else "two")
        place.mkdir(exist_ok=True)
        write(place / f"run{number}", Speaker().start(model_type="centroid"))
    look(page, wait_until, tmp_path / "one", tmp_path / "two", count=95)
    assert page.status.text().startswith("95 in 2 folders.")
    page.set_folders([tmp_path / "one"])
    look(page, wait_until, tmp_path / "one", count=47)  # a newer look replaces the one going on
    assert page.status.text().startswith(f"47 in {tmp_path / 'one'}.")


def test_the_table_shows_every_run_with_its_type_and_figures(page, wait_until, tmp_path):
    write(tmp_path / "several", run("bottomup", counted=COUNTED), outcome="completed")
    write(tmp_path / "cropped", run("centered_instance"), outcome="stopped")
    (tmp_path / "several" / "initial_config.yaml").write_text(
        "data_config:\n  train_labels_path:\n  - /labs/a.slp\n  - /labs/b.slp\n"
    )
    look(page, wait_until, tmp_path, count=2)
    rows = {one.name: {column.key: column.words(one) for column in COLUMNS} for one in page.model.shown}
    several, cropped = rows["several"], rows["cropped"]
    assert (several["state"], several["model"], several["epochs"]) == (
        "completed",
        "Several animals at once",
        "3",
    )
    assert (several["median_px"], several["percent_of_body"], several["f1"]) == ("4.0 px", "2.5 %", "85 %")
    assert (several["best"], several["labels"], several["class_accuracy"]) == ("0.200", "a.slp, b.slp", "")
    assert (cropped["state"], cropped["median_px"], cropped["f1"]) == ("stopped", "4.0 px", "")
    chosen = []
    page.run_chosen.connect(chosen.append)
    page.table.activated.emit(page.model.index(names(page).index("several"), 0))
    assert chosen == [tmp_path / "several"]


def test_a_list_that_is_read_anew_keeps_what_was_chosen(page, wait_until, tmp_path):
    for name in "abc":
        write(tmp_path / name, run("centroid"), outcome="completed")
    look(page, wait_until, tmp_path, count=3)
    assert page.chosen is None
    assert not page.predict.isEnabled()
    page.choose([tmp_path / "b", tmp_path / "c"])
    wanted = []
    page.predict_wanted.connect(lambda: wanted.append(page.chosen))
    for number in range(2):
        write(tmp_path / f"more{number}", run("centroid"), outcome="completed")
        look(page, wait_until, tmp_path, count=4 + number)
        page.predict.click()
    assert wanted == [tmp_path / "c"] * 2
    assert {run.name for run in page.selected} == {"b", "c"}
    page.filter.setText("b")
    assert [run.name for run in page.selected] == ["b"]
    page.starred.setChecked(True)
    assert page.chosen is None
    assert not page.predict.isEnabled(), "what is not shown is not chosen"
    assert page.panel.name.text() == ""


def test_a_run_that_goes_on_is_kept_current_where_it_stands(page, wait_until, tmp_path):
    """Whoever looks at the list while a model is trained sees it get on, and nothing move."""
    speaker = run("centroid")
    going = write(tmp_path / "going", speaker)
    write(tmp_path / "over", run("centroid"), outcome="completed")
    connection(going, pid=os.getpid(), began=start_mark(os.getpid()))
    look(page, wait_until, tmp_path, count=2)
    page.choose([going])
    before = names(page)
    said = len(speaker.events)
    speaker.batches(4, steps=4).epoch(3, val=0.1, median=2.0)
    lines = [encode_event(event) for event in speaker.events[said:] if not event.arrays]
    with (going / "events.jsonl").open("ab") as journal:
        journal.write(b"".join(line.rstrip(b"\n") + b"\n" for line in lines))
    page.findChild(CurrentRows)._timer.setInterval(20)
    wait_until(lambda: page.model.find(going).epochs == "4")
    assert names(page) == before
    assert page.model.shown[before.index("going")].figures["median_px"] == "2.0 px"
    assert page.panel.name.text() == "going"
    page.hide()
    assert not page.findChild(CurrentRows)._timer.isActive(), "nobody looks"


def test_it_is_sorted_and_filtered(page, wait_until, tmp_path):
    for number, (name, model, median) in enumerate(
        (("a", "bottomup", 9.0), ("b", "centroid", 3.0), ("c", "bottomup", 6.0))
    ):
        speaker = Speaker(t=1000.0 * number).start(model_type=model, steps=2)
        write(
            tmp_path / name, speaker.batches(2, steps=2).epoch(0, val=0.5, median=median), outcome="completed"
        )
    write(tmp_path / "none", Speaker(t=1.0).start(model_type="centroid"))
    look(page, wait_until, tmp_path, count=4)
    assert names(page) == ["c", "b", "none", "a"], "the last begun first"
    header = page.table.horizontalHeader()
    header.setSortIndicator(PLACES["median_px"], Qt.SortOrder.AscendingOrder)
    assert names(page) == ["b", "c", "a", "none"]
    header.setSortIndicator(PLACES["median_px"], Qt.SortOrder.DescendingOrder)
    assert names(page) == ["a", "c", "b", "none"], "what is not known is last either way"
    page.filter.setText("several  COMPLETED")
    assert names(page) == ["a", "c"]
    page.filter.clear()
    page.starred.setChecked(True)
    assert names(page) == []


def test_more_runs_are_put_between_those_shown(page, tmp_path):
    """Where nothing that is shown moves, rows are put in; the list is the same as if it were made anew."""
    model, began = page.model, QAbstractItemModelTester(page.model, _FATAL, page)
    found = [summarise(write(tmp_path / f"r{n}", Speaker(t=100.0 * n).start())) for n in range(24)]
    assert None not in found
    anew: list[bool] = []
    model.modelReset.connect(lambda: anew.append(True))
    model.put(found[::6])
    page.choose([found[6].folder])
    model.put(found[9:13])
    assert not anew
    model.put([attrs.evolve(found[12], note="mine")])
    assert (page.chosen, model.find(found[12].folder).note) == (found[6].folder, "mine")
    assert [run.note for run in model.shown if run.folder == found[12].folder] == ["mine"]
    model.put(found[::2])
    model.put(found[1::2])
    assert anew, "so many rows are laid out anew"
    assert names(page) == [f"r{n}" for n in reversed(range(24))]
    model.put([], only={found[6].folder})
    assert names(page) == ["r6"]
    assert began.model() is model


def test_what_a_person_says_of_runs_stays_with_them(page, wait_until, tmp_path):
    folder = write(tmp_path / "a", run("centroid"), outcome="completed")
    (folder / FILE_NAME).write_text('{"from": "another program", "star": 3}')
    look(page, wait_until, tmp_path, count=1)
    model = page.model
    page.table.clicked.emit(model.index(0, PLACES["star"]))
    for key, text in (("note", "rotation ±180"), ("name", " Good one ")):
        assert model.setData(model.index(0, PLACES[key]), text)
    wait_until(lambda: read_remarks(folder) == Remarks("Good one", "rotation ±180", star=True))
    assert json.loads((folder / FILE_NAME).read_text())["from"] == "another program"
    look(page, wait_until, tmp_path, count=1)
    assert (names(page), model.shown[0].note, model.shown[0].star) == (["Good one"], "rotation ±180", True)
    record = read_run(folder)
    assert record is not None
    assert (record.title, record.note, record.star) == ("Good one", "rotation ±180", True)
    model.setData(model.index(0, PLACES["name"]), "")
    assert names(page) == ["a"], "without a name of its own it has that of its folder"
    wait_until(lambda: not read_remarks(folder).name)
    (folder / FILE_NAME).unlink()
    (folder / FILE_NAME).mkdir()
    (folder / FILE_NAME / "in the way").touch()
    model.setData(model.index(0, PLACES["note"]), "kept later")
    wait_until(lambda: "could not be kept" in page.banner.text)
    shutil.rmtree(folder / FILE_NAME)
    page._remarks.keep(tmp_path, Remarks(note="of another one"))
    wait_until(lambda: read_remarks(folder).note == "kept later" and not page.banner.isVisible())
    for damaged in ("[", "7", '{"note": 3}'):
        (folder / FILE_NAME).write_text(damaged)
        assert read_remarks(folder) == Remarks()


def test_beside_it_stands_what_changed_since_the_run_before(page, wait_until, tmp_path):
    preset = next(one for one in list_presets("guide") if one.model_type == "single_instance")
    for number, name in enumerate("ab"):
        speaker = Speaker(t=1000.0 * number).start(model_type="single_instance", steps=2)
        for epoch, median in enumerate((9.0, 4.0, 5.0)):
            speaker.batches(2, steps=2).epoch(epoch, val=median, median=median)
        values = copy_values(read_config(preset.path).values)
        tree.put(values, "trainer_config.optimizer.lr", 0.001 * (number + 1))
        tree.put(values, "trainer_config.run_name", name)
        folder = write(tmp_path / name, speaker, outcome="completed")
        (folder / "initial_config.yaml").write_text(dump_config(values))
    look(page, wait_until, tmp_path, count=2)
    page.choose([tmp_path / "b"])
    panel = page.panel
    wait_until(lambda: panel.details is not None)
    assert panel.name.text() == "b"
    assert panel.changed_since.text() == "Changed since a"
    assert rows(panel.changes) == [("Learning rate", "0.001 → 0.002")]
    assert ("Best epoch", "2 of 3") in rows(panel.figures)
    assert panel.details is not None
    within = attrs.evolve(panel.details.run, epochs="2 and 162 steps")
    assert {("Best epoch", "2"), ("Epochs", "2 and 162 steps")} <= set(figures_of(within, panel.details))
    assert panel.curve.isVisible()
    page.choose([tmp_path / "a", tmp_path / "b"])
    assert panel.about.text().startswith("2 runs are chosen.")
