"""What the best model makes of all frames: predictions and metrics, as files in the run folder.

Points are read off the maps as other programs of the family read them (threshold 0.2, centre of mass), so that the
figures are those a person gets who uses the model there. Crops are cut around the labelled animals.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs
import numpy as np
import sleap_io as sio
import torch

from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.data.frames import OnDemandFrames
from sleapnn_engine.data.loader import validation_batches
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.samples import CropSamples, FrameSamples
from sleapnn_engine.evaluation.files import PoseNames, PredictedFrame, write_metrics, write_predictions
from sleapnn_engine.evaluation.metrics import EvaluatedFrame, Metrics, centroid_metrics, pose_metrics
from sleapnn_engine.inference.animals import Animals
from sleapnn_engine.inference.decode import Decoder
from sleapnn_engine.inference.identities import assign_classes

from .held_out import HeldOut
from .report import Phase
from .signals import Interrupted
from .state import Training
from .validation import predict

THRESHOLD = 0.2
BATCH = 4

log = logging.getLogger("sleapnn_engine.training")


class Skipped(Exception):
    """Somebody asked for an end; what is written stays."""


@attrs.frozen(kw_only=True)
class Part:
    """Frames to predict: `split` and `number` name the files that are written."""

    split: str
    number: int
    samples: FrameSamples
    labelled: bool = True


def evaluate(
    training: Training,
    held_out: Sequence[HeldOut],
    *,
    weights: Path,
    phase: Phase,
    heed: Callable[[], None],
    failed: Callable[[str, Exception], None],
) -> None:
    """Write `labels_pr.<split>.<n>.slp` and `metrics.<split>.<n>.*` for the training, validation and test frames.

    The weights of the checkpoint are taken into the model of the run. `heed` is called between batches and may raise
    Skipped or Interrupted. What goes wrong with one part is handed to `failed`, with the part's name, and costs no
    other part.
    """
    state = torch.load(weights, map_location=training.fabric.device, weights_only=True)["state_dict"]
    training.model.load_state_dict({name.removeprefix("model."): value for name, value in state.items()})
    training.model.eval()
    parts = [*_split(training.feed.train, "train"), *_split(training.feed.val, "val")]
    parts += [
        Part(
            split="test",
            number=test.number,
            samples=_alike(training.feed.val, test.labels),
            labelled=test.labelled,
        )
        for test in held_out
    ]
    total, done = sum(len(part.samples) for part in parts), 0
    decoder = attrs.evolve(training.decoder, threshold=THRESHOLD, refinement="integral")
    for part in parts:

        def told(samples: int, before: int = done) -> None:
            phase.progress(before + samples, total)
            heed()

        try:
            frames = _predicted(training, part.samples, decoder, told=told)
            _write(training, part, frames, weights=weights)
        except (Skipped, Interrupted):
            raise
        except Exception as error:  # unreadable images, other people's writers, a full disk
            failed(f"{part.split}.{part.number}", error)
        done += len(part.samples)


def _split(samples: FrameSamples, split: str) -> list[Part]:
    """One part for each labels file that has frames in `samples`."""
    labels = samples.store.labels
    rows = {
        n: [i for i, f in enumerate(labels.frames) if f.file_index == n] for n in range(len(labels.files))
    }
    return [
        Part(split=split, number=number, samples=_alike(samples, labels.subset(chosen)))
        for number, chosen in rows.items()
        if chosen
    ]


def _alike(samples: FrameSamples, labels: LabelSet) -> FrameSamples:
    """The same kind of samples of other frames, read as they are needed."""
    store = OnDemandFrames(labels, samples.store.plan)
    if isinstance(samples, CropSamples):
        return CropSamples(store, attrs.evolve(samples.plan, margin=0))
    return type(samples)(store)


def _predicted(
    training: Training, samples: FrameSamples, decoder: Decoder, *, told: Callable[[int], None]
) -> list[PredictedFrame]:
    """The animals on every frame of the label set, in its order."""
    found: list[list[tuple[int, Animals]]] = [[] for _ in samples.store.labels.frames]
    done = 0
    for batch in validation_batches(samples, batch_size=BATCH):
        example = training.feed.unchanged(batch.to(training.fabric.device), samples)
        outputs = predict(training, example.images)
        animals = decoder(outputs)
        vectors = outputs.get("ClassVectorsHead")
        for row, index in enumerate(batch.indices.tolist()):
            one = animals[row]
            if vectors is not None:
                one = attrs.evolve(one, class_scores=vectors[row].float().cpu().numpy()[None])
            found[samples.frame_index(index)].append((index, one))
        done += len(batch)
        told(done)
    return [
        _frame(samples, place, crops, model_type=training.model_type) for place, crops in enumerate(found)
    ]


def _scores(samples: FrameSamples, animals: Animals, model_type: str) -> np.ndarray:
    """Scores (I,) as other programs give them: the sum of the peaks of an only animal, 1 for one whose place is known."""
    if isinstance(samples, CropSamples):
        return np.ones(len(animals))
    return animals.node_scores.sum(axis=1) if MODEL_TYPES[model_type].one_animal else animals.scores


def _frame(
    samples: FrameSamples, place: int, crops: Sequence[tuple[int, Animals]], *, model_type: str
) -> PredictedFrame:
    """Put the animals of one frame together, those of several crops too; no identity is given twice."""
    label = samples.store.labels.frames[place]
    n_nodes = len(samples.nodes)
    points = [samples.to_source(index, animals.points) for index, animals in crops]
    classes = np.concatenate([np.zeros(0, dtype=np.int64), *(animals.classes for _, animals in crops)])
    chances = [animals.class_scores for _, animals in crops]
    if chances and chances[0].ndim == 2:
        classes, scores = assign_classes(np.concatenate(chances), np.zeros(len(chances), dtype=np.int64))
    else:
        scores = np.concatenate([np.zeros(0, dtype=np.float32), *chances])
    found = [animals for _, animals in crops]
    return PredictedFrame(
        video=samples.store.labels.videos[label.video_index].number,
        frame_index=label.frame_index,
        points=np.concatenate([np.zeros((0, n_nodes, 2)), *points]),
        node_scores=np.concatenate([np.zeros((0, n_nodes)), *(animals.node_scores for _, animals in crops)]),
        scores=np.concatenate([np.zeros(0), *(_scores(samples, animals, model_type) for animals in found)]),
        classes=classes,
        class_scores=scores,
    )


def _write(training: Training, part: Part, frames: Sequence[PredictedFrame], *, weights: Path) -> None:
    labels, source = part.samples.store.labels, part.samples.store.labels.files[0]
    if part.labelled:
        source = labels.files[labels.frames[0].file_index]
        videos = sio.load_slp(source.absolute().as_posix()).videos
    else:
        videos = [sio.load_video(source.absolute().as_posix())]
    named = MODEL_TYPES[training.model_type].identities
    names = PoseNames.of(labels, classes=labels.tracks if named else ())
    write_predictions(
        training.folder / f"labels_pr.{part.split}.{part.number}.slp",
        frames,
        videos=videos,
        names=PoseNames.centroid() if MODEL_TYPES[training.model_type].centroid else names,
        provenance={"model": str(weights), "labels": str(source), "peak_threshold": THRESHOLD},
    )
    if not part.labelled:
        return
    metrics = _measure(training, part.samples, frames)
    write_metrics(training.folder, split=part.split, index=part.number, metrics=metrics)
    found = metrics["distance_metrics"]
    name = f"labels_pr.{part.split}.{part.number}"
    if np.isfinite(found["p50"]):
        log.info(
            "%s: median error %.2f px, 90 %% of points within %.2f px.", name, found["p50"], found["p90"]
        )
    else:
        log.info(
            "%s: no labelled part was found with a confidence of %s or more; the model may need longer training.",
            name,
            plain(THRESHOLD),
        )


def _measure(training: Training, samples: FrameSamples, frames: Sequence[PredictedFrame]) -> Metrics:
    labels, centers = samples.store.labels, MODEL_TYPES[training.model_type].centroid
    compared = [
        EvaluatedFrame(
            predicted=found.points,
            scores=found.scores,
            truth=label.centers[:, None] if centers and label.centers is not None else label.points,
            video=labels.videos[label.video_index].path,
            frame_index=label.frame_index,
        )
        for found, label in zip(frames, labels.frames, strict=True)
    ]
    return centroid_metrics(compared) if centers else pose_metrics(compared, n_nodes=len(labels.nodes))
