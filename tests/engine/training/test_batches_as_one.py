"""Batches of small images are made several at once, and nobody can tell from what is handed out."""

from pathlib import Path
from typing import Any

import pytest
import torch

from sleapnn_engine.training import build
from sleapnn_engine.training.inputs import batches as making
from sleapnn_engine.training.inputs.batches import Example
from sleapnn_engine.training.state import Training
from tests.engine.training.rendered import built, job, write_labels

MOVES = {"geometric": {"affine_p": 0.7, "rotation_min": -40.0, "rotation_max": 40.0, "translate_width": 0.2}}
NOISE = {"intensity": {"gaussian_noise_p": 0.5, "gaussian_noise_std": 0.1}}
#: Two batches and a half go through the frames once.
FRAMES, SIZE, TURNS = 5, 2, 11

Taken = tuple[Example, dict[str, torch.Tensor]]


def settings(folder: Path, model_type: str, augmentation: dict[str, Any] | None) -> dict[str, Any]:
    labels = folder / "labels.slp"
    if not labels.exists():
        animals = 1 if model_type == "single_instance" else 2
        write_labels(folder, labels.name, frames=FRAMES, animals=animals, tracks=("a", "b")[:animals])
    return job(
        folder,
        labels,
        model_type=model_type,
        data_config__use_same_data_for_val=True,
        data_config__use_augmentations_train=augmentation is not None,
        data_config__augmentation_config=augmentation,
        data_config__negative_loss_weight=0.5,
        trainer_config__train_data_loader__batch_size=SIZE,
    )


def take(training: Training) -> list[Taken]:
    batches = training.parts.batches
    return [(batches.next_batch(), batches.random_state()) for _ in range(TURNS)]


def differing(one: Taken, other: Taken) -> list[str]:
    """What of two batches, and of the random states after them, is not the same to the bit."""
    parts = [
        {name: getattr(example, name) for name in ("images", "indices", "points", "shifts")}
        | example.targets
        | {f"state of {name}": part for name, part in state.items()}
        for example, state in (one, other)
    ]
    ours, theirs = parts
    assert ours.keys() == theirs.keys()
    return [name for name in ours if ours[name].numpy().tobytes() != theirs[name].numpy().tobytes()]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many samples there were each time that batches were made."""
    sizes: list[int] = []
    make = making.make_example

    def counted(batch: Any, *args: Any, **more: Any) -> Example:
        sizes.append(len(batch))
        return make(batch, *args, **more)

    monkeypatch.setattr(making, "make_example", counted)
    return sizes


@pytest.mark.parametrize("model_type", ["single_instance", "centroid", "centered_instance", "multi_class_topdown", "multi_class_bottomup"])  # fmt: skip
@pytest.mark.parametrize("augmentation", [MOVES, None], ids=["moves", "as they are"])
def test_batches_made_as_one_are_those_made_one_by_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: list[int],
    model_type: str,
    augmentation: dict[str, Any] | None,
) -> None:
    values = settings(tmp_path, model_type, augmentation)
    together = built(values, take)
    assert max(made) > SIZE, "none were made as one, so the test shows nothing"
    monkeypatch.setattr(build, "MOST_AS_ONE", 1)
    made.clear()
    one_by_one = built(values, take)
    assert max(made) == SIZE
    assert [differing(*pair) for pair in zip(together, one_by_one, strict=True)] == [[]] * TURNS


@pytest.mark.parametrize(("model_type", "augmentation"), [("centroid", MOVES | NOISE), ("bottomup", MOVES)])
def test_what_depends_on_its_batch_is_made_one_by_one(
    tmp_path: Path, made: list[int], model_type: str, augmentation: dict[str, Any]
) -> None:
    """Noise is drawn between the moves of two batches, and limbs are drawn as far as the longest of a batch reaches."""
    built(settings(tmp_path, model_type, augmentation), take)
    assert max(made) == SIZE


@pytest.mark.parametrize("handed", [0, 3, 6])
def test_random_changes_that_are_set_anew_count_from_the_next_batch(tmp_path: Path, handed: int) -> None:
    """In the middle of what was made as one, the batches to come are drawn again, and no sample is passed over."""

    def measure(training: Training) -> tuple[Taken, list[Taken]]:
        batches = training.parts.batches
        for _ in range(handed):
            batches.next_batch()
        before = batches.random_state()
        first = (batches.next_batch(), batches.random_state())
        batches.set_random_state(before)
        return first, [(batches.next_batch(), batches.random_state()) for _ in range(2)]

    values = settings(tmp_path, "single_instance", MOVES)
    (first, state), again = built(values, measure)
    whole = built(values, take)
    assert differing((first, state), whole[handed]) == []
    drawn, after = again[0]
    assert torch.equal(drawn.indices, whole[handed + 1][0].indices)
    assert torch.equal(after["augmentation"], state["augmentation"]), "the same numbers were drawn"
    assert torch.equal(again[1][0].indices, whole[handed + 2][0].indices)
