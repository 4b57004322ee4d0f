"""The encoders of timm that can be chosen: names, strides and sizes, read from a table so that no timm is needed.

Finding these facts out takes building every one of more than a thousand networks; the table is the outcome, made by
`python -m tests.architecture.encoders_listed` with the tested version of timm.
"""

import csv
import difflib
import functools
import math
import re
from collections.abc import Mapping
from fractions import Fraction

import attrs

from sleapnn_engine.config.resources import resource_path

_NUMBER = re.compile(r"\d+(\.\d+)?")


@attrs.frozen(kw_only=True)
class Encoder:
    """One network of timm without its head.

    `strides` are those of its maps in pixels of the image it reads, as timm tells them; `parameters` counts its
    weights. Both sides of its images must be multiples of `side` (0: whatever the strides ask for), and no more than
    that where it is `fixed`. `channels` is 3 for one that reads colour images only, else 0. `option` is the argument
    of timm that lets it read images of any size. `weights` are the tags of its published weights, timm's choice first.
    """

    name: str
    strides: tuple[int, ...]
    parameters: int
    side: int
    fixed: bool
    channels: int
    option: str
    weights: tuple[str, ...]

    @property
    def shrink(self) -> Fraction:
        """How much smaller than the network's input the images are that it reads.

        Patches of 14 pixels become cells of 16 pixels of the network's input, because all maps of a network differ by
        powers of two.
        """
        deepest = self.strides[-1]
        factor = Fraction(deepest, _power(deepest))
        fits = all(_is_power(stride / factor) for stride in self.strides)
        return factor if fits else Fraction(1)

    @property
    def levels(self) -> tuple[int, ...]:
        """The stride of each map in pixels of the network's input, a power of two."""
        return tuple(_power(stride / self.shrink) for stride in self.strides)

    @property
    def max_stride(self) -> int:
        return max(self.levels)

    @property
    def multiple(self) -> int:
        """Both sides of the network's input are padded to multiples of this."""
        return int(self.side / self.shrink) if self.side else self.max_stride

    @property
    def only(self) -> int:
        """The one size that both sides of the network's input may have, or 0."""
        return self.multiple if self.fixed else 0


@functools.cache
def encoders() -> Mapping[str, Encoder]:
    """Every encoder there is, by name, in timm's order; not to be changed."""
    with resource_path("encoders", "timm.csv").open(encoding="utf-8", newline="") as table:
        return {row["name"]: _encoder(row) for row in csv.DictReader(table)}


def find_encoder(model_name: object) -> Encoder | None:
    """The encoder that `NAME` or `NAME.WEIGHTS` names, or None."""
    return encoders().get(model_name.partition(".")[0]) if isinstance(model_name, str) else None


def near_names(model_name: str) -> list[str]:
    """Up to three names that resemble one that is unknown, the most similar first."""
    return difflib.get_close_matches(model_name.partition(".")[0], encoders(), n=3, cutoff=0.6)


def _encoder(row: Mapping[str, str]) -> Encoder:
    sides = row["sides"]
    return Encoder(
        name=row["name"],
        strides=tuple(int(stride) for stride in row["strides"].split()),
        parameters=int(row["parameters"]),
        side=0 if sides == "any" else int(sides.removeprefix("x")),
        fixed=sides.isdigit(),
        channels=0 if row["channels"] == "any" else int(row["channels"]),
        option=row["option"],
        weights=tuple(row["weights"].split()),
    )


def _power(stride: float | Fraction) -> int:
    """The power of two nearest to a stride."""
    return 1 << max(0, round(math.log2(stride)))


def _is_power(stride: Fraction) -> bool:
    return stride == _power(stride)


def search_encoders(text: str) -> list[Encoder]:
    """The encoders whose names hold every word, those that begin with the first word first.

    `<20M` and `>5M` narrow the parameters to millions, `/16` the stride of the coarsest map; a tag behind a dot is not
    looked at.
    """
    words = [word if word[0] in "<>/" else word.partition(".")[0] for word in text.lower().split()]
    narrowing = [(word[0], _NUMBER.match(word[1:])) for word in words if word[0:1] in ("<", ">", "/")]
    names = [word for word in words if word[0:1] not in ("<", ">", "/", "")]
    found = [
        encoder
        for encoder in encoders().values()
        if all(word in encoder.name for word in names)
        and all(_within(encoder, sign, float(number[0])) for sign, number in narrowing if number)
    ]
    return sorted(found, key=lambda encoder: not names or not encoder.name.startswith(names[0]))


def size_text(encoder: Encoder) -> str:
    """Parameters in millions and the stride of the coarsest map, as “11.2 M · stride 32”."""
    return f"{encoder.parameters / 1e6:.3g} M · stride {encoder.max_stride}"


def about(encoder: Encoder) -> str:
    """What there is to know of an encoder before choosing it, in one or two sentences."""
    strides = ", ".join(map(str, sorted(set(encoder.levels))))
    maps = f"maps at strides {strides}" if len(set(encoder.levels)) > 1 else f"one map at stride {strides}"
    sizes = "images of any size"
    if encoder.only:
        sizes = f"images of {encoder.only}×{encoder.only} px only"
    elif encoder.side:
        sizes = f"images whose sides are multiples of {encoder.multiple} px"
    count = len(encoder.weights)
    published = {0: "no published weights", 1: "published weights"}.get(
        count, f"{count} sets of published weights"
    )
    shrunk = f" It sees the image at {encoder.shrink} of its size." if encoder.shrink != 1 else ""
    colour = " It reads gray images as colour." if encoder.channels else ""
    million = f"{encoder.parameters / 1e6:.3g} million parameters"
    return f"{million}, {maps}; reads {sizes}; {published}.{shrunk}{colour}"


def _within(encoder: Encoder, sign: str, number: float) -> bool:
    if sign == "/":
        return encoder.max_stride == number
    return encoder.parameters < number * 1e6 if sign == "<" else encoder.parameters > number * 1e6
