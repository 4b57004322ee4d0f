"""Each setting of the augmentation, measured on the images and points that come out."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest
import torch
from torch import Tensor

from sleapnn_engine.config.schema.augment import AugmentationConfig, GeometricConfig, IntensityConfig
from sleapnn_engine.config.schema.data import DataConfig
from sleapnn_engine.data.augment import Augmenter

Measure = Callable[[Tensor, Tensor], float]
COUNT, SIDE, ARM = 600, 41, 8.0
CENTRE = (SIDE - 1) / 2


def changed(images: Tensor, points: Tensor, **parts: Any) -> tuple[Tensor, Tensor]:
    """What a job with these parts of the augmentation makes of a batch."""
    change = Augmenter.from_job(DataConfig(augmentation_config=AugmentationConfig(**parts)), seed=5)
    assert change is not None
    return change(images, points)


def flat(value: float) -> Tensor:
    return torch.full((COUNT, 1, 12, 12), value)


def added(pick: Callable[[Tensor], Tensor]) -> Measure:
    return lambda before, after: float(pick(after - before))


def contrast(pick: Callable[[Tensor], Tensor]) -> Measure:
    return lambda before, after: float(pick((after - 0.5) / (before - 0.5)))


def brightness(pick: Callable[[Tensor], Tensor]) -> Measure:
    return lambda before, after: float(pick(after / before))


def touched(before: Tensor, after: Tensor) -> float:
    """Share of images that are not as they were."""
    return float((before != after).flatten(1).any(dim=1).float().mean())


UNIFORM = {"uniform_noise_p": 1.0, "uniform_noise_min": 0.0, "uniform_noise_max": 0.5}
GAUSSIAN = {"gaussian_noise_p": 1.0, "gaussian_noise_std": 0.02}
CONTRAST = {"contrast_p": 1.0, "contrast_min": 0.5, "contrast_max": 1.5}
BRIGHTNESS = {"brightness_p": 1.0, "brightness_min": 0.5, "brightness_max": 1.5}
#: Setting: the others, two values, and the measure that gives that value back.
INTENSITY: dict[str, tuple[dict[str, float], tuple[float, float], Measure]] = {
    "uniform_noise_min": (UNIFORM, (0.05, 0.4), added(torch.min)),
    "uniform_noise_max": (UNIFORM, (0.1, 0.6), added(torch.max)),
    "uniform_noise_p": (UNIFORM, (0.2, 0.9), touched),
    "gaussian_noise_mean": (GAUSSIAN, (-0.1, 0.2), added(torch.mean)),
    "gaussian_noise_std": (GAUSSIAN, (0.01, 0.06), added(torch.std)),
    "gaussian_noise_p": (GAUSSIAN, (0.2, 0.9), touched),
    "contrast_min": (CONTRAST, (0.2, 1.2), contrast(torch.min)),
    "contrast_max": (CONTRAST, (0.8, 1.8), contrast(torch.max)),
    "contrast_p": (CONTRAST, (0.2, 0.9), touched),
    "brightness_min": (BRIGHTNESS, (0.2, 1.2), brightness(torch.min)),
    "brightness_max": (BRIGHTNESS, (0.8, 1.8), brightness(torch.max)),
    "brightness_p": (BRIGHTNESS, (0.2, 0.9), touched),
}


@pytest.mark.setting("data_config.augmentation_config.intensity.*")
@pytest.mark.parametrize("name", [field.name for field in attrs.fields(IntensityConfig)])
def test_each_setting_of_light_and_noise_can_be_read_off_the_images(name: str) -> None:
    others, values, measure = INTENSITY[name]
    before, points = flat(0.3), torch.full((COUNT, 1, 1, 2), 4.0)
    for value in values:
        after, moved = changed(before, points, intensity=IntensityConfig(**{**others, name: value}))
        assert measure(before, after) == pytest.approx(value, abs=0.05 if name.endswith("_p") else 0.01)
        assert torch.equal(moved, points)


def cross() -> Tensor:
    """The middle of the image and a point to its right, as points of one animal on every image."""
    return torch.tensor([[CENTRE, CENTRE], [CENTRE + ARM, CENTRE]]).expand(COUNT, 1, 2, 2).clone()


def arms(after: Tensor) -> Tensor:
    """(images, 2): where the second point is from the first."""
    return after[:, 0, 1] - after[:, 0, 0]


def degrees(pick: Callable[[Tensor], Tensor]) -> Measure:
    return lambda _, after: float(pick(torch.rad2deg(torch.atan2(arms(after)[:, 1], arms(after)[:, 0]))))


def scales(pick: Callable[[Tensor], Tensor]) -> Measure:
    return lambda _, after: float(pick(arms(after).norm(dim=1) / ARM))


def shifted(axis: int) -> Measure:
    """Greatest way of the middle, as a share of the image's side."""
    return lambda before, after: float((after - before)[:, 0, 0, axis].abs().max() / SIDE)


