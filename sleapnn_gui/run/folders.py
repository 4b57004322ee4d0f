"""Where the next run goes: a folder of its own, never one that already holds a run."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sleapnn_engine.config.reader import HEADS, TRAINER, ConfigReader

_NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|\x00-\x1f]')


def next_run_dirs(configs: Sequence[Mapping[str, Any]], *, base: Path) -> list[Path]:
    """The same for configs that are trained one after the other."""
    found: list[Path] = []
    for values in configs:
        found.append(next_run_dir(ConfigReader(values), base=base, taken=[str(one) for one in found]))
    return found


def next_run_dir(
    view: ConfigReader, *, base: Path, now: datetime | None = None, taken: Collection[str] = ()
) -> Path:
    """`<ckpt_dir>/<run_name>` of a config, as an absolute path that does not hold anything yet.

    A missing folder setting means `base`; a missing name is made from the time and the model type; a name that
    is taken, also by the paths of folders that are `taken` and not there yet, gets -1, -2 and so on.
    """
    said = view.value(TRAINER + "ckpt_dir")
    parent = base / Path(said).expanduser() if isinstance(said, str) and said.strip() else base
    name = view.value(TRAINER + "run_name")
    if not isinstance(name, str) or not name.strip():
        head = next(iter(view.chosen(HEADS)), "run")
        name = f"{(now or datetime.now()).strftime('%y%m%d_%H%M%S')}_{head}"
    name = _NOT_IN_NAMES.sub("_", name.strip())
    wanted = parent / name
    number = 0
    while str(wanted.absolute()) in taken or (
        wanted.exists() and (not wanted.is_dir() or any(wanted.iterdir()))
    ):
        number += 1
        wanted = parent / f"{name}-{number}"
    return wanted.absolute()
