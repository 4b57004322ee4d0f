"""The figures that the family measures are the same numbers in both programs, on the same two files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.cli import main
from tests.engine.evaluation.test_comparing import NODES, predictions, write

pytestmark = pytest.mark.interop

#: How much of the animals is found, and how well: (share missed, extra animals, share of parts missed, error in px).
CASES = {
    "all is found": (0.0, 0, 0.0, 1.0),
    "some are missed": (0.3, 0, 0.1, 2.0),
    "some are nobody": (0.1, 2, 0.2, 4.0),
    "far off": (0.0, 1, 0.4, 25.0),
}
FRAMES, ANIMALS = 12, 3


def drawn(
    seed: int, missed: float, extra: int, parts: float, error: float
) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Labelled and predicted animals by frame; a frame is in both, and each has an animal that is found."""
    random = np.random.default_rng(seed)
    truth, found = {}, {}
    for frame in range(FRAMES):
        animals = random.uniform(0, 400, (ANIMALS, 1, 2)) + random.uniform(-30, 30, (ANIMALS, len(NODES), 2))
        guess = animals + random.normal(0, error, animals.shape)
        gone = random.random(animals.shape[:2]) < parts
        gone[:, 0] = False
        guess[gone] = np.nan
        kept = random.random(ANIMALS) >= missed
        kept[0] = True
        strangers = random.uniform(0, 400, (extra, len(NODES), 2))
        animals[1, 2] = np.nan
        truth[0, frame], found[0, frame] = list(animals), [*guess[kept], *strangers]
    return truth, found


@pytest.mark.parametrize("centres", [False, True], ids=["poses", "centres"])
def test_figures_are_the_same(their_side, tmp_path: Path, centres: bool) -> None:
    files = {case: _files(tmp_path, case, centres=centres) for case in CASES}
    told = their_side("evaluated", *(file for pair in files.values() for file in pair))
    for case, (truth, found) in files.items():
        words = ["--centroid-method", "center_of_mass"] if centres else []
        (tmp_path / case).mkdir()
        words += ["-o", str(tmp_path / case)]
        assert main(["evaluate", "--truth", str(truth), "--predicted", str(found), *words]) == 0
        ours = np.load(tmp_path / case / "metrics.npz")
        theirs = told[str(found)]
        assert len(theirs) > 1
        for section, figures in theirs.items():
            for name, value in figures.items():
                own = ours[f"{section}/{name}"]
                if own.dtype.kind == "U":
                    assert own.tolist() == value
                    continue
                other = np.array(value, dtype=float)
                np.testing.assert_allclose(own, other, atol=1e-6, rtol=1e-6, err_msg=f"{case}: {name}")


def _files(folder: Path, case: str, *, centres: bool) -> tuple[Path, Path]:
    """Labels and predictions of a case, as poses or as their centres."""
    truth, found = drawn(list(CASES).index(case), *CASES[case])
    nodes: dict[str, Any] = {"nodes": ("centroid",)} if centres else {}
    if centres:
        found = {
            frame: [np.nanmean(animal, axis=0, keepdims=True) for animal in animals]
            for frame, animals in found.items()
        }
    predicted = predictions(folder / f"{case} found.slp", found, **nodes)
    _score(predicted)
    return write(folder / f"{case} truth.slp", truth), predicted


def _score(path: Path) -> None:
    """Give each animal of a file another score, as a network does."""
    labels = sio.load_slp(str(path))
    random = np.random.default_rng(1)
    for frame in labels:
        for animal in frame.instances:
            animal.score = float(random.uniform(0.1, 1))
    sio.save_slp(labels, str(path), embed=False, restore_original_videos=False)
