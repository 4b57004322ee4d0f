"""How a SLEAP ≤ 1.4 backbone and heads become ours; only UNet has a counterpart."""

from typing import Any

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.legacy.draft import Draft
from sleapnn_engine.config.legacy.fields import BACKBONE_LEAVES, BACKBONES, HEAD_PARTS, HEADS
from sleapnn_engine.config.legacy.source import Source
from sleapnn_engine.config.model_types import HEADS as HEAD_TRAITS
from sleapnn_engine.config.reader import BACKBONES as NEW_BACKBONES
from sleapnn_engine.config.reader import HEADS as NEW_HEADS
from sleapnn_engine.config.spec import SPEC

_UNET = NEW_BACKBONES + ".unet"
#: What a legacy backbone is called in sentences.
_NAMES = {
    "leap": "LEAP",
    "hourglass": "stacked hourglass",
    "resnet": "ResNet",
    "pretrained_encoder": "pretrained encoder",
}
#: Leaves that mean the same in a UNet, for each backbone that has none of its own here.
_SHARED = {
    "leap": ("max_stride", "output_stride", "filters", "filters_rate", "up_interpolate", "stacks"),
    "hourglass": ("max_stride", "output_stride"),
    "resnet": ("max_stride", "output_stride"),
    "pretrained_encoder": ("output_stride",),
}
_ENCODER_STRIDE = 32  # every encoder SLEAP offers shrinks the image 32 times


class UnsupportedBackbone(UserError):
    """The file's backbone does not exist here. `closest_unet` is a UNet section that resembles it."""

    def __init__(self, backbone: str, *, closest_unet: dict[str, Any], where: str = "") -> None:
        super().__init__(
            f"The backbone {backbone} does not exist here; only UNet can be imported.",
            where=where,
            hint="Import it with the closest UNet instead (--closest-unet); that is another network, "
            f"with {_in_words(closest_unet)}.",
            usage=True,
        )
        self.backbone = backbone
        self.closest_unet = closest_unet


def _in_words(unet: dict[str, Any]) -> str:
    names = ("filters", "filters_rate", "max_stride", "output_stride")
    return ", ".join(f"{name} {unet[name]}" for name in names)


def carry_heads(draft: Draft) -> None:
    """Write the one head that is set; the others become null. Raises UserError where several are set."""
    chosen = [head for head in HEAD_PARTS if draft.source.section_is_set(HEADS + head)]
    if len(chosen) > 1:
        raise UserError(
            f"The file sets {len(chosen)} heads, {' and '.join(chosen)}; a model has one.",
            where=HEADS[:-1],
            hint="Set all but one of them to null.",
            usage=True,
        )
    for head, (name, parts) in HEAD_PARTS.items():
        if head not in chosen:
            _leave_out_head(draft, head, name)
            continue
        for part, (prefix, leaves) in parts.items():
            for leaf in leaves:
                _carry_head_leaf(
                    draft, head, f"{HEADS}{head}.{prefix}{leaf}", f"{NEW_HEADS}.{name}.{part}.{leaf}"
                )
    if not chosen:
        draft.remark("The file sets no head, so the model type is still to be chosen.")


def _leave_out_head(draft: Draft, head: str, name: str) -> None:
    path, target = HEADS + head, f"{NEW_HEADS}.{name}"
    if draft.source.leaves.get(path, "") is None:
        draft.report(path, (target,), None, "Not the type of this model.", kind="mapped")
    else:
        draft.note(target, None, "")


def _carry_head_leaf(draft: Draft, head: str, path: str, target: str) -> None:
    leaf = path.rpartition(".")[2]
    if leaf == "offset_refinement":
        lost = draft.source.value(path)
        reason = "The model learned offsets between cells; here peaks are refined from the maps alone."
        draft.drop(path, reason if lost else "Off, as always here.", kind="warning" if lost else "dropped")
    elif leaf == "loss_weight" and len(HEAD_PARTS[head][1]) == 1:
        draft.drop(path, "A model with one head has nothing to weigh it against.")
    elif leaf in ("part_names", "edges", "classes"):
        draft.carry_resolved(path, target)
    elif leaf == "anchor_part":
        _carry_anchor(draft, path, target)
    elif leaf == "output_stride" and not HEAD_TRAITS[target.split(".")[-2]].maps:
        deepest = _max_stride(draft.source)
        reason = (
            "Identities are read at the backbone's max stride." if deepest != draft.source.value(path) else ""
        )
        draft.carry(path, target, value=deepest, reason=reason)
    else:
        draft.carry(path, target)


def _carry_anchor(draft: Draft, path: str, target: str) -> None:
    """The head's own anchor, or else the part that SLEAP centred its crops on."""
    centre = "data.instance_cropping.center_on_part"
    own, cropped = draft.source.value(path) or None, draft.source.value(centre) or None
    anchor = own or cropped
    filled = f"Filled from {centre}, the part that SLEAP centred its crops on." if anchor and not own else ""
    draft.carry(path, target, value=anchor, reason=filled)
    if not cropped:
        draft.drop(centre, "Not set; the head's own anchor part counts.")
    elif own and cropped != own:
        text = f"The head's own anchor, {own}, is kept; SLEAP centred its crops on this part instead."
        draft.drop(centre, text, kind="warning")
    else:
        draft.report(
            centre, (target,), anchor, "The crop is centred on the head's anchor part.", kind="mapped"
        )


