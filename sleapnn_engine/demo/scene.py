"""Pictures of animals with the exact place of each body part: a single scene, or a video."""

from collections.abc import Iterator

import attrs
import numpy as np

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.demo.anatomy import Anatomy
from sleapnn_engine.demo.animals import ANATOMIES
from sleapnn_engine.demo.motion import Posture, walk
from sleapnn_engine.demo.random_stream import Grain, RandomStream
from sleapnn_engine.demo.shapes import Part
from sleapnn_engine.demo.surface import draw_floor, draw_occluders, paint_part, paint_shadow, photograph

_LUMINANCE = np.array([0.299, 0.587, 0.114])


@attrs.frozen
class SceneSpec:
    """What to draw. Sizes in pixels; the defaults are the demonstration's."""

    size: tuple[int, int] = (192, 192)
    """Height and width."""
    animals: int = 1
    species: str = "mouse"
    channels: int = 1
    """1 for grey, 3 for colour."""
    length: float | None = None
    """Body length without tail, pixels; None fits it to the picture and the number of animals."""
    texture: float = 1.0
    """Strength of floor and coat texture; 0 gives flat colours."""
    softness: float = 0.55
    """Blur of the lens, standard deviation in pixels."""
    noise: float = 2.5
    """Grain of the camera, standard deviation in grey levels of 255."""
    occlusion: float = 0.0
    """Share of the picture behind bars, 0..0.5."""

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot be drawn, in a sentence."""
        if self.species not in ANATOMIES:
            raise _refuse(
                f"There is no animal called {self.species!r}.", f"Choose one of: {', '.join(ANATOMIES)}."
            )
        if self.channels not in (1, 3):
            raise _refuse(f"Pictures have 1 or 3 channels, not {self.channels}.", "1 is grey, 3 is colour.")
        if min(self.size) < 32 or max(self.size) > 4096:
            size = f"{self.size[1]} x {self.size[0]} px"
            raise _refuse(
                f"A picture of {size} cannot be drawn.", "Width and height lie between 32 and 4096."
            )
        if not 1 <= self.animals <= 64:
            raise _refuse(f"A picture cannot hold {self.animals} animals.", "It holds 1 to 64.")
        if not 0 <= self.occlusion <= 0.5:
            raise _refuse(
                f"Bars cannot cover {self.occlusion} of a picture.", "Their share lies between 0 and 0.5."
            )

    @property
    def anatomy(self) -> Anatomy:
        """The kind of animal."""
        return ANATOMIES[self.species]

    @property
    def body_length(self) -> float:
        """Length of an animal's body without the tail, pixels."""
        share = 0.36 / self.animals**0.4
        return self.length if self.length is not None else share * min(self.size)


@attrs.frozen
class Scene:
    """A picture and what is in it."""

    image: np.ndarray
    """uint8 (height, width, channels)."""
    points: np.ndarray
    """float64 (animals, nodes, 2): x, y of every node in pixels; (0, 0) is the top left pixel's centre."""
    visible: np.ndarray
    """bool (animals, nodes): inside the picture and behind nothing."""
    frame: int


def render_frames(seed: int, spec: SceneSpec) -> Iterator[Scene]:
    """Draw frame after frame of an endless video: the arena stands still, the animals walk."""
    stage = _set_stage(seed, spec)
    for frame, postures in enumerate(_walk(seed, spec)):
        yield _draw(stage, postures, frame=frame)


def _refuse(message: str, hint: str) -> UserError:
    return UserError(message, hint=hint, usage=True)


@attrs.frozen
class _Stage:
    """What stays the same through a video."""

    spec: SceneSpec
    rng: RandomStream
    floor: np.ndarray
    bars: list[Part]
    grains: list[Grain]


def _set_stage(seed: int, spec: SceneSpec) -> _Stage:
    rng = _chance(seed)
    return _Stage(
        spec,
        rng,
        floor=draw_floor(rng.child("floor"), size=spec.size, texture=spec.texture),
        bars=draw_occluders(rng.child("bars"), size=spec.size, share=spec.occlusion),
        grains=[Grain(rng.child("coat", index)) for index in range(spec.animals)],
    )


def _chance(seed: int) -> RandomStream:
    return RandomStream("demonstration", seed)


def _walk(seed: int, spec: SceneSpec) -> Iterator[list[Posture]]:
    return walk(_chance(seed).child("walk"), animals=spec.animals, size=spec.size, length=spec.body_length)


def _draw(stage: _Stage, postures: list[Posture], *, frame: int) -> Scene:
    """One frame: floor, animals in order, bars, camera."""
    spec = stage.spec
    image = stage.floor.copy()
    covers = np.zeros((spec.animals + 1, *spec.size))
    points = np.zeros((spec.animals, len(spec.anatomy.nodes), 2))
    for index, posture in enumerate(postures):
        points[index], covers[index] = _paint_animal(
            image, posture, spec, index=index, grain=stage.grains[index]
        )
    for bar in stage.bars:
        cover = paint_part(image, bar, grain=stage.grains[0], length=spec.body_length)
        if cover is not None:
            covers[-1] = np.maximum(covers[-1], cover)
    if spec.channels == 1:
        image = (image @ _LUMINANCE)[..., None]
    picture = photograph(image, stage.rng.child("camera", frame), softness=spec.softness, noise=spec.noise)
    return Scene(picture, points, _visible(points, covers), frame)


def _paint_animal(
    image: np.ndarray, posture: Posture, spec: SceneSpec, *, index: int, grain: Grain
) -> tuple[np.ndarray, np.ndarray]:
    """Paint an animal over the picture; its points (nodes, 2) and its cover (height, width)."""
    anatomy, length = spec.anatomy, spec.body_length
    coat = anatomy.coats[index % len(anatomy.coats)]
    places, parts = anatomy.build(posture, length, coat)
    if spec.texture > 0:
        paint_shadow(image, parts, length=length)
    cover = np.zeros(image.shape[:2])
    for part in parts:
        painted = paint_part(image, part, grain=grain, length=length)
        if painted is not None:
            cover = np.maximum(cover, painted)
    return np.stack([places[node] for node in anatomy.nodes]), cover


def _visible(points: np.ndarray, covers: np.ndarray) -> np.ndarray:
    """Which points lie inside the picture and under nothing that was painted after their own animal."""
    height, width = covers.shape[1:]
    column, row = np.floor(points[..., 0] + 0.5).astype(int), np.floor(points[..., 1] + 0.5).astype(int)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    column, row = np.clip(column, 0, width - 1), np.clip(row, 0, height - 1)
    hidden = np.zeros(inside.shape, bool)
    for index in range(len(points)):
        above = covers[index + 1 :].max(axis=0)
        hidden[index] = above[row[index], column[index]] > 0.5
    visible: np.ndarray = inside & ~hidden
    return visible
