"""Which types of model real labels fit, and what is said where they do not, before anything is trained."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.checks.labels import check_labels, misfit
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.data.describe import describe_labels

HEADS = "model_config.head_configs"
TYPES = [SPEC.sections[path].name for path in SPEC.sections[HEADS].sections]
IDENTITIES = {"multi_class_bottomup", "multi_class_topdown"}

#: Types that each set of labels does not fit.
UNFIT = {
    "fly32_single": IDENTITIES,
    "mice11_pair": {"single_instance", *IDENTITIES},
    "flies24_pair": {"single_instance"},
    "flies13_pair": {"single_instance"},
}


@cache
def described(path: Path) -> dict[str, Any]:
    return describe_labels([path], check_images=False)


@pytest.mark.parametrize("labels", UNFIT)
@pytest.mark.parametrize("model_type", TYPES)
def test_real_labels(shared_data: Path, labels: str, model_type: str) -> None:
    why = misfit(model_type, described(shared_data / labels / "val.pkg.slp"))
    assert bool(why) == (model_type in UNFIT[labels])
    assert not why or why.endswith(".")


@pytest.mark.parametrize("preset", list_presets("guide"), ids=lambda preset: preset.name)
def test_a_preset_on_labels_that_fit_has_no_problem(shared_data: Path, preset: Any) -> None:
    labels = "fly32_single" if preset.model_type == "single_instance" else "flies24_pair"
    path = shared_data / labels / "val.pkg.slp"
    values = read_config(preset.path).values
    tree.put(values, "data_config.train_labels_path", [str(path)])
    assert [issue for issue in check_labels(values, described(path)) if issue.severity == "error"] == []


@pytest.mark.parametrize("preset", list_presets("guide"), ids=lambda preset: preset.name)
def test_a_preset_on_labels_that_do_not_fit_has_one(shared_data: Path, preset: Any) -> None:
    facts = dict(described(shared_data / "mice11_pair" / "val.pkg.slp"), edges=[])
    found = [
        issue for issue in check_labels(read_config(preset.path).values, facts) if issue.severity == "error"
    ]
    if preset.model_type in ("centroid", "centered_instance"):
        assert found == []
    else:
        assert [issue.path for issue in found] == [f"{HEADS}.{preset.model_type}"]


def judged(head: str, settings: dict[str, Any], facts: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What is said of labels for a type of model with some settings: severity, setting, sentence."""
    values: dict[str, Any] = {}
    tree.put(values, HEADS, {head: settings})
    return [(issue.severity, issue.path, issue.message) for issue in check_labels(values, facts)]


def test_limbs_that_the_config_names_make_up_for_a_skeleton_without() -> None:
    facts = {"nodes": ["a", "b", "c"], "edges": []}
    limbs = {"edges": [["a", "b"], ["b", "c"]]}
    assert judged("bottomup", {"pafs": limbs}, facts) == []
    ((severity, path, text),) = judged("bottomup", {"pafs": {"sigma": 15.0}}, facts)
    assert (severity, path) == ("error", f"{HEADS}.bottomup")
    assert "no edges" in text
    left_out = judged("bottomup", {"pafs": limbs, "confmaps": {"part_names": ["b"]}}, facts)
    assert [path for _, path, _ in left_out] == [f"{HEADS}.bottomup.pafs.edges"]


def test_limbs_in_several_pieces_are_a_warning() -> None:
    facts = {"nodes": ["a", "b", "c", "d"], "edges": [["a", "b"], ["d", "c"]]}
    ((severity, path, text),) = judged("bottomup", {"pafs": {"sigma": 15.0}}, facts)
    assert (severity, path) == ("warning", f"{HEADS}.bottomup.pafs.edges")
    assert "in 2 groups" in text
    joined = {**facts, "edges": [*facts["edges"], ["d", "a"]]}
    assert judged("bottomup", {"pafs": {"sigma": 15.0}}, joined) == []
    assert judged("centered_instance", {"confmaps": {"sigma": 2.5}}, facts) == []


def test_animals_without_a_track_are_counted() -> None:
    facts = {
        "tracks": ["one", "two"],
        "instances_per_track": {"one": 3, "two": 2},
        "frames_per_track": {"one": 3, "two": 2},
        "labeled_frames": 5,
        "instances_per_frame": [[1, 1], [2, 4]],
    }

    def said(**changes: Any) -> list[tuple[str, str, str]]:
        return judged("multi_class_bottomup", {"class_maps": {"classes": None}}, {**facts, **changes})

    head = f"{HEADS}.multi_class_bottomup"
    without = ("warning", f"{head}.class_maps.classes", "4 animals of 9 have none of the identities.")
    assert said() == [without]
    assert "only one identity" in said(tracks=["one"])[-1][-1]
    ((severity, path, text),) = said(instances_per_track={"one": 0, "two": 0})
    assert (severity, path) == ("error", head)
    assert "No labelled animal has one of the identities" in text
    assert "on more than one frame" in said(frames_per_track={"one": 1, "two": 1})[-1][-1]
    assert said(tracks=[])[-1][:2] == ("error", head)
