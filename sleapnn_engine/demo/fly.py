"""A fruit fly seen from above."""

import numpy as np

from sleapnn_engine.demo.anatomy import Anatomy, Colour, ahead, beside, blend, disc, shade
from sleapnn_engine.demo.motion import Posture
from sleapnn_engine.demo.shapes import Part, rounded

SIDES = {"left": -1.0, "right": 1.0}
LEGS = (("fore", 0.75, 0.40), ("mid", 1.50, 0.46), ("hind", 2.25, 0.50))
"""Name, angle from straight ahead in radians and reach in body lengths of each pair of legs."""
NODES = (
    "head", "thorax", "abdomen", "wing_left", "wing_right", "foreleg_left", "foreleg_right",
    "midleg_left", "midleg_right", "hindleg_left", "hindleg_right",
)  # fmt: skip


def _build_fly(posture: Posture, length: float, coat: Colour) -> tuple[dict[str, np.ndarray], list[Part]]:
    """Nodes: head, thorax and abdomen, the wing tips and the ends of six legs."""
    thorax = np.array([posture.x, posture.y])
    front, rear = posture.heading + posture.look * 0.4, posture.heading - 0.3 * posture.bend
    head = thorax + 0.24 * length * ahead(front)
    abdomen = thorax - 0.30 * length * ahead(rear)
    chest = np.stack([thorax - 0.05 * length * ahead(rear), thorax + 0.06 * length * ahead(front)])
    legs = [leg for sign in SIDES.values() for leg in _legs(posture, sign=sign, length=length, coat=coat)]
    wings, tips = _wings(thorax, rear, sway=posture.sway, length=length)
    points = {"head": head, "thorax": thorax, "abdomen": abdomen, **tips}
    points.update({leg.name: leg.joints[-1] for leg in legs})
    parts = [
        *legs,
        *_abdomen(thorax, abdomen, rear, length=length, coat=coat),
        Part("thorax", chest, np.array([0.125, 0.130]) * length, coat, relief=1.0, fur=0.10),
        *_head(head, front, length=length, coat=coat),
        *wings,
    ]
    return {node: points[node] for node in NODES}, parts


def _legs(posture: Posture, *, sign: float, length: float, coat: Colour) -> list[Part]:
    """Fore, mid and hind leg of one side, in the alternating tripod gait of walking insects."""
    side = next(name for name, value in SIDES.items() if value == sign)
    phase = 2 * np.pi * posture.walked / (0.5 * length)
    thorax, forward, out = np.array([posture.x, posture.y]), ahead(posture.heading), beside(posture.heading)
    legs = []
    for index, (name, splay, reach) in enumerate(LEGS):
        beat = phase + np.pi * ((index + (sign > 0)) % 2)
        root = thorax + 0.07 * length * ((1 - index) * forward + sign * out)
        angle = posture.heading + sign * (splay - 0.16 * np.sin(beat))
        knee = root + 0.5 * reach * length * ahead(angle - sign * 0.25)
        foot = root + reach * length * (1 + 0.05 * np.cos(beat)) * ahead(angle + sign * 0.08)
        widths = np.array([0.022, 0.015, 0.010]) * length
        joints = np.stack([root, knee, foot])
        legs.append(Part(f"{name}leg_{side}", joints, widths, shade(coat, 0.8), relief=0.4))
    return legs


def _abdomen(
    thorax: np.ndarray, abdomen: np.ndarray, rear: float, *, length: float, coat: Colour
) -> list[Part]:
    """The hind body with its dark bands."""
    dark = shade(coat, 0.55)
    waist, end = 0.5 * (thorax + abdomen), abdomen - 0.17 * length * ahead(rear)
    belly = rounded(np.stack([waist, abdomen, end]), np.array([0.115, 0.150, 0.055]) * length)
    parts = [Part("abdomen", *belly, blend(coat, dark, 0.4), relief=1.0, fur=0.05)]
    for share, width in ((0.25, 0.128), (0.55, 0.110), (0.85, 0.080)):
        middle = abdomen + share * (end - abdomen)
        band = np.stack([middle + sign * width * length * beside(rear) for sign in SIDES.values()])
        parts.append(Part("band", band, np.full(2, 0.016 * length), dark, opacity=0.65, shadow=False))
    return parts


def _head(head: np.ndarray, front: float, *, length: float, coat: Colour) -> list[Part]:
    """The head and its two large eyes."""
    brow = np.stack([head + sign * 0.05 * length * beside(front) for sign in SIDES.values()])
    parts = [Part("head", brow, np.full(2, 0.075 * length), coat, relief=0.8)]
    for side, sign in SIDES.items():
        eye = head + length * (0.012 * ahead(front) + sign * 0.092 * beside(front))
        parts.append(disc(f"eye_{side}", eye, 0.050 * length, (0.36, 0.09, 0.06), relief=0.9))
    return parts


def _wings(
    thorax: np.ndarray, rear: float, *, sway: float, length: float
) -> tuple[list[Part], dict[str, np.ndarray]]:
    """Two clear wings folded over the body, and where they end."""
    parts, tips = [], {}
    widths = np.array([0.025, 0.125, 0.050]) * length
    for side, sign in SIDES.items():
        along = ahead(rear + np.pi - sign * (0.16 + 0.05 * np.sin(sway)))
        root = thorax + sign * 0.07 * length * beside(rear) - 0.04 * length * ahead(rear)
        joints = np.stack([root, root + 0.40 * length * along, root + 0.60 * length * along])
        name = f"wing_{side}"
        blade = rounded(joints, widths)
        parts.append(Part(name, *blade, (0.62, 0.62, 0.60), fur=0.10, opacity=0.42, shadow=False))
        tips[name] = joints[-1] + widths[-1] * along
    return parts, tips


FLY = Anatomy(
    name="fly",
    nodes=NODES,
    edges=tuple(("thorax", node) for node in NODES if node != "thorax"),
    symmetries=(
        ("wing_left", "wing_right"), ("foreleg_left", "foreleg_right"),
        ("midleg_left", "midleg_right"), ("hindleg_left", "hindleg_right"),
    ),
    coats=((0.42, 0.29, 0.17), (0.34, 0.24, 0.16), (0.50, 0.36, 0.20)),
    build=_build_fly,
)  # fmt: skip
