"""What a labels file holds beyond the plain case: several skeletons, marks, empty frames, identities, deep pictures."""

import cv2
import h5py
import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.config.centring import USUAL
from sleapnn_engine.config.checks.labels import misfit
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.describe import describe_labels
from sleapnn_engine.data.label_checks import require_visible
from sleapnn_engine.data.labels import read_labels, with_animals
from sleapnn_engine.data.model_labels import with_centers, with_marks
from sleapnn_engine.data.pixel_span import ValueRange
from tests.engine.data.drawn import labels, write_video
from tests.engine.data.opened import open_labels


@pytest.fixture
def project(tmp_path):
    """Return a function that writes labels of one video, changed by `edit`, and gives their path."""
    write_video(tmp_path / "a.mp4")
    return lambda edit=None, name="l.slp": labels(tmp_path / name, ["a.mp4"], edit=edit)


def second_skeleton(nodes, edges=((0, 1), (1, 2)), symmetries=(), *, kind=sio.Instance):
    """Give the animal of the last frame a skeleton of its own."""

    def edit(project):
        other = sio.Skeleton(nodes=list(nodes), edges=list(edges), symmetries=list(symmetries), name="other")
        project.skeletons.append(other)
        frame = project.labeled_frames[-1]
        points = [[10.0 + i, 20.0] for i in range(len(nodes))]
        made = kind.from_numpy(np.array(points), skeleton=other)
        frame.instances = [made] if kind is sio.Instance else [*frame.instances, made]

    return edit


def test_equal_skeletons_are_one(project):
    reading = open_labels([project(second_skeleton(("head", "body", "tail")))])
    assert (len(reading), reading.nodes, reading.warnings) == (3, ("head", "body", "tail"), ())


def test_nodes_in_another_order_are_matched_by_name(project):
    reading = open_labels([project(second_skeleton(("tail", "head", "body"), edges=((1, 2), (2, 0))))])
    np.testing.assert_array_equal(reading.frames[-1].points[0, :, 0], [11, 12, 10])
    (said,) = reading.warnings
    assert "another order and are matched by name" in said


@pytest.mark.parametrize(
    ("change", "words"), [({"edges": ((0, 2),)}, "edges"), ({"symmetries": ((0, 2),)}, "symmetries")]
)
def test_other_edges_or_symmetries_are_told(project, change, words):
    reading = open_labels([project(second_skeleton(("head", "body", "tail"), **change))])
    assert len(reading) == 3
    assert any(f"the {words} of a second skeleton, 'other', differ" in said for said in reading.warnings)


def test_skeletons_of_other_nodes_are_refused_with_what_differs(project):
    with pytest.raises(
        UserError,
        match=r"2 skeletons, 's' \(3 nodes\) and 'other' \(3 nodes\).*lacks 'tail'.*also has 'wing'",
    ):
        open_labels([project(second_skeleton(("head", "body", "wing")))])


def test_the_skeleton_of_predictions_that_are_not_learned_does_not_matter(project):
    path = project(second_skeleton(("x", "y"), edges=(), kind=sio.PredictedInstance))
    assert open_labels([path]).nodes == ("head", "body", "tail")
    assert "2 skeletons" in str(read_labels([path], user_instances_only=False).problems[0])


def mark(*places, kind=sio.UserCentroid, poses=False, **more):
    def edit(project):
        for frame in project.labeled_frames:
            frame.centroids += [kind(x=x, y=y, **more) for x, y in places]
            if not poses:
                frame.instances = []

    return edit


def test_a_model_of_centres_learns_from_marks_and_others_say_why_not(project):
    path = project(mark((20, 30), (70, 12)))
    reading = open_labels([path])
    assert len(reading) == 3
    with pytest.raises(UserError, match="6 centroid marks, which have no body parts"):
        require_visible(with_animals(reading), where="a.key")
    learned = with_marks(with_centers(reading, centring=USUAL, where=""))
    np.testing.assert_array_equal(learned.frames[0].centers, [[20, 30], [70, 12]])
    assert learned.max_instances == 2
    facts = describe_labels([path])
    assert (facts["problems"], facts["centroid_marks"], facts["centroid_frames"]) == ([], 6, 3)
    assert misfit("centroid", facts) == ""
    for model_type in ("single_instance", "centered_instance", "bottomup", "multi_class_topdown"):
        assert "6 centroid marks, which have no body parts" in misfit(model_type, facts)


def test_marks_beside_animals_stand_for_others_than_those(project):
    reading = open_labels([project(mark((30, 25), (90, 60), (200, 5), (np.nan, 4), poses=True))])
    assert [frame.marks.tolist() for frame in reading.frames] == [[[90, 60]]] * 3
    learned = with_marks(with_centers(reading, centring=USUAL, where=""))
    assert [len(frame.centers) for frame in learned.frames] == [2, 2, 2]
    text = " ".join(reading.warnings)
    assert "3 centroid marks without body parts" in text
    assert "6 centroid marks outside the image" in text


