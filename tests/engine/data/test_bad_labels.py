"""Every label file that goes wrong: it opens with a sensible result, or is refused in words; nothing else."""

import zipfile

import numpy as np
import pytest

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.labels import read_labels
from tests.engine.data.opened import open_labels

# file -> (words of the refusal)
REFUSED = {
    "01_empty/zero_bytes.slp": "empty (0 bytes)",
    "01_empty/empty_labels.slp": "no labelled frames",
    "01_empty/skeleton_and_video_no_frames.slp": "no labelled frames",
    "01_empty/frames_without_instances.pkg.slp": "No animal is labelled on the 6 frames",
    "02_missing_video/aeon_7_missing_videos.slp": "7 of its videos were not found",
    "02_missing_video/windows_path.slp": "C:/Users/someone/My Videos/clip.mp4 (15 frames)",
    "03_no_user_instances/predicted_only.pkg.slp": "no hand-labelled animals (24 are predicted)",
    "05_nan/all_nan.pkg.slp": "visible point",
    "06_damaged/truncated.pkg.slp": "damaged or cut short",
    "06_damaged/bad_superblock.pkg.slp": "damaged or cut short",
    "06_damaged/not_hdf5.slp": "JSON text",
    "06_damaged/renamed_mp4.slp": "it is a video",
    "06_damaged/no_metadata_group.slp": "no 'metadata'",
    "06_damaged/bad_json_in_metadata.slp": "damaged",
    "06_damaged/instance_points_out_of_range.slp": "contradicts itself",
    "07_damaged_video/truncated_no_moov/labels.slp": "clip.mp4 can be read",
    "07_damaged_video/zero_bytes/labels.slp": "clip.mp4 can be read",
    "09_skeleton/two_skeletons.pkg.slp": "2 skeletons",
    "15_reports/fewer_nodes_than_points/l.slp": "16 animals have 4 points, but the skeleton 's' has 3 nodes",
    "15_reports/moved_film_of_other_size/l.slp": "160×128 px with 8 frames when it was labelled",
    "15_reports/predicted_only/l.slp": "no hand-labelled animals (16 are predicted)",
    "15_reports/track_index_out_of_range/l.slp": "table 'instances', row 3: 'track' is 5, but the file has 2 tracks",
    "15_reports/validation_without_animals/val.slp": "visible point",
    "14_old_files/json_format_v2_minimal_instance.json": "JSON text",
}
# file -> (frames, most animals on a frame, words of one warning or "")
OPENS = {
    "02_missing_video/windows_path_found_beside/labels.slp": (15, 2, ""),
    "02_missing_video/image_list_some_missing/labels.slp": (4, 2, "2 frames without a readable image"),
    "04_one_frame/minimal_instance.pkg.slp": (1, 2, ""),
    "04_one_frame/one_frame_one_instance.pkg.slp": (1, 1, ""),
    "05_nan/half_frames_nan.pkg.slp": (6, 2, "12 animals without a visible point"),
    "05_nan/one_node_never_labelled.pkg.slp": (12, 2, "'abdomen'"),
    "05_nan/anchor_always_missing.pkg.slp": (12, 2, "'thorax'"),
    "05_nan/one_point_per_instance.pkg.slp": (12, 2, "never visible"),
    "06_damaged/broken_image_inside.pkg.slp": (10, 1, "frame 3: it is cut short"),
    "07_damaged_video/shorter_than_labels/labels.slp": (5, 2, "ends after 40 frames"),
    "15_reports/centroid_marks_only/l.slp": (8, 0, "16 centroid marks without body parts"),
    "15_reports/equal_skeletons_twice/l.slp": (8, 2, ""),
    "15_reports/film_damaged_in_the_middle/l.slp": (10, 2, "10 frames without a readable image"),
    "15_reports/film_first_frame_damaged/l.slp": (9, 2, "1 frame without a readable image"),
    "15_reports/negative_frames/l.slp": (5, 2, "3 frames marked as empty: left out"),
    "15_reports/same_film_listed_twice/l.slp": (8, 2, "merged (video 0 (a.mp4) frame 4)"),
    "15_reports/same_name_two_folders/l.slp": (8, 2, "2 videos are not where the labels say"),
    "15_reports/second_file_other_skeleton/l1.slp": (8, 2, ""),
    "15_reports/second_file_other_skeleton/l2.slp": (8, 2, ""),
    "15_reports/tracks_on_one_frame/l.slp": (8, 2, ""),
    "15_reports/validation_without_animals/l.slp": (8, 2, ""),
    "09_skeleton/no_edges.pkg.slp": (12, 2, ""),
    "09_skeleton/disconnected_edges.pkg.slp": (12, 2, ""),
    "09_skeleton/cycle_and_self_edge.pkg.slp": (12, 2, ""),
    "09_skeleton/one_node.pkg.slp": (12, 2, ""),
    "09_skeleton/other_node_order.pkg.slp": (12, 2, ""),
    "09_skeleton/fewer_nodes.pkg.slp": (12, 2, ""),
    "10_tracks/no_tracks.pkg.slp": (12, 2, ""),
    "10_tracks/half_untracked.pkg.slp": (12, 2, ""),
    "10_tracks/one_track_for_all.pkg.slp": (12, 2, "one track on two animals"),
    "10_tracks/same_track_twice_in_a_frame.pkg.slp": (12, 2, "one track on two animals"),
    "10_tracks/a_new_track_each_frame.pkg.slp": (12, 2, ""),
    "10_tracks/unused_tracks.pkg.slp": (12, 2, ""),
    "11_images/mixed_sizes.pkg.slp": (12, 2, ""),
    "11_images/mixed_channels.pkg.slp": (12, 2, ""),
    "11_images/tiny_24x20.pkg.slp": (12, 1, ""),
    "11_images/odd_191x187.pkg.slp": (12, 1, ""),
    "11_images/long_1600x48.pkg.slp": (12, 1, ""),
    "11_images/uint16_images.pkg.slp": (12, 1, "12 images of 16 bits"),
    "11_images/all_black.pkg.slp": (12, 1, ""),
    "12_positions/out_of_bounds.pkg.slp": (4, 2, "outside the image"),
    "12_positions/some_points_outside.pkg.slp": (12, 2, "94 points outside the image"),
    "12_positions/infinite_and_huge.pkg.slp": (12, 2, "24 points without a finite position"),
    "12_positions/at_image_corner.pkg.slp": (12, 2, "6 points outside the image"),
    "12_positions/all_points_the_same.pkg.slp": (12, 2, ""),
    "13_structure/duplicate_labeled_frames.pkg.slp": (12, 3, "3 frames labelled more than once"),
    "13_structure/same_instance_three_times.pkg.slp": (12, 1, "24 animals exactly like another"),
    "13_structure/one_or_two_or_no_animals.pkg.slp": (8, 2, ""),
    "13_structure/twenty_five_instances_a_frame.pkg.slp": (8, 25, ""),
    "13_structure/user_and_predicted_mixed.pkg.slp": (12, 2, "6 predicted animals beside labelled ones"),
    "14_old_files/windows_single_image_video/small_robot_siv.slp": (3, 1, ""),
    "14_old_files/windows_single_image_video/small_robot_siv_caching.slp": (3, 1, ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_used_is_refused_in_words(shared_data, name):
    path = shared_data / "bad" / name
    with pytest.raises(UserError) as caught:
        open_labels([path])
    assert REFUSED[name] in str(caught.value)
    assert caught.value.where == str(path)
    assert caught.value.hint
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("name", OPENS)
def test_an_awkward_file_opens_and_says_what_it_leaves_out(shared_data, name):
    frames, most, warning = OPENS[name]
    labels = open_labels([shared_data / "bad" / name])
    assert (len(labels), labels.max_instances) == (frames, most)
    assert any(warning in said for said in labels.warnings) if warning else True
    for index, frame in enumerate(labels.frames):
        image = labels.read_image(index)
        assert (image.dtype, image.shape) == (np.uint8, frame.size)
        seen = frame.points[np.isfinite(frame.points).all(-1)]
        assert (seen >= -0.5).all()
        assert (seen < [image.shape[1], image.shape[0]]).all()
        assert np.isfinite(frame.points).any(axis=(1, 2)).all()
    labels.close()


def test_no_case_of_the_collection_is_forgotten(shared_data):
    bad = shared_data / "bad"
    there = {str(p.relative_to(bad)) for p in bad.rglob("*.slp")} | {
        str(p.relative_to(bad)) for p in bad.rglob("14*/*.json")
    }
    known = {name for name in there if not name.startswith(("08_", "configs"))}
    assert known == set(REFUSED) | set(OPENS)


def test_names_of_any_script_are_kept(shared_data, tmp_path):
    with zipfile.ZipFile(shared_data / "bad" / "08_names.zip") as archive:
        archive.extractall(tmp_path)
    paths = sorted(tmp_path.rglob("*.slp"))
    assert len(paths) == 3
    for path in paths:
        labels = open_labels([path])
        assert labels.read_image(0).size
        labels.close()
    cyrillic = next(path for path in paths if "ミバエ" in path.name)
    assert any(not name.isascii() for name in open_labels([cyrillic]).nodes)


def test_unlabelled_predictions_are_used_when_asked_for(shared_data):
    path = shared_data / "bad/03_no_user_instances/predicted_only.pkg.slp"
    labels = open_labels([path], user_instances_only=False)
    assert (len(labels), labels.max_instances) == (12, 2)
    assert not any(frame.is_user.any() for frame in labels.frames)


def test_sixteen_bits_are_scaled_by_range(shared_data):
    labels = open_labels([shared_data / "bad/11_images/uint16_images.pkg.slp"])
    image = labels.read_image(0)
    # Clipping or wrapping would leave a picture that is nearly all white, or noise.
    assert 20 < image.mean() < 235
    assert np.abs(np.diff(image[..., 0].astype(int), axis=1)).mean() < 20


def test_a_video_of_a_longer_matching_path_is_not_read_from_the_file_beside(shared_data):
    folder = shared_data / "bad/15_reports/same_name_two_folders"
    labels = open_labels([folder / "l.slp"])
    assert [video.path for video in labels.videos] == [str(folder / "day1/cam.mp4"), str(folder / "cam.mp4")]
    labels.close()


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_ends_in_labels_or_in_words(shared_data, tmp_path, seed):
    data = bytearray((shared_data / "bad/04_one_frame/one_frame_one_instance.pkg.slp").read_bytes())
    random = np.random.default_rng(seed)
    for place in random.integers(0, len(data), random.choice([1, 5, 40])):
        data[place] = random.integers(256)
    path = tmp_path / "damaged.pkg.slp"
    path.write_bytes(data)
    reading = read_labels([path])  # any error but the ones it collects fails the test
    assert all(problem.where == str(path) for problem in reading.problems)
    assert len(reading.labels) == 1 or reading.problems
