"""Whole-frame models give the same points in both programs, at every scale; so do identities by class maps.

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
    jobs, ours = [], {}
    for kind in KINDS:
        for scale in SCALES:
            name = f"{kind}_{scale}"
            own = labels[kind == "single_instance"]
            config = learning(tmp_path / "runs", own, kind, "unet", scale=scale, run_name=name)
            tree.put(config, "trainer_config.max_epochs", 2)
            run = trained(config)
            ours[name] = tmp_path / f"{name}.ours.slp"
            assert predicted(own, ours[name], [run])[0] is None
            theirs = str(tmp_path / f"{name}.theirs.slp")
            jobs.append({"labels": str(own), "runs": [str(run)], "output": theirs})
    listed = tmp_path / "jobs.json"
    listed.write_text(json.dumps(jobs))
    assert set(their_side("predict", listed).values()) == {None}
    for name, file in ours.items():
        gaps, lonely = compared(file, tmp_path / f"{name}.theirs.slp")
        assert len(gaps) > 16, name
        assert lonely == 0, name
        assert gaps.max() < FAR, name
