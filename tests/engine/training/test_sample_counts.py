"""What is told of the samples: crops that cut animals off, validation frames that repeat what is learned, parts that are shown."""

from pathlib import Path

import numpy as np
import pytest

from sleapnn_engine.data.doctor import repeats
from sleapnn_engine.data.geometry import plan_input
from sleapnn_engine.data.records import LabeledFrame, LabelSet
from sleapnn_engine.data.samples import CropPlan
from sleapnn_engine.training.inputs.labels import Data
from sleapnn_engine.training.sample_counts import count_samples

NODES = ("nose", "middle", "tail")
PLAN = plan_input([(400, 400, 1)])
SHAPE = np.array([[-20.0, 0.0], [0.0, 0.0], [20.0, 4.0]], np.float32)


def frame(index: int, *places: tuple[float, float], hidden: tuple[str, ...] = ()) -> LabeledFrame:
    """Animals of one shape around these places."""
    points = np.stack([SHAPE + np.array(place, np.float32) for place in places])
    for name in hidden:
        points[:, NODES.index(name)] = np.nan
    return LabeledFrame(
        file_index=0,
        video_index=0,
        frame_index=index,
        points=points,
        track_index=np.full(len(points), -1),
        is_user=np.ones(len(points), bool),
        size=(400, 400, 1),
        centers=np.array(places, np.float32),
    )


def labels(*frames: LabeledFrame) -> LabelSet:
    return LabelSet((Path("a.slp"),), NODES, (), (), (), (), frames)


TRAIN = labels(*(frame(index, (60.0 + 9 * index, 80.0), (200.0, 300.0 - 7 * index)) for index in range(20)))


def crops(side: int) -> CropPlan:
    return CropPlan(side=side, scale=1.0, multiple=16)


def test_parts_are_counted_and_crops_are_measured() -> None:
    val = labels(
        frame(100, (300.0, 40.0), (90.0, 350.0), hidden=("tail",)), frame(101, (30.0, 200.0), (350.0, 350.0))
    )
    said = count_samples(Data(train=TRAIN, val=val), PLAN, crops(32))
    assert (said.train_frames, said.val_frames, said.train_animals) == (20, 2, 40)
    assert said.train_parts == {"nose": 40, "middle": 40, "tail": 40}
    assert said.val_parts == {"nose": 4, "middle": 4, "tail": 2}
    assert (said.crop, said.cut, said.repeated) == (32, 40, 0)
    assert count_samples(Data(train=TRAIN, val=val), PLAN, crops(48)).cut == 0
    assert count_samples(Data(train=TRAIN, val=val), PLAN, None).crop is None


@pytest.mark.parametrize("few", [800, 1], ids=["all with all", "by a tree"])
def test_validation_frames_that_repeat_what_is_learned_are_counted(
    few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "_FEW", few)
    twins = [frame(200 + index, (60.3 + 9 * index, 80.2), (200.1, 300.0 - 7 * index)) for index in (3, 9)]
    swapped = frame(300, (200.0, 300.0 - 7 * 5), (60.0 + 9 * 5, 80.0))
    alone = [frame(301, (60.0, 80.0)), frame(302, (20.0, 380.0), (380.0, 20.0))]
    data = Data(train=TRAIN, val=labels(*twins, swapped, *alone))
    assert count_samples(data, PLAN, None).repeated == 3
    assert count_samples(Data(train=TRAIN, val=TRAIN), PLAN, None).repeated == 20
