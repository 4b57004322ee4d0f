"""Whole-frame models give the same points in both programs, at every scale and with every backbone; so do identities by
class maps, and limbs among more peaks than there are parts.

One difference is meant: where values around a peak are below zero, their centre of mass may lie anywhere. sleap-nn takes it
as it is, and here it is at most two cells from the peak. With that bound off, all points are the same.
"""

import json
from pathlib import Path

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.decoding import peaks
from tests.engine.training.rendered import trained, write_labels
from tests.interop.table import compared, learning, predicted

pytestmark = pytest.mark.interop

KINDS = ("single_instance", "centroid", "bottomup", "multi_class_bottomup")
#: What the table leaves out.
SCALES = (0.75, 0.5)
#: Half-trained networks that show many peaks for each part, so that it matters which limbs are chosen.
MANY_PEAKS = ("convnext", "swint")
#: More than rounding in another order makes of a point, in pixels.
FAR = 1e-3


def test_points_are_the_same(their_side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "_FARTHEST", float("inf"))
    labels = {
        True: write_labels(tmp_path, "one.slp", frames=16, size=(96, 96)),
        False: write_labels(
            tmp_path, "two.slp", frames=16, animals=2, size=(96, 144), tracks=("short", "long")
        ),
    }
    runs = []
    for kind in KINDS:
        for scale in SCALES:
            config = learning(
                tmp_path / "runs",
                labels[kind == "single_instance"],
                kind,
                "unet",
                scale=scale,
                run_name=f"{kind}_{scale}",
            )
            tree.put(config, "trainer_config.max_epochs", 2)
            runs.append(trained(config))
    assert_same(their_side, tmp_path, labels, runs)


def test_limbs_among_many_peaks_are_the_same(their_side, tmp_path: Path) -> None:
    labels = write_labels(tmp_path, "two.slp", frames=16, animals=2, size=(64, 96), tracks=("short", "long"))
    runs = [trained(learning(tmp_path / "runs", labels, "bottomup", name)) for name in MANY_PEAKS]
    found = assert_same(their_side, tmp_path, {False: labels}, runs)
    assert max(found) > 1.5 * 16 * 2 * 3


def assert_same(their_side, folder: Path, labels: dict[bool, Path], runs: list[Path]) -> list[int]:
    """Both programs find the same points with each run; how many those are. Labels are by whether animals are alone."""
    jobs, ours = [], {}
    for run in runs:
        own = labels[run.name.startswith("single_instance")]
        ours[run.name] = folder / f"{run.name}.ours.slp"
        assert predicted(own, ours[run.name], [run]) is None
        theirs = str(folder / f"{run.name}.theirs.slp")
        jobs.append({"labels": str(own), "runs": [str(run)], "output": theirs})
    listed = folder / "jobs.json"
    listed.write_text(json.dumps(jobs))
    assert set(their_side("predict", listed).values()) == {None}
    counts = []
    for name, file in ours.items():
        gaps, lonely = compared(file, folder / f"{name}.theirs.slp")
        assert len(gaps) > 16, name
        assert lonely == 0, name
        assert gaps.max() < FAR, name
        counts.append(len(gaps))
    return counts
