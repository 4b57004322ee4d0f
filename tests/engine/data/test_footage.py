"""Frames to look at: numbers as people write them, and videos whose first frame says little of the rest."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.frame_ranges import parse_ranges, within
from sleapnn_engine.data.footage import Choice, open_footage


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("0", [0]), ("3-5,1", [1, 3, 4, 5]), (" 2 - 3 , 3-4,9", [2, 3, 4, 9]), ("4,0-5,5-6", [*range(7)])],
)
def test_ranges_give_each_frame_once_in_order(text: str, numbers: list[int]) -> None:
    ranges = parse_ranges(text)
    assert list(ranges) == within(ranges, 100, where="video") == numbers
    assert len(ranges) == len(numbers)
    assert [n for n in range(12) if n in ranges] == numbers


@pytest.mark.parametrize("text", ["", "-", "1-", "-3", "a", "1,,2", "1.5", "5-2", "1--2", "²"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_ranges(text)
    assert caught.value.usage
    assert caught.value.hint


def test_a_range_of_a_billion_frames_is_refused_at_once() -> None:
    with pytest.raises(UserError, match="has 3 frames"):
        within(parse_ranges("0-99999999999"), 3, where="video")


def test_a_black_frame_at_the_start_makes_no_gray_video(tmp_path: Path) -> None:
    video = tmp_path / "a.avi"
    writer = cv2.VideoWriter(video.as_posix(), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for number in range(10):
        writer.write(np.full((48, 64, 3), (0, 0, 0) if number == 0 else (200, 40, 90), np.uint8))
    writer.release()
    footage = open_footage(video, Choice())
    source = footage.sources[0]
    assert source is not None
    assert source.read(5).shape == (48, 64, 3)
    assert abs(source.read(5)[20, 20].astype(int) - (90, 40, 200)).max() < 12
    footage.close()


def test_images_of_a_folder_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        cv2.imwrite((tmp_path / f"f{number}.png").as_posix(), np.full((16, 16), number, np.uint8))
    (tmp_path / "notes.txt").write_text("no image")
    footage = open_footage(tmp_path, Choice())
    assert len(footage) == 3
    source = footage.sources[0]
    assert source is not None
    assert [int(source.read(n)[0, 0, 0]) for n in range(3)] == [1, 2, 10]
    footage.close()


def test_deep_images_are_scaled_by_the_bits_that_occur(tmp_path: Path) -> None:
    for number in range(3):
        image = np.full((16, 16), 1000 + 1000 * number, np.uint16)
        cv2.imwrite((tmp_path / f"f{number}.png").as_posix(), image)
    footage = open_footage(tmp_path, Choice())
    source = footage.sources[0]
    assert source is not None
    assert [int(source.read(n).max()) for n in range(3)] == [62, 125, 187]  # of 12 bits
    assert "scaled to 8" in footage.notes[0]
    footage.close()
