"""What there is to see of an evaluation: boxes, curves, frames and videos, against figures that can be counted by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

from sleapnn_engine.evaluation.comparing import compare_files, measured
from sleapnn_engine.evaluation.report import report_of
from tests.engine.commands.in_process import engine
from tests.engine.evaluation.test_comparing import ANIMAL, NODES, predictions, write

BODY = float(np.hypot(24, 4))
FAR = ANIMAL + np.array([200.0, 0.0])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two videos: one animal 3 px off, one exact; one missed beside a wrong one; one frame that nobody predicted."""
    known = {(0, 1): [ANIMAL], (0, 2): [ANIMAL], (1, 5): [ANIMAL], (1, 6): [ANIMAL]}
    given = {(0, 1): [ANIMAL + np.array([3.0, 0.0])], (0, 2): [ANIMAL], (1, 5): [FAR]}
    names = ("day/a.mp4", "day/b.mp4")
    truth = write(tmp_path / "t.slp", known, videos=names)
    return truth, predictions(tmp_path / "p.slp", given, videos=names)


def test_every_figure_is_what_one_counts_by_hand(files: tuple[Path, Path]) -> None:
    compared = compare_files(*files)
    found = report_of(compared)
    assert found["body_px"] == pytest.approx(BODY)
    assert found["animals"] == {
        "frames": 4,
        "labelled": 4,
        "predicted": 3,
        "found": 2,
        "missed": 2,
        "misplaced": 0,
        "extra": 1,
        "found_share": 0.5,
    }
    assert found["distances"]["px"]["p50"] == pytest.approx(1.5)
    assert found["distances"]["percent"]["avg"] == pytest.approx(100 * 1.5 / BODY)
    assert [part["name"] for part in found["parts"]] == list(NODES)
    for part in found["parts"]:
        assert (part["labelled"], part["found"]) == (4, 2)
        assert part["px"] == pytest.approx({"low": 0.15, "q1": 0.75, "median": 1.5, "q3": 2.25, "high": 2.85})
        assert part["percent"]["q3"] == pytest.approx(225 / BODY)
    assert [(one["frame"], one["missed"], one["extra"], one["error_px"]) for one in found["frames"]] == [
        (5, 1, 1, None),
        (6, 1, 0, None),
        (1, 0, 0, pytest.approx(3.0)),
        (2, 0, 0, 0.0),
    ]
    assert [one["predicted"] for one in found["frames"]] == [True, False, True, True]
    assert [(one["video"], one["frames"], one["found"], one["p50_px"]) for one in found["videos"]] == [
        ("day/a.mp4", 2, 2, pytest.approx(1.5)),
        ("day/b.mp4", 2, 0, None),
    ]
    # What counts all animals in the metrics says the same.
    animals = measured(compared)["animal_metrics"]
    assert animals["recall"] == found["animals"]["found_share"]
    assert animals["n_predicted"] == found["animals"]["predicted"]


def test_what_a_pair_misses_is_told_apart_by_its_models(tmp_path: Path) -> None:
    """Of four animals one is found, one is where something was found with its parts elsewhere, and two are not seen."""
    turned = ANIMAL.mean(axis=0) - (ANIMAL - ANIMAL.mean(axis=0)) @ np.array([[0.0, 1.0], [-1.0, 0.0]]) * 3
    places = [np.array([200.0 * number, 0.0]) for number in range(4)]
    truth = write(tmp_path / "t.slp", {(0, 1): [ANIMAL + place for place in places]})
    given = [ANIMAL + places[0], turned + places[1], ANIMAL + places[2] + np.array([0.0, 90.0])]
    found = report_of(compare_files(truth, predictions(tmp_path / "p.slp", {(0, 1): given})))
    names = ("found", "missed", "misplaced", "extra")
    assert [found["animals"][name] for name in names] == [1, 3, 1, 2]
    assert [found["frames"][0][name] for name in names] == [1, 3, 1, 2]


def test_curves_count_what_was_missed(files: tuple[Path, Path]) -> None:
    curves = report_of(compare_files(*files))["curves"]
    pck = dict(zip(curves["pck"]["px"], curves["pck"]["share"], strict=True))
    assert pck[0.0] == 0.25
    assert max(pck.values()) == 0.5
    assert list(pck) == sorted(pck)
    assert min(d for d, share in pck.items() if share == 0.5) == pytest.approx(3.0)
    assert curves["pck"]["percent"][-1] == pytest.approx(100 * curves["pck"]["px"][-1] / BODY)
    oks = dict(zip(curves["oks"]["at_least"], curves["oks"]["share"], strict=True))
    assert oks[0.0] == 1.0
    assert oks[1.0] == 0.25
    assert list(oks.values()) == sorted(oks.values(), reverse=True)


def test_centres_have_no_body_and_no_similarity(tmp_path: Path) -> None:
    truth = write(tmp_path / "t.slp", {(0, 0): [ANIMAL], (0, 1): [ANIMAL]})
    middle = [[[(10.0 + 34) / 2 + 2, 12.0]]]
    found = predictions(tmp_path / "p.slp", {(0, 0): middle, (0, 1): [[[500.0, 500.0]]]}, nodes=("centroid",))
    seen = report_of(compare_files(truth, found))
    assert (seen["body_px"], seen["curves"]["oks"]) == (None, None)
    assert (seen["animals"]["found"], seen["animals"]["extra"]) == (1, 1)
    assert seen["parts"][0]["px"]["median"] == pytest.approx(2.0)
    assert seen["parts"][0]["percent"]["median"] is None


def test_nothing_found_is_no_number_and_no_failure(tmp_path: Path) -> None:
    truth = write(tmp_path / "t.slp", {(0, 0): [ANIMAL]})
    seen = report_of(compare_files(truth, predictions(tmp_path / "p.slp", {(0, 0): []})))
    assert seen["animals"]["missed"] == 1
    assert seen["parts"][0]["px"]["median"] is None
    assert set(seen["curves"]["pck"]["share"]) == {0.0}
    json.dumps(seen, allow_nan=False)


def test_the_command_prints_and_writes_it(files: tuple[Path, Path], tmp_path: Path) -> None:
    words = ("evaluate", "--truth", files[0], "--predicted", files[1], "--json", "-o", tmp_path)
    said = engine(*words)
    assert said.code == 0
    printed = json.loads(said.out)
    assert json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8")) == printed
    assert json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8")) == printed["metrics"]
    assert printed["report"]["animals"]["found"] == 2
