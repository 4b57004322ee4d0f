"""Rules across the keys of the backbone and the head: one of each, strides that fit, weights that match."""

from collections.abc import Callable, Iterator

from .issue import Fix, Issue, error, warning
from .spec import SPEC
from .view import BACKBONES, HEADS, MODEL, PREPROCESSING, View


def _one_of_each(view: View) -> Iterator[Issue]:
    for section in (BACKBONES, HEADS):
        label = SPEC.sections[section].meta.label
        names = view.chosen(section)
        options = ", ".join(SPEC.sections[child].name for child in SPEC.sections[section].sections)
        if not names:
            yield error(section, f"{label}: none is set; choose one of {options}.")
        elif len(names) > 1:
            yield error(
                section,
                f"{label}: {' and '.join(names)} are set; exactly one may be.",
                Fix(f"Keep {names[0]}", {f"{section}.{name}": None for name in names[1:]}),
            )
    head = view.head()
    for part in SPEC.sections[head].sections if head else ():
        if not view.on(part):
            yield error(
                part,
                f"{SPEC.sections[part].meta.label} cannot be null in this model type.",
                Fix("Use the defaults", {part: SPEC.defaults(part)}),
            )


def _strides(view: View) -> Iterator[Issue]:
    backbone = view.backbone()
    if not backbone or not view.head():
        return
    deepest = view.number(f"{backbone}.max_stride")
    heads = {f"{part}.output_stride": view.number(f"{part}.output_stride") for part in view.head_parts()}
    for path, stride in heads.items():
        if path.endswith("class_vectors.output_stride"):
            if deepest is not None and stride is not None and stride != deepest:
                yield error(
                    path,
                    f"The identity is read at the backbone's max stride ({deepest}), not at stride {stride}.",
                    Fix(f"Use {deepest}", {path: deepest}),
                )
        elif deepest is not None and stride is not None and stride > deepest:
            yield error(
                path,
                f"Output stride {stride} is more than the backbone's max stride ({deepest}).",
                Fix(f"Use {deepest}", {path: deepest}),
            )
    yield from _finest(
        view, backbone, [s for p, s in heads.items() if s is not None and "class_vectors" not in p]
    )


def _finest(view: View, backbone: str, strides: list[float | int]) -> Iterator[Issue]:
    path = f"{backbone}.output_stride"
    finest = view.number(path)
    if finest is not None and strides and finest != min(strides):
        better = int(min(strides))
        tell = error if finest > better else warning
        why = "a head needs a finer map" if finest > better else "the network is built for that head"
        yield tell(
            path,
            f"The backbone's output stride is {finest}, but the finest head has {better}: {why}.",
            Fix(f"Use {better}", {path: better}),
        )


def _stems(view: View) -> Iterator[Issue]:
    backbone = view.backbone()
    if backbone.endswith("unet"):
        stem, deepest = view.number(f"{backbone}.stem_stride"), view.number(f"{backbone}.max_stride")
        if stem is not None and deepest is not None and stem >= deepest:
            yield error(
                f"{backbone}.stem_stride", f"Stem stride {stem} must be less than max stride ({deepest})."
            )
    elif backbone:
        stem, deepest = view.number(f"{backbone}.stem_patch_stride"), view.number(f"{backbone}.max_stride")
        if stem is not None and deepest is not None and deepest != 16 * stem:
            yield error(
                f"{backbone}.max_stride",
                f"This backbone's max stride is 16 times its stem stride, {int(16 * stem)}; the file says {deepest}.",
                Fix(f"Use {int(16 * stem)}", {f"{backbone}.max_stride": int(16 * stem)}),
            )


def _channels(view: View) -> Iterator[Issue]:
    backbone = view.backbone()
    if not backbone:
        return
    path = f"{backbone}.in_channels"
    rgb, gray = (
        view.value(PREPROCESSING + "ensure_rgb") is True,
        view.value(PREPROCESSING + "ensure_grayscale") is True,
    )
    wanted = 3 if rgb and not gray else 1 if gray and not rgb else None
    if wanted is not None and view.number(path) is not None and view.number(path) != wanted:
        colour = "RGB" if wanted == 3 else "gray"
        yield warning(
            path,
            f"Images are forced to {colour}, so the network will have {wanted} input channels, not {view.value(path)}.",
            Fix(f"Use {wanted}", {path: wanted}),
        )


def _imagenet(view: View) -> Iterator[Issue]:
    backbone = view.backbone()
    weights = (
        view.value(f"{backbone}.pre_trained_weights") if backbone and not backbone.endswith("unet") else None
    )
    if not isinstance(weights, str):
        return
    path, size = f"{backbone}.pre_trained_weights", str(view.value(f"{backbone}.model_type"))
    fits = weights.startswith((f"ConvNeXt_{size.capitalize()}_", f"Swin_{size[:1].upper()}_"))
    if not fits:
        yield error(path, f"{weights} does not fit the size “{size}” of the backbone.")
    if view.value(PREPROCESSING + "ensure_grayscale") is True:
        yield error(path, "ImageNet weights need colour input, but images are forced to gray.")


def _start(view: View) -> Iterator[Issue]:
    for name in ("pretrained_backbone_weights", "pretrained_head_weights"):
        path = MODEL + name
        file = view.value(path)
        if not isinstance(file, str) or not file:
            continue
        if not file.endswith(SPEC.keys[path].meta.suffixes):
            yield error(path, f"{file} is neither a .ckpt nor a .h5 file.")
        elif file.endswith(".h5") and view.backbone() and not view.backbone().endswith("unet"):
            yield error(path, f"{file} holds SLEAP weights, which only fit a UNet backbone.")


MODEL_CHECKS: tuple[Callable[[View], Iterator[Issue]], ...] = (
    _one_of_each,
    _strides,
    _stems,
    _channels,
    _imagenet,
    _start,
)
