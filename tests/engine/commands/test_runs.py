"""Runs on the command line: listed, set side by side, and watched with their curves in a terminal."""

import io
import json
import re
import sys
from pathlib import Path

import pytest

from sleapnn_engine.cli import main
from sleapnn_engine.commands.live_curves import LiveCurves
from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values, dump_config, read_config
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.protocol.comparison import winners
from sleapnn_engine.protocol.journal import JournalReader
from sleapnn_engine.protocol.text_curve import Series, drawn_curves
from tests.engine.commands.in_process import engine
from tests.gui.monitor.speaking import Speaker
from tests.gui.monitor.test_runs_page import write

LR = "trainer_config.optimizer.lr"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs of one model, the second better; the third has no config; a folder without a run."""
    top = tmp_path_factory.mktemp("runs")
    preset = next(one for one in list_presets("guide") if one.model_type == "single_instance")
    for place, name in enumerate(("a", "b", "c")):
        speaker = Speaker(t=1000.0).start(model_type="single_instance", steps=2)
        for epoch in range(3):
            better = 1.0 + place * epoch
            speaker.batches(2, steps=2, loss=0.5 / better).epoch(epoch, val=0.5 / better, median=8.0 / better)
        folder = write(top / name, speaker, outcome="completed")
        values = copy_values(read_config(preset.path).values)
        tree.put(values, LR, 0.001 * (place + 1))
        if name != "c":
            (folder / "initial_config.yaml").write_text(dump_config(values), encoding="utf-8")
    (top / "none").mkdir()
    return [top / name for name in ("a", "b", "c", "none")]


def test_runs_are_set_side_by_side(folders: list[Path]) -> None:
    said = engine("runs", "compare", *folders[:2])
    assert (said.code, said.err) == (0, "")
    rows = {line.split("  ")[0].strip(): line for line in said.out.splitlines()}
    assert rows["Median error"].split()[2:] == ["8.00", "px", "2.67", "px", "*"]
    assert rows["Best epoch"].split()[2:] == ["1", "3"], "people count from 1"
    assert rows[LR].split()[1:] == ["0.001", "0.002"]
    assert "the same labels" in rows["2 runs: the same labels."]
    found = json.loads(engine("runs", "compare", *folders[:2], "--json").out)
    assert [run["best"]["median_px"] for run in found["runs"]] == [8.0, pytest.approx(8 / 3)]
    assert [run["best_epoch"] for run in found["runs"]] == [0, 2], "files count from 0"
    assert [one["path"] for one in found["differences"]] == [LR]
    assert set(found["runs"][0]["parts_px"]) == {"nose", "thorax", "tail"}
    listed = json.loads(engine("runs", "list", folders[0].parent, "--json").out)
    assert {one["name"] for one in listed} == {"a", "b", "c"}
    known = {**found["runs"][1]}
    assert {**known, **next(one for one in listed if one["name"] == "b")} == known, "the same record"


def test_what_cannot_be_set_side_by_side_is_told(folders: list[Path]) -> None:
    for words, told in (
        (folders[:1], "nothing to compare"),
        ([folders[0], folders[0]], "nothing to compare"),
        (folders, "no run in this folder"),
        ([folders[0] / "nowhere", folders[1]], "no run in this folder"),
    ):
        said = engine("runs", "compare", *words)
        assert (said.code, said.out) == (2, "")
        assert told in said.err
    assert "not every run has kept its config" in engine("runs", "compare", *folders[:3]).out


class Screen(io.StringIO):
    """Takes the place of a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_curves_below_what_is_said(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "40")
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    assert main(["watch", str(folders[1])]) == 0
    text = screen.getvalue()
    last = text.split("\x1b[J")[-1].splitlines()[1:]  # below the line that was said last
    assert any(line.startswith("loss   · training") and "● validation 0.1" in line for line in last)
    assert any(line.startswith("median error") and "px 2.67" in line for line in last)
    assert last[-1] == "step 2 of epoch 3 of up to 10 epochs"
    assert max(map(len, last)) <= 80
    assert "step 1 of epoch 1:" not in text, "batches are told by the curve"
    assert "epoch 3: train" in text
    assert not re.search(r"epoch 0\b", text)
    assert text.endswith("\n")
    screen.seek(0)
    screen.truncate()
    assert main(["watch", str(folders[1]), "--plain"]) == 0
    assert "\x1b" not in screen.getvalue()
    assert "step 1 of epoch 1: loss" in screen.getvalue()


def test_a_terminal_of_any_size_and_signs_is_drawn_on(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = JournalReader(folders[1])
    events = [event for events in iter(reader.poll, []) for event in events]
    for columns, lines, encoding in (
        (20, 5, "utf-8"),
        (40, 24, "ascii"),
        (200, 60, "utf-8"),
        (9, 12, "latin-1"),
    ):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("LINES", str(lines))
        screen = Screen()
        screen.encoding = encoding  # type: ignore[misc]
        curves = LiveCurves(screen)
        for event in events:
            curves.show(event)
        drawn = screen.getvalue().split("\x1b[J")[-1].split("\r")[-1].splitlines()[1:]
        assert all(len(line) < columns for line in drawn)
        for line in drawn:
            line.encode(encoding)


def test_curves_stand_where_their_values_are() -> None:
    one = Series("one", "x", [(1.0, 100.0), (2.0, 10.0), (4.0, 1.0)])
    lines = drawn_curves([one], title="loss", width=31, height=3, log=True)
    rows = [line[10:] for line in lines[1:4]]
    assert [row.index("x") for row in rows] == [5, 10, 20]
    assert lines[0] == "loss   x one 1"
    assert [line[:9].strip() for line in lines[1:4]] == ["100", "", "1"]
    assert lines[4].split() == ["epochs", "0", "4"]
    assert (
        drawn_curves([Series("no", "x", [(1.0, float("nan"))])], title="", width=30, height=3, log=True) == []
    )
    assert drawn_curves([Series("no", "x", [(1.0, -1.0)])], title="", width=30, height=3, log=True) == []
    assert (
        len(drawn_curves([Series("flat", "x", [(1.0, 2.0)])], title="", width=30, height=3, log=False)) == 5
    )


def test_what_reads_the_same_is_not_told_apart() -> None:
    def marked(*values: float | None) -> frozenset[int]:
        texts = ["–" if value is None else f"{value:.0f} s" for value in values]
        return winners(values, -1, texts=texts)

    assert marked(51.2, 51.4) == frozenset()
    assert marked(51.2, None, 51.4) == frozenset()
    assert marked(51.4, 60.0, 51.2) == {0, 2}
    assert marked(3.0, 60.0) == {0}
