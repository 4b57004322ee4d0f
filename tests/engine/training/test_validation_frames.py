"""Which frames are set aside for validation: the same ones for both models of a pair, whatever else differs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.training.state import Training
from tests.engine.training.rendered import NODES, built, job, write_labels
from tests.engine.training.test_label_demands import edited

PARTS = "model_config__head_configs__{}__confmaps__part_names"


def parts(config: dict[str, Any]) -> tuple[list[int], list[int]]:
    """Numbers of the frames that are learned from, and of those that measure."""

    def measure(training: Training) -> tuple[list[int], list[int]]:
        batches = training.parts.batches
        train, val = (
            [frame.frame_index for frame in part.store.labels.frames] for part in (batches.train, batches.val)
        )
        return train, val

    return built(config, measure)


def only_tail(*hidden: int):
    """Hide all but the tail on some frames."""

    def edit(labels: sio.Labels) -> None:
        for frame in labels.labeled_frames:
            if frame.frame_idx in hidden:
                for instance in frame.instances:
                    instance.points["xy"][: NODES.index("tail")] = np.nan

    return edit


@pytest.mark.parametrize("seeds", [(None, None), (3, 4)])
def test_both_models_of_a_pair_share_their_split_without_a_seed_and_with_any(
    tmp_path: Path, seeds: tuple[int | None, int | None]
) -> None:
    labels = write_labels(tmp_path, frames=24, animals=2, size=(64, 96))
    found = [
        parts(job(tmp_path, labels, model_type=model_type, trainer_config__seed=seed))
        for model_type, seed in zip(("centroid", "centered_instance"), seeds, strict=True)
    ]
    assert found[0] == found[1]
    assert len(found[0][1]) == 6


def test_frames_without_the_chosen_parts_change_nothing_for_the_others(tmp_path: Path) -> None:
    labels = write_labels(tmp_path, frames=24)
    whole = parts(job(tmp_path, labels, model_type="centroid"))
    gone = {whole[0][0], whole[1][0]}
    part = edited(labels, "part.slp", only_tail(*gone))
    chosen = {PARTS.format("centered_instance"): ["nose"]}
    found = parts(job(tmp_path, part, model_type="centered_instance", **chosen))
    assert found == tuple([frame for frame in side if frame not in gone] for side in whole)


def test_where_nothing_would_be_left_to_measure_other_frames_are_set_aside(tmp_path: Path) -> None:
    labels = write_labels(tmp_path, frames=8)
    _, val = parts(job(tmp_path, labels))
    part = edited(labels, "part.slp", only_tail(*val))
    train, other = parts(job(tmp_path, part, **{PARTS.format("single_instance"): ["nose"]}))
    assert other
    assert sorted(train + other) == [frame for frame in range(8) if frame not in val]
