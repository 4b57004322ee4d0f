"""Frame stores: network-ready images and points by index, from memory, from the files, or from disk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import attrs
import cv2
import numpy as np
import torch

from sleapnn_engine.config.disk import reason_of, write_whole
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.data.cached_images import (
    LIST_NAME,
    difference,
    image_names,
    read_list,
    shown_frames,
    write_list,
)
from sleapnn_engine.data.crops import cut_crops
from sleapnn_engine.data.geometry import FrameSizing, InputPlan, scaled_points
from sleapnn_engine.data.image_bytes import decode_image
from sleapnn_engine.data.records import LabelSet

Progress = Callable[[int, int], None]
_THREADS = 2
_JPEG_QUALITY = 95
_WRITE_ANEW = "Set data_config.use_existing_imgs to false to write the images anew."


@attrs.frozen(eq=False)
class Batch:
    """Some frames, ready for augmentation.

    `images` uint8 (B, C, H, W); `points` float32 (B, I, N, 2) x, y at their exact place on the images, NaN
    where missing or where a frame has fewer animals; `tracks` int64 (B, I), -1 without; `shifts` float32
    (B, 2) is what targets lie off the exact place (see `geometry`); `indices` int64 (B,) into the store. `pictures`
    int64 (B, 4) is the rectangle of the picture on each image, in whole pixels: top, left, bottom, right, the latter
    two not included. What is around it is padding, plain black.
    """

    images: torch.Tensor
    points: torch.Tensor
    tracks: torch.Tensor
    shifts: torch.Tensor
    indices: torch.Tensor
    pictures: torch.Tensor

    def __len__(self) -> int:
        return len(self.indices)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> Batch:
        """Return the batch on `device`; indices and pictures stay on the CPU."""
        before = (self.images, self.points, self.tracks, self.shifts)
        if all(tensor.device == device for tensor in before):
            return self
        images, points, tracks, shifts = (tensor.to(device, non_blocking=non_blocking) for tensor in before)
        return attrs.evolve(self, images=images, points=points, tracks=tracks, shifts=shifts)

    def rest(self, start: int) -> Batch:
        """The batch without its first `start` samples."""
        if not start:
            return self
        return Batch(**{field.name: getattr(self, field.name)[start:] for field in attrs.fields(Batch)})

    def target_points(self, points: torch.Tensor | None = None) -> torch.Tensor:
        """Return where targets belong: `points` (the batch's own, or augmented ones) plus the shift."""
        chosen = self.points if points is None else points
        return chosen + self.shifts.to(chosen.device).view(-1, 1, 1, 2)


class FrameStore:
    """Frames of one label set as network input; subclasses say where the images come from.

    `points` (F, I, N, 2), `centers` (F, I, 2), `tracks` (F, I) and `pictures` (F, 4) are those of all frames, in
    network-input pixels.
    `images` may be called from several threads.
    """

    def __init__(self, labels: LabelSet, plan: InputPlan) -> None:
        self.labels = labels
        self.plan = plan
        self.sizings = sizings_of(labels, plan)
        self.points, self.tracks = _tables(labels, self.sizings)
        self.centers = _centers(labels, self.sizings, animals=self.tracks.shape[1])
        known = {sizing: (sizing.target_shift, (0, 0, *sizing.picture)) for sizing in set(self.sizings)}
        shifts = np.array([known[sizing][0] for sizing in self.sizings], dtype=np.float32)
        self.shifts = torch.from_numpy(shifts).view(-1, 2)
        self.pictures = torch.tensor([known[sizing][1] for sizing in self.sizings]).view(-1, 4)

    def __len__(self) -> int:
        return len(self.labels)

    def images(self, indices: torch.Tensor) -> torch.Tensor:
        """Return uint8 (B, C, H, W) for int64 (B,) indices; raises UserError when a frame cannot be read."""
        raise NotImplementedError

    def crops(self, indices: torch.Tensor, corners: torch.Tensor, *, size: int) -> torch.Tensor:
        """Cut squares of `size` at corners (M, 2) out of the frames at `indices`, int64 (M,), as `cut_crops` does.

        A frame that is asked for several times is read once.
        """
        frames, rows = torch.unique(indices, return_inverse=True)
        return cut_crops(self.images(frames), corners, rows, size=size)

    def batch(self, indices: torch.Tensor, *, points: torch.Tensor | None = None) -> Batch:
        """Return the frames at `indices`, int64 (B,), as a batch; `points` of all frames show in place of their own."""
        return Batch(
            images=self.images(indices),
            points=(self.points if points is None else points).index_select(0, indices),
            tracks=self.tracks.index_select(0, indices),
            shifts=self.shifts.index_select(0, indices),
            indices=indices,
            pictures=self.pictures.index_select(0, indices),
        )

    def close(self) -> None:
        """Release what the store holds beyond memory."""


class HeldFrames(FrameStore):
    """Frames that are network input already: `pixels`, uint8 (F, C, H, W) of the plan's size, on any device."""

    def __init__(self, labels: LabelSet, plan: InputPlan, *, pixels: torch.Tensor) -> None:
        super().__init__(labels, plan)
        self.pixels = pixels

    def images(self, indices: torch.Tensor) -> torch.Tensor:
        """Copy the chosen frames."""
        return self.pixels.index_select(0, indices.to(self.pixels.device))

    def crops(self, indices: torch.Tensor, corners: torch.Tensor, *, size: int) -> torch.Tensor:
        """Cut straight out of the frames."""
        return cut_crops(self.pixels, corners, indices, size=size)


class MemoryFrames(HeldFrames):
    """Every frame read, resized and padded once; takes a byte per pixel and channel, and no more."""

    def __init__(
        self, labels: LabelSet, plan: InputPlan, *, progress: Progress | None = None, threads: int = _THREADS
    ) -> None:
        shape = (len(labels), plan.channels, plan.height, plan.width)
        super().__init__(labels, plan, pixels=torch.empty(shape, dtype=torch.uint8))

        def fill(index: int) -> None:
            self.pixels[index] = plan.render(labels.read_image(index))

        _fill(fill, labels, progress=progress, threads=threads)

    def move_to(self, device: torch.device | str) -> None:
        """Move the cache to a device with room for it, so that batches need no copy from the CPU."""
        self.pixels = self.pixels.to(device)


class OnDemandFrames(FrameStore):
    """Reads, resizes and pads frames each time they are asked for; needs no memory beyond the batch."""

    def images(self, indices: torch.Tensor) -> torch.Tensor:
        """Read the chosen frames from their files."""
        shape = (len(indices), self.plan.channels, self.plan.height, self.plan.width)
        out = torch.empty(shape, dtype=torch.uint8)
        for row, index in enumerate(indices.tolist()):
            out[row] = self.plan.render(self.labels.read_image(index))
        return out


class DiskFrames(FrameStore):
    """Every frame written once, as it is, to an image of its own, and read back from there to be resized and padded.

    The folder is in the form that other programs write and read: see `cached_images`. JPEG loses a little (quality
    95); choose the memory store where that matters. With `use_existing`, images that are already in the folder are
    used and nothing is written; they must be there for every frame and show these frames. `warnings` says what
    cannot be known of them. Of a cache that cannot be finished nothing is left.
    """

    def __init__(
        self,
        labels: LabelSet,
        plan: InputPlan,
        *,
        folder: Path,
        use_existing: bool = False,
        progress: Progress | None = None,
        threads: int = _THREADS,
    ) -> None:
        super().__init__(labels, plan)
        self.folder = Path(folder)
        self.warnings: tuple[str, ...] = ()
        self._names = image_names(labels)
        self._written: list[str] = []
        if use_existing:
            self._require_existing()
            return
        try:
            self._prepare_folder()
            _fill(self._write, labels, progress=progress, threads=threads)
            with self._writing(LIST_NAME):
                write_list(self.folder, shown_frames(labels))
        except BaseException:  # a signal as well
            with contextlib.suppress(OSError):
                self.delete()
            raise

    def images(self, indices: torch.Tensor) -> torch.Tensor:
        """Read the chosen frames back from the folder."""
        shape = (len(indices), self.plan.channels, self.plan.height, self.plan.width)
        out = torch.empty(shape, dtype=torch.uint8)
        for row, index in enumerate(indices.tolist()):
            out[row] = self.plan.render(self._read(index))
        return out

    def delete(self) -> None:
        """Remove the files that this store wrote, and their folder unless there is something else in it."""
        for name in self._written:
            (self.folder / name).unlink(missing_ok=True)
        if self._written:
            with contextlib.suppress(OSError):  # not empty: somebody else's files stay
                self.folder.rmdir()

    def _path(self, index: int) -> Path:
        return self.folder / self._names[index]

    def _prepare_folder(self) -> None:
        """Make the folder; the list of what was in it before does not hold from now on."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / LIST_NAME).unlink(missing_ok=True)
        except OSError as error:
            message = f"The folder for cached images cannot be made ({error.strerror})."
            hint = "Choose another data_config.cache_img_path."
            raise UserError(message, where=str(self.folder), hint=hint) from error

    @contextlib.contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        self._written.append(name)
        try:
            yield
        except OSError as error:
            message = f"A cached image cannot be written ({reason_of(error)})."
            hint = "Free some space there, or choose another data_config.cache_img_path."
            raise UserError(message, where=str(self.folder / name), hint=hint) from error

    def _write(self, index: int) -> None:
        pixels = np.ascontiguousarray(self.labels.read_image(index)[..., ::-1])
        done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        with self._writing(self._names[index]):
            if not done:
                raise OSError(0, "the image cannot be encoded")
            write_whole(self._path(index), data.tobytes(), durable=False)

    def _read(self, index: int) -> np.ndarray:
        """Return a cached frame, uint8 (height, width, 1 or 3). Raises UserError when it is not the size it has to be."""
        try:
            image = decode_image(self._path(index).read_bytes())
        except (OSError, ValueError) as error:
            message = f"A cached image cannot be read ({error})."
            raise UserError(message, where=str(self._path(index)), hint=_WRITE_ANEW) from error
        expected = self.labels.frames[index].size
        if image.shape != expected:
            message = f"The cached image has shape {image.shape}, but {expected} is needed."
            raise UserError(message, where=str(self._path(index)), hint=_WRITE_ANEW)
        return image

    def _require_existing(self) -> None:
        """Make sure that the folder holds an image of every frame, as far as that can be known."""
        missing = [index for index in range(len(self)) if not self._path(index).is_file()]
        if missing:
            message = f"{counted(len(missing), 'cached image')} of {len(self)} are not there."
            raise UserError(message, where=str(self._path(missing[0])), hint=_WRITE_ANEW)
        where = self.folder / LIST_NAME
        try:
            listed = read_list(self.folder)
        except (OSError, ValueError) as error:
            message = f"The list of cached images cannot be read ({error})."
            raise UserError(message, where=str(where), hint=_WRITE_ANEW) from error
        if listed is not None:
            reason = difference(shown_frames(self.labels), listed)
            if reason:
                raise UserError(reason, where=str(where), hint=_WRITE_ANEW)
        elif len(self):
            count = len(list(self.folder.glob("sample_*.jpg")))
            self.warnings = (
                f"{self.folder} does not say what its {counted(count, 'image')} show ({LIST_NAME} is not there); "
                f"they are taken for the {counted(len(self), 'frame')} of these labels, in their order.",
            )
        for index in {frame.size: i for i, frame in reversed(list(enumerate(self.labels.frames)))}.values():
            self._read(index)


def estimate_bytes(frames: int, plan: InputPlan) -> int:
    """Memory that `MemoryFrames` takes for that many frames, in bytes."""
    return frames * plan.channels * plan.height * plan.width


def sizings_of(labels: LabelSet, plan: InputPlan) -> tuple[FrameSizing, ...]:
    """The way of each frame to network input, one for all frames of a size.

    Raises UserError for a frame whose image is not known.
    """
    sizes = [_known_size(labels, index) for index in range(len(labels))]
    known = {size: plan.sizing(size) for size in set(sizes)}
    return tuple(known[size] for size in sizes)


def _known_size(labels: LabelSet, index: int) -> tuple[int, int, int]:
    size = labels.frames[index].size
    if size is None:
        hint = "Put the video beside the labels file."
        text = "The video of this frame was not found."
        raise UserError(text, where=labels.place(index), hint=hint, cause="images")
    return size


def _tables(labels: LabelSet, sizings: Sequence[FrameSizing]) -> tuple[torch.Tensor, torch.Tensor]:
    """Lay points and tracks of all frames out as (F, I, N, 2) and (F, I), filled with NaN and -1."""
    shape = (len(labels), max(labels.max_instances, 1), len(labels.nodes), 2)
    points = np.full(shape, np.nan, dtype=np.float32)
    tracks = np.full(shape[:2], -1, dtype=np.int64)
    ratios = np.array([sizing.ratio for sizing in sizings]).reshape(-1, 1, 1, 2)
    for row, frame in enumerate(labels.frames):
        points[row, : len(frame.points)] = frame.points
        tracks[row, : len(frame.points)] = frame.track_index
    points = scaled_points(points, ratios).astype(np.float32)
    return torch.from_numpy(points), torch.from_numpy(tracks)


def _centers(labels: LabelSet, sizings: Sequence[FrameSizing], *, animals: int) -> torch.Tensor:
    """Lay the centres of all animals out as (F, I, 2), NaN where there is no animal or no centre was placed."""
    centers = np.full((len(labels), animals, 2), np.nan, dtype=np.float32)
    ratios = np.array([sizing.ratio for sizing in sizings]).reshape(-1, 1, 2)
    for row, frame in enumerate(labels.frames):
        if frame.centers is not None:
            centers[row, : len(frame.centers)] = frame.centers
    return torch.from_numpy(scaled_points(centers, ratios).astype(np.float32))


def _fill(work: Callable[[int], None], labels: LabelSet, *, progress: Progress | None, threads: int) -> None:
    """Run `work` on the index of every frame; the first failure, or one raised by `progress`, stops the rest.

    Separate images are spread over threads. Videos are read by one thread from front to back, because they
    seek slowly. `progress(done, total)` is called in the calling thread.
    """
    order = sorted(
        range(len(labels)), key=lambda i: (labels.frames[i].video_index, labels.frames[i].frame_index)
    )
    videos = [i for i in order if labels.videos[labels.frames[i].video_index].kind == "film"]
    images = [i for i in order if labels.videos[labels.frames[i].video_index].kind != "film"]
    with ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            for done, _ in enumerate(chain(pool.map(work, images), map(work, videos)), start=1):
                if progress is not None:
                    progress(done, len(order))
        except BaseException:  # whatever ends it, a signal too, the threads must not go on
            pool.shutdown(wait=False, cancel_futures=True)
            raise
