"""The epochs of a run with their losses and figures, from its journal: what curves of runs that are over are drawn from."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.protocol.fields import as_number
from sleapnn_engine.protocol.glance import Glance, open_journal
from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL_NAME
from sleapnn_engine.protocol.measures import Measured


@attrs.frozen
class EpochFigures:
    """One epoch, counted from 0: steps done at its end, `seconds` from the run's first word to it, losses and figures."""

    epoch: int
    step: int
    seconds: float
    train: float | None
    val: float | None
    measured: Measured
    lr: float | None = None
    swapped: Mapping[str, float] = attrs.field(factory=dict)
    """By pairs of parts, on which share of the animals found they lie in each other's place."""


def read_epochs(run_dir: Path) -> list[EpochFigures]:
    """The epochs of the run in a folder, in order; of one that stands there twice the later. Empty without a journal.

    Reads the whole journal but parses only what ends an epoch: 100 MB take a few tenths of a second. For a thread.
    """
    stream = open_journal(run_dir / JOURNAL_NAME)
    if stream is None:
        return []
    with stream:
        first = list(Glance(stream).first())
        began = next((as_number(message.get("t")) for message in first), None) or 0.0
        started: dict[str, Any] = next(
            (message["body"] for message in first if message["kind"] == "started"), {}
        )
        per_epoch = as_number(started.get("steps_per_epoch")) or 0.0
        stream.seek(0)
        found = {one.epoch: one for one in _ends(stream, began=began, per_epoch=int(per_epoch))}
    return [found[epoch] for epoch in sorted(found)]


def _ends(stream: Iterator[bytes], *, began: float, per_epoch: int) -> Iterator[EpochFigures]:
    for line in stream:
        if b'"epoch_end"' not in line:
            continue
        try:
            message = from_json(line)
        except ValueError:
            continue  # damaged, or still being written
        body: Any = message.get("body") if isinstance(message, dict) else None
        if not isinstance(body, dict) or message.get("kind") != "epoch_end":
            continue
        epoch = body.get("epoch")
        if type(epoch) is int and epoch >= 0:
            yield EpochFigures(
                epoch=epoch,
                step=epoch * per_epoch + per_epoch,
                seconds=max(0.0, (as_number(message.get("t")) or began) - began),
                train=as_number(body.get("train")),
                val=as_number(body.get("val")),
                measured=Measured.of(body["error"]) if body.get("error") is not None else Measured(),
                lr=as_number(body.get("lr")),
                swapped=_shares(body.get("swapped")),
            )


def _shares(said: object) -> dict[str, float]:
    """What is a number of a table that was read."""
    numbers = {name: as_number(value) for name, value in said.items()} if isinstance(said, dict) else {}
    return {name: value for name, value in numbers.items() if value is not None}
