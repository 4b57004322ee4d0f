"""Crops of a config: some animals as the network gets them, what is cut off, and what other sizes would hold."""

from typing import Any

import numpy as np
import torch

from sleapnn_engine.config.derived import receptive_field
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.data.crops import crop_corners
from sleapnn_engine.data.samples import CropSamples
from sleapnn_engine.inspect.pictures import LARGE, listed, picture, pictures
from sleapnn_engine.inspect.scene import Scene
from sleapnn_engine.training.inputs.batches import make_example
from sleapnn_engine.training.inputs.images import found_crop_side
from sleapnn_engine.training.sight import CROP, outside_crops

Found = tuple[dict[str, Any], dict[str, np.ndarray]]

#: Sizes that the curve of what crops hold is told at.
CURVE = 24
#: Most parts that are named as cut off most often.
NAMED = 4


def crops(scene: Scene, index: int, *, seed: int = 0) -> Found:
    """The frame of one sample with the crops of its animals, some crops of all animals, and what crops hold.

    `side` is the crop's in matched pixels, `found` the one that is found from the labels, `field` that of the receptive
    field or null; `input` is the side in input pixels. `animals` of the frame have `index` (of their sample), `points`,
    `box` (left, top, right, bottom, in matched pixels) and `cut`, names of parts that are not on their crop. `gallery`
    has `why`, `index`, `points` in input pixels and `cut`. `clipped` counts animals and parts; `curve` has rows of
    side, share of animals and share of parts that crops of that size hold. Arrays are `frame` and `crops`.

    Raises UserError for models of whole images.
    """
    samples = scene.samples
    if not isinstance(samples, CropSamples):
        raise UserError("This type of model reads whole images, so nothing is cropped.", where=CROP)
    body = scene.place(index)
    animals, centers = (part.numpy() for part in samples.placed)
    outside = outside_crops(animals, centers, side=samples.plan.side)
    frame, field = samples.frame_index(index), receptive_field(ConfigReader(scene.values))
    chosen = _chosen(samples, animals, centers, seed=seed)
    example = make_example(samples.batch(torch.tensor([number for _, number in chosen])), samples, targets=())
    body |= {
        "side": samples.plan.side,
        "input": samples.plan.input_side,
        "found": _found(scene, samples),
        "field": None if field is None else field / samples.plan.ratio,
        "width": scene.plan.width,
        "height": scene.plan.height,
        "animals": _of_frame(samples, frame, outside),
        "clipped": _clipped(samples, animals, outside),
        "curve": _curve(animals, centers),
        "gallery": [
            {"why": why, "index": number, "points": listed(points), "cut": _names(samples, outside[number])}
            for (why, number), points in zip(chosen, example.points)
        ],
    }
    shown = samples.store.images(torch.tensor([frame]))[0]
    return body, {"frame": picture(shown, most=LARGE), "crops": pictures(example.images)}


def _found(scene: Scene, samples: CropSamples) -> int:
    """The side that is found from the labels: without one in the config, it is the crop's."""
    if not scene.job.data_config.preprocessing.crop_size:
        return samples.plan.side
    return found_crop_side(scene.job, scene.labels, scene.plan)


def _of_frame(samples: CropSamples, frame: int, outside: np.ndarray) -> list[dict[str, Any]]:
    """The animals of a frame, with the crops around them."""
    points, centers = samples.placed
    side, found = samples.plan.side, []
    for number in samples.of_frame(frame):
        left, top = crop_corners(centers[number], size=side).tolist()
        found.append(
            {
                "index": number,
                "points": listed(points[number : number + 1]),
                "box": [left, top, left + side, top + side],
                "cut": _names(samples, outside[number]),
            }
        )
    return found


def _names(samples: CropSamples, cut: np.ndarray) -> list[str]:
    return [samples.nodes[node] for node in np.flatnonzero(cut)]


def _chosen(
    samples: CropSamples, animals: np.ndarray, centers: np.ndarray, *, seed: int
) -> list[tuple[str, int]]:
    """Which animals stand for all, and why; none of them twice."""
    seen = np.isfinite(animals).all(axis=-1)
    low = np.where(seen[..., None], animals, np.inf).min(axis=1)
    high = np.where(seen[..., None], animals, -np.inf).max(axis=1)
    extent = np.where(seen.any(axis=1), (high - low).max(axis=-1), 0.0)
    order = np.argsort(extent, kind="stable")
    plan = samples.store.plan
    ends = np.array([plan.width, plan.height])
    beyond = (samples.plan.side / 2 - np.minimum(centers, ends - centers)).max(axis=-1)
    random = np.random.default_rng(seed).permutation(len(animals))
    wanted = [("smallest", order[0]), ("median", order[len(order) // 2]), ("largest", order[-1])]
    wanted += [("edge", np.argmax(beyond)), *(("random", number) for number in random)]
    found: dict[int, str] = {}
    for why, number in wanted:
        if len(found) < 6:
            found.setdefault(int(number), why)
    return [(why, number) for number, why in found.items()]


def _clipped(samples: CropSamples, animals: np.ndarray, outside: np.ndarray) -> dict[str, Any]:
    by_part = outside.sum(axis=0)
    most = [node for node in np.argsort(-by_part, kind="stable") if by_part[node]]
    return {
        "animals": int(outside.any(axis=1).sum()),
        "of_animals": len(animals),
        "parts": int(outside.sum()),
        "of_parts": int(np.isfinite(animals).all(axis=-1).sum()),
        "most": [[samples.nodes[node], int(by_part[node])] for node in most[:NAMED]],
    }


def _curve(animals: np.ndarray, centers: np.ndarray) -> list[list[float]]:
    """What crops hold, from those of nothing to those that hold all."""
    seen = np.isfinite(animals).all(axis=-1)
    reach = np.abs(animals - centers[:, None])[seen].max(initial=0.5)
    sides = np.unique(np.linspace(1, np.ceil(2 * reach) + 2, CURVE).round().astype(int))
    rows = []
    for side in sides.tolist():
        cut = outside_crops(animals, centers, side=side)
        parts = cut.sum() / max(seen.sum(), 1)
        rows.append([side, float(1 - cut.any(axis=1).mean()), float(1 - parts)])
    return rows
