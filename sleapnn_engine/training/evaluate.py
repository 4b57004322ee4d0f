"""What the best model makes of all frames: predictions and metrics, as files in the run folder.

The run folder is used as the command `predict` uses it, so both give the same points. They are read off the maps as
other programs of the family read them (threshold 0.2, centre of mass), so that the figures are those a person gets who
uses the model there. Crops are cut around the labelled animals.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import attrs
import numpy as np
import sleap_io as sio
from sleap_io.io.slp import read_videos

from sleapnn_engine.config.build import centring_of
from sleapnn_engine.config.centring import USUAL
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.data.label_writing import name_video
from sleapnn_engine.data.labels import without_empty
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.decoding.animals import PredictedFrame
from sleapnn_engine.evaluation.comparing import compare_files, measured
from sleapnn_engine.evaluation.files import write_metrics, write_predictions
from sleapnn_engine.evaluation.metrics import Metrics
from sleapnn_engine.inference.predictor import Predictor, Wanted
from sleapnn_engine.inference.stage import Settings
from sleapnn_engine.models.device import exact_numbers
from sleapnn_engine.protocol.signals import Interrupted
from sleapnn_engine.training.inputs.test_sets import EvaluationSet
from sleapnn_engine.training.report import Phase
from sleapnn_engine.training.state import Training

THRESHOLD = Settings().peak_threshold

log = logging.getLogger("sleapnn_engine.training")


class Skipped(Exception):
    """Somebody asked for an end; what is written stays."""


@attrs.frozen(kw_only=True)
class Part:
    """Frames to predict: `split` and `number` name the files that are written."""

    split: str
    number: int
    labels: LabelSet
    labelled: bool = True


def evaluate(
    training: Training,
    test_sets: Sequence[EvaluationSet],
    *,
    weights: Path,
    phase: Phase,
    check: Callable[[], None],
    failed: Callable[[str, Exception], None],
) -> None:
    """Write `labels_pr.<split>.<n>.slp` and `metrics.<split>.<n>.*` for the training, validation and test frames.

    The model is that of the checkpoint in the run folder, whatever number format was trained in, in full precision.
    `check` is called between batches and may raise Skipped or Interrupted. What goes wrong with one part is handed to
    `failed`, with the name of what could not be made, and costs no other part.
    """
    predictor = Predictor.open(weights, device=training.parts.fabric.device)
    parts = [
        *_split(training.parts.batches.train.store.labels, "train"),
        *_split(training.parts.batches.val.store.labels, "val"),
    ]
    parts += [
        Part(split="test", number=test.number, labels=test.labels, labelled=test.labelled)
        for test in test_sets
    ]
    total, done = sum(len(part.labels) for part in parts), 0
    for part in parts:

        def report_frames(frames: int, before: int = done) -> None:
            phase.progress(before + frames, total)
            check()

        making = "labels_pr"
        try:
            frames = _predicted(predictor, part.labels, report_frames=report_frames)
            _write(training, part, frames, weights=weights, predictor=predictor)
            making = "metrics"
            if part.labelled:
                _judge(training, part)
        except (Skipped, Interrupted):
            raise
        except Exception as error:  # unreadable images, other people's writers, a full disk
            failed(f"{making}.{part.split}.{part.number}", error)
        done += len(part.labels)


def _split(labels: LabelSet, split: str) -> list[Part]:
    """One part for each labels file that has frames with animals in `labels`."""
    labels = without_empty(labels)
    rows = {
        n: [i for i, f in enumerate(labels.frames) if f.file_index == n] for n in range(len(labels.files))
    }
    return [
        Part(split=split, number=number, labels=labels.subset(chosen))
        for number, chosen in rows.items()
        if chosen
    ]


def _predicted(
    predictor: Predictor, labels: LabelSet, *, report_frames: Callable[[int], None]
) -> list[PredictedFrame]:
    """The animals on every frame of the label set, in its order. Raises UserError for one that cannot be read."""
    frames: list[PredictedFrame] = []
    for done in predictor.run(_wanted(labels, centers=predictor.needs_centers)):
        frames += done.frames
        report_frames(len(frames))
    return frames


def _wanted(labels: LabelSet, *, centers: bool) -> Iterator[Wanted]:
    for index, frame in enumerate(labels.frames):
        yield Wanted(
            labels.videos[frame.video_index].number,
            frame.frame_index,
            partial(labels.read_image, index),
            frame.centers if centers else None,
        )


def _write(
    training: Training, part: Part, frames: Sequence[PredictedFrame], *, weights: Path, predictor: Predictor
) -> None:
    labels, source = part.labels, part.labels.files[0]
    if part.labelled:
        source = labels.files[labels.frames[0].file_index]
        videos = read_videos(source.absolute().as_posix())
        records = [video for video in labels.videos if str(labels.files[video.file_index]) == str(source)]
        for video, record in zip(videos, records, strict=True):
            if record.kind == "film" and record.found:
                name_video(video, record.path)
    else:
        videos = [sio.load_video(source.absolute().as_posix())]
    write_predictions(
        training.parts.folder / f"labels_pr.{part.split}.{part.number}.slp",
        frames,
        videos=videos,
        names=predictor.names,
        provenance={"model": str(weights), "labels": str(source), "peak_threshold": THRESHOLD},
    )


def _judge(training: Training, part: Part) -> None:
    """Write the figures of a part and tell the main one."""
    metrics = _measure(training, part)
    write_metrics(training.parts.folder, split=part.split, index=part.number, metrics=metrics)
    found = metrics["distance_metrics"]
    name = f"labels_pr.{part.split}.{part.number}"
    if np.isfinite(found["p50"]):
        log.info(
            "%s: median error %.2f px, 90 %% of the points that were found within %.2f px.",
            name,
            found["p50"],
            found["p90"],
        )
    else:
        log.info(
            "%s: no labelled part was found with a confidence of %s or more; the model may need longer training.",
            name,
            plain(THRESHOLD),
        )


def _measure(training: Training, part: Part) -> Metrics:
    """The figures of the two files of a part, as anyone measures them who has these files."""
    truth, predicted = (
        training.parts.folder / f"labels_{kind}.{part.split}.{part.number}.slp" for kind in ("gt", "pr")
    )
    only_user = training.parts.job.data_config.user_instances_only
    with exact_numbers():
        found = compare_files(
            truth,
            predicted,
            centring=centring_of(training.parts.job)
            if MODEL_TYPES[training.parts.model_type].centroid
            else USUAL,
            with_predictions=not only_user,
        )
        return measured(found)
