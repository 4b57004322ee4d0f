"""Rules across keys: each check reads a `ConfigReader` and yields issues. None of them touches the disk."""

from collections.abc import Callable, Iterator

from sleapnn_engine.config import tree
from sleapnn_engine.config.checks.centres import CENTRE_CHECKS
from sleapnn_engine.config.checks.curves import CURVE_CHECKS, CURVES
from sleapnn_engine.config.checks.encoder import ENCODER_CHECKS
from sleapnn_engine.config.checks.model import MODEL_CHECKS
from sleapnn_engine.config.checks.monitor import MONITOR_CHECKS
from sleapnn_engine.config.issue import Fix, Issue, error, warning
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.reader import (
    DATA,
    GEOMETRIC,
    INTENSITY,
    PREPROCESSING,
    SCHEDULERS,
    TRAINER,
    ConfigReader,
)
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.strategies import STRATEGIES, nearest, reason_against
from sleapnn_engine.config.values import describe

Check = Callable[[ConfigReader], Iterator[Issue]]

#: (lower end, upper end) of every range that is written as two keys
_PAIRS = (
    *(
        (f"{INTENSITY}{name}_min", f"{INTENSITY}{name}_max")
        for name in ("uniform_noise", "contrast", "brightness")
    ),
    *(
        (f"{GEOMETRIC}{name}_min", f"{GEOMETRIC}{name}_max")
        for name in ("rotation", "scale", "erase_scale", "erase_ratio", "mixup_lambda")
    ),
)


def _label(path: str) -> str:
    return SPEC.keys[path].meta.label


def _ranges(view: ConfigReader) -> Iterator[Issue]:
    for low, high in _PAIRS:
        least, greatest = view.number(low), view.number(high)
        if least is not None and greatest is not None and least > greatest:
            yield error(
                low,
                f"{_label(low)} is {least}, which is more than {_label(high).lower()} ({greatest}).",
                Fix("Swap the two", {low: greatest, high: least}),
            )


def _labels(view: ConfigReader) -> Iterator[Issue]:
    path = DATA + "train_labels_path"
    if not view.value(path):
        yield error(path, "No training labels are chosen; add a .slp or .pkg.slp file.")
    validation = DATA + "val_labels_path"
    train, val = view.value(path), view.value(validation)
    if isinstance(train, list) and isinstance(val, list) and not view.value(DATA + "use_same_data_for_val"):
        for same in [file for file in val if file in train]:
            yield warning(
                validation,
                f"{same} is used for training and for validation, so the validation loss flatters the model.",
            )
    if view.value(DATA + "use_same_data_for_val") is True:
        yield warning(
            DATA + "use_same_data_for_val",
            "Validation measures the training frames themselves; it says nothing about new frames.",
        )


def _colour(view: ConfigReader) -> Iterator[Issue]:
    rgb, gray = PREPROCESSING + "ensure_rgb", PREPROCESSING + "ensure_grayscale"
    if view.value(rgb) is True and view.value(gray) is True:
        yield error(gray, "Force RGB and Force gray cannot both be on.", Fix("Turn gray off", {gray: False}))


def _crop(view: ConfigReader) -> Iterator[Issue]:
    crop = PREPROCESSING + "crop_size"
    size = view.number(crop)
    if size is None or not view.head():
        return
    if not MODEL_TYPES[view.head().rpartition(".")[2]].cropped:
        yield warning(
            crop,
            "Crop size has no effect: this model type looks at whole images.",
            Fix("Clear it", {crop: None}),
        )
        return
    encoder = view.encoder()
    if encoder is not None and encoder.only:
        return  # smaller crops are padded in any case, and about larger ones there is more to be said
    scale, stride = view.number(PREPROCESSING + "scale"), view.input_multiple()
    if not scale or not stride or scale <= 0 or stride < 1:
        return
    scaled = int(size * scale)
    padding = -scaled % int(stride)
    if padding:
        better = round((scaled + padding) / scale)
        yield warning(
            crop,
            f"{size} px is {scaled} px after scaling, not a multiple of {stride} (the network's coarsest stride): {padding} px of padding on each crop.",
            Fix(f"Use {better}", {crop: better}),
        )


def _pipeline(view: ConfigReader) -> Iterator[Issue]:
    if view.value(DATA + "data_pipeline_fw") != "torch_dataset":
        return
    for role in ("train", "val"):
        path = f"{TRAINER}{role}_data_loader.num_workers"
        workers = view.number(path)
        if workers is not None and workers > 0:
            yield error(
                path,
                f"{_label(path)} must be 0 while images are read as needed: only cached images can be read by several at once.",
                Fix("Use 0", {path: 0}),
            )


