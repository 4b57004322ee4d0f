"""What a person should know of a result, judged from what its validation measured."""

from sleapnn_engine.protocol.measures import HEADLINES, MEASURES, Measure, Measured

#: A smaller share is shown as 0 %.
_SHOWN = 0.005
_TRY = (
    "Train for more epochs; if that does not help, try a larger sigma or another learning rate, and look whether the "
    "labels lie on the animals."
)


def nothing_found(measured: Measured | None) -> str:
    """What to try where a model finds nothing in the validation frames, or tells no animal right; '' else."""
    if measured is None:
        return ""
    if not any(measured.items(HEADLINES)):
        return f"The model finds no body part in the validation frames. {_TRY}"
    lacking = what_is_nothing(measured)
    return f"{lacking.if_zero} {_TRY}" if lacking is not None else ""


def what_is_nothing(measured: Measured) -> Measure | None:
    """The first figure that people read as 0 % and that says that a model is of no use; None where there is none."""
    told = measured.items(MEASURES)
    return next((measure for measure, value in told if measure.if_zero and value < _SHOWN), None)
