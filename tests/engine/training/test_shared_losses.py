"""Parts of a loss that add up to the loss of the whole batch, with their gradients, however the batch is divided."""

import threading
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from sleapnn_engine.data.loader import Share, samples_of_step
from sleapnn_engine.training.losses import HardKeypoints, HeadLoss
from sleapnn_engine.training.shared_losses import Portion, SharedLoss

HARD = HardKeypoints(hard_to_easy_ratio=1.5, min_hard=1, max_hard=3, loss_scale=5.0)


def summed(parts: int) -> Callable[[Tensor], Tensor]:
    """A sum over threads that stand for processes."""
    given: list[Tensor] = []
    arrive, leave = threading.Barrier(parts), threading.Barrier(parts, action=given.clear)

    def total(values: Tensor) -> Tensor:
        given.append(values)
        arrive.wait(10)
        found = torch.stack(given).sum(dim=0)
        leave.wait(10)
        return found

    return total


def divided(loss: HeadLoss, predicted: Tensor, target: Tensor, *, parts: int) -> tuple[float, Tensor, Tensor]:
    """Loss, channels and the gradient of `predicted`, computed by parts and added up."""
    total, results = summed(parts), {}

    def compute(rank: int) -> None:
        share = Share(rank, parts)
        mine = share.take(torch.arange(len(predicted)))
        own = predicted.detach().clone().requires_grad_()
        portion = Portion(own=share.size(len(predicted)), whole=len(predicted))
        shared = SharedLoss.of(loss, portion=portion, total=total, processes=parts)
        value, channels = shared(own[mine], target[mine])
        value.backward()
        results[rank] = (value.item(), channels, own.grad)

    threads = [threading.Thread(target=compute, args=(rank,)) for rank in range(parts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    values, channels, gradients = zip(*results.values(), strict=True)
    return sum(values), torch.stack(channels).sum(dim=0), torch.stack(gradients).sum(dim=0)


def whole(loss: HeadLoss, predicted: Tensor, target: Tensor) -> tuple[float, Tensor, Tensor]:
    own = predicted.detach().clone().requires_grad_()
    value, channels = loss(own, target)
    value.backward()
    assert own.grad is not None
    return value.item(), channels, own.grad


def same(a: tuple[float, Tensor, Tensor], b: tuple[float, Tensor, Tensor]) -> None:
    assert a[0] == pytest.approx(b[0], rel=1e-6)
    for left, right in zip(a[1:], b[1:], strict=True):
        torch.testing.assert_close(left, right, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("samples", [1, 3, 4, 7])
@pytest.mark.parametrize("hard", [None, HARD])
def test_parts_of_map_errors_add_up(samples: int, hard: HardKeypoints | None) -> None:
    predicted, target = torch.rand(2, samples, 5, 6, 4, generator=torch.Generator().manual_seed(samples))
    loss = HeadLoss(head="maps", name="confmaps", hard=hard)
    for parts in (2, 3):
        same(divided(loss, predicted, target, parts=parts), whole(loss, predicted, target))


def test_the_hardest_of_the_batch_count_and_not_those_of_each_part() -> None:
    # In each half another channel is hard; in the batch it is a third one.
    target = torch.zeros(2, 3, 1, 1)
    predicted = torch.tensor([[3.0, 0.1, 2.9], [0.1, 3.0, 2.9]])[:, :, None, None]
    hard = HardKeypoints(hard_to_easy_ratio=1.0, min_hard=1, max_hard=1, loss_scale=1.0)
    loss = HeadLoss(head="maps", name="confmaps", hard=hard)
    value, _, gradient = divided(loss, predicted, target, parts=2)
    assert value == pytest.approx((2 * 9.01 + 2 * 8.41) / 6 + 2 * 8.41 / 2)
    same((value, _, gradient), whole(loss, predicted, target))


@pytest.mark.parametrize("known", [[0, 1, 1, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]])
def test_parts_of_class_errors_add_up_over_the_samples_that_have_a_class(known: list[int]) -> None:
    drawn = torch.rand(5, 3, generator=torch.Generator().manual_seed(1))
    target = torch.eye(3)[[0, 2, 1, 1, 0]] * torch.tensor(known)[:, None]
    loss = HeadLoss(head="vectors", name="class_vectors")
    for parts in (2, 3, 4):
        same(
            divided(loss, drawn.softmax(dim=1), target, parts=parts),
            whole(loss, drawn.softmax(dim=1), target),
        )
    same(
        divided(loss, drawn[:1].softmax(dim=1), target[:1], parts=2),
        whole(loss, drawn[:1].softmax(dim=1), target[:1]),
    )


@pytest.mark.parametrize(("samples", "batch_size"), [(9, 4), (8, 4), (3, 8), (1, 2)])
def test_shares_are_the_batch(samples: int, batch_size: int) -> None:
    sizes = [len(batch) for batch in torch.arange(samples).split(min(batch_size, samples))] * 2
    assert [samples_of_step(i, samples=samples, batch_size=batch_size) for i in range(len(sizes))] == sizes
    for size in sizes:
        batch = torch.arange(size)
        shares = [Share(rank, 2) for rank in range(2)]
        assert (
            torch.cat([share.take(batch)[: share.size(size)] for share in shares]).tolist() == batch.tolist()
        )
        assert all(len(share.take(batch)) for share in shares)
