"""The list of runs: every type of model with its own figures, of the epoch that was kept, whatever state a run is in."""

import json
import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from sleapnn_engine.protocol.codec import encode_event
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.measures import MEASURES
from sleapnn_engine.protocol.processes import start_mark
from sleapnn_engine.protocol.run_state import find_runs
from sleapnn_gui.monitor.run_summary import RunSummary, summarise
from sleapnn_gui.monitor.runs_page import RunsPage
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
    assert shown(found) == {"median_px": "4.0 px", "f1": "85 %"}


def test_the_best_epoch_is_found_behind_many_batches(tmp_path):
    found = summarise(write(tmp_path / "long", run("single_instance", batches=2000)))
    assert shown(found) == {"median_px": "4.0 px"}
    assert found.state == "crashed"
    assert found.epochs == "3"


def test_identities_have_a_figure_of_their_own(tmp_path):
    only = {"precision": None, "recall": None, "f1": None, "class_accuracy": 0.75}
    found = summarise(write(tmp_path / "known", run("multi_class_topdown", counted=only)))
    assert shown(found) == {"median_px": "4.0 px", "class_accuracy": "75 %"}


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


def test_every_run_is_listed_however_many(app, wait_until, tmp_path):
    for number in range(95):
        write(tmp_path / f"run{number}", Speaker().start(model_type="centroid"))
    page = RunsPage()
    page.set_folder(tmp_path)
    wait_until(lambda: page.status.text().startswith("95 in "), 30)
    assert page.table.topLevelItemCount() == 95
    page.set_folder(tmp_path)
    page.set_folder(tmp_path)  # a newer look replaces the one going on
    wait_until(lambda: page.status.text().startswith("95 in "), 30)
    assert page.table.topLevelItemCount() == 95
    page.close()


@pytest.mark.parametrize("width", [960, 1700])
def test_the_table_shows_every_run_with_its_type_and_figures(app, wait_until, tmp_path, width):
    write(tmp_path / "several", run("bottomup", counted=COUNTED), outcome="completed")
    write(tmp_path / "cropped", run("centered_instance"), outcome="stopped")
    page = RunsPage()
    page.resize(width, 600)
    page.show()
    page.set_folder(tmp_path)
    wait_until(lambda: page.table.topLevelItemCount() == 2)
    rows = {
        item.text(0): [item.text(column) for column in range(2, 9)]
        for item in (page.table.topLevelItem(index) for index in range(2))
    }
    assert rows["several"] == ["completed", "Several animals at once", "3", "0.200", "4.0 px", "85 %", "–"]
    assert rows["cropped"] == ["stopped", "Parts of a cropped animal", "3", "0.200", "4.0 px", "–", "–"]
    chosen = []
    page.run_chosen.connect(chosen.append)
    item = page.table.findItems("several", Qt.MatchFlag.MatchExactly)[0]
    page.table.itemActivated.emit(item, 0)
    assert chosen == [tmp_path / "several"]
    page.close()


def test_a_list_that_is_read_anew_keeps_the_chosen_run(app, wait_until, tmp_path):
    for name in "abc":
        write(tmp_path / name, run("centroid"), outcome="completed")
    page = RunsPage()
    page.show()
    page.set_folder(tmp_path)
    wait_until(lambda: page.table.topLevelItemCount() == 3)
    assert page.chosen is None
    assert not page.predict.isEnabled()
    page.table.setCurrentItem(page.table.findItems("b", Qt.MatchFlag.MatchExactly)[0])
    wanted = []
    page.predict_wanted.connect(lambda: wanted.append(page.chosen))
    for _ in range(2):
        write(tmp_path / f"more{len(wanted)}", run("centroid"), outcome="completed")
        page.set_folder(tmp_path)
        wait_until(lambda: page.table.topLevelItemCount() == 4 + len(wanted))
        page.predict.click()
    assert wanted == [tmp_path / "b"] * 2
    page.close()
