"""The outputs of every model type become animals: drawn maps return, real networks that know nothing do no harm."""

import numpy as np
import pytest
import torch

from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.data.centroids import centroids
from sleapnn_engine.inference.decode import Decoder
from tests.engine.inference.poses import (
    FLY,
    FLY_EDGES,
    HEIGHT,
    WIDTH,
    assert_same_animals,
    classes_of,
    crowd,
    fields_of,
    maps_of,
    place,
    stack,
)

STRIDES = {
    "SingleInstanceConfmapsHead": 2,
    "CentroidConfmapsHead": 2,
    "CenteredInstanceConfmapsHead": 2,
    "MultiInstanceConfmapsHead": 2,
    "PartAffinityFieldsHead": 4,
    "ClassMapsHead": 4,
}


def decoder(model_type, **settings):
    settings = {"refinement": "quadratic", **settings}
    return Decoder(model_type=model_type, n_nodes=13, edges=FLY_EDGES, strides=STRIDES, **settings)


@pytest.mark.parametrize("model_type", ["single_instance", "centered_instance"])
def test_one_animal_per_image(model_type):
    scenes = [place(FLY, at=(150, 120), degrees=70 * k)[None] for k in range(3)]
    scenes[1][0, 4] = np.nan
    head = MODEL_TYPES[model_type].heads["confmaps"]
    for animals, truth in zip(decoder(model_type)({head: maps_of(stack(scenes))}), scenes, strict=True):
        assert_same_animals(animals.points, truth)
        assert animals.scores[0] == pytest.approx(animals.node_scores.mean())


def test_an_image_with_nothing_still_gives_its_one_animal():
    found = decoder("single_instance")({"SingleInstanceConfmapsHead": torch.zeros(2, 13, 20, 30)})
    for animals in found:
        assert animals.points.shape == (1, 13, 2)
        assert np.isnan(animals.points).all()
        assert animals.scores.tolist() == [0.0]


def test_every_map_gives_a_point_when_any_height_will_do():
    maps = torch.rand(2, 13, 20, 30) * 0.1 - 0.2
    found = decoder("single_instance", threshold=float("-inf"))({"SingleInstanceConfmapsHead": maps})
    assert all(np.isfinite(animals.points).all() for animals in found)


def test_centred_animals_with_identities():
    scenes = [place(FLY, at=(150, 120), degrees=70 * k)[None] for k in range(3)]
    vectors = torch.tensor([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.0, 0.1, 0.9]])
    outputs = {"CenteredInstanceConfmapsHead": maps_of(stack(scenes)), "ClassVectorsHead": vectors}
    found = decoder("multi_class_topdown")(outputs)
    assert [animals.classes.tolist() for animals in found] == [[1], [0], [2]]
    assert [animals.class_scores[0] for animals in found] == pytest.approx([0.7, 0.5, 0.9])
    for animals, truth in zip(found, scenes, strict=True):
        assert_same_animals(animals.points, truth)


def test_centroids():
    scenes = [
        crowd(FLY, animals=3, seed=1, apart=20),
        np.full((1, 13, 2), np.nan),
        crowd(FLY, animals=2, seed=2),
    ]
    middles = centroids(stack(scenes), anchor=0)[:, :, None]
    found = decoder("centroid")({"CentroidConfmapsHead": maps_of(middles)})
    assert [animals.points.shape for animals in found] == [(3, 1, 2), (0, 1, 2), (2, 1, 2)]
    for animals, scene in zip(found, scenes, strict=True):
        if len(animals):
            assert_same_animals(animals.points, scene[:, :1])
            np.testing.assert_array_equal(animals.scores, animals.node_scores[:, 0])
            assert (np.diff(animals.scores) <= 0).all()


def herd():
    """150 animals of two nodes, one below the other, none near another: (150, 2, 2)."""
    x, y = np.meshgrid(12.4 + 20 * np.arange(15), 12.7 + 24 * np.arange(10))
    return np.stack([x, y], axis=-1).reshape(150, 1, 2) + np.array([[0.0, 0.0], [0.6, 10.3]])