def _reuse(view: ConfigReader) -> Iterator[Issue]:
    """Cached images that are to be taken need a place that is known before the run has one."""
    reuse, cache = DATA + "use_existing_imgs", DATA + "cache_img_path"
    if (
        view.value(DATA + "data_pipeline_fw") == "torch_dataset_cache_img_disk"
        and view.value(reuse) is True
        and not view.value(cache)
        and not view.value(TRAINER + "run_name")
    ):
        yield error(
            reuse,
            "Where the cached images are is not known: without a cache folder they are those of the run of that name, and no run name is set.",
        )


def _augmentation(view: ConfigReader) -> Iterator[Issue]:
    switch, section = DATA + "use_augmentations_train", DATA + "augmentation_config"
    if view.value(switch) is not True:
        return
    kinds = [path for path in SPEC.sections[section].sections if view.on(path)]
    if not kinds:
        yield warning(
            switch, "Training images are to be varied, but no kind of variation is switched on below."
        )
    elif not any(_acts(view, path) for path in kinds):
        yield warning(
            switch, "Training images are to be varied, but every chance below is 0, so none will be."
        )
    yield from _affine(view)
    for name in ("uniform_noise", "contrast", "brightness"):
        chance, low, high = (f"{INTENSITY}{name}_{end}" for end in ("p", "min", "max"))
        neutral = 0 if name == "uniform_noise" else 1
        if view.number(chance) and view.number(low) == view.number(high) == neutral:
            yield warning(
                chance,
                f"{_label(low)} and {_label(high).lower()} are both {neutral}, so this changes nothing.",
            )
    mixing = GEOMETRIC + "mixup_p"
    if view.number(mixing) and view.number(TRAINER + "train_data_loader.batch_size") == 1:
        yield warning(
            mixing,
            "With one image in a batch there is no other one to blend in, so images are never mixed.",
            Fix("Set it to 0", {mixing: 0.0}),
        )
    spread = INTENSITY + "gaussian_noise_std"
    deviation = view.number(spread)
    if view.number(INTENSITY + "gaussian_noise_p") and deviation is not None and deviation > 0.3:
        yield warning(
            spread,
            f"A noise spread of {deviation} is {deviation * 255:.0f} gray levels and hides the image.",
            Fix("Use 0.02", {spread: 0.02}),
        )


def _acts(view: ConfigReader, section: str) -> bool:
    chances = [path for path in SPEC.sections[section].keys if path.endswith("_p")]
    return any(view.number(path) for path in chances)


def _affine(view: ConfigReader) -> Iterator[Issue]:
    together = GEOMETRIC + "affine_p"
    own = [GEOMETRIC + name for name in ("rotation_p", "scale_p", "translate_p")]
    if any(view.number(path) is not None for path in own):
        if view.number(together):
            yield warning(
                together,
                f"{_label(together)} has no effect, because rotation, scaling or shifting has a chance of its own.",
                Fix("Set it to 0", {together: 0.0}),
            )
        for path, reach in zip(own, _reaches(view), strict=True):
            if view.number(path) is None and reach:
                yield Issue(
                    path,
                    "info",
                    f"{_label(path)} is left to the common chance, which is off because another one has a chance of its own.",
                    Fix("Use 0", {path: 0.0}),
                )
    if view.number(GEOMETRIC + "translate_p") and not _reaches(view)[2]:
        yield warning(GEOMETRIC + "translate_p", "Both shifts are 0, so images are never shifted.")


def _reaches(view: ConfigReader) -> tuple[bool, bool, bool]:
    """Whether the ranges of rotation, scaling and shifting hold anything but no change."""
    turns, scales, shifts = (
        [view.number(GEOMETRIC + name) for name in names]
        for names in (
            ("rotation_min", "rotation_max"),
            ("scale_min", "scale_max"),
            ("translate_width", "translate_height"),
        )
    )
    return any(turns), scales != [1, 1], any(shifts)


def _schedule(view: ConfigReader) -> Iterator[Issue]:
    chosen = view.chosen(SCHEDULERS)
    if len(chosen) > 1:
        keep = next((name for name in (*CURVES, "step_lr") if name in chosen), chosen[0])
        others = [f"{SCHEDULERS}.{name}" for name in chosen if name != keep]
        yield error(
            SCHEDULERS,
            f"Only one schedule can be used, but {_both_set(view, chosen)}.",
            Fix(f"Keep {keep}", {path: SPEC.left_out(path) for path in others}),
        )
    plateau, stop = f"{SCHEDULERS}.reduce_lr_on_plateau.patience", TRAINER + "early_stopping.patience"
    if view.value(TRAINER + "early_stopping.stop_training_on_plateau") is True:
        falls, stops = view.number(plateau), view.number(stop)
        if falls is not None and stops is not None and max(stops, 1) <= falls + 1:
            yield warning(
                stop,
                f"Training stops after {stops} epochs without progress, before it goes on with a lower learning rate: "
                f"that lets {falls} of them pass and falls after the next.",
                Fix(f"Use {int(falls) * 2 + 2}", {stop: int(falls) * 2 + 2}),
            )


