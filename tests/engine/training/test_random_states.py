"""Every generator that a training draws from goes on where it was."""

import random
from pathlib import Path

import numpy as np
import torch

from sleapnn_engine.training.artifacts.checkpoint_file import write_atomically
from sleapnn_engine.training.resuming.random_states import read_random_states, set_random_states
from sleapnn_engine.training.state import Training
from tests.engine.training.rendered import built, job, write_labels
from tests.engine.training.resuming import AUGMENTATION

CPU = torch.device("cpu")


def draw(training: Training) -> list[float]:
    """One number of each generator; the feed's are in the changed images."""
    images = training.parts.batches.next_batch().images
    return [images.std().item(), torch.rand(1).item(), float(np.random.random()), random.random()]


def test_all_numbers_come_again(tmp_path: Path) -> None:
    path = tmp_path / "states.pt"

    def measure(training: Training) -> tuple[list[float], list[float], list[str]]:
        states = read_random_states(training.parts.batches, device=CPU)
        write_atomically({"random": states}, path)
        first = draw(training)
        # The second draw is of the next batch, so the images are held still.
        read = torch.load(path, weights_only=True)["random"]
        missing = set_random_states(read, training.parts.batches, device=CPU)
        return first, draw(training), missing

    settings = job(
        tmp_path,
        write_labels(tmp_path, frames=3),
        data_config__use_same_data_for_val=True,
        data_config__use_augmentations_train=True,
        data_config__augmentation_config=AUGMENTATION,
        trainer_config__train_data_loader={"batch_size": 3, "shuffle": False, "num_workers": 0},
    )
    first, second, missing = built(settings, measure)
    assert missing == []
    assert second == first


def test_what_is_missing_or_of_another_version_is_named(tmp_path: Path) -> None:
    def measure(training: Training) -> tuple[list[str], list[float]]:
        states = read_random_states(training.parts.batches, device=CPU)
        del states["torch"]
        states["python"] = ["another", [], None]
        states["numpy"] = [0]
        random.seed(1)
        return set_random_states(states, training.parts.batches, device=CPU), [random.random()]

    missing, drawn = built(job(tmp_path, write_labels(tmp_path)), measure)
    assert missing == [
        "the random numbers of the network",
        "numpy's random numbers",
        "Python's random numbers",
    ]
    random.seed(1)
    assert drawn == [random.random()]