ALONE = {"rotation_p": 0.0, "scale_p": 0.0, "translate_p": 0.0, "translate_width": 0.2}
TURN = {**ALONE, "rotation_p": 1.0, "rotation_min": -30.0, "rotation_max": 30.0}
ZOOM = {**ALONE, "scale_p": 1.0, "scale_min": 0.8, "scale_max": 1.2}
SHIFT = {**ALONE, "translate_p": 1.0, "translate_height": 0.2}
MOVES: dict[str, tuple[dict[str, Any], tuple[float, float], Measure]] = {
    "rotation_min": (TURN, (-60.0, 10.0), degrees(torch.min)),
    "rotation_max": (TURN, (-10.0, 60.0), degrees(torch.max)),
    "scale_min": (ZOOM, (0.6, 1.1), scales(torch.min)),
    "scale_max": (ZOOM, (0.9, 1.4), scales(torch.max)),
    "translate_width": (SHIFT, (0.0, 0.3), shifted(0)),
    "translate_height": (SHIFT, (0.0, 0.3), shifted(1)),
    "affine_p": ({"translate_width": 0.2}, (0.2, 0.9), touched),
    "rotation_p": (TURN, (0.2, 0.9), touched),
    "scale_p": (ZOOM, (0.2, 0.9), touched),
    "translate_p": (SHIFT, (0.2, 0.9), touched),
}


@pytest.mark.setting(
    "data_config.augmentation_config.geometric.rotation_min",
    "data_config.augmentation_config.geometric.rotation_max",
    "data_config.augmentation_config.geometric.scale_min",
    "data_config.augmentation_config.geometric.scale_max",
    "data_config.augmentation_config.geometric.translate_width",
    "data_config.augmentation_config.geometric.translate_height",
    "data_config.augmentation_config.geometric.affine_p",
    "data_config.augmentation_config.geometric.rotation_p",
    "data_config.augmentation_config.geometric.scale_p",
    "data_config.augmentation_config.geometric.translate_p",
)
@pytest.mark.parametrize("name", MOVES)
def test_each_setting_of_moving_can_be_read_off_the_points(name: str) -> None:
    others, values, measure = MOVES[name]
    images, before = torch.rand(1, 1, SIDE, SIDE).expand(COUNT, -1, -1, -1).clone(), cross()
    tolerance = {"_p": 0.05, "ax": 0.02, "in": 0.02}.get(name[-2:], 0.01) * (
        60 if "rotation_m" in name else 1
    )
    for value in values:
        shown, after = changed(images, before, geometric=GeometricConfig(**{**others, name: value}))
        assert measure(before, after) == pytest.approx(value, abs=tolerance)
        assert touched(images, shown) == pytest.approx(touched(before, after), abs=0.01)


@pytest.mark.setting(
    "data_config.augmentation_config.geometric.affine_p",
    "data_config.augmentation_config.geometric.rotation_p",
    "data_config.augmentation_config.geometric.scale_p",
    "data_config.augmentation_config.geometric.translate_p",
)
def test_a_chance_left_null_goes_with_the_others_until_one_has_its_own() -> None:
    reach = {"rotation_min": 5.0, "rotation_max": 30.0, "scale_min": 1.05, "translate_width": 0.2}
    images, before = torch.rand(COUNT, 1, SIDE, SIDE), cross()

    def moved(**chances: float) -> tuple[Tensor, Tensor, Tensor]:
        """Which images were turned, scaled and shifted."""
        _, after = changed(images, before, geometric=GeometricConfig(**reach, **chances))
        turned, grown = arms(after)[:, 1].abs() > 1e-3, (arms(after).norm(dim=1) - ARM).abs() > 1e-3
        return turned, grown, (after - before)[:, 0, 0].abs().amax(dim=1) > 1e-3

    turned, grown, shifted = moved(affine_p=0.5)
    assert 0.4 < turned.float().mean() < 0.6
    assert torch.equal(turned, grown)
    assert torch.equal(turned, shifted)
    for chosen, name in enumerate(("rotation_p", "scale_p", "translate_p")):
        alone = moved(affine_p=1.0, **{name: 0.5})
        assert [
            0.4 < part.float().mean() < 0.6 if i == chosen else not part.any() for i, part in enumerate(alone)
        ]
        assert sum(bool(part.any()) for part in alone) == 1


