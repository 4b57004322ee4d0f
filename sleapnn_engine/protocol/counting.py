"""How far a run is and how long it took, in the words of every surface: files count epochs and steps from 0, people from 1."""

import math

import attrs

from sleapnn_engine.config import text_format


def epoch_number(epoch: int) -> int:
    """The number by which people call an epoch that files count from 0."""
    return epoch + 1


def epoch_name(epoch: int) -> str:
    """An epoch counted from 0 as people call it, for example 'epoch 1'."""
    return f"epoch {epoch_number(epoch)}"


def step_name(epoch: int, *, batch: int) -> str:
    """A step by its place in its epoch, both counted from 0, for example 'step 3 of epoch 1'."""
    return f"step {batch + 1} of {epoch_name(epoch)}"


@attrs.frozen
class Reach:
    """How far a run is: epochs brought to their end, and steps done in the one after them."""

    epochs: int
    steps: int = 0

    @property
    def text(self) -> str:
        """For sentences: '6 epochs and 12 steps', '1 epoch', '12 steps'."""
        return " and ".join(self._parts) or counted(0, "step")

    @property
    def brief(self) -> str:
        """For tables with a column of epochs: '6', '6 and 12 steps'."""
        return f"{self.epochs} and {counted(self.steps, 'step')}" if self.steps else str(self.epochs)

    @property
    def _parts(self) -> list[str]:
        return [
            counted(number, noun) for number, noun in ((self.epochs, "epoch"), (self.steps, "step")) if number
        ]


def reached(epoch: int, *, batches: int, steps_per_epoch: int) -> Reach:
    """How far a run is that has done so many batches of an epoch, which is counted from 0."""
    return Reach(epoch_number(epoch)) if batches >= steps_per_epoch else Reach(epoch, batches)


def reach_told(
    *,
    newest: tuple[int, int] | None,
    steps_per_epoch: int | None,
    ended: int | None = None,
    finished: Reach | None = None,
) -> Reach:
    """How far a run is, from what it said; epochs and batches count from 0 and None is for what it did not say.

    `newest` is epoch and batch of its newest `batch_end`, `ended` the epoch of its newest `epoch_end`, `finished` what
    that event says. The batches tell most exactly: an epoch that was stopped half-way is also validated.
    """
    if newest is not None and steps_per_epoch is not None and (ended is None or newest[0] >= ended):
        return reached(newest[0], batches=newest[1] + 1, steps_per_epoch=steps_per_epoch)
    if finished is not None:
        return finished
    return Reach(0 if ended is None else epoch_number(ended))


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: '1 epoch', '1,200 epochs'; `many` where an s does not do."""
    return text_format.counted(number, one, many, spec=",")


def duration(seconds: float) -> str:
    """A span of time, coarser the longer it is: '45 s', '18 min', '2 h 05 min', '3 d 4 h'; a dash for no number."""
    if not math.isfinite(seconds):
        return "–"
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def exact_duration(seconds: float) -> str:
    """A span that was measured: '0.4 s', '12 s', '6 min 02 s', '2 h 05 min'."""
    if not math.isfinite(seconds):
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def run_seconds(began: float | None, ended: float | None, *, told: float | None = None) -> float | None:
    """How long a run took from its first word to its last, pauses included.

    `told` is what the engine itself said of that at the end; else the times of these words in the journal tell, in
    Unix seconds. None where neither is known.
    """
    if told is not None:
        return told
    return None if began is None or ended is None else max(0.0, ended - began)
