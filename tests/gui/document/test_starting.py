"""Another type of model or backbone, chosen for the first time, goes with what is chosen already."""

from pathlib import Path

import pytest

from sleapnn_engine.config.presets import Preset, find_preset, list_presets
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import Opened, open_preset

HEADS, BACKBONES = "model_config.head_configs", "model_config.backbone_config"
PRESETS = list_presets("guide")


@pytest.fixture
def document(tmp_path: Path) -> Document:
    return Document()


def begin(document: Document, preset: Preset) -> None:
    document.adopt(open_preset(preset))
    document.apply_values({"data_config.train_labels_path": ["labels.slp"]}, "labels")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
@pytest.mark.parametrize("head", [SPEC.sections[path].name for path in SPEC.sections[HEADS].sections])
def test_every_type_can_be_chosen_from_every_preset(document: Document, preset: Preset, head: str) -> None:
    begin(document, preset)
    document.choose(HEADS, head)
    assert [issue for issue in document.issues() if issue.severity in ("error", "warning")] == []


@pytest.mark.parametrize("backbone", ["unet", "convnext", "swint"])
def test_a_backbone_offers_the_stride_of_the_head(document: Document, backbone: str) -> None:
    begin(document, find_preset("bottomup_unet_medium_rf"))
    document.choose(BACKBONES, backbone)
    assert document.value(f"{BACKBONES}.{backbone}.output_stride") == 4
    assert [issue for issue in document.issues() if issue.severity in ("error", "warning")] == []


def test_a_head_starts_as_in_its_preset_at_the_strides_of_the_backbone(document: Document) -> None:
    begin(document, find_preset("single_instance_unet_medium_rf"))
    document.choose(HEADS, "bottomup")
    pafs = find_preset("bottomup_unet_medium_rf")
    as_there = open_preset(pafs).values["model_config"]["head_configs"]["bottomup"]
    head = document.values["model_config"]["head_configs"]["bottomup"]
    assert head["pafs"]["sigma"] == as_there["pafs"]["sigma"]
    assert head["confmaps"]["loss_weight"] == as_there["confmaps"]["loss_weight"]
    assert (head["confmaps"]["output_stride"], head["pafs"]["output_stride"]) == (2, 4)
    document.undo_stack.undo()
    assert document.chosen(HEADS) == "single_instance"


def test_without_a_backbone_a_head_is_that_of_its_preset(document: Document) -> None:
    document.adopt(Opened(values={}, title="empty"))
    document.choose(HEADS, "multi_class_topdown")
    preset = next(preset for preset in PRESETS if preset.model_type == "multi_class_topdown")
    wanted = open_preset(preset).values["model_config"]["head_configs"]["multi_class_topdown"]
    assert document.values["model_config"]["head_configs"]["multi_class_topdown"] == wanted
    document.choose(BACKBONES, "unet")
    assert document.value(f"{BACKBONES}.unet.output_stride") == wanted["confmaps"]["output_stride"]


def test_what_was_set_before_comes_back_as_it_was(document: Document) -> None:
    begin(document, find_preset("centroid_unet"))
    document.choose(HEADS, "bottomup")
    document.set_value(f"{HEADS}.bottomup.confmaps.sigma", 7.0)
    document.choose(HEADS, "centroid")
    document.choose(HEADS, "bottomup")
    assert document.value(f"{HEADS}.bottomup.confmaps.sigma") == 7.0


def test_what_a_head_starts_with_is_no_change_but_what_a_person_sets_is(document: Document) -> None:
    begin(document, find_preset("single_instance_unet_medium_rf"))
    document.choose(HEADS, "bottomup")
    sigma = f"{HEADS}.bottomup.confmaps.sigma"
    began = document.value(sigma)
    assert not any(path.startswith(HEADS + ".bottomup.") for path, _, _ in document.differences())
    document.set_value(sigma, began + 1)
    assert document.is_changed(sigma)
    assert [row for row in document.differences() if row[0] == sigma] == [(sigma, began, began + 1)]
    document.reset(sigma)
    assert document.value(sigma) == began
    assert not document.is_changed(sigma)
