"""Rules across the keys of the backbone and the head: one of each, strides that fit, weights that match."""

from collections.abc import Callable, Iterator, Mapping

from sleapnn_engine.config import tree
from sleapnn_engine.config.derived import channels_at
from sleapnn_engine.config.encoder_sizes import CONVNEXT_SIZES, MOST_CHANNELS, swin_sizes
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.future_keys import newer_key
from sleapnn_engine.config.issue import Fix, Issue, error, warning
from sleapnn_engine.config.model_types import HEADS as PARTS
from sleapnn_engine.config.reader import BACKBONES, HEADS, MODEL, PREPROCESSING, PYRAMID_STRIDE, ConfigReader
from sleapnn_engine.config.spec import SPEC

#: No block of a network has more channels.
MOST_WIDTH = 65_536


def _one_of_each(view: ConfigReader) -> Iterator[Issue]:
    for section in (BACKBONES, HEADS):
        label = SPEC.sections[section].meta.label
        names = view.chosen(section)
        options = ", ".join(SPEC.sections[child].name for child in SPEC.sections[section].sections)
        unknown = _of_later_versions(view, section) if not names else ""
        if unknown:
            yield error(section, f"{label}: {unknown} Choose one of {options}.")
        elif not names:
            yield error(section, f"{label}: none is set; choose one of {options}.")
        elif len(names) > 1:
            yield error(
                section,
                f"{label}: {' and '.join(names)} are set; exactly one may be.",
                Fix(
                    f"Keep {names[0]}",
                    {f"{section}.{name}": SPEC.left_out(f"{section}.{name}") for name in names[1:]},
                ),
            )
    head = view.head()
    for part in SPEC.sections[head].sections if head else ():
        if not view.on(part):
            yield error(
                part,
                f"{SPEC.sections[part].meta.label} cannot be null in this model type.",
                Fix("Use the defaults", {part: SPEC.defaults(part)}),
            )


def _of_later_versions(view: ConfigReader, section: str) -> str:
    """Which backbone or head of a later version the file asks for, and what that means here; '' where it asks for none."""
    said = tree.get(view.values, section)
    for name, value in said.items() if isinstance(said, Mapping) else ():
        newer = newer_key(f"{section}.{name}")
        if newer is not None and newer.asks(value):
            return f"the file is for {name} of a newer version. {newer.effect}"
    return ""


def _strides(view: ConfigReader) -> Iterator[Issue]:
    backbone = view.backbone()
    if not backbone or not view.head():
        return
    deepest = view.max_stride()
    finest = []
    for part in view.head_parts():
        path = f"{part}.output_stride"
        stride = view.number(path)
        if not PARTS[SPEC.sections[part].name].maps:
            if (
                deepest is not None
                and stride is not None
                and stride != deepest
                and tree.has(view.values, path)
            ):
                yield Issue(
                    path,
                    "info",
                    f"The identity is always read at the backbone's max stride, so at {deepest}; "
                    f"the {stride} in the file has no effect.",
                    Fix(f"Use {deepest}", {path: deepest}),
                )
        elif deepest is not None and stride is not None and stride > deepest:
            yield error(
                path,
                f"Output stride {stride} is more than the backbone's max stride ({deepest}).",
                Fix(f"Use {deepest}", {path: deepest}),
            )
        if stride is not None and PARTS[SPEC.sections[part].name].maps:
            finest.append(stride)
    yield from _finest(view, backbone, finest)


def _finest(view: ConfigReader, backbone: str, strides: list[float | int]) -> Iterator[Issue]:
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


def _stems(view: ConfigReader) -> Iterator[Issue]:
    backbone = view.backbone()
    if backbone.endswith("unet"):
        stem, deepest = view.number(f"{backbone}.stem_stride"), view.number(f"{backbone}.max_stride")
        if stem is not None and deepest is not None and stem >= deepest:
            yield error(
                f"{backbone}.stem_stride", f"Stem stride {stem} must be less than max stride ({deepest})."
            )
    elif backbone and not backbone.endswith("timm"):
        path, right = f"{backbone}.max_stride", view.max_stride()
        said = view.number(path) if tree.has(view.values, path) else None
        if said is not None and right is not None and said != right:
            yield Issue(
                path,
                "info",
                f"This backbone's max stride is always {PYRAMID_STRIDE} times its stem stride, so it is {right}; "
                f"the {said} in the file has no effect.",
                Fix(f"Use {right}", {path: right}),
            )


def _widths(view: ConfigReader) -> Iterator[Issue]:
    """Blocks without a channel, and blocks of more channels than any computer has room for."""
    backbone = view.backbone()
    rate, widths = (view.number(f"{backbone}.filters_rate"), _level_widths(view)) if backbone else (None, [])
    if rate is None or not widths:
        return
    path = f"{backbone}.filters_rate"
    if min(widths) < 1:
        yield error(path, f"{SPEC.keys[path].meta.label} {rate} leaves the deepest block without a channel.")
    elif max(widths) > MOST_WIDTH:
        yield error(
            path,
            f"The deepest block would have {max(widths)} channels, and no network with more than {MOST_WIDTH} "
            "can be made here; use fewer filters, slower growth or a smaller max stride.",
        )


