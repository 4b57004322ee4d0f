"""The end of a training: predictions of all frames with the best model, and what a person should know of the result."""

import logging
from collections.abc import Sequence
from pathlib import Path

from sleapnn_engine.training.evaluate import Skipped, evaluate
from sleapnn_engine.training.failures import explained
from sleapnn_engine.training.inputs.test_sets import EvaluationSet
from sleapnn_engine.training.loop import check_signals
from sleapnn_engine.training.state import Training

log = logging.getLogger("sleapnn_engine.training")


def predict_all(training: Training, test_sets: Sequence[EvaluationSet], *, weights: Path) -> list[str]:
    """Predict all frames with the best model; returns what could not be made, in sentences, which are also logged.

    What goes wrong in that costs no trained model. A stop that is asked for meanwhile leaves the rest out; Interrupted
    passes through.
    """
    report, folder, missing = training.parts.report, training.parts.folder, []

    def check() -> None:
        check_signals(training)
        if any(command.verb == "stop" for command in report.channel.pop_commands()):
            raise Skipped

    def failed(what: str, error: Exception) -> None:
        text = f"The model is saved, but {what} could not be made: {explained(error, folder=folder)}"
        missing.append(text)
        log.warning("%s", text, exc_info=error)

    try:
        with report.phase("finish", "Predicting all frames with the best model") as phase:
            evaluate(
                training,
                test_sets,
                weights=weights,
                phase=phase,
                check=check,
                failed=failed,
            )
    except Skipped:
        missing.append("Stopped while predicting: the remaining predictions and metrics are not written.")
        log.info("%s", missing[-1])
    except Exception as error:  # files for looking at a model, made partly by other people's code
        failed("its predictions", error)
    return missing
