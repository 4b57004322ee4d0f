"""The presets: exactly the published samples but for the listed fixes, valid, and found by name."""

import json
import re

import pytest

from sleapnn_engine.cli import main
from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_text
from sleapnn_engine.config.own_presets import SHELF, own_folder
from sleapnn_engine.config.presets import Preset, find_preset, list_presets, load_preset
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.validate import validate
from sleapnn_engine.config.yaml_dialect import parse
from tests.engine.config.preset_facts import DATA, GEOMETRIC, INTENSITY, MODEL, SAMPLES, TRAINER, published

_NAMES = [preset.name for preset in list_presets()]


def _of(code: str) -> Preset:
    return find_preset(SAMPLES[code][0])


@pytest.mark.parametrize("code", SAMPLES)
def test_a_preset_is_the_published_sample_but_for_its_listed_changes(code):
    preset, values, facts = _of(code), load_preset(SAMPLES[code][0]), published(code)
    changes = {change.key: change for change in preset.changes}
    view = ConfigReader(values)
    for path, key in SPEC.keys.items():
        if not view.on(key.section) and key.section:
            continue
        before = facts.get(path, key.default)
        if path in changes:
            assert changes[path].published == before, path
            assert view.value(path) == changes[path].here != before, path
        else:
            assert view.value(path) == before, path
    assert set(changes) <= set(SPEC.keys)


@pytest.mark.parametrize("name", _NAMES)
def test_a_preset_only_lacks_labels(name):
    values = load_preset(name)
    assert values["data_config"]["train_labels_path"] == []
    own = [issue for issue in validate(values) if "sleap-nn cannot open" in issue.message]
    assert bool(own) == (find_preset(name).kind == "own")
    found = [issue for issue in validate(values) if issue not in own]
    assert [issue.path for issue in found] == ["data_config.train_labels_path"]
    tree.put(values, "data_config.train_labels_path", ["labels.slp"])
    assert validate(values) == own
    assert build_job(values).trainer_config.save_ckpt is True


@pytest.mark.parametrize("name", _NAMES)
def test_a_preset_is_what_its_entry_says(name):
    preset = find_preset(name)
    view = ConfigReader(load_preset(name))
    assert view.chosen("model_config.head_configs") == [preset.model_type]
    assert view.chosen("model_config.backbone_config") == [preset.backbone]
    first = preset.path.read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# title: {preset.title}"
    for text in (preset.purpose, preset.note, *(change.why for change in preset.changes)):
        assert text.endswith("."), text


@pytest.mark.parametrize("name", _NAMES)
def test_what_is_to_be_fixed_is_fixed_everywhere(name):
    values = load_preset(name)
    assert tree.get(values, INTENSITY + "gaussian_noise_mean") == 0.0
    assert tree.get(values, INTENSITY + "gaussian_noise_std") < 0.1
    assert tree.get(values, INTENSITY + "brightness_min") > 0.5
    for chance in ("rotation_p", "scale_p", "translate_p"):
        assert isinstance(tree.get(values, GEOMETRIC + chance), float), chance
    assert tree.get(values, TRAINER + "zmq.publish_port", 0) is None
    assert tree.get(values, TRAINER + "zmq.controller_port", 0) is None
    assert not tree.has(values, TRAINER + "wandb")
    for path in ("name", "description", "sleap_nn_version", "filename"):
        assert path not in values  # applying a preset keeps what the user wrote there


@pytest.mark.parametrize("name", _NAMES)
def test_a_preset_writes_out_every_setting_that_counts(name):
    values = load_preset(name)
    view = ConfigReader(values)
    for path, key in SPEC.edited.items():
        counts = not (path.startswith(TRAINER + "wandb.") or key.meta.since)
        if key.section and view.on(key.section) and counts:
            assert tree.has(values, path), path


def test_the_folder_holds_the_listed_files_and_nothing_else():
    there = {file.name for file in resource_path("presets").iterdir()}
    assert there == {preset.file for preset in list_presets()} | {"index.yaml"}
    assert [preset.file.removesuffix(".yaml") for preset in list_presets("guide")] == [
        file for file, _, _ in SAMPLES.values()
    ]
    assert [preset.name for preset in list_presets("own")] == ["timm_single_instance"]
    assert [preset.name for preset in list_presets("demo")] == ["demo_single_instance"]


