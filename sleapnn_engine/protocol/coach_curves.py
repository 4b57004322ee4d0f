"""What the curves of a run say of it: nothing is found, learned by heart, steps too large, no progress any more."""

import math
import statistics
from collections.abc import Iterator
from typing import Any

from sleapnn_engine.config.issue import Fix
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.reader import DATA, GEOMETRIC, SCHEDULERS, TRAINER
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.protocol.coach_case import Hint, RunCase, Shows
from sleapnn_engine.protocol.counting import epoch_name
from sleapnn_engine.protocol.epoch_history import EpochFigures
from sleapnn_engine.protocol.judging import nothing_found, what_is_nothing
from sleapnn_engine.protocol.measures import CLASS_ACCURACY, F1, PCK
from sleapnn_engine.protocol.remedies import slower

#: So many epochs after the best one are the least from which anything is concluded, and this share of all of them.
_LEAST_EPOCHS, _LEAST_SHARE = 6, 0.1
#: The validation loss has risen when it is this many times the best, and the training loss has fallen below this share.
_RISEN, _FALLEN = 1.15, 0.9
#: Where both losses rise by as much, steps are too large; where they end side by side, nothing is learnt by heart.
_APART = 1.2
#: Without progress for so many epochs, and this share of all, nothing more is to be expected.
_STILL_EPOCHS, _STILL_SHARE = 15, 0.3
#: A rate that stays above this share of the first one has not dropped.
_DROP = 0.95
#: A running training that has found nothing is told of after so many epochs; early ones are often like that.
_NOTHING_EPOCHS = 10
#: The loss still falls when the best epoch is among this share of the last ones.
_STILL_FALLING = 0.1
#: A loss that has come below this share of that in the middle of a run falls; one within this share of the best is as good.
_GAIN, _AS_GOOD = 0.97, 0.99

#: What is nothing, by the key of the figure that says so.
_NOTHING = {
    F1.key: "0 % of the animals are found in validation",
    CLASS_ACCURACY.key: "0 % of the animals found in validation are given their right identity",
    PCK.key: "0 % of the body parts are found within 10 % of a body in validation",
}
_SEEN = {F1.key: Shows.ANIMALS, CLASS_ACCURACY.key: Shows.ANIMALS, PCK.key: Shows.ERROR}
_STOPPING = TRAINER + "early_stopping.stop_training_on_plateau"
_RATE = TRAINER + "optimizer.lr"
_VARIED = DATA + "use_augmentations_train"
_PLATEAU = SCHEDULERS + ".reduce_lr_on_plateau"
_EPOCHS = TRAINER + "max_epochs"


def find_nothing(case: RunCase) -> Iterator[Hint]:
    """A result of 0 % is no result, however calmly the training came to its end."""
    best, validated = case.best, case.validated
    if best is None or not best.measured.values or not nothing_found(best.measured):
        return  # what was not measured says nothing
    if not case.over and len(validated) < _NOTHING_EPOCHS:
        return
    lacking = what_is_nothing(best.measured)
    found = lacking is CLASS_ACCURACY
    what = _NOTHING.get(lacking.key if lacking is not None else "", "No body part is found in validation")
    falls = _falls(validated)
    large = next(_large_steps(case), None)
    if large is not None:
        why = large.text
    elif falls:
        why = "The loss falls to the last epoch, so more epochs may be all it takes."
    elif found:
        why = "The loss has stopped falling. See whether a track is the same animal on all labelled frames."
    else:
        why = "The loss has stopped falling, so wider bumps on the maps may be easier to learn."
    epochs = int(case.config.number(_EPOCHS) or 0) if case.config is not None else 0
    more = case.fix(f"Train {3 * epochs} epochs", {_EPOCHS: 3 * epochs})
    measured = _SEEN.get(lacking.key if lacking is not None and large is None else "", Shows.LOSS)
    yield Hint(
        name="nothing_found",
        text=f"{what} after {counted(len(case.epochs), 'epoch')}. {why}",
        shows=Shows.LABELS if found and not falls and large is None else measured,
        epoch=best.epoch,
        fix=large.fix if large is not None else more if falls else None if found else _wider(case),
        grave=True,
    )


