"""`trainer_config`'s optimizer, learning rate schedule and early stopping."""

from typing import Any, Optional

import attrs

from sleapnn_engine.config.meta import Choice, When, section, setting

_STOPS = When(
    path="trainer_config.early_stopping.stop_training_on_plateau",
    values=(True,),
    says="Only used when early stopping is on.",
)


@attrs.define(kw_only=True)
class OptimizerConfig:
    lr: float = setting(
        1e-4,
        label="Learning rate",
        doc="Size of the first steps; too large and the loss jumps, too small and training crawls.",
        kind="float",
        unit="none",
        above=0,
        maximum=1_000_000,
        log=True,
        legacy="optimization.initial_learning_rate",
    )
    amsgrad: bool = setting(
        False,
        label="AMSGrad",
        doc="A variant of Adam that never forgets its largest gradients; SLEAP 1.4 trained with it.",
        kind="bool",
        advanced=True,
    )


@attrs.define(kw_only=True)
class StepLRConfig:
    step_size: int = setting(
        10,
        label="Every",
        doc="The learning rate falls each time this many epochs have passed.",
        kind="int",
        unit="epochs",
        minimum=1,
        maximum=1_000_000,
    )
    gamma: float = setting(
        0.1,
        label="Multiply by",
        doc="Factor on the learning rate at each fall.",
        kind="float",
        unit="factor",
        above=0,
        maximum=1,
        step=0.1,
    )


@attrs.define(kw_only=True)
class ReduceLROnPlateauConfig:
    threshold: float = setting(
        1e-6,
        label="Least improvement",
        doc="A fall of the validation loss smaller than this does not count as progress.",
        kind="float",
        unit="none",
        minimum=0,
        maximum=1_000_000,
        log=True,
        advanced=True,
        legacy="optimization.learning_rate_schedule.plateau_min_delta",
    )
    threshold_mode: str = setting(
        "abs",
        label="Measured as",
        doc="Whether the least improvement is an amount or a share of the best loss.",
        kind="choice",
        choices=(
            Choice(value="abs", label="Amount", doc="The loss must fall by more than the threshold."),
            Choice(
                value="rel",
                label="Share",
                doc="The loss must fall by more than the threshold times the best loss.",
            ),
        ),
        advanced=True,
    )
    cooldown: int = setting(
        3,
        label="Rest after a fall",
        doc="Epochs without counting after the learning rate has fallen.",
        kind="int",
        unit="epochs",
        minimum=0,
        maximum=1_000_000,
        advanced=True,
        legacy="optimization.learning_rate_schedule.plateau_cooldown",
    )
    patience: int = setting(
        5,
        label="Patience",
        doc="Epochs without progress that are let pass before the learning rate falls.",
        kind="int",
        unit="epochs",
        minimum=0,
        maximum=1_000_000,
        legacy="optimization.learning_rate_schedule.plateau_patience",
    )
    factor: float = setting(
        0.5,
        label="Multiply by",
        doc="Factor on the learning rate at each fall.",
        kind="float",
        unit="factor",
        above=0,
        below=1,
        step=0.1,
        legacy="optimization.learning_rate_schedule.reduction_factor",
    )
    min_lr: float = setting(
        1e-8,
        label="Smallest learning rate",
        doc="The learning rate never falls below this; a list must hold one number, for all weights share one rate.",
        kind="float_or_floats",
        unit="none",
        minimum=0,
        maximum=1_000_000,
        log=True,
        advanced=True,
        legacy="optimization.learning_rate_schedule.min_learning_rate",
    )


def _warmup_epochs() -> Any:
    return setting(
        5,
        label="Warm up for",
        doc="The learning rate rises evenly for this many epochs until it is that of the optimizer; it must be less than the epochs until the end.",
        kind="int",
        unit="epochs",
        minimum=0,
        maximum=1_000_000,
    )


def _until() -> Any:
    return setting(
        None,
        label="Ends after",
        doc="The epochs, with those of warming up, after which the last learning rate is reached, which then stays.",
        kind="int",
        unit="epochs",
        minimum=1,
        maximum=10_000_000,
        null="The most epochs of the training.",
        null_label="Most epochs",
        advanced=True,
    )


def _first_rate() -> Any:
    return setting(
        0.0,
        label="First learning rate",
        doc="The learning rate of the first epoch where there is a warm-up; with 0 nothing is learned in that epoch.",
        kind="float",
        unit="none",
        minimum=0,
        maximum=1_000_000,
    )


def _last_rate() -> Any:
    return setting(
        0.0,
        label="Last learning rate",
        doc="What the learning rate has fallen to once the epochs of the schedule have passed.",
        kind="float",
        unit="none",
        minimum=0,
        maximum=1_000_000,
    )


@attrs.define(kw_only=True)
class CosineAnnealingWarmupConfig:
    warmup_epochs: int = _warmup_epochs()
    max_epochs: Optional[int] = _until()
    warmup_start_lr: float = _first_rate()
    eta_min: float = _last_rate()


@attrs.define(kw_only=True)
class LinearWarmupLinearDecayConfig:
    warmup_epochs: int = _warmup_epochs()
    max_epochs: Optional[int] = _until()
    warmup_start_lr: float = _first_rate()
    end_lr: float = _last_rate()


@attrs.define(kw_only=True)
class LRSchedulerConfig:
    step_lr: Optional[StepLRConfig] = section(
        StepLRConfig,
        on=False,
        label="In steps",
        doc="Falls by a fixed factor after a fixed number of epochs.",
        null="Not used.",
    )
    reduce_lr_on_plateau: Optional[ReduceLROnPlateauConfig] = section(
        ReduceLROnPlateauConfig,
        label="On plateaus",
        doc="Falls when the validation loss no longer improves.",
        null="Not used.",
    )
    cosine_annealing_warmup: Optional[CosineAnnealingWarmupConfig] = section(
        CosineAnnealingWarmupConfig,
        on=False,
        label="Cosine",
        doc="Rises while it warms up, then falls along half a cosine; of sleap-nn, 0.3.5 and later read it.",
        null="Not used.",
        own=True,
        since="0.3.5",
    )
    linear_warmup_linear_decay: Optional[LinearWarmupLinearDecayConfig] = section(
        LinearWarmupLinearDecayConfig,
        on=False,
        label="Linear",
        doc="Rises while it warms up, then falls evenly; of sleap-nn, 0.3.5 and later read it.",
        null="Not used.",
        own=True,
        since="0.3.5",
    )


@attrs.define(kw_only=True)
class EarlyStoppingConfig:
    stop_training_on_plateau: bool = setting(
        True,
        label="Stop when it no longer improves",
        doc="Ends training once the validation loss has made no progress for a while.",
        kind="bool",
        legacy="optimization.early_stopping.stop_training_on_plateau",
    )
    min_delta: float = setting(
        1e-8,
        label="Least improvement",
        doc="A fall of the validation loss by this much or less does not count as progress.",
        kind="float",
        unit="none",
        minimum=0,
        maximum=1_000_000,
        log=True,
        when=(_STOPS,),
        advanced=True,
        legacy="optimization.early_stopping.plateau_min_delta",
    )
    patience: int = setting(
        10,
        label="Patience",
        doc="Epochs without progress after which training ends.",
        kind="int",
        unit="epochs",
        minimum=0,
        maximum=1_000_000,
        when=(_STOPS,),
        legacy="optimization.early_stopping.plateau_patience",
    )
