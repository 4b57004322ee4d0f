"""In crowds, the animals that a frame shows as found, missed or none are those that the epoch's figures count."""

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

from sleapnn_engine.decoding.animals import Animals, make_animals
from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.training.callbacks.preview import Preview
from sleapnn_engine.training.state import EpochResult, Training
from sleapnn_engine.training.validation import Scores, validate
from sleapnn_gui.monitor.matching import Matching
from tests.engine.training.rendered import built, job, places, write_labels

SIZE = {"height": 64, "width": 96}
ANIMALS = 6


@attrs.frozen
class Guesses:
    """Stands in for what a half-trained model finds: the same animals on every image, somewhere near the real ones."""

    strides: dict[str, int]
    points: np.ndarray
    one_each: bool = False

    def __call__(self, outputs: dict[str, Any]) -> list[Animals]:
        scores = np.ones(self.points.shape[:2])
        made = make_animals(self.points.astype(np.float32), node_scores=scores, scores=np.ones(len(scores)))
        return [made] * len(next(iter(outputs.values())))


@pytest.mark.parametrize("seed", range(3))
def test_the_window_counts_as_the_engine_does(tmp_path: Path, seed: int) -> None:
    labels = write_labels(tmp_path, frames=24, animals=ANIMALS, size=(SIZE["height"], SIZE["width"]))
    draw = np.random.default_rng(seed)
    near = places(1, ANIMALS, **SIZE)[0] + draw.normal(0, 14, (ANIMALS, 1, 2))
    frames: list[Frame] = []

    def measure(training: Training) -> Scores:
        training.with_parts(decoder=Guesses(training.parts.decoder.strides, near))
        emit = training.parts.report.event
        training.parts.report.event = lambda said, **arrays: (  # type: ignore[method-assign]
            frames.append(said) if isinstance(said, Frame) else emit(said, **arrays)
        )
        scores = validate(training, check=lambda: None)
        Preview(None, keep=False).epoch_ended(training, epoch_of(scores))
        return scores

    scores = built(job(tmp_path, labels, model_type="bottomup"), measure)
    shown = [said for said in frames if said.split == "validation"]
    assert scores.errors is not None
    assert len(shown) == 6, "all validation frames are shown, so that both count the same"
    pairings = [Matching.of(said) for said in shown]
    found = sum(len(matching.pairs) for matching in pairings)
    missed, extra = (sum(len(getattr(p, side)) for p in pairings) for side in ("missed", "extra"))
    assert 0 < found < ANIMALS * 6, "some are missed"
    assert scores.errors.values["recall"] == pytest.approx(found / (found + missed))
    assert scores.errors.values["precision"] == pytest.approx(found / (found + extra))


def epoch_of(scores: Scores) -> EpochResult:
    return EpochResult(
        epoch=0, steps=1, train=1.0, val=scores.loss, learning_rate=1e-3, train_seconds=1.0, val_seconds=1.0,
        samples_per_second=1.0, waited=0.0, by_node={}, errors=scores.errors, improved=True, body=scores.body,
    )  # fmt: skip
