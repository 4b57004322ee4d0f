"""Reading labels: points, skeletons, several files, images of every kind, problems all at once."""

import json
import os

import cv2
import h5py
import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.label_fit import require_edges
from sleapnn_engine.data.label_checks import require_one_animal
from sleapnn_engine.data.labels import match_nodes, read_labels, select_nodes, with_animals
from sleapnn_engine.data.overlaps import shared_frames
from tests.engine.data.opened import open_labels


@pytest.fixture
def project(tmp_path):
    """Write a project of three 20x30 PNGs with two nodes; returns a function that writes it and gives the path."""

    def write(
        name="labels.slp", *, nodes=("head", "tail"), folder=None, edit=None, colour=False, points=None
    ):
        folder = folder or tmp_path
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for number in range(3):
            pixels = np.random.default_rng(number).integers(
                0, 256, (20, 30, 3 if colour else 1), dtype=np.uint8
            )
            files.append(folder / f"img_{number}.png")
            cv2.imwrite(files[-1].as_posix(), pixels)
        skeleton = sio.Skeleton(nodes=list(nodes), edges=[(0, 1)] if len(nodes) > 1 else [])
        video = sio.Video.from_filename([file.as_posix() for file in files])
        places = np.array([[3.0, 4.0], [10.0, 12.0], [5.0, 6.0]])[: len(nodes)] if points is None else points
        frames = [
            sio.LabeledFrame(
                video=video, frame_idx=i, instances=[sio.Instance.from_numpy(places + i, skeleton=skeleton)]
            )
            for i in range(3)
        ]
        labels = sio.Labels(frames, videos=[video], skeletons=[skeleton])
        if edit is not None:
            edit(labels)
        path = folder / name
        sio.save_slp(labels, path.as_posix(), embed=False, restore_original_videos=False)
        return path

    return write


def change_video(path, **backend):
    """Make a labels file say something else about its video."""
    with h5py.File(path, "r+") as file:
        del file["videos_json"]
        rows = [np.bytes_(json.dumps({"backend": backend}))]
        file.create_dataset("videos_json", data=rows)


def test_points_images_and_skeleton_come_as_they_were_written(project):
    labels = open_labels([project()])
    assert labels.nodes == ("head", "tail")
    assert labels.edges == (("head", "tail"),)
    assert [frame.frame_index for frame in labels.frames] == [0, 1, 2]
    np.testing.assert_array_equal(labels.frames[1].points, [[[4, 5], [11, 13]]])
    assert labels.frames[0].points.dtype == np.float32
    expected = np.random.default_rng(2).integers(0, 256, (20, 30, 1), dtype=np.uint8)
    np.testing.assert_array_equal(labels.read_image(2), expected)


def test_colours_come_in_the_order_red_green_blue(project):
    labels = open_labels([project(colour=True)])
    written_as_bgr = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    np.testing.assert_array_equal(labels.read_image(0), written_as_bgr[..., ::-1])


def test_package_images_agree_with_sleap_io(shared_data):
    for name in ("robot2_rgb/train.pkg.slp", "fly32_single/val.pkg.slp", "flies13_sex/val.pkg.slp"):
        labels = open_labels([shared_data / name])
        reference = sio.load_slp((shared_data / name).as_posix())
        for index in (0, len(labels) - 1):
            stored = reference.labeled_frames[index]
            np.testing.assert_array_equal(labels.read_image(index), stored.image)
            np.testing.assert_allclose(labels.frames[index].points[0], stored.instances[0].numpy(), rtol=1e-6)


