"""Each setting of a model type, from a config to what its heads are told to answer and how that counts."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.validate import validate
from sleapnn_engine.training.inputs.batches import Example
from sleapnn_engine.training.state import Training
from tests.engine.training.jobs import events
from tests.engine.training.rendered import NODES, built, job, places, trained, write_labels

HEAD = "model_config.head_configs."
WITH_PARTS = [name for name in MODEL_TYPES if name != "centroid"]
ANCHORED = ("centroid", "centered_instance", "multi_class_topdown")
IDENTIFIED = {"multi_class_bottomup": "class_maps", "multi_class_topdown": "class_vectors"}


def config(folder: Path, model_type: str, *, animals: int = 1, **settings: Any) -> dict[str, Any]:
    """A job on a drawn scene of animals with tracks; `settings` are keys of the model type with `__` for the dots."""
    labels = folder / f"animals{animals}.slp"
    if not labels.exists():
        write_labels(folder, labels.name, animals=animals, tracks=("black", "white")[:animals])
    made = job(folder, labels, model_type=model_type)
    for key, value in settings.items():
        tree.put(made, f"{HEAD}{model_type}.{key.replace('__', '.')}", value)
    strides = [
        part["output_stride"]
        for name, part in tree.get(made, HEAD + model_type).items()
        if name != "class_vectors"
    ]
    tree.put(made, "model_config.backbone_config.unet.output_stride", min(strides))
    return made


def first(training: Training) -> Example:
    return training.parts.batches.sample(training.parts.batches.train, 0)


def target(training: Training, name: str) -> Tensor:
    """What the head of that section should put out for the first training sample."""
    return first(training).targets[MODEL_TYPES[training.parts.model_type].heads[name]][0]


def peaks(maps: Tensor, *, stride: int = 2) -> np.ndarray:
    """(channels, 2) x, y in input pixels of the highest cell of each map."""
    places = [divmod(int(one.argmax()), one.shape[-1]) for one in maps]
    return np.array([[column, row] for row, column in places]) * stride


def drawn(training: Training, *, animals: int = 1) -> np.ndarray:
    """Points (animals, nodes, 2) of the frame that the first training sample is of."""
    frame = training.parts.batches.train.store.labels.frames[0].frame_index
    return places(8, animals, height=64, width=64)[frame]


@pytest.mark.setting(
    "model_config.head_configs.single_instance.confmaps.part_names",
    "model_config.head_configs.centered_instance.confmaps.part_names",
    "model_config.head_configs.bottomup.confmaps.part_names",
    "model_config.head_configs.multi_class_bottomup.confmaps.part_names",
    "model_config.head_configs.multi_class_topdown.confmaps.part_names",
)
@pytest.mark.parametrize("names", [None, ["tail", "neck"]])
@pytest.mark.parametrize("model_type", WITH_PARTS)
def test_each_chosen_part_is_one_map_in_the_order_chosen(
    tmp_path: Path, model_type: str, names: list[str] | None
) -> None:
    def measure(training: Training) -> tuple[Tensor, Tensor, np.ndarray]:
        with torch.no_grad():
            made = training.parts.model(first(training).images)[MODEL_TYPES[model_type].heads["confmaps"]]
        return target(training, "confmaps"), made[0], drawn(training)[0]

    wanted, made, points = built(config(tmp_path, model_type, confmaps__part_names=names), measure)
    order = [NODES.index(name) for name in names or NODES]
    assert len(wanted) == len(made) == len(order)
    # A crop moves all points alike, so what is compared is the way from the first part to each.
    found, truth = peaks(wanted), points[order]
    assert np.abs((found - found[0]) - (truth - truth[0])).max() <= 2


@pytest.mark.setting(
    "model_config.head_configs.centroid.confmaps.anchor_part",
    "model_config.head_configs.centered_instance.confmaps.anchor_part",
    "model_config.head_configs.multi_class_topdown.confmaps.anchor_part",
)
@pytest.mark.parametrize("anchor", [None, "nose", "tail"])
@pytest.mark.parametrize("model_type", ANCHORED)
def test_the_anchor_is_the_centre_of_an_animal(tmp_path: Path, model_type: str, anchor: str | None) -> None:
    def measure(training: Training) -> tuple[np.ndarray, np.ndarray, Example]:
        return peaks(target(training, "confmaps")), drawn(training)[0], first(training)

    found, points, example = built(config(tmp_path, model_type, confmaps__anchor_part=anchor), measure)
    box = (points.min(axis=0) + points.max(axis=0)) / 2
    centre = box if anchor is None else points[NODES.index(anchor)]
    if model_type == "centroid":
        assert np.abs(found[0] - centre).max() <= 1
    else:
        moved = example.points[0, 0].numpy() - points + centre
        assert np.abs(moved - (example.images.shape[-1] - 1) / 2).max() <= 0.51


@pytest.mark.setting(
    "model_config.head_configs.centroid.confmaps.anchor_part",
    "model_config.head_configs.centered_instance.confmaps.anchor_part",
    "model_config.head_configs.multi_class_topdown.confmaps.anchor_part",
)
@pytest.mark.parametrize("model_type", ANCHORED)
def test_an_anchor_that_is_no_part_is_refused(tmp_path: Path, model_type: str) -> None:
    with pytest.raises(UserError, match="no node “wing”") as caught:
        trained(config(tmp_path, model_type, confmaps__anchor_part="wing"))
    assert caught.value.where == f"{HEAD}{model_type}.confmaps.anchor_part"


def spread(maps: Tensor) -> float:
    """Standard deviation in cells of one bump, from the volume under it."""
    return math.sqrt(float(maps.sum()) / (2 * math.pi))


@pytest.mark.setting("model_config.head_configs.*.confmaps.sigma")
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("sigma", [1.0, 2.5])
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_sigma_is_the_spread_of_the_bumps_in_cells(
    tmp_path: Path, model_type: str, sigma: float, stride: int
) -> None:
    made = config(tmp_path, model_type, confmaps__sigma=sigma, confmaps__output_stride=stride)
    middle = built(made, lambda training: target(training, "confmaps")[0 if model_type == "centroid" else 1])
    assert spread(middle) == pytest.approx(sigma, rel=0.01)


@pytest.mark.setting("model_config.head_configs.multi_class_bottomup.class_maps.sigma")
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("sigma", [1.5, 3.0])
def test_sigma_is_the_spread_of_an_identity_in_cells(tmp_path: Path, sigma: float, stride: int) -> None:
    made = config(
        tmp_path,
        "multi_class_bottomup",
        confmaps__part_names=["neck"],
        class_maps__sigma=sigma,
        class_maps__output_stride=stride,
    )
    area = built(made, lambda training: float(target(training, "class_maps").sum()))
    # A bump claims its cells down to a fifth of its height.
    assert math.sqrt(area / (2 * math.pi * math.log(5))) == pytest.approx(sigma, rel=0.1)


@pytest.mark.setting("model_config.head_configs.bottomup.pafs.sigma")
@pytest.mark.parametrize("stride", [2, 4])
@pytest.mark.parametrize("sigma", [8.0, 40.0])
def test_the_width_of_limbs_is_in_input_pixels_whatever_the_stride(
    tmp_path: Path, sigma: float, stride: int
) -> None:
    made = config(tmp_path, "bottomup", pafs__sigma=sigma, pafs__output_stride=stride)

    def widths(training: Training) -> list[float]:
        """The width that the strength of each cell beside the first limb stands for."""
        field, (nose, neck, _) = target(training, "pafs")[:2].numpy(), drawn(training)[0]
        way = (neck - nose) / np.linalg.norm(neck - nose)
        found = []
        for row, column in np.ndindex(field.shape[1:]):
            offset = np.array([column, row]) * stride - nose
            along, away = offset @ way, offset[0] * way[1] - offset[1] * way[0]
            strength = float(np.hypot(*field[:, row, column]))
            if 0 < along < np.linalg.norm(neck - nose) and abs(away) > 1 and 0.01 < strength < 0.99:
                found.append(away**2 / math.sqrt(-2 * math.log(strength)))
        return found

    found = built(made, widths)
    assert len(found) >= 2
    np.testing.assert_allclose(found, sigma, rtol=0.02)


STRIDES = [
    *((model_type, "confmaps") for model_type in MODEL_TYPES),
    ("bottomup", "pafs"),
    ("multi_class_bottomup", "class_maps"),
]


@pytest.mark.setting(
    "model_config.head_configs.*.confmaps.output_stride",
    "model_config.head_configs.bottomup.pafs.output_stride",
    "model_config.head_configs.multi_class_bottomup.class_maps.output_stride",
)
@pytest.mark.parametrize("stride", [1, 4, 8])
@pytest.mark.parametrize(("model_type", "part"), STRIDES)
def test_output_stride_is_input_pixels_per_cell_of_that_head_alone(
    tmp_path: Path, model_type: str, part: str, stride: int
) -> None:
    def sides(training: Training) -> dict[str, tuple[float, float]]:
        """Input pixels per cell of what each head puts out and should."""
        example = first(training)
        with torch.no_grad():
            outputs = training.parts.model(example.images)
        side = example.images.shape[-1]
        return {
            name: (side / outputs[head].shape[-1], side / example.targets[head].shape[-1])
            for name, head in MODEL_TYPES[model_type].heads.items()
            if outputs[head].ndim == 4
        }

    usual = built(config(tmp_path, model_type), sides)
    found = built(config(tmp_path, model_type, **{f"{part}__output_stride": stride}), sides)
    assert found == {**usual, part: (stride, stride)}


@pytest.mark.setting("model_config.head_configs.multi_class_topdown.class_vectors.output_stride")
def test_the_identity_is_read_at_the_max_stride_and_nowhere_else(tmp_path: Path) -> None:
    def measure(training: Training) -> tuple[int, int]:
        features = training.parts.model.backbone(first(training).images)
        return next(iter(features)), training.parts.model.head_layers[1]["pre_classification0_fc"].in_features

    made = config(tmp_path, "multi_class_topdown", class_vectors__output_stride=4)
    (told,) = [issue for issue in validate(made) if issue.path.endswith("class_vectors.output_stride")]
    assert told.severity == "info"
    assert "max stride, so at 8" in told.message
    assert built(made, measure)[0] == 8
    made = config(tmp_path, "multi_class_topdown", class_vectors__output_stride=16)
    tree.put(made, "model_config.backbone_config.unet.max_stride", 16)
    stride, read = built(made, measure)
    assert (stride, read) == (16, int(4 * 1.5**4))


@pytest.mark.setting("model_config.head_configs.bottomup.pafs.edges")
def test_chosen_limbs_are_learned_in_their_order_and_direction(tmp_path: Path) -> None:
    def directions(training: Training) -> tuple[np.ndarray, np.ndarray]:
        fields, points = target(training, "pafs"), drawn(training)[0]
        pairs = fields.unflatten(0, (-1, 2)).flatten(2)
        strongest = pairs.norm(dim=1).argmax(dim=1)
        return np.array([pair[:, at].numpy() for pair, at in zip(pairs, strongest, strict=True)]), points

    for edges in (None, [["tail", "nose"]], [["nose", "tail"], ["nose", "neck"]]):
        found, points = built(config(tmp_path, "bottomup", pafs__edges=edges), directions)
        chosen = edges or [["nose", "neck"], ["neck", "tail"]]
        ways = np.array([points[NODES.index(b)] - points[NODES.index(a)] for a, b in chosen])
        np.testing.assert_allclose(found, ways / np.linalg.norm(ways, axis=1, keepdims=True), atol=0.1)


@pytest.mark.setting(
    "model_config.head_configs.multi_class_bottomup.class_maps.classes",
    "model_config.head_configs.multi_class_topdown.class_vectors.classes",
)
@pytest.mark.parametrize("classes", [None, ["white", "black"], ["white"]])
@pytest.mark.parametrize("model_type", IDENTIFIED)
def test_each_chosen_identity_is_one_class_in_the_order_chosen(
    tmp_path: Path, model_type: str, classes: list[str] | None
) -> None:
    part = IDENTIFIED[model_type]
    made = config(tmp_path, model_type, animals=2, **{f"{part}__classes": classes})

    def owners(training: Training) -> list[str]:
        """Whose place each class is high at: the left animal is black, the right one white."""
        found: list[str] = []
        if part == "class_maps":
            for one in target(training, part):
                left, right = one.chunk(2, dim=1)
                found.append("black" if left.max() > right.max() else "white")
            return found
        seen = {}
        samples = training.parts.batches.train
        for index in range(len(samples)):
            answer = training.parts.batches.sample(samples, index).targets["ClassVectorsHead"][0]
            points, _ = samples.truth(index)
            if answer.any():
                seen[int(answer.argmax())] = "black" if points[0, :, 0].mean() < 32 else "white"
        assert answer.shape == (len(classes or ["black", "white"]),)
        return [seen[number] for number in sorted(seen)]

    assert built(made, owners) == (classes or ["black", "white"])


@pytest.mark.setting(
    "model_config.head_configs.bottomup.confmaps.loss_weight",
    "model_config.head_configs.bottomup.pafs.loss_weight",
    "model_config.head_configs.multi_class_bottomup.confmaps.loss_weight",
    "model_config.head_configs.multi_class_bottomup.class_maps.loss_weight",
    "model_config.head_configs.multi_class_topdown.confmaps.loss_weight",
    "model_config.head_configs.multi_class_topdown.class_vectors.loss_weight",
)
@pytest.mark.parametrize("weights", [(None, None), (3.0, None), (None, 0.25), (0.0, 2.0)])
@pytest.mark.parametrize("model_type", [name for name, kind in MODEL_TYPES.items() if len(kind.heads) > 1])
def test_weights_multiply_what_their_head_has_of_the_loss(
    tmp_path: Path, model_type: str, weights: tuple[float | None, float | None]
) -> None:
    names = list(MODEL_TYPES[model_type].heads)
    settings = {f"{name}__loss_weight": weight for name, weight in zip(names, weights, strict=True)}
    run = trained(config(tmp_path, model_type, animals=2, **settings))
    for event in (event["body"] for event in events(run) if event["kind"] == "batch_end"):
        parts = [event["losses"][name] for name in names]
        factors = [1.0 if weight is None else weight for weight in weights]
        assert min(parts) > 0
        assert event["loss"] == pytest.approx(
            sum(f * p for f, p in zip(factors, parts, strict=True)), rel=1e-5
        )


@pytest.mark.setting(
    "model_config.head_configs.single_instance.confmaps.loss_weight",
    "model_config.head_configs.centroid.confmaps.loss_weight",
    "model_config.head_configs.centered_instance.confmaps.loss_weight",
)
@pytest.mark.parametrize("model_type", [name for name, kind in MODEL_TYPES.items() if len(kind.heads) == 1])
def test_the_weight_of_an_only_head_changes_nothing(tmp_path: Path, model_type: str) -> None:
    def losses(run: Path) -> list[float]:
        return [event["body"]["loss"] for event in events(run) if event["kind"] == "batch_end"]

    plain = losses(trained(config(tmp_path, model_type)))
    made = config(tmp_path, model_type, confmaps__loss_weight=7.0)
    tree.put(made, "trainer_config.run_name", "weighted")
    assert losses(trained(made)) == plain
