"""What the two models of a top-down pair have in common: told, taken over, asked for on the command line."""

from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values, dump_config
from sleapnn_engine.config.pairs import (
    CENTRE,
    PARTS,
    differing,
    file_of_half,
    files_of_other,
    half_of,
    is_pair,
    is_shared,
    other_half,
    preset_of_other,
    with_shared,
)
from sleapnn_engine.config.presets import list_presets, load_preset
from tests.engine.commands.in_process import engine

HEADS = "model_config.head_configs"
PARTS_ANCHOR = f"{HEADS}.centered_instance.confmaps.anchor_part"
CENTRE_ANCHOR = f"{HEADS}.centroid.confmaps.anchor_part"
FRACTION, SCALE = "data_config.validation_fraction", "data_config.preprocessing.scale"


@pytest.fixture
def parts() -> dict[str, Any]:
    return load_preset("topdown_centered_instance_unet_medium_rf")


@pytest.fixture
def centre() -> dict[str, Any]:
    return load_preset("centroid_unet")


def test_which_presets_are_halves_and_which_make_a_pair() -> None:
    halves = {preset.name: half_of(load_preset(preset.name)) for preset in list_presets()}
    assert {name for name, half in halves.items() if half == CENTRE} == {"centroid_unet", "centroid_swint"}
    assert {name for name, half in halves.items() if half == PARTS} == {
        "topdown_centered_instance_unet_medium_rf",
        "topdown_centered_instance_unet_large_rf",
        "topdown_multi_class_centered_instance_unet",
    }
    one, *others = (load_preset(name) for name, half in halves.items() if half)
    assert [is_pair(one, other) for other in others].count(True) == 3
    assert half_of({}) == ""


def test_every_two_presets_of_a_pair_agree_as_they_come() -> None:
    """So that whoever takes both and chooses labels has a pair."""
    read = [load_preset(preset.name) for preset in list_presets("guide")]
    pairs = [(one, other) for one in read for other in read if is_pair(one, other)]
    assert len(pairs) == 12
    assert [differing(*pair) for pair in pairs] == [[]] * 12


def test_what_differs_is_told_by_its_path_in_the_first(parts: dict[str, Any], centre: dict[str, Any]) -> None:
    tree.put(parts, FRACTION, 0.3)
    tree.put(parts, PARTS_ANCHOR, "thorax")
    tree.put(parts, SCALE, 0.25)
    tree.put(parts, "trainer_config.ckpt_dir", "elsewhere")
    assert differing(parts, centre) == [FRACTION, PARTS_ANCHOR]
    assert differing(centre, parts) == [FRACTION, CENTRE_ANCHOR]
    assert differing(parts, centre, folder=True)[1] == "trainer_config.ckpt_dir"
    tree.drop(centre, FRACTION)
    tree.put(parts, FRACTION, 0.1)
    tree.put(parts, "data_config.val_labels_path", [])
    assert differing(parts, centre) == [PARTS_ANCHOR], "a default that is not written is no other value"


def test_a_half_takes_over_what_is_shared_and_keeps_the_rest(
    parts: dict[str, Any], centre: dict[str, Any]
) -> None:
    for path, value in ((FRACTION, 0.3), (PARTS_ANCHOR, "thorax"), (SCALE, 0.25)):
        tree.put(parts, path, value)
    tree.put(parts, f"{HEADS}.centered_instance.confmaps.centroid_method", "anchor")
    before = copy_values(centre)
    after = with_shared(centre, parts)
    assert centre == before
    assert differing(after, parts, folder=True) == []
    assert (tree.get(after, FRACTION), tree.get(after, CENTRE_ANCHOR), tree.get(after, SCALE)) == (
        0.3,
        "thorax",
        0.5,
    )
    assert tree.get(after, f"{HEADS}.centroid.confmaps.centroid_method") == "anchor"
    assert all(map(is_shared, (FRACTION, PARTS_ANCHOR, CENTRE_ANCHOR)))
    assert not is_shared(SCALE)
    tree.drop(parts, FRACTION)
    assert not tree.has(with_shared(after, parts), FRACTION), "what is left out is left out in both"


def test_a_new_half_is_its_preset_on_the_same_labels_and_machine(parts: dict[str, Any]) -> None:
    tree.put(parts, "data_config.train_labels_path", ["a.slp"])
    tree.put(parts, "trainer_config.trainer_accelerator", "cpu")
    preset = preset_of_other(parts)
    assert preset.name == "centroid_unet"
    centre = other_half(parts, load_preset(preset.name))
    assert differing(centre, parts, folder=True) == []
    assert tree.get(centre, "trainer_config.trainer_accelerator") == "cpu"
    assert tree.get(centre, SCALE) == 0.5
    assert half_of(load_preset(preset_of_other(centre).name)) == PARTS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("flies.yaml", "flies.centroid.yaml"),
        ("flies.centered_instance.yaml", "flies.centroid.yaml"),
        ("flies.v2.yml", "flies.v2.centroid.yaml"),
    ],
)
def test_halves_find_each_other_by_their_names(centre: dict[str, Any], name: str, expected: str) -> None:
    place = file_of_half(Path("/d") / name, centre)
    assert place == Path("/d") / expected
    stem = expected.removesuffix(".centroid.yaml")
    assert [path.name for path in files_of_other(place, CENTRE)] == [
        f"{stem}.centered_instance.yaml",
        f"{stem}.multi_class_topdown.yaml",
    ]


def test_the_command_line_says_what_keeps_two_configs_from_being_a_pair(
    parts: dict[str, Any], centre: dict[str, Any], tmp_path: Path
) -> None:
    def told(*configs: dict[str, Any]) -> str:
        files = [tmp_path / f"{number}.yaml" for number, _ in enumerate(configs)]
        for file, values in zip(files, configs, strict=True):
            file.write_text(dump_config(values), encoding="utf-8")
        return engine("validate", "--pair", *files).out

    assert "this in common" not in told(centre, parts)
    tree.put(parts, FRACTION, 0.3)
    assert f"1.yaml: {FRACTION}: error: Both models of a pair have this in common" in told(centre, parts)
    assert "These two are no pair" in told(centre, centre)
    assert engine("validate", "--pair", tmp_path / "0.yaml").code == 2
