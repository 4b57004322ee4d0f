"""timm's encoders in configs: what is known of them without timm, what is wrong with a config, and no trace elsewhere."""

from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job, job_values
from sleapnn_engine.config.encoders import Encoder, about, encoders, find_encoder, near_names, search_encoders
from sleapnn_engine.config.issue import Issue, Remove
from sleapnn_engine.config.presets import load_preset
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.validate import validate
from sleapnn_engine.config.yaml_dialect import write

TIMM = "model_config.backbone_config.timm"


def made(head: str = "single_instance", **settings: Any) -> dict[str, Any]:
    """A config of a timm encoder that nothing is wrong with but what `settings` do."""
    values: dict[str, Any] = {"data_config": {"train_labels_path": ["labels.slp"]}}
    tree.put(values, TIMM, {"model_name": "resnet18", "output_stride": 2, **settings})
    tree.put(values, f"model_config.head_configs.{head}.confmaps", {"output_stride": 2})
    return values


def found(values: dict[str, Any], *, severity: str = "error") -> list[Issue]:
    mine = ("model_config", "data_config.preprocessing")
    return [issue for issue in validate(values) if issue.severity == severity and issue.path.startswith(mine)]


def test_a_config_of_an_encoder_is_whole_and_says_that_it_opens_only_here() -> None:
    assert found(made()) == found(made(), severity="warning") == []
    (said,) = found(made(), severity="info")
    assert said.path == TIMM
    assert "sleap-nn cannot open a model with the backbone “Any timm encoder”" in said.message
    assert build_job(made()).model_config.backbone_config.timm.model_name == "resnet18"


def test_an_unknown_name_is_an_error_that_offers_the_nearest() -> None:
    (said,) = found(made(model_name="resnett18"))
    assert said.path == f"{TIMM}.model_name"
    assert said.fix is not None
    assert said.fix.changes == {f"{TIMM}.model_name": "resnet18"}
    assert near_names("zzzzzzzz") == []
    assert len(found(made(model_name="zzzzzzzz"))) == 1


def test_a_tag_that_was_never_published_is_an_error_that_names_those_that_were() -> None:
    assert found(made(model_name="resnet18.a1_in1k", pretrained=True)) == []
    (said,) = found(made(model_name="resnet18.b7"))
    assert "a1_in1k" in said.message


def test_weights_that_nobody_published_cannot_be_started_from() -> None:
    name = next(encoder.name for encoder in encoders().values() if not encoder.weights)
    (said,) = found(made(model_name=name, pretrained=True))
    assert said.path == f"{TIMM}.pretrained"
    assert found(made(model_name=name, pretrained=True, weights_file="mine.safetensors")) == []


def test_crops_larger_than_an_encoder_reads_are_an_error_before_any_training() -> None:
    values = made("centered_instance", model_name="hiera_tiny_224")
    tree.put(values, "data_config.preprocessing.crop_size", 200)
    assert found(values) == found(values, severity="warning") == []
    tree.put(values, "data_config.preprocessing.crop_size", 256)
    (said,) = found(values)
    assert "reads images of 224×224 px and no others" in said.message
    assert said.fix is not None
    assert said.fix.changes == {"data_config.preprocessing.crop_size": 224}


@pytest.mark.parametrize(
    ("name", "deepest", "multiple"),
    [
        ("resnet18", 32, 32),
        ("vit_small_patch14_dinov2", 16, 16),
        ("test_maxvit", 32, 160),
        ("levit_128s", 64, 224),
        ("nothing_like_it", None, None),
    ],
)
def test_strides_are_known_without_timm(name: str, deepest: int | None, multiple: int | None) -> None:
    view = ConfigReader(made(model_name=name))
    assert (view.max_stride(), view.input_multiple()) == (deepest, multiple)


def test_a_head_coarser_than_the_encoder_is_an_error() -> None:
    values = made(model_name="vit_small_patch14_dinov2", output_stride=32)
    tree.put(values, "model_config.head_configs.single_instance.confmaps.output_stride", 32)
    assert [issue.message for issue in found(values)] == [
        "Output stride 32 is more than the backbone's max stride (16)."
    ]


def test_what_an_encoder_is_named_may_be_anything_in_a_file() -> None:
    for name in (None, 5, ["resnet18"], "", ".", "resnet18.", {"a": 1}, 1e400):
        assert [issue.path for issue in found(made(model_name=name))] == [f"{TIMM}.model_name"], name
        assert find_encoder(name) is None or name == "resnet18."


@pytest.mark.parametrize("stride", [7, 14, 28])
def test_strides_become_the_powers_of_two_above(stride: int) -> None:
    encoder = Encoder(
        name="a",
        strides=(stride, stride),
        parameters=1,
        side=16 * stride,
        fixed=True,
        channels=0,
        option="",
        weights=(),
    )
    power = stride * 8 // 7
    assert (encoder.levels, encoder.max_stride, encoder.only) == ((power, power), power, 16 * power)


def test_no_file_without_such_an_encoder_has_a_trace_of_it() -> None:
    assert "timm" not in write(SPEC.defaults())
    values = load_preset("single_instance_unet_medium_rf")
    tree.put(values, "data_config.train_labels_path", ["labels.slp"])
    assert "timm" not in write(job_values(build_job(values)))
    assert "timm" in write(job_values(build_job(made())))
    assert SPEC.left_out(TIMM) is Remove
    assert SPEC.left_out("model_config.backbone_config.swint") is None


def test_keeping_another_backbone_takes_the_key_out() -> None:
    values = made()
    tree.put(values, "model_config.backbone_config.unet", {"output_stride": 2})
    (said,) = [issue for issue in found(values) if issue.fix is not None]
    assert said.fix is not None
    assert said.fix.changes == {TIMM: Remove}


def test_encoders_are_found_by_words_of_their_names_by_size_and_by_stride() -> None:
    assert search_encoders("resnet18")[0].name == "resnet18"
    assert search_encoders("resnet18.a1_in1k")[0].name == "resnet18"
    assert len(search_encoders("")) == len(encoders())
    small = search_encoders("vit <6M /16")
    assert small
    assert all("vit" in e.name and e.parameters < 6e6 and e.max_stride == 16 for e in small)
    assert all(e.parameters > 5e8 for e in search_encoders(">500M"))
    assert {e.name for e in search_encoders("18 resnet")} == {e.name for e in search_encoders("resnet 18")}
    assert search_encoders("< /") == search_encoders("")
    assert search_encoders("no such thing") == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnet18", "11.2 million parameters, maps at strides 2, 4, 8, 16, 32; reads images of any size; "),
        ("test_maxvit", "reads images whose sides are multiples of 160 px; no published weights."),
        ("levit_128s", "reads images of 224×224 px only; published weights."),
        (
            "vit_small_patch14_dinov2",
            "one map at stride 16; reads images of any size; published weights. It sees ",
        ),
        ("csatv2", "It reads gray images as colour."),
    ],
)
def test_what_is_known_is_said_in_words(name: str, said: str) -> None:
    assert said in about(encoders()[name])
