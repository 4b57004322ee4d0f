"""Drawn scenes: the same everywhere, points where the picture shows them, animals that move like animals."""

import hashlib
import subprocess
import sys
from itertools import islice

import attrs
import numpy as np
import pytest

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.demo.animals import ANATOMIES
from sleapnn_engine.demo.motion import Posture
from sleapnn_engine.demo.random_stream import Grain, RandomStream
from sleapnn_engine.demo.scene import Scene, SceneSpec, _paint_animal, _walk, render_frames
from sleapnn_engine.demo.shapes import measure, patch_around
from tests.engine.demo.test_demo_shapes import centroid

KNOWN_POINTS = [[133.1631, 54.3085], [116.5652, 85.4981], [63.589, 147.2925]]
PLAIN = {"texture": 0.0, "softness": 0.0, "noise": 0.0}


def drawn(seed: int, spec: SceneSpec, *, frame: int = 0) -> Scene:
    return next(islice(render_frames(seed, spec), frame, None))


def coverage(seed: int, spec: SceneSpec, part: str, *, frame: int) -> np.ndarray:
    """How much of each pixel one part's outline covers, (height, width) in 0..1, whatever lies over it."""
    (posture,) = next(islice(_walk(seed, spec), frame, None))
    _, parts = spec.anatomy.build(posture, spec.body_length, spec.anatomy.coats[0])
    (wanted,) = [candidate for candidate in parts if candidate.name == part]
    cover, patch = np.zeros(spec.size), patch_around([wanted], size=spec.size, margin=2)
    assert patch is not None
    cover[patch.slices] = measure(wanted, patch).coverage
    return cover


def test_a_scene_has_the_asked_shape():
    scene = drawn(1, SceneSpec(size=(120, 160), animals=2, channels=3))
    assert scene.image.shape == (120, 160, 3)
    assert scene.image.dtype == np.uint8
    assert scene.points.shape == (2, 7, 2)
    assert scene.visible.shape == (2, 7)


