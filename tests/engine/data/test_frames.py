"""Frame stores: memory, on demand and disk hand out the same frames and points; `test_disk_frames` has the rest of disk."""

import attrs
import numpy as np
import pytest
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.frames import DiskFrames, MemoryFrames, OnDemandFrames, estimate_bytes
from sleapnn_engine.data.geometry import plan_input
from tests.engine.data.opened import open_labels
from tests.engine.data.scenes import dot_place, dots, label_set, plain_set


def plan_for(labels, **settings):
    return plan_input([frame.size for frame in labels.frames], **settings)


@pytest.fixture
def scene():
    """Three frames of two sizes, with one, two and one animals, dots under their nodes."""
    points = [
        np.array([[[20.0, 30.0], [60.0, 41.0]]]),
        np.array([[[25.0, 20.0], [70.5, 50.5]], [[np.nan, np.nan], [40.0, 70.0]]]),
        np.array([[[30.0, 25.5], [50.0, 55.0]]]),
    ]
    sizes = [(80, 100), (80, 100), (96, 90)]
    images = [
        dots(p[np.isfinite(p).all(-1)].reshape(-1, 2), height=h, width=w)
        for p, (h, w) in zip(points, sizes, strict=True)
    ]
    return label_set(images, points, tracks=("a", "b"))


def test_all_stores_agree(scene, tmp_path):
    plan = plan_for(scene, scale=0.5, max_stride=16)
    memory, ondemand = MemoryFrames(scene, plan), OnDemandFrames(scene, plan)
    disk = DiskFrames(scene, plan, folder=tmp_path / "train_imgs")
    indices = torch.tensor([2, 0, 1, 2])
    batches = [store.batch(indices) for store in (memory, ondemand, disk)]
    assert batches[0].images.shape == (4, 1, plan.height, plan.width)
    assert batches[0].images.dtype == torch.uint8
    assert torch.equal(batches[0].images, batches[1].images)
    assert (batches[0].images.int() - batches[2].images.int()).abs().max() <= 6
    for batch in batches[1:]:
        for name in ("points", "tracks", "shifts", "indices"):
            torch.testing.assert_close(getattr(batch, name), getattr(batches[0], name), equal_nan=True)


def test_points_of_every_frame_lie_on_their_dots(scene):
    plan = plan_for(scene, max_height=60, scale=0.8, max_stride=8)
    batch = MemoryFrames(scene, plan).batch(torch.arange(3))
    found = 0
    for image, animals in zip(batch.images[:, 0].numpy(), batch.points.numpy(), strict=True):
        for point in animals.reshape(-1, 2):
            if np.isfinite(point).all():
                np.testing.assert_allclose(dot_place(image, point, reach=6), point, atol=0.12)
                found += 1
    assert found == 7


def test_missing_animals_are_nan_and_have_no_track(scene):
    batch = MemoryFrames(scene, plan_for(scene)).batch(torch.arange(3))
    assert batch.points.shape == (3, 2, 2, 2)
    assert batch.tracks.tolist() == [[0, -1], [0, 1], [0, -1]]
    assert torch.isnan(batch.points[0, 1]).all()
    assert torch.isnan(batch.points[1, 1, 0]).all()


def test_targets_are_shifted_as_each_frame_is_scaled(scene):
    batch = MemoryFrames(scene, plan_for(scene, scale=0.5)).batch(torch.tensor([1]))
    torch.testing.assert_close(batch.target_points()[0, 0], torch.from_numpy(scene.frames[1].points[0]) * 0.5)
    moved = batch.points + 3
    torch.testing.assert_close(batch.target_points(moved), moved + 0.25, equal_nan=True)


def test_memory_holds_each_pixel_once(scene):
    plan = plan_for(scene)
    store = MemoryFrames(scene, plan)
    assert store.pixels.nbytes == estimate_bytes(3, plan) == 3 * 96 * 100
    assert store.pixels.untyped_storage().nbytes() == store.pixels.nbytes
    assert scene.sources[0].reads == 3
    store.batch(torch.tensor([0, 1]))
    assert scene.sources[0].reads == 3, "batches come from memory"


def test_progress_counts_every_frame_once(tmp_path):
    labels = plain_set(17)
    seen = []
    MemoryFrames(labels, plan_for(labels), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 17) for i in range(1, 18)]


def test_progress_may_stop_the_reading():
    labels = plain_set(3000)

    def stop(done, total):
        if done == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        MemoryFrames(labels, plan_for(labels), progress=stop)
    assert labels.sources[0].reads < 3000


@pytest.mark.parametrize("store", [MemoryFrames, OnDemandFrames])
def test_a_frame_that_cannot_be_read_is_named(store):
    labels = plain_set(4)
    broken = attrs.evolve(labels, frames=(*labels.frames[:3], attrs.evolve(labels.frames[3], frame_index=99)))
    with pytest.raises(UserError, match=r"labels_0.slp, video 0 \(video_0\), frame 99: .*no such frame"):
        store(broken, plan_for(broken)).images(torch.tensor([3]))


def test_videos_are_read_front_to_back(shared_data):
    labels = open_labels([shared_data / "projects/robot2/small_robot_minimal.slp"])
    backwards = labels.subset([1, 0])
    store = MemoryFrames(backwards, plan_for(backwards, scale=0.25))
    reference = OnDemandFrames(labels, plan_for(labels, scale=0.25))
    assert torch.equal(store.images(torch.tensor([1, 0])), reference.images(torch.tensor([0, 1])))
    labels.close()


def test_real_frames_go_through_every_store(shared_data, tmp_path):
    labels = open_labels([shared_data / "robot2_rgb/all.pkg.slp"])
    plan = plan_for(labels, scale=0.5, max_stride=32)
    images = MemoryFrames(labels, plan).images(torch.arange(2))
    assert images.shape == (2, 3, 160, 288)
    disk = DiskFrames(labels, plan, folder=tmp_path / "imgs").images(torch.arange(2))
    assert (images.float() - disk.float()).abs().mean() < 6, "colours come back in the same order"


def test_frames_of_missing_videos_are_refused(shared_data):
    labels = plain_set(2)
    blind = attrs.evolve(labels, frames=tuple(attrs.evolve(frame, size=None) for frame in labels.frames))
    with pytest.raises(UserError, match="not found"):
        OnDemandFrames(blind, plan_for(labels))
