"""Every message of the protocol, version 1: the kinds of event and what each carries; requests stand in `verbs`."""

from typing import Any

import attrs
import numpy as np

from sleapnn_engine.protocol.fields import (
    FLAG,
    INTEGER,
    NUMBER,
    TEXT,
    Field,
    list_of,
    maybe,
    record,
    table_of,
)
from sleapnn_engine.protocol.measures import MEASURES

#: Raised only by a change that an older reader would misread; new keys, kinds and verbs do not raise it.
PROTOCOL_VERSION = 1

#: What an engine may say it is doing, in heartbeats. A reader takes other words as they come.
STATES = ("preparing", "training", "validating", "saving", "pausing", "paused", "stopping", "finalizing")

#: The stretches of work a run goes through, in order.
PHASES = ("labels", "split", "cache", "model", "first_batch", "train", "validate", "save", "finish")

#: Those before the first epoch.
PHASES_BEFORE_TRAINING = PHASES[: PHASES.index("train")]

#: The two streams of the event socket a viewer can subscribe to, each below the token.
EVENT_STREAM = b"/events"
FRAME_STREAM = b"/frames"

#: A list of instances, each a list of nodes in skeleton order, each [x, y] or null when not visible.
_POINTS = list_of(list_of(maybe(list_of(NUMBER, length=2))))

_ERROR = record(
    *(Field(measure.key, NUMBER, measure.doc, nullable=True) for measure in MEASURES if measure.always),
    Field("by_node", table_of(maybe(NUMBER)), "median distance of each node"),
    *(
        Field(measure.key, NUMBER, measure.doc, nullable=True, optional=True)
        for measure in MEASURES
        if not measure.always
    ),
)

_PAIR = record(
    Field("labelled", INTEGER, "place in `truth`"),
    Field("predicted", INTEGER, "place in `predicted`"),
    Field("error_px", NUMBER, "mean distance, in source-image pixels", nullable=True),
)

_ARRAY = record(
    Field("name", TEXT, "what the array shows"),
    Field("dtype", TEXT, "how its numbers are stored"),
    Field("shape", list_of(INTEGER), "its size along each axis"),
)


def _arrays_equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return list(one) == list(other) and all(
        one[name].dtype == other[name].dtype and np.array_equal(one[name], other[name]) for name in one
    )


@attrs.frozen
class Event:
    """One thing the engine said.

    `seq` counts from 1 within a run and is None for a heartbeat; `t` is in Unix seconds. `arrays` is filled
    for image kinds only. `non_finite` names the body keys (dotted) whose number was NaN or infinite and is
    None in `body`.
    """

    seq: int | None
    t: float
    kind: str
    body: dict[str, Any]
    arrays: dict[str, np.ndarray] = attrs.field(factory=dict, eq=attrs.cmp_using(eq=_arrays_equal))
    non_finite: tuple[str, ...] = ()


@attrs.frozen
class Request:
    """One thing a viewer asks; `token` proves that it may."""

    id: int
    token: str
    verb: str
    args: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Reply:
    """The answer to a request. `ok`: understood and allowed. `accepted`: answered, or will be acted upon."""

    id: int | None
    ok: bool
    accepted: bool
    error: str | None = None
    body: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Command:
    """A request the training loop acts on between two batches."""

    verb: str
    args: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Kind:
    """One kind of event: what it means, what its body holds, and whether the journal keeps it."""

    name: str
    doc: str
    fields: tuple[Field, ...] = ()
    journaled: bool = True
    counted: bool = True
    carries_arrays: bool = False


