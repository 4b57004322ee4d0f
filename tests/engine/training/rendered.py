"""Drawn scenes as labels files, the smallest jobs that learn them, and a look at what the engine builds for a job."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.training import run as engine
from sleapnn_engine.training.state import Training

NODES = ("nose", "neck", "tail")
Looked = TypeVar("Looked")


def places(frames: int, animals: int, *, height: int, width: int) -> np.ndarray:
    """Where the nodes are, (frames, animals, 3, 2) x, y: each animal a bent line of its own length, in its own column."""
    centres = np.array([[(a + 0.5) * width / animals, height / 2] for a in range(animals)])
    arms = np.array([[-4.0, -9.0], [0.0, 0.0], [3.0, 8.0]])
    ways = np.random.default_rng(3).uniform(-3, 3, (frames, animals, 1, 2))
    sizes = 1 + 0.25 * np.arange(animals)[:, None, None]
    return centres[:, None] + sizes * arms + ways


def write_labels(
    folder: Path,
    name: str = "labels.slp",
    *,
    frames: int = 8,
    animals: int = 1,
    size: tuple[int, int] = (64, 64),
    channels: int = 1,
    nodes: Sequence[str] = NODES,
    tracks: Sequence[str] = (),
    predicted: int = 0,
) -> Path:
    """Draw pictures of dots and write them beside their labels; `predicted` frames at the end are a program's.

    Animals get `tracks` in turn. `size` is (height, width) in pixels.
    """
    height, width = size
    points = places(frames, animals, height=height, width=width)[:, :, : len(nodes)]
    pictures = folder / name.partition(".")[0]
    pictures.mkdir(parents=True)
    files = [pictures / f"{frame:03d}.png" for frame in range(frames)]
    for file, shown in zip(files, points, strict=True):
        cv2.imwrite(file.as_posix(), draw(shown, height=height, width=width, channels=channels))
    skeleton = sio.Skeleton(nodes=list(nodes), edges=[(i, i + 1) for i in range(len(nodes) - 1)])
    video = sio.Video.from_filename([file.as_posix() for file in files])
    known = [sio.Track(track) for track in tracks]
    made = []
    for frame, shown in enumerate(points):
        kind = sio.PredictedInstance if frame >= frames - predicted else sio.Instance
        instances = [
            kind.from_numpy(animal, skeleton=skeleton, track=known[i % len(known)] if known else None)
            for i, animal in enumerate(shown)
        ]
        made.append(sio.LabeledFrame(video=video, frame_idx=frame, instances=instances))
    path = folder / name
    labels = sio.Labels(made, videos=[video], skeletons=[skeleton], tracks=known)
    sio.save_slp(labels, path.as_posix(), embed=False, restore_original_videos=False)
    return path


def draw(points: np.ndarray, *, height: int, width: int, channels: int) -> np.ndarray:
    """A dot at every point, the nodes of decreasing brightness; colour images have each node in a colour of its own."""
    y, x = np.mgrid[:height, :width]
    image = np.full((height, width, 3), 20.0)
    for animal in points:
        for node, (px, py) in enumerate(animal):
            bump = np.exp(-((x - px) ** 2 + (y - py) ** 2) / 8)[..., None]
            colour = np.roll([220.0, 60, 20], node) if channels == 3 else np.full(3, 220.0 - 50 * node)
            image = np.maximum(image, bump * colour)
    return image[..., :channels].round().astype(np.uint8)


def job(
    folder: Path,
    labels: Path | Sequence[Path],
    *,
    model_type: str = "single_instance",
    backbone: str = "unet",
    **changes: Any,
) -> dict[str, Any]:
    """A config that is trained in a fraction of a second; `changes` are dotted keys with `__` for the dots."""
    config: dict[str, Any] = {}
    files = [labels] if isinstance(labels, Path) else labels
    for path, value in {
        "data_config.train_labels_path": [str(file) for file in files],
        "data_config.validation_fraction": 0.25,
        "data_config.data_pipeline_fw": "torch_dataset_cache_img_memory",
        "data_config.use_augmentations_train": False,
        **_backbone(backbone),
        **_head(model_type, deepest=8 if backbone == "unet" else 32),
        "trainer_config.trainer_accelerator": "cpu",
        "trainer_config.train_data_loader.batch_size": 2,
        "trainer_config.val_data_loader.batch_size": 2,
        "trainer_config.train_steps_per_epoch": 2,
        "trainer_config.max_epochs": 1,
        "trainer_config.seed": 1,
        "trainer_config.optimizer.lr": 0.001,
        "trainer_config.ckpt_dir": str(folder / "models"),
        "trainer_config.run_name": "run",
        **{key.replace("__", "."): value for key, value in changes.items()},
    }.items():  # fmt: skip
        tree.put(config, path, value)
    return config


def _backbone(name: str) -> dict[str, Any]:
    section = f"model_config.backbone_config.{name}."
    own: dict[str, dict[str, Any]] = {
        "unet": {"filters": 4, "max_stride": 8},
        "convnext": {"arch": {"depths": [1, 1, 1, 1], "channels": [4, 4, 4, 4]}, "filters_rate": 1.0},
        "swint": {
            "arch": {"embed": 4, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 1, 1]},
            "filters_rate": 1.0,
            "window_size": 2,
        },
        "timm": {"model_name": "test_resnet", "filters": 4},
    }
    return {section + key: value for key, value in {**own[name], "output_stride": 2}.items()}


def _head(model_type: str, *, deepest: int) -> dict[str, Any]:
    section = f"model_config.head_configs.{model_type}."
    values: dict[str, Any] = {"confmaps.sigma": 1.5, "confmaps.output_stride": 2}
    second = {"bottomup": "pafs", "multi_class_bottomup": "class_maps"}.get(model_type)
    if second:
        values[f"{second}.output_stride"] = 4
    if model_type == "multi_class_topdown":
        values |= {"class_vectors.output_stride": deepest, "class_vectors.num_fc_units": 4}
    return {section + key: value for key, value in values.items()}


def trained(config: dict[str, Any]) -> Path:
    """Train in this process; returns the run folder."""
    assert engine.train(build_job(config), stream=io.StringIO()) == 0
    trainer = config["trainer_config"]
    return Path(trainer["ckpt_dir"]) / trainer["run_name"]


def built(config: dict[str, Any], measure: Callable[[Training], Looked]) -> Looked:
    """Have the engine build everything for a job, look at it where the first step would come, and end the run there."""
    found: list[Looked] = []

    def instead(training: Training, callbacks: object) -> str:
        found.append(measure(training))
        return "stopped"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "fit", instead)
        trained(config)
    return found[0]
