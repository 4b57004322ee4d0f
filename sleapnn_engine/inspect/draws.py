"""Random changes of one training sample, drawn by the transform of the training, and what becomes of all points."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sleapnn_engine.data.augment import Augmenter
from sleapnn_engine.heads.kind import Target
from sleapnn_engine.inspect.pictures import listed, pictures
from sleapnn_engine.inspect.scene import Scene
from sleapnn_engine.training.inputs.batches import Example, make_example

Found = tuple[dict[str, Any], dict[str, np.ndarray]]

#: Draws that points are counted over, of samples that are chosen evenly.
COUNTED = 1000
#: Most parts that are named as leaving most often.
NAMED = 4


def augment(scene: Scene, index: int, *, count: int = 6, seed: int = 0) -> Found:
    """`count` draws of one sample: the array `draws`, uint8 (count, h, w, C), and `draws`, what was drawn for each.

    `width` and `height` are those of the network's input, which `points` are on. `leaving` counts visible points over
    many samples: `points`, those that `left`, and `most`, pairs of part and count. Without augmentation, `draws` is
    empty.
    """
    body, changes = scene.place(index), _Drawn(count)
    augmenter = Augmenter.from_job(scene.job.data_config, seed=seed)
    height, width = scene.samples.input_size
    body |= {"width": width, "height": height, "seed": seed, "draws": [], "leaving": None}
    if augmenter is None:
        return body, {}
    augmenter.on_draw = changes.record
    drawn = draw(scene, [index] * count, augmenter=augmenter, targets=())
    there = _on_image(scene, torch.tensor([index]))[0]
    for row, points in enumerate(drawn.points):
        left = there & ~torch.isfinite(points).all(dim=-1)
        body["draws"].append(
            {"points": listed(points), "left": int(left.sum()), "drawn": changes.by_row[row]}
        )
    body["leaving"] = leaving(scene, Augmenter.from_job(scene.job.data_config, seed=seed))
    return body, {"draws": pictures(drawn.images)}


def draw(
    scene: Scene, indices: list[int], *, augmenter: Augmenter, targets: Sequence[Target] | None = None
) -> Example:
    """A training batch of these samples, with its targets, as a step of the training would get it."""
    batch = scene.samples.batch(torch.tensor(indices))
    wanted = scene.targets if targets is None else targets
    return make_example(batch, scene.samples, targets=wanted, augment=augmenter)


def leaving(scene: Scene, augmenter: Augmenter | None) -> dict[str, Any] | None:
    """How many visible points leave the image, of which parts; None where nothing moves."""
    samples = scene.samples
    if augmenter is None or not augmenter.moves:
        return None
    chosen = torch.linspace(0, len(samples) - 1, COUNTED).round().long()
    size, margin = samples.image_size, samples.margin
    moved = augmenter.move_alone(samples.points[chosen], size=size, margin=margin)
    there = _on_image(scene, chosen)
    left = there & ~torch.isfinite(moved).all(dim=-1)
    by_part = left.sum(dim=(0, 1)).tolist()
    most = sorted(zip(samples.nodes, by_part), key=lambda pair: -pair[1])
    return {
        "points": int(there.sum()),
        "left": int(left.sum()),
        "most": [[name, count] for name, count in most[:NAMED] if count],
    }


def _on_image(scene: Scene, indices: Tensor) -> Tensor:
    """Which parts of these samples are on their images before anything moves, bool (B, animals, nodes)."""
    samples = scene.samples
    still = Augmenter(None, None, torch.Generator())
    points = still.move_alone(samples.points[indices], size=samples.image_size, margin=samples.margin)
    return torch.isfinite(points).all(dim=-1)


class _Drawn:
    """Notes what an augmenter draws for each row of one batch; `by_row` is one object per row."""

    def __init__(self, count: int) -> None:
        self.by_row: list[dict[str, Any]] = [{} for _ in range(count)]

    def record(self, name: str, rows: Tensor, drawn: Tensor | None) -> None:
        for place, row in enumerate(rows.tolist()):
            values = None if drawn is None else drawn[place].tolist()
            self.by_row[row] |= _WORDS.get(name, lambda name, value: {name: value})(name, values)


def _moved(_: str, values: Any) -> dict[str, Any]:
    degrees, scale, x, y = values
    found: dict[str, Any] = {}
    if degrees:
        found["rotation"] = degrees
    if scale != 1:
        found["scale"] = scale
    if math.hypot(x, y):
        found["shift"] = [x, y]
    return found


_WORDS: dict[str, Callable[[str, Any], dict[str, Any]]] = {"move": _moved}
