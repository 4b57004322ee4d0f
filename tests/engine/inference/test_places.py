"""A drawn dot at a known place comes back there, whatever sizes, scales, strides and crops lie between.

The network is a stand-in that finds the dots of the image it is given, one in each colour, and answers with exact
confidence maps of where training would have drawn them; everything else is real.
"""

from pathlib import Path

import attrs
import numpy as np
import pytest
import torch
from torch import nn

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_model_job, model_type
from sleapnn_engine.data.geometry import PLACES
from sleapnn_engine.decoding.animals import PoseNames
from sleapnn_engine.heads.confmaps import confidence_maps
from sleapnn_engine.inference.input_plans import crop_plan, frame_plan
from sleapnn_engine.inference.predictor import Predictor
from sleapnn_engine.inference.trained import Trained
from tests.engine.training.rendered import job

NODES = ("red", "green", "blue")
#: Narrow enough that the 5x5 cells of the centre of mass hold all of it.
SIGMA = 0.65


@attrs.frozen
class Shape:
    in_channels: int = 3


@attrs.frozen
class Backbone:
    shape: Shape = Shape()


class Finder(nn.Module):
    """Answers for the dots of each colour, or with one map for the middle of all; `shift` is what targets lie off."""

    def __init__(self, head: str, *, stride: int, shift: torch.Tensor, together: bool) -> None:
        super().__init__()
        self.head, self.stride, self.shift, self.together = head, stride, shift, together
        self.backbone = Backbone()

    @property
    def strides(self) -> dict[str, int]:
        return {self.head: self.stride}

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        height, width = images.shape[-2:]
        weight = images.double()
        y = (weight.sum(-1) * torch.arange(height)).sum(-1) / weight.sum((-2, -1))
        x = (weight.sum(-2) * torch.arange(width)).sum(-1) / weight.sum((-2, -1))
        points = torch.stack([x, y], dim=-1)[:, None]
        if self.together:
            points = points.mean(dim=2, keepdim=True)
        maps = confidence_maps(
            points.float() + self.shift, height=height, width=width, stride=self.stride, sigma=SIGMA
        )
        return {self.head: maps}


def stand_in(
    folder: Path,
    kind: str,
    *,
    stride: int,
    scale: float,
    size: int | None,
    source: tuple[int, int],
    crop: int = 0,
    places: int = PLACES,
) -> Trained:
    """A model of 3 nodes as a run folder would describe it, whose network finds dots in images of the size `source`.

    Its targets lie as training puts them, or once did for `places` of less.
    """
    config = job(folder, folder / "none.slp", model_type=kind)
    for key, value in {"scale": scale, "max_height": size, "max_width": size}.items():
        tree.put(config, f"data_config.preprocessing.{key}", value)
    made = build_model_job(config)
    kinds = model_type(made)
    nominal = scale * (1 if size is None else size / max(source))
    shift = torch.full((2,), 0.5 * (1 - nominal))
    crops = crop_plan(made, side=crop, places=places) if crop else None
    if places == PLACES:
        shift = torch.from_numpy(frame_plan(made, [(*source, 3)]).sizing(source).target_shift)
        shift = shift if crops is None else crops.target_shifts(shift)
    network = Finder(kinds.heads["confmaps"], stride=stride, shift=shift.float(), together=kinds.centroid)
    return Trained(
        weights=folder / "best.ckpt",
        job=made,
        network=network,
        names=PoseNames.centroid() if kinds.centroid else PoseNames(nodes=NODES),
        crops=crops,
        places=places,
    )


def scene(
    random: np.random.Generator, *, height: int, width: int, reach: float, wide: float
) -> tuple[np.ndarray, np.ndarray]:
    """An image with a soft dot of each colour near its middle, and where they are, (3, 2)."""
    middle = np.array([width, height]) / 2 + random.uniform(-12, 12, 2)
    points = middle + random.uniform(-reach, reach, (3, 2))
    y, x = np.mgrid[:height, :width]
    dots = [250 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * wide**2)) for px, py in points]
    return np.stack(dots, axis=-1).round().astype(np.uint8), points


#: Maps of fewer cells have dots at their border, where no reading of them is exact.
LEAST_CELLS = 10
WAYS = [(size, source) for size in (None, 120, 230, 320) for source in ((160, 200), (160, 160))]


@pytest.mark.parametrize(
    ("stride", "scale", "places"),
    [*((stride, scale, PLACES) for stride in (1, 2, 4, 8) for scale in (1.0, 0.5, 0.37, 1.5)), (2, 0.37, 1)],
)
def test_whole_frames(tmp_path: Path, stride: int, scale: float, places: int) -> None:
    random = np.random.default_rng(stride)
    for size, (height, width) in WAYS:
        if (size or height) * scale / stride < LEAST_CELLS:
            continue
        seen = {"size": size, "source": (height, width), "places": places}
        trained = stand_in(tmp_path, "single_instance", stride=stride, scale=scale, **seen)
        predictor = Predictor.of([trained], device=torch.device("cpu"))
        images, truth = zip(*(scene(random, height=height, width=width, reach=30, wide=6) for _ in range(3)))
        found = predictor.predict(images)
        for poses, true in zip(found, truth, strict=True):
            np.testing.assert_allclose(poses.points[0], true, atol=0.1)


@pytest.mark.parametrize(
    ("stride", "scale", "places"),
    [*((stride, scale, PLACES) for stride in (1, 2, 4) for scale in (1.0, 0.5, 1.5)), (2, 0.5, 1)],
)
def test_crops_around_centres_that_were_found(tmp_path: Path, stride: int, scale: float, places: int) -> None:
    random = np.random.default_rng(stride)
    for size, (height, width) in WAYS:
        seen = {"size": size, "source": (height, width), "places": places}
        around = round(100 * (1 if size is None else size / max(height, width)))
        if around * scale / stride < LEAST_CELLS:
            continue
        first = stand_in(tmp_path, "centroid", stride=4, scale=0.5, **seen)
        second = stand_in(tmp_path, "centered_instance", stride=stride, scale=scale, crop=around, **seen)
        pair = Predictor.of([second, first], device=torch.device("cpu"))
        images, truth = zip(
            *(scene(random, height=height, width=width, reach=20, wide=4.5) for _ in range(3))
        )
        for poses, true in zip(pair.predict(images), truth, strict=True):
            np.testing.assert_allclose(poses.points[0], true, atol=0.1)
        alone = Predictor.of([second], device=torch.device("cpu"))
        known = alone.predict(images, centers=[true.mean(axis=0, keepdims=True) for true in truth])
        for poses, true in zip(known, truth, strict=True):
            np.testing.assert_allclose(poses.points[0], true, atol=0.1)