def test_another_process_draws_the_same_bytes():
    code = (
        "import hashlib; from itertools import islice;"
        "from sleapnn_engine.demo.scene import SceneSpec, render_frames;"
        "s = next(islice(render_frames(3, SceneSpec(size=(96, 96))), 4, None));"
        "print(hashlib.sha256(s.image.tobytes() + s.points.tobytes()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    scene = drawn(3, SceneSpec(size=(96, 96)), frame=4)
    assert other.stdout.strip() == hashlib.sha256(scene.image.tobytes() + scene.points.tobytes()).hexdigest()


def test_the_demonstrations_first_points_stay_where_they_are():
    """Known answer: a change here changes every demonstration file there is."""
    points = drawn(7, SceneSpec()).points[0]
    assert np.allclose(points[[0, 4, 6]], KNOWN_POINTS, atol=1e-3)


def test_another_seed_draws_another_picture():
    first, second = (drawn(seed, SceneSpec(size=(96, 96))) for seed in (1, 2))
    assert not np.array_equal(first.image, second.image)
    assert np.abs(first.points - second.points).max() > 5


@pytest.mark.parametrize("frame", [0, 9, 31])
@pytest.mark.parametrize(("part", "node"), [("ear_left", 1), ("ear_right", 2), ("nose", 0)])
def test_round_parts_lie_on_their_nodes(part, node, frame):
    spec = SceneSpec(size=(256, 256), **PLAIN)
    scene = drawn(5, spec, frame=frame)
    assert np.allclose(centroid(coverage(5, spec, part, frame=frame)), scene.points[0, node], atol=0.05)


@pytest.mark.parametrize("species", sorted(ANATOMIES))
def test_light_and_shadow_turn_with_the_animal(species):
    """An animal that has turned is the picture turned: nothing lies to one side of it for a network to lean to."""
    side = 97
    spec = SceneSpec(size=(side, side), species=species, length=40.0)
    posture = Posture(52.3, 45.1, 0.7, bend=0.3, look=0.2, lag=0.2, walked=13.0, sway=1.0)

    def painted(posture):
        image = np.full((side, side, 3), 0.7)
        grain = Grain(RandomStream("coat", 1))
        return image, _paint_animal(image, posture, spec, index=0, grain=grain)[0]

    image, points = painted(posture)
    assert image.std() > 0.05
    for turns in (1, 2, 3):
        x, y = side - 1 - posture.y, posture.x
        posture = attrs.evolve(posture, x=x, y=y, heading=posture.heading + np.pi / 2)
        points = np.stack([side - 1 - points[:, 1], points[:, 0]], axis=1)
        turned, places = painted(posture)
        np.testing.assert_allclose(places, points, atol=1e-9)
        np.testing.assert_allclose(turned, np.rot90(image, -turns), atol=0.01)


def test_the_tail_ends_at_its_tip():
    spec = SceneSpec(size=(320, 320))
    base, tip = drawn(5, spec, frame=3).points[0, 5:7]
    rows, columns = np.nonzero(coverage(5, spec, "tail", frame=3) > 0.5)
    far = np.hypot(columns - base[0], rows - base[1]).argmax()
    assert np.hypot(columns[far] - tip[0], rows[far] - tip[1]) < 2


def test_the_picture_itself_shows_the_nose_at_its_point():
    """From the pixels alone: in a plain picture the tip of the snout is where the animal begins."""
    spec = SceneSpec(size=(320, 320), **PLAIN)
    scene = drawn(5, spec, frame=3)
    floor = int(np.median(scene.image))
    nose, neck = scene.points[0, 0], scene.points[0, 3]
    rows, columns = np.nonzero(np.abs(scene.image[..., 0].astype(int) - floor) > 20)
    direction = (nose - neck) / np.hypot(*(nose - neck))
    ahead = (columns - nose[0]) * direction[0] + (rows - nose[1]) * direction[1]
    aside = (rows - nose[1]) * direction[0] - (columns - nose[0]) * direction[1]
    snout = ahead[np.abs(aside) < 1.5]
    radius = 0.024 * spec.body_length
    assert snout.max() == pytest.approx(radius, abs=0.8)


@pytest.mark.parametrize("species", sorted(ANATOMIES))
def test_points_move_smoothly(species):
    spec = SceneSpec(size=(192, 192), species=species, **PLAIN)
    points = np.stack([scene.points[0] for scene in islice(render_frames(2, spec), 60)])
    steps = np.diff(points, axis=0)
    jerks = np.diff(steps, axis=0)
    assert np.hypot(*np.moveaxis(steps, -1, 0)).max() < 0.35 * spec.body_length
    assert np.hypot(*np.moveaxis(jerks, -1, 0)).max() < 0.15 * spec.body_length
    assert np.hypot(*np.moveaxis(steps, -1, 0)).mean() > 0.02 * spec.body_length


@pytest.mark.parametrize("seed", range(2))
def test_nearly_all_points_of_the_demonstration_can_be_seen(seed):
    visible = np.stack([scene.visible for scene in islice(render_frames(seed, SceneSpec(**PLAIN)), 120)])
    assert visible.mean() > 0.96
    assert visible[..., :6].all()


def test_visible_points_lie_inside_the_picture():
    spec = SceneSpec(size=(140, 200), animals=4, **PLAIN)
    for scene in islice(render_frames(1, spec), 20):
        seen = scene.points[scene.visible]
        assert (seen > -0.5).all()
        assert (seen < np.array([199.5, 139.5])).all()


def test_bars_hide_points():
    free, barred = (
        np.stack(
            [scene.visible for scene in islice(render_frames(1, SceneSpec(occlusion=share, **PLAIN)), 40)]
        )
        for share in (0.0, 0.4)
    )
    assert barred.mean() < free.mean() - 0.15


def test_left_and_right_are_the_animals_own():
    """Seen from above with its nose up the screen, an animal's left ear is on the screen's left."""
    for scene in islice(render_frames(4, SceneSpec(**PLAIN)), 30):
        nose, left, right, neck = scene.points[0, :4]
        forward, across = nose - neck, right - left
        assert forward[0] * across[1] - forward[1] * across[0] > 0


@pytest.mark.parametrize("species", sorted(ANATOMIES))
def test_anatomies_are_consistent(species):
    anatomy = ANATOMIES[species]
    named = {node for edge in anatomy.edges for node in edge}
    assert named == set(anatomy.nodes)
    assert len(anatomy.edges) == len(anatomy.nodes) - 1
    for left, right in anatomy.symmetries:
        assert left.replace("left", "right") == right


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"species": "rat"}, "mouse, fly"),
        ({"size": (10, 200)}, "200 x 10 px"),
        ({"channels": 2}, "1 is grey"),
        ({"animals": 0}, "1 to 64"),
        ({"occlusion": 0.9}, "between 0 and 0.5"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(change, words):
    with pytest.raises(UserError) as refusal:
        SceneSpec(**change)
    assert words in str(refusal.value)
    assert refusal.value.usage
