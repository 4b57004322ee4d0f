"""What an animal is made of: labelled nodes, a body plan, and the few directions and colours they share."""

from collections.abc import Callable

import attrs
import numpy as np

from sleapnn_engine.demo.motion import Posture
from sleapnn_engine.demo.shapes import Part

Colour = tuple[float, float, float]


@attrs.frozen
class Anatomy:
    """A kind of animal: what is labelled on it and how it is built."""

    name: str
    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    symmetries: tuple[tuple[str, str], ...]
    coats: tuple[Colour, ...]
    """Body colours; several animals in one picture take them in turn."""
    build: Callable[[Posture, float, Colour], tuple[dict[str, np.ndarray], list[Part]]]
    """(posture, body length in pixels, colour) -> points by node and parts from the lowest to the topmost."""


def ahead(angle: float) -> np.ndarray:
    """The unit vector in direction `angle`, radians."""
    return np.array([np.cos(angle), np.sin(angle)])


def beside(angle: float) -> np.ndarray:
    """The unit vector to the animal's right hand as it is seen from above on a screen."""
    return np.array([-np.sin(angle), np.cos(angle)])


def shade(colour: Colour, factor: float) -> Colour:
    """A colour made darker (factor below 1) or lighter."""
    red, green, blue = (min(1.0, channel * factor) for channel in colour)
    return red, green, blue


def blend(colour: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other colour mixed into the first."""
    red, green, blue = (a * (1 - share) + b * share for a, b in zip(colour, other))
    return red, green, blue


def disc(
    name: str, centre: np.ndarray, radius: float, colour: Colour, *, relief: float = 0.0, opacity: float = 1.0
) -> Part:
    """A round part without limbs or shadow: `centre` (2,) and `radius` in pixels."""
    radii = np.array([radius])
    return Part(name, centre[None, :], radii, colour, relief=relief, opacity=opacity, shadow=False)