def falling_maps(animals):
    """Maps (1, nodes, h, w) of animals (I, nodes, 2), each a little lower than the one before it, all above 0.5."""
    each = maps_of(torch.tensor(animals, dtype=torch.float32)[:, None])
    return (each * torch.linspace(1.0, 0.6, len(animals)).view(-1, 1, 1, 1)).amax(dim=0, keepdim=True)


def test_every_one_of_many_centroids_is_an_animal():
    middles = herd()[:, :1]
    (found,) = decoder("centroid")({"CentroidConfmapsHead": falling_maps(middles)})
    assert_same_animals(found.points, middles)
    np.testing.assert_allclose(found.points, middles, atol=0.1)


def test_peaks_to_be_paired_are_the_highest_hundred_of_a_node():
    animals, edges = herd(), np.array([[0, 1]])
    fields = fields_of(torch.tensor(animals, dtype=torch.float32)[None], edges)
    outputs = {"MultiInstanceConfmapsHead": falling_maps(animals), "PartAffinityFieldsHead": fields}
    pairs = Decoder(model_type="bottomup", n_nodes=2, edges=edges, strides=STRIDES, refinement="quadratic")
    (found,) = pairs(outputs)
    assert_same_animals(found.points, animals[:100])


def test_animals_along_fields():
    scenes = [crowd(FLY, animals=n, seed=n) for n in (1, 2, 3)]
    points = stack(scenes)
    outputs = {
        "MultiInstanceConfmapsHead": maps_of(points),
        "PartAffinityFieldsHead": fields_of(points, FLY_EDGES),
    }
    for animals, truth in zip(decoder("bottomup")(outputs), scenes, strict=True):
        assert_same_animals(animals.points, truth)


def test_fields_without_edges_are_refused():
    blind = Decoder(model_type="bottomup", n_nodes=13, strides=STRIDES)
    outputs = {
        "MultiInstanceConfmapsHead": torch.zeros(1, 13, 8, 8),
        "PartAffinityFieldsHead": torch.zeros(1, 24, 4, 4),
    }
    with pytest.raises(ValueError, match="edges"):
        blind(outputs)


def test_animals_by_identity():
    scene = crowd(FLY, animals=3, seed=9, apart=20)
    points = stack([scene])
    outputs = {
        "MultiInstanceConfmapsHead": maps_of(points),
        "ClassMapsHead": classes_of(points, [[1, 2, 0]], classes=3),
    }
    found = decoder("multi_class_bottomup")(outputs)[0]
    assert_same_animals(found.points[np.argsort(found.classes)], scene[[2, 0, 1]])
    for row, truth in zip(np.argsort(found.classes), scene[[2, 0, 1]], strict=True):
        np.testing.assert_allclose(found.points[row], truth, atol=0.1)


@pytest.mark.parametrize("model_type", list(MODEL_TYPES))
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_noise_is_decoded_with_bounded_numbers(model_type, precision):
    generator = torch.Generator().manual_seed(0)
    sizes = {"CentroidConfmapsHead": 1, "PartAffinityFieldsHead": 24, "ClassMapsHead": 3}
    outputs = {}
    for head in MODEL_TYPES[model_type].heads.values():
        stride = STRIDES.get(head)
        shape = (
            (2, 3)
            if head == "ClassVectorsHead"
            else (2, sizes.get(head, 13), HEIGHT // stride, WIDTH // stride)
        )
        outputs[head] = torch.rand(shape, generator=generator).to(precision)
    found = decoder(model_type, threshold=float("-inf"))(outputs)
    assert len(found) == 2
    for animals in found:
        assert 1 <= len(animals) <= 100 * 24
        assert animals.points.dtype == np.float32
        assert animals.points.shape[2] == 2
        assert np.isfinite(animals.points).all(-1).any(-1).all()
        assert np.isfinite(animals.scores).all()
