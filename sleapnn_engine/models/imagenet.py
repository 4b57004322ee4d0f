"""ImageNet weights by the names the settings have for them: finding or fetching the file, and reading it."""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torchvision.models
from torch import Tensor, nn

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.models.download import Download, fetch, in_hub_cache, kept_download
from sleapnn_engine.models.matching import LoadReport, copy, match

#: Names of weights -> the same network among timm's models, whose downloads are used when they are there.
TIMM_MODELS = {
    "ConvNeXt_Tiny_Weights": "convnext_tiny.fb_in1k",
    "ConvNeXt_Small_Weights": "convnext_small.fb_in1k",
    "ConvNeXt_Base_Weights": "convnext_base.fb_in1k",
    "ConvNeXt_Large_Weights": "convnext_large.fb_in1k",
    "Swin_T_Weights": "swin_tiny_patch4_window7_224.ms_in1k",
    "Swin_S_Weights": "swin_small_patch4_window7_224.ms_in1k",
    "Swin_B_Weights": "swin_base_patch4_window7_224.ms_in1k",
}
#: What other settings than the published ones may leave at random: the stem's kernel and the attention window.
_MAY_DIFFER = re.compile(r"^features\.0\.0\.|relative_position_bias_table$")


def download_of(name: str) -> Download:
    """The published file of one of the names in TIMM_MODELS."""
    return kept_download(getattr(torchvision.models, name).DEFAULT.url)


def find(name: str) -> Path | None:
    """The file of these weights on this computer: torch's cache first, then timm's. None where there is none."""
    file = download_of(name).file
    return file if file.is_file() else in_hub_cache(f"timm/{TIMM_MODELS[name]}")


def load_imagenet(encoder: nn.Module, name: str, *, setting: str, file: Path | None = None) -> LoadReport:
    """Copy ImageNet weights into the encoder of a ConvNeXt or Swin backbone, which must read 3 channels.

    `name` is one of TIMM_MODELS; `file` is used instead of looking for it. Names of torchvision and of timm are
    understood. Raises UserError when the file cannot be had or read, or is of another size of network.
    """
    _require_colour(encoder, name, setting)
    path = file or find(name) or fetch(download_of(name), what=name, setting=setting)
    given = read_encoder(path, setting=setting)
    report, pairs = _matched(encoder, given, name=f"{name} ({path})", setting=setting)
    copy(dict(encoder.named_parameters()), pairs, where=setting, source=str(path))
    return report


def require_published(encoder: nn.Module, name: str, *, setting: str) -> None:
    """Raise the UserError that `load_imagenet` would raise for the encoder, without the file of the weights."""
    _require_colour(encoder, name, setting)
    with torch.device("meta"):
        net = torchvision.models.get_model(name.removesuffix("_Weights").lower(), weights=None)
    _matched(encoder, _torchvision_names(net.state_dict()), name=name, setting=setting)


def _matched(
    encoder: nn.Module, given: Mapping[str, Tensor], *, name: str, setting: str
) -> tuple[LoadReport, dict[str, Tensor]]:
    """Pair an encoder with the tensors of published weights. Raises UserError when they are of another network."""
    parameters = dict(encoder.named_parameters())
    report, pairs = match(parameters, given, name_in_file=lambda own: own, source=name, part="encoder")
    lacking = [*report.missing, *(misfit.name for misfit in report.misfits)]
    wrong = [own for own in lacking if not _MAY_DIFFER.search(own)]
    if wrong:
        raise UserError(
            f"{name} are weights of another network than this one: {len(wrong)} of {len(parameters)} tensors do not "
            f"fit, first {wrong[0]}.",
            where=setting,
            hint="Choose the weights of the backbone's size, and no custom sizes.",
        )
    return report, pairs


def _require_colour(encoder: nn.Module, name: str, setting: str) -> None:
    channels = next(encoder.parameters()).shape[1]
    if channels != 3:
        raise UserError(
            f"{name} read 3 colour channels, but this network has {channels}.",
            where=setting,
            hint="Set data_config.preprocessing.ensure_rgb to true.",
        )


def read_encoder(path: Path, *, setting: str = "") -> dict[str, Tensor]:
    """The encoder's tensors of a file of torchvision or timm, with torchvision's names; the classifier is left out.

    Raises UserError when the file is missing, damaged or of another network.
    """
    where = setting or str(path)
    if not path.is_file():
        raise UserError(f"there is no file {path}.", where=where, hint="Choose a file of ImageNet weights.")
    try:
        content = _read(path)
    except Exception as error:  # damage surfaces as one of many types
        raise UserError(
            f"{path} could not be read ({type(error).__name__}).",
            where=where,
            hint="Delete it, so that it is downloaded again.",
        ) from error
    state = {name: value for name, value in content.items() if isinstance(value, Tensor)}
    renamed = _torchvision_names(state)
    if not renamed:
        raise UserError(
            f"{path} holds no weights of a ConvNeXt or Swin network.",
            where=where,
            hint="Choose a file of ImageNet weights.",
        )
    return renamed


def _read(path: Path) -> Mapping[str, Any]:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    content = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(content, Mapping):
        raise pickle.UnpicklingError(f"a {type(content).__name__}")
    return content


#: Names within timm's blocks and what torchvision calls them; others are the same.
_CONVNEXT_LAYERS = {
    "gamma": "layer_scale",
    "conv_dw": "block.0",
    "norm": "block.2",
    "mlp.fc1": "block.3",
    "mlp.fc2": "block.5",
}
_SWIN_LAYERS = {"mlp.fc1": "mlp.0", "mlp.fc2": "mlp.3"}
_STEMS = {"stem.0": "0", "stem.1": "1", "patch_embed.proj": "0", "patch_embed.norm": "2"}
_STEM = re.compile(rf"^({'|'.join(map(re.escape, _STEMS))})\.(\w+)$")
_BLOCK = re.compile(r"^(stages|layers)\.(\d+)\.blocks\.(\d+)\.(.+?)(\.weight|\.bias)?$")
_STEP = re.compile(r"^(stages|layers)\.(\d+)\.downsample\.(.+)$")


def _torchvision_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Encoder tensors under torchvision's names; constants and everything that is no encoder are left out."""
    # Older files of timm count the step between two stages to the one before it.
    late = 0 if any(name.startswith("layers.0.downsample.") for name in state) else -1
    renamed = {}
    for name, value in state.items():
        own = _torchvision_name(name, late=late)
        if own and not own.endswith(("relative_position_index", "attn_mask")):
            renamed[own] = value.reshape(-1, 1, 1) if own.endswith("layer_scale") else value
    return renamed


def _torchvision_name(name: str, *, late: int) -> str | None:
    if name.startswith(("features.", "norm.")):
        return name
    if found := _STEM.match(name):
        return f"features.0.{_STEMS[found[1]]}.{found[2]}"
    if found := _BLOCK.match(name):
        layers = _CONVNEXT_LAYERS if found[1] == "stages" else _SWIN_LAYERS
        layer = layers.get(found[4], found[4])
        return f"features.{2 * int(found[2]) + 1}.{found[3]}.{layer}{found[5] or ''}"
    if found := _STEP.match(name):
        return f"features.{2 * (int(found[2]) + late) + 2}.{found[3]}"
    return None
