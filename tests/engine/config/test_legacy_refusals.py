"""What the legacy import refuses, by name and with a way out; and what it recognises."""

import json
from pathlib import Path

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.legacy.conversion import UnsupportedBackbone, import_legacy, is_legacy
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.validate import errors, validate
from tests.engine.config.legacy_samples import BACKBONE_NAMES, bare_file, whole_file

_UNET = "model_config.backbone_config.unet"


@pytest.mark.parametrize("backbone", BACKBONE_NAMES[1:])
def test_another_backbone_is_refused_by_name_with_the_closest_unet(backbone):
    legacy = whole_file(backbone=backbone, head="multi_instance")
    with pytest.raises(UnsupportedBackbone) as caught:
        import_legacy(legacy, source=Path("old.json"))
    problem = caught.value
    assert problem.backbone == backbone
    assert backbone in problem.message
    assert "UNet" in problem.hint
    assert problem.where == "old.json"
    assert problem.usage
    result = import_legacy(legacy, closest_unet=True)
    assert tree.get(result.values, _UNET) == problem.closest_unet
    assert set(problem.closest_unet) == {key.rpartition(".")[2] for key in SPEC.sections[_UNET].keys}
    assert [issue.path for issue in errors(validate(result.values))] == ["data_config.train_labels_path"]
    rows = [row for row in result.report.rows if row.legacy_path.startswith(f"model.backbone.{backbone}.")]
    assert rows
    assert {row.kind for row in rows} == {"warning"}


def test_the_closest_unet_keeps_what_both_have():
    leap = whole_file(
        backbone="leap", model__backbone__leap__filters=48, model__backbone__leap__max_stride=16
    )
    with pytest.raises(UnsupportedBackbone) as caught:
        import_legacy(leap)
    unet = caught.value.closest_unet
    assert (unet["filters"], unet["filters_rate"], unet["max_stride"]) == (48, 2.0, 16)
    assert unet["up_interpolate"] is False


def test_a_unet_beside_another_backbone_wins_with_a_warning():
    legacy = whole_file(model__backbone__leap={"filters": 48}, model__backbone__unet={"filters": 24})
    result = import_legacy(legacy)
    assert tree.get(result.values, _UNET + ".filters") == 24
    (row,) = [row for row in result.report.rows if row.legacy_path == "model.backbone.leap.filters"]
    assert row.kind == "warning"


def test_several_other_backbones_are_refused():
    legacy = bare_file(model__backbone={"leap": {}, "resnet": {}})
    with pytest.raises(UserError, match="leap and resnet"):
        import_legacy(legacy, closest_unet=True)


def test_several_heads_are_refused():
    legacy = bare_file(model__heads={"centroid": {}, "single_instance": {}})
    with pytest.raises(UserError, match="single_instance and centroid") as caught:
        import_legacy(legacy, source=Path("a/b.json"))
    assert caught.value.where == f"{Path('a/b.json')} (model.heads)"


def test_a_config_of_the_new_format_is_refused():
    with pytest.raises(UserError, match="new format already"):
        import_legacy({"data_config": {}, "model_config": {}, "trainer_config": {}})


@pytest.mark.parametrize("value", [{}, {"data": {}}, {"version": 1}, [], "text", 3, None])
def test_other_json_is_refused(value):
    assert not is_legacy(json.dumps(value))
    with pytest.raises(UserError, match="no SLEAP training file"):
        import_legacy(json.dumps(value))


@pytest.mark.parametrize(
    "text", ["", "   ", "data_config:\n  provider: x\n", "{broken", "[1, 2]", "{}", "// only this"]
)
def test_other_texts_are_not_recognised(text):
    assert not is_legacy(text)


def test_a_file_of_either_kind_is_recognised():
    assert is_legacy(json.dumps(whole_file()))
    assert is_legacy(bare_file())
    assert is_legacy("\ufeff// written by hand\n" + json.dumps(bare_file()))
    assert is_legacy('{"model": {"output_type": 0}, "trainer": {}}')
