"""Reading videos frame by frame with OpenCV, and making sure that the frame that comes is the one asked for.

OpenCV finds a frame by its time and then counts decoded frames. Where some do not decode it counts wrongly, or stays
where it is, and hands out another frame without a word. So after each frame its time is compared with the one that
belongs to its number.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import attrs
import cv2
import numpy as np

from sleapnn_engine.data.image_bytes import ImageHeader, as_uint8_rgb

#: A frame this far ahead is reached by decoding up to it, which is faster than looking for it.
_NEAR = 32


class OtherFrame(ValueError):
    """The video hands out another frame than the one asked for."""


@attrs.define(eq=False)
class VideoFrames:
    """The frames of one video; reading is serialised, so several threads may read.

    `grayscale` None means that nothing is known: the first frame that is read decides. With `exact` False the time of
    frames is not compared with their number: for videos whose frames are not evenly spaced.
    """

    path: str
    grayscale: bool | None = None
    exact: bool = True
    _capture: Any = attrs.field(default=None, init=False)
    _at: int | None = attrs.field(default=None, init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def count(self) -> int:
        """Number of frames that the video says it has; 0 or less when it cannot be opened."""
        with self._lock:
            return int(self._opened().get(cv2.CAP_PROP_FRAME_COUNT))

    def header(self, frame_index: int) -> ImageHeader:
        """Size and channels of one frame; it is read for that. Raises like `read`."""
        height, width, channels = self.read(frame_index).shape
        return ImageHeader(height, width, channels, 8)

    def read(self, frame_index: int) -> np.ndarray:
        """Return one frame as uint8 (height, width, 1 or 3), RGB; raises ValueError with the reason."""
        with self._lock:
            image = self._frame(frame_index)
            if self.grayscale is None:
                self.grayscale = bool(np.array_equal(image[..., 0], image[..., -1]))
        return as_uint8_rgb(np.ascontiguousarray(image[..., :1] if self.grayscale else image[..., ::-1]))

    def close(self) -> None:
        """Release the video; reading again reopens it."""
        with self._lock:
            self._release()

    def _frame(self, number: int) -> np.ndarray:
        """Frame `number` in the order of OpenCV: from where the video stands, by looking for it, or from its start."""
        if self._at is not None and 0 < number - self._at <= _NEAR:
            image, came = self._forward(number)
            if image is not None and came == number:
                return image
        image, came, arrived = self._seek(number)
        if image is None:
            self._release()
            image, came, arrived = self._seek(number)
        if image is not None and (came == number or not self.exact):
            return image
        if image is None and arrived:
            raise ValueError("it cannot be decoded")
        if not arrived and image is not None:
            # A video whose start is damaged cannot be searched at all; only counting from the start helps.
            self._release()
            image, came = self._forward(number, over_damage=True)
            if image is not None and came == number:
                return image
        if image is None:
            raise ValueError("it cannot be decoded")
        raise OtherFrame("the video hands out another frame in its place")

    def _seek(self, number: int) -> tuple[np.ndarray | None, int, bool]:
        """Look for a frame; returns the image, its number by its time, and whether OpenCV says that it got there."""
        capture = self._opened()
        self._at = None
        if capture.get(cv2.CAP_PROP_POS_FRAMES) != number:
            capture.set(cv2.CAP_PROP_POS_FRAMES, number)
        arrived = capture.get(cv2.CAP_PROP_POS_FRAMES) == number
        done, image = capture.read()
        if not done:
            return None, -1, arrived
        came = self._number(capture, default=number)
        self._at = came if arrived and came == number else None
        return image, came, arrived

    def _forward(self, number: int, *, over_damage: bool = False) -> tuple[np.ndarray | None, int]:
        """Decode from where the video stands up to a frame, by time; `over_damage` passes frames that do not decode."""
        capture, came, failed = self._opened(), -1, 0
        self._at = None
        while came < number:
            if capture.grab():
                came, failed = self._number(capture, default=came + 1), 0
            else:
                failed += 1
                if not over_damage or failed > _NEAR:
                    return None, came
        done, image = capture.retrieve()
        self._at = came if done else None
        return (image if done else None), came

    def _number(self, capture: Any, *, default: int) -> int:
        """Number of the frame read last, by its time; `default` where the video knows no times."""
        rate, time = float(capture.get(cv2.CAP_PROP_FPS)), float(capture.get(cv2.CAP_PROP_POS_MSEC))
        if not (np.isfinite(rate) and np.isfinite(time)) or rate <= 0:
            return default
        return round(time * rate / 1000)

    def _opened(self) -> Any:
        if self._capture is None:
            self._capture, self._at = cv2.VideoCapture(Path(self.path).as_posix()), None
        return self._capture

    def _release(self) -> None:
        capture, self._capture, self._at = self._capture, None, None
        if capture is not None:
            capture.release()
