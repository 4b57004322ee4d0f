"""Putting trainings into the queue from the window: their configs as they are now, each with a run folder of its own."""

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.disk import write_whole
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import copy_values, dump_config
from sleapnn_engine.config.reader import TRAINER, ConfigReader
from sleapnn_engine.config.run_models import given_config, values_of
from sleapnn_engine.protocol.queue_records import QueuedTraining
from sleapnn_engine.protocol.training_queue import TrainingQueue
from sleapnn_gui.run.folders import next_run_dir
from sleapnn_gui.widgets.language import counted, tr


@attrs.frozen
class Wish:
    """A training that a person wants: the values of its config, and settings of its own, as words of the command line.

    It stops by itself by `stop_rules`, in words.
    """

    values: Mapping[str, Any]
    overrides: tuple[str, ...] = ()
    stop_rules: tuple[str, ...] = ()


def again(folder: Path) -> Wish:
    """The training of a run once more, from its beginning, beside it. Raises UserError."""
    path = given_config(folder)
    if path is None:
        raise UserError(tr("this run holds no config to train again with."), where=folder.name)
    values = copy_values(values_of(path))
    for name, value in (
        ("resume_ckpt_path", None),
        ("ckpt_dir", str(folder.parent)),
        ("run_name", folder.name),
    ):
        tree.put(values, TRAINER + name, value)
    return Wish(values)


def other_seed(folder: Path, *, seed: int) -> Wish:
    """The training of a run once more with another seed. Raises UserError."""
    wish = again(folder)
    values = copy_values(dict(wish.values))
    tree.put(values, TRAINER + "run_name", f"{folder.name}_seed{seed}")
    return Wish(values, (f"{TRAINER}seed={seed}",))


def queue_up(queue: TrainingQueue, wishes: Sequence[Wish], *, base: Path, group: str = "") -> str:
    """Put trainings at the end of the queue; returns a sentence. For the rest see `put_into`."""
    added = put_into(queue, wishes, base=base, group=group)
    ahead = queue.standing().waiting - len(added)
    names = ", ".join(Path(one.run_dir or "").name for one in added)
    before = tr("after {others}", others=counted(ahead, "other")) if ahead else tr("as the first")
    return tr("Added to the queue, {before}: {names}.", before=before, names=names)


def put_into(
    queue: TrainingQueue, wishes: Sequence[Wish], *, base: Path, group: str = "", first: bool = False
) -> list[QueuedTraining]:
    """Put trainings at the end of the queue, or before all that wait. `base` is the folder that relative paths count from.

    Each config is kept as it is now in a file beside the queue. Raises UserError and OSError; runs aside.
    """
    taken = {one.run_dir for one in queue.read() if one.run_dir is not None}
    fields = []
    queue.copies.mkdir(exist_ok=True)
    for wish in wishes:
        run_dir = next_run_dir(ConfigReader(wish.values), base=base, taken=taken)
        taken.add(str(run_dir))
        config = queue.copies / f"{run_dir.name}-{uuid.uuid4().hex[:8]}.yaml"
        write_whole(config, dump_config(copy_values(wish.values)))
        fields.append(
            {
                "config": config,
                "folder": base,
                "overrides": wish.overrides,
                "stop_rules": wish.stop_rules,
                "run_dir": str(run_dir),
            }
        )
    return queue.add_group(fields, name=group, first=first)
