"""Rules about the network: sizes of one's own, strides that follow from others, and what other programs cannot open."""

from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.validate import validate
from tests.engine.config.test_validate import UNET, good

BACKBONES = "model_config.backbone_config"
HEADS = "model_config.head_configs"
CROP = "data_config.preprocessing.crop_size"


def other(backbone: str, head: str = "single_instance", **changes: Any) -> dict[str, Any]:
    """The good config with another backbone, given as a file that leaves the rest out, and another head."""
    values = good()
    tree.put(values, BACKBONES, {backbone: changes})
    tree.put(values, HEADS, {head: SPEC.defaults(f"{HEADS}.{head}")})
    return values


def errors_at(values: dict[str, Any], path: str) -> list[Issue]:
    return [issue for issue in validate(values) if issue.path == path and issue.severity == "error"]


@pytest.mark.parametrize(
    ("arch", "said"),
    [
        ({"embed": 96, "depths": [2, 2, 6]}, "is not a list of 4 whole numbers from 1"),
        ({"num_heads": [5, 6, 12, 24]}, "stage 1 has 96 channels, which 5 heads cannot share evenly"),
        ({"embed": 96.5}, "96.5 is not a whole number from 1"),
        ({"heads": [3, 6, 12, 24]}, "does not say the sizes of the network"),
        ({"channels": [3, 6, 12, 24], "num_heads": [3, 6, 12, 24]}, "does not say the sizes"),
    ],
)
def test_sizes_that_no_swin_transformer_has_are_found_before_anything_is_opened(
    arch: dict[str, Any], said: str
) -> None:
    (found,) = errors_at(other("swint", arch=arch), f"{BACKBONES}.swint.arch")
    assert said in found.message
    assert found.message.endswith(".")


@pytest.mark.parametrize("arch", [{}, {"embed": 48}, {"channels": [2, 4, 8, 16]}, {"depths": [1, 1, 1, 1]}])
def test_sizes_that_some_swin_transformer_has_are_taken(arch: dict[str, Any]) -> None:
    assert errors_at(other("swint", arch=arch), f"{BACKBONES}.swint.arch") == []


@pytest.mark.parametrize("backbone", ["convnext", "swint"])
def test_strides_that_the_file_leaves_out_follow_from_the_patches(backbone: str) -> None:
    values = other(backbone, "multi_class_topdown", stem_patch_stride=4)
    del values["model_config"]["head_configs"]["multi_class_topdown"]["class_vectors"]["output_stride"]
    assert [issue.message for issue in validate(values) if issue.severity == "error"] == []
    tree.put(values, f"{BACKBONES}.{backbone}.max_stride", 32)
    said = [issue for issue in validate(values) if issue.path == f"{BACKBONES}.{backbone}.max_stride"]
    assert [issue.severity for issue in said] == ["info"]
    assert "16 times its stem stride, so it is 64" in said[0].message


def test_weights_are_for_the_sizes_of_ones_own_where_the_file_has_them() -> None:
    path = f"{BACKBONES}.convnext.pre_trained_weights"
    base = {"pre_trained_weights": "ConvNeXt_Base_Weights"}
    assert "does not fit" in errors_at(other("convnext", **base), path)[0].message
    sizes = {"depths": [3, 3, 27, 3], "channels": [128, 256, 512, 1024]}
    assert errors_at(other("convnext", **base, arch=sizes), path) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("middle_block", False), ("stacks", 2), ("convs_per_block", 1), ("stem_stride", 4)],
)
def test_what_sleap_nn_cannot_open_is_said_and_wrong_nowhere(key: str, value: Any) -> None:
    values = good()
    tree.put(values, f"{UNET}.{key}", value)
    (found,) = [issue for issue in validate(values) if issue.path == f"{UNET}.{key}"]
    assert found.severity == "info"
    assert "sleap-nn cannot open" in found.message


def test_a_stem_halves_the_map_once_more_than_max_stride_says() -> None:
    values = good()
    tree.put(values, HEADS, {"centered_instance": SPEC.defaults(f"{HEADS}.centered_instance")})
    tree.put(values, CROP, 144)
    assert [issue for issue in validate(values) if issue.path == CROP] == []
    tree.put(values, f"{UNET}.stem_stride", 2)
    (found,) = [issue for issue in validate(values) if issue.path == CROP]
    assert "144 px is 144 px after scaling, not a multiple of 32" in found.message


def test_a_schedule_that_is_on_because_it_was_left_out_is_named() -> None:
    path = "trainer_config.lr_scheduler"
    values = good()
    tree.put(values, path, {"step_lr": {"step_size": 20}})
    (found,) = errors_at(values, path)
    assert "step_lr is set and reduce_lr_on_plateau is on where it is left out" in found.message
    assert "write reduce_lr_on_plateau: null" in found.message
    tree.put(values, f"{path}.reduce_lr_on_plateau", None)
    assert errors_at(values, path) == []