def _level_widths(view: ConfigReader) -> list[int]:
    """Channels of the first and the deepest block of the backbone as it will be made; [] where they are not known."""
    backbone = view.backbone()
    rate = view.number(f"{backbone}.filters_rate") or 0
    if backbone.endswith(("unet", "timm")):
        filters = view.number(f"{backbone}.filters")
        coarsest = view.max_stride() if backbone.endswith("timm") else view.input_multiple()
        strides = (1, coarsest) if filters and coarsest else ()
        return [channels_at(filters or 0, rate, stride=stride) for stride in strides]
    size = str(view.value(f"{backbone}.model_type"))
    channels = view.value(f"{backbone}.arch.channels") if backbone.endswith("convnext") else None
    if channels is None and backbone.endswith("convnext") and size in CONVNEXT_SIZES:
        channels = CONVNEXT_SIZES[size][1]
    deepest = channels[-1] if isinstance(channels, list | tuple) and channels else None
    return [int(deepest * rate)] if isinstance(deepest, int) and abs(deepest) <= MOST_CHANNELS else []


def _channels(view: ConfigReader) -> Iterator[Issue]:
    backbone, encoder = view.backbone(), view.encoder()
    if not backbone or (encoder is not None and encoder.channels):
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


def _imagenet(view: ConfigReader) -> Iterator[Issue]:
    backbone = view.backbone()
    weights = (
        view.value(f"{backbone}.pre_trained_weights") if backbone.endswith(("convnext", "swint")) else None
    )
    if not isinstance(weights, str):
        return
    path, size = f"{backbone}.pre_trained_weights", str(view.value(f"{backbone}.model_type"))
    fits = weights.startswith((f"ConvNeXt_{size.capitalize()}_", f"Swin_{size[:1].upper()}_"))
    if not fits and not view.on(f"{backbone}.arch") and not view.value(f"{backbone}.arch"):
        yield error(path, f"{weights} does not fit the size “{size}” of the backbone.")
    if view.value(PREPROCESSING + "ensure_grayscale") is True:
        yield error(path, "ImageNet weights need colour input, but images are forced to gray.")


def _sizes(view: ConfigReader) -> Iterator[Issue]:
    """Sizes of a Swin Transformer of one's own, which are one free section of the file."""
    arch = view.value(f"{BACKBONES}.swint.arch") if view.backbone().endswith("swint") else None
    if isinstance(arch, dict):
        try:
            swin_sizes(arch, model_type=str(view.value(f"{BACKBONES}.swint.model_type")))
        except UserError as wrong:
            yield error(f"{BACKBONES}.swint.arch", f"{wrong.message} {wrong.hint}")


def _elsewhere(view: ConfigReader) -> Iterator[Issue]:
    """What sleap-nn cannot open again; nothing is wrong with it here. Keys of sections that are off have no value."""
    convs, unet = f"{view.backbone()}.convs_per_block", f"{BACKBONES}.unet."
    cases = (
        (convs, view.number(convs) == 1),
        (unet + "middle_block", view.value(unet + "middle_block") is False),
        (unet + "stacks", (view.number(unet + "stacks") or 1) > 1),
        (unet + "stem_stride", (view.number(unet + "stem_stride") or 1) > 2),
        (f"{BACKBONES}.swint.arch", bool(view.value(f"{BACKBONES}.swint.arch"))),
        (f"{BACKBONES}.convnext.arch", view.on(f"{BACKBONES}.convnext.arch")),
        *(
            (path, view.value(path) is False)
            for part in view.head_parts()
            if (path := f"{part}.global_pool") in SPEC.keys
        ),
        (f"{BACKBONES}.timm", view.on(f"{BACKBONES}.timm")),
    )
    for path, holds in cases:
        if holds and view.backbone():
            what = "this setting" if path in SPEC.keys else f"the backbone “{SPEC.sections[path].meta.label}”"
            yield Issue(path, "info", f"sleap-nn cannot open a model with {what}; here it works.")


def _start(view: ConfigReader) -> Iterator[Issue]:
    for name in ("pretrained_backbone_weights", "pretrained_head_weights"):
        path = MODEL + name
        file = view.value(path)
        if not isinstance(file, str) or not file:
            continue
        if not file.endswith(SPEC.keys[path].meta.suffixes):
            yield error(path, f"{file} is neither a .ckpt nor a .h5 file.")
        elif file.endswith(".h5") and view.backbone() and not view.backbone().endswith("unet"):
            yield error(path, f"{file} holds SLEAP weights, which only fit a UNet backbone.")


MODEL_CHECKS: tuple[Callable[[ConfigReader], Iterator[Issue]], ...] = (
    _one_of_each,
    _strides,
    _stems,
    _widths,
    _channels,
    _imagenet,
    _sizes,
    _start,
    _elsewhere,
)
