"""`data_config.augmentation_config`: random changes of training images."""

from typing import Any, Optional

import attrs

from sleapnn_engine.config.meta import When, section, setting

_G = "data_config.augmentation_config.geometric."
_NO_EACH = tuple(
    When(
        path=_G + name,
        values=(None,),
        says="Has no effect: rotation, scaling and shifting have chances of their own.",
    )
    for name in ("rotation_p", "scale_p", "translate_p")
)


def _chance(default: Any, label: str, doc: str, **more: Any) -> Any:
    return setting(
        default,
        label=label,
        doc=doc,
        kind="float",
        unit="probability",
        minimum=0,
        maximum=1,
        step=0.1,
        **more,
    )


@attrs.define(kw_only=True)
class IntensityConfig:
    uniform_noise_min: float = setting(
        0.0,
        label="Uniform noise from",
        doc="Least amount added to each pixel, as a share of the full brightness range.",
        kind="float",
        unit="gray_fraction",
        minimum=0,
        maximum=1,
        step=0.01,
    )
    uniform_noise_max: float = setting(
        1.0,
        label="Uniform noise to",
        doc="Greatest amount added to each pixel, as a share of the full brightness range.",
        kind="float",
        unit="gray_fraction",
        minimum=0,
        maximum=1,
        step=0.01,
    )
    uniform_noise_p: float = _chance(
        0.0, "Uniform noise chance", "How often an image receives uniform noise."
    )
    gaussian_noise_mean: float = setting(
        0.0,
        label="Gaussian noise mean",
        doc="Mean of the noise added to each pixel, as a share of the full brightness range.",
        kind="float",
        unit="gray_fraction",
        minimum=-1,
        maximum=1,
        step=0.01,
    )
    gaussian_noise_std: float = setting(
        1.0,
        label="Gaussian noise spread",
        doc="Standard deviation of the noise, as a share of the full brightness range; 0.02 is about 5 gray levels.",
        kind="float",
        unit="gray_fraction",
        minimum=0,
        maximum=1,
        step=0.01,
    )
    gaussian_noise_p: float = _chance(
        0.0, "Gaussian noise chance", "How often an image receives Gaussian noise."
    )
    contrast_min: float = setting(
        0.9,
        label="Contrast from",
        doc="Least contrast factor; 1 leaves the image as it is.",
        kind="float",
        unit="factor",
        minimum=0,
        maximum=100,
        step=0.05,
    )
    contrast_max: float = setting(
        1.1,
        label="Contrast to",
        doc="Greatest contrast factor; 1 leaves the image as it is.",
        kind="float",
        unit="factor",
        minimum=0,
        maximum=100,
        step=0.05,
    )
    contrast_p: float = _chance(0.0, "Contrast chance", "How often an image changes in contrast.")
    brightness_min: float = setting(
        1.0,
        label="Brightness from",
        doc="Least brightness factor; 1 leaves the image as it is, 0 makes it black.",
        kind="float",
        unit="factor",
        minimum=0,
        maximum=2,
        step=0.05,
    )
    brightness_max: float = setting(
        1.0,
        label="Brightness to",
        doc="Greatest brightness factor; 1 leaves the image as it is.",
        kind="float",
        unit="factor",
        minimum=0,
        maximum=2,
        step=0.05,
    )
    brightness_p: float = _chance(0.0, "Brightness chance", "How often an image changes in brightness.")


