"""Encoded images: sizes from headers, whole or not, and pixels of every depth."""

import cv2
import numpy as np
import pytest

from sleapnn_engine.data.image_bytes import ImageHeader, as_uint8_rgb, decode_image, inspect_image

RANDOM = np.random.default_rng(0)
GRAY = RANDOM.integers(0, 256, (12, 17), dtype=np.uint8)
COLOUR = RANDOM.integers(0, 256, (12, 17, 3), dtype=np.uint8)
SMOOTH = cv2.GaussianBlur(COLOUR, (0, 0), 3)


def encode(kind, pixels):
    done, data = cv2.imencode(kind, pixels)
    assert done
    return data.tobytes()


@pytest.mark.parametrize("kind", [".png", ".jpg", ".bmp", ".tif"])
@pytest.mark.parametrize(("pixels", "channels"), [(GRAY, 1), (COLOUR, 3)])
def test_size_and_channels_are_known_without_asking_the_file_name(kind, pixels, channels):
    data = encode(kind, pixels)
    header = inspect_image(data)
    if kind == ".bmp" and channels == 1:
        assert (header.height, header.width) == (12, 17)
    else:
        assert header == ImageHeader(12, 17, channels, 8)
    assert decode_image(data).shape == (12, 17, header.channels)


def test_pixels_come_back_as_red_green_blue():
    np.testing.assert_array_equal(decode_image(encode(".png", COLOUR[..., ::-1])), COLOUR)
    np.testing.assert_array_equal(decode_image(encode(".png", COLOUR), swapped=True), COLOUR)
    np.testing.assert_array_equal(decode_image(encode(".png", GRAY))[..., 0], GRAY)
    assert np.abs(decode_image(encode(".jpg", SMOOTH[..., ::-1])).astype(int) - SMOOTH).mean() < 8


def test_alpha_is_dropped():
    pixels = np.dstack([COLOUR, GRAY])
    assert inspect_image(encode(".png", pixels)).channels == 3
    np.testing.assert_array_equal(decode_image(encode(".png", pixels)), COLOUR[..., ::-1])


def test_sixteen_bits_are_scaled_not_wrapped():
    deep = np.array([[0, 257, 32768, 65535]], dtype=np.uint16)
    data = encode(".png", deep)
    assert inspect_image(data).bits == 16
    assert decode_image(data).ravel().tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize("kind", [".png", ".jpg"])
@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.99])
def test_cut_images_are_noticed(kind, keep):
    data = encode(kind, cv2.resize(COLOUR, (200, 150)))
    with pytest.raises(ValueError, match="cut short"):
        inspect_image(data[: int(len(data) * keep)])
    with pytest.raises(ValueError, match="cut short"):
        decode_image(data[: int(len(data) * keep)])


def test_a_changed_byte_in_a_png_is_noticed():
    data = bytearray(encode(".png", COLOUR))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(ValueError, match="damaged"):
        inspect_image(bytes(data))


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 30, b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"text, not an image"]
)
def test_what_is_no_image_is_refused(data):
    with pytest.raises(ValueError):
        inspect_image(data)


def test_other_arrays_are_refused_and_flags_are_images():
    for wrong in (
        np.zeros((4, 4), np.float32),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((4, 4), np.int32),
    ):
        with pytest.raises(ValueError):
            as_uint8_rgb(wrong)
    assert as_uint8_rgb(np.array([[True, False]])).ravel().tolist() == [255, 0]
