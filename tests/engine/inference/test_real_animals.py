"""Real animals, touching and overlapping as they do: maps drawn of their labels give every one of them back."""

import numpy as np
import pytest
import torch

from sleapnn_engine.decoding.grouping import Grouping
from sleapnn_engine.heads.class_maps import class_maps
from sleapnn_engine.heads.confmaps import confidence_maps
from sleapnn_engine.heads.pafs import part_affinity_fields
from sleapnn_engine.inference.decode import Decoder
from tests.engine.data.opened import open_labels
from tests.engine.inference.poses import assert_same_animals

STRIDES = {"MultiInstanceConfmapsHead": 2, "PartAffinityFieldsHead": 4, "ClassMapsHead": 4}


def outputs_of(frame, edges, *, classes):
    height, width = frame.size[:2]
    points, size = torch.tensor(frame.points)[None], {"height": height, "width": width}
    tracks = torch.tensor(frame.track_index)[None]
    return {
        "MultiInstanceConfmapsHead": confidence_maps(points, stride=2, sigma=2.0, **size),
        "PartAffinityFieldsHead": part_affinity_fields(
            points, torch.tensor(edges), stride=4, sigma=15.0, **size
        ),
        "ClassMapsHead": class_maps(points, tracks, classes=max(classes, 1), stride=4, sigma=4.0, **size),
    }


@pytest.mark.parametrize("name", ["flies13_pair", "flies13_sex", "flies24_pair", "fly32_single"])
def test_real_animals_come_back(shared_data, name):
    """The last set's skeleton is a forest of seven trees."""
    labels = open_labels([shared_data / name / "val.pkg.slp"])
    edges = np.array([[labels.nodes.index(end) for end in edge] for edge in labels.edges])
    settings = {"n_nodes": len(labels.nodes), "strides": STRIDES, "refinement": "quadratic"}
    along = Decoder(model_type="bottomup", edges=edges, **settings)
    by_class = Decoder(model_type="multi_class_bottomup", grouping=Grouping(identities="lenient"), **settings)
    for frame in labels.frames[:12]:
        outputs = outputs_of(frame, edges, classes=len(labels.tracks))
        assert_same_animals(along(outputs)[0].points, frame.points)
        if labels.tracks:
            found = by_class(outputs)[0]
            assert_same_animals(found.points, frame.points)
            for row, track in enumerate(found.classes):
                truth = frame.points[frame.track_index == track]
                assert_same_animals(found.points[row : row + 1], truth)
