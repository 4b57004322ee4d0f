"""Losses against their formulas, written out in numpy."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sleapnn_engine.config.build import build_job
from sleapnn_engine.heads.map_error import HardKeypoints
from sleapnn_engine.training.build import build_losses
from sleapnn_engine.training.losses import HeadLoss, total_loss
from tests.engine.training.rendered import job


def maps(seed: int, channels: int = 5) -> torch.Tensor:
    return torch.rand(3, channels, 6, 4, generator=torch.Generator().manual_seed(seed))


def test_a_head_is_the_mean_squared_error() -> None:
    predicted, target = maps(0), maps(1)
    loss, channels = HeadLoss(head="a", name="one")(predicted, target)
    difference = (predicted - target).numpy() ** 2
    assert loss.item() == pytest.approx(difference.mean(), rel=1e-6)
    assert channels.numpy() == pytest.approx(difference.mean(axis=(0, 2, 3)), rel=1e-6)


@pytest.mark.parametrize(
    "hard",
    [
        HardKeypoints(hard_to_easy_ratio=2.0, min_hard=2, max_hard=None, loss_scale=5.0),
        HardKeypoints(hard_to_easy_ratio=1e9, min_hard=3, max_hard=None, loss_scale=0.5),
        HardKeypoints(hard_to_easy_ratio=1.0, min_hard=0, max_hard=2, loss_scale=5.0),
        HardKeypoints(hard_to_easy_ratio=1.0, min_hard=9, max_hard=None, loss_scale=1.0),
        HardKeypoints(hard_to_easy_ratio=1e9, min_hard=0, max_hard=None, loss_scale=5.0),
    ],
)
def test_hard_keypoints_add_their_term(hard: HardKeypoints) -> None:
    predicted, target = maps(0) * torch.tensor([1.0, 2, 1, 3, 1.2]).view(1, 5, 1, 1), maps(1)
    squared = (predicted - target).numpy().astype(np.float64) ** 2
    sums = np.sort(squared.sum(axis=(0, 2, 3)))[::-1]
    count = int((sums >= hard.hard_to_easy_ratio * sums.min()).sum())
    k = min(max(count, hard.min_hard), 5 if hard.max_hard is None else hard.max_hard, 5)
    term = hard.loss_scale * sums[:k].sum() / (3 * 6 * 4 * k) if k else 0.0
    loss, channels = HeadLoss(head="a", name="one", hard=hard)(predicted, target)
    assert loss.item() == pytest.approx(squared.mean() + term, rel=1e-5)
    assert channels.numpy() == pytest.approx(squared.mean(axis=(0, 2, 3)), rel=1e-5)


def test_heads_are_weighed_and_told_apart() -> None:
    outputs, targets = {"a": maps(0), "b": maps(2)}, {"a": maps(1), "b": maps(3)}
    result = total_loss(
        [HeadLoss(head="a", name="one"), HeadLoss(head="b", name="two", weight=0.25)], outputs, targets
    )
    assert list(result.by_head) == ["one", "two"]
    assert result.total.item() == pytest.approx(
        result.by_head["one"].item() + 0.25 * result.by_head["two"].item()
    )


def test_the_loss_can_be_differentiated_through_the_hard_part() -> None:
    predicted = maps(0).requires_grad_()
    hard = HardKeypoints(hard_to_easy_ratio=2.0, min_hard=1, max_hard=1, loss_scale=5.0)
    total_loss([HeadLoss(head="a", name="one", hard=hard)], {"a": predicted}, {"a": maps(1)}).total.backward()
    assert predicted.grad is not None
    per_channel = predicted.grad.abs().sum(dim=(0, 2, 3)) / (predicted.detach() - maps(1)).abs().sum(
        dim=(0, 2, 3)
    )
    # The one hard channel pulls 1 + 5 * 5 times as strongly as the others (5 channels share the mean).
    assert per_channel.max() / per_channel.min() == pytest.approx(26, rel=1e-4)


@pytest.mark.parametrize(
    ("model_type", "expected"),
    [
        ("single_instance", {"confmaps": True}),
        ("centroid", {"confmaps": False}),
        ("centered_instance", {"confmaps": True}),
        ("bottomup", {"confmaps": True, "pafs": True}),
        ("multi_class_bottomup", {"confmaps": True, "class_maps": False}),
        ("multi_class_topdown", {"confmaps": True, "class_vectors": False}),
    ],
)
def test_heads_of_parts_and_limbs_are_mined_and_no_others(
    tmp_path: Path, model_type: str, expected: dict[str, bool]
) -> None:
    mining = "trainer_config__online_hard_keypoint_mining__"
    changes = {
        f"{mining}hard_to_easy_ratio": 3.0,
        f"{mining}min_hard_keypoints": 1,
        f"{mining}max_hard_keypoints": 2,
        f"{mining}loss_scale": 7.0,
    }
    hard = HardKeypoints(hard_to_easy_ratio=3.0, min_hard=1, max_hard=2, loss_scale=7.0)
    for on in (True, False):
        made = job(
            tmp_path,
            tmp_path / "labels.slp",
            model_type=model_type,
            **changes,
            **{f"{mining}online_mining": on},
        )
        found = {loss.name: loss.hard for loss in build_losses(build_job(made))}
        assert found == {name: hard if on and mined else None for name, mined in expected.items()}
