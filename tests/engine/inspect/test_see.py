"""What an editor is shown of a config is what a training of it gets: the same tensors, sizes, crops and numbers."""

import os
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.augment import Augmenter
from sleapnn_engine.data.samples import CropSamples
from sleapnn_engine.inspect.draws import draw
from sleapnn_engine.inspect.known_labels import KnownLabels
from sleapnn_engine.inspect.questions import make_answers
from sleapnn_engine.inspect.scene import Scenes
from sleapnn_engine.inspect.wanted import never
from sleapnn_engine.protocol.codec import encode_arrays
from sleapnn_engine.training.inputs.batches import Example
from sleapnn_engine.training.inputs.memory_check import outline, step_bytes
from sleapnn_engine.training.state import Training
from tests.engine.training.rendered import built, job, write_labels

AUGMENT = "data_config.augmentation_config."
EVERYTHING = {
    "data_config.use_augmentations_train": True,
    AUGMENT + "geometric.rotation_min": -90.0,
    AUGMENT + "geometric.rotation_max": 90.0,
    AUGMENT + "geometric.affine_p": 0.8,
    AUGMENT + "geometric.translate_width": 0.1,
    AUGMENT + "geometric.erase_p": 0.5,
    AUGMENT + "geometric.mixup_p": 0.5,
    AUGMENT + "intensity.contrast_p": 0.6,
    AUGMENT + "intensity.brightness_p": 0.6,
    AUGMENT + "intensity.brightness_max": 1.5,
    AUGMENT + "intensity.gaussian_noise_p": 0.5,
    AUGMENT + "intensity.gaussian_noise_std": 0.05,
    AUGMENT + "intensity.uniform_noise_p": 0.5,
    AUGMENT + "intensity.uniform_noise_max": 0.1,
}
MODELS = (
    "single_instance",
    "centroid",
    "centered_instance",
    "bottomup",
    "multi_class_bottomup",
    "multi_class_topdown",
)


