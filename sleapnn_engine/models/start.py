"""What a network starts from: ImageNet weights, and the weights of models that were trained before."""

import re
from collections.abc import Mapping
from pathlib import Path

import attrs
from torch import Tensor, nn

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.schema.backbone import BackboneConfig
from sleapnn_engine.config.schema.model import ModelConfig
from sleapnn_engine.data.geometry import PLACES
from sleapnn_engine.models import keras_file
from sleapnn_engine.models.assemble import PoseModel
from sleapnn_engine.models.download import to_come
from sleapnn_engine.models.matching import LoadReport, copy, match
from sleapnn_engine.models.pyramid import Pyramid
from sleapnn_engine.models.timm_backbone import TimmBackbone
from sleapnn_engine.models.timm_weights import PRETRAINED, is_here, load_published, still_to_come
from sleapnn_engine.models.unet import UNet
from sleapnn_engine.models.weights import OWN_SECTION, places_of, read_checkpoint, read_state

#: Setting -> the part of the network it is about, as the prefix of its names and in words.
PARTS = {
    "pretrained_backbone_weights": ("backbone.", "backbone"),
    "pretrained_head_weights": ("head_layers.", "head layers"),
}
KERAS_SUFFIXES = (".h5", ".hdf5")

_HEAD_INDEX = re.compile(r"^head_layers\.\d+\.")
#: Tensors with the channels of the images as their second size; timm's encoders begin with the images' mean.
_FIRST_TENSORS = (
    "stem0_conv0.weight",
    "stack0_enc0_conv0.weight",
    "enc.features.0.0.weight",
    "backbone.enc.mean",
)
_ENLARGING_NOTE = (
    "SLEAP places what a transposed convolution makes one cell further down and right, so before training "
    "this network finds less than the model it starts from."
)

_PLACES_NOTE = (
    "An earlier version of this program trained that model with targets half a pixel further right and down on crops, so "
    "until training has moved them, points are found that much off."
)
_STEM_NOTE = (
    "This network halves the image once more after its stem than SLEAP's does, so its deeper layers see everything "
    "at half the size they were trained for, and its decoder, which SLEAP has at other strides, starts at random."
)


def load_start_weights(
    model: PoseModel, config: ModelConfig, *, fetch: bool = True
) -> tuple[LoadReport, ...]:
    """Copy what the config names into the model: ImageNet weights first, then backbone, then heads.

    What does not fit keeps its random start and is told in the report. Without `fetch`, published weights that are not
    on this computer are only looked at for whether they would fit. A model on the meta device only shows what would fit. Raises UserError when a
    file is missing, damaged or foreign, or when nothing of it fits.
    """
    reports = []
    setting, name = imagenet_setting(config.backbone_config)
    if name:
        assert isinstance(model.backbone, Pyramid)
        # Imports torchvision, which takes seconds, for where its weights are.
        from sleapnn_engine.models.imagenet import find, load_imagenet, require_published

        if fetch or find(name):
            reports.append(load_imagenet(model.backbone.enc, name, setting=setting))
        else:
            require_published(model.backbone.enc, name, setting=setting)
    timm = config.backbone_config.timm
    if timm is not None and timm.pretrained:
        assert isinstance(model.backbone, TimmBackbone)
        if fetch or is_here(timm):
            reports.append(load_published(model.backbone.enc, timm, shape=model.backbone.shape))
    for key in PARTS:
        path = getattr(config, key)
        if path:
            reports.append(load_part_from(model, Path(path).expanduser(), key=key))
    return tuple(reports)


def weights_to_come(config: BackboneConfig) -> tuple[str, str] | None:
    """Dotted key of published weights that are not on this computer, and a sentence about them; None without such."""
    setting, name = imagenet_setting(config)
    if name:
        from sleapnn_engine.models.imagenet import download_of, find

        return None if find(name) else (setting, to_come(download_of(name), what=name))
    timm = config.timm
    if timm is None or not timm.pretrained or is_here(timm):
        return None
    return PRETRAINED, still_to_come(timm.model_name)


def load_part_from(model: PoseModel, path: Path, *, key: str) -> LoadReport:
    """Copy the backbone or the heads of a `.ckpt` or SLEAP `.h5` file; `key` is one of PARTS.

    Raises UserError when the file cannot be read or nothing of it fits.
    """
    prefix, part = PARTS[key]
    setting = f"model_config.{key}"
    wanted = {name: value for name, value in _learned(model).items() if name.startswith(prefix)}
    is_keras = path.suffix.lower() in KERAS_SUFFIXES
    given = _from_keras(model, path, prefix, setting) if is_keras else _from_checkpoint(path, prefix, setting)
    # The constants of attention layers are in the file and follow from the settings.
    constants = {_plain_name(name) for name, _ in model.named_buffers() if name not in wanted}
    report, pairs = match(
        wanted,
        {name: value for name, value in given.items() if name not in constants},
        name_in_file=keras_file.layer_name if is_keras else _plain_name,
        source=str(path),
        part=part,
    )
    if not pairs:
        raise UserError(
            f"nothing in {path} fits the {part} of this model, for example {report.example()}.",
            where=setting,
            hint="Choose the file of a model with the same kind of network, or use its settings.",
        )
    copy(wanted, pairs, where=setting, source=str(path))
    notes = []
    if not is_keras and key == "pretrained_head_weights" and _is_of_older_crops(path, setting):
        notes.append(_PLACES_NOTE)
    elsewhere = any(type(layer) is nn.ConvTranspose2d for layer in model.modules())
    if is_keras and elsewhere and any(name.endswith("trans_conv.weight") for name in pairs):
        notes.append(_ENLARGING_NOTE)
    if is_keras and any("stem_stack" in name for name in pairs):
        notes.append(_STEM_NOTE)
    return attrs.evolve(report, notes=tuple(notes))


