"""Which file a stored video is read from: the longest tail of its path, one file for one video, never that of another."""

import unicodedata

import cv2
import h5py
import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.data.video_paths import find_images
from tests.engine.config.obstacles import as_nobody, open_folder
from tests.engine.data.drawn import labels, picture, shown, write_video
from tests.engine.data.opened import open_labels


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("stored", "files", "found"),
    [
        ("D:/lab/day1/cam.mp4", ["day1/cam.mp4", "cam.mp4"], "day1/cam.mp4"),
        ("D:\\lab\\day1\\cam.mp4", ["lab/day1/cam.mp4", "day1/cam.mp4"], "lab/day1/cam.mp4"),
        ("D:/lab\\day1/cam.mp4", ["day1/cam.mp4"], "day1/cam.mp4"),
        ("\\\\server\\share\\day1\\cam.mp4", ["share/day1/cam.mp4", "cam.mp4"], "share/day1/cam.mp4"),
        ("D:/LAB/Day1/CAM.MP4", ["day1/cam.mp4", "other.mp4"], "day1/cam.mp4"),
        ("D:/lab/Cam.mp4", ["cam.mp4", "Cam.mp4"], "Cam.mp4"),
        ("/lab/my videos/Größe 数据.mp4", ["my videos/Größe 数据.mp4"], "my videos/Größe 数据.mp4"),
        (f"/lab/{unicodedata.normalize('NFD', 'é')}.mp4", ["é.mp4"], "é.mp4"),
        ("videos\\cam.mp4", ["videos/cam.mp4", "cam.mp4"], "videos/cam.mp4"),
        ("./videos/cam.mp4", ["videos/cam.mp4"], "videos/cam.mp4"),
        ("/lab/CAM.mp4", ["cam.mp4"], None),
        ("C:/cam.mp4/", ["cam.mp4"], "cam.mp4"),
        ("/lab/x" * 200 + "/cam.mp4", ["cam.mp4"], "cam.mp4"),
        ("https://example.invalid/cam.mp4", ["cam.mp4"], None),
        ("", ["cam.mp4"], None),
        ("D:/lab/cam.mp4", ["sub/cam.mp4"], None),
    ],
)
def test_the_longest_tail_of_the_stored_path_counts(tmp_path, stored, files, found):
    folder = touch(tmp_path / "a/b/project", *files)
    assert find_images([stored], folder)[0].path == (folder / found if found else None)


def test_videos_beside_the_folder_of_the_labels_are_found_by_two_parts_and_not_by_the_name_alone(tmp_path):
    touch(tmp_path, "project/videos/cam.mp4", "project/other.mp4", "project/labels/l.slp")
    folder = tmp_path / "project/labels"
    assert find_images(["D:/x/videos/cam.mp4"], folder)[0].path == tmp_path / "project/videos/cam.mp4"
    assert find_images(["D:/x/other.mp4"], folder)[0].path is None


def test_links_that_lead_in_circles_and_folders_of_others_are_no_obstacle():
    with open_folder() as place:
        (place / "a").mkdir()
        (place / "a" / "v.mp4").touch()
        (place / "self").symlink_to("self")
        (place / "up").symlink_to("..")
        (place / "closed").mkdir(mode=0o000)
        with as_nobody():
            (found,) = find_images(["/far/closed/a/v.mp4"], place)
        assert found.path == place / "a" / "v.mp4"


def test_several_files_that_fit_equally_are_told_and_none_is_taken(tmp_path):
    folder = touch(tmp_path / "project/labels", "day1/cam.mp4", "../day1/cam.mp4")
    place = find_images(["D:/lab/day1/cam.mp4"], folder)[0]
    assert place.path is None
    assert len(place.candidates) == 2
    beside = find_images(["D:/lab/cam.mp4"], touch(tmp_path / "p", "CAM.mp4", "Cam.MP4"))[0]
    assert (beside.path, len(beside.candidates)) == (None, 2)


