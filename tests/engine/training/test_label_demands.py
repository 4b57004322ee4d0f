"""What a model type needs of labels, and what is said where they give less than it seems."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.training.run import train
from sleapnn_engine.training.state import Training
from tests.engine.training.jobs import events
from tests.engine.training.rendered import NODES, built, job, trained, write_labels

CLASSED = ("multi_class_bottomup", "multi_class_topdown")
HEADS = "model_config__head_configs__"


def edited(labels: Path, name: str, edit: Callable[[sio.Labels], None]) -> Path:
    """A changed copy beside `labels`."""
    stored = sio.load_slp(labels.as_posix())
    edit(stored)
    path = labels.with_name(name)
    sio.save_slp(stored, path.as_posix(), embed=False, restore_original_videos=False)
    return path


def hide(node: int) -> Callable[[sio.Labels], None]:
    def edit(labels: sio.Labels) -> None:
        for frame in labels.labeled_frames:
            for instance in frame.instances:
                instance.points["xy"][node] = np.nan

    return edit


def two(folder: Path, **options: Any) -> Path:
    return write_labels(folder, animals=2, size=(64, 96), tracks=("short", "long"), **options)


def warnings(config: dict[str, Any]) -> list[str]:
    """What the log of a training warns of."""
    run = trained(config)
    bodies = [event["body"] for event in events(run) if event["kind"] == "log"]
    return [body["text"] for body in bodies if body["level"] == "warning"]


def refusal(config: dict[str, Any]) -> UserError:
    with pytest.raises(UserError) as caught:
        train(build_job(config), stream=io.StringIO())
    return caught.value


@pytest.mark.parametrize("role", ["train", "val"])
@pytest.mark.parametrize("model_type", ["single_instance", "centered_instance", "multi_class_bottomup"])
def test_labels_that_show_none_of_the_chosen_parts_are_refused(
    tmp_path: Path, model_type: str, role: str
) -> None:
    labels = write_labels(tmp_path, tracks=("fly",))
    without = edited(labels, "without.slp", hide(NODES.index("tail")))
    config = job(
        tmp_path,
        without if role == "train" else labels,
        model_type=model_type,
        data_config__val_labels_path=[str(labels if role == "train" else without)],
        **{f"{HEADS}{model_type}__confmaps__part_names": ["tail"]},
    )
    error = refusal(config)
    assert (error.message, error.where) == (
        "No animal shows one of the parts to learn, 'tail'.",
        str(without),
    )


def test_one_labels_file_under_two_names_is_refused(tmp_path: Path) -> None:
    labels = write_labels(tmp_path)
    (tmp_path / "other").mkdir()
    again = tmp_path / "other" / ".." / labels.name
    error = refusal(job(tmp_path, [labels, again]))
    assert (error.message, error.where) == ("This labels file is given twice.", str(again))


def test_frames_of_two_labels_files_are_counted(tmp_path: Path) -> None:
    labels = write_labels(tmp_path)
    newer = edited(labels, "newer.slp", lambda stored: stored.labeled_frames.pop())
    assert any(
        said.startswith("7 frames in more than one of the 2 labels files")
        for said in warnings(job(tmp_path, [labels, newer]))
    )


@pytest.mark.setting("data_config.val_labels_path")
def test_validation_frames_that_are_trained_on_are_counted(tmp_path: Path) -> None:
    labels = write_labels(tmp_path)
    part = edited(labels, "part.slp", lambda stored: stored.labeled_frames.pop())
    said = warnings(job(tmp_path, labels, data_config__val_labels_path=[str(part)]))
    assert any(one.startswith("7 validation frames of 7 are training frames as well") for one in said)
    other = write_labels(tmp_path / "other")
    apart = job(tmp_path, labels, data_config__val_labels_path=[str(other)], trainer_config__run_name="apart")
    assert not any("training frames as well" in one for one in warnings(apart))


def test_an_animal_without_a_track_is_not_the_track_without_a_name(tmp_path: Path) -> None:
    def edit(stored: sio.Labels) -> None:
        stored.tracks[0].name = ""
        for frame in stored.labeled_frames[:5]:
            frame.instances[0].track = None

    labels = edited(two(tmp_path), "nameless.slp", edit)

    def classes(training: Training) -> list[int]:
        samples = training.parts.batches.train
        return [int(samples.truth(index)[1][0]) for index in range(len(samples))]

    found = built(
        job(tmp_path, labels, model_type="multi_class_topdown", data_config__use_same_data_for_val=True),
        classes,
    )
    assert sorted(found) == [-1] * 5 + [0] * 3 + [1] * 8


@pytest.mark.parametrize("model_type", CLASSED)
def test_tracks_of_one_name_are_one_identity_and_that_is_said(tmp_path: Path, model_type: str) -> None:
    def edit(stored: sio.Labels) -> None:
        stored.tracks[1].name = stored.tracks[0].name

    labels = edited(two(tmp_path), "same.slp", edit)
    said = warnings(job(tmp_path, labels, model_type=model_type))
    assert f"{labels}: 2 tracks have the name 'short' and count as one." in said
    assert "There is only one identity, 'short': there is nothing to tell apart." in said


@pytest.mark.parametrize("model_type", CLASSED)
def test_identities_that_cannot_be_learned_or_measured_are_named(tmp_path: Path, model_type: str) -> None:
    def leave(name: str) -> Callable[[sio.Labels], None]:
        def edit(stored: sio.Labels) -> None:
            for frame in stored.labeled_frames:
                for instance in frame.instances:
                    instance.track = instance.track if instance.track.name == name else None

        return edit

    labels = two(tmp_path)
    short, long = (edited(labels, f"{name}.slp", leave(name)) for name in ("short", "long"))
    said = warnings(job(tmp_path, short, model_type=model_type, data_config__val_labels_path=[str(long)]))
    assert "No labelled animal is 'long': nothing can be learned of it." in said
    assert "1 identity ('short') learned but not measured: on no validation frame." in said
    assert "1 identity ('long') measured but not learned: on no training frame." in said


@pytest.mark.parametrize("model_type", CLASSED)
def test_an_identity_on_one_frame_is_named(tmp_path: Path, model_type: str) -> None:
    def edit(stored: sio.Labels) -> None:
        for frame in stored.labeled_frames[1:]:
            frame.instances[1].track = stored.tracks[0]

    labels = edited(two(tmp_path), "rare.slp", edit)
    said = warnings(job(tmp_path, labels, model_type=model_type))
    assert "On one frame only, which teaches little: 'long'." in said


@pytest.mark.setting("model_config.head_configs.bottomup.pafs.edges")
def test_limbs_that_are_never_whole_or_hang_apart_are_named(tmp_path: Path) -> None:
    labels = edited(two(tmp_path), "hidden.slp", hide(NODES.index("tail")))
    said = warnings(job(tmp_path, labels, model_type="bottomup"))
    assert "No animal shows both ends of 'neck' → 'tail': nothing is learned of them." in said
    config = job(
        tmp_path,
        two(tmp_path / "whole"),
        model_type="bottomup",
        model_config__head_configs__bottomup__pafs__edges=[["nose", "neck"]],
        trainer_config__run_name="apart",
    )
    groups = "The edges leave the body parts in 2 groups, ('nose', 'neck'), ('tail'): "
    assert any(one.startswith(groups) for one in warnings(config))


def test_limbs_that_lead_in_a_circle_are_refused_with_their_names(tmp_path: Path) -> None:
    around = [["nose", "neck"], ["neck", "tail"], ["tail", "nose"]]
    config = job(
        tmp_path,
        two(tmp_path),
        model_type="bottomup",
        model_config__head_configs__bottomup__pafs__edges=around,
    )
    assert "'nose' → 'neck', 'neck' → 'tail', 'tail' → 'nose'" in refusal(config).message


@pytest.mark.parametrize("model_type", ["centered_instance", "multi_class_topdown"])
def test_a_crop_without_any_labelled_point_is_trained_on_and_drawn(tmp_path: Path, model_type: str) -> None:
    """The middle of an animal whose parts are all farther away than the crop reaches; without any other, nothing
    could be learned."""
    labels = edited(two(tmp_path), "ends.slp", hide(NODES.index("neck")))
    small = {"model_type": model_type, "data_config__preprocessing__crop_size": 4}
    assert (
        refusal(job(tmp_path, labels, **small)).message
        == "Crops of 4 px show no part of any training animal."
    )
    run = trained(
        job(
            tmp_path,
            [labels, two(tmp_path, name="whole.slp", frames=1)],
            **small,
            trainer_config__visualize_preds_during_training=True,
            trainer_config__keep_viz=True,
        )
    )
    assert {path.name for path in (run / "viz").iterdir()} == {"train.0000.png", "validation.0000.png"}
    said = [event["body"]["text"] for event in events(run) if event["kind"] == "log"]
    assert any("Crops of 4 px do not hold all parts of 14 training animals of 14" in text for text in said)


@pytest.mark.parametrize("pipeline", ["torch_dataset", "torch_dataset_cache_img_memory"])
def test_colour_images_of_a_single_pixel_are_trained_on(tmp_path: Path, pipeline: str) -> None:
    config = job(
        tmp_path,
        write_labels(tmp_path, channels=3),
        data_config__data_pipeline_fw=pipeline,
        data_config__preprocessing__scale=0.01,
    )
    assert "The network sees images of 1×1 px, less than its largest stride: padded to 8×8 px." in warnings(
        config
    )


@pytest.mark.setting("data_config.train_labels_path")
def test_a_path_from_home_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_labels(tmp_path / "data")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert (trained(job(tmp_path, Path("~/data/labels.slp"))) / "labels_gt.train.0.slp").is_file()
