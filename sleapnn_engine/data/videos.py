"""Reading the frames of videos kept as images, in packages and in array files; readers may be shared by threads."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import cv2
import h5py
import numpy as np

from sleapnn_engine.config.text_format import counted
from sleapnn_engine.data.image_bytes import ImageHeader, as_uint8_rgb, decode_values, inspect_image
from sleapnn_engine.data.pixel_span import Span


class NoVideo(ValueError):
    """A video cannot be read at all, for a reason that is given in words."""


def quiet_decoders() -> None:
    """Have OpenCV's video reader keep its remarks from the terminal, unless the environment asks for them.

    Whatever matters in them comes back as an error with the name of the video. OpenCV looks when it opens its first video.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


@attrs.define(eq=False)
class EncodedFrames:
    """Frames kept as separate encoded images: inside a package, or as files in a list.

    `fetch(frame_index)` returns the bytes of one image or raises KeyError, IndexError, OSError or
    ValueError. It runs under a lock; decoding does not, so that several threads can decode at once.
    """

    fetch: Callable[[int], bytes]
    release: Callable[[], None] = lambda: None
    grayscale: bool | None = None
    swapped: bool = False
    span: Span | None = None
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def header(self, frame_index: int) -> ImageHeader:
        """Size and channels of one frame, checked to be whole; raises like `read`."""
        header = inspect_image(self.encoded(frame_index))
        return attrs.evolve(header, channels=1) if self.grayscale else header

    def read(self, frame_index: int) -> np.ndarray:
        """Return one frame as uint8 (height, width, 1 or 3), RGB; ValueError or OSError give the reason."""
        image = self.decode(frame_index)
        return np.ascontiguousarray(image[..., :1]) if self.grayscale else image

    def decode(self, frame_index: int) -> np.ndarray:
        """The same in all channels that the image has, also where only one is read."""
        return as_uint8_rgb(self.values(frame_index), span=self.span)

    def values(self, frame_index: int) -> np.ndarray:
        """The values of one frame as they are stored, of any number type."""
        return decode_values(self.encoded(frame_index), swapped=self.swapped)

    def close(self) -> None:
        """Release the file; reading again reopens it."""
        with self._lock:
            self.release()

    def encoded(self, frame_index: int) -> bytes:
        """The bytes of one image as they are stored; raises like `read`."""
        with self._lock:
            return self.fetch(frame_index)


@attrs.define(eq=False)
class StreamFrames:
    """Frames of an array file or a stack of images, read one at a time through a sleap-io backend under a lock.

    `grayscale` None means that nothing is known: the first frame that is read decides. `span` are the values that
    become black and white (see `pixel_span`).
    """

    backend: Any
    grayscale: bool | None = None
    span: Span | None = None
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def read(self, frame_index: int) -> np.ndarray:
        """Return one frame as uint8 (height, width, 1 or 3), RGB; raises ValueError with the reason."""
        return as_uint8_rgb(self.values(frame_index), span=self.span)

    def values(self, frame_index: int) -> np.ndarray:
        """The values of one frame as they are stored: (height, width, channels) of any number type."""
        with self._lock:
            try:
                # The public way first reads frame 0, and gives up where only that one is damaged.
                image = np.asarray(self.backend._read_frame(frame_index))
            except Exception as error:  # guards third-party decoders, each of which fails in its own way
                raise ValueError("it is not there or cannot be decoded") from error
        image = image[..., None] if image.ndim == 2 else image
        if image.ndim != 3 or not image.size:
            raise ValueError(f"an array of shape {image.shape} is not an image")
        if self.grayscale is None:
            self.grayscale = bool(np.array_equal(image[..., 0], image[..., -1]))
        return image[..., :1] if self.grayscale else image

    def close(self) -> None:
        """Release the reader; reading again reopens it."""
        with self._lock:
            self.backend.close()


@attrs.frozen
class StackPages:
    """The pages of a TIFF file, in the way that `StreamFrames` asks for frames."""

    path: str

    def _read_frame(self, frame_index: int) -> np.ndarray:
        done, pages = cv2.imreadmulti(self.path, frame_index, 1, flags=cv2.IMREAD_UNCHANGED)
        if not done or not len(pages):
            raise ValueError
        page = pages[0]
        return page[..., 2::-1] if page.ndim == 3 and page.shape[2] >= 3 else page

    def close(self) -> None:
        """Nothing is held open."""


@attrs.define(eq=False)
class PackageImages:
    """The encoded images of one video inside a labels package; the file opens on first use."""

    path: str
    dataset: str
    frame_map: dict[int, int]
    _file: h5py.File | None = attrs.field(default=None, init=False)

    def fetch(self, frame_index: int) -> bytes:
        """Return the bytes of one image; raises ValueError when the package does not hold that frame."""
        row = self.frame_map.get(frame_index) if self.frame_map else frame_index
        try:
            if self._file is None:
                self._file = h5py.File(self.path, "r")
            images = self._file[self.dataset]
            stored = np.asarray(images[row]) if row is not None and 0 <= row < len(images) else None
        except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
            raise ValueError("the package is damaged where its image is") from error
        if stored is None:
            raise ValueError("the package holds no image for it")
        if stored.dtype.kind not in "iu":
            raise ValueError("what the package holds for it is no image")
        # Older packages pad all images to one length with zeros.
        return stored.astype(np.uint8, copy=False).tobytes().rstrip(b"\0")

    def release(self) -> None:
        """Close the file; the next fetch opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None


def embedded_frames(backend: Any, *, labelled: Sequence[int]) -> EncodedFrames:
    """Read images stored inside a labels package that a sleap-io backend describes.

    Raises NoVideo, saying why, where it is not certain which image belongs to which of the `labelled` frames.
    """
    numbers, held = backend.source_inds, int(backend.num_frames)
    place = f"{backend.dataset.removesuffix('/video')}/frame_numbers"
    if numbers is None and labelled and max(labelled) >= held:
        raise NoVideo(f"the package does not say of which frames its images are ('{place}' is missing)")
    repeated = [number for number, count in Counter(np.ravel(numbers)).items() if count > 1]
    if numbers is not None and repeated:
        raise NoVideo(f"the package holds several images of frame {repeated[0]} ('{place}')")
    images = PackageImages(backend.filename, backend.dataset, dict(backend.frame_map))
    return EncodedFrames(
        images.fetch,
        release=images.release,
        grayscale=backend.grayscale,
        swapped=getattr(backend, "channel_order", "RGB") == "BGR",
    )


def listed_frames(paths: Sequence[Path | None], *, grayscale: bool | None) -> EncodedFrames:
    """Read a video kept as a list of image files; None stands for a file that was not found."""

    def fetch(frame_index: int) -> bytes:
        if not 0 <= frame_index < len(paths):
            raise ValueError(f"the list ends after {counted(len(paths), 'image')}")
        path = paths[frame_index]
        if path is None:
            raise ValueError("the image file was not found")
        try:
            return path.read_bytes()
        except OSError as error:
            raise ValueError(f"it cannot be opened ({error.strerror})") from error

    return EncodedFrames(fetch, grayscale=grayscale)
