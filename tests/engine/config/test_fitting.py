"""Which types of model real labels fit, and what is said where they do not, before anything is trained."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.checks_disk import check_labels
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.fitting import doubts, misfit
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


def test_limbs_that_the_config_names_make_up_for_a_skeleton_without() -> None:
    facts = {"nodes": ["a", "b", "c"], "edges": []}
    values: dict[str, Any] = {}
    tree.put(values, HEADS, {"bottomup": {"pafs": {"edges": [["a", "b"], ["b", "c"]]}}})
    assert check_labels(values, facts) == []
    tree.put(values, f"{HEADS}.bottomup.confmaps", {"part_names": ["b"]})
    assert any("no limbs" in issue.message for issue in check_labels(values, facts))


def test_limbs_in_several_pieces_are_a_warning() -> None:
    facts = {"nodes": ["a", "b", "c", "d"], "edges": [["a", "b"], ["d", "c"]]}
    assert "in 2 pieces" in doubts("bottomup", facts)[0]
    assert doubts("bottomup", {**facts, "edges": [*facts["edges"], ["d", "a"]]}) == []
    assert doubts("centered_instance", facts) == []


def test_animals_without_a_track_are_counted() -> None:
    facts = {
        "tracks": ["one", "two"],
        "instances_per_track": {"one": 3, "two": 2},
        "untracked_instances": 4,
        "instances_per_frame": [[1, 1], [2, 4]],
    }
    assert doubts("multi_class_bottomup", facts)[0].startswith("4 of 9 animals have no track")
    assert "same track" in doubts("multi_class_topdown", {**facts, "tracks": ["one"]})[-1]
    unused = {**facts, "instances_per_track": {"one": 0, "two": 0}}
    assert "No labelled animal has a track" in misfit("multi_class_topdown", unused)
