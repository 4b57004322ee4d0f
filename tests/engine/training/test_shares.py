"""A step's batch divided among processes: every sample is somebody's, and means of parts weigh what they are."""

import pytest
import torch

from sleapnn_engine.data.loader import Share, samples_of_step
from sleapnn_engine.training.processes.shares import Portion, portion_of


@pytest.mark.parametrize(("samples", "batch_size"), [(9, 4), (8, 4), (3, 8), (1, 2)])
def test_shares_are_the_batch(samples: int, batch_size: int) -> None:
    sizes = [len(batch) for batch in torch.arange(samples).split(min(batch_size, samples))] * 2
    assert [samples_of_step(i, samples=samples, batch_size=batch_size) for i in range(len(sizes))] == sizes
    for size in sizes:
        batch = torch.arange(size)
        shares = [Share(rank, 2) for rank in range(2)]
        assert (
            torch.cat([share.select(batch)[: share.size(size)] for share in shares]).tolist()
            == batch.tolist()
        )
        assert all(len(share.select(batch)) for share in shares)


@pytest.mark.parametrize("processes", [2, 3, 4])
@pytest.mark.parametrize("samples", [1, 3, 4, 7])
def test_weighted_means_of_parts_are_the_mean_of_the_batch(samples: int, processes: int) -> None:
    batch = torch.rand(samples, generator=torch.Generator().manual_seed(samples))
    means = []
    for rank in range(processes):
        share = Share(rank, processes)
        portion = portion_of(share, 0, samples=samples, batch_size=samples)
        means.append(batch[share.select(torch.arange(samples))].mean() * portion.weight(processes))
    assert torch.stack(means).mean().item() == pytest.approx(batch.mean().item(), rel=1e-6)


def test_a_process_alone_has_all() -> None:
    assert portion_of(Share(), 2, samples=9, batch_size=4) == Portion(1, 1)
    assert Portion(1, 1).weight(1) == 1
