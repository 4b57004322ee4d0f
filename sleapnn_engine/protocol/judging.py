"""What a person should know of a result, judged from what its validation measured."""

from sleapnn_engine.protocol.measures import HEADLINES, Measured

_TRY = (
    "Train for more epochs; if that does not help, try a larger sigma or another learning rate, and look whether the "
    "labels lie on the animals."
)


def nothing_found(measured: Measured | None) -> str:
    """What to try where a model finds nothing in the validation frames, or tells no animal right; '' else."""
    if measured is None:
        return ""
    told = list(measured.items(HEADLINES))
    if not told:
        return f"The model finds no body part in the validation frames. {_TRY}"
    said = next((measure.if_zero for measure, value in told if value == 0 and measure.if_zero), "")
    return f"{said} {_TRY}" if said else ""
