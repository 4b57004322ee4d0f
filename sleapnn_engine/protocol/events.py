"""One class for each kind of event: an engine says what happened with these, and what a viewer reads becomes one of them."""

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import attrs

from sleapnn_engine.config.errors import CAUSES
from sleapnn_engine.protocol.event_fields import Pair, Points, body_field, converters_of, fields_of, plain
from sleapnn_engine.protocol.fields import Field
from sleapnn_engine.protocol.measures import Measured

#: The stretches of work a run goes through, in order.
PHASES = ("labels", "split", "cache", "model", "first_batch", "train", "validate", "save", "finish")
#: Those before the first epoch.
PHASES_BEFORE_TRAINING = PHASES[: PHASES.index("train")]


@attrs.frozen
class EventBody:
    """What a kind of event has besides its keys: its name, and how it travels."""

    kind: ClassVar[str]
    journaled: ClassVar[bool] = True
    counted: ClassVar[bool] = True
    carries_arrays: ClassVar[bool] = False
    """Arrays follow it, and the channel describes them in its body."""

    @classmethod
    def doc(cls) -> str:
        """What the kind means, as the document of the protocol says it."""
        return inspect.getdoc(cls) or ""

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        """Its keys with their checks."""
        return _FIELDS[cls]

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Make one of a body that was checked. Keys of a newer engine are left aside; a number that was not finite is NaN."""
        known = _CONVERTERS[cls]
        return cls(**{name: known[name](value) for name, value in body.items() if name in known})

    @property
    def body(self) -> dict[str, Any]:
        """As it travels."""
        said = {}
        for field in attrs.fields(type(self)):
            value = getattr(self, field.name)
            if value is not None or field.default is not None:
                said[field.name] = plain(value)
        return said


@attrs.frozen(kw_only=True)
class Started(EventBody):
    """The run is known in full and training is about to begin."""

    kind = "started"
    run_name: str = body_field("name of the run")
    run_dir: str = body_field("folder of the run, as the engine sees it")
    model_type: str = body_field("type of model, for example single_instance")
    max_epochs: int = body_field("epochs planned")
    steps_per_epoch: int = body_field("training batches in one epoch")
    n_train: int = body_field("labelled frames trained on")
    n_val: int = body_field("labelled frames held back for validation")
    nodes: list[str] = body_field("names of the body points, in order")
    edges: list[tuple[str, str]] = body_field("pairs of node names that are joined")
    device: str = body_field("where the model computes")
    precision: str = body_field("number format of the computation")
    parameters: int = body_field("trainable numbers in the model")
    early_stopping_patience: int | None = body_field("epochs without progress allowed; null: off")
    pid: int = body_field("process id of the engine")
    backbone: str | None = body_field("type of network below the heads, for example unet", default=None)
    identities: list[str] | None = body_field("who its class maps are of, in their order", default=None)
    versions: dict[str, str] | None = body_field("Python's and those of packages, by name", default=None)
    batch_size: int | None = body_field("samples in one batch, over all devices", default=None)


@attrs.frozen(kw_only=True)
class Samples(EventBody):
    """What there is to learn from and to measure with: frames are set aside for validation, crops are planned."""

    kind = "samples"
    train_frames: int = body_field("labelled frames to learn from")
    val_frames: int = body_field("labelled frames that measure the model")
    train_animals: int = body_field("animals on the frames to learn from")
    train_parts: dict[str, int] = body_field("on how many of these each body point is visible")
    val_parts: dict[str, int] = body_field("the same of the animals on validation frames")
    repeated: int = body_field("validation frames that nearly repeat a frame to learn from")
    crop: int | None = body_field("side of a crop in pixels of the size-matched image; null: no crops")
    cut: int = body_field("animals to learn from that crops do not hold whole")


@attrs.frozen(kw_only=True)
class Phase(EventBody):
    """A stretch of work began, moved on, or ended."""

    kind = "phase"
    name: str = body_field("which stretch", choices=PHASES)
    state: str = body_field("where in it", choices=("started", "progress", "done"))
    done: int | None = body_field("items finished")
    total: int | None = body_field("items in all; null: not known")
    seconds: float | None = body_field("time since the phase began, in seconds")
    text: str = body_field("one sentence for people")


@attrs.frozen(kw_only=True)
class BatchEnd(EventBody):
    """One optimizer step is done."""

    kind = "batch_end"
    epoch: int = body_field("epoch, from 0")
    step: int = body_field("step in the whole run, from 0")
    batch: int = body_field("batch in the epoch, from 0")
    loss: float = body_field("loss of this batch")
    losses: dict[str, float] = body_field("loss of each head")
    seconds: float = body_field("time for this batch, in seconds")


@attrs.frozen(kw_only=True)
class EpochEnd(EventBody):
    """One epoch is trained and validated. All values are of this epoch."""

    kind = "epoch_end"
    epoch: int = body_field("epoch, from 0")
    train: float = body_field("mean training loss")
    val: float | None = body_field("mean validation loss; null: no validation")
    lr: float = body_field("learning rate")
    seconds: float = body_field("time for the epoch, in seconds")
    samples_per_second: float = body_field("training samples per second")
    best: bool = body_field("whether this is the best epoch so far")
    best_epoch: int | None = body_field("best epoch so far, from 0")
    best_val: float | None = body_field("validation loss of the best epoch")
    data_wait: float | None = body_field("share of the time spent waiting for data, 0 to 1")
    error: Measured | None = body_field("distance to validation labels, in source-image pixels")
    gradient: float | None = body_field("length of the gradient, mean of the measured steps", default=None)
    swapped: dict[str, float] | None = body_field(
        "by pairs of parts of left and right, on which share of the animals found they lie in each other's place",
        default=None,
    )


@attrs.frozen(kw_only=True)
class Checkpoint(EventBody):
    """A checkpoint file is complete on disk."""

    kind = "checkpoint"
    epoch: int = body_field("epoch it holds, from 0")
    path: str = body_field("file, as the engine sees it")
    best: bool = body_field("whether it is the best model so far")
    val: float | None = body_field("validation loss of that epoch")


@attrs.frozen(kw_only=True)
class Pausing(EventBody):
    """A pause was taken up; the batch in progress is finished first."""

    kind = "pausing"


@attrs.frozen(kw_only=True)
class Paused(EventBody):
    """Training stands still."""

    kind = "paused"
    epoch: int = body_field("epoch in progress, from 0")
    step: int = body_field("steps done in the whole run")


@attrs.frozen(kw_only=True)
class Resumed(EventBody):
    """Training goes on after a pause."""

    kind = "resumed"
    epoch: int = body_field("epoch in progress, from 0")
    step: int = body_field("steps done in the whole run")
    paused_seconds: float = body_field("length of the pause, in seconds")


@attrs.frozen(kw_only=True)
class Stopping(EventBody):
    """A stop was taken up; files are still written."""

    kind = "stopping"
    after: str = body_field("when training ends", choices=("batch", "epoch"))
    reason: str | None = body_field(
        "which rule it follows, in a sentence; absent: somebody asked", default=None
    )


@attrs.frozen(kw_only=True)
class StopRules(EventBody):
    """From now on the training stops by itself once any of these rules holds."""

    kind = "stop_rules"
    rules: list[str] = body_field("the rules in words; none: it stops by no rule")


@attrs.frozen(kw_only=True)
class MemoryReleased(EventBody):
    """GPU memory that is not in use was handed back, as far as there was any."""

    kind = "memory_released"
    text: str = body_field("how much, in a sentence")


@attrs.frozen(kw_only=True)
class Log(EventBody):
    """Something worth telling that has no kind of its own."""

    kind = "log"
    level: str = body_field("how serious", choices=("info", "warning", "error"))
    text: str = body_field("what there is to say")


@attrs.frozen(kw_only=True)
class Failed(EventBody):
    """The run cannot go on. The last event of its run."""

    kind = "failed"
    message: str = body_field("what happened, in a sentence")
    path: str | None = body_field("file or key it is about")
    hint: str | None = body_field("what to do")
    cause: str = body_field("kind of trouble; empty: any other", choices=("", *CAUSES), default="")


@attrs.frozen(kw_only=True)
class Finished(EventBody):
    """The run is over and its files are complete. The last event of its run."""

    kind = "finished"
    outcome: str = body_field("how it ended", choices=("completed", "stopped", "early_stopped"))
    epochs: int = body_field("epochs brought to their end, those of an earlier training included")
    best_epoch: int | None = body_field("best epoch, from 0")
    best_val: float | None = body_field("validation loss of the best epoch")
    run_dir: str = body_field("folder of the run, as the engine sees it")
    seconds: float = body_field("time for the whole run, pauses included, in seconds")
    steps: int = body_field("steps of an epoch that was not brought to its end", default=0)
    warnings: list[str] = body_field("what is amiss with the result, in sentences", default=())


@attrs.frozen(kw_only=True)
class Frame(EventBody):
    """An image with its labels and what the model sees in it. Points are in pixels of the sent image."""

    kind = "frame"
    journaled = False
    carries_arrays = True
    epoch: int = body_field("epoch of the model, from 0")
    split: str = body_field("which part of the labels it is from", choices=("train", "validation"))
    index: int = body_field("place in that part, from 0")
    labels_file: str | None = body_field("labels file")
    video: str | None = body_field("video file")
    frame: int | None = body_field("frame number in the video")
    scale: float = body_field("source pixels per pixel of the sent image")
    truth: Points = body_field("labelled points: instances, nodes, [x, y] or null")
    predicted: Points = body_field("predicted points, same form")
    scores: list[list[float | None]] = body_field("confidence of each predicted point")
    true_identities: list[str | None] | None = body_field(
        "who each labelled animal is; absent: the model does not tell", default=None
    )
    identities: list[str | None] | None = body_field(
        "who each predicted animal is taken for; absent likewise", default=None
    )
    pairs: list[Pair] | None = body_field(
        "animals that count as found, as in `error` of `epoch_end`; absent: an earlier engine", default=None
    )
    error_px: float | None = body_field("mean distance of all pairs, in source-image pixels")
    rank: int | None = body_field("place among all validation samples, 1 for the worst", default=None)
    stride: int = body_field("pixels of the sent image per cell of the confidence maps")
    strides: dict[str, int] | None = body_field(
        "the same of further maps, by the names of their arrays", default=None
    )
    worst_of: list[str] | None = body_field(
        "body points of which no validation sample has a greater error; absent: an earlier engine",
        default=None,
    )


@attrs.frozen(kw_only=True)
class Heartbeat(EventBody):
    """The engine is alive. Once a second, without a number and not in the journal."""

    kind = "heartbeat"
    journaled = False
    counted = False
    state: str = body_field("what the engine is doing")
    epoch: int | None = body_field("epoch in progress, from 0")
    step: int | None = body_field("steps done in the whole run")
    last_seq: int = body_field("number of the newest event; 0: none yet")
    rss_bytes: int | None = body_field("main memory in use, in bytes; null: not known")
    gpu_bytes: int | None = body_field("GPU memory in use, in bytes; null: no GPU")


#: Every kind of event by name, in the order the document lists them.
KINDS: dict[str, type[EventBody]] = {
    each.kind: each
    for each in (
        Samples,
        Started,
        Phase,
        BatchEnd,
        EpochEnd,
        Checkpoint,
        Pausing,
        Paused,
        Resumed,
        Stopping,
        StopRules,
        MemoryReleased,
        Log,
        Failed,
        Finished,
        Frame,
        Heartbeat,
    )
}

#: Kinds after which a run says nothing more.
LAST_KINDS = frozenset({Finished.kind, Failed.kind})

_FIELDS = {each: fields_of(each) for each in KINDS.values()}
_CONVERTERS = {each: converters_of(each) for each in KINDS.values()}