def areas(pick: Callable[[Tensor], Tensor]) -> Measure:
    return lambda before, after: float(pick((before != after).flatten(1).float().mean(dim=1)))


def shapes(pick: Callable[[Tensor], Tensor]) -> Measure:
    """Height by width of the painted rectangles."""

    def measure(before: Tensor, after: Tensor) -> float:
        painted = (before != after)[:, 0]
        height, width = (painted.any(dim=axis).sum(dim=1).float() for axis in (2, 1))
        return float(pick(height / width))

    return measure


ERASE = {
    "erase_p": 1.0,
    "erase_scale_min": 0.1,
    "erase_scale_max": 0.1,
    "erase_ratio_min": 0.5,
    "erase_ratio_max": 2.0,
}
ERASING: dict[str, tuple[dict[str, float], tuple[float, float], Measure]] = {
    "erase_scale_min": ({**ERASE, "erase_scale_max": 0.3}, (0.02, 0.2), areas(torch.min)),
    "erase_scale_max": ({**ERASE, "erase_scale_min": 0.01}, (0.05, 0.3), areas(torch.max)),
    "erase_ratio_min": (ERASE, (0.5, 1.5), shapes(torch.min)),
    "erase_ratio_max": (ERASE, (0.7, 3.0), shapes(torch.max)),
    "erase_p": (ERASE, (0.2, 0.9), touched),
}


@pytest.mark.setting(
    "data_config.augmentation_config.geometric.erase_scale_min",
    "data_config.augmentation_config.geometric.erase_scale_max",
    "data_config.augmentation_config.geometric.erase_ratio_min",
    "data_config.augmentation_config.geometric.erase_ratio_max",
    "data_config.augmentation_config.geometric.erase_p",
)
@pytest.mark.parametrize("name", ERASING)
def test_each_setting_of_erasing_can_be_read_off_the_rectangles(name: str) -> None:
    others, values, measure = ERASING[name]
    before, points = torch.full((COUNT, 1, 100, 100), 2.0), torch.full((COUNT, 1, 1, 2), 50.0)
    for value in values:
        after, moved = changed(before, points, geometric=GeometricConfig(**{**others, name: value}))
        assert measure(before, after) == pytest.approx(value, rel=0.08, abs=0.03)
        assert torch.equal(moved, points)


def shares(pick: Callable[[Tensor], Tensor]) -> Measure:
    """Share of the other image, where images are 0 or 1 all over."""
    return lambda before, after: float(pick((after - before).abs()[(after != before)]))


MIX = {"mixup_p": 1.0, "mixup_lambda_min": 0.1, "mixup_lambda_max": 0.6}
MIXING: dict[str, tuple[dict[str, float], tuple[float, float], Measure]] = {
    "mixup_lambda_min": (MIX, (0.05, 0.4), shares(torch.min)),
    "mixup_lambda_max": (MIX, (0.2, 0.9), shares(torch.max)),
    # Half of the partners look like the image itself, which then stays as it is.
    "mixup_p": (MIX, (0.2, 0.9), lambda before, after: 2 * touched(before, after)),
}


@pytest.mark.setting(
    "data_config.augmentation_config.geometric.mixup_lambda_min",
    "data_config.augmentation_config.geometric.mixup_lambda_max",
    "data_config.augmentation_config.geometric.mixup_p",
)
@pytest.mark.parametrize("name", MIXING)
def test_each_setting_of_mixing_can_be_read_off_the_blend(name: str) -> None:
    others, values, measure = MIXING[name]
    before = (torch.arange(2 * COUNT) % 2).float().view(-1, 1, 1, 1).expand(-1, 1, 4, 4).clone()
    for value in values:
        after, _ = changed(
            before, torch.zeros(2 * COUNT, 1, 1, 2), geometric=GeometricConfig(**{**others, name: value})
        )
        assert measure(before, after) == pytest.approx(value, abs=0.06 if name == "mixup_p" else 0.01)


def test_every_setting_of_moving_is_among_these() -> None:
    assert {field.name for field in attrs.fields(GeometricConfig)} == {*MOVES, *ERASING, *MIXING}
