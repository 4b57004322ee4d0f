"""Rules for an encoder from timm: one that there is, with weights that there are, for images that it reads."""

from collections.abc import Callable, Iterator

from sleapnn_engine.config.encoders import Encoder, encoders, near_names
from sleapnn_engine.config.issue import Fix, Issue, error
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.reader import BACKBONES, PREPROCESSING, ConfigReader

TIMM = f"{BACKBONES}.timm"
NAME = f"{TIMM}.model_name"


def _name(view: ConfigReader) -> Iterator[Issue]:
    """The name, and the tag behind its dot."""
    name = view.value(NAME) if view.on(TIMM) else None
    if not isinstance(name, str):
        return
    known = encoders().get(name.partition(".")[0])
    if known is None:
        near = near_names(name)
        also = f" There is {' and '.join(near)}." if near else ""
        fix = Fix(f"Use {near[0]}", {NAME: near[0]}) if near else None
        yield error(NAME, f"There is no encoder {name!r} in timm's list.{also}", fix)
        return
    _, dot, tag = name.partition(".")
    if dot and tag not in known.weights:
        there = f"there are {_some(known.weights)}" if known.weights else "none are published"
        yield error(
            NAME,
            f"The encoder {known.name} has no published weights {tag!r}; {there}.",
            Fix(f"Use {known.name}", {NAME: known.name}),
        )


def _weights(view: ConfigReader) -> Iterator[Issue]:
    encoder, path = view.encoder(), f"{TIMM}.pretrained"
    wanted = view.value(path) is True and not view.value(f"{TIMM}.weights_file")
    if encoder is not None and wanted and not encoder.weights:
        yield error(
            path,
            f"No weights of {encoder.name} are published; leave this off, or give a file of weights.",
            Fix("Start at random", {path: False}),
        )


def _crops(view: ConfigReader) -> Iterator[Issue]:
    """Crops larger than an encoder of one size reads; smaller ones are padded."""
    encoder, path = view.encoder(), PREPROCESSING + "crop_size"
    side, scale = view.number(path), view.number(PREPROCESSING + "scale")
    if encoder is None or not encoder.only or side is None or not scale:
        return
    kind = MODEL_TYPES.get(view.head().rpartition(".")[2])
    if kind is not None and kind.cropped and side * scale > encoder.only:
        fits = int(encoder.only / scale)
        yield error(
            path, only_size(encoder, of=f"these crops have {side} px"), Fix(f"Use {fits}", {path: fits})
        )


def only_size(encoder: Encoder, *, of: str) -> str:
    """The sentence for images that are larger than the one size an encoder reads; `of` says which those are."""
    return f"The encoder {encoder.name} reads images of {encoder.only}×{encoder.only} px and no others; {of}."


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:6])
    return f"{shown} and {len(names) - 6} more" if len(names) > 6 else shown


ENCODER_CHECKS: tuple[Callable[[ConfigReader], Iterator[Issue]], ...] = (_name, _weights, _crops)