def _falls(validated: list[EpochFigures]) -> bool:
    """Whether the loss falls to the end, by more than what a network that shows nothing anywhere still gains."""
    if not validated:
        return False
    best = min(validated, key=lambda one: one.val or 0.0)
    late = best.epoch >= validated[-1].epoch - _STILL_FALLING * len(validated)
    return late and (best.val or 0.0) < _GAIN * (validated[len(validated) // 2].val or 0.0)


def _wider(case: RunCase) -> Fix | None:
    head = case.config.head() if case.config is not None else ""
    path = f"{head}.confmaps.sigma"
    sigma = case.config.number(path) if case.config is not None and path in SPEC.keys else None
    return None if sigma is None else case.fix(f"Sigma {plain(2 * sigma)}", {path: 2 * sigma})


def find_overfitting(case: RunCase) -> Iterator[Hint]:
    """Validation gets worse while training gets better."""
    best, since = case.best, case.since_best
    if best is None or best.train is None or len(since) <= _least(case, _LEAST_EPOCHS, _LEAST_SHARE):
        return
    val, train = _lately(since)
    if val < _RISEN * (best.val or 0.0) or train > _FALLEN * best.train or val < _APART * train:
        return
    yield Hint(
        name="overfitting",
        text=f"Since {epoch_name(best.epoch)} the validation loss rises, from {_loss(best.val)} to {_loss(val)}, while the "
        f"training loss falls, from {_loss(best.train)} to {_loss(train)}: the model learns these frames by heart. More "
        "varied images or more labelled frames help.",
        shows=Shows.LOSS,
        epoch=best.epoch,
        fix=_more_variety(case),
    )


def find_large_steps(case: RunCase) -> Iterator[Hint]:
    """As a reason why nothing is found it is told there."""
    if not any(find_nothing(case)):
        yield from _large_steps(case)


def _large_steps(case: RunCase) -> Iterator[Hint]:
    """What was learned already is lost again, in training as in validation."""
    best, since = case.best, case.since_best
    if best is None or len(since) <= _least(case, _LEAST_EPOCHS, _LEAST_SHARE):
        return
    val, train = _lately(since)
    lowest = min(since, key=lambda one: one.train or 0.0)
    if val < _RISEN * (best.val or 0.0) or train < _RISEN * (lowest.train or 0.0):
        return
    rate = case.config.number(_RATE) if case.config is not None else None
    said = "" if rate is None else f" with a learning rate of {plain(rate)}"
    yield Hint(
        name="too_large_steps",
        text=f"Since {epoch_name(best.epoch)} both losses rise, in training from {_loss(lowest.train)} to {_loss(train)}, in "
        f"validation from {_loss(best.val)} to {_loss(val)}:{said} the steps are too large.",
        shows=Shows.LOSS,
        epoch=best.epoch,
        fix=slower(case),
    )


def _more_variety(case: RunCase) -> Fix | None:
    """Vary the images, or vary them more; one that may be turned any way already is left as it is."""
    config = case.config
    if config is None:
        return None
    section = GEOMETRIC.rstrip(".")
    changes: dict[str, Any] = {}
    if not config.on(section):
        changes[section] = {**SPEC.defaults(section), "affine_p": 1.0}
    elif not any(config.number(GEOMETRIC + chance) for chance in ("affine_p", "rotation_p")):
        changes[GEOMETRIC + "affine_p"] = 1.0
    if changes or not config.value(_VARIED):
        return case.fix("Vary the images", {_VARIED: True, **changes})
    turn = config.number(GEOMETRIC + "rotation_max") or 0
    if turn >= 180:
        return None
    wider = 45 if turn < 45 else 180
    changes = {GEOMETRIC + "rotation_min": -float(wider), GEOMETRIC + "rotation_max": float(wider)}
    return case.fix(f"Rotate by ±{wider}°", changes)


def find_no_progress(case: RunCase) -> Iterator[Hint]:
    """A plateau: with a rate that never fell there is something to try, else it is time to end."""
    best = case.best
    if best is None:
        return
    near = (one for one in case.validated if _AS_GOOD * (one.val or 0.0) <= (best.val or 0.0))
    as_good = next(near, best)
    since = [one for one in case.validated if one.epoch >= as_good.epoch]
    if len(since) <= min(_least(case, _STILL_EPOCHS, _STILL_SHARE), _patience(case)):
        return
    if any(find_overfitting(case)) or any(_large_steps(case)):
        return
    what = "Nothing" if as_good is best else "Hardly anything"
    still = f"{what} has got better since {epoch_name(as_good.epoch)}, for {counted(len(since) - 1, 'epoch')}"
    rates = [one.lr for one in case.epochs if one.lr is not None]
    if rates and min(rates) >= _DROP * max(rates):
        yield Hint(
            name="rate_never_drops",
            text=f"{still}, and the learning rate has stayed at {plain(rates[-1])} all the time. A smaller one from there on "
            "often finds the rest.",
            shows=Shows.RATE,
            epoch=as_good.epoch,
            fix=_dropping_rate(case),
        )
        return
    yield Hint(
        name="plateau",
        text=f"{still}, and a smaller learning rate did not help. More epochs will not either; more labelled frames may.",
        shows=Shows.LOSS,
        epoch=as_good.epoch,
        fix=case.fix("Stop by itself then", {_STOPPING: True}),
    )


def _patience(case: RunCase) -> float:
    """After how many epochs the config itself holds that nothing more comes, but no fewer than say anything."""
    config = case.config
    if not case.over or config is None or not config.value(_STOPPING):
        return math.inf
    patience = config.number(_STOPPING.rpartition(".")[0] + ".patience")
    return math.inf if patience is None else max(_LEAST_EPOCHS, patience)


def _dropping_rate(case: RunCase) -> Fix | None:
    """Have the rate fall where progress ends; a schedule that waits too long waits less."""
    config = case.config
    if config is None:
        return None
    if config.on(_PLATEAU):
        patience = int(config.number(_PLATEAU + ".patience") or 0)
        usual = int(SPEC.keys[_PLATEAU + ".patience"].default)
        changes = {_PLATEAU + ".patience": usual}
        if patience > usual:
            return case.fix(f"Drop it after {usual} epochs", changes)
        if len(config.chosen(SCHEDULERS)) > 1:
            return None  # a config that is not valid anyway
        # What creeps on by less than that keeps the rate where it is.
        least = {_PLATEAU + ".threshold": round(1 - _AS_GOOD, 6), _PLATEAU + ".threshold_mode": "rel"}
        return case.fix("Drop it below 1 % of progress", least)
    chosen = config.chosen(SCHEDULERS) if config.on(SCHEDULERS) else []
    others = {f"{SCHEDULERS}.{name}": SPEC.left_out(f"{SCHEDULERS}.{name}") for name in chosen}
    return case.fix("Drop the rate on a plateau", {**others, _PLATEAU: SPEC.defaults(_PLATEAU)})


def _least(case: RunCase, epochs: int, share: float) -> float:
    return max(epochs, share * len(case.epochs))


def _lately(epochs: list[EpochFigures]) -> tuple[float, float]:
    """Validation and training loss of the last few epochs."""
    last = epochs[-3:]
    return statistics.median(one.val or 0.0 for one in last), statistics.median(
        one.train or 0.0 for one in last
    )


def _loss(value: float | None) -> str:
    return plain(value or 0.0, figures=2)
