"""What is said of an engine that does not answer, and of what ending its process would cost: the same everywhere."""

import os
from pathlib import Path

from sleapnn_engine.protocol.counting import epoch_name
from sleapnn_engine.protocol.glance import Glance, open_journal
from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL_NAME

#: Silence after which the choice to end the process is offered; shorter ones come with long steps and slow disks.
CHOICE_SECONDS = 10.0


def silence_text(seconds: float, *, pid: int | None) -> str:
    """That nothing has been heard for so long."""
    process = f" (process {pid})" if pid is not None else ""
    return f"No answer since {seconds:.0f} s. The engine{process} is still there; it may be busy with a long step, or hang."


def loss_text(checkpoint_epoch: int | None) -> str:
    """What ending the process at once would lose; `checkpoint_epoch` is that of the newest checkpoint, from 0."""
    if checkpoint_epoch is None:
        return "No checkpoint has been written yet: ending its process loses everything trained so far."
    return (
        "Ending its process loses everything since the last checkpoint, which is of "
        f"{epoch_name(checkpoint_epoch)}; no evaluation is made."
    )


def last_checkpoint(run_dir: str | os.PathLike[str]) -> int | None:
    """The epoch, from 0, of the newest checkpoint that the journal tells of in its last part."""
    stream = open_journal(Path(run_dir) / JOURNAL_NAME)
    if stream is None:
        return None
    with stream:
        for message in Glance(stream).last(wanted=b'"checkpoint"'):
            epoch = message["body"].get("epoch")
            if message["kind"] == "checkpoint" and type(epoch) is int:
                return epoch
    return None
