"""Faults planted in drawn labels are found, each by its kind and where it is; labels without any are left alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

from sleapnn_engine.cli import main
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.data.doctor.examine import EXAMINATIONS, examine
from sleapnn_engine.data.doctor.findings import Finding, Patient
from sleapnn_engine.data.doctor.sides import side_pairs
from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.data.poses import describe_poses
from sleapnn_engine.data.records import Counts, LabeledFrame, LabelSet, VideoSource
from tests.engine.training.rendered import write_labels

NODES = ("head", "earL", "earR", "neck", "legL", "legR", "trunk", "tail")
EDGES = (("neck", "head"), ("head", "earL"), ("head", "earR"), ("neck", "legL"), ("neck", "legR"),
         ("neck", "trunk"), ("trunk", "tail"))  # fmt: skip
SHAPE = np.array([[0, -30], [-8, -26], [8, -26], [0, -18], [-14, 2], [14, 2], [0, 6], [0, 30]], dtype=float)
TWO = {"model_config": {"head_configs": {"bottomup": {"confmaps": {}, "pafs": {}}}}}
FEATURES = 40


def drawn(frames: int = FEATURES, animals: int = 2) -> list[np.ndarray]:
    """Points of animals that turn, bend and vary in size, far from each other; (animals, nodes, 2) a frame."""
    chance = np.random.default_rng(5)
    found = []
    for _ in range(frames):
        angle = chance.uniform(0, 2 * np.pi, animals)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1)
        size = chance.uniform(0.8, 1.2, (animals, 1, 1))
        body = SHAPE + chance.normal(0, 1.2, (animals, len(NODES), 2))
        middle = np.stack([100 + 150 * np.arange(animals), np.full(animals, 100)], axis=1)
        middle = middle + chance.uniform(-30, 30, (animals, 2))
        found.append((body @ turn.transpose(0, 2, 1) * size + middle[:, None]).astype(np.float32))
    return found


def labels_of(points: list[np.ndarray], **more: Any) -> LabelSet:
    frames = tuple(
        LabeledFrame(0, 0, index, one, np.full(len(one), -1), np.ones(len(one), bool), (300, 400, 1))
        for index, one in enumerate(points)
    )
    video = VideoSource(0, 0, "video.mp4", "film")
    known: dict[str, Any] = {"edges": EDGES, "symmetries": (), "tracks": (), **more}
    return LabelSet(files=(Path("a.slp"),), nodes=NODES, videos=(video,), frames=frames, **known)


def look(labels: LabelSet, *, measured: tuple[int, ...] = (), values: Any = None) -> dict[str, Finding]:
    parts = np.ones(len(labels), dtype=np.uint8)
    parts[list(measured)] = 2
    found = examine(Patient.of(labels, parts=parts, view=ConfigReader(TWO if values is None else values)))
    assert len({finding.kind for finding in found}) == len(found)
    return {finding.kind: finding for finding in found}


def test_labels_without_a_fault_are_left_alone() -> None:
    assert look(labels_of(drawn()), measured=(3, 7)) == {}


def swap(points: list[np.ndarray]) -> None:
    points[11][1][[4, 5]] = points[11][1][[5, 4]]


def swap_all(points: list[np.ndarray]) -> None:
    points[11][1][[1, 2, 4, 5]] = points[11][1][[2, 1, 5, 4]]


def stretch(points: list[np.ndarray]) -> None:
    points[11][1][7] += 3 * (points[11][1][7] - points[11][1][6])


def stack(points: list[np.ndarray]) -> None:
    points[11][1][7] = points[11][1][0]


def double(points: list[np.ndarray]) -> None:
    points[11] = np.concatenate([points[11], points[11][1:] + 1.0])


def strip(points: list[np.ndarray]) -> None:
    points[11][1][2:] = np.nan


def touch(points: list[np.ndarray]) -> None:
    points[11][1] += points[11][0][3] - points[11][1][3] + 20


@pytest.mark.parametrize(
    ("plant", "kind", "place"),
    [
        (swap, "swapped_sides", (11, 1)),
        (swap_all, "swapped_sides", (11, 1)),
        (stretch, "long_limbs", (11, 1)),
        (stack, "parts_on_each_other", (11, 1)),
        (double, "doubled_animals", (11, 1)),
        (strip, "hardly_labelled", (11, 1)),
        (touch, "touching_animals", (11, 0)),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_planted_fault_is_found_where_it_is(
    plant: Callable[[list[np.ndarray]], None], kind: str, place: tuple[int, int]
) -> None:
    points = drawn()
    plant(points)
    found = look(labels_of(points))
    assert place in found[kind].places
    assert {frame for frame, _ in found[kind].places} == {11}
    assert "1 " in found[kind].title
    others = {name for name, finding in found.items() if finding.doubt} - {kind}
    # What lies across the animal makes its limbs long as well, and an animal on itself covers it.
    assert others <= {"long_limbs"}, others


def test_as_many_frames_with_touching_animals_are_listed_as_are_counted() -> None:
    points = drawn()
    for frame in range(0, FEATURES, 3):
        points[frame][1] += points[frame][0][3] - points[frame][1][3] + 2.2 * frame
    labels = labels_of(points)
    counted = describe_poses(points, nodes=NODES, edges=EDGES)["touching"]
    listed = {frame for frame, _ in look(labels)["touching_animals"].places}
    assert 5 < len(listed) < FEATURES / 3
    assert counted == len(listed) / FEATURES


def test_left_and_right_are_told_by_symmetries_or_by_names() -> None:
    def pairs(*nodes: str, **more: Any) -> set[tuple[str, str]]:
        labels = attrs.evolve(labels_of([]), nodes=nodes, edges=(), **more)
        return {(nodes[a], nodes[b]) for a, b in side_pairs(labels)}

    assert pairs("earL", "earR", "L_hand", "R_hand") == {("earL", "earR"), ("L_hand", "R_hand")}
    assert pairs("leftear", "rightear", "tail") == {("leftear", "rightear")}
    assert pairs("forelegL4", "forelegR4", "Left Paw", "Right Paw") == {
        ("forelegL4", "forelegR4"),
        ("Left Paw", "Right Paw"),
    }
    assert pairs("tail", "snail", "level", "revel") == set()
    assert pairs("a", "b", symmetries=(("a", "b"),)) == {("a", "b")}


def test_what_was_left_out_on_reading_is_told_with_its_frames() -> None:
    labels = labels_of(drawn())
    frames = list(labels.frames)
    frames[4] = attrs.evolve(frames[4], outside=2, unpointed=1, repeated=1)
    counts = Counts(points_outside=2, instances_without_points=1, repeated_instances=1)
    found = look(attrs.evolve(labels, frames=tuple(frames), counts=counts))
    assert set(found) == {"outside_parts", "empty_animals", "copied_animals"}
    assert all(finding.places == ((4, -1),) for finding in found.values())
    assert found["outside_parts"].title == "2 parts outside the image"


def test_twins_across_the_split_are_a_leak_whatever_the_order_of_their_animals() -> None:
    points = drawn()
    points[30] = points[5][::-1] + 0.4
    labels = labels_of(points)
    leak = look(labels, measured=(30, 31))["leaks"]
    assert leak.title == "1 of 2 validation frames nearly repeats a training frame"
    assert leak.places == ((30, -1), (5, -1))
    assert "leaks" not in look(labels, measured=(5, 30))
    many = look(labels_of([points[index // 2] for index in range(FEATURES)]))
    assert many["near_repeats"].title == "20 frames of 40 nearly repeat another"


def test_a_part_that_is_rarely_labelled_can_be_left_out() -> None:
    points = drawn()
    for one in points[:25]:
        one[:, 4] = np.nan
    finding = look(labels_of(points))["rare_parts"]
    assert finding.title == "legL labelled in 38% of animals"
    assert finding.fix is not None
    kept = [name for name in NODES if name != "legL"]
    changes = {"model_config.head_configs.bottomup.confmaps.part_names": kept}
    assert finding.fix.changes == changes
    head = {"bottomup": {"confmaps": {"part_names": kept}, "pafs": {}}}
    assert "rare_parts" not in look(labels_of(points), values={"model_config": {"head_configs": head}})
    assert look(labels_of(points), values={})["rare_parts"].fix is None


def test_limbs_that_make_no_tree_are_told_to_a_model_that_joins_along_them() -> None:
    edges = (*EDGES, ("earL", "earR"), ("tail", "neck"))
    finding = look(labels_of(drawn(), edges=edges))["skeleton_no_tree"]
    assert finding.fix is not None
    assert finding.fix.changes == {"model_config.head_configs.bottomup.pafs.edges": [list(e) for e in EDGES]}
    single = {"model_config": {"head_configs": {"single_instance": {"confmaps": {}}}}}
    assert "skeleton_no_tree" not in look(labels_of(drawn(), edges=edges), values=single)
    assert "loose_groups" in look(labels_of(drawn(), edges=EDGES[:-1]))


@pytest.mark.parametrize("examination", EXAMINATIONS, ids=lambda look: look.__name__)
def test_labels_of_next_to_nothing_are_looked_through(examination: Any) -> None:
    nothing = np.full((2, len(NODES), 2), np.nan, dtype=np.float32)
    for points in ([], [nothing[:0]], [nothing] * 9, [drawn(1)[0]], [one[:, :] for one in drawn(3, 1)]):
        labels = labels_of(points)
        for chosen in (labels, attrs.evolve(labels, edges=())):
            patient = Patient.of(chosen, parts=np.ones(len(points), np.uint8), view=ConfigReader(TWO))
            list(examination(patient))


def test_findings_are_listed_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_labels(tmp_path, frames=9, animals=1)
    frames = read_labels([path]).labels.frames
    assert all(frame.outside == 0 for frame in frames)
    assert main(["describe", str(path), "--json", "--findings"]) == 0
    assert [finding["kind"] for finding in json.loads(capsys.readouterr().out)["findings"]] == []
    assert main(["describe", str(path), "--json"]) == 0
    assert "findings" not in json.loads(capsys.readouterr().out)
