"""Encoded images: their size from the header, whether they are whole, their pixels as uint8 RGB."""

from __future__ import annotations

import struct
import zlib

import attrs
import cv2
import numpy as np

from sleapnn_engine.data.pixel_span import Span

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# PNG colour type -> channels the decoder delivers (palettes become colour, alpha is dropped on decoding).
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 3, 6: 3}
_PNG_ALPHA = (4, 6)


@attrs.frozen
class ImageHeader:
    """What an image says about itself: size in pixels, channels after decoding (1 or 3), bits per channel.

    `alpha` says that it has transparency as well, which is dropped; `plain` that its values are whole numbers of at
    most 8 bits.
    """

    height: int
    width: int
    channels: int
    bits: int
    alpha: bool = False
    plain: bool = True


def inspect_image(data: bytes) -> ImageHeader:
    """Read size and channels of an encoded image and make sure that all of it is there.

    PNG and JPEG are checked from their structure, without decoding: a decoder may return the rest of a cut
    image as gray without complaint. Other formats are decoded. Raises ValueError with the reason.
    """
    if not data:
        raise ValueError("it is empty")
    if data.startswith(_PNG):
        return _inspect_png(data)
    if data.startswith(_JPEG):
        return _inspect_jpeg(data)
    image = _decode(data)
    channels = 1 if image.ndim == 2 else 3 if image.shape[2] >= 3 else 1
    alpha = image.ndim == 3 and image.shape[2] in (2, 4)
    plain = image.dtype in (np.uint8, np.bool_)
    return ImageHeader(image.shape[0], image.shape[1], channels, image.dtype.itemsize * 8, alpha, plain)


def decode_image(data: bytes, *, swapped: bool = False, span: Span | None = None) -> np.ndarray:
    """Decode an image of any common format to uint8 (height, width, 1 or 3), RGB.

    `swapped` says that red and blue changed places when the image was encoded (older packages); `span` is as for
    `as_uint8_rgb`. Raises ValueError when the bytes are no image, cut short, or hold values that are not whole numbers.
    """
    return as_uint8_rgb(decode_values(data, swapped=swapped), span=span)


def decode_values(data: bytes, *, swapped: bool = False) -> np.ndarray:
    """Decode an image to the values it holds, of any type: (height, width) or (height, width, channels), RGB."""
    inspect_image(data)
    image = _decode(data)
    if image.ndim == 3 and image.shape[2] >= 3:
        image = image[..., :3] if swapped else image[..., 2::-1]
    return image


def as_uint8_rgb(image: np.ndarray, *, span: Span | None = None) -> np.ndarray:
    """Bring an image array to uint8 (height, width, 1 or 3); alpha is dropped, nothing wraps.

    `span` are the values that become 0 and 255 (see `pixel_span`). Without it 8 bits stay as they are and 16 are scaled
    by the range of their type. Raises ValueError for other types without a span, and for other shapes.
    """
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[2] not in (1, 2, 3, 4):
        raise ValueError(f"an array of shape {image.shape} is not an image")
    image = image[..., :3] if image.shape[2] >= 3 else image[..., :1]
    if image.dtype == np.bool_:
        return image.astype(np.uint8) * 255
    if image.dtype == np.uint8 and span is None:
        return np.ascontiguousarray(image)
    if image.dtype.kind not in "uif" or (span is None and image.dtype != np.uint16):
        raise ValueError(f"pixels of type {image.dtype} are not supported")
    low, high = span or (0, np.iinfo(image.dtype).max)
    scaled = (np.nan_to_num(image.astype(np.float64), nan=low) - low) * (255 / (high - low))
    return np.clip(np.floor(scaled + 0.5), 0, 255).astype(np.uint8)


def _decode(data: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ValueError("it is not an image in a known format, or it is damaged")
    return image


def _inspect_png(data: bytes) -> ImageHeader:
    """Walk the chunks of a PNG: each carries its length and a checksum, the last is IEND."""
    header: ImageHeader | None = None
    position = len(_PNG)
    while position + 12 <= len(data):
        length = struct.unpack(">I", data[position : position + 4])[0]
        kind = data[position + 4 : position + 8]
        end = position + 12 + length
        if end > len(data):
            break
        checksum = struct.unpack(">I", data[end - 4 : end])[0]
        if zlib.crc32(data[position + 4 : end - 4]) != checksum:
            raise ValueError("it is damaged (a checksum does not fit)")
        if kind == b"IHDR" and length >= 13:
            width, height, bits, colour = struct.unpack(">IIBB", data[position + 8 : position + 18])
            alpha, plain = colour in _PNG_ALPHA, bits <= 8
            header = ImageHeader(height, width, _PNG_CHANNELS.get(colour, 3), bits, alpha, plain)
        if kind == b"IEND" and header is not None:
            return header
        position = end
    raise ValueError("it is cut short")


def _inspect_jpeg(data: bytes) -> ImageHeader:
    """Walk the segments of a JPEG up to the frame header, and look for the end mark."""
    if b"\xff\xd9" not in data[-64:]:
        raise ValueError("it is cut short")
    position = 2
    while position + 9 < len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        length = struct.unpack(">H", data[position + 2 : position + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits, height, width, channels = struct.unpack(">BHHB", data[position + 4 : position + 10])
            return ImageHeader(height, width, 1 if channels == 1 else 3, bits)
        position += 2 + length
    raise ValueError("it is damaged (it has no size)")
