"""A trained model is read without drawing a random start, and its crops go through it in batches that fill it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from sleapnn_engine.inference import Predictor
from sleapnn_engine.inference.trained import read_trained
from sleapnn_engine.models.weights import is_finite

Runs = Callable[[str], Path]


def test_reading_a_model_draws_no_random_numbers(learned_run: Runs) -> None:
    run, before = learned_run("centroid"), torch.get_rng_state()
    network = read_trained(run).network
    assert torch.equal(torch.get_rng_state(), before)
    assert not any(value.is_meta for value in network.state_dict().values())


def test_a_checkpoint_in_the_old_format_of_pytorch_is_the_same(learned_run: Runs, tmp_path: Path) -> None:
    run = learned_run("centroid")
    (tmp_path / "training_config.yaml").write_bytes((run / "training_config.yaml").read_bytes())
    content = torch.load(run / "best.ckpt", weights_only=True)
    torch.save(content, tmp_path / "best.ckpt", _use_new_zipfile_serialization=False)
    old, new = (read_trained(folder).network.state_dict() for folder in (tmp_path, run))
    assert all(torch.equal(old[name], value) for name, value in new.items())


@pytest.mark.parametrize(("animals", "batches"), [(3, [3]), (8, [6, 2])])
def test_as_many_crops_as_fill_a_frame_go_through_at_once(
    learned_run: Runs, animals: int, batches: list[int]
) -> None:
    predictor = Predictor.open(learned_run("centered_instance"), device="cpu", batch_size=1)
    side = predictor.stages[0].trained.crops.input_side
    image = np.zeros((2 * side, 3 * side, 1), np.uint8)
    seen: list[int] = []
    predictor.stages[0].trained.network.register_forward_hook(
        lambda network, inputs, outputs: seen.append(len(inputs[0]))
    )
    (found,) = predictor.predict([image], centers=[np.full((animals, 2), float(side))])
    assert len(found.points) == animals
    assert seen == batches


def test_numbers_that_are_too_many_to_add_are_finite_all_the_same() -> None:
    large = torch.full((4,), 3e38)
    assert is_finite(large)
    for broken in (torch.inf, -torch.inf, torch.nan):
        assert not is_finite(torch.cat([large, torch.tensor([broken])]))
    assert not is_finite(torch.tensor([torch.inf, -torch.inf]))
