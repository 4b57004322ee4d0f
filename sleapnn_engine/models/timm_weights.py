"""Published weights of timm's encoders: finding or fetching the file, and having timm load it."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sleapnn_engine.config.checks.encoder import NAME, TIMM
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.backbone import TimmConfig
from sleapnn_engine.models.download import HUB_FILES, Download, fetch, in_hub_cache, kept_download, to_come
from sleapnn_engine.models.matching import LoadReport
from sleapnn_engine.models.timm_backbone import TimmShape
from sleapnn_engine.models.timm_encoder import TimmEncoder, create_net

if TYPE_CHECKING:
    from timm.models import PretrainedCfg

PRETRAINED = f"{TIMM}.pretrained"
_FILE = f"{TIMM}.weights_file"
_ANYWHERE = f" Or put it anywhere and name it in {_FILE}."


def load_published(encoder: TimmEncoder, config: TimmConfig, *, shape: TimmShape) -> LoadReport:
    """Copy published weights into an encoder.

    The file is the one that the config names, else the one in a cache, else it is downloaded. timm adapts it to gray
    images and to the encoder's own options. Raises UserError when it cannot be had or read, or is of another encoder.
    """
    path = _chosen(config) if config.weights_file else find(config.model_name) or _fetched(config.model_name)
    random, given = _built_twice(shape, path)
    # What is the same in both was not in the file; what begins as one number everywhere says nothing.
    missing = [name for name, value in random.items() if _is_drawn(value) and torch.equal(value, given[name])]
    drawn = sum(_is_drawn(value) for value in random.values())
    if drawn and len(missing) == drawn:
        raise UserError(
            f"{path} holds no weights of {config.model_name}: none of its {drawn} layers were found in it.",
            where=_FILE if config.weights_file else NAME,
            hint="Choose the file that was published for this encoder.",
        )
    broken = [name for name, value in given.items() if not torch.isfinite(value).all()]
    if broken:
        raise UserError(
            f"{path} holds values that are no numbers, in {broken[0]}.",
            where=_FILE if config.weights_file else NAME,
            hint="Choose another file.",
        )
    for name, value in encoder.net.state_dict().items():
        value.copy_(given[name])
    return LoadReport(
        source=f"{config.model_name} ({path})",
        part="encoder",
        loaded=tuple(name for name in given if name not in missing),
        missing=tuple(missing),
    )


def published(model_name: str) -> Download:
    """Where the weights of a name are published, and the file in torch's cache they are kept in."""
    known = _known(model_name)
    if not known.hf_hub_id:
        assert isinstance(known.url, str)
        return kept_download(known.url)
    from huggingface_hub import hf_hub_url

    name = known.hf_hub_filename or HUB_FILES[0]
    return kept_download(hf_hub_url(known.hf_hub_id, name), name=f"{_full(model_name)}{Path(name).suffix}")


def find(model_name: str) -> Path | None:
    """The file of published weights on this computer: torch's cache first, then timm's. None where there is none."""
    kept, known = published(model_name).file, _known(model_name)
    if kept.is_file():
        return kept
    return in_hub_cache(known.hf_hub_id) if known.hf_hub_id else None


def is_here(config: TimmConfig) -> bool:
    """Whether the weights of a config need no download."""
    return bool(config.weights_file) or find(config.model_name) is not None


def _full(model_name: str) -> str:
    """The name with the tag that timm takes where none is given."""
    return f"{model_name.partition('.')[0]}.{_known(model_name).tag}"


def _known(model_name: str) -> "PretrainedCfg":
    """What timm says of the weights of a name that it has a network for."""
    from timm.models import get_pretrained_cfg

    known = get_pretrained_cfg(model_name)
    assert known is not None, model_name
    return known


def _fetched(model_name: str) -> Path:
    return fetch(published(model_name), what=_what(model_name), setting=PRETRAINED, hint=_ANYWHERE)


def still_to_come(model_name: str) -> str:
    """Say of weights that are not on this computer that training begins by fetching them."""
    return to_come(published(model_name), what=_what(model_name), hint=_ANYWHERE)


def _what(model_name: str) -> str:
    return f"The weights {_full(model_name)}"


def _chosen(config: TimmConfig) -> Path:
    path = Path(config.weights_file or "").expanduser()
    if not path.is_file():
        raise UserError(f"There is no file {path}.", where=_FILE, hint="Choose a file of published weights.")
    return path


def _built_twice(shape: TimmShape, path: Path) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """State of the encoder's network as it is drawn at random, and the same with what timm takes from the file."""
    states = []
    for more in ({}, {"pretrained": True, "pretrained_cfg_overlay": {"file": str(path)}}):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            try:
                net: nn.Module = create_net(
                    shape.encoder, model_name=shape.model_name, in_channels=shape.in_channels, **more
                )
            except Exception as error:  # a damaged file, another network: each surfaces as one of many types
                first = next(iter(str(error).splitlines()), "") or type(error).__name__
                raise UserError(
                    f"{path} could not be loaded as weights of {shape.model_name} ({first.rstrip(':. ')}).",
                    where=_FILE,
                    hint="Choose the file that was published for this encoder, or download it again.",
                ) from error
        states.append(net.state_dict())
    return states[0], states[1]


def _is_drawn(value: Tensor) -> bool:
    return value.is_floating_point() and value.numel() > 1 and bool((value != value.flatten()[0]).any())
