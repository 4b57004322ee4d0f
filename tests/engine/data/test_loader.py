"""The order of batches: complete, reproducible, resumable, and the same with any number of threads."""

import threading
from itertools import chain

import pytest
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.frames import MemoryFrames, OnDemandFrames
from sleapnn_engine.data.geometry import plan_input
from sleapnn_engine.data.loader import TrainBatches, validation_batches
from tests.engine.data.scenes import plain_set


def store_of(count, kind=OnDemandFrames):
    labels = plain_set(count)
    return kind(labels, plan_input([(8, 10, 1)]))


def indices(batches):
    return [batch.indices.tolist() for batch in batches]


def take(batches, count):
    """The next batches, each read by itself."""
    return [next(batches)[0] for _ in range(count)]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_each_pass_shows_every_frame_once(workers):
    with TrainBatches(store_of(10), batch_size=4, seed=1, workers=workers) as batches:
        assert batches.batches_per_pass == 3
        passes = [indices(take(batches, 3)) for _ in range(3)]
    for shown in passes:
        assert [len(batch) for batch in shown] == [4, 4, 2]
        assert sorted(chain.from_iterable(shown)) == list(range(10))
    assert passes[0] != passes[1]


@pytest.mark.parametrize("workers", [0, 2])
def test_the_order_depends_on_the_seed_alone(workers):
    def run(seed, workers=workers):
        with TrainBatches(store_of(30), batch_size=4, seed=seed, workers=workers) as batches:
            return indices(take(batches, 20))

    assert run(5) == run(5) == run(5, workers=0)
    assert run(5) != run(6)


@pytest.mark.parametrize("workers", [0, 2])
def test_several_batches_that_are_read_as_one_are_those_that_come_one_by_one(workers):
    with TrainBatches(store_of(10), batch_size=4, seed=1, workers=0) as batches:
        one_by_one = indices(take(batches, 15))
    with TrainBatches(store_of(10), batch_size=4, seed=1, workers=workers, together=5) as batches:
        groups = [next(batches) for _ in range(3)]
    assert [part.tolist() for group, sizes in groups for part in group.indices.split(sizes)] == one_by_one
    rest = groups[1][0].rest(7)
    for name in ("images", "points", "tracks", "shifts", "indices", "pictures"):
        assert torch.equal(getattr(rest, name), getattr(groups[1][0], name)[7:])


@pytest.mark.parametrize("start", [1, 3, 7])
def test_a_resumed_run_sees_the_batches_it_would_have_seen(start):
    with TrainBatches(store_of(10), batch_size=4, seed=1, workers=0) as batches:
        whole = indices(take(batches, 12))
    with TrainBatches(store_of(10), batch_size=4, seed=1, start_step=start, workers=1) as batches:
        assert indices(take(batches, 12 - start)) == whole[start:]


def test_without_shuffling_frames_come_in_their_order():
    with TrainBatches(store_of(5), batch_size=2, shuffle=False, workers=0) as batches:
        assert indices(take(batches, 3)) == indices(take(batches, 3)) == [[0, 1], [2, 3], [4]]


def test_a_batch_is_no_larger_than_the_set():
    with TrainBatches(store_of(3), batch_size=8, workers=1) as batches:
        assert batches.batch_size == 3
        assert all(sorted(batch) == [0, 1, 2] for batch in indices(take(batches, 4)))


@pytest.mark.parametrize("kind", [OnDemandFrames, MemoryFrames])
@pytest.mark.parametrize("workers", [0, 2])
def test_images_points_and_indices_belong_together(kind, workers):
    store = store_of(9, kind)
    with TrainBatches(store, batch_size=4, workers=workers) as batches:
        for batch in take(batches, 6):
            assert batch.images[:, 0, 0, 0].tolist() == batch.indices.tolist()
            torch.testing.assert_close(batch.points, store.points[batch.indices])


def test_frames_are_read_while_the_caller_works():
    store = store_of(40)
    with TrainBatches(store, batch_size=4, workers=1) as batches:
        next(batches)
        source, ready = store.labels.sources[0], threading.Event()
        for _ in range(500):
            if source.reads >= 12:
                break
            ready.wait(0.01)
        assert source.reads >= 12


def test_validation_shows_all_frames_in_order():
    for workers in (0, 2):
        assert indices(validation_batches(store_of(5), batch_size=2, workers=workers)) == [
            [0, 1],
            [2, 3],
            [4],
        ]
    assert indices(validation_batches(store_of(3), batch_size=9)) == [[0, 1, 2]]


def test_a_failure_while_reading_ahead_reaches_the_caller():
    store = store_of(6)
    store.labels.sources[0].images = store.labels.sources[0].images[:4]
    with pytest.raises(UserError, match="no such frame"):
        list(validation_batches(store, batch_size=2, workers=1))


def test_threads_end_with_the_batches():
    before = threading.active_count()
    batches = TrainBatches(store_of(20), batch_size=2, workers=2)
    take(batches, 3)
    batches.close()
    stream = validation_batches(store_of(20), batch_size=2, workers=2)
    next(stream)
    stream.close()
    assert threading.active_count() == before


def test_nothing_to_train_on_is_refused():
    labels = plain_set(1)
    empty = OnDemandFrames(labels.subset([]), plan_input([(8, 10, 1)]))
    with pytest.raises(ValueError, match="no frames"):
        TrainBatches(empty, batch_size=2)
    assert indices(validation_batches(empty, batch_size=2)) == []
