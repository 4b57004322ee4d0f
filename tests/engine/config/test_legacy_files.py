"""Real legacy files against values written by hand, and the report's promise of one row for each leaf."""

import json
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import dump_config, parse_config
from sleapnn_engine.config.legacy.conversion import import_legacy, is_legacy
from sleapnn_engine.config.validate import errors, validate
from sleapnn_engine.config.yaml_dialect import parse

_EXPECTED = Path(__file__).parent / "legacy_expected"
_NAMES = sorted(file.stem for file in _EXPECTED.glob("*.yaml") if file.stem != "common")
_ABSENT = object()


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _all_files(shared_data: Path) -> list[Path]:
    """Every training file of SLEAP before sleap-nn that lies anywhere among the shared data."""
    return [
        file for file in sorted(shared_data.rglob("*.json")) if is_legacy(file.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("name", _NAMES)
def test_values_are_those_written_by_hand(name, shared_data):
    file = shared_data / "legacy_configs" / f"{name}.json"
    values = import_legacy(file.read_text(encoding="utf-8"), source=file, closest_unet=True).values
    common = parse((_EXPECTED / "common.yaml").read_text(encoding="utf-8"))
    own = parse((_EXPECTED / f"{name}.yaml").read_text(encoding="utf-8"))
    for path, wanted in {**common, **own}.items():
        found = tree.get(values, path, _ABSENT)
        if wanted == "absent":
            assert found is _ABSENT, path
        else:
            assert found == (pytest.approx(wanted) if isinstance(wanted, float) else wanted), path
            assert type(found) is type(wanted), path


def test_each_importable_file_has_expected_values(shared_data):
    files = {
        file.stem for file in shared_data.glob("legacy_configs/*.json") if not file.stem.startswith("pre1")
    }
    assert files == set(_NAMES)


def test_each_leaf_has_exactly_one_row(shared_data):
    for file in _all_files(shared_data):
        legacy = _read(file)
        report = import_legacy(legacy, source=file, closest_unet=True).report
        told = [row.legacy_path for row in report.rows if row.in_file]
        assert sorted(told) == sorted(path for path, _ in tree.leaves(legacy)), file
        for row in report.rows:
            assert row.reason.endswith("."), row
            if row.in_file:
                assert row.old_value == tree.get(legacy, row.legacy_path)


def test_each_row_tells_what_stands_in_the_config(shared_data):
    for file in _all_files(shared_data):
        result = import_legacy(_read(file), source=file, closest_unet=True)
        for row in result.report.rows:
            for path in row.new_paths:
                assert tree.get(result.values, path, _ABSENT) == row.new_value, path


def test_imported_configs_only_lack_labels(shared_data):
    for file in _all_files(shared_data):
        legacy = _read(file)
        values = import_legacy(legacy, source=file, closest_unet=True).values
        wrong = [issue.path for issue in errors(validate(values))]
        labels = tree.get(legacy, "data.labels.training_labels")
        assert wrong == ([] if labels else ["data_config.train_labels_path"]), file
        assert parse_config(dump_config(values)).values == values


def test_real_files_are_recognised_under_any_name(shared_data):
    for file in _all_files(shared_data):
        assert is_legacy(file.read_text(encoding="utf-8")), file
    for file in sorted(shared_data.glob("legacy_configs/*.peer.yaml")):
        assert not is_legacy(file.read_text(encoding="utf-8")), file


def test_the_known_files_are_found(shared_data):
    found = set(_all_files(shared_data))
    assert found >= set(shared_data.glob("legacy_configs/*.json"))
    assert found >= set(shared_data.glob("legacy_models/*/*_config.json"))


def test_a_file_before_1_0_has_the_values_written_by_hand(shared_data):
    file = shared_data / "legacy_configs" / "pre1.set_a.default_confmaps.json"
    values = import_legacy(file.read_text(encoding="utf-8"), source=file).values
    unet = {"filters": 32, "filters_rate": 2.0, "max_stride": 8, "output_stride": 1, "kernel_size": 5,
            "convs_per_block": 2, "up_interpolate": True}  # fmt: skip
    assert tree.get(values, "model_config.backbone_config.unet") == unet
    head = {"centered_instance": {"confmaps": {"sigma": 5.0, "output_stride": 1}}}
    assert tree.get(values, "model_config.head_configs") == head
    assert tree.get(values, "trainer_config.max_epochs") == 150
    assert tree.get(values, "trainer_config.optimizer") == {"lr": 0.0001, "amsgrad": True}
    assert tree.get(values, "data_config.augmentation_config.geometric.rotation_min") == -180.0


@pytest.mark.parametrize(
    "odd", [None, "text", -1, 10**9, 2.5, float("inf"), True, [], {}, {"deep": {"er": 1}}]
)
def test_each_leaf_of_a_file_before_1_0_has_one_row_whatever_it_holds(odd, shared_data):
    file = shared_data / "legacy_configs" / "pre1.set_a.default_confmaps.json"
    paths = [path for path, _ in tree.leaves(_read(file))] + ["trainer.negative_samples", "model.new.thing"]
    for path in paths:
        legacy = _read(file)
        tree.put(legacy, path, odd)
        result = import_legacy(legacy, source=file, closest_unet=True)
        told = [row.legacy_path for row in result.report.rows if row.in_file]
        assert sorted(told) == sorted(leaf for leaf, _ in tree.leaves(legacy)), path
        assert parse_config(dump_config(result.values)).values == result.values
        # What cannot be had here is said, and not by the row's value alone.
        for issue in errors(validate(result.values)):
            rows = [row for row in result.report.of("warning") if issue.path in row.new_paths]
            known = ("data_config.train_labels_path", "model_config.head_configs")
            assert rows or issue.path in known, (path, issue)


@pytest.mark.parametrize("output", [0, 1, 2, 3, 9])
def test_every_kind_of_output_before_1_0_becomes_a_model_type_or_is_asked_for(output, shared_data):
    legacy = _read(shared_data / "legacy_configs" / "pre1.set_a.default_confmaps.json")
    legacy["model"]["output_type"] = output
    result = import_legacy(legacy)
    wrong = {issue.path for issue in errors(validate(result.values))} - {"data_config.train_labels_path"}
    assert wrong == ({"model_config.head_configs"} if output == 9 else set())


def test_another_network_before_1_0_is_refused_by_name(shared_data):
    legacy = _read(shared_data / "legacy_configs" / "pre1.set_a.default_confmaps.json")
    legacy["model"]["backbone_name"] = "LeapCNN"
    with pytest.raises(UserError, match="LeapCNN") as caught:
        import_legacy(legacy)
    assert caught.value.closest_unet["max_stride"] == 8
    report = import_legacy(legacy, closest_unet=True).report
    assert "LeapCNN" in "".join(row.reason for row in report.of("warning"))


def test_only_trained_files_offer_a_reset(shared_data):
    for file in _all_files(shared_data):
        if file.name.startswith(("trained.", "training_config")):
            assert import_legacy(_read(file), source=file).trained, file
        elif not file.name.startswith(("pre1", "profile.pretrained")):
            assert not import_legacy(_read(file), source=file).trained, file


def test_reset_leaves_nothing_of_the_old_data(shared_data):
    for file in _all_files(shared_data):
        if not file.name.startswith(("trained.", "training_config")):
            continue
        kept = import_legacy(_read(file), source=file)
        assert "data_config.skeletons" in kept.resolved
        assert "trainer_config.train_steps_per_epoch" in kept.resolved
        reset = import_legacy(_read(file), source=file, reset_resolved=True)
        assert reset.resolved == []
        changed = {row.new_path for row in reset.report.of("changed") if "Reset" in row.reason}
        assert changed == set(kept.resolved), file
        for path in kept.resolved:
            assert tree.get(kept.values, path) is not None
            assert tree.get(reset.values, path, _ABSENT) is None, path