def test_points_of_old_files_are_shifted_to_pixel_centres(shared_data, tmp_path):
    folder = shared_data / "projects/robot2"
    new = open_labels([folder / "small_robot_minimal.slp"])
    for name in ("small_robot_minimal.slp", "small_robot.mp4"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with h5py.File(tmp_path / "small_robot_minimal.slp", "r+") as file:
        assert float(file["metadata"].attrs["format_id"]) == pytest.approx(1.1)
        file["metadata"].attrs["format_id"] = 1.0
    old = open_labels([tmp_path / "small_robot_minimal.slp"])
    np.testing.assert_allclose(old.frames[0].points, new.frames[0].points - 0.5, rtol=1e-6)


def test_half_a_pixel_before_the_first_still_counts_as_inside(project):
    points = np.array([[-0.5, -0.5], [27.9, 17.9]])
    assert np.isfinite(open_labels([project(points=points)]).frames[0].points).all()


def test_points_outside_or_infinite_count_as_missing_and_are_told(project):
    points = np.array([[-0.6, 4.0], [np.inf, 3.0], [28.5, 1.0]])
    labels = open_labels([project(nodes=("a", "b", "c"), points=points)])
    assert np.isnan(labels.frames[0].points[0, :2]).all()
    np.testing.assert_allclose(labels.frames[0].points[0, 2], [28.5, 1.0])
    assert labels.counts.points_outside == 2  # a starts outside on frame 0, c leaves the image on frame 2
    assert any("2 points outside the image" in text for text in labels.warnings)
    assert any("3 points without a finite position" in text for text in labels.warnings)


def test_a_video_beside_the_labels_is_found_wherever_the_labels_were_made(project, tmp_path):
    path = project(folder=tmp_path / "deep")
    names = [f"D:\\lab\\data\\sub\\img_{i}.png" for i in range(3)]
    change_video(path, filename=names[0], filenames=names)
    labels = open_labels([path])
    assert labels.read_image(0).shape == (20, 30, 1)
    (tmp_path / "deep/sub").mkdir()
    for number in range(2):
        cv2.imwrite((tmp_path / f"deep/sub/img_{number}.png").as_posix(), np.zeros((20, 30), dtype=np.uint8))
    longer = open_labels([path])
    assert longer.read_image(0).max() == 0, "the longer tail of the stored path wins"
    assert [frame.frame_index for frame in longer.frames] == [0, 1], (
        "images are not put together from two folders"
    )


def test_a_video_on_the_web_is_refused_without_going_there(project):
    path = project()
    change_video(path, filename="https://example.invalid/clip.mp4")
    with pytest.raises(UserError, match="web address"):
        open_labels([path])


def test_all_problems_of_all_files_are_told_at_once(project, tmp_path):
    good = project()
    (tmp_path / "empty.slp").touch()
    reading = read_labels([tmp_path / "absent.slp", tmp_path / "empty.slp", good, tmp_path])
    reading.labels.close()
    said = ("absent.slp: The labels file does not exist", "empty (0 bytes)", "folder")
    for words, problem in zip(said, reading.problems, strict=True):
        assert words in str(problem)


def test_an_unreadable_file_says_so(project):
    path = project()
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    with pytest.raises(UserError, match="permission"):
        open_labels([path])


def test_no_file_at_all_is_refused():
    with pytest.raises(UserError, match="no training labels"):
        open_labels([])


def test_nodes_of_a_second_file_are_matched_by_name(project, tmp_path):
    first = project()
    second = project(nodes=("tail", "head"), folder=tmp_path / "other")
    labels = open_labels([first, second])
    assert len(labels) == 6
    np.testing.assert_array_equal(labels.frames[0].points, [[[3, 4], [10, 12]]])
    np.testing.assert_array_equal(labels.frames[3].points, [[[10, 12], [3, 4]]])
    assert any("matched by name" in text for text in labels.warnings)
    assert labels.frames[3].file_index == 1
    assert labels.place(3).startswith(str(second))


def test_files_with_different_skeletons_are_refused_with_the_nodes(project, tmp_path):
    paths = [project(), project(nodes=("head", "wing"), folder=tmp_path / "other")]
    with pytest.raises(UserError, match=r"lacks 'tail' and also has 'wing'"):
        open_labels(paths)


def test_validation_nodes_are_matched_by_name_or_refused(shared_data):
    bad = shared_data / "bad"
    train = open_labels([bad / "10_tracks/no_tracks.pkg.slp"])
    turned = open_labels([bad / "09_skeleton/other_node_order.pkg.slp"])
    assert turned.nodes == train.nodes[::-1]
    matched = match_nodes(turned, to=train)
    assert matched.nodes == train.nodes
    node = turned.nodes.index("head")
    np.testing.assert_array_equal(
        matched.frames[0].points[:, train.nodes.index("head")], turned.frames[0].points[:, node]
    )
    with pytest.raises(UserError, match="lacks"):
        match_nodes(open_labels([bad / "09_skeleton/fewer_nodes.pkg.slp"]), to=train)


def test_chosen_nodes_come_in_the_order_asked_for(shared_data):
    labels = open_labels([shared_data / "flies13_pair/val.pkg.slp"])
    chosen = select_nodes(labels, ["abdomen", "head", "thorax"])
    assert chosen.nodes == ("abdomen", "head", "thorax")
    assert set(chosen.edges) == {("thorax", "head"), ("thorax", "abdomen")}
    np.testing.assert_array_equal(
        chosen.frames[4].points[:, 1], labels.frames[4].points[:, labels.nodes.index("head")]
    )
    assert select_nodes(labels, None) is labels


def test_frames_without_a_chosen_node_show_no_animal(shared_data):
    labels = open_labels([shared_data / "bad/05_nan/anchor_always_missing.pkg.slp"])
    gone = select_nodes(labels, ["thorax"])
    assert (len(gone), len(with_animals(gone))) == (12, 0)
    both = select_nodes(labels, ["thorax", "head"])
    assert with_animals(both) is both


@pytest.mark.parametrize("names", [["head", "antler"], ["head", "head"]])
def test_wrong_node_names_are_refused(shared_data, names):
    labels = open_labels([shared_data / "flies13_pair/val.pkg.slp"])
    with pytest.raises(UserError) as caught:
        select_nodes(labels, names)
    assert caught.value.usage
    assert "'thorax'" in str(caught.value)


def test_a_prediction_that_was_corrected_is_not_used_twice(project):
    def predict(labels):
        user = labels.labeled_frames[0].instances[0]
        corrected = sio.PredictedInstance.from_numpy(user.numpy() + 1, skeleton=user.skeleton)
        other = sio.PredictedInstance.from_numpy(user.numpy() + 2, skeleton=user.skeleton)
        user.from_predicted = corrected
        labels.labeled_frames[0].instances += [corrected, other]

    labels = open_labels([project(edit=predict)], user_instances_only=False)
    assert len(labels.frames[0].points) == 2
    assert labels.frames[0].is_user.tolist() == [True, False]
    assert labels.counts.predicted_instances == 2


def test_tracks_of_several_files_are_joined_by_name(project, tmp_path):
    def name(*names):
        def edit(labels):
            labels.tracks = [sio.Track(name) for name in names]
            for frame, track in zip(labels.labeled_frames, labels.tracks, strict=False):
                frame.instances[0].track = track

        return edit

    first = project(edit=name("male", "female"))
    second = project(edit=name("female", "pup"), folder=tmp_path / "other")
    labels = open_labels([first, second])
    assert labels.tracks == ("male", "female", "pup")
    assert [frame.track_index.tolist() for frame in labels.frames] == [[0], [1], [-1], [1], [2], [-1]]


def test_a_file_that_adds_nothing_is_told(shared_data):
    bad = shared_data / "bad"
    labels = open_labels([bad / "10_tracks/no_tracks.pkg.slp", bad / "05_nan/all_nan.pkg.slp"])
    assert any("all_nan.pkg.slp: contributes no frame" in text for text in labels.warnings)


def test_missing_videos_still_let_the_labels_be_counted(shared_data):
    reading = read_labels([shared_data / "bad/02_missing_video/aeon_7_missing_videos.slp"])
    assert len(reading.labels) == 65
    assert reading.labels.frames[0].size is None
    assert len(reading.problems) == 1
    with pytest.raises(UserError, match="not found"):
        reading.labels.read_image(0)


def test_a_frame_that_became_unreadable_is_named(project):
    path = project()
    labels = open_labels([path])
    (path.parent / "img_1.png").write_bytes(b"")
    with pytest.raises(UserError, match=r"frame 1: .*it is empty"):
        labels.read_image(1)
    cv2.imwrite((path.parent / "img_2.png").as_posix(), np.zeros((21, 30), dtype=np.uint8))
    with pytest.raises(UserError, match="30×21 px with 1 channel, but 30×20 px"):
        labels.read_image(2)


def test_videos_are_read_by_frame_number(shared_data):
    labels = open_labels([shared_data / "projects/robot2/small_robot_minimal.slp"])
    reference = sio.load_video((shared_data / "projects/robot2/small_robot.mp4").as_posix())
    for index, frame in enumerate(labels.frames):
        np.testing.assert_array_equal(labels.read_image(index), reference[frame.frame_index])
    labels.close()
    assert labels.read_image(0).shape == (320, 560, 3), "reading opens the video again"


def test_one_animal_models_name_the_first_frame_with_two(shared_data):
    require_one_animal(open_labels([shared_data / "fly32_single/val.pkg.slp"]), where="a.key")
    labels = open_labels([shared_data / "bad/13_structure/one_or_two_or_no_animals.pkg.slp"])
    with pytest.raises(UserError, match=r"Some frames show 2 animals") as caught:
        require_one_animal(labels, where="a.key")
    first = next(i for i, frame in enumerate(labels.frames) if len(frame.points) == 2)
    assert caught.value.where == "a.key"
    assert f"on 4 frames of 8, the first is {labels.place(first)}." in caught.value.hint


def test_bottom_up_models_need_edges(shared_data):
    with pytest.raises(UserError, match="no edges"):
        require_edges(open_labels([shared_data / "bad/09_skeleton/no_edges.pkg.slp"]).edges, where="a.key")
    require_edges(open_labels([shared_data / "flies13_pair/val.pkg.slp"]).edges, where="a.key")


def test_frames_in_both_sets_are_counted(project):
    path = project()
    labels = open_labels([path])
    assert shared_frames(labels, open_labels([path]).subset([0, 2])) == 2
    assert shared_frames(labels.subset([0]), labels.subset([1])) == 0
