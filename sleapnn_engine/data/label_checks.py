"""Requirements that a kind of model puts on labels, each refused with the first place where it fails."""

from __future__ import annotations

from sleapnn_engine.config.errors import UserError

from .phrases import counted
from .records import LabelSet


def require_one_animal(labels: LabelSet) -> None:
    """Raise UserError, naming the first frame, when a frame has several animals (single_instance models)."""
    several = [index for index, frame in enumerate(labels.frames) if len(frame.points) > 1]
    if several:
        first = several[0]
        message = (
            f"A single-animal model needs one animal per frame; {counted(len(several), 'frame')} "
            f"of {len(labels)} have more, the first has {len(labels.frames[first].points)}."
        )
        hint = "Choose a model for several animals, or remove the extra ones."
        raise UserError(message, where=labels.place(first), hint=hint)


def require_edges(labels: LabelSet) -> None:
    """Raise UserError when the skeleton has no edge (bottom-up models join nodes along edges)."""
    if not labels.edges:
        where = ", ".join(str(path) for path in labels.files)
        hint = "Add edges to the skeleton in SLEAP, or choose a top-down model."
        raise UserError(
            "The skeleton has no edges, and a bottom-up model needs them.", where=where, hint=hint
        )
