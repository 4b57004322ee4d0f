"""All labelled frames as the engine lists them, and which of them a choice shows."""

from typing import Any

import attrs
import numpy as np

from sleapnn_gui.widgets.language import tr

#: What a frame is for, as the engine says it.
LEARNED, MEASURED = 1, 2
#: The name of the choice of frames that measure the model.
VALIDATION = tr("Validation")


@attrs.frozen(eq=False)
class FrameTable:
    """What the engine answers to `frames`; places are rows of `frames` and `animals`."""

    frames: np.ndarray
    shapes: np.ndarray
    animals: np.ndarray
    sizes: np.ndarray
    covered: np.ndarray
    videos: tuple[str, ...]
    tracks: tuple[str, ...]
    reason: str = ""
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, answer: dict[str, Any]) -> "FrameTable":
        """Read an answer."""
        arrays = answer["arrays"]
        return cls(
            arrays["frames"],
            arrays["shapes"],
            arrays["animals"],
            arrays["sizes"],
            arrays["covered"],
            tuple(video["name"] for video in answer["videos"]),
            tuple(answer["tracks"]),
            answer["reason"],
            tuple(answer["warnings"]),
        )

    def __len__(self) -> int:
        return len(self.frames)

    def parted(self, parts: np.ndarray) -> "FrameTable":
        """The same with each frame for something else."""
        frames = self.frames.copy()
        frames[:, 3] = parts
        return attrs.evolve(self, frames=frames)

    def is_measured(self, place: int) -> bool:
        """Whether a frame is one that measures the model."""
        return bool(self.frames[place, 3] & MEASURED)

    def number(self, place: int) -> int:
        """The frame number in its video."""
        return int(self.frames[place, 1])

    def video(self, place: int) -> str:
        """The name of the video of a frame."""
        return self.videos[int(self.frames[place, 0])]


@attrs.frozen(eq=False)
class Choice:
    """Some of the frames under a name; `animals` are places of animals that are pointed out, by frame."""

    name: str
    places: np.ndarray
    animals: dict[int, list[int]] = attrs.field(factory=dict)

    @property
    def label(self) -> str:
        """Name and count."""
        return f"{self.name} ({len(self.places):,})"


def choices_of(table: FrameTable, worth: Choice | None = None) -> list[Choice]:
    """All frames, those worth a look, those that measure the model, those of each video where there are several."""
    parts = table.frames[:, 3]
    found = [Choice(tr("All frames"), np.arange(len(table)))]
    if worth is not None:
        found.append(worth)
    found.append(Choice(VALIDATION, np.flatnonzero(parts & MEASURED)))
    videos = np.unique(table.frames[:, 0])
    if len(videos) > 1:
        # Sorted once: a mask for each of a thousand videos would take long.
        order = np.argsort(table.frames[:, 0], kind="stable")
        groups = np.split(order, np.searchsorted(table.frames[order, 0], videos[1:]))
        found += [Choice(table.videos[video], places) for video, places in zip(videos, groups)]
    return [choice for choice in found if len(choice.places)]
