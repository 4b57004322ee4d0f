"""Which values of a video become black and white, where its pixels are not whole numbers of 8 bits."""

from __future__ import annotations

import attrs
import numpy as np

#: The values that become 0 and 255.
Span = tuple[float, float]

#: A range that takes less than this share of its bits, and does not begin at 0, is used as it is.
_NARROW = 1 / 8


@attrs.define(eq=False)
class ValueRange:
    """The least and the largest value of all pictures of one video, so that all of them are scaled alike."""

    dtype: np.dtype | None = None
    low: float = np.inf
    high: float = -np.inf

    def add(self, image: np.ndarray) -> None:
        """Take in one picture of any number type; values that are not finite do not count."""
        self.dtype = image.dtype if self.dtype is None else np.promote_types(self.dtype, image.dtype)
        if image.ndim == 3 and image.shape[2] in (2, 4):
            image = image[..., :-1]
        values = image[np.isfinite(image)] if image.dtype.kind == "f" else image
        if values.size:
            self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))

    def span(self) -> Span | None:
        """The values that become black and white; None where pixels stay as they are.

        Whole numbers are scaled by the bits that are used, so 12 bits in 16 by 0 to 4095; a narrow range above 0, and
        values below 0, by the least and largest value. Decimal numbers up to 1 are scaled by 0 to 1.
        """
        if self.dtype is None or self.dtype == np.bool_ or self.low > self.high:
            return None
        if self.low >= 0 and 0 < self.high <= 1:
            return (0.0, 1.0)
        if self.dtype == np.uint8:
            return None
        if self.low == self.high:
            return (min(self.low, 0.0), max(self.high, 1.0))
        top = float(2 ** max(int(np.ceil(self.high)).bit_length(), 8) - 1) if self.high > 0 else 0.0
        if self.low < 0 or (self.low > 0 and self.high - self.low < top * _NARROW):
            return (self.low, self.high)
        return (0.0, top)


def depth_text(dtype: np.dtype | None) -> str:
    """Say what kind of pixels those are: `16 bits`, `16 bits with a sign`, `decimal numbers`."""
    if dtype is None:
        return "unknown kind"
    if dtype.kind == "f":
        return "decimal numbers"
    bits = f"{dtype.itemsize * 8} bits"
    return f"{bits} with a sign" if dtype.kind == "i" else bits
