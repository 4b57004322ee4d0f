"""Published files: where they are kept on this computer, and fetching one that is not there."""

import contextlib
import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import attrs
import torch

from sleapnn_engine.config.errors import UserError

log = logging.getLogger("sleapnn_engine.models")

#: Files that timm downloads, in the order it prefers them.
HUB_FILES = ("model.safetensors", "pytorch_model.bin")
#: How long the server of a download may say nothing.
SILENCE_SECONDS = 30.0
#: The first bytes of the digest are part of a download's name.
_DIGEST = re.compile(r"-([0-9a-f]{8,})\.")


@attrs.frozen
class Download:
    """Where weights are published, and the file in torch's cache they are kept in."""

    address: str
    file: Path


def kept_download(address: str, *, name: str = "") -> Download:
    """A published file and its place in torch's cache; `name` is what it is called there."""
    return Download(
        address, Path(torch.hub.get_dir()) / "checkpoints" / (name or Path(urlparse(address).path).name)
    )


def in_hub_cache(repository: str) -> Path | None:
    """The file that timm has downloaded from a repository before; None where there is none."""
    # timm keeps its downloads with this library, and requires it.
    from huggingface_hub import try_to_load_from_cache

    for file in HUB_FILES:
        path = try_to_load_from_cache(repository, file)
        if isinstance(path, str):
            return Path(path)
    return None


def fetch(wanted: Download, *, what: str, setting: str, hint: str = "") -> Path:
    """Download a file into torch's cache; `what` is its name as the subject of a sentence, in the plural.

    Raises UserError with the address, the file and its place, and `hint` behind those, when that fails.
    """
    digest = _DIGEST.search(wanted.file.name)
    log.info("Downloading %s into %s.", wanted.address, wanted.file.parent)
    try:
        wanted.file.parent.mkdir(parents=True, exist_ok=True)
        with _patience(SILENCE_SECONDS):
            torch.hub.download_url_to_file(
                wanted.address, str(wanted.file), hash_prefix=digest[1] if digest else None, progress=False
            )
    except Exception as error:  # no network, a full disk, a damaged transfer: each has its own type
        raise UserError(
            f"{what} are not on this computer and could not be downloaded ({error}).",
            where=setting,
            hint=by_hand(wanted) + hint,
        ) from error
    return wanted.file


def by_hand(wanted: Download) -> str:
    """How a person gets the file to its place."""
    named = "" if wanted.address.endswith(f"/{wanted.file.name}") else f" as {wanted.file.name}"
    return f"Download {wanted.address} elsewhere and put the file into {wanted.file.parent}{named}."


def to_come(wanted: Download, *, what: str, hint: str = "") -> str:
    """Say of a file that is not here yet that training begins by fetching it; `what` and `hint` as in `fetch`."""
    return (
        f"{what} are not on this computer, so training begins with downloading them. Where there is no network: "
        f"{by_hand(wanted)}{hint}"
    )


@contextlib.contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Let connections opened meanwhile be silent no longer than this; a network may drop them without a word."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
