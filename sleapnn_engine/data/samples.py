"""What one training sample is: a whole frame with its animals, with their centres only, or a crop around one animal.

A sample speaks the coordinates of its network input; `to_source` leads back to the image file.
"""

from __future__ import annotations

import math

import attrs
import numpy as np
import torch

from sleapnn_engine.data.affine import drop_outside
from sleapnn_engine.data.augment import cut_margin, to_float
from sleapnn_engine.data.crops import crop_corners
from sleapnn_engine.data.frames import Batch, FrameStore
from sleapnn_engine.data.geometry import PLACES, pad_image

#: What other programs place points too far right and down of where a model of crops finds them, in pixels on average.
CUT_SHORT = 0.5
#: The single node of a sample that only shows where animals are.
CENTER = "centroid"


class FrameSamples:
    """Whole frames with all nodes of all animals."""

    def __init__(self, store: FrameStore) -> None:
        self.store = store

    def __len__(self) -> int:
        return len(self.store)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names along the node axis of points."""
        return self.store.labels.nodes

    @property
    def input_size(self) -> tuple[int, int]:
        """(height, width) of the network input, in pixels."""
        return self.store.plan.height, self.store.plan.width

    @property
    def margin(self) -> int:
        """Pixels on each side of images of a batch that only augmentation may turn into view."""
        return 0

    def batch(self, indices: torch.Tensor) -> Batch:
        """Return the samples at `indices`, int64 (B,), as they are before augmentation."""
        return self.store.batch(indices)

    @property
    def points(self) -> torch.Tensor:
        """Those of all samples, float32 (samples, animals, nodes, 2), on the images of `batch`."""
        return self.store.points

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of the images of `batch`, margins included."""
        return self.input_size

    def finish(self, images: torch.Tensor, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Turn augmented float images and points into network input."""
        return images, points

    def frame_index(self, index: int) -> int:
        """Which frame of the label set sample `index` is on."""
        return index

    def to_source(self, index: int, points: np.ndarray) -> np.ndarray:
        """Predicted (..., 2) points of sample `index`, where targets are drawn, -> source-image pixels."""
        return self.store.sizings[index].to_source(points)

    def source_scale(self, index: int) -> float:
        """Source pixels per pixel of the network input."""
        return 1 / self.store.sizings[index].ratio[0]

    def truth(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Labelled points (I, N, 2) in source pixels and tracks (I,) of sample `index`."""
        frame = self.store.labels.frames[index]
        return frame.points, frame.track_index

    def close(self) -> None:
        """Release videos and what the store holds."""
        self.store.close()
        self.store.labels.close()


class CenterSamples(FrameSamples):
    """Whole frames on which each animal is one point, its centre.

    The centre moves with the image in augmentation; it is not found anew from the nodes that stayed in view.
    """

    @property
    def nodes(self) -> tuple[str, ...]:
        return (CENTER,)

    def batch(self, indices: torch.Tensor) -> Batch:
        return self.store.batch(indices, points=self.points)

    @property
    def points(self) -> torch.Tensor:
        return self.store.centers[:, :, None]

    def truth(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        frame = self.store.labels.frames[index]
        assert frame.centers is not None
        return frame.centers[:, None], frame.track_index


def network_input(samples: FrameSamples, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch of samples as it is, without augmentation: float32 images (B, C, H, W) in 0..1 and their points."""
    images, points = cut_margin(to_float(batch.images), batch.points, margin=samples.margin)
    images, points = samples.finish(images, points)
    return images.contiguous(memory_format=torch.channels_last), points


@attrs.frozen(kw_only=True)
class CropPlan:
    """How crops become network input: `side` pixels of the size-matched frame, scaled, padded to `multiple`.

    `margin` is what is cut around that for augmentation to turn into view, in pixels on each side.
    """

    side: int
    scale: float
    multiple: int
    margin: int = 0
    places: int = PLACES

    def target_shifts(self, shifts: torch.Tensor) -> torch.Tensor:
        """What targets lie off their exact place on the network's input, given what they do on frames (F, 2).

        Others of the family cut a crop at a whole pixel and add the corner before it was rounded down to what is found
        on it: half a pixel too much on average, which the targets lie short of their place.
        """
        if self.places < PLACES:
            return shifts * self.scale + 0.5 * (1 - self.scale)
        middle = (self.side - 1) / 2
        exact = (middle + 0.5) * self.ratio - 0.5
        return (shifts - CUT_SHORT) * self.scale + middle * self.scale - exact

    @property
    def scaled(self) -> int:
        return max(int(self.side * self.scale), 1)

    @property
    def input_side(self) -> int:
        """Height and width of the network input."""
        return math.ceil(self.scaled / self.multiple) * self.multiple

    @property
    def ratio(self) -> float:
        """True input pixels per pixel of the crop, after rounding."""
        return self.scaled / self.side


class CropSamples(FrameSamples):
    """One square crop per animal, its centre in the middle; the corner of a crop is a whole pixel of the frame.

    Frames of the store must not be scaled: a crop is cut first. Only the animal of the crop has points.
    """

    def __init__(self, store: FrameStore, plan: CropPlan) -> None:
        super().__init__(store)
        self.plan = plan
        there = torch.isfinite(store.centers).all(dim=-1)
        self._frames, self._animals = there.nonzero().unbind(1)
        self._centers = store.centers[self._frames, self._animals]
        self._corners = crop_corners(self._centers, size=self.side)
        points = store.points[self._frames, self._animals] - self._corners[:, None]
        self._points = drop_outside(points, height=self.side, width=self.side)[:, None]
        self._tracks = store.tracks[self._frames, self._animals][:, None]
        self._shifts = plan.target_shifts(store.shifts)[self._frames]
        # Corners are x, y, and pictures top, left, bottom, right.
        pictures = store.pictures[self._frames] - self._corners.flip(1).repeat(1, 2)
        self._pictures = pictures.clamp(0, self.side)

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def input_size(self) -> tuple[int, int]:
        return self.plan.input_side, self.plan.input_side

    @property
    def margin(self) -> int:
        return self.plan.margin

    @property
    def points(self) -> torch.Tensor:
        return self._points

    @property
    def placed(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Points (samples, nodes, 2) and centres (samples, 2) of the animals, on the size-matched frames."""
        return self.store.points[self._frames, self._animals], self._centers

    @property
    def image_size(self) -> tuple[int, int]:
        return self.side, self.side

    @property
    def side(self) -> int:
        """Pixels of a crop as it comes from `batch`."""
        return self.plan.side + 2 * self.plan.margin

    def batch(self, indices: torch.Tensor) -> Batch:
        frames, corners = self._frames.index_select(0, indices), self._corners.index_select(0, indices)
        return Batch(
            images=self.store.crops(frames, corners, size=self.side),
            points=self._points.index_select(0, indices),
            tracks=self._tracks.index_select(0, indices),
            shifts=self._shifts.index_select(0, indices),
            indices=indices,
            pictures=self._pictures.index_select(0, indices),
        )

    def finish(self, images: torch.Tensor, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scale (B, C, side, side) crops, float, and pad them; points go along."""
        plan = self.plan
        if plan.scaled != plan.side:
            images = torch.nn.functional.interpolate(
                images, size=(plan.scaled, plan.scaled), mode="bilinear", antialias=True, align_corners=False
            )
            points = (points + 0.5) * plan.ratio - 0.5
        return pad_image(images, self.input_size), points

    def frame_index(self, index: int) -> int:
        return int(self._frames[index])

    def of_frame(self, frame: int) -> list[int]:
        """The samples on a frame of the label set."""
        found: list[int] = (self._frames == frame).nonzero()[:, 0].tolist()
        return found

    def animal_index(self, index: int) -> int:
        """Which animal of its frame sample `index` shows."""
        return int(self._animals[index])

    def to_source(self, index: int, points: np.ndarray) -> np.ndarray:
        plan, sizing = self.plan, self.store.sizings[self.frame_index(index)]
        exact = (np.asarray(points) - self._shifts[index].numpy() + 0.5) / plan.ratio - 0.5
        return sizing.to_source(exact + self._corner(index), shifted=False)

    def source_scale(self, index: int) -> float:
        return 1 / (self.store.sizings[self.frame_index(index)].ratio[0] * self.plan.ratio)

    def truth(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        frame, animal = self.store.labels.frames[self.frame_index(index)], int(self._animals[index])
        return frame.points[animal : animal + 1], frame.track_index[animal : animal + 1]

    def _corner(self, index: int) -> np.ndarray:
        """Top left pixel of the finished crop on the size-matched frame, x, y."""
        return crop_corners(self._centers[index], size=self.plan.side).numpy()
