"""The way of one sample from the image as it is stored to what the network learns, with the size at each step."""

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
import torch
from torch import Tensor

from sleapnn_engine.data.augment import Augmenter, cut_margin, to_float
from sleapnn_engine.data.frames import Batch
from sleapnn_engine.data.samples import CropSamples
from sleapnn_engine.inspect.pictures import SMALL, picture
from sleapnn_engine.inspect.scene import Scene
from sleapnn_engine.training.inputs.batches import Example, make_example

Found = tuple[dict[str, Any], dict[str, np.ndarray]]

#: The pixels that each step's size is counted in.
SOURCE, MATCHED, INPUT, CELLS = "source", "matched", "input", "cells"


@attrs.frozen(kw_only=True)
class _Step:
    """One step: its name, the pixels it ends with, and the image (C, H, W) after it; `size` (H, W) where that is larger."""

    name: str
    pixels: str
    image: Tensor | None
    size: tuple[int, ...]
    channels: int
    changes: bool = True

    @classmethod
    def of(cls, name: str, pixels: str, image: Tensor, *, before: Tensor | None = None) -> "_Step":
        """A step that ends with this image; where that is the one `before`, it changes nothing."""
        size, same = tuple(image.shape[-2:]), image is before
        return cls(
            name=name, pixels=pixels, image=image, size=size, channels=image.shape[-3], changes=not same
        )


def chain(scene: Scene, index: int, *, seed: int = 0) -> Found:
    """Each step with its size, in order, and a small picture after it where there is one.

    `steps` have `name` (source, colour, match, scale, pad, crop, augment, or a head), `pixels` (what sizes are counted
    in: source, matched, input, cells), `width`, `height`, `channels`, `changes`, and `picture`, the name of an array.
    """
    body, arrays = scene.place(index), {}
    steps = _steps(scene, index, seed=seed)
    listed = []
    for number, step in enumerate(steps):
        name = f"picture{number}" if step.image is not None else None
        if name is not None and step.image is not None:
            arrays[name] = picture(step.image, most=SMALL)
        listed.append(
            {
                "name": step.name,
                "pixels": step.pixels,
                "width": step.size[-1],
                "height": step.size[0],
                "channels": step.channels,
                "changes": step.changes,
                "picture": name,
            }
        )
    return body | {"steps": listed}, arrays


def _steps(scene: Scene, index: int, *, seed: int) -> Iterator[_Step]:
    samples = scene.samples
    before = None
    for name, image in scene.plan.stages(scene.labels.read_image(samples.frame_index(index))):
        pixels = SOURCE if name in ("source", "colour") else MATCHED if name == "match" else INPUT
        if not (isinstance(samples, CropSamples) and pixels == INPUT):
            yield _Step.of(name, pixels, image, before=before)
        before = image
    batch = samples.batch(torch.tensor([index]))
    augment = Augmenter.from_job(scene.job.data_config, seed=seed)
    if isinstance(samples, CropSamples):
        yield from _crop_steps(samples, batch, augment)
    elif augment is not None:
        yield _Step.of("augment", INPUT, make_example(batch, samples, targets=(), augment=augment).images[0])
    yield from _targets(scene, make_example(batch, samples, targets=scene.targets))


def _crop_steps(samples: CropSamples, batch: Batch, augment: Augmenter | None) -> Iterator[_Step]:
    """Crops are changed first, with a margin around them, then scaled and padded."""
    cut, points = cut_margin(batch.images, batch.points, margin=samples.margin)
    yield _Step.of("crop", MATCHED, cut[0])
    if augment is not None:
        cut, points = augment(batch.images, batch.points, margin=samples.margin, pictures=batch.pictures)
        yield _Step.of("augment", MATCHED, cut[0])
    plan, (finished, _) = samples.plan, samples.finish(to_float(cut), points)
    padded = finished[0]
    scaled = padded[:, : plan.scaled, : plan.scaled]
    yield _Step.of("scale", INPUT, scaled, before=scaled if plan.scaled == plan.side else None)
    yield _Step.of("pad", INPUT, padded, before=padded if plan.input_side == plan.scaled else None)


def _targets(scene: Scene, example: Example) -> Iterator[_Step]:
    """What each head is told to answer: of maps, the strongest at each place."""
    for target in scene.targets:
        drawn = example.targets[target.head][0]
        size, image = tuple(drawn.shape[1:]), None
        if drawn.ndim == 3:
            image = drawn.abs().amax(dim=0, keepdim=True).clamp(0, 1)
        name = scene.head_names[target.head]
        yield _Step(name=name, pixels=CELLS, image=image, size=size or (1, 1), channels=len(drawn))
