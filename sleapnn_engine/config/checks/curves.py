"""Learning rates that rise and fall with the number of the epoch: epochs that leave no room, and rates that lead nowhere."""

from collections.abc import Callable, Iterator

from sleapnn_engine.config.issue import Fix, Issue, error, warning
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.reader import SCHEDULERS, TRAINER, ConfigReader

#: The schedules that are such curves, by the name of what they end with, in the order in which one is kept.
CURVES = {"cosine_annealing_warmup": "eta_min", "linear_warmup_linear_decay": "end_lr"}


def _curve(view: ConfigReader) -> Iterator[Issue]:
    for name, end in CURVES.items():
        section = f"{SCHEDULERS}.{name}"
        if view.on(section):
            yield from _room(view, section)
            yield from _rates(view, section, end=f"{section}.{end}")


def _room(view: ConfigReader, section: str) -> Iterator[Issue]:
    """Warming up must be over before the schedule is."""
    own, most = view.number(f"{section}.max_epochs"), view.number(TRAINER + "max_epochs")
    epochs = most if view.value(f"{section}.max_epochs") is None else own
    warmup, path = view.number(f"{section}.warmup_epochs"), f"{section}.warmup_epochs"
    if warmup is not None and epochs is not None and warmup >= epochs:
        yield error(
            path,
            f"The learning rate rises for {warmup} epochs, and its schedule ends after {epochs}; it must rise for fewer.",
            Fix(f"Use {(int(epochs)) // 10}", {path: int(epochs) // 10}),
        )


def _rates(view: ConfigReader, section: str, *, end: str) -> Iterator[Issue]:
    rate, last = view.number(TRAINER + "optimizer.lr"), view.number(end)
    first, warmup = view.number(f"{section}.warmup_start_lr"), view.number(f"{section}.warmup_epochs")
    start = f"{section}.warmup_start_lr"
    if rate is None:
        return
    if last is not None and last >= rate:
        yield warning(
            end,
            f"The learning rate never falls: {plain(rate)} is its highest, and it ends with {plain(last)}.",
        )
    if warmup and first is not None and first > rate:
        yield warning(
            start,
            f"The learning rate falls while it warms up: it starts with {plain(first)} and goes to {plain(rate)}.",
            Fix("Start with a tenth of it", {start: rate / 10}),
        )
    if warmup and first == 0:
        yield Issue(
            start,
            "info",
            "The learning rate of the first epoch is 0, so nothing is learned in it.",
            Fix("Start with a tenth of the highest", {start: rate / 10}),
        )
    own, most = view.number(f"{section}.max_epochs"), view.number(TRAINER + "max_epochs")
    if last == 0 and own is not None and most is not None and own < most:
        yield warning(
            f"{section}.max_epochs",
            f"The learning rate has fallen to 0 after {own} epochs, and nothing is learned from then until training ends after {most}.",
        )


CURVE_CHECKS: tuple[Callable[[ConfigReader], Iterator[Issue]], ...] = (_curve,)
