"""What a run's own numbers say of it: rules, each with figures, where to see it, and what a next training may change."""

import statistics
from collections.abc import Callable, Iterator

from sleapnn_engine.config.issue import Fix
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.reader import DATA, PREPROCESSING, TRAINER
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.protocol.coach_case import Hint, RunCase, Shows
from sleapnn_engine.protocol.coach_curves import (
    find_large_steps,
    find_no_progress,
    find_nothing,
    find_overfitting,
)
from sleapnn_engine.protocol.measures import MEDIAN_PX, OF_BODY, Measured
from sleapnn_engine.protocol.remedies import remedy_of

#: A part is much worse whose error is this many times that of the others, more than so many pixels, and more than this
#: share of the body: in a large picture a few pixels are no more than labels differ by.
_WORSE, _WORSE_PX, _WORSE_BODY = 3.0, 2.0, 0.05
#: Only where the others are found, nearer than this share of the body, does one stand out: before that, all are guesses.
_FOUND_BODY = 0.1
#: Left and right are taken for each other on more than this share of the animals: now and then it happens to any model.
_SWAPPED = 0.2
#: A part that fewer than this share of animals show is rarely labelled.
_RARE = 0.5
#: Less than these shares are not worth a word: validation frames that repeat, animals that crops cut off.
_REPEATED, _CUT = 0.1, 0.02
#: Fewer frames than these teach little, and measure little.
_FEW_TRAIN, _FEW_VAL = 20, 5
#: What is left of the error of so many epochs ago; where it is less, a part is still being learned.
_STILL, _EPOCHS_BACK = 0.8, 3
_MINING = TRAINER + "online_hard_keypoint_mining.online_mining"
_CROP = PREPROCESSING + "crop_size"
_FRACTION = DATA + "validation_fraction"


def coach(case: RunCase) -> list[Hint]:
    """What there is to say of a run so far, the gravest first; of one that failed, what helps."""
    found = [hint for rule in RULES for hint in rule(case)]
    return sorted(found, key=lambda hint: not hint.grave)


def _failed(case: RunCase) -> Iterator[Hint]:
    remedy = remedy_of(case)
    if remedy is not None:
        yield remedy


def _worst_part(case: RunCase) -> Iterator[Hint]:
    """One part is much harder to find than the others."""
    parts = _parts(case)
    if len(parts) < 3:
        return
    worst = max(parts, key=lambda name: parts[name])
    others = statistics.median(value for name, value in parts.items() if name != worst)
    body = _body(case)
    if parts[worst] < max(_WORSE * others, _WORSE_PX, _WORSE_BODY * body) or 0 < _FOUND_BODY * body < others:
        return
    if _is_being_learned(case, worst):
        return
    text = f"“{worst}” is typically {_px(parts[worst])} off, the other parts {_px(others)}."
    samples = case.samples
    shown = samples.train_parts.get(worst) if samples is not None else None
    rare = samples is not None and shown is not None and shown < _RARE * samples.train_animals
    if rare and samples is not None:
        animals = counted(samples.train_animals, "animal")
        text += (
            f" It is labelled on {shown} of {animals} to learn from: labels of it on more frames help most."
        )
    else:
        text += " Its labels may differ from frame to frame, or it is easily taken for another part."
    yield Hint(
        name="worst_part",
        text=text,
        shows=Shows.LABELS if rare else Shows.PARTS,
        fix=None if rare or _is_centroid(case) else case.fix("Weigh hard parts more", {_MINING: True}),
    )


def _is_being_learned(case: RunCase, part: str) -> bool:
    """Whether a run that goes on has only begun, or still finds a part, or all of them, much nearer than some epochs ago."""
    if case.over or case.best is None:
        return False
    before = [one for one in case.validated if one.epoch <= case.best.epoch - _EPOCHS_BACK]
    if not before:
        return True
    then, now = before[-1].measured, case.best.measured
    pairs = ((then.by_node.get(part), now.by_node.get(part)), (then[MEDIAN_PX], now[MEDIAN_PX]))
    return any(old is not None and new is not None and new < _STILL * old for old, new in pairs)


def _body(case: RunCase) -> float:
    """How long an animal is in pixels, as far as the figures tell; 0 where they do not."""
    measured = case.best.measured if case.best is not None else Measured()
    median, percent = measured[MEDIAN_PX], measured[OF_BODY]
    return 100.0 * median / percent if median and percent else 0.0


def _is_centroid(case: RunCase) -> bool:
    kind = MODEL_TYPES.get(case.started.model_type) if case.started is not None else None
    return kind is not None and kind.centroid