def carry_backbone(draft: Draft, *, closest_unet: bool) -> None:
    """Write the UNet, or the one closest to another backbone where that was asked for.

    Raises UnsupportedBackbone for another backbone and UserError for several of them. A UNet beside another
    backbone wins.
    """
    for name in ("convnext", "swint"):
        draft.note(f"{NEW_BACKBONES}.{name}", None, "")
    chosen = [name for name in BACKBONE_LEAVES if draft.source.section_is_set(BACKBONES + name)]
    others = [name for name in chosen if name != "unet"]
    if "unet" in chosen:
        _carry_unet(draft)
    elif len(others) > 1:
        raise UserError(
            f"The file sets {len(others)} backbones, {' and '.join(others)}; a model has one, and only UNet "
            "can be imported.",
            where=BACKBONES[:-1],
            hint="Set all but one of them to null.",
            usage=True,
        )
    elif others:
        unet = closest(draft.source, others[0])
        if not closest_unet:
            raise UnsupportedBackbone(others[0], closest_unet=unet)
        _carry_closest(draft, others[0], unet)
    else:
        draft.note(_UNET, None, "")
        draft.remark("The file sets no backbone, so the network is still to be chosen.")
    for name in others:
        _drop_backbone(draft, name, beside="unet" in chosen)


def _drop_backbone(draft: Draft, name: str, *, beside: bool) -> None:
    reason = f"A {_NAMES[name]} does not exist here; the UNet " + (
        "that is set beside it is used." if beside else "that stands in for it has its own sizes."
    )
    for path in [path for path in draft.source.leaves if f"{path}.".startswith(f"{BACKBONES}{name}.")]:
        if not draft.seen(path):
            draft.drop(path, reason, kind="warning")


def _carry_unet(draft: Draft) -> None:
    path = BACKBONES + "unet.output_stride"
    finest = _finest(draft.source)
    reason = "The finest head's output stride; SLEAP sets it so when training starts."
    if finest is None or finest == draft.source.value(path):
        draft.carry(path, _UNET + ".output_stride")
    else:
        draft.carry(path, _UNET + ".output_stride", value=finest, reason=reason)
    _note_fixed_sizes(draft)


def _note_fixed_sizes(draft: Draft) -> None:
    rgb = draft.source.value("data.preprocessing.ensure_rgb")
    draft.note(_UNET + ".in_channels", 3 if rgb else 1, "Images are forced to three colour channels.")
    draft.note(_UNET + ".kernel_size", 3, "")
    draft.note(_UNET + ".convs_per_block", 2, "")


def _carry_closest(draft: Draft, backbone: str, unet: dict[str, Any]) -> None:
    for name, value in unet.items():
        path, target = f"{BACKBONES}{backbone}.{name}", f"{_UNET}.{name}"
        if name in _SHARED[backbone]:
            reason = f"Taken over from the {_NAMES[backbone]} to the closest UNet, which is another network."
            draft.report(path, (target,), value, reason, kind="warning")
        else:
            draft.note(target, value, f"The {_NAMES[backbone]} has no such size; the closest UNet needs one.")


def closest(source: Source, backbone: str) -> dict[str, Any]:
    """A whole UNet section that resembles another legacy backbone: its strides, and the sizes they share."""
    unet = SPEC.defaults(_UNET)
    for name in _SHARED[backbone]:
        unet[name] = source.value(f"{BACKBONES}{backbone}.{name}")
    if backbone == "pretrained_encoder":
        unet["max_stride"] = _ENCODER_STRIDE
    unet["output_stride"] = _finest(source) or unet["output_stride"]
    unet["in_channels"] = 3 if source.value("data.preprocessing.ensure_rgb") else 1
    return unet


def _max_stride(source: Source) -> int:
    """Max stride of the network that will be built: the UNet's, or that of the closest one."""
    for name in BACKBONE_LEAVES:
        if source.section_is_set(BACKBONES + name):
            path = f"{BACKBONES}{name}.max_stride"
            return int(source.value(path)) if "max_stride" in BACKBONE_LEAVES[name] else _ENCODER_STRIDE
    return int(SPEC.keys[_UNET + ".max_stride"].default)


def _finest(source: Source) -> int | None:
    """The smallest output stride among the maps of the head that is set; what is said of the whole image is no map."""
    strides = [
        int(source.value(f"{HEADS}{head}.{prefix}output_stride"))
        for head, (_, parts) in HEAD_PARTS.items()
        if source.section_is_set(HEADS + head)
        for part, (prefix, _) in parts.items()
        if HEAD_TRAITS[part].maps
    ]
    return min(strides) if strides else None
