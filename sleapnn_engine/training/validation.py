"""Measuring the model on the validation samples: loss, and how far predicted points are from labelled ones."""

import time
from collections.abc import Callable

import attrs
import torch
from torch import Tensor

from sleapnn_engine.config.model_types import MODEL_TYPES, ModelType
from sleapnn_engine.data.doctor.sides import side_pairs
from sleapnn_engine.decoding.animals import Animals
from sleapnn_engine.evaluation.scores import PoseScores, Summary
from sleapnn_engine.protocol.counting import epoch_name
from sleapnn_engine.protocol.measures import HEADLINES, MEASURES, Measured
from sleapnn_engine.training.losses import total_loss
from sleapnn_engine.training.state import Training


@attrs.frozen
class Scores:
    """Validation of one epoch: `loss` and `by_head` are means over samples, `body` the median animal in source px.

    `worst` are the samples by how wrong they are, the worst first, `worst_by_part` the sample with the greatest error
    of each part, the greatest of all first. `swapped`: on which share of animals two parts lie in each other's place.
    """

    loss: float
    by_head: dict[str, float]
    errors: Measured | None
    body: float | None
    seconds: float
    worst: tuple[int, ...] = ()
    worst_by_part: dict[str, int] = attrs.field(factory=dict)
    swapped: dict[str, float] = attrs.field(factory=dict)


def validate(training: Training, *, check: Callable[[], None]) -> Scores:
    """Run all validation samples through the model; `check` is called between batches and may raise."""
    parts = training.parts
    began = time.perf_counter()
    batches, losses = parts.batches, [0.0] * (1 + len(parts.losses))
    labels = batches.val.store.labels
    sides = [(labels.nodes[a], labels.nodes[b]) for a, b in side_pairs(labels)]
    sides = [pair for pair in sides if set(pair) <= set(batches.nodes)]
    scores = PoseScores(nodes=batches.nodes, paired=parts.decoder.one_each, sides=sides)
    judged: list[int] = []
    parts.model.eval()
    with parts.report.phase(
        "validate", f"Validating {epoch_name(training.progress.epoch)}", total=batches.val_batches
    ) as phase:
        for done, batch in enumerate(batches.validation(), start=1):
            outputs = predict(training, batch.images)
            result = total_loss(parts.losses, outputs, batch.targets)
            values = [result.total, *result.by_head.values()]
            losses = [a + v.item() * len(batch.images) for a, v in zip(losses, values, strict=True)]
            for index, animals in zip(batch.indices.tolist(), parts.decoder(outputs), strict=True):
                if _add(scores, training, index, animals):
                    judged.append(index)
            phase.progress(done)
            check()
    total, *heads = (loss / batches.n_val for loss in losses)
    found = scores.summary()
    return Scores(
        loss=total,
        by_head=dict(zip((loss.name for loss in parts.losses), heads, strict=True)),
        errors=measured_of(found, kind=MODEL_TYPES[parts.model_type]),
        body=found.body,
        seconds=time.perf_counter() - began,
        worst=tuple(judged[place] for place in found.order),
        swapped=found.swapped,
        worst_by_part={name: judged[place] for name, place in found.worst_by_node.items()},
    )


def predict(training: Training, images: Tensor) -> dict[str, Tensor]:
    """The model's outputs for (B, C, H, W) images in 0..1, without gradients, in the run's precision."""
    with torch.inference_mode(), training.parts.fabric.autocast():
        outputs: dict[str, Tensor] = training.parts.model(images)
    return outputs


def _add(scores: PoseScores, training: Training, index: int, animals: Animals) -> bool:
    """Compare what was found on one validation sample with its labels, in source-image pixels; whether it counts."""
    samples = training.parts.batches.val
    truth, tracks = samples.truth(index)
    if scores.paired and not len(truth):  # one animal is found on every frame, on an empty one too
        return False
    named = MODEL_TYPES[training.parts.model_type].identities
    scores.add(
        samples.to_source(index, animals.points),
        truth,
        predicted_classes=animals.classes if named else None,
        true_classes=tracks if named else None,
        certain=animals.scores,
    )
    return True


def measured_of(found: Summary, *, kind: ModelType) -> Measured | None:
    """What was added up, as far as it says something of this type of model; None when nothing can be said."""
    values = {
        measure.key: getattr(found, measure.key) if measure.belongs(kind) else None for measure in MEASURES
    }
    measured = Measured(values, found.by_node)
    return measured if any(measured.items(HEADLINES)) else None
