"""Padding is the same black in training as in validation: what changes pictures leaves alone what is around them."""

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import torch
from torch import Tensor

from sleapnn_engine.config.schema.augment import GeometricConfig, IntensityConfig
from sleapnn_engine.data.augment import to_float
from sleapnn_engine.data.frames import MemoryFrames
from sleapnn_engine.data.geometry import plan_input
from sleapnn_engine.data.samples import CropPlan, CropSamples, FrameSamples
from sleapnn_engine.training.state import Training
from tests.engine.data.scenes import label_set
from tests.engine.data.test_augment import augmenter
from tests.engine.training.rendered import built, job, write_labels

#: Chance: the settings that it needs to be seen, for every change of colours that there is.
PAINTS: dict[str, dict[str, float]] = {
    "uniform_noise_p": {"uniform_noise_min": 0.1},
    "gaussian_noise_p": {"gaussian_noise_mean": 0.2},
    "contrast_p": {"contrast_min": 1.5, "contrast_max": 1.9},
    "brightness_p": {"brightness_min": 0.3, "brightness_max": 0.5},
    "erase_p": {"erase_scale_min": 0.2, "erase_scale_max": 0.6},
    "mixup_p": {"mixup_lambda_min": 0.3, "mixup_lambda_max": 0.6},
}
MOVES = {"affine_p": 1.0, "rotation_min": -180.0, "rotation_max": 180.0, "translate_width": 0.2}
#: Top, left, bottom, right: at the top left of a frame, on crops over each edge, all of it, and nothing.
PICTURES = torch.tensor(
    [(0, 0, 50, 131), (0, 0, 96, 20), (30, 0, 96, 160), (0, 61, 70, 160), (9, 40, 50, 90), (0, 0, 96, 160), (0, 0, 0, 0)]
)  # fmt: skip


def test_every_change_of_colours_is_among_these() -> None:
    chances = [f.name for part in (IntensityConfig, GeometricConfig) for f in attrs.fields(part)]
    moving = {"affine_p", "rotation_p", "scale_p", "translate_p"}
    assert {name for name in chances if name.endswith("_p")} - moving == set(PAINTS)


def part_of(name: str) -> dict[str, dict[str, float]]:
    """The part of the augmentation in which this chance is 1."""
    kind = "intensity" if name in attrs.fields_dict(IntensityConfig) else "geometric"
    return {kind: {name: 1.0, **PAINTS[name]}}


def on_picture(pictures: Tensor, *, height: int, width: int) -> Tensor:
    """bool (B, 1, H, W), pixel by pixel."""
    shown = torch.zeros(len(pictures), 1, height, width, dtype=torch.bool)
    for mask, (top, left, bottom, right) in zip(shown, pictures.tolist(), strict=True):
        mask[:, top:bottom, left:right] = True
    return shown


@pytest.mark.setting(
    "data_config.augmentation_config.intensity.*_p",
    "data_config.augmentation_config.geometric.erase_p",
    "data_config.augmentation_config.geometric.mixup_p",
)
@pytest.mark.parametrize("margin", [0, 8])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", PAINTS)
def test_a_change_of_colours_acts_on_the_picture_and_on_nothing_around_it(
    name: str, channels: int, margin: int
) -> None:
    # What is around the pictures has colours here, so that a change of black into black is seen as well.
    images = torch.rand(len(PICTURES), channels, 96, 160)
    points = torch.rand(len(PICTURES), 2, 3, 2) * 40 + 20
    given = images.clone()
    after, moved = augmenter(**part_of(name))(given, points, margin=margin, pictures=PICTURES)
    assert torch.equal(given, images)
    inner = slice(margin, -margin or None)
    before = images[..., inner, inner]
    inside = on_picture(PICTURES, height=96, width=160)[..., inner, inner].expand_as(before)
    assert torch.equal(after[~inside], before[~inside])
    assert torch.equal(moved, points - margin)
    changed = [bool((a != b)[i].any()) for a, b, i in zip(after, before, inside, strict=True)]
    assert changed == inside.flatten(1).any(dim=1).tolist()
    share = (after != before)[inside].float().mean()
    assert share > (0.15 if name == "erase_p" else 0.98)


