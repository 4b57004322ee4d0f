"""What the heads of a config are told to answer on one sample, compact enough to be looked at, and what bumps cover."""

from itertools import combinations
from typing import Any, cast

import attrs
import numpy as np
import torch
from torch import Tensor

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.model_types import HEADS, HeadTraits
from sleapnn_engine.inspect.pictures import LARGE, levels, listed, picture
from sleapnn_engine.inspect.scene import Scene

Found = tuple[dict[str, Any], dict[str, np.ndarray]]

#: Bumps nearer to each other than this many sigma merge: midway, they are above 0.6.
MERGED = 2.0
#: Most pairs of parts that are named.
NAMED = 4


def targets(scene: Scene, index: int, *, part: int | None = None) -> Found:
    """The targets of one sample, of one `part` or of all.

    Arrays: `image` uint8 (h, w, C); `confmaps` uint8 (rows, columns), the strongest of the parts that are asked for;
    `pafs` float16 (2, rows, columns), x and y of the strongest limb at each place; `class_maps` uint8 (classes, rows,
    columns). `heads` have `array`, `stride`, `sigma`, `channels`, `rows` and `columns`. `points` are in input pixels, of
    `width` × `height`. `bump` says how large a bump is, `merging` which parts it cannot keep apart. Where the guide's words
    (sigma in input pixels) mean another bump, `guide` is that head as they have it, and the array `guide` its map.
    """
    body = scene.place(index)
    if part is not None and not 0 <= part < len(body["nodes"]):
        raise UserError(f"There is no part {part}; there are {len(body['nodes'])}, counted from 0.")
    example = scene.example(index)
    height, width = example.images.shape[-2:]
    body |= {"width": width, "height": height, "points": listed(example.points[0]), "part": part}
    body |= {"heads": [], "bump": None, "merging": None, "guide": None}
    arrays = {"image": picture(example.images[0], most=LARGE)}
    for target in scene.targets:
        drawn, name = example.targets[target.head][0], scene.head_names[target.head]
        head: dict[str, Any] = {"name": name, "channels": len(drawn)}
        if HEADS[name].identities:
            head["classes"] = list(scene.labels.tracks)
        if HEADS[name].maps:
            arrays[name] = _compact(HEADS[name], drawn, part=part)
            stride, sigma = getattr(target, "stride"), getattr(target, "sigma")  # noqa: B009 - of maps only
            head |= {"stride": stride, "sigma": sigma, "rows": drawn.shape[-2], "columns": drawn.shape[-1]}
            if not (HEADS[name].limbs or HEADS[name].identities):
                body["bump"] = _bump(scene, index, sigma=sigma * stride)
                body["merging"] = _merging(scene, sigma=sigma * stride)
                if stride != 1:
                    # Of the maps with a sigma, which all are attrs classes.
                    other = attrs.evolve(cast(Any, target), sigma=sigma / stride)
                    read = scene.example(index, targets=[other]).targets[target.head][0]
                    arrays["guide"] = _compact(HEADS[name], read, part=part)
                    body["guide"] = head | {"input_px": sigma, "array": "guide"}
        else:
            head["vector"] = drawn.tolist()
        body["heads"].append(head)
    return body, arrays


def _compact(traits: HeadTraits, drawn: Tensor, *, part: int | None) -> np.ndarray:
    """What is sent of a head's target (channels, rows, columns)."""
    if traits.limbs:
        fields = drawn.view(-1, 2, *drawn.shape[1:])
        strongest = fields.square().sum(dim=1).argmax(dim=0)
        taken = fields.gather(0, strongest[None, None].expand(1, 2, *strongest.shape))[0]
        return np.asarray(taken.numpy(), np.float16)
    if traits.identities:
        return levels(drawn)
    return levels(drawn.amax(dim=0) if part is None else drawn[part])


def _bump(scene: Scene, index: int, *, sigma: float) -> dict[str, float | None]:
    """One sigma in input and source pixels, and as a share of the median body length (the diagonal of the box); null unknown."""
    store, to_source = scene.samples.store, scene.samples.source_scale(index)
    seen = torch.isfinite(store.points)
    low, high = (
        torch.where(seen, store.points, end).amin(dim=2)
        if end > 0
        else torch.where(seen, store.points, end).amax(dim=2)
        for end in (torch.inf, -torch.inf)
    )
    sizes = (high - low).norm(dim=-1)[seen.all(dim=-1).sum(dim=-1) > 1]
    source = sigma * to_source
    animal = float(sizes.median()) * to_source / _unscaled(scene) if len(sizes) else None
    return {
        "input_px": sigma,
        "source_px": source,
        "animal_px": animal,
        "share": source / animal if animal else None,
    }


def _merging(scene: Scene, *, sigma: float) -> dict[str, Any]:
    """Parts nearer to each other than `MERGED` sigma, over all samples: pairs of one animal, each with the share of the
    animals that show both, and how many animals have a part so near to the same part of another one in the same map."""
    points, near = scene.samples.points, MERGED * sigma * _unscaled(scene)
    nodes, found = scene.samples.nodes, list[tuple[str, str, float]]()
    for first, second in combinations(range(len(nodes)), 2):
        apart = (points[:, :, first] - points[:, :, second]).norm(dim=-1)
        known = apart[torch.isfinite(apart)]
        if len(known):
            found.append((nodes[first], nodes[second], float((known < near).float().mean())))
    pairs = sorted((row for row in found if row[2] > 0), key=lambda row: -row[2])
    touched, shown = torch.zeros(points.shape[:2], dtype=torch.bool), torch.isfinite(points).all(-1).any(-1)
    for first, second in combinations(range(points.shape[1]), 2):
        close = ((points[:, first] - points[:, second]).norm(dim=-1) < near).any(dim=-1)
        touched[:, first] |= close
        touched[:, second] |= close
    return {
        "near_px": near,
        "pairs": [list(row) for row in pairs[:NAMED]],
        "more": max(len(pairs) - NAMED, 0),
        "animals": int(touched.sum()),
        "of_animals": int(shown.sum()),
    }


def _unscaled(scene: Scene) -> float:
    """Pixels of the images that points of samples are on, for a pixel of the network's input."""
    return 1.0 if scene.crops is None else 1 / scene.crops.ratio
