"""Images cached on disk: their names and list, who may use them again, and what is removed."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.frames import DiskFrames, MemoryFrames
from sleapnn_engine.data.geometry import plan_input
from tests.engine.data.opened import open_labels
from tests.engine.data.scenes import label_set, plain_set


def plan_for(labels, **settings):
    return plan_input([frame.size for frame in labels.frames], **settings)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_images_are_named_by_labels_file_and_frame(tmp_path):
    labels = plain_set(5, files=[0, 1, 0, 1, 1])
    store = DiskFrames(labels, plan_for(labels), folder=tmp_path / "train_imgs")
    assert names(store.folder) == [
        "frames.tsv",
        "sample_0_0.jpg",
        "sample_0_1.jpg",
        "sample_1_0.jpg",
        "sample_1_1.jpg",
        "sample_1_2.jpg",
    ]
    rows = (store.folder / "frames.tsv").read_text().splitlines()
    assert rows[0] == "image\tvideo\tvideo_number\tvideo_bytes\tframe\tsize"
    assert rows[4] == "sample_1_1.jpg\tvideo_1\t0\t\t3\t8×10×1"
    # Flat images, each as bright as its number, survive JPEG as they are.
    assert store.images(torch.arange(5)).amax(dim=(1, 2, 3)).tolist() == [0, 1, 2, 3, 4]


def test_images_are_cached_as_they_are_and_serve_every_preprocessing(shared_data, tmp_path):
    labels = open_labels([shared_data / "robot2_rgb/all.pkg.slp"])
    DiskFrames(labels, plan_for(labels, scale=0.5, max_stride=32), folder=tmp_path)
    picture = cv2.imread(str(tmp_path / "sample_0_0.jpg"))[..., ::-1]
    assert picture.shape == labels.frames[0].size
    assert np.abs(picture.astype(int) - labels.read_image(0)).mean() < 6
    for settings in ({"scale": 0.25}, {"max_height": 400, "ensure_grayscale": True, "max_stride": 16}):
        plan = plan_for(labels, **settings)
        again = DiskFrames(labels, plan, folder=tmp_path, use_existing=True)
        every = torch.arange(len(labels))
        expected = MemoryFrames(labels, plan).images(every)
        assert again.images(every).shape == expected.shape
        assert (again.images(every).float() - expected.float()).abs().mean() < 6
        assert again.warnings == ()


def test_images_are_used_again_without_reading_the_labels_images(tmp_path):
    labels = plain_set(3)
    first = DiskFrames(labels, plan_for(labels), folder=tmp_path)
    reads = labels.sources[0].reads
    again = DiskFrames(labels, plan_for(labels), folder=tmp_path, use_existing=True)
    assert torch.equal(first.images(torch.arange(3)), again.images(torch.arange(3)))
    assert labels.sources[0].reads == reads == 3


def test_only_what_the_store_wrote_is_removed(tmp_path):
    labels, folder = plain_set(3), tmp_path / "val_imgs"
    store = DiskFrames(labels, plan_for(labels), folder=folder)
    DiskFrames(labels, plan_for(labels), folder=folder, use_existing=True).delete()
    assert len(names(folder)) == 4, "images that somebody else wrote stay"
    (folder / "notes.txt").write_text("mine")
    (folder / "sample_7_0.jpg").write_bytes(b"of another run")
    store.delete()
    assert names(folder) == ["notes.txt", "sample_7_0.jpg"]
    for path in folder.iterdir():
        path.unlink()
    DiskFrames(labels, plan_for(labels), folder=folder).delete()
    assert not folder.exists()


def other_frames():
    labels = plain_set(4)
    return labels.subset([0, 2, 1])


def other_size():
    return plain_set(3, size=(8, 12, 1))


def other_file():
    return plain_set(3, files=[0, 0, 1])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (
            other_frames,
            r"sample_0_1\.jpg was written from other labels: the frame number was 1, now it is 2\.",
        ),
        (other_size, r"the image size was 8×10×1, now it is 8×12×1\."),
        (other_file, "1 cached image of 3 are not there"),
    ],
)
def test_images_of_other_labels_are_refused(tmp_path, wanted, said):
    labels = plain_set(3)
    DiskFrames(labels, plan_for(labels), folder=tmp_path)
    other = wanted()
    with pytest.raises(UserError, match=said) as caught:
        DiskFrames(other, plan_for(other), folder=tmp_path, use_existing=True)
    assert "use_existing_imgs" in caught.value.hint


def test_another_file_of_the_same_name_is_noticed(shared_data, tmp_path):
    labels = open_labels([shared_data / "fly32_single/val.pkg.slp"])
    DiskFrames(labels, plan_for(labels), folder=tmp_path / "cache")
    changed = tmp_path / "val.pkg.slp"
    changed.write_bytes((shared_data / "fly32_single/val.pkg.slp").read_bytes() + b"\0")
    other = open_labels([changed])
    with pytest.raises(UserError, match="the size of the video file in bytes was"):
        DiskFrames(other, plan_for(other), folder=tmp_path / "cache", use_existing=True)
    # The same file in another place is the same file.
    changed.write_bytes((shared_data / "fly32_single/val.pkg.slp").read_bytes())
    moved = open_labels([changed])
    DiskFrames(moved, plan_for(moved), folder=tmp_path / "cache", use_existing=True)


def test_a_folder_of_another_program_is_used_with_a_warning(tmp_path):
    labels = plain_set(2)
    for index in range(3):
        cv2.imwrite(str(tmp_path / f"sample_0_{index}.jpg"), np.full((8, 10), 50 * index, dtype=np.uint8))
    store = DiskFrames(labels, plan_for(labels), folder=tmp_path, use_existing=True)
    assert store.images(torch.tensor([1, 0])).amax(dim=(1, 2, 3)).tolist() == [50, 0]
    assert [text.partition("does not say")[2] for text in store.warnings] == [
        " what its 3 images show (frames.tsv is not there); they are taken for the 2 frames of these labels, "
        "in their order."
    ]
    sizes = label_set(
        [np.zeros((8, 10, 1), np.uint8), np.zeros((16, 20, 1), np.uint8)], [np.zeros((1, 2, 2))] * 2
    )
    with pytest.raises(UserError, match=r"sample_0_1\.jpg: The cached image has shape \(8, 10, 1\)"):
        DiskFrames(sizes, plan_for(sizes), folder=tmp_path, use_existing=True)


def test_an_unfinished_cache_has_no_list(tmp_path):
    labels = plain_set(50)
    DiskFrames(labels, plan_for(labels), folder=tmp_path)

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        DiskFrames(labels, plan_for(labels), folder=tmp_path, progress=stop)
    assert not (tmp_path / "frames.tsv").exists()


@pytest.mark.parametrize("content", [b"", b"image\tvideo\n", b"\xff\xfe\x00"])
def test_a_damaged_list_is_refused(tmp_path, content):
    labels = plain_set(1)
    DiskFrames(labels, plan_for(labels), folder=tmp_path)
    (tmp_path / "frames.tsv").write_bytes(content)
    with pytest.raises(UserError, match=r"frames\.tsv: The list of cached images cannot be read"):
        DiskFrames(labels, plan_for(labels), folder=tmp_path, use_existing=True)


def test_images_that_cannot_be_read_or_written_are_named(tmp_path):
    labels, folder = plain_set(3), tmp_path / "val_imgs"
    with pytest.raises(UserError, match="3 cached images of 3 are not there"):
        DiskFrames(labels, plan_for(labels), folder=folder, use_existing=True)
    store = DiskFrames(labels, plan_for(labels), folder=folder)
    (folder / "sample_0_1.jpg").write_bytes(b"")
    with pytest.raises(UserError, match=r"sample_0_1\.jpg: A cached image cannot be read"):
        store.images(torch.tensor([1]))
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="folder for cached images"):
        DiskFrames(labels, plan_for(labels), folder=tmp_path / "file" / "imgs")
    blocked = tmp_path / "blocked"
    (blocked / "sample_0_2.jpg").mkdir(parents=True)
    with pytest.raises(UserError, match=r"sample_0_2\.jpg: A cached image cannot be written"):
        DiskFrames(labels, plan_for(labels), folder=blocked)
    assert Path(blocked).is_dir()