@pytest.mark.parametrize("margin", [0, 8])
@pytest.mark.parametrize("affine_p", [1.0, 0.5])
@pytest.mark.parametrize("name", ["erase_p", "mixup_p"])
def test_it_stays_on_the_picture_where_that_was_moved_to(name: str, affine_p: float, margin: int) -> None:
    pictures = PICTURES[:5].repeat(4, 1)
    images = on_picture(pictures, height=96, width=160).byte() * 255
    points = torch.full((len(images), 1, 1, 2), 50.0)
    moves = {**MOVES, "affine_p": affine_p}
    plain, _ = augmenter(geometric=moves)(images, points, margin=margin, pictures=pictures)
    painted = {**moves, **part_of(name)["geometric"]}
    after, _ = augmenter(geometric=painted)(images, points, margin=margin, pictures=pictures)
    around = plain < 0.5
    assert torch.equal(after[around], plain[around])
    changed = (after != plain).flatten(1).any(dim=1)
    seen = (~around).flatten(1).any(dim=1)
    assert not changed[~seen].any()
    # A white picture mixed with white stays; a rectangle may miss the corner that a turned picture leaves of its box.
    assert changed[seen].float().mean() > 0.8


def test_pictures_that_fill_their_images_are_changed_as_if_the_others_were_not_there() -> None:
    intensity = {name: 0.5 for name in PAINTS if name in attrs.fields_dict(IntensityConfig)}
    geometric = {**MOVES, "affine_p": 0.5, "erase_p": 0.5, "erase_scale_max": 0.3}
    images, points = torch.randint(0, 256, (7, 1, 96, 160), dtype=torch.uint8), torch.rand(7, 1, 2, 2) * 90
    for seed in range(5):
        both = {"seed": seed, "intensity": intensity, "geometric": geometric}
        alone, places = augmenter(**both)(images, points)
        after, moved = augmenter(**both)(images, points, pictures=PICTURES)
        torch.testing.assert_close(moved, places, rtol=0, atol=0, equal_nan=True)
        assert torch.equal(after[5], alone[5])
        assert not torch.equal(after[:5], alone[:5])
        whole = torch.tensor([0, 0, 96, 160]).expand(7, 4)
        assert torch.equal(augmenter(**both)(images, points, pictures=whole)[0], alone)
    corners = {
        "affine_p": 1.0,
        "rotation_min": 45.0,
        "rotation_max": 45.0,
        "scale_min": 0.5,
        "scale_max": 0.5,
    }
    for seed in range(10):
        shrunk = {"seed": seed, "geometric": {**corners, "erase_p": 1.0, "erase_scale_min": 0.01}}
        after, _ = augmenter(**shrunk)(images, points, pictures=PICTURES)
        assert torch.equal(after[5], augmenter(**shrunk)(images, points)[0][5])


@pytest.mark.setting("data_config.augmentation_config.geometric.erase_scale_*")
@pytest.mark.parametrize("scale", [0.02, 0.3])
def test_the_erased_share_is_one_of_the_picture(scale: float) -> None:
    pictures = PICTURES[:5].repeat(80, 1)
    settings = {"erase_p": 1.0, "erase_scale_min": scale, "erase_scale_max": scale, "erase_ratio_max": 2.0}
    before = torch.full((len(pictures), 1, 96, 160), 2.0)
    after, _ = augmenter(geometric=settings)(before, torch.zeros(len(pictures), 1, 1, 2), pictures=pictures)
    size = on_picture(pictures, height=96, width=160).flatten(1).sum(dim=1)
    shares = (after != before).flatten(1).sum(dim=1) / size
    assert shares.view(80, 5).mean(dim=0).tolist() == pytest.approx([scale] * 5, rel=0.05)