def test_images_of_one_folder_are_not_put_together_from_two(tmp_path):
    folder = touch(tmp_path, "day1/img_0.png", "img_0.png", "img_1.png")
    places = find_images(["D:/day1/img_0.png", "D:/day1/IMG_1.png"], folder)
    assert [place.path for place in places] == [folder / "day1/img_0.png", None]


def test_each_of_two_videos_of_one_name_is_read_from_its_own_file(tmp_path):
    write_video(tmp_path / "day1/cam.mp4", first=10)
    write_video(tmp_path / "cam.mp4", first=40)
    path = labels(tmp_path / "l.slp", ["D:/lab/day1/cam.mp4", "D:/lab/day2/cam.mp4"])
    with_both = open_labels([path])
    assert [shown(with_both.read_image(i)) for i in range(6)] == [10, 12, 14, 40, 42, 44]
    assert any("2 videos are not where the labels say" in said for said in with_both.warnings)


@pytest.mark.parametrize("names", [("day1/cam.mp4", "day2/cam.mp4"), ("D:/day1/cam.mp4", "E:\\cam.mp4")])
def test_one_file_is_never_read_for_two_stored_videos(tmp_path, names):
    write_video(tmp_path / "cam.mp4")
    (problem,) = read_labels(
        [labels(tmp_path / "l.slp", [f"/lab/{n}" if n[1] != ":" else n for n in names])]
    ).problems
    for words in (*names, str(tmp_path / "cam.mp4"), "also be read for"):
        assert words in str(problem)


def test_a_video_that_fits_better_keeps_its_file(tmp_path):
    write_video(tmp_path / "day1/cam.mp4")
    reading = read_labels([labels(tmp_path / "l.slp", ["D:/day1/cam.mp4", "D:/day2/cam.mp4"])])
    assert [video.found for video in reading.labels.videos] == [True, False]
    assert "day2/cam.mp4 (3 frames)" in str(reading.problems[0])


@pytest.mark.parametrize("other", ["D:/lab/cam.mp4", "d:\\LAB\\Cam.mp4"])
def test_a_video_that_is_listed_twice_is_one_video(tmp_path, other):
    write_video(tmp_path / "cam.mp4")
    reading = open_labels([labels(tmp_path / "l.slp", ["D:/lab/cam.mp4", other])])
    assert len(reading) == 3
    text = " ".join(reading.warnings)
    for words in (
        "lists cam.mp4 twice, as videos 0 and 1",
        "3 frames labelled more than once: merged",
        "frame 2",
    ):
        assert words in text or words in text.lower().replace("cam.mp4", "cam.mp4")
    assert "labels files" not in text


def test_two_labels_files_that_call_one_video_differently_are_told(tmp_path):
    write_video(tmp_path / "cam.mp4")
    paths = [
        labels(tmp_path / n, [v], frames=f)
        for n, v, f in (("a.slp", "D:/x/cam.mp4", [0]), ("b.slp", "D:/y/cam.mp4", [2]))
    ]
    text = " ".join(open_labels(paths).warnings)
    assert "D:/x/cam.mp4 of a.slp and as D:/y/cam.mp4 of b.slp: make sure" in text


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"size": (80, 112)}, ("96×64 px with 12 frames", "112×80 px with 12 frames")),
        ({"frames": 30}, ("96×64 px with 12 frames", "96×64 px with 30 frames")),
        ({"frames": 13}, ("with 12 frames", "with 13 frames")),
        ({"frames": 9}, ("with 12 frames", "with 9 frames")),
    ],
)
def test_a_video_of_another_size_or_length_is_a_problem_with_both(tmp_path, made, said):
    write_video(tmp_path / "cam.mp4", **made)
    (problem,) = read_labels([labels(tmp_path / "l.slp", ["D:/x/cam.mp4"])]).problems
    assert all(words in str(problem) for words in said)
    assert problem.hint


def test_a_video_that_stands_where_it_was_and_has_lost_its_end_is_read_up_to_there(tmp_path):
    write_video(tmp_path / "cam.mp4", frames=5)
    reading = open_labels([labels(tmp_path / "l.slp", ["cam.mp4"], frames=[1, 4, 5, 11])])
    assert [frame.frame_index for frame in reading.frames] == [1, 4]
    assert any("has 5 frames, but had 12" in said for said in reading.warnings)