def _swapped(case: RunCase) -> Iterator[Hint]:
    """Left and right are taken for each other."""
    best = case.best
    found = {} if best is None else {pair: share for pair, share in best.swapped.items() if share >= _SWAPPED}
    if not found:
        return
    worst = max(found, key=lambda pair: found[pair])
    more = f", and {counted(len(found) - 1, 'other pair')} likewise" if len(found) > 1 else ""
    yield Hint(
        name="sides_swapped",
        text=f"{worst}: on {plain(100 * found[worst], figures=2)} % of the validation animals the two lie in each other's "
        f"place{more}. Left and right may be exchanged on some labels: the Data page lists the animals that look so. Where "
        "all labels are right, more labelled frames of those moments tell the two apart.",
        shows=Shows.LABELS,
    )


def _unmeasured_part(case: RunCase) -> Iterator[Hint]:
    """A part of which nobody knows how well it is found."""
    samples, best = case.samples, case.best
    if samples is None:
        return
    unseen = [name for name, count in samples.val_parts.items() if not count]
    for names, learned in (
        ([name for name in unseen if samples.train_parts.get(name)], True),
        ([name for name in unseen if not samples.train_parts.get(name)], False),
    ):
        if names:
            yield _unseen(case, names, learned=learned)
    measured = best.measured.by_node if best is not None and _parts(case) else {}
    lost = [name for name, value in measured.items() if value is None and samples.val_parts.get(name)]
    if lost:
        named = ", ".join(f"“{name}”" for name in lost)
        yield Hint(
            name="part_never_found",
            text=f"{named} {'is' if len(lost) == 1 else 'are'} labelled in validation and never found there.",
            shows=Shows.PARTS,
            fix=None if _is_centroid(case) else case.fix("Weigh hard parts more", {_MINING: True}),
        )


def _unseen(case: RunCase, names: list[str], *, learned: bool) -> Hint:
    named = ", ".join(f"“{name}”" for name in names)
    return Hint(
        name="part_not_in_validation" if learned else "part_not_labelled",
        text=f"No validation frame shows {named}, so nobody knows how well that is found."
        if learned
        else f"No label shows {named}, so that is not learned.",
        shows=Shows.LABELS,
        fix=_more_validation(case) if learned else None,
    )


def _more_validation(case: RunCase) -> Fix | None:
    config = case.config
    share = (
        config.number(_FRACTION)
        if config is not None and not config.value(DATA + "val_labels_path")
        else None
    )
    if share is None or share >= 0.3:
        return None
    wanted = min(0.3, 2 * share)
    return case.fix(f"Set {plain(100 * wanted, figures=2)} % aside", {_FRACTION: wanted})


def _repeated(case: RunCase) -> Iterator[Hint]:
    """Frames that measure the model and nearly repeat what it has learned."""
    samples = case.samples
    if samples is None or samples.repeated < max(2, _REPEATED * samples.val_frames):
        return
    yield Hint(
        name="repeated_frames",
        text=f"{samples.repeated} of {counted(samples.val_frames, 'validation frame')} nearly repeat a training frame, so the "
        "errors shown are better than on other videos. Whole videos or stretches set aside measure honestly.",
        shows=Shows.SPLIT,
    )


def _cut_off(case: RunCase) -> Iterator[Hint]:
    """Parts outside the crops are neither learned nor found."""
    samples = case.samples
    if samples is None or samples.crop is None or samples.cut < max(1, _CUT * samples.train_animals):
        return
    yield Hint(
        name="crops_cut",
        text=f"Crops of {samples.crop} px do not hold {samples.cut} of {counted(samples.train_animals, 'animal')} whole: what "
        "is outside is not learned, and not found.",
        shows=Shows.LABELS,
        fix=case.fix("Crop size from the labels", {_CROP: None}),
    )


def _few_frames(case: RunCase) -> Iterator[Hint]:
    """Too little to learn from, or to measure with."""
    samples = case.samples
    if samples is None:
        return
    if samples.train_frames < _FEW_TRAIN:
        yield Hint(
            name="few_frames",
            text=f"There {_are(samples.train_frames)} to learn from. From about {_FEW_TRAIN} on, of "
            "different moments, models begin to find animals they have not seen.",
            shows=Shows.LABELS,
        )
    if samples.val_frames < _FEW_VAL:
        yield Hint(
            name="few_validation_frames",
            text=f"There {_are(samples.val_frames)} to measure with, so the error is much a matter of luck.",
            shows=Shows.SPLIT,
            fix=_more_validation(case) if samples.train_frames >= _FEW_TRAIN else None,
        )


#: What is looked for, in the order it is told.
RULES: tuple[Callable[[RunCase], Iterator[Hint]], ...] = (
    _failed,
    find_nothing,
    find_overfitting,
    find_large_steps,
    find_no_progress,
    _worst_part,
    _swapped,
    _unmeasured_part,
    _cut_off,
    _repeated,
    _few_frames,
)


def _parts(case: RunCase) -> dict[str, float]:
    best = case.best
    return {} if best is None else {name: px for name, px in best.measured.by_node.items() if px is not None}


def _are(frames: int) -> str:
    return f"{'is' if frames == 1 else 'are'} {counted(frames, 'frame')}"


def _px(value: float) -> str:
    return f"{plain(value, figures=2)} px"
