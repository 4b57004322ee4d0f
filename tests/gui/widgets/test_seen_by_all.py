"""Lines and marks are told from what they stand on, and from each other also by who sees few colours."""

from itertools import combinations

import numpy as np
import pytest

from sleapnn_gui.monitor.colormaps import PART_COLORS
from sleapnn_gui.widgets.theme import load_tokens

TOKENS = load_tokens()
#: How the three kinds of colour blindness see, in full, linear RGB (Machado, Oliveira and Fernandes 2009).
BLIND = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
#: What lines, bars, marks and dots are drawn in, and the edges of controls. `line` and `edge` part what is told apart
#: without them.
DRAWN = ("accent", "validation_line", "best", "error", "warning", "muted", "control_line")
#: Colours that stand in one picture and mean different things.
BESIDE = [("accent", "validation_line"), ("accent", "error"), ("validation_line", "best")]
_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], dtype=np.float64
)
_WHITE = _TO_XYZ.sum(axis=1)


def linear(color: str) -> np.ndarray:
    """Linear RGB of "#rrggbb"."""
    values = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    """The ratio of WCAG 2."""
    low, high = sorted(float(_TO_XYZ[1] @ linear(color)) for color in (first, second))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    ratio = np.clip(_TO_XYZ @ rgb / _WHITE, 0, None)
    root = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def difference(first: str, second: str, kind: str) -> float:
    """How far two colours are apart for who sees so: CIE 1976, where about 2.3 can just be told."""
    seen = [lab(np.clip(np.array(BLIND[kind]) @ linear(color), 0, 1)) for color in (first, second)]
    return float(np.linalg.norm(seen[0] - seen[1]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_drawn_stands_out(scheme: str) -> None:
    low = {
        (name, on): round(ratio, 2)
        for name in DRAWN
        for on in ("panel", "window")
        if (ratio := contrast(TOKENS.hex(name, scheme), TOKENS.hex(on, scheme))) < 3
    }
    assert low == {}


@pytest.mark.parametrize("kind", BLIND)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_that_mean_something_differ_for_everybody(scheme: str, kind: str) -> None:
    for first, second in BESIDE:
        found = difference(TOKENS.hex(first, scheme), TOKENS.hex(second, scheme), kind)
        assert found > 10, (first, second, found)


@pytest.mark.parametrize("kind", BLIND)
def test_body_parts_differ_for_everybody(kind: str) -> None:
    for first, second in combinations(PART_COLORS, 2):
        assert difference(first, second, kind) > 10, (first, second)


def test_a_pair_that_cannot_be_told_is_noticed() -> None:
    assert (
        difference("#c0362c", "#6f6a1f", "deuteranopia")
        < 16
        < difference("#c0362c", "#2d6cdf", "deuteranopia")
    )
    assert contrast("#ffffff", "#000000") == pytest.approx(21, abs=0.01)