@attrs.define(kw_only=True)
class GeometricConfig:
    rotation_min: float = setting(
        -15.0,
        label="Rotation from",
        doc="Least angle, clockwise on the screen; use -180 to 180 for animals that can face any way.",
        kind="float",
        unit="degrees",
        minimum=-180,
        maximum=180,
        step=5,
        legacy="optimization.augmentation_config.rotation_min_angle",
    )
    rotation_max: float = setting(
        15.0,
        label="Rotation to",
        doc="Greatest angle, clockwise on the screen; 0 for both ends turns rotation off.",
        kind="float",
        unit="degrees",
        minimum=-180,
        maximum=180,
        step=5,
        legacy="optimization.augmentation_config.rotation_max_angle",
    )
    scale_min: float = setting(
        0.9,
        label="Scaling from",
        doc="Least factor by which the image is shrunk or enlarged, alike in both directions.",
        kind="float",
        unit="factor",
        above=0,
        maximum=16,
        step=0.05,
        legacy="optimization.augmentation_config.scale_min",
    )
    scale_max: float = setting(
        1.1,
        label="Scaling to",
        doc="Greatest factor by which the image is shrunk or enlarged, alike in both directions.",
        kind="float",
        unit="factor",
        above=0,
        maximum=16,
        step=0.05,
        legacy="optimization.augmentation_config.scale_max",
    )
    translate_width: float = setting(
        0.0,
        label="Shift sideways",
        doc="Greatest shift to the left or right in the turned and scaled image, as a share of its width.",
        kind="float",
        unit="fraction_width",
        minimum=0,
        maximum=1,
        step=0.05,
    )
    translate_height: float = setting(
        0.0,
        label="Shift up or down",
        doc="Greatest shift up or down in the turned and scaled image, as a share of its height.",
        kind="float",
        unit="fraction_height",
        minimum=0,
        maximum=1,
        step=0.05,
    )
    affine_p: float = _chance(
        0.0,
        "Chance of all three together",
        "How often an image is rotated, scaled and shifted in one go.",
        when=_NO_EACH,
    )
    rotation_p: Optional[float] = _chance(
        None,
        "Rotation chance",
        "How often an image is rotated, on its own.",
        null="Rotated together with scaling and shifting; off as soon as one of those has a chance of its own.",
        null_label="Together",
    )
    scale_p: Optional[float] = _chance(
        None,
        "Scaling chance",
        "How often an image is scaled, on its own.",
        null="Scaled together with rotation and shifting; off as soon as one of those has a chance of its own.",
        null_label="Together",
    )
    translate_p: Optional[float] = _chance(
        None,
        "Shift chance",
        "How often an image is shifted, on its own.",
        null="Shifted together with rotation and scaling; off as soon as one of those has a chance of its own.",
        null_label="Together",
    )
    erase_scale_min: float = setting(
        0.0001,
        label="Erased area from",
        doc="Smallest area of the rectangle painted over, as a share of the image.",
        kind="float",
        unit="fraction_area",
        minimum=0,
        maximum=1,
        log=True,
        advanced=True,
    )
    erase_scale_max: float = setting(
        0.01,
        label="Erased area to",
        doc="Largest area of the rectangle painted over, as a share of the image.",
        kind="float",
        unit="fraction_area",
        minimum=0,
        maximum=1,
        log=True,
        advanced=True,
    )
    erase_ratio_min: float = setting(
        1.0,
        label="Erased shape from",
        doc="Least height-to-width ratio of the rectangle painted over.",
        kind="float",
        unit="factor",
        above=0,
        maximum=1000,
        step=0.1,
        advanced=True,
    )
    erase_ratio_max: float = setting(
        1.0,
        label="Erased shape to",
        doc="Greatest height-to-width ratio of the rectangle painted over.",
        kind="float",
        unit="factor",
        above=0,
        maximum=1000,
        step=0.1,
        advanced=True,
    )
    erase_p: float = _chance(
        0.0,
        "Erase chance",
        "How often a rectangle of the image is painted over with one colour.",
        advanced=True,
    )
    mixup_lambda_min: float = setting(
        0.01,
        label="Mixing from",
        doc="Least share of another training image blended in.",
        kind="float",
        unit="fraction",
        minimum=0,
        maximum=1,
        step=0.01,
        advanced=True,
    )
    mixup_lambda_max: float = setting(
        0.05,
        label="Mixing to",
        doc="Greatest share of another training image blended in.",
        kind="float",
        unit="fraction",
        minimum=0,
        maximum=1,
        step=0.01,
        advanced=True,
    )
    mixup_p: float = _chance(
        0.0, "Mixing chance", "How often another image of the batch is blended in.", advanced=True
    )


@attrs.define(kw_only=True)
class AugmentationConfig:
    intensity: Optional[IntensityConfig] = section(
        IntensityConfig,
        on=False,
        label="Light and noise",
        doc="Random changes of brightness, contrast and noise; the labelled points stay where they are.",
        null="No changes of light or noise.",
    )
    geometric: Optional[GeometricConfig] = section(
        GeometricConfig,
        on=False,
        label="Position and shape",
        doc="Random rotation, scaling and shifting; the labelled points move along.",
        null="No changes of position or shape.",
    )
