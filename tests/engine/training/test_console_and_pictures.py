"""What a terminal, a pipe and a picture show."""

import io

import numpy as np

from sleapnn_engine.training.artifacts.drawing import BRIGHT, PREDICTED, TRUTH, draw_prediction
from sleapnn_engine.training.callbacks.console import Console
from sleapnn_engine.training.callbacks.preview import spread
from sleapnn_engine.training.report import Phase, Report


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def phase(done: int | None = None) -> Phase:
    return Phase(Report.__new__(Report), "cache", "Reading images", 10, done=done)


def test_a_pipe_gets_plain_lines() -> None:
    stream = io.StringIO()
    console = Console(stream, enabled=True)
    console.phase_changed(phase(), "started")
    console.phase_changed(phase(3), "progress")
    console.phase_changed(phase(10), "done")
    console.line("the end")
    assert stream.getvalue() == "Reading images: 0.0 s\nthe end\n"


def test_a_terminal_gets_one_line_that_changes() -> None:
    stream = Terminal()
    console = Console(stream, enabled=True)
    console.phase_changed(phase(3), "progress")
    assert stream.getvalue() == "Reading images 3 of 10 ..."
    console.phase_changed(phase(10), "done")
    assert stream.getvalue().endswith("\r" + " " * 26 + "\rReading images: 0.0 s\n")


def test_switched_off_it_says_nothing() -> None:
    stream = Terminal()
    console = Console(stream, enabled=False)
    console.phase_changed(phase(3), "progress")
    console.phase_changed(phase(10), "done")
    console.line("the end")
    assert stream.getvalue() == ""


def near(picture: np.ndarray, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    """Whether some pixel within 8 of `place` (x, y) has nearly that colour."""
    x, y = place
    patch = picture[max(y - 8, 0) : y + 9, max(x - 8, 0) : x + 9].astype(int)
    return bool((abs(patch - np.array(colour)).max(axis=-1) < 40).any())


def test_points_and_maps_are_drawn_where_they_belong() -> None:
    image = np.full((96, 96, 1), 40, dtype=np.uint8)
    truth = np.array([[[20.0, 30.0], [np.nan, np.nan]]])
    predicted = np.array([[[60.0, 70.0], [np.nan, np.nan]]])
    maps = np.zeros((2, 24, 24), dtype=np.float32)
    maps[0, 17, 15] = 1.0  # the cell of (60, 68) at stride 4
    picture = draw_prediction(
        image, maps, truth=truth, predicted=predicted, pairs=[(0, 0)], nodes=["a", "b"], stride=4
    )
    assert picture.shape == (960 + 26, 960, 3)
    assert near(picture, (205, 305), TRUTH)
    assert not near(picture, (205, 305), PREDICTED)
    assert near(picture, (605, 705), PREDICTED)
    # Away from the points: warm where the map is high, plain where it is not.
    warm, plain = picture[684, 606].astype(int), picture[300, 600].astype(int)
    assert warm[2] > warm[0] + 30
    assert np.ptp(plain) < 10


def test_colour_images_and_empty_predictions_can_be_drawn() -> None:
    image = np.zeros((40, 64, 3), dtype=np.uint8)
    image[..., 0] = 200
    picture = draw_prediction(
        image,
        np.zeros((1, 10, 16)),
        truth=np.full((1, 1, 2), np.nan),
        predicted=np.zeros((0, 1, 2)),
        pairs=[],
        nodes=["a"],
        stride=4,
    )
    blue, _, red = picture[300, 500]
    assert (blue, red) == (0, 200)


def test_only_pairs_are_joined_by_a_line() -> None:
    image = np.zeros((96, 96, 1), dtype=np.uint8)
    truth = np.array([[[10.0, 20.0]], [[10.0, 60.0]]])
    predicted = np.array([[[80.0, 60.0]], [[80.0, 20.0]]])
    picture = draw_prediction(
        image, np.zeros((1, 24, 24)), truth=truth, predicted=predicted, pairs=[(1, 0)], nodes=["a"], stride=4
    )
    assert near(picture, (455, 205), BRIGHT)
    assert not near(picture, (455, 605), BRIGHT)


def test_pinned_frames_are_spread_over_all() -> None:
    assert spread(12, 6) == [0, 2, 4, 6, 8, 10]
    assert spread(3, 6) == [0, 1, 2]
    assert spread(1, 6) == [0]
    assert spread(0, 6) == []
