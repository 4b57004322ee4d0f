"""Run folders with a real UNet whose weights are set by hand: each map shows one colour of the image, moved to where
training would have put targets. Both programs load it, so what they find in drawn pictures is exact but for themselves."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import sleap_io as sio
import torch
from torch import Tensor

from sleapnn_engine.config import tree
from sleapnn_engine.inference.trained import read_trained
from sleapnn_engine.models.weights import PREFIX
from tests.engine.training.rendered import built, job, trained

COLOURS = ("red", "green", "blue")


def animals(folder: Path, *, size: tuple[int, int], wide: float, frames: int = 6) -> tuple[Path, np.ndarray]:
    """Pictures with a dot of each colour near their middle, as labels; the places are (frames, 3, 2)."""
    random, (height, width) = np.random.default_rng(5), size
    middle = np.array([width, height]) / 2 + random.uniform(-1, 1, (frames, 1, 2)) * (
        np.array([width, height]) / 2 - 60
    )
    points = middle + np.array([[0.0, 0.0], [-14, 9], [12, 17]]) + random.uniform(-3, 3, (frames, 3, 2))
    y, x = np.mgrid[:height, :width]
    files = []
    for number, places in enumerate(points):
        dots = [250 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * wide**2)) for px, py in places]
        files.append(folder / f"{size[0]}_{number}.png")
        cv2.imwrite(str(files[-1]), np.stack(dots[::-1], axis=-1).round().astype(np.uint8))
    skeleton = sio.Skeleton(nodes=list(COLOURS), edges=[(0, 1), (1, 2)])
    video = sio.Video.from_filename([str(file) for file in files])
    made = [
        sio.LabeledFrame(
            video=video, frame_idx=number, instances=[sio.Instance.from_numpy(places, skeleton=skeleton)]
        )
        for number, places in enumerate(points)
    ]
    path = folder / f"labels_{size[0]}.slp"
    labels = sio.Labels(made, videos=[video], skeletons=[skeleton])
    sio.save_slp(labels, str(path), embed=False, restore_original_videos=False)
    return path, points


def run_folder(folder: Path, labels: Path, kind: str, **changes: Any) -> Path:
    """A run of one step whose network is then made to show the places of the colours as its targets lay."""
    config = job(
        folder, labels, model_type=kind, trainer_config__run_name=f"{kind}_{len(list(folder.iterdir()))}"
    )
    for name in ("model_config.backbone_config.unet", f"model_config.head_configs.{kind}.confmaps"):
        tree.put(config, f"{name}.output_stride", 1)
    tree.put(config, "trainer_config.train_steps_per_epoch", 1)
    tree.put(config, "trainer_config.save_ckpt", True)
    if kind != "single_instance":
        tree.put(config, f"model_config.head_configs.{kind}.confmaps.anchor_part", COLOURS[0])
    for name, value in changes.items():
        tree.put(config, name.replace("__", "."), value)
    run = trained(config)
    shift = _shift_of_targets(config)
    content = torch.load(run / "best.ckpt", weights_only=True)
    state = {name.removeprefix(PREFIX): value for name, value in content["state_dict"].items()}
    content["state_dict"] = {PREFIX + name: value for name, value in _showing_colours(state, shift).items()}
    torch.save(content, run / "best.ckpt")
    read_trained(run)
    return run


def _shift_of_targets(config: dict[str, Any]) -> np.ndarray:
    """What training adds to the places of points on its first sample, in pixels of the network's input."""
    tree.put(config, "trainer_config.run_name", "looked_at")
    return np.asarray(
        built(
            config, lambda training: training.parts.batches.train.batch(torch.tensor([0])).shifts[0].numpy()
        )
    )


def _showing_colours(state: dict[str, Tensor], shift: np.ndarray) -> dict[str, Tensor]:
    """Weights by which the maps are the first channels of the image, moved by `shift`; what is deeper is not used."""
    made = {name: torch.zeros_like(value) for name, value in state.items()}
    weights = [name for name in made if name.endswith("weight")]
    first = [name for name in weights if "stack0_enc0_conv" in name]
    last = [name for name in weights if "_refine_conv" in name][-2:]
    head = next(name for name in weights if name.startswith("head_layers"))
    moved = _moving(shift)
    for channel in range(3):
        for name in first:
            made[name][channel, channel, 1, 1] = 1
        for block in range(made[last[0]].shape[1] // 4):
            made[last[0]][channel, 4 * block + channel, 1, 1] = 1
        made[last[1]][channel, channel] = moved
        if channel < len(made[head]):
            made[head][channel, channel] = 1
    return made


def _moving(shift: np.ndarray) -> Tensor:
    """A 3x3 kernel that moves what it is applied to by up to one pixel, x, y, without changing its sum."""
    sides = [torch.tensor([max(by, 0.0), 1 - abs(by), max(-by, 0.0)]) for by in shift.tolist()]
    return sides[1][:, None] * sides[0][None, :]
