"""Advice: what facts of labels speak for, that following it leaves nothing to advise, and that it can be trained."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.cli import main
from sleapnn_engine.config import tree
from sleapnn_engine.config.advice import (
    Advice,
    advice_from,
    advice_values,
    advise,
    all_changes,
    apply_advice,
)
from sleapnn_engine.config.checks.labels import check_labels
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.presets import list_presets, load_preset
from sleapnn_engine.config.validate import errors, validate
from sleapnn_engine.data.describe import describe_labels
from sleapnn_engine.inspect.answers import advise as inspect_advice

SETS = ("fly32_single", "openfield4_mouse", "flies13_pair", "flies13_sex", "flies24_pair", "mice11_pair")
SINGLE, CROPS = "single_instance_unet_medium_rf", "topdown_centered_instance_unet_medium_rf"
LABELS = "data_config.train_labels_path"


@pytest.fixture(scope="module")
def known(shared_data: Path) -> dict[str, dict[str, Any]]:
    """What is known of the shared sets."""
    return {name: describe_labels([shared_data / name / "val.pkg.slp"], check_images=False) for name in SETS}


def facts(**others: Any) -> dict[str, Any]:
    """Facts of 50 frames of 400 × 600 px with two animals each."""
    found: dict[str, Any] = {
        "problems": [],
        "labeled_frames": 50,
        "instances": {"used": 100},
        "max_instances_per_frame": 2,
        "instances_per_frame": [[2, 50]],
        "centroid_marks": 0,
        "nodes": ["nose", "tail"],
        "edges": [["nose", "tail"]],
        "tracks": [],
        "image_sizes": [{"height": 400, "width": 600, "channels": 1, "frames": 50}],
        "instance_size": {"min": 50, "median": 60, "max": 70},
        "reach": {"": 35.0, "nose": 70.0},
        "short_limb": 20.0,
        "direction_spread": 0.9,
        "touching": 0.1,
    }
    return found | others


ONE = {"max_instances_per_frame": 1, "instances_per_frame": [[1, 50]], "instances": {"used": 50}}


def named(pieces: list[Advice]) -> Mapping[str, Advice]:
    return {piece.name: piece for piece in pieces}


def followed(values: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    return apply_advice(values, all_changes(advise(values, found)))


def test_following_it_gives_a_config_that_can_be_trained_and_leaves_nothing_to_advise(
    known: dict[str, dict[str, Any]],
) -> None:
    """Of every preset, on every set."""
    for name, found in known.items():
        for preset in list_presets():
            before = load_preset(preset.name)
            kept = json.dumps(before)
            after = followed(before, found)
            assert json.dumps(before) == kept, "nothing is applied by itself"
            tree.put(after, LABELS, ["labels.slp"])
            wrong = errors([*validate(after), *check_labels(after, found)])
            assert not wrong, (name, preset.name, wrong)
            left = [piece.title for piece in advise(after, found) if piece.changes and not piece.done]
            assert left == [], (name, preset.name)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("fly32_single", "single_instance"),
        ("openfield4_mouse", "single_instance"),
        ("flies13_pair", "centered_instance"),
        ("mice11_pair", "centered_instance"),
    ],
)
def test_the_type_of_model_follows_from_the_labels(
    known: dict[str, dict[str, Any]], name: str, wanted: str
) -> None:
    for preset in ("bottomup_unet_medium_rf", SINGLE):
        after = followed(load_preset(preset), known[name])
        heads = after["model_config"]["head_configs"]
        assert [kind for kind in heads if heads[kind]] == [wanted]


def test_a_half_of_a_pair_and_a_model_that_does_more_are_left(known: dict[str, dict[str, Any]]) -> None:
    for preset, kind in (
        ("centroid_unet", "centroid"),
        ("topdown_multi_class_centered_instance_unet", "multi_class_topdown"),
    ):
        pieces = named(advise(load_preset(preset), known["flies13_sex"]))
        assert pieces["model"].done
        assert pieces["pair"].changes == {}
        assert not pieces["pair"].done
        heads = followed(load_preset(preset), known["flies13_sex"])["model_config"]["head_configs"]
        assert heads[kind]


@pytest.mark.parametrize(
    ("others", "preset", "name", "title"),
    [
        ({"direction_spread": 0.24}, CROPS, "rotation", "Rotation ±15°"),
        ({"direction_spread": 0.25}, CROPS, "rotation", "Rotation ±180°"),
        ({}, CROPS, "crop", "Crop 80 px"),
        ({"reach": {"": 37.0}}, CROPS, "crop", "Crop 96 px"),
        ({"reach": {"": 370.0}}, CROPS, "scale", "Input scale 0.25"),
        ({"reach": {"": 110.0}}, CROPS, "scale", "Input scale 0.5"),
        ({"reach": {"": 58.0}}, CROPS, "scale", "Input scale 1"),
        ({"reach": {"": 59.0}}, CROPS, "scale", "Input scale 0.5"),
        ({"reach": {"": 59.0}, "short_limb": 7.9}, CROPS, "scale", "Input scale 1"),
        ({"reach": {"": 102.0}, "short_limb": 7.9}, CROPS, "scale", "Input scale 0.5"),
        ({"instances": {"used": 5000}}, CROPS, "widths", "Filter growth 1.5"),
        (ONE, SINGLE, "scale", "Input scale 1"),
        ({**ONE, "instance_size": {"median": 96}}, SINGLE, "scale", "Input scale 0.5"),
        ({**ONE, "instance_size": {"median": 96}, "short_limb": 7.9}, SINGLE, "scale", "Input scale 1"),
        ({**ONE, "instance_size": {"median": 76}, "short_limb": 7}, SINGLE, "max_stride", "Max stride 16"),
        ({**ONE, "instance_size": {"median": 77}, "short_limb": 7}, SINGLE, "max_stride", "Max stride 32"),
        ({"reach": {"": 43.0}}, CROPS, "maps", "Maps at stride 2, sigma 2.5"),
        ({"reach": {"": 44.0}}, CROPS, "maps", "Maps at stride 4, sigma 2.5"),
        ({"instances": {"used": 3}}, CROPS, "batch", "Batches of 3"),
        ({}, CROPS, "batch", "Batches of 4"),
        (
            {**ONE, "image_sizes": [{"height": 3000, "width": 4000, "channels": 1, "frames": 9}]},
            SINGLE,
            "batch",
            "Batches of 1",
        ),
        (
            {"instance_size": {"min": 200, "median": 201, "max": 300}},
            CROPS,
            "model",
            "Several animals at once",
        ),
        (
            {"instance_size": {"min": 9, "median": 200, "max": 300}},
            CROPS,
            "model",
            "Parts of a cropped animal",
        ),
        (
            {"instance_size": {"min": 9, "median": 201, "max": 300}, "edges": []},
            CROPS,
            "model",
            "Parts of a cropped animal",
        ),
    ],
)
def test_each_rule_turns_where_its_figures_do(
    others: dict[str, Any], preset: str, name: str, title: str
) -> None:
    found = facts(**others)
    values = load_preset(preset)
    piece = named(advise(values, found))[name]
    assert piece.title == title
    assert piece.reason.endswith(".")
    assert piece.done == (apply_advice(values, piece.changes) == values)


def test_images_that_do_not_fit_are_not_kept_in_memory() -> None:
    many = [{"height": 2000, "width": 2000, "channels": 3, "frames": 126}]
    assert "cache" in named(advise(load_preset(CROPS), facts()))
    assert "cache" not in named(advise(load_preset(CROPS), facts(image_sizes=many)))


def test_where_there_is_much_to_learn_from_or_more_to_find_than_parts_the_network_stays_as_wide_as_it_is() -> (
    None
):
    assert "widths" not in named(advise(load_preset(CROPS), facts(instances={"used": 5001})))
    for kind in ("centroid", "bottomup"):
        assert "widths" not in named(advise(load_preset(CROPS), facts(), model_type=kind))


def test_the_anchor_part_decides_how_far_parts_reach() -> None:
    values = load_preset(CROPS)
    values["model_config"]["head_configs"]["centered_instance"]["confmaps"]["anchor_part"] = "nose"
    assert named(advise(values, facts()))["crop"].title == "Crop 160 px"


def test_a_setting_of_another_type_brings_the_type_with_it() -> None:
    piece = named(advise(load_preset(SINGLE), facts()))["maps"]
    after = apply_advice(load_preset(SINGLE), piece.changes)
    assert after["model_config"]["head_configs"]["single_instance"] is None
    assert after["model_config"]["head_configs"]["centered_instance"]["confmaps"]["output_stride"] == 2


def test_other_backbones_are_left_as_they_are() -> None:
    values = load_preset("bottomup_convnext")
    found = facts(instance_size={"min": 200, "median": 250, "max": 300})
    assert not {"max_stride", "maps", "rate"} & set(named(advise(values, found)))


def test_labels_that_allow_no_training_get_no_advice() -> None:
    assert advise(load_preset(SINGLE), facts(problems=["No."])) == []
    assert advise(load_preset(SINGLE), {"labeled_frames": 0}) == []


def test_every_type_can_be_asked_for(known: dict[str, dict[str, Any]]) -> None:
    for kind in MODEL_TYPES:
        pieces = advise(load_preset(SINGLE), known["flies13_sex"], model_type=kind)
        heads = apply_advice(load_preset(SINGLE), all_changes(pieces))["model_config"]["head_configs"]
        assert [name for name in heads if heads[name]] == [kind]


def test_the_command_says_what_the_editor_is_told_and_writes_what_it_says(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, file = str(shared_data / "flies13_pair" / "val.pkg.slp"), tmp_path / "job.yaml"
    assert main(["advise", labels, "--json", "--write", str(file)]) == 0
    said = json.loads(capsys.readouterr().out)
    values = load_preset(CROPS)
    tree.put(values, LABELS, [labels])
    assert said == inspect_advice(values)
    assert [advice_values(advice_from(piece)) for piece in said] == said
    written = read_config(file).values
    assert all(piece.done or not piece.changes for piece in map(advice_from, inspect_advice(written)))
    assert main(["advise", labels, "--config", str(file), "--write", str(file)]) == 2
    said_again = capsys.readouterr()
    assert "0 pieces of advice" in said_again.out
    assert "nothing was written" in said_again.err
    assert main(["advise", str(tmp_path / "none.slp")]) == 1
    assert "none.slp" in capsys.readouterr().out