_EVENTS = (
    Kind(
        name="started",
        doc="The run is known in full and training is about to begin.",
        fields=(
            Field("run_name", TEXT, "name of the run"),
            Field("run_dir", TEXT, "folder of the run, as the engine sees it"),
            Field("model_type", TEXT, "type of model, for example single_instance"),
            Field("max_epochs", INTEGER, "epochs planned"),
            Field("steps_per_epoch", INTEGER, "training batches in one epoch"),
            Field("n_train", INTEGER, "labelled frames trained on"),
            Field("n_val", INTEGER, "labelled frames held back for validation"),
            Field("nodes", list_of(TEXT), "names of the body points, in order"),
            Field("edges", list_of(list_of(TEXT, length=2)), "pairs of node names that are joined"),
            Field("device", TEXT, "where the model computes"),
            Field("precision", TEXT, "number format of the computation"),
            Field("parameters", INTEGER, "trainable numbers in the model"),
            Field(
                "early_stopping_patience",
                INTEGER,
                "epochs without progress allowed; null: off",
                nullable=True,
            ),
            Field("pid", INTEGER, "process id of the engine"),
            Field("backbone", TEXT, "type of network below the heads, for example unet", optional=True),
        ),
    ),
    Kind(
        name="phase",
        doc="A stretch of work began, moved on, or ended.",
        fields=(
            Field("name", TEXT, "which stretch", choices=PHASES),
            Field("state", TEXT, "where in it", choices=("started", "progress", "done")),
            Field("done", INTEGER, "items finished", nullable=True),
            Field("total", INTEGER, "items in all; null: not known", nullable=True),
            Field("seconds", NUMBER, "time since the phase began, in seconds", nullable=True),
            Field("text", TEXT, "one sentence for people"),
        ),
    ),
    Kind(
        name="batch_end",
        doc="One optimizer step is done.",
        fields=(
            Field("epoch", INTEGER, "epoch, from 0"),
            Field("step", INTEGER, "step in the whole run, from 0"),
            Field("batch", INTEGER, "batch in the epoch, from 0"),
            Field("loss", NUMBER, "loss of this batch"),
            Field("losses", table_of(NUMBER), "loss of each head"),
            Field("seconds", NUMBER, "time for this batch, in seconds"),
        ),
    ),
    Kind(
        name="epoch_end",
        doc="One epoch is trained and validated. All values are of this epoch.",
        fields=(
            Field("epoch", INTEGER, "epoch, from 0"),
            Field("train", NUMBER, "mean training loss"),
            Field("val", NUMBER, "mean validation loss; null: no validation", nullable=True),
            Field("lr", NUMBER, "learning rate"),
            Field("seconds", NUMBER, "time for the epoch, in seconds"),
            Field("samples_per_second", NUMBER, "training samples per second"),
            Field("best", FLAG, "whether this is the best epoch so far"),
            Field("best_epoch", INTEGER, "best epoch so far, from 0", nullable=True),
            Field("best_val", NUMBER, "validation loss of the best epoch", nullable=True),
            Field("data_wait", NUMBER, "share of the time spent waiting for data, 0 to 1", nullable=True),
            Field("error", _ERROR, "distance to validation labels, in source-image pixels", nullable=True),
        ),
    ),
    Kind(
        name="checkpoint",
        doc="A checkpoint file is complete on disk.",
        fields=(
            Field("epoch", INTEGER, "epoch it holds, from 0"),
            Field("path", TEXT, "file, as the engine sees it"),
            Field("best", FLAG, "whether it is the best model so far"),
            Field("val", NUMBER, "validation loss of that epoch", nullable=True),
        ),
    ),
    Kind(name="pausing", doc="A pause was taken up; the batch in progress is finished first."),
    Kind(
        name="paused",
        doc="Training stands still.",
        fields=(
            Field("epoch", INTEGER, "epoch in progress, from 0"),
            Field("step", INTEGER, "steps done in the whole run"),
        ),
    ),
    Kind(
        name="resumed",
        doc="Training goes on after a pause.",
        fields=(
            Field("epoch", INTEGER, "epoch in progress, from 0"),
            Field("step", INTEGER, "steps done in the whole run"),
            Field("paused_seconds", NUMBER, "length of the pause, in seconds"),
        ),
    ),
    Kind(
        name="stopping",
        doc="A stop was taken up; files are still written.",
        fields=(Field("after", TEXT, "when training ends", choices=("batch", "epoch")),),
    ),
    Kind(
        name="memory_released",
        doc="GPU memory that is not in use was handed back, as far as there was any.",
        fields=(Field("text", TEXT, "how much, in a sentence"),),
    ),
    Kind(
        name="log",
        doc="Something worth telling that has no kind of its own.",
        fields=(
            Field("level", TEXT, "how serious", choices=("info", "warning", "error")),
            Field("text", TEXT, "what there is to say"),
        ),
    ),
    Kind(
        name="failed",
        doc="The run cannot go on. The last event of its run.",
        fields=(
            Field("message", TEXT, "what happened, in a sentence"),
            Field("path", TEXT, "file or key it is about", nullable=True),
            Field("hint", TEXT, "what to do", nullable=True),
        ),
    ),
    Kind(
        name="finished",
        doc="The run is over and its files are complete. The last event of its run.",
        fields=(
            Field("outcome", TEXT, "how it ended", choices=("completed", "stopped", "early_stopped")),
            Field("epochs", INTEGER, "epochs brought to their end, those of an earlier training included"),
            Field("best_epoch", INTEGER, "best epoch, from 0", nullable=True),
            Field("best_val", NUMBER, "validation loss of the best epoch", nullable=True),
            Field("run_dir", TEXT, "folder of the run, as the engine sees it"),
            Field("seconds", NUMBER, "time for the whole run, pauses included, in seconds"),
            Field("steps", INTEGER, "steps of an epoch that was not brought to its end", optional=True),
            Field("warnings", list_of(TEXT), "what is amiss with the result, in sentences", optional=True),
        ),
    ),
    Kind(
        name="frame",
        doc="An image with its labels and what the model sees in it. Points are in pixels of the sent image.",
        journaled=False,
        carries_arrays=True,
        fields=(
            Field("epoch", INTEGER, "epoch of the model, from 0"),
            Field("split", TEXT, "which part of the labels it is from", choices=("train", "validation")),
            Field("index", INTEGER, "place in that part, from 0"),
            Field("labels_file", TEXT, "labels file", nullable=True),
            Field("video", TEXT, "video file", nullable=True),
            Field("frame", INTEGER, "frame number in the video", nullable=True),
            Field("scale", NUMBER, "source pixels per pixel of the sent image"),
            Field("truth", _POINTS, "labelled points: instances, nodes, [x, y] or null"),
            Field("predicted", _POINTS, "predicted points, same form"),
            Field("scores", list_of(list_of(maybe(NUMBER))), "confidence of each predicted point"),
            Field(
                "true_identities",
                list_of(maybe(TEXT)),
                "who each labelled animal is; absent: the model does not tell",
                optional=True,
            ),
            Field(
                "identities",
                list_of(maybe(TEXT)),
                "who each predicted animal is taken for; absent likewise",
                optional=True,
            ),
            Field(
                "pairs",
                list_of(_PAIR),
                "animals that count as found, as in `error` of `epoch_end`; absent: an earlier engine",
                optional=True,
            ),
            Field("error_px", NUMBER, "mean distance of all pairs, in source-image pixels", nullable=True),
            Field("stride", INTEGER, "pixels of the sent image per cell of the confidence maps"),
            Field("arrays", list_of(_ARRAY), "the arrays that follow, in order"),
        ),
    ),
    Kind(
        name="heartbeat",
        doc="The engine is alive. Once a second, without a number and not in the journal.",
        journaled=False,
        counted=False,
        fields=(
            Field("state", TEXT, "what the engine is doing"),
            Field("epoch", INTEGER, "epoch in progress, from 0", nullable=True),
            Field("step", INTEGER, "steps done in the whole run", nullable=True),
            Field("last_seq", INTEGER, "number of the newest event; 0: none yet"),
            Field("rss_bytes", INTEGER, "main memory in use, in bytes; null: not known", nullable=True),
            Field("gpu_bytes", INTEGER, "GPU memory in use, in bytes; null: no GPU", nullable=True),
        ),
    ),
)

#: Every kind of event by name, in the order the document lists them.
KINDS: dict[str, Kind] = {kind.name: kind for kind in _EVENTS}

#: Kinds after which a run says nothing more.
LAST_KINDS = frozenset({"finished", "failed"})