def test_predicted_marks_count_as_other_predictions_do(project):
    path = project(mark((20, 30), kind=sio.PredictedCentroid, score=0.9))
    assert "No animal is labelled" in str(read_labels([path]).problems[0])
    assert open_labels([path], user_instances_only=False).counts.centroid_marks == 3


def test_frames_marked_as_empty_are_counted_and_told(project):
    def edit(project):
        project.labeled_frames[0].instances = []
        project.labeled_frames[0].is_negative = True

    reading = open_labels([project(edit)])
    assert (len(reading), reading.counts.negative_frames) == (2, 1)
    assert any("1 frame marked as empty: left out" in said and "frame 0" in said for said in reading.warnings)


def test_identities_and_masks_that_are_not_read_are_told(project):
    def edit(project):
        project.identities = [sio.Identity(name="Anna")]
        for frame in project.labeled_frames:
            frame.instances[0].identity = project.identities[0]
            frame.masks.append(sio.UserSegmentationMask.from_numpy(np.eye(64, 96, dtype=bool)))

    text = " ".join(open_labels([project(edit)]).warnings)
    assert "3 animals have an identity ('Anna'), which is not read" in text
    assert "Not read: 3 masks" in text


def deep_project(folder, images, *, suffix=".png"):
    for number, image in enumerate(images):
        cv2.imwrite((folder / f"{number}{suffix}").as_posix(), image)
    names = [f"{number}{suffix}" for number in range(len(images))]
    shape = (len(images), *images[0].shape[:2], 1)
    return labels(folder / "l.slp", [names], frames=range(len(images)), shape=shape)


RAMP = np.linspace(0, 1, 64 * 96).reshape(64, 96)


@pytest.mark.parametrize(
    ("suffix", "kind", "low", "high"),
    [
        (".png", np.uint16, 0, 4095),
        (".png", np.uint16, 0, 1023),
        (".png", np.uint16, 0, 65535),
        (".png", np.uint16, 7000, 9000),
        (".tif", np.uint16, 0, 4095),
        (".tif", np.int16, -3000, 3000),
        (".tif", np.float32, 0, 1),
        (".tif", np.float32, -0.2, 0.7),
        (".tif", np.float32, 0, 255),
        (".tif", np.float32, 0, 4000),
    ],
)
def test_the_range_that_is_there_is_used_alike_for_all_pictures_of_a_video(tmp_path, suffix, kind, low, high):
    bright = (low + RAMP * (high - low)).astype(kind)
    dim = (low + RAMP * (high - low) / 2).astype(kind)
    reading = open_labels([deep_project(tmp_path, [dim, bright], suffix=suffix)])
    images = [reading.read_image(index)[..., 0] for index in range(2)]
    assert len(np.unique(images[1])) > 200
    assert images[1].max() >= 245
    assert images[1].min() == 0
    assert 0.4 < images[0].max() / images[1].max() < 0.6, "dim pictures stay dim"
    (said,) = [text for text in reading.warnings if "scaled to 8" in text]
    assert "2 images of" in said


def test_stacks_and_array_files_of_deep_pictures_use_their_range(tmp_path):
    images = np.stack([(RAMP * top).astype(np.uint16) for top in (2000, 4095)])
    cv2.imwritemulti((tmp_path / "a.tif").as_posix(), list(images))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("images", data=images[..., None])
    for name in ("a.tif", "a.h5"):
        path = labels(tmp_path / "l.slp", [name], frames=[0, 1], shape=(2, 64, 96, 1))
        reading = open_labels([path])
        assert reading.read_image(1).max() == 255, name
        assert 110 < reading.read_image(0).max() < 140, name
        assert any("0 as black and 4095 as white" in said for said in reading.warnings), name
        reading.close()


def test_masks_of_zero_and_one_are_shown_and_dark_pictures_stay_dark(tmp_path):
    masks = open_labels([deep_project(tmp_path, [(RAMP > 0.5).astype(np.uint8)] * 2)])
    assert masks.read_image(0).max() == 255
    assert any("0 as black and 1 as white" in said for said in masks.warnings)
    dark = open_labels([deep_project(tmp_path, [(RAMP > 0.5).astype(np.uint8), (RAMP * 9).astype(np.uint8)])])
    assert (dark.read_image(0).max(), dark.read_image(1).max()) == (1, 9)


def test_transparency_is_left_out_and_told(tmp_path):
    image = np.dstack([(RAMP * 255).astype(np.uint8)] * 4)
    reading = open_labels([deep_project(tmp_path, [image])])
    assert any("1 image with transparency" in said for said in reading.warnings)


def test_values_that_are_not_finite_and_flat_pictures_give_a_range():
    values = ValueRange()
    values.add(np.array([[np.nan, np.inf], [0.25, 0.5]], dtype=np.float32))
    assert values.span() == (0.0, 1.0)
    flat = ValueRange()
    flat.add(np.full((3, 3), -7, dtype=np.int16))
    low, high = flat.span()
    assert low < high
