"""From labels to targets to peaks and back: real points return to where they were labelled."""

import numpy as np
import pytest
import torch

from sleapnn_engine.data.augment import to_float
from sleapnn_engine.data.frames import MemoryFrames
from sleapnn_engine.data.geometry import plan_input
from sleapnn_engine.decoding.peaks import global_peaks
from sleapnn_engine.heads.confmaps import confidence_maps
from tests.engine.data.opened import open_labels


@pytest.mark.parametrize("name", ["fly32_single/val", "openfield4_mouse/val", "robot2_rgb/all"])
@pytest.mark.parametrize("settings", [{}, {"scale": 0.5}, {"max_height": 300, "scale": 0.7}])
def test_real_points_survive_the_way_through_the_network_input(shared_data, name, settings):
    labels = open_labels([shared_data / f"{name}.pkg.slp"])
    plan = plan_input([frame.size for frame in labels.frames], max_stride=16, **settings)
    store = MemoryFrames(labels, plan)
    batch = store.batch(torch.arange(len(labels)))
    images = to_float(batch.images)
    assert 0 <= float(images.min()) <= float(images.max()) <= 1
    maps = confidence_maps(batch.target_points(), height=plan.height, width=plan.width, stride=2, sigma=1.5)
    found, _ = global_peaks(maps, stride=2, refinement="quadratic")
    compared = 0
    for row, frame in enumerate(labels.frames):
        truth, height, width = frame.points[0], *frame.size[:2]
        middle = ((truth > 12) & (truth < [width - 13, height - 13])).all(-1)
        np.testing.assert_allclose(
            store.sizings[row].to_source(found[row].numpy())[middle], truth[middle], atol=0.05
        )
        compared += int(middle.sum())
    assert compared > 1