def _learned(model: PoseModel) -> dict[str, Tensor]:
    """What training changes: parameters, and what layers remember of the batches they have seen."""
    return dict(model.named_parameters()) | {
        f"{name}.{remembered}": value
        for name, layer in model.named_modules()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm)
        for remembered, value in layer.named_buffers(recurse=False)
    }


def implied_channels(config: ModelConfig) -> int | None:
    """Input channels that the starting weights ask for: 3 for ImageNet, those of the first layer of a backbone file.

    None where nothing is asked for. Raises UserError when a backbone file cannot be read.
    """
    if imagenet_setting(config.backbone_config)[1]:
        return 3
    if not config.pretrained_backbone_weights:
        return None
    setting = "model_config.pretrained_backbone_weights"
    path = Path(config.pretrained_backbone_weights).expanduser()
    if path.suffix.lower() in KERAS_SUFFIXES:
        state = keras_file.read_keras(_existing(path, setting), setting=setting)
    else:
        state = _tensors(path, setting)
    return first_channels(state)


def first_channels(state: Mapping[str, Tensor]) -> int | None:
    """Input channels of the network that a state is of; None where none is known here."""
    for first in _FIRST_TENSORS:
        for name, value in state.items():
            if name.endswith(first) and value.ndim == 4:
                return value.shape[1]
    return None


def starts_elsewhere(config: ModelConfig) -> bool:
    """Whether the backbone starts from weights that were made before."""
    timm = config.backbone_config.timm
    published = imagenet_setting(config.backbone_config)[1] or (timm is not None and timm.pretrained)
    return bool(published or config.pretrained_backbone_weights)


def imagenet_setting(config: BackboneConfig) -> tuple[str, str | None]:
    """Dotted key of the ImageNet weights and their name; no name where none are chosen."""
    for section in ("convnext", "swint"):
        chosen = getattr(config, section)
        if chosen is not None:
            key = f"model_config.backbone_config.{section}.pre_trained_weights"
            return key, chosen.pre_trained_weights
    return "", None


def _plain_name(name: str) -> str:
    """A head is the same head whatever its place among the others."""
    return _HEAD_INDEX.sub("head_layers.", name)


def _tensors(path: Path, setting: str) -> dict[str, Tensor]:
    return {
        name: value for name, value in read_state(path, setting=setting).items() if isinstance(value, Tensor)
    }


def _from_checkpoint(path: Path, prefix: str, setting: str) -> dict[str, Tensor]:
    state = _tensors(path, setting)
    return {_plain_name(name): value for name, value in state.items() if name.startswith(prefix)}


def _is_of_older_crops(path: Path, setting: str) -> bool:
    """Whether a checkpoint is of a model of crops whose targets lay where they no longer do."""
    content = read_checkpoint(path, setting=setting)
    own = content.get(OWN_SECTION)
    kind = own.get("model_type") if isinstance(own, Mapping) else None
    known = MODEL_TYPES.get(kind) if isinstance(kind, str) else None
    return places_of(content) < PLACES and known is not None and known.cropped


def _from_keras(model: PoseModel, path: Path, prefix: str, setting: str) -> dict[str, Tensor]:
    """The layers of one part of a SLEAP model, only for UNets."""
    if not isinstance(model.backbone, UNet):
        raise UserError(
            f"{path} holds SLEAP weights, which only fit a UNet backbone.",
            where=setting,
            hint="Choose a .ckpt file, or the UNet backbone.",
        )
    heads = prefix == PARTS["pretrained_head_weights"][0]
    layers = keras_file.read_keras(_existing(path, setting), setting=setting)
    layers = {name: value for name, value in layers.items() if keras_file.is_head(name) == heads}
    for head in model.heads:
        if heads and head.flattened is not None:
            name, (height, width) = head.flattened
            first = f"{name}.weight"
            channels = model.backbone.channels_at[model.backbone.shape.bottleneck_stride]
            if first in layers and layers[first].shape[-1] == height * width * channels:
                layers[first] = keras_file.reorder_cells(layers[first], cells=(height, width))
    return layers


def _existing(path: Path, setting: str) -> Path:
    if not path.is_file():
        raise UserError(f"there is no file {path}.", where=setting, hint="Choose a .ckpt or .h5 file.")
    return path
