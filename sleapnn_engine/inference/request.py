"""What somebody wants to have predicted, and what of it makes no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.disk import NoOrdinaryFile, writable_target
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.predict_options import Group, why_unused
from sleapnn_engine.data.footage import LABELS, Choice, Footage
from sleapnn_engine.inference.predictor import BATCH_SIZE, Predictor
from sleapnn_engine.inference.stage import Settings
from sleapnn_engine.inference.tracking import TrackSettings

PACKAGE = ".pkg.slp"


@attrs.frozen(kw_only=True)
class Request:
    """What to predict with what: run folders, data, the file to write, and all options."""

    run_dirs: tuple[Path, ...]
    data: Path
    output: Path
    overwrite: bool = False
    choice: Choice = attrs.field(factory=Choice)
    settings: Settings = attrs.field(factory=Settings)
    tracking: TrackSettings | None = None
    batch_size: int = BATCH_SIZE
    device: str = "auto"
    precision: str = "32"


def require_output(request: Request) -> None:
    """Raise UserError (usage) where the file cannot or must not be written."""
    output = request.output
    name = output.name.lower()
    if not name.endswith(LABELS) or name.endswith(PACKAGE):
        raise UserError(
            "Predictions are written as labels that refer to their videos, into a .slp file.",
            where=str(output),
            hint=f"Call it {output.name.partition('.')[0] or 'predictions'}.slp.",
            usage=True,
        )
    try:
        writable_target(output)
    except NoOrdinaryFile as error:
        raise UserError(
            f"The predictions cannot be written there: {error.strerror}.",
            where=str(output),
            hint="Choose another place.",
            usage=True,
        ) from error
    if output.exists() and not request.overwrite:
        raise UserError(
            "This file is there already.",
            where=str(output),
            hint="Choose another name, or add --overwrite to replace it.",
            usage=True,
        )


def require_new(request: Request, footage: Footage) -> None:
    """Raise UserError (usage) where the output would replace what is read."""
    output = request.output
    if output.exists() and footage.path.is_file() and output.samefile(footage.path):
        raise UserError(
            "The predictions would replace the labels they are made from.",
            where=str(output),
            hint="Choose another name.",
            usage=True,
        )


def require_tracks(request: Request, predictor: Predictor) -> None:
    """Raise UserError (usage) where animals have a name already, there is only one, or no more than its centre is known."""
    if request.tracking is None:
        return
    kinds = [stage.trained.kind for stage in predictor.stages]
    why = why_unused(Group.TRACKING, kinds, likeness=request.tracking.likeness)
    if why:
        raise UserError(why, where="--tracking", hint="Leave it out, or change it.", usage=True)


def options_of(request: Request) -> dict[str, Any]:
    """All options as plain values."""
    choice, frames = request.choice, request.choice.frames
    return {
        "frames": None if frames is None else [[part.start, part.stop - 1] for part in frames.parts],
        "video_index": choice.video,
        "only_labelled": choice.only_labelled,
        "batch_size": request.batch_size,
        "device": request.device,
        "precision": request.precision,
        **attrs.asdict(request.settings),
        "tracking": None if request.tracking is None else attrs.asdict(request.tracking),
    }
