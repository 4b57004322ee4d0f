"""What a run tells of its samples once they are planned: how many, which parts they show, what crops cut off, what repeats."""

import numpy as np

from sleapnn_engine.data.bodies import Bodies
from sleapnn_engine.data.doctor.repeats import leaking, twin_frames
from sleapnn_engine.data.geometry import InputPlan
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.samples import CropPlan
from sleapnn_engine.protocol.events import Samples
from sleapnn_engine.training.inputs.labels import Data
from sleapnn_engine.training.sight import count_cut

_LEARNED, _MEASURED = 1, 2


def count_samples(data: Data, plan: InputPlan, crops: CropPlan | None) -> Samples:
    """The event that tells of them."""
    learned, measured = Bodies.of(data.train), Bodies.of(data.val)
    cut = None if crops is None else count_cut(data.train, plan, side=crops.side)
    return Samples(
        train_frames=len(data.train),
        val_frames=len(data.val),
        train_animals=len(learned),
        train_parts=_visible(data.train, learned),
        val_parts=_visible(data.val, measured),
        repeated=_count_repeated(data, learned, measured),
        crop=None if crops is None else crops.side,
        cut=0 if cut is None else cut.clipped,
    )


def _visible(labels: LabelSet, bodies: Bodies) -> dict[str, int]:
    return dict(zip(labels.nodes, bodies.seen.sum(axis=0).tolist(), strict=True))


def _count_repeated(data: Data, learned: Bodies, measured: Bodies) -> int:
    """Validation frames with a twin among those to learn from; all of them where both parts are the same frames."""
    if data.val.frames == data.train.frames:
        return len(data.val)
    before = len(data.train)
    both = Bodies(
        np.concatenate([learned.points, measured.points]),
        np.concatenate([learned.frame, measured.frame + before]),
        np.concatenate([learned.place, measured.place]),
        np.concatenate([learned.track, measured.track]),
    )
    parts = np.repeat([_LEARNED, _MEASURED], [before, len(data.val)])
    twins = twin_frames(both, frames=len(parts))
    return len(np.unique(leaking(twins, parts=parts)[:, 0])) if len(twins) else 0