def white_frames(**settings: Any) -> MemoryFrames:
    """White frames of three sizes, each with two animals, one of them over the picture's edge."""
    sizes = [(50, 131), (96, 60), (33, 160)]
    images = [np.full((*size, 1), 255, np.uint8) for size in sizes]
    points = [
        np.array([[[9.0, 20.0], [21.0, 28.0]], [[w - 9.0, h - 4.0], [w - 1.0, h - 1.0]]]) for h, w in sizes
    ]
    labels = label_set(images, points)
    frames = tuple(attrs.evolve(frame, centers=frame.points.mean(axis=1)) for frame in labels.frames)
    return MemoryFrames(
        attrs.evolve(labels, frames=frames), plan_input([i.shape for i in images], **settings)
    )


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.37, 1.6])
@pytest.mark.parametrize(
    "sides", [{}, {"max_height": 64}, {"max_width": 101}, {"max_height": 150, "max_width": 90}]
)
@pytest.mark.parametrize("max_stride", [1, 32])
def test_a_batch_says_where_its_pictures_are(sides: dict[str, int], scale: float, max_stride: int) -> None:
    batch = FrameSamples(white_frames(scale=scale, max_stride=max_stride, **sides)).batch(torch.arange(3))
    # Of white, a pixel keeps at least half where its centre is on the picture.
    for image, (top, left, bottom, right) in zip(
        batch.images[:, 0] >= 127, batch.pictures.tolist(), strict=True
    ):
        assert (top, left) == (0, 0)
        assert [int(image[:, 0].sum()), int(image[0].sum())] == [bottom, right]
        assert image[:bottom, 0].all()
        assert image[0, :right].all()


@pytest.mark.parametrize("margin", [0, 11])
@pytest.mark.parametrize("side", [24, 200])
@pytest.mark.parametrize("sides", [{}, {"max_height": 64, "max_width": 101}])
def test_a_crop_says_where_the_picture_is_on_it(sides: dict[str, int], side: int, margin: int) -> None:
    plan = CropPlan(side=side, scale=0.5, multiple=16, margin=margin)
    samples = CropSamples(white_frames(**sides), plan)
    batch = samples.batch(torch.arange(len(samples)))
    whole = side + 2 * margin
    assert len(samples) == 6
    assert torch.equal(batch.images == 255, on_picture(batch.pictures, height=whole, width=whole))
    assert (batch.images == 0).flatten(1).any(dim=1).sum() >= 3, "some hang over the edge"


@pytest.mark.parametrize("model_type", ["single_instance", "centroid", "centered_instance"])
def test_what_a_network_is_trained_on_has_the_padding_of_what_it_is_measured_on(
    tmp_path: Path, model_type: str
) -> None:
    labels = [
        write_labels(tmp_path, name, size=size) for name, size in (("a.slp", (50, 131)), ("b.slp", (96, 61)))
    ]
    every = {name: setting for part in map(part_of, PAINTS) for parts in part.values() for name, setting in parts.items()}  # fmt: skip
    known = {
        kind: {name: value for name, value in every.items() if name in attrs.fields_dict(cls)}
        for kind, cls in (("intensity", IntensityConfig), ("geometric", GeometricConfig))
    }
    config = job(
        tmp_path,
        labels,
        model_type=model_type,
        data_config__use_augmentations_train=True,
        data_config__augmentation_config=known,
        **({"data_config__preprocessing__crop_size": 128} if model_type == "centered_instance" else {}),
    )

    def measure(training: Training) -> tuple[int, bool]:
        """How many padded pixels there are, and whether every one of them is black, in training and validation."""
        batches, padded, black = training.parts.batches, 0, True
        for _ in range(6):
            example = batches.next_batch()
            for image, index in zip(example.images, example.indices.tolist(), strict=True):
                plain = batches.sample(batches.train, index).images[0]
                assert not torch.equal(image, plain)
                padded, black = (
                    padded + int((plain == 0).sum()),
                    black and bool((image[plain == 0] == 0).all()),
                )
        return padded, black

    padded, black = built(config, measure)
    assert padded > 10_000
    assert black


def test_float_images_stand_for_the_same() -> None:
    images = torch.randint(0, 256, (7, 1, 96, 160), dtype=torch.uint8)
    parts, points = part_of("contrast_p"), torch.zeros(7, 1, 1, 2)
    whole, _ = augmenter(**parts)(images, points, pictures=PICTURES)
    floats, _ = augmenter(**parts)(to_float(images), points, pictures=PICTURES)
    assert torch.equal(whole, floats)
