"""How animals lie: figures of small scenes that can be counted by hand."""

import numpy as np
import pytest

from sleapnn_engine.data.poses import describe_poses

NODES, EDGES = ("a", "b", "c"), (("a", "b"), ("b", "c"))


def animal(*, at: tuple[float, float] = (0, 0), degrees: float = 0) -> np.ndarray:
    """Three parts in a row, 10 px and then 30 px apart."""
    turn = np.radians(degrees)
    return np.outer((0, 10, 40), (np.cos(turn), np.sin(turn))) + at


def described(*frames: list[np.ndarray]) -> dict[str, object]:
    stacked = [np.stack(frame) if frame else np.empty((0, 3, 2)) for frame in frames]
    return describe_poses(stacked, nodes=NODES, edges=EDGES)


def test_limbs_directions_and_touch() -> None:
    turned = described(*([animal(degrees=angle)] for angle in (0, 90, 180, 270)))
    assert turned == {"short_limb": 15.0, "direction_spread": 1.0, "touching": 0.0}
    straight = described([animal(), animal(at=(41, 0))], [animal(), animal(at=(40, 0))], [animal()], [])
    assert straight == {"short_limb": 15.0, "direction_spread": 0.0, "touching": 0.25}


@pytest.mark.filterwarnings("error")
def test_missing_parts_and_no_animals() -> None:
    assert described([]) == {"short_limb": None, "direction_spread": None, "touching": 0.0}
    assert described() == {"short_limb": None, "direction_spread": None, "touching": 0.0}
    gone = animal()
    gone[2] = np.nan
    none = np.full((3, 2), np.nan)
    assert described([gone, none]) == {"short_limb": 10.0, "direction_spread": 0.0, "touching": 0.0}
    assert described([none]) == {"short_limb": None, "direction_spread": None, "touching": 0.0}
