"""Crops that do not hold their animal, to the pixel: nothing labelled is left out without a word."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.training.state import Training
from tests.engine.training.rendered import built, job, write_labels
from tests.engine.training.test_label_demands import edited, warnings

SIDE = 32


def across(width: float):
    """Have every animal reach `width` px across, its middle at a whole pixel or a half one."""

    def edit(labels: sio.Labels) -> None:
        for frame in labels.labeled_frames:
            for instance in frame.instances:
                instance.points["xy"] = np.array([[16.0, 30], [20, 30], [16 + width, 30]])

    return edit


def crops_of(folder: Path, labels: Path, **changes: Any) -> dict[str, Any]:
    chosen = {"data_config__preprocessing__crop_size": SIDE, **changes}
    return job(folder, labels, model_type="centered_instance", **chosen)


def missing(training: Training) -> int:
    """Labelled nodes that the crops do not show."""
    return int(training.parts.batches.next_batch().points.isnan().any(dim=-1).sum())


@pytest.mark.parametrize(("width", "clipped"), [(SIDE - 1, False), (SIDE, True), (SIDE + 1, True)])
def test_the_warning_agrees_with_what_crops_show(tmp_path: Path, width: int, clipped: bool) -> None:
    labels = edited(write_labels(tmp_path), "wide.slp", across(width))
    assert (built(crops_of(tmp_path, labels), missing) > 0) == clipped
    said = [text for text in warnings(crops_of(tmp_path, labels)) if "do not hold all parts" in text]
    assert len(said) == 2 * clipped
    if clipped:
        assert f"Crops of {SIDE} px do not hold all parts of 6 training animals of 6" in said[0]


def test_animals_that_only_validation_has_are_counted_too(tmp_path: Path) -> None:
    labels = write_labels(tmp_path)
    wide = edited(labels, "wide.slp", across(40))
    config = crops_of(
        tmp_path,
        labels,
        data_config__preprocessing__crop_size=None,
        data_config__preprocessing__min_crop_size=8,
        data_config__val_labels_path=[str(wide)],
    )
    said = [text for text in warnings(config) if "do not hold all parts" in text]
    assert len(said) == 1
    assert "of 8 validation animals of 8: 24 visible parts of 24 are outside and not found there." in said[0]