def test_the_names_are_those_of_the_guide(shared_spec):
    guide = (shared_spec / "config-guide.md").read_text(encoding="utf-8")
    assert {preset.file for preset in list_presets("guide")} == set(
        re.findall(r"`(config_\w+\.yaml)`", guide)
    )


def test_the_facts_are_those_of_the_notes_on_the_samples(shared_spec):
    rows = _table_rows((shared_spec / "sample_configs.md").read_text(encoding="utf-8"))
    codes = list(SAMPLES)
    told: dict[str, dict[str, object]] = {code: {} for code in codes}
    for cells in rows:
        name = cells[0].strip("`")
        if len(cells) == 3 and "." in name:  # the same in all eleven
            for code in codes:
                told[code][name] = parse(cells[1])
        elif len(cells) == 13 and "." in name:  # one column for each
            for code, cell in zip(codes, cells[2:], strict=True):
                if cell != ".":
                    told[code][_long(name)] = parse(cell)
        elif len(cells) == 4 and name in SAMPLES and not cells[1].endswith(".yaml"):  # model values
            _, head, backbone = SAMPLES[name]
            for part, prefix in (
                (cells[2], f"backbone_config.{backbone}."),
                (cells[3], f"head_configs.{head}."),
            ):
                for pair in part.split(", "):
                    key, value = pair.split(" ")
                    told[name][MODEL + prefix + key] = parse(value)
    assert told == {code: published(code) for code in codes}


def _table_rows(text: str) -> list[list[str]]:
    lines = [line.strip().strip("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split("|")] for line in lines if "---" not in line]


def _long(name: str) -> str:
    if name.startswith("preprocessing."):
        return DATA + name
    if name.startswith("aug."):
        return f"{DATA}augmentation_config.{name.removeprefix('aug.')}"
    if name.startswith("t.plateau."):
        return f"{TRAINER}lr_scheduler.reduce_lr_on_plateau.{name.removeprefix('t.plateau.')}"
    return TRAINER + name.removeprefix("t.") if name.startswith("t.") else name


def test_each_load_is_a_fresh_copy():
    load_preset(_NAMES[0])["data_config"]["train_labels_path"].append("mine.slp")
    assert load_preset(_NAMES[0])["data_config"]["train_labels_path"] == []


def test_a_preset_is_found_by_its_name_and_its_file():
    assert (
        find_preset("config_centroid_unet.yaml")
        == find_preset("centroid_unet")
        == find_preset("config_centroid_unet")
    )
    with pytest.raises(UserError) as caught:
        load_preset("centroid_unnet")
    assert "Did you mean centroid_unet?" in str(caught.value)
    with pytest.raises(UserError, match="There are single_instance"):
        load_preset("zzz")


def test_the_commands_list_and_show(capsys, tmp_path, monkeypatch):
    for name in ("XDG_CONFIG_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    assert main(["presets", "list"]) == 0
    assert [line.split(" ")[0] for line in capsys.readouterr().out.splitlines()] == _NAMES
    assert main(["presets", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed] == _NAMES
    assert listed[0]["changes"][0]["why"]
    assert main(["presets", "show", "bottomup_convnext"]) == 0
    assert parse(capsys.readouterr().out) == load_preset("bottomup_convnext")
    (own_folder() / SHELF).mkdir(parents=True)
    text = f"# title: Ours\n{read_text(find_preset('centroid_unet').path)}"
    (own_folder() / SHELF / "ours.yaml").write_text(text, encoding="utf-8")
    (own_folder() / SHELF / "broken.yaml").write_text("[", encoding="utf-8")
    capsys.readouterr()
    assert main(["presets", "list"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].startswith("mine:ours.yaml ")
    assert "broken.yaml" in said.err
    assert main(["presets", "show", "mine:ours.yaml"]) == 0
    assert capsys.readouterr().out == text
    assert main(["presets", "show", "nothing_like_it"]) == 2
    assert "There is no preset" in capsys.readouterr().err
