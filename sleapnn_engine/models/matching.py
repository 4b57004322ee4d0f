"""Copying tensors of a file into a network by name and shape, and telling in words what that left out."""

from collections.abc import Callable, Mapping, Sequence

import attrs
import torch
from torch import Tensor

from sleapnn_engine.config.errors import UserError

#: Names that a sentence lists before it counts the rest.
LISTED = 4


@attrs.frozen
class Misfit:
    """A tensor that the file and the network both have, in different shapes."""

    name: str
    given: tuple[int, ...]
    wanted: tuple[int, ...]

    def __str__(self) -> str:
        shapes = [" x ".join(map(str, shape)) or "scalar" for shape in (self.given, self.wanted)]
        return f"{self.name} ({shapes[0]} in the file, {shapes[1]} in the network)"


@attrs.frozen(kw_only=True)
class LoadReport:
    """What of a network's part starts from a file. Names are the network's, in `unused` the file's.

    `loaded` start from the file; `missing` are not in it and `misfits` have another shape, so both keep their random
    start; `unused` are in the file and have no place in this part of the network.
    """

    source: str
    part: str
    loaded: tuple[str, ...]
    missing: tuple[str, ...] = ()
    misfits: tuple[Misfit, ...] = ()
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing of the part keeps its random start."""
        return not self.missing and not self.misfits

    def example(self) -> str:
        """One tensor that does not start from the file, and why."""
        if self.misfits:
            return str(self.misfits[0])
        return f"{self.missing[0]} is not in it" if self.missing else ""

    def sentences(self) -> list[str]:
        """The report in words, the outcome first."""
        total = len(self.loaded) + len(self.missing) + len(self.misfits)
        lines = [f"{len(self.loaded)} of {total} tensors of the {self.part} start from {self.source}."]
        if self.missing:
            lines.append(f"Not in the file, so at random: {_some(self.missing)}.")
        if self.misfits:
            lines.append(
                f"Of another shape, so at random: {_some([str(misfit) for misfit in self.misfits])}."
            )
        if self.unused:
            lines.append(f"In the file but not in this network: {_some(self.unused)}.")
        return [*lines, *self.notes]

    def details(self) -> list[str]:
        """Every tensor that the sentences only count, one in a line; none where they name all."""
        parts = (
            ("Not in the file", self.missing),
            ("Of another shape", tuple(map(str, self.misfits))),
            ("Not in this network", self.unused),
        )
        return [f"{what}: {name}" for what, names in parts if len(names) > LISTED for name in names]


def _some(names: Sequence[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")


def match(
    parameters: Mapping[str, Tensor],
    given: Mapping[str, Tensor],
    *,
    name_in_file: Callable[[str], str],
    source: str,
    part: str,
) -> tuple[LoadReport, dict[str, Tensor]]:
    """Pair the parameters with the tensors of a file, without copying anything yet.

    `name_in_file` maps a parameter's name to the key it would have in `given`. Returns the report and the tensors to
    copy, by parameter name.
    """
    pairs: dict[str, Tensor] = {}
    missing, misfits = [], []
    for name, parameter in parameters.items():
        tensor = given.get(name_in_file(name))
        if tensor is None:
            missing.append(name)
        elif tensor.shape != parameter.shape:
            misfits.append(Misfit(name, tuple(tensor.shape), tuple(parameter.shape)))
        else:
            pairs[name] = tensor
    known = {name_in_file(name) for name in parameters}
    report = LoadReport(
        source=source,
        part=part,
        loaded=tuple(pairs),
        missing=tuple(missing),
        misfits=tuple(misfits),
        unused=tuple(name for name in given if name not in known),
    )
    return report, pairs


def copy(parameters: Mapping[str, Tensor], pairs: Mapping[str, Tensor], *, where: str, source: str) -> None:
    """Set parameters to the tensors. Raises UserError, before anything is changed, when one holds no finite numbers."""
    broken = [name for name, tensor in pairs.items() if not torch.isfinite(tensor).all()]
    if broken:
        raise UserError(
            f"{source} holds values that are no numbers, in {_some(broken)}.",
            where=where,
            hint="That training went wrong; choose another file.",
        )
    with torch.no_grad():
        for name, tensor in pairs.items():
            parameters[name].copy_(tensor)
