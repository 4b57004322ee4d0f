"""What frames set aside in one way or another would be, and the same as labels files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import DATA, ConfigReader
from sleapnn_engine.data.bodies import Bodies
from sleapnn_engine.data.doctor.repeats import leaking, twin_frames
from sleapnn_engine.data.label_parts import write_part
from sleapnn_engine.data.split_rules import SPLIT_RULES
from sleapnn_engine.inspect.labelled import LEARNED, MEASURED, Labelled
from sleapnn_engine.inspect.wanted import Cancelled, require_wanted

#: Frames are set aside as the config says.
AS_CONFIGURED = "random"


def split(
    found: Labelled, args: Mapping[str, Any], cancelled: Cancelled
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What `questions` says of `split`. Raises UserError where the labels cannot be split so, and NotWanted."""
    parted = _parted(found, args)
    require_wanted(cancelled)
    twins = twin_frames(Bodies.of(found.labels), frames=len(found.labels))
    body = {
        "rule": args["rule"],
        "reason": parted.reason,
        "warnings": list(parted.warnings),
        "separate": len(found.labels) > found.own,
        "videos": len({frame.video_index for frame in found.labels.frames}),
        "learned": int(np.count_nonzero(parted.parts & LEARNED)),
        "measured": int(np.count_nonzero(parted.parts & MEASURED)),
        "leaks": len(np.unique(leaking(twins, parts=parted.parts)[:, 0])),
    }
    return body, {"parts": parted.parts}


def save_split(found: Labelled, args: Mapping[str, Any], cancelled: Cancelled) -> dict[str, Any]:
    """Write both parts of each labels file into a folder; `train` and `val` are the paths of what was written.

    Raises UserError where a file is there already, or cannot be written, and NotWanted. What was written before that is taken away again.
    """
    folder, parted = Path(str(args["folder"])).expanduser().absolute(), _parted(found, args)
    planned = [
        (file, name, folder / f"{_stem(path)}.{name}.slp")
        for file, path in enumerate(found.labels.files)
        for name in ("train", "val")
    ]
    taken = [path for _, _, path in planned if path.exists()]
    if taken or len({path for _, _, path in planned}) < len(planned):
        what = f"{taken[0].name} is there already" if taken else "Two labels files have the same name"
        raise UserError(f"{what}; nothing was written.", where=str(folder), hint="Choose another folder.")
    written: dict[str, list[str]] = {"train": [], "val": []}
    try:
        for file, name, path in planned:
            require_wanted(cancelled)
            part = parted.parts == (LEARNED if name == "train" else MEASURED)
            labels = found.labels.subset(np.flatnonzero(part).tolist())
            if write_part(labels, path, file=file, user_instances_only=False):
                written[name].append(str(path))
    except BaseException as error:
        for made in (*written["train"], *written["val"]):
            Path(made).unlink(missing_ok=True)
        if isinstance(error, OSError):
            message = f"The labels were not written: {reason_of(error)}."
            raise UserError(message, where=str(folder), hint="Choose another folder.") from error
        raise
    return written


def _parted(found: Labelled, args: Mapping[str, Any]) -> Labelled:
    """The frames as a rule sets them aside."""
    if args["rule"] == AS_CONFIGURED:
        return found
    rule = SPLIT_RULES.get(str(args["rule"]))
    if rule is None:
        known = ", ".join((AS_CONFIGURED, *SPLIT_RULES))
        raise UserError(f"There is no way to split called '{args['rule']}'; there are {known}.")
    if len(found.labels) > found.own:
        raise UserError("The validation frames come from files of their own.", where=DATA + "val_labels_path")
    fraction = ConfigReader(args["values"]).number(DATA + "validation_fraction")
    if not fraction:
        raise UserError(
            "The validation fraction must be between 0 and 1.", where=DATA + "validation_fraction"
        )
    made = rule(found.labels, validation_fraction=float(fraction))
    parts = np.full(len(found.labels), LEARNED, dtype=np.uint8)
    parts[list(made.val)] = MEASURED
    return attrs.evolve(found, parts=parts, warnings=made.warnings, reason="")


def _stem(path: Path) -> str:
    return path.name.removesuffix(".slp").removesuffix(".pkg")
