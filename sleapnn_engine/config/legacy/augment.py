"""How SLEAP ≤ 1.4 augmentation becomes ours: switches become chances, gray levels become shares."""

from sleapnn_engine.config.legacy.draft import Draft
from sleapnn_engine.config.legacy.fields import AUGMENT
from sleapnn_engine.config.reader import GEOMETRIC, INTENSITY
from sleapnn_engine.config.spec import SPEC

_LEVELS = 255.0  # SLEAP adds noise in gray levels of 8-bit images
_CHANCE_ON = "SLEAP did it to every image, which is a chance of 1."
_CHANCE_OFF = "Off: a chance of 0."


def carry_augmentation(draft: Draft) -> None:
    """All leaves of the augmentation section but those that mean the same (the copies of the schema)."""
    draft.note("data_config.use_augmentations_train", True, "")
    draft.note(GEOMETRIC + "affine_p", 0.0, "")
    _chance(draft, "rotate", GEOMETRIC + "rotation_p")
    _chance(draft, "scale", GEOMETRIC + "scale_p")
    _carry_rotation(draft)
    _carry_shift(draft)
    _chance(draft, "uniform_noise", INTENSITY + "uniform_noise_p")
    _gray_levels(draft, "uniform_noise_min_val", INTENSITY + "uniform_noise_min")
    _gray_levels(draft, "uniform_noise_max_val", INTENSITY + "uniform_noise_max")
    _chance(draft, "gaussian_noise", INTENSITY + "gaussian_noise_p")
    _gray_levels(draft, "gaussian_noise_mean", INTENSITY + "gaussian_noise_mean")
    _gray_levels(draft, "gaussian_noise_stddev", INTENSITY + "gaussian_noise_std")
    _carry_unlike(draft, "contrast", ("contrast_min_gamma", "contrast_max_gamma"), "is an exponent (gamma)")
    _carry_unlike(draft, "brightness", ("brightness_min_val", "brightness_max_val"), "adds gray levels")
    _drop_switch(
        draft, "random_crop", ("random_crop_height", "random_crop_width"), "Images are not cropped at random."
    )
    _drop_switch(draft, "random_flip", ("flip_horizontal",), "Images are not mirrored at random.")


def _on(draft: Draft, switch: str) -> bool:
    return bool(draft.source.value(AUGMENT + switch))


def _chance(draft: Draft, switch: str, target: str) -> None:
    on = _on(draft, switch)
    draft.carry(
        AUGMENT + switch, target, value=float(on), reason=_CHANCE_ON if on else _CHANCE_OFF, kind="mapped"
    )


def _carry_rotation(draft: Draft) -> None:
    """Ranges of a full turn or more are written as -180..180; all others are copied as they are."""
    low, high = AUGMENT + "rotation_min_angle", AUGMENT + "rotation_max_angle"
    least, greatest = draft.source.value(low), draft.source.value(high)
    if greatest - least >= 360 and (least, greatest) != (-180.0, 180.0):
        reason = "A full turn is written as -180 to 180 degrees."
        draft.carry(low, GEOMETRIC + "rotation_min", value=-180.0, reason=reason)
        draft.carry(high, GEOMETRIC + "rotation_max", value=180.0, reason=reason)


def _carry_shift(draft: Draft) -> None:
    """SLEAP shifts by pixels; ours is a share of the image, which needs the image's size."""
    on = _on(draft, "translate")
    ends = [AUGMENT + "translate_min", AUGMENT + "translate_max"]
    size = draft.size or _target_size(draft)
    if not on or size is None:
        lost = "SLEAP shifts by up to {} px; here it is a share of the image, whose size is not known."
        reach = max(abs(draft.source.value(path)) for path in ends)
        draft.carry(
            AUGMENT + "translate",
            GEOMETRIC + "translate_p",
            value=0.0,
            reason=lost.format(f"{reach:g}") if on else _CHANCE_OFF,
            kind="warning" if on else "mapped",
        )
        for path in ends:
            draft.drop(path, "See the shift's switch above." if on else "Shifting is off.")
        return
    draft.carry(AUGMENT + "translate", GEOMETRIC + "translate_p", value=1.0, reason=_CHANCE_ON, kind="mapped")
    _carry_reach(draft, ends, size)


def _carry_reach(draft: Draft, ends: list[str], size: tuple[int, int]) -> None:
    """The larger end of the range over the image's height and width, both ways alike."""
    low, high = (draft.source.value(path) for path in ends)
    reach = max(abs(low), abs(high))
    reason = f"The larger of the two ends, {reach:g} px, as a share of an image of {size[1]} x {size[0]} px."
    if low != -high:
        reason += " SLEAP's range was not the same either way; this one is."
    draft.report(ends[0], (GEOMETRIC + "translate_height",), reach / size[0], reason, kind="changed")
    draft.report(ends[1], (GEOMETRIC + "translate_width",), reach / size[1], reason, kind="changed")


def _target_size(draft: Draft) -> tuple[int, int] | None:
    height, width = (draft.source.value(f"data.preprocessing.target_{side}") for side in ("height", "width"))
    return (height, width) if height and width and height > 0 and width > 0 else None


def _gray_levels(draft: Draft, leaf: str, target: str) -> None:
    """Gray levels as a share of the full range; what the new range cannot hold is cut off with a warning."""
    meta = SPEC.keys[target].meta
    share = draft.source.value(AUGMENT + leaf) / _LEVELS
    least, greatest = meta.minimum, meta.maximum
    cut = (
        max(float(least), min(float(greatest), share))
        if least is not None and greatest is not None
        else share
    )
    if cut != share:
        reason = f"Gray levels of 255 become a share of the full range; {share:.3g} is cut off at {cut:g}."
        draft.carry(AUGMENT + leaf, target, value=cut, reason=reason, kind="warning")
    else:
        draft.carry(
            AUGMENT + leaf, target, value=share, reason="Gray levels of 255 become a share of the full range."
        )


def _carry_unlike(draft: Draft, switch: str, ends: tuple[str, str], how: str) -> None:
    """A switch whose chance carries over while its range means another thing, so that ours is used."""
    on = _on(draft, switch)
    low, high = INTENSITY + switch + "_min", INTENSITY + switch + "_max"
    least, greatest = SPEC.keys[low].default, SPEC.keys[high].default
    unlike = f"SLEAP's {switch} {how}; ours multiplies"
    reason = f"{unlike}, so its own range of {least} to {greatest} is used: choose one that suits the images."
    draft.carry(
        AUGMENT + switch,
        INTENSITY + switch + "_p",
        value=float(on),
        reason=reason if on else _CHANCE_OFF,
        kind="warning" if on else "mapped",
    )
    for path in ends:
        draft.drop(AUGMENT + path, f"{unlike}, so the number has no counterpart.")
    if on:
        draft.note(low, least, "")
        draft.note(high, greatest, "")


def _drop_switch(draft: Draft, switch: str, more: tuple[str, ...], text: str) -> None:
    on = _on(draft, switch)
    draft.drop(AUGMENT + switch, text if on else "Off, as always here.", kind="warning" if on else "dropped")
    for path in more:
        draft.drop(AUGMENT + path, text)
