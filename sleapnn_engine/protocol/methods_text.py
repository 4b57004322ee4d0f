"""How a model was trained, in sentences for the methods of a paper; what a run did not write down is left out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.reader import DATA, HEADS, TRAINER, ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.protocol.counting import epoch_name
from sleapnn_engine.protocol.measures import F1, MEDIAN_PX, OF_BODY, P90_PX
from sleapnn_engine.protocol.run_account import RunAccount
from sleapnn_engine.protocol.run_state import RunState

_GEOMETRIC = DATA + "augmentation_config.geometric."
_INTENSITY = DATA + "augmentation_config.intensity."
#: Packages that a reader asks for, as they are written.
_NAMED = (("torch", "PyTorch"), ("sleap-io", "sleap-io"), ("lightning-fabric", "Lightning Fabric"))
#: What is varied: the setting with its chance, the one it has its chance from where it has none, its range, and words.
_VARIED = (
    (_GEOMETRIC, "rotation_p", "affine_p", ("rotation_min", "rotation_max"), "rotation from {} to {}°"),
    (_GEOMETRIC, "scale_p", "affine_p", ("scale_min", "scale_max"), "scaling by {} to {}"),
    (_GEOMETRIC, "translate_p", "affine_p", ("translate_width", "translate_height"), "shifts of up to {} of the width and {} of the height"),
    (_GEOMETRIC, "erase_p", "", ("erase_scale_min", "erase_scale_max"), "erasing of {} to {} of the area"),
    (_GEOMETRIC, "mixup_p", "", ("mixup_lambda_min", "mixup_lambda_max"), "mixing of images by {} to {}"),
    (_INTENSITY, "uniform_noise_p", "", ("uniform_noise_min", "uniform_noise_max"), "uniform noise from {} to {}"),
    (_INTENSITY, "gaussian_noise_p", "", ("gaussian_noise_mean", "gaussian_noise_std"), "Gaussian noise (mean {}, SD {})"),
    (_INTENSITY, "contrast_p", "", ("contrast_min", "contrast_max"), "contrast by {} to {}"),
    (_INTENSITY, "brightness_p", "", ("brightness_min", "brightness_max"), "brightness by {} to {}"),
)  # fmt: skip


def methods_text(account: RunAccount) -> str:
    """A paragraph in the past tense, with every number as the run has it."""
    config = account.config
    sentences = (
        *_model(account),
        *_labels(account),
        *_images(config),
        *_augmentation(config),
        *_optimisation(account),
        *_result(account),
    )
    return " ".join(sentences)


def _model(account: RunAccount) -> Iterator[str]:
    started, config = account.started, account.config
    head = next(iter(config.chosen(HEADS)), "")
    kind = SPEC.sections[f"{HEADS}.{head}"].meta.label if head else "pose"
    named = [f"{words} {account.versions[name]}" for name, words in _NAMED if account.versions.get(name)]
    own, python = account.versions.get("sleapnn-gui", ""), account.versions.get("python", "")
    parts = ", ".join([*([f"Python {python}"] if python else []), *named])
    tool = f"sleapnn-gui{f' {own}' if own else ''}{f' ({parts})' if parts else ''}"
    backbone = f" with a {started['backbone']} backbone" if started.get("backbone") else ""
    size = f" and {started['parameters']:,} parameters" if started.get("parameters") else ""
    yield f"A model of the type “{kind}” ({head}){backbone}{size} was trained with {tool}."
    nodes = started.get("nodes") or []
    if nodes:
        yield f"It locates {counted(len(nodes), 'body part')}: {', '.join(map(str, nodes))}."


def _labels(account: RunAccount) -> Iterator[str]:
    config, started = account.config, account.started
    files = [Path(str(path)).name for path in _listed(config.value(DATA + "train_labels_path"))]
    train, val = started.get("n_train"), started.get("n_val")
    if isinstance(train, int) and isinstance(val, int):
        of = f" from {', '.join(files)}" if files else ""
        yield f"It learned from {counted(train, 'labelled sample')}{of}; {val} others, never learned from, were used for validation."
    own = [Path(str(path)).name for path in _listed(config.value(DATA + "val_labels_path"))]
    seed = config.value(TRAINER + "seed")
    if own:
        yield f"The validation samples are those of {', '.join(own)}."
    elif isinstance(share := config.value(DATA + "validation_fraction"), float):
        drawn = f" with seed {seed}" if seed is not None else ""
        yield f"The validation samples are a share of {plain(share)} of the labelled frames, set aside{drawn}."


def _images(config: ConfigReader) -> Iterator[str]:
    scale = config.value(DATA + "preprocessing.scale")
    if isinstance(scale, (int, float)) and scale != 1:
        yield f"Images were resized by a factor of {plain(scale)}."
    crop = config.value(DATA + "preprocessing.crop_size")
    if isinstance(crop, int) and any(MODEL_TYPES[name].cropped for name in config.chosen(HEADS)):
        yield f"Each animal was cropped to {crop} × {crop} px."


def _augmentation(config: ConfigReader) -> Iterator[str]:
    if config.value(DATA + "use_augmentations_train") is not True:
        yield "Training images were not varied."
        return
    told = []
    for section, chance, other, names, words in _VARIED:
        if not config.on(section.rstrip(".")):
            continue
        p = config.value(section + chance)
        p = config.value(section + other) if p is None and other else p
        values = [config.value(section + name) for name in names]
        if isinstance(p, (int, float)) and p > 0 and all(isinstance(v, (int, float)) for v in values):
            told.append(f"{words.format(*map(plain, values))} (probability {plain(p)})")
    yield (
        f"Training images were varied at random: {'; '.join(told)}."
        if told
        else "Training images were not varied."
    )


def _optimisation(account: RunAccount) -> Iterator[str]:
    config, record = account.config, account.record
    name, rate = (config.value(TRAINER + key) for key in ("optimizer_name", "optimizer.lr"))
    batch = config.value(TRAINER + "train_data_loader.batch_size")
    seed = config.value(TRAINER + "seed")
    planned = config.value(TRAINER + "max_epochs")
    how = f"{name} at a learning rate of {plain(rate)}" if isinstance(rate, (int, float)) else f"{name}"
    yield (
        f"It was optimised with {how} in batches of {batch}"
        f"{f' (seed {seed})' if seed is not None else ''}, for up to {counted(planned, 'epoch')}."
    )
    ended = {
        RunState.EARLY_STOPPED: "Training ended early, as nothing got better any more, after",
        RunState.STOPPED: "Training was stopped by hand after",
        RunState.COMPLETED: "Training ran for",
    }.get(record.state)
    if ended is not None:
        yield f"{ended} {record.reach.text}."
    else:
        yield f"Training did not come to its end; the figures are those after {record.reach.text}."


def _result(account: RunAccount) -> Iterator[str]:
    best = account.best
    if best is None:
        return
    yield f"The weights of {epoch_name(best.epoch)}, with the lowest validation loss ({plain(best.val or 0.0, figures=4)}), were kept."
    measured = best.measured
    median, body, most, found = (measured[one] for one in (MEDIAN_PX, OF_BODY, P90_PX, F1))
    if median is not None:
        share = f" ({body:.1f} % of body length)" if body is not None else ""
        nine = f", and nine in ten of the points found lay within {most:.2f} px" if most is not None else ""
        yield f"On the validation samples the median distance to the labels was {median:.2f} px{share}{nine}."
    if found is not None:
        yield f"Animals were found with an F1 score of {found:.3f}."


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
