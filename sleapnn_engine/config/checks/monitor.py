"""By which loss a model is the best: one that is computed here, and the least of it."""

from collections.abc import Callable, Iterator

from sleapnn_engine.config.issue import Fix, Issue, Remove, error
from sleapnn_engine.config.monitors import monitors
from sleapnn_engine.config.reader import TRAINER, ConfigReader
from sleapnn_engine.config.values import describe

_MONITOR, _MODE = f"{TRAINER}model_ckpt.monitor", f"{TRAINER}model_ckpt.mode"


def _monitor(view: ConfigReader) -> Iterator[Issue]:
    said, mode = view.value(_MONITOR), view.value(_MODE)
    known = monitors(part.rpartition(".")[2] for part in view.head_parts())
    if said is not None and said not in known:
        yield error(
            _MONITOR,
            f"The best model cannot be chosen by {describe(said)}, which is not computed here; there are {', '.join(known)}.",
            Fix("Use the validation loss", {_MONITOR: Remove, _MODE: Remove}),
        )
    elif mode is not None and mode != "min":
        yield error(
            _MODE,
            f"The best model is the one with the least loss, so mode is min, not {describe(mode)}.",
            Fix("Use min", {_MODE: "min"}),
        )


MONITOR_CHECKS: tuple[Callable[[ConfigReader], Iterator[Issue]], ...] = (_monitor,)