def config(
    folder: Path, model_type: str, changes: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A small job whose images are of odd size, with two animals where the model finds several."""
    animals = 1 if model_type == "single_instance" else 2
    labels = folder / "labels.slp"
    if not labels.exists():
        write_labels(folder, frames=8, animals=animals, size=(70, 90), tracks=("a", "b")[:animals])
    values = job(folder, labels, model_type=model_type, **more)
    for path, value in (changes or {}).items():
        tree.put(values, path, value)
    return values


def ask(kind: str, values: dict[str, Any], **args: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    return make_answers()[kind]({"values": values, **args}, never)


def worst(seen: Example, learned: Example) -> float:
    """The largest difference of images, points and targets."""
    pairs = [(seen.images, learned.images), (seen.points.nan_to_num(-7), learned.points.nan_to_num(-7))]
    assert seen.targets.keys() == learned.targets.keys()
    pairs += [(seen.targets[head], learned.targets[head]) for head in seen.targets]
    return max(float((one - other).abs().max()) for one, other in pairs)


@pytest.mark.parametrize("model_type", MODELS)
@pytest.mark.parametrize("scale", [1.0, 0.55])
def test_what_is_seen_is_what_is_learned(tmp_path: Path, model_type: str, scale: float) -> None:
    values = config(tmp_path, model_type, EVERYTHING, data_config__preprocessing__scale=scale)

    def learned(training: Training) -> list[Example]:
        batches = training.parts.batches
        return [batches.next_batch(), batches.next_batch(), batches.sample(batches.train, 1)]

    *steps, plain = built(values, learned)
    with Scenes(KnownLabels()).open(values, never) as scene:
        augmenter = Augmenter.from_job(scene.job.data_config, seed=values["trainer_config"]["seed"])
        assert augmenter is not None
        for step in steps:
            assert worst(draw(scene, step.indices.tolist(), augmenter=augmenter), step) == 0
        assert worst(scene.example(1), plain) == 0
    assert steps[0].images.std() > 0


def test_hearing_of_what_is_drawn_changes_nothing_of_it(tmp_path: Path) -> None:
    """Each draw says what was done to it, and the picture that is sent is that of the tensors."""
    values = config(tmp_path, "centered_instance", EVERYTHING)
    body, arrays = ask("augment", values, index=2, draws=12, seed=5)
    with Scenes(KnownLabels()).open(values, never) as scene:
        augmenter = Augmenter.from_job(scene.job.data_config, seed=5)
        assert augmenter is not None
        example = draw(scene, [2] * 12, augmenter=augmenter)
    sent = torch.from_numpy(arrays["draws"]).permute(0, 3, 1, 2)
    assert (sent - example.images.mul(255).round()).abs().max() == 0
    said = [draw["drawn"] for draw in body["draws"]]
    assert {name for one in said for name in one} == {
        "rotation", "scale", "shift", "contrast", "brightness", "gaussian_noise", "uniform_noise", "erase", "mixup",
    }  # fmt: skip
    turned = [one["rotation"] for one in said if "rotation" in one]
    assert all(-90 <= degrees <= 90 for degrees in turned)
    assert all(len(one["points"][0]) == 3 for one in body["draws"])


def test_points_that_leave_are_those_that_the_training_loses(tmp_path: Path) -> None:
    """A shift by the whole width takes points away; the share is that of many batches."""
    far = {**EVERYTHING, AUGMENT + "geometric.translate_width": 0.6, AUGMENT + "geometric.affine_p": 1.0}
    values = config(tmp_path, "single_instance", far, data_config__preprocessing__scale=1.0)
    body, _ = ask("augment", values, draws=24)
    leaving = body["leaving"]
    with Scenes(KnownLabels()).open(values, never) as scene:
        augmenter = Augmenter.from_job(scene.job.data_config, seed=9)
        assert augmenter is not None
        lost = total = 0
        for _ in range(20):
            example = draw(scene, list(range(len(scene.samples))), augmenter=augmenter)
            lost += int(torch.isnan(example.points[..., 0]).sum())
            total += example.points[..., 0].numel()
    assert 0.05 < leaving["left"] / leaving["points"] < 0.9
    assert leaving["left"] / leaving["points"] == pytest.approx(lost / total, abs=0.08)
    assert sum(count for _, count in leaving["most"]) == leaving["left"]
    off = config(tmp_path, "single_instance", {"data_config.use_augmentations_train": False})
    assert ask("augment", off)[0]["draws"] == []


@pytest.mark.parametrize("model_type", MODELS)
def test_the_chain_ends_with_what_the_network_gets(tmp_path: Path, model_type: str) -> None:
    values = config(
        tmp_path,
        model_type,
        EVERYTHING,
        data_config__preprocessing__scale=0.5,
        data_config__preprocessing__max_height=100,
    )
    body, arrays = ask("chain", values, index=3)
    steps = {step["name"]: step for step in body["steps"]}

    def measure(training: Training) -> tuple[tuple[int, int], dict[str, tuple[int, ...]]]:
        example = training.parts.batches.sample(training.parts.batches.train, 3)
        names = {
            "confmaps": "ConfmapsHead",
            "pafs": "PartAffinity",
            "class_maps": "ClassMaps",
            "class_vectors": "ClassVectors",
        }
        shapes = {
            name: tuple(drawn.shape[1:])
            for name, part in names.items()
            for head, drawn in example.targets.items()
            if part in head
        }
        return tuple(example.images.shape[-2:]), shapes

    size, heads = built(values, measure)
    assert (steps["source"]["width"], steps["source"]["height"]) == (90, 70)
    assert (steps["match"]["width"], steps["match"]["height"]) == (129, 100)
    assert (steps["pad"]["height"], steps["pad"]["width"]) == size
    for name, shape in heads.items():
        step = steps[name]
        assert (step["channels"], step["height"], step["width"])[: len(shape)] == shape
    assert ("crop" in steps) == (model_type in ("centered_instance", "multi_class_topdown"))
    assert not steps["colour"]["changes"]
    assert all(
        arrays[step["picture"]].shape[:2] == (step["height"], step["width"])
        for step in body["steps"]
        if step["picture"]
    )


def test_crops_say_what_they_cut_off(tmp_path: Path) -> None:
    values = config(tmp_path, "centered_instance", data_config__preprocessing__crop_size=16)
    body, arrays = ask("crops", values)
    samples = built(values, lambda training: training.parts.batches.train)
    assert isinstance(samples, CropSamples)
    points, _ = samples.placed
    lost = torch.isfinite(points).all(-1) & ~torch.isfinite(
        samples.batch(torch.arange(len(samples))).points[:, 0]
    ).all(-1)
    assert body["clipped"]["parts"] == int(lost.sum()) > 0
    assert body["clipped"]["animals"] == int(lost.any(dim=1).sum())
    assert sum(count for _, count in body["clipped"]["most"]) == int(lost.sum())
    for shown in (*body["gallery"], *body["animals"]):
        assert [samples.nodes[node] for node in lost[shown["index"]].nonzero()[:, 0].tolist()] == shown["cut"]
    assert len(body["animals"]) == 2
    assert (
        len({shown["index"] for shown in body["gallery"]})
        == len(body["gallery"])
        == len(arrays["crops"])
        == 6
    )
    shares = {side: share for side, share, _ in body["curve"]}
    assert list(shares.values()) == sorted(shares.values())
    assert shares[max(shares)] == 1.0
    # What is found from the labels holds every animal.
    values["data_config"]["preprocessing"]["crop_size"] = None
    found, _ = ask("crops", values)
    assert found["side"] == body["found"] == found["found"]
    assert found["clipped"]["parts"] == 0


@pytest.mark.parametrize("model_type", ["bottomup", "multi_class_bottomup", "multi_class_topdown"])
def test_targets_are_sent_compact_and_true(tmp_path: Path, model_type: str) -> None:
    values = config(tmp_path, model_type)
    example: Example = built(
        values, lambda training: training.parts.batches.sample(training.parts.batches.train, 2)
    )
    body, arrays = ask("targets", values, index=2)
    maps = next(drawn for head, drawn in example.targets.items() if "Confmaps" in head)[0]
    assert np.abs(arrays["confmaps"] - maps.amax(dim=0).numpy() * 255).max() <= 0.5
    one, of_part = ask("targets", values, index=2, part=1)
    assert one["part"] == 1
    assert np.abs(of_part["confmaps"] - maps[1].numpy() * 255).max() <= 0.5
    if model_type == "bottomup":
        fields = example.targets["PartAffinityFieldsHead"][0].view(-1, 2, *arrays["pafs"].shape[1:])
        assert (
            np.abs(np.hypot(*arrays["pafs"].astype(float)) - fields.norm(dim=1).amax(dim=0).numpy()).max()
            < 2e-3
        )
    if model_type == "multi_class_bottomup":
        assert np.abs(arrays["class_maps"] - example.targets["ClassMapsHead"][0].numpy() * 255).max() <= 0.5
    if model_type == "multi_class_topdown":
        assert body["heads"][1]["vector"] == example.targets["ClassVectorsHead"][0].tolist()
    encode_arrays(arrays)
    assert body["bump"]["input_px"] == pytest.approx(1.5 * 2)
    assert body["guide"]["input_px"] == pytest.approx(1.5)
    narrow = (arrays["guide"].astype(int).sum(), arrays["confmaps"].astype(int).sum())
    assert narrow[0] < narrow[1] / 3, "half the width covers a quarter"
    wide = config(tmp_path, model_type)
    tree.put(wide, f"model_config.head_configs.{model_type}.confmaps.sigma", 40.0)
    assert len(ask("targets", wide)[0]["merging"]["pairs"]) == 3
    if model_type != "multi_class_topdown":
        near = ask("targets", wide)[0]["merging"]
        assert near["animals"] == near["of_animals"] > 0
        assert body["merging"]["animals"] == 0


@pytest.mark.parametrize("backbone", ["unet", "convnext", "swint", "timm"])
@pytest.mark.parametrize("model_type", ["bottomup", "multi_class_topdown"])
def test_the_blocks_are_the_network(tmp_path: Path, model_type: str, backbone: str) -> None:
    values = config(tmp_path, model_type, backbone=backbone)
    body, _ = ask("network", values)
    assert sum(block["parameters"] for block in body["blocks"]) == body["parameters"]
    assert body["parameters"] == built(values, lambda training: training.parts.model.parameter_count)
    assert {block["role"] for block in body["blocks"]} >= {"encoder", "decoder", "head"}
    heads = [block for block in body["blocks"] if block["role"] == "head"]
    assert all(block["channels"] for block in heads)
    by_stride = [block["stride"] for block in body["blocks"] if block["role"] == "decoder"]
    assert by_stride == sorted(by_stride, reverse=True)
    with Scenes(KnownLabels()).open(values, never) as scene:
        network = outline(scene.job, scene.samples)
        shape = (body["batch"], *body["input"])
        assert body["step"] == step_bytes(network, shape, halved=False)
    assert 0 < sum(block["kept"] for block in body["blocks"]) <= body["step"]


def test_what_cannot_be_seen_is_said(tmp_path: Path) -> None:
    whole = config(tmp_path, "bottomup")
    for kind, args, words in (
        ("crops", {}, "whole images"),
        ("chain", {"index": 99}, "no sample 99"),
        ("targets", {"part": 9}, "no part 9"),
        ("augment", {"draws": 0}, "0 draws"),
    ):
        with pytest.raises(UserError, match=words):
            ask(kind, whole, **args)
    wrong = config(tmp_path, "bottomup", {"model_config.head_configs.bottomup.confmaps.sigma": -1})
    with pytest.raises(UserError, match="sigma"):
        ask("targets", wrong)
    other = config(
        tmp_path, "bottomup", {"model_config.head_configs.bottomup.confmaps.part_names": ["nobody"]}
    )
    with pytest.raises(UserError, match="nobody"):
        ask("chain", other)


def test_samples_are_kept_as_long_as_the_labels_stay_as_they_are(tmp_path: Path) -> None:
    values, scenes = config(tmp_path, "single_instance"), Scenes(KnownLabels())
    with scenes.open(values, never) as one, scenes.open(values, never) as same:
        assert one.samples is same.samples
        before = one.example(0).images
    for file in (tmp_path / "labels").glob("*.png"):
        cv2.imwrite(file.as_posix(), 255 - cv2.imread(file.as_posix()))
    labels = tmp_path / "labels.slp"
    os.utime(labels, ns=(0, 0))
    with scenes.open(values, never) as other:
        assert (other.example(0).images != before).any()


def test_several_kinds_are_answered_at_once(tmp_path: Path) -> None:
    values, answers, failed = config(tmp_path, "centered_instance", EVERYTHING), make_answers(), []

    def work(kind: str) -> None:
        try:
            for index in range(4):
                answers[kind]({"values": values, "index": index}, never)
        except BaseException as fault:  # whatever it is, the test shows it
            failed.append(fault)

    threads = [
        threading.Thread(target=work, args=(kind,)) for kind in ("chain", "crops", "augment", "targets")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.parametrize("model_type", MODELS)
def test_labels_that_are_read_already_give_what_they_give_anew(tmp_path: Path, model_type: str) -> None:
    """Edits one after the other, and each of them alone."""
    scenes, values = Scenes(KnownLabels()), config(tmp_path, model_type, EVERYTHING)
    with scenes.open(values, never) as first:
        before = first.labels
    head = f"model_config.head_configs.{model_type}"
    edits: dict[str, Any] = {
        "data_config.preprocessing.scale": 0.7,
        f"{head}.confmaps.sigma": 3.0,
        "model_config.backbone_config.unet.filters": 8,
        "data_config.preprocessing.max_height": 100,
        AUGMENT + "geometric.rotation_max": 10.0,
        f"{head}.confmaps.part_names": ["tail", "neck", "nose"],
        "data_config.validation_fraction": 0.5,
    }
    if model_type == "centroid":
        del edits[f"{head}.confmaps.part_names"]
    for path, value in edits.items():
        tree.put(values, path, value)
        with scenes.open(values, never) as scene, Scenes(KnownLabels()).open(values, never) as alone:
            assert len(scene.samples) == len(alone.samples)
            assert worst(scene.example(1), alone.example(1)) == 0
            if not path.endswith(("part_names", "validation_fraction")):
                assert scene.labels is before
        before = scene.labels
