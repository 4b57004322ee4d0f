"""Shows what the model sees: a few fixed frames after each epoch, to viewers and as pictures."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch

from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.data.samples import FrameSamples
from sleapnn_engine.evaluation.scores import pairs_found
from sleapnn_engine.heads.assemble import kinds_of
from sleapnn_engine.protocol import event_fields, events
from sleapnn_engine.training.artifacts.drawing import draw_prediction, save_picture
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.callbacks.frame_keeper import KeptFrames
from sleapnn_engine.training.state import EpochResult, Training
from sleapnn_engine.training.validation import predict

VALIDATION_FRAMES = 6
#: Of frames with the greatest error of some part so many are shown besides those; more where they take no more than this
#: share of an epoch, so that of most models each part has its worst of all frames. Where there are more parts than that,
#: they take turns.
PART_FRAMES, MOST_PART_FRAMES, SHARE_OF_EPOCH = 4, 40, 0.05
#: Frames of one epoch take at most about this much; with very large maps fewer are shown.
MOST_BYTES = 48_000_000


@attrs.frozen(kw_only=True)
class Shown:
    """One sample: `image` uint8 (H, W, C), `maps` {head: float32 (channels, h, w)}, points in pixels of the image.

    `truth` (animals, nodes, 2), `predicted` (animals found, nodes, 2), `scores` (animals found, nodes); `pairs` are
    (row of predicted, row of truth) of the animals that count as found, as the scores of the epoch count them,
    `pair_errors` the mean distance of each, NaN without a common node, `error_px` that of all their points, both in
    source-image pixels. `tracks` and `classes` say which identity each labelled and each predicted animal has, -1 for none.
    """

    split: str
    index: int
    image: np.ndarray
    maps: dict[str, np.ndarray]
    truth: np.ndarray
    predicted: np.ndarray
    scores: np.ndarray
    pairs: list[tuple[int, int]]
    pair_errors: list[float]
    tracks: np.ndarray
    classes: np.ndarray
    scale: float
    error_px: float | None


class Preview(Callback):
    """After each epoch: a `frame` event for each pinned frame, and with a folder one PNG of each part.

    Costs one prediction of up to eleven images an epoch, or of a few more where epochs are long, and a few hundredths of a
    second for the pictures.
    """

    def __init__(self, pictures: Path | None, *, keep: bool, kept: KeptFrames | None = None) -> None:
        """`kept` takes the frames that stay in the run folder."""
        self._pictures, self._kept = pictures, kept
        self._keep = keep
        self._drawn: list[Path] = []
        self._shown_in: dict[str, int] = {}  # in which epoch a part's worst frame was shown last
        self._seconds = 0.0  # that a frame took in the epoch before

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        batches = training.parts.batches
        most = max(MOST_BYTES // _frame_bytes(training), 2)
        pinned = [("train", batches.train, 0)]
        wanted = chosen(batches.n_val, result.worst, most=min(VALIDATION_FRAMES, most - 1))
        parts = part_frames(result.train_seconds + result.val_seconds, each=self._seconds)
        room = min(parts, max(0, most - 1 - len(wanted)))
        others = {name: index for name, index in result.worst_by_part.items() if index not in wanted}
        wanted = sorted({*wanted, *in_turn(others, self._shown_in, room=room)})
        self._shown_in |= {name: result.epoch for name, at in result.worst_by_part.items() if at in wanted}
        pinned += [("validation", batches.val, i) for i in wanted]
        ranks = {index: place for place, index in enumerate(result.worst, start=1)}
        seen: set[str] = set()
        began = time.perf_counter()
        for split, store, index in pinned:
            shown = predict_sample(training, store, split=split, index=index, body=result.body)
            judged = split == "validation"
            rank = ranks.get(index) if judged else None
            worst_of = [name for name, worst in result.worst_by_part.items() if judged and worst == index]
            said, arrays = send(training, store, shown, epoch=result.epoch, rank=rank, worst_of=worst_of)
            if self._kept is not None:
                self._kept.add(said, arrays)
            if self._pictures is not None and split not in seen:
                self._draw(training, shown, epoch=result.epoch)
            seen.add(split)
        self._seconds = (time.perf_counter() - began) / len(pinned)
        if self._kept is not None:
            self._kept.end_epoch(result.epoch, best=result.improved)

    def fit_ended(self, training: Training, outcome: str) -> None:
        """Without `keep`, remove the pictures this run drew, and their folder when nothing else is in it."""
        if self._pictures is None or self._keep:
            return
        for path in self._drawn:
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty: somebody else's files stay
            self._pictures.rmdir()

    def _draw(self, training: Training, shown: Shown, *, epoch: int) -> None:
        parts = training.parts
        assert self._pictures is not None
        self._pictures.mkdir(exist_ok=True)
        for name, kind in kinds_of(parts.model_type).items():
            if name not in shown.maps:
                continue
            picture = draw_prediction(
                shown.image,
                kind.picture.view(shown.maps[name]),
                truth=shown.truth,
                predicted=shown.predicted,
                pairs=shown.pairs,
                nodes=parts.batches.nodes,
                stride=parts.decoder.strides[name],
            )
            path = self._pictures / f"{shown.split}.{kind.picture.prefix}{epoch:04d}.png"
            save_picture(picture, path)
            self._drawn.append(path)


def chosen(count: int, worst: Sequence[int], *, most: int) -> list[int]:
    """Up to `most` of `count` samples: half of them the worst, the others the same in every epoch."""
    fixed = spread(count, most)
    taken = list(worst[: most // 2])
    return sorted({*taken, *[index for index in fixed if index not in taken][: most - len(taken)]})


def part_frames(epoch: float, *, each: float) -> int:
    """How many frames with the greatest error of a part are shown, after an epoch of so many seconds, where each takes so long."""
    spare = int(SHARE_OF_EPOCH * epoch / each) if each else 0
    return min(MOST_PART_FRAMES, max(PART_FRAMES, spare))


def in_turn(worst: Mapping[str, int], shown_in: Mapping[str, int], *, room: int) -> list[int]:
    """The frames for `room` parts of those by their names, the worst first: half of the room is for the worst parts.

    The rest is for those whose epoch in `shown_in` is the longest ago, so that each part has its turn.
    """
    waiting = sorted(worst, key=lambda name: shown_in.get(name, -1))
    return list(dict.fromkeys(worst[name] for name in [*list(worst)[: room // 2], *waiting]))[:room]


def spread(count: int, wanted: int) -> list[int]:
    """Up to `wanted` indices below `count`, evenly spread, the first one included."""
    return sorted({i * count // wanted for i in range(wanted)}) if count else []


def predict_sample(
    training: Training, samples: FrameSamples, *, split: str, index: int, body: float | None
) -> Shown:
    """Predict one sample as it is, without augmentation; `body` is the median animal of the validation, source px."""
    parts = training.parts
    parts.model.eval()
    example = parts.batches.sample(samples, index)
    outputs = predict(training, example.images)
    animals = parts.decoder(outputs)[0]
    found, (labelled, tracks) = samples.to_source(index, animals.points), samples.truth(index)
    pairs = pairs_found(found, labelled, body=body, paired=parts.decoder.one_each)
    distances = [np.linalg.norm(found[p] - labelled[t], axis=-1) for p, t in pairs]
    # Of a batch of one, whose further animals are only there for other frames.
    truth = example.points[0, : len(labelled)].cpu().numpy()
    return Shown(
        split=split,
        index=index,
        image=(example.images[0].permute(1, 2, 0) * 255).round().to(torch.uint8).cpu().numpy(),
        maps={name: maps[0].float().cpu().numpy() for name, maps in outputs.items() if maps.ndim == 4},
        truth=truth,
        predicted=animals.points - example.shifts[0].cpu().numpy(),
        scores=animals.node_scores,
        pairs=pairs,
        pair_errors=[_mean(each) for each in distances],
        tracks=tracks,
        classes=animals.classes,
        scale=samples.source_scale(index),
        error_px=_or_none(_mean(np.concatenate([np.empty(0), *distances]))),
    )


def send(
    training: Training,
    samples: FrameSamples,
    shown: Shown,
    *,
    epoch: int,
    rank: int | None = None,
    worst_of: Sequence[str] = (),
) -> tuple[events.Frame, dict[str, np.ndarray]]:
    """Publish one sample, which the journal does not keep; returns what was published."""
    parts = training.parts
    labels, head = samples.store.labels, parts.batches.targets[0].head
    frame = labels.frames[samples.frame_index(shown.index)]
    kinds = kinds_of(parts.model_type).items()
    further = {name: kind.traits.key for name, kind in kinds if name != head and name in shown.maps}
    true_identities = identities = None
    if MODEL_TYPES[parts.model_type].identities:
        true_identities = _names(shown.tracks, labels.tracks)
        identities = _names(shown.classes, labels.tracks)
    said = events.Frame(
        epoch=epoch,
        split=shown.split,
        index=shown.index,
        labels_file=str(labels.files[frame.file_index]),
        video=labels.videos[frame.video_index].path,
        frame=int(frame.frame_index),
        scale=shown.scale,
        truth=[_plain_points(points) for points in shown.truth],
        predicted=[_plain_points(points) for points in shown.predicted],
        scores=[[float(score) for score in scores] for scores in shown.scores],
        pairs=[
            event_fields.Pair(labelled=t, predicted=p, error_px=_or_none(error))
            for (p, t), error in zip(shown.pairs, shown.pair_errors, strict=True)
        ],
        error_px=shown.error_px,
        rank=rank,
        stride=parts.decoder.strides[head],
        strides={array: parts.decoder.strides[name] for name, array in further.items()},
        worst_of=list(worst_of),
        true_identities=true_identities,
        identities=identities,
    )
    arrays = {"image": shown.image, "confmaps": shown.maps[head].astype(np.float16)}
    arrays |= {array: shown.maps[name].astype(np.float16) for name, array in further.items()}
    parts.report.event(said, arrays=arrays)
    return said, arrays


def _mean(distances: np.ndarray) -> float:
    """The mean of those that are known, NaN where none is."""
    known = distances[np.isfinite(distances)]
    return float(known.mean()) if known.size else float("nan")


def _or_none(number: float) -> float | None:
    return number if np.isfinite(number) else None


def _names(classes: np.ndarray, names: Sequence[str]) -> list[str | None]:
    return [names[c] if c >= 0 else None for c in classes]


def _plain_points(points: np.ndarray) -> list[Any]:
    return [[float(x), float(y)] if np.isfinite(x) and np.isfinite(y) else None for x, y in points]


def _frame_bytes(training: Training) -> int:
    parts = training.parts
    height, width = parts.batches.val.input_size
    total = height * width * parts.batches.val.store.plan.channels
    for head in parts.model.heads:
        if head.maps:
            total += 2 * head.channels * -(-height // head.stride) * -(-width // head.stride)
    return total
