"""The table of timm's encoders, found out by building each of them without values; run as a module it writes the table.

It takes about half an hour. Networks that timm cannot build as encoders, or that cannot be tried without values, are
left out and told on standard error.
"""

import csv
import logging
import math
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence

import timm
import torch
from timm.models import get_pretrained_cfg
from torch import nn

from sleapnn_engine.config.encoders import Encoder
from sleapnn_engine.models.timm_encoder import OPTIONS, create_net
from tests.architecture.sources import ROOT

TABLE = ROOT / "resources" / "encoders" / "timm.csv"
COMMAND = "python -m tests.architecture.encoders_listed"
#: Columns of the table, in their order.
COLUMNS = ("name", "strides", "parameters", "sides", "channels", "option", "weights")


class NoEncoder(Exception):
    """A network that is no encoder here, and why."""


def measured(name: str, *, weights: Iterable[str] = ()) -> Encoder:
    """The facts of one of timm's networks; `weights` are its tags. Raises NoEncoder."""
    wrong = ""
    for channels in (0, 3):
        for option in (*OPTIONS, ""):
            bare = Encoder(
                name=name, strides=(1,), parameters=0, side=0, fixed=False, channels=channels, option=option,
                weights=tuple(weights),
            )  # fmt: skip
            try:
                with torch.device("meta"):
                    net = create_net(bare, model_name=name, in_channels=channels or 1)
            except Exception as error:  # timm refuses in many ways
                wrong = f"{type(error).__name__}: {error}"
                continue
            found = _tried(net.eval(), bare, nominal=_nominal(name))
            if found is not None:
                return found
            wrong = "it reads no image that was tried"
    raise NoEncoder(wrong)


def _nominal(name: str) -> int:
    known = get_pretrained_cfg(name)
    return known.input_size[1] if known else 224


def _tried(net: nn.Module, bare: Encoder, *, nominal: int) -> Encoder | None:
    """Which sizes of images a network reads; None where it reads none."""
    strides = tuple(net.feature_info.reduction())
    deepest, channels = strides[-1], bare.channels or 1
    sides = (
        (((6 * deepest, 5 * deepest), (5 * deepest, 7 * deepest)), 0, False),
        (((nominal, 2 * nominal),), nominal, False),
        (((nominal, nominal),), nominal, True),
    )
    for sizes, side, fixed in sides:
        if all(_reads(net, channels, size) for size in sizes):
            return Encoder(
                name=bare.name, strides=strides, side=side, fixed=fixed, channels=bare.channels, option=bare.option,
                parameters=sum(math.prod(value.shape) for value in net.parameters()), weights=bare.weights,
            )  # fmt: skip
    return None


def _reads(net: nn.Module, channels: int, size: tuple[int, int]) -> bool:
    try:
        with torch.no_grad():
            net(torch.empty(2, channels, *size, device="meta"))
    except Exception:  # a network refuses a size in many ways
        return False
    return True


def tags() -> dict[str, list[str]]:
    """Tags of the published weights of each network, timm's choice first."""
    found: dict[str, list[str]] = defaultdict(list)
    for full in timm.list_pretrained():
        name, _, tag = full.partition(".")
        if tag:
            found[name].append(tag)
    for name, listed in found.items():
        known = get_pretrained_cfg(name)
        listed.sort(key=lambda tag: (tag != (known.tag if known else ""), tag))
    return found


def row_of(encoder: Encoder) -> Sequence[str]:
    """The encoder as a row of the table."""
    sides = "any" if not encoder.side else str(encoder.side) if encoder.fixed else f"x{encoder.side}"
    return (
        encoder.name,
        " ".join(map(str, encoder.strides)),
        str(encoder.parameters),
        sides,
        str(encoder.channels or "any"),
        encoder.option,
        " ".join(encoder.weights),
    )


def main() -> None:
    """Write the table to standard output."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    published, table = tags(), csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(COLUMNS)
    for name in timm.list_models():
        try:
            table.writerow(row_of(measured(name, weights=published.get(name, ()))))
        except NoEncoder as error:
            sys.stderr.write(f"{name}: {error}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
