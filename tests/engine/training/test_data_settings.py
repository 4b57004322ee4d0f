"""Each setting of the data, from a config to the images a network would be given."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from torch import Tensor

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.training.state import Training
from tests.engine.training.rendered import NODES, built, job, trained, write_labels


def frames(training: Training, part: str) -> list[tuple[int, int]]:
    """(file, frame) of what is trained on or validated with."""
    return [
        (frame.file_index, frame.frame_index)
        for frame in getattr(training.parts.batches, part).store.labels.frames
    ]


def first_image(training: Training) -> Tensor:
    """(C, H, W) of the first training sample, as the network gets it."""
    return training.parts.batches.sample(training.parts.batches.train, 0).images[0]


def picture(folder: Path, training: Training) -> np.ndarray:
    """(H, W, 3) RGB of the same as it was drawn."""
    frame = training.parts.batches.train.store.labels.frames[0].frame_index
    return cv2.imread((folder / "labels" / f"{frame:03d}.png").as_posix())[..., ::-1]


@pytest.mark.setting("name", "description", "sleap_nn_version", "filename")
def test_notes_stay_in_the_configs_of_the_run_as_they_are(tmp_path: Path) -> None:
    notes = {"name": "flies", "description": "two\nlines", "sleap_nn_version": "99.9?", "filename": "no/such"}
    run = trained(job(tmp_path, write_labels(tmp_path), **notes))
    for file in ("initial_config.yaml", "training_config.yaml"):
        found = read_config(run / file).values
        assert {name: found[name] for name in notes} == notes


@pytest.mark.setting("data_config.provider")
def test_labels_files_are_the_one_kind_that_is_read(tmp_path: Path) -> None:
    labels = write_labels(tmp_path)
    known = job(tmp_path, labels, data_config__provider="LabelsReader")
    assert built(known, lambda training: training.parts.batches.nodes) == NODES
    with pytest.raises(UserError, match=r"data_config\.provider"):
        build_job(job(tmp_path, labels, data_config__provider="VideoReader"))


@pytest.mark.setting("data_config.train_labels_path")
def test_every_training_file_is_learned_from_if_the_skeletons_agree(tmp_path: Path) -> None:
    one, two = write_labels(tmp_path, "one.slp", frames=4), write_labels(tmp_path, "two.slp", frames=8)
    other = write_labels(tmp_path, "other.slp", nodes=("nose", "neck"))

    def seen(training: Training) -> list[tuple[int, int]]:
        return sorted(frames(training, "train") + frames(training, "val"))

    assert built(job(tmp_path, one), seen) == [(0, frame) for frame in range(4)]
    both = [(0, frame) for frame in range(4)] + [(1, frame) for frame in range(8)]
    assert built(job(tmp_path, [one, two]), seen) == both
    with pytest.raises(UserError, match="lacks 'tail'") as caught:
        trained(job(tmp_path, [one, other]))
    assert str(other) in str(caught.value)


@pytest.mark.setting("data_config.val_labels_path")
def test_validation_files_measure_and_are_not_learned_from(tmp_path: Path) -> None:
    labels, other = write_labels(tmp_path), write_labels(tmp_path, "other.slp", frames=5)

    def files(training: Training) -> list[tuple[int, str]]:
        parts = (training.parts.batches.train, training.parts.batches.val)
        return [(len(part), part.store.labels.files[0].name) for part in parts]

    given = job(tmp_path, labels, data_config__val_labels_path=[str(other)])
    assert built(given, files) == [(8, "labels.slp"), (5, "other.slp")]
    assert built(job(tmp_path, labels), files) == [(6, "labels.slp"), (2, "labels.slp")]


@pytest.mark.setting("data_config.validation_fraction")
@pytest.mark.parametrize(("share", "per_file"), [(0.25, {0: 2, 1: 3}), (0.5, {0: 4, 1: 6})])
def test_a_share_of_each_file_is_set_aside(tmp_path: Path, share: float, per_file: dict[int, int]) -> None:
    labels = [write_labels(tmp_path, "one.slp"), write_labels(tmp_path, "two.slp", frames=12)]
    train, val = built(
        job(tmp_path, labels, data_config__validation_fraction=share),
        lambda training: (frames(training, "train"), frames(training, "val")),
    )
    assert {file: sum(place[0] == file for place in val) for file in (0, 1)} == per_file
    assert set(train) & set(val) == set()


@pytest.mark.setting("data_config.use_same_data_for_val")
def test_training_frames_can_be_validated_with(tmp_path: Path) -> None:
    config = job(tmp_path, write_labels(tmp_path), data_config__use_same_data_for_val=True)
    train, val = built(config, lambda training: (frames(training, "train"), frames(training, "val")))
    assert train == val == [(0, frame) for frame in range(8)]


@pytest.mark.setting("data_config.user_instances_only")
@pytest.mark.parametrize(("only_user", "count"), [(True, 5), (False, 8)])
def test_predictions_are_learned_from_only_when_asked(tmp_path: Path, only_user: bool, count: int) -> None:
    labels = write_labels(tmp_path, predicted=3)
    config = job(tmp_path, labels, data_config__user_instances_only=only_user)
    assert (
        built(config, lambda training: training.parts.batches.n_train + training.parts.batches.n_val) == count
    )


def caching(folder: Path, pipeline: str, **changes: Any) -> dict[str, Any]:
    changes = {key: value for key, value in changes.items() if value is not None}
    return job(folder, folder / "labels.slp", data_config__data_pipeline_fw=pipeline, **changes)


@pytest.mark.setting("data_config.data_pipeline_fw")
@pytest.mark.parametrize(
    ("pipeline", "kept"),
    [
        ("torch_dataset", None),
        ("torch_dataset_cache_img_memory", 0),
        ("torch_dataset_cache_img_disk", 8),
    ],
)
def test_images_wait_in_the_files_in_memory_or_on_disk(
    tmp_path: Path, pipeline: str, kept: int | None
) -> None:
    write_labels(tmp_path)

    def without_files(training: Training) -> int | None:
        """Cached images in the run folder, None where batches cannot be had once the pictures are gone."""
        for file in (tmp_path / "labels").iterdir():
            file.unlink()
        try:
            for _ in range(6):
                assert training.parts.batches.next_batch().images.max() > 0.5
        except UserError:
            return None
        return len(list(training.parts.folder.rglob("*_imgs/*.jpg")))

    assert built(caching(tmp_path, pipeline), without_files) == kept


DISK = "torch_dataset_cache_img_disk"


@pytest.mark.setting("data_config.cache_img_path")
@pytest.mark.parametrize("chosen", [None, "cache"])
def test_cached_images_go_to_the_run_folder_or_to_a_chosen_one(tmp_path: Path, chosen: str | None) -> None:
    write_labels(tmp_path)
    folder = tmp_path / (chosen or "models/run")
    config = caching(tmp_path, DISK, data_config__cache_img_path=chosen and str(folder))
    found = built(config, lambda _: {path.parent for path in tmp_path.rglob("*.jpg")})
    assert found == {folder / "train_imgs", folder / "val_imgs"}


@pytest.mark.setting("data_config.use_existing_imgs")
@pytest.mark.parametrize("reuse", [True, False])
def test_cached_images_of_an_earlier_run_are_taken_or_written_anew(tmp_path: Path, reuse: bool) -> None:
    write_labels(tmp_path)
    keep = {
        "data_config__cache_img_path": str(tmp_path / "cache"),
        "data_config__delete_cache_imgs_after_training": False,
    }
    trained(caching(tmp_path, DISK, **keep, trainer_config__run_name="first"))
    for path in (tmp_path / "cache").rglob("*.jpg"):
        cv2.imwrite(path.as_posix(), np.full((64, 64), 250, np.uint8))
    darkest = built(
        caching(tmp_path, DISK, **keep, data_config__use_existing_imgs=reuse),
        lambda training: float(training.parts.batches.next_batch().images.min()),
    )
    assert (darkest > 0.9) == reuse


@pytest.mark.setting("data_config.use_existing_imgs", "data_config.cache_img_path")
def test_without_a_folder_images_are_taken_from_the_earlier_run_of_that_name(tmp_path: Path) -> None:
    write_labels(tmp_path)
    first = trained(caching(tmp_path, DISK, data_config__delete_cache_imgs_after_training=False))
    for path in first.rglob("*.jpg"):
        cv2.imwrite(path.as_posix(), np.full((64, 64), 250, np.uint8))
    again = caching(tmp_path, DISK, data_config__use_existing_imgs=True)
    assert built(again, lambda training: float(training.parts.batches.next_batch().images.min())) > 0.9
    with pytest.raises(UserError, match="Where the cached images are is not known"):
        trained({**again, "trainer_config": {**again["trainer_config"], "run_name": None}})


@pytest.mark.setting("data_config.delete_cache_imgs_after_training")
@pytest.mark.parametrize(("delete", "left"), [(True, 0), (False, 8)])
def test_cached_images_are_removed_at_the_end_or_stay(tmp_path: Path, delete: bool, left: int) -> None:
    write_labels(tmp_path)
    cache = {"data_config__cache_img_path": str(tmp_path / "cache")}
    trained(caching(tmp_path, DISK, **cache, data_config__delete_cache_imgs_after_training=delete))
    assert len(list(tmp_path.glob("cache/*/*.jpg"))) == left
    if left:
        # What was there before a run is not its to remove.
        trained(caching(tmp_path, DISK, **cache, data_config__use_existing_imgs=True))
        assert len(list(tmp_path.glob("cache/*/*.jpg"))) == left


@pytest.mark.setting("data_config.use_augmentations_train")
@pytest.mark.parametrize("vary", [True, False])
def test_training_images_are_varied_and_validation_images_never(tmp_path: Path, vary: bool) -> None:
    config = job(
        tmp_path,
        write_labels(tmp_path),
        data_config__use_augmentations_train=vary,
        data_config__augmentation_config__intensity={
            "brightness_p": 1.0,
            "brightness_max": 0.5,
            "brightness_min": 0.5,
        },
    )

    def brightest(training: Training) -> tuple[float, float]:
        batches = list(training.parts.batches.validation())
        return float(training.parts.batches.next_batch().images.max()), max(
            float(b.images.max()) for b in batches
        )

    train, val = built(config, brightest)
    assert (train < 0.5) == vary
    assert val > 0.8


@pytest.mark.setting("data_config.skeletons")
def test_the_skeleton_in_a_config_is_replaced_by_that_of_the_labels(tmp_path: Path) -> None:
    run = trained(job(tmp_path, write_labels(tmp_path), data_config__skeletons=[{"nodes": "old"}]))
    (found,) = read_config(run / "training_config.yaml").values["data_config"]["skeletons"]
    assert [node["name"] for node in found["nodes"]] == list(NODES)
    assert len(found["edges"]) == 2


@pytest.mark.setting(
    "data_config.preprocessing.ensure_rgb", "data_config.preprocessing.ensure_grayscale",
)  # fmt: skip
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("force", [None, "ensure_rgb", "ensure_grayscale"])
def test_colours_are_those_of_the_images_unless_forced(
    tmp_path: Path, channels: int, force: str | None
) -> None:
    changes = {f"data_config__preprocessing__{force}": True} if force else {}
    config = job(tmp_path, write_labels(tmp_path, channels=channels), **changes)
    shown, drawn = built(config, lambda training: (first_image(training), picture(tmp_path, training)))
    assert shown.shape[0] == {None: channels, "ensure_rgb": 3, "ensure_grayscale": 1}[force]
    expected = drawn if shown.shape[0] == 3 else (drawn @ [0.299, 0.587, 0.114])[..., None].round()
    np.testing.assert_allclose(shown.permute(1, 2, 0) * 255, expected, atol=1)


@pytest.mark.setting("data_config.preprocessing.max_height", "data_config.preprocessing.max_width")
@pytest.mark.parametrize(
    ("sizes", "filled", "whole"),
    [
        ({}, (64, 48), (64, 48)),
        ({"max_height": 32}, (32, 24), (32, 24)),
        ({"max_width": 96}, (128, 96), (128, 96)),
        ({"max_height": 32, "max_width": 48}, (32, 24), (32, 48)),
        ({"max_height": 96, "max_width": 48}, (64, 48), (96, 48)),
    ],
)
def test_images_are_fitted_and_padded_below_and_at_the_right(
    tmp_path: Path, sizes: dict[str, int], filled: tuple[int, int], whole: tuple[int, int]
) -> None:
    changes = {f"data_config__preprocessing__{name}": value for name, value in sizes.items()}
    shown = built(job(tmp_path, write_labels(tmp_path, size=(64, 48)), **changes), first_image)[0]
    assert shown.shape == whole
    assert (shown[: filled[0], : filled[1]] > 0.02).all()
    assert not shown[filled[0] :].any()
    assert not shown[:, filled[1] :].any()


@pytest.mark.setting("data_config.preprocessing.scale")
@pytest.mark.parametrize("model_type", ["single_instance", "centered_instance"])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_images_and_crops_are_resized_by_the_scale(tmp_path: Path, model_type: str, scale: float) -> None:
    config = job(
        tmp_path,
        write_labels(tmp_path),
        model_type=model_type,
        data_config__preprocessing__scale=scale,
        data_config__preprocessing__crop_size=48 if model_type == "centered_instance" else None,
    )

    def measure(training: Training) -> tuple[int, float]:
        example = training.parts.batches.next_batch()
        nose, _, tail = example.points[0, 0]
        return example.images.shape[-1], float((tail - nose).norm())

    side, length = built(config, measure)
    assert side == (48 if model_type == "centered_instance" else 64) * scale
    assert length == pytest.approx(float(np.hypot(7, 17)) * scale, rel=1e-4)


def crop_side(folder: Path, **changes: Any) -> int:
    """Side of the crops that a job makes of an animal 17 px tall."""
    preprocessing = {f"data_config__preprocessing__{name}": value for name, value in changes.items()}
    config = job(folder, folder / "labels.slp", model_type="centered_instance", **preprocessing)
    return built(config, lambda training: training.parts.batches.next_batch().images.shape[-1])


@pytest.mark.setting("data_config.preprocessing.crop_size")
def test_crops_have_the_size_that_was_set_around_their_animal(tmp_path: Path) -> None:
    write_labels(tmp_path, animals=2)
    assert [crop_side(tmp_path, crop_size=side) for side in (24, 40)] == [24, 40]
    config = job(
        tmp_path,
        tmp_path / "labels.slp",
        model_type="centered_instance",
        data_config__preprocessing__crop_size=40,
    )
    points = built(config, lambda training: training.parts.batches.next_batch().points)
    middle = (points.amin(dim=2) + points.amax(dim=2)) / 2
    assert (middle - 19.5).abs().max() <= 0.5


@pytest.mark.setting("data_config.preprocessing.min_crop_size", "data_config.preprocessing.crop_padding")
def test_the_automatic_crop_has_a_least_size_and_room_around_the_animal(tmp_path: Path) -> None:
    write_labels(tmp_path)
    tight = crop_side(tmp_path, min_crop_size=None, crop_padding=0)
    assert tight == 24  # twice the reach of 9.2 px from the middle of the box, in steps of the max stride
    assert crop_side(tmp_path, min_crop_size=48, crop_padding=0) == 48
    assert crop_side(tmp_path, min_crop_size=8, crop_padding=0) == tight
    assert crop_side(tmp_path, min_crop_size=None, crop_padding=16) == tight + 16
    assert crop_side(tmp_path, min_crop_size=48, crop_padding=16) == 48


@pytest.mark.setting("data_config.preprocessing.min_crop_size", "data_config.preprocessing.crop_padding")
def test_without_a_number_the_room_follows_rotation_and_scaling_of_the_animal(tmp_path: Path) -> None:
    write_labels(tmp_path)

    def side(**geometric: float) -> int:
        config = job(
            tmp_path,
            tmp_path / "labels.slp",
            model_type="centered_instance",
            data_config__use_augmentations_train=True,
            data_config__augmentation_config__geometric={"affine_p": 1.0, "scale_max": 1.0, **geometric},
            data_config__preprocessing__min_crop_size=None,
        )
        return built(config, lambda training: training.parts.batches.next_batch().images.shape[-1])

    still = {"rotation_min": 0.0, "rotation_max": 0.0}
    # 18.4 px from the middle of the animal there and back, and room as for 100 px where no least size is set.
    assert side(**still) == 24
    assert side(rotation_max=180.0) == 64  # 42 px of room
    assert side(**still, scale_max=2.0) == 120  # 100 px of room


@pytest.mark.setting("data_config.train_labels_path")
def test_without_a_file_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No training labels are chosen"):
        build_job(job(tmp_path, []))