def _rate_that_stays(view: ConfigReader) -> Iterator[Issue]:
    """Schedules that are on and can never lower the rate."""
    rate, least = (
        view.number(path) for path in (TRAINER + "optimizer.lr", f"{SCHEDULERS}.reduce_lr_on_plateau.min_lr")
    )
    if rate is not None and least is not None and rate <= least:
        yield warning(
            f"{SCHEDULERS}.reduce_lr_on_plateau.min_lr",
            f"The learning rate never falls: it starts at {rate:g}, and {least:g} is the smallest that is allowed.",
        )
    every, last = view.number(f"{SCHEDULERS}.step_lr.step_size"), view.number(TRAINER + "max_epochs")
    if every is not None and last is not None and every >= last:
        yield warning(
            f"{SCHEDULERS}.step_lr.step_size",
            f"The learning rate never falls: training ends after {last} epochs, and it falls every {every}.",
        )


def _both_set(view: ConfigReader, chosen: list[str]) -> str:
    left_out = next((name for name in chosen if not tree.has(view.values, f"{SCHEDULERS}.{name}")), None)
    if left_out is None or len(chosen) != 2:
        both = "both" if len(chosen) == 2 else "all"
        return f"{' and '.join(chosen)} are {both} set; write null for the other one"
    named = next(name for name in chosen if name != left_out)
    return f"{named} is set and {left_out} is on where it is left out; write {left_out}: null"


def _keeping(view: ConfigReader) -> Iterator[Issue]:
    save, top = TRAINER + "save_ckpt", TRAINER + "model_ckpt.save_top_k"
    if view.value(save) is False:
        yield warning(save, "The trained model will not be saved.", Fix("Save it", {save: True}))
    elif view.number(top) == 0:
        yield warning(
            top, "Checkpoints are on, but none of the best models is kept.", Fix("Keep 1", {top: 1})
        )
    test = DATA + "test_file_path"
    if view.value(test) and (view.value(save) is False or view.number(top) == 0):
        yield warning(test, f"{_label(test)} has no effect, because no trained model is kept to be tested.")
    name = view.value(TRAINER + "run_name")
    if isinstance(name, str) and (
        any(sign in name for sign in '/\\:*?"<>|\0') or name.strip() in (".", "..")
    ):
        yield error(
            TRAINER + "run_name",
            f'Run name {describe(name)} cannot be a folder name; leave out / \\ : * ? " < > | and dots alone.',
        )
    if view.value(TRAINER + "resume_ckpt_path"):
        for path in ("model_config.pretrained_backbone_weights", "model_config.pretrained_head_weights"):
            if view.value(path):
                yield warning(
                    path, f"{_label(path)} has no effect: training is resumed with all its weights."
                )


def _mining(view: ConfigReader) -> Iterator[Issue]:
    section = TRAINER + "online_hard_keypoint_mining."
    if view.value(section + "online_mining") is not True:
        return
    if view.head().endswith(".centroid"):
        yield warning(
            section + "online_mining",
            "Hard keypoint mining has no effect: a centroid model has only one part.",
        )
    fewest, most = view.number(section + "min_hard_keypoints"), view.number(section + "max_hard_keypoints")
    if fewest is not None and most is not None and most < fewest:
        path = section + "max_hard_keypoints"
        yield warning(
            path,
            f"{_label(path)} ({most}) is less than {_label(section + 'min_hard_keypoints').lower()} ({fewest}); {most} it is.",
        )


def _ports(view: ConfigReader) -> Iterator[Issue]:
    publish, control = TRAINER + "zmq.publish_port", TRAINER + "zmq.controller_port"
    if view.number(publish) is not None and view.number(publish) == view.number(control):
        yield error(control, f"Both SLEAP viewer ports are {view.value(publish)}; they must differ.")


def _strategy(view: ConfigReader) -> Iterator[Issue]:
    """Names that Lightning does not know, or that training refuses on every machine; the rest depends on the devices."""
    path = TRAINER + "trainer_strategy"
    strategy = view.value(path)
    if not isinstance(strategy, str) or not strategy.strip():
        return
    if strategy.lower() not in STRATEGIES:
        near = nearest(strategy)
        meant = f"; did you mean {near}?" if near else "."
        better = near or "auto"
        yield error(
            path, f"Lightning knows no strategy {strategy}{meant}", Fix(f"Use {better}", {path: better})
        )
    elif why := reason_against(strategy, devices=1):
        yield warning(
            path, f"Training here refuses the strategy {strategy}: {why}.", Fix("Use auto", {path: "auto"})
        )


CHECKS: tuple[Check, ...] = (
    _labels,
    *MODEL_CHECKS,
    *ENCODER_CHECKS,
    *CENTRE_CHECKS,
    _colour,
    _crop,
    _ranges,
    _pipeline,
    _reuse,
    _augmentation,
    _schedule,
    _rate_that_stays,
    *CURVE_CHECKS,
    _keeping,
    *MONITOR_CHECKS,
    _mining,
    _ports,
    _strategy,
)