def test_images_of_another_size_are_a_problem(tmp_path):
    for number in range(3):
        cv2.imwrite((tmp_path / f"i{number}.png").as_posix(), picture(number, size=(50, 100))[..., 0])
    names = [f"D:/x/i{number}.png" for number in range(3)]
    path = labels(tmp_path / "l.slp", [names], frames=[0, 1, 2], shape=(3, 64, 96, 1))
    assert "100×50 px" in str(read_labels([path]).problems[0])


def test_the_copy_of_labels_in_a_run_names_the_videos_that_were_read(tmp_path):
    from sleapnn_engine.training.artifacts.ground_truth_files import write_truth

    write_video(tmp_path / "day1/cam.mp4", first=10)
    write_video(tmp_path / "cam.mp4", first=40)
    path = labels(tmp_path / "l.slp", ["D:/lab/day1/cam.mp4", "D:/lab/day2/cam.mp4", "D:/lab/day1/cam.mp4"])
    reading = open_labels([path])
    (written,) = write_truth(reading, tmp_path, split="train", user_instances_only=True)
    again = open_labels([written])
    assert len(again) == len(reading) == 6
    np.testing.assert_array_equal(again.read_image(0), reading.read_image(0))


def numbered_images(folder, numbers, *, first=0):
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        cv2.imwrite((folder / f"{number}.png").as_posix(), picture(first + number))


@pytest.mark.parametrize("folder", ["", "D:/lab/imgs/"])
@pytest.mark.parametrize("second", [(2, 3, 4), (2, 3), (0, 1, 3)])
def test_lists_that_share_an_image_stay_two_videos(tmp_path, folder, second):
    numbered_images(tmp_path, range(5))
    lists = [[f"{folder}{number}.png" for number in numbers] for numbers in ((0, 1, 2), second)]
    reading = open_labels([labels(tmp_path / "l.slp", lists, frames=[0, 1], shape=(3, 64, 96, 3))])
    assert [shown(reading.read_image(i)) for i in range(4)] == [0, 1, *second[:2]]


def test_lists_of_one_name_are_each_read_from_their_own_folder(tmp_path):
    numbered_images(tmp_path / "day1", range(3))
    numbered_images(tmp_path / "day2", range(3), first=20)
    lists = [[f"D:/lab/{day}/{number}.png" for number in range(3)] for day in ("day1", "day2")]
    reading = open_labels([labels(tmp_path / "l.slp", lists, frames=range(3), shape=(3, 64, 96, 3))])
    assert [shown(reading.read_image(i)) for i in range(6)] == [0, 1, 2, 20, 21, 22]


def test_images_of_one_folder_are_not_read_for_two_lists(tmp_path):
    numbered_images(tmp_path, range(3))
    lists = [[f"D:/lab/{day}/{number}.png" for number in range(3)] for day in ("day1", "day2")]
    reading = read_labels([labels(tmp_path / "l.slp", lists, frames=range(3), shape=(3, 64, 96, 3))])
    (problem,) = reading.problems
    for words in ("day1/0.png and 2 more images", "day2/0.png and 2 more images", str(tmp_path / "0.png")):
        assert words in str(problem)
    assert not any("labels files" in said for said in reading.labels.warnings)


def test_one_dataset_of_a_package_that_is_listed_twice_is_one_video(tmp_path):
    write_video(tmp_path / "a.mp4")
    write_video(tmp_path / "b.mp4")
    plain = sio.load_slp(labels(tmp_path / "l.slp", ["a.mp4", "b.mp4"]).as_posix())
    package = tmp_path / "l.pkg.slp"
    sio.save_slp(plain, package.as_posix(), embed="user", verbose=False)
    with h5py.File(package, "r+") as file:
        rows = [file["videos_json"][0]] * 2
        del file["videos_json"]
        file["videos_json"] = rows
    reading = open_labels([package])
    assert len(reading) == 3
    assert any("twice, as videos 0 and 1" in said for said in reading.warnings)
