"""A mouse seen from above."""

import numpy as np

from sleapnn_engine.demo.anatomy import Anatomy, Colour, ahead, beside, blend, disc, shade
from sleapnn_engine.demo.motion import Posture
from sleapnn_engine.demo.shapes import Part, rounded


def _build_mouse(posture: Posture, length: float, coat: Colour) -> tuple[dict[str, np.ndarray], list[Part]]:
    """A mouse from above. Nodes: the snout's tip, ear middles, neck, trunk, and both ends of the tail."""
    trunk = np.array([posture.x, posture.y])
    chest = posture.heading + 0.35 * posture.bend
    head = posture.heading + 0.7 * posture.bend + posture.look
    rump = posture.heading - 0.6 * posture.bend
    neck = trunk + 0.27 * length * ahead(chest)
    nose = neck + 0.25 * length * ahead(head)
    skull = neck + 0.085 * length * ahead(head)
    hips = trunk - 0.22 * length * ahead(rump)
    base = trunk - 0.44 * length * ahead(rump)
    tail = _tail(posture, base=base, direction=rump + np.pi, length=0.74 * length)
    ears = {
        side: neck + 0.05 * length * ahead(head) + sign * 0.098 * length * beside(head)
        for side, sign in (("left", -1.0), ("right", 1.0))
    }
    points = {
        "nose": nose, "ear_left": ears["left"], "ear_right": ears["right"], "neck": neck,
        "trunk": trunk, "tail_base": base, "tail_tip": tail[-1],
    }  # fmt: skip

    skin: Colour = blend((0.62, 0.47, 0.44), coat, 0.35)
    spine = np.stack([base, hips, trunk, trunk + 0.6 * (neck - trunk), neck, skull, nose])
    widths = np.array([0.060, 0.172, 0.180, 0.142, 0.104, 0.092, 0.024]) * length
    parts = [
        Part("tail", *rounded(tail, np.linspace(0.028, 0.009, len(tail)) * length), skin, relief=0.5),
        *_paws(posture, length=length, skin=skin, trunk=trunk, neck=neck, hips=hips, chest=chest, rump=rump),
        Part("body", *rounded(spine, widths), coat, relief=1.0, fur=0.13),
    ]
    for side, sign in (("left", -1.0), ("right", 1.0)):
        parts.append(disc(f"ear_{side}", ears[side], 0.056 * length, blend(skin, coat, 0.25), relief=0.25))
        inner = ears[side] + 0.012 * length * ahead(head)
        parts.append(disc(f"inner_ear_{side}", inner, 0.034 * length, shade(skin, 0.85), opacity=0.8))
        eye = neck + 0.150 * length * ahead(head) + sign * 0.055 * length * beside(head)
        parts.append(disc(f"eye_{side}", eye, 0.014 * length, (0.03, 0.03, 0.03)))
    parts.append(disc("nose", nose, 0.019 * length, skin, opacity=0.9))
    return points, parts


def _tail(posture: Posture, *, base: np.ndarray, direction: float, length: float) -> np.ndarray:
    """Joints of a tail (9, 2) that drags behind earlier turns and sways a little more towards its end."""
    joints = [base]
    count = 8
    for index in range(count):
        wave = 0.10 * np.sin(posture.sway - 0.8 * index) * (0.4 + index / count)
        direction += wave + posture.lag / count * 0.9
        joints.append(joints[-1] + length / count * ahead(direction))
    return np.stack(joints)


def _paws(posture: Posture, *, length: float, skin: Colour, trunk: np.ndarray, neck: np.ndarray,
          hips: np.ndarray, chest: float, rump: float) -> list[Part]:  # fmt: skip
    """Four paws that reach out from under the body in a trot."""
    phase = 2 * np.pi * posture.walked / (0.55 * length)
    shoulder = trunk + 0.72 * (neck - trunk)
    parts = []
    for name, root, angle, out, offset in (
        ("fore_left", shoulder, chest, -0.120, 0.0),
        ("fore_right", shoulder, chest, 0.120, np.pi),
        ("hind_left", hips, rump, -0.175, np.pi),
        ("hind_right", hips, rump, 0.175, 0.0),
    ):
        reach = 0.045 + 0.055 * np.sin(phase + offset)
        heel = root + length * (out * beside(angle) + (reach - 0.05) * ahead(angle))
        toes = heel + 0.06 * length * ahead(angle)
        parts.append(
            Part(f"paw_{name}", np.stack([heel, toes]), np.array([0.020, 0.016]) * length, skin, relief=0.3)
        )
    return parts


MOUSE = Anatomy(
    name="mouse",
    nodes=("nose", "ear_left", "ear_right", "neck", "trunk", "tail_base", "tail_tip"),
    edges=(
        ("nose", "neck"), ("ear_left", "neck"), ("ear_right", "neck"),
        ("neck", "trunk"), ("trunk", "tail_base"), ("tail_base", "tail_tip"),
    ),
    symmetries=(("ear_left", "ear_right"),),
    coats=((0.20, 0.18, 0.165), (0.46, 0.37, 0.28), (0.66, 0.645, 0.62), (0.33, 0.32, 0.33)),
    build=_build_mouse,
)  # fmt: skip
