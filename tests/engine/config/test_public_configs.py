"""Configs that sleap-nn wrote or offers open without an error; what has no effect in them, or is derived, is a note."""

from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values, read_config
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.validate import validate

LABELS = "data_config.train_labels_path"
NOISE = "data_config.augmentation_config.intensity.gaussian_noise_mean"
BACKBONE, HEADS = "model_config.backbone_config", "model_config.head_configs"
ALSO_KNOWN = {HEADS, BACKBONE}
NO_NETWORK = "sleap-nn's own import of SLEAP left the network out of them: a pretrained encoder or a format it cannot read"
BROKEN = {
    "profile.pretrained.single.peer.yaml": NO_NETWORK,
    "profile.pretrained.topdown.peer.yaml": NO_NETWORK,
    "pre1.set_a.default_confmaps.peer.yaml": NO_NETWORK,
}


def wrong(values: dict[str, Any], severity: str = "error") -> list[Issue]:
    """What is found besides labels, which a config that is shared leaves open."""
    values = copy_values(values)
    tree.put(values, LABELS, ["some.slp"])
    return [issue for issue in validate(values) if issue.severity == severity]


def noted(values: dict[str, Any]) -> dict[str, str]:
    return {issue.path: issue.message for issue in wrong(values, "info")}


def test_every_config_that_sleap_nn_wrote_opens_without_an_error(shared_data: Path) -> None:
    files = [*shared_data.glob("sleap_nn_models/*/*.yaml"), *shared_data.glob("legacy_configs/*.peer.yaml")]
    assert len(files) >= 20
    refused, noisy = {}, 0
    for file in sorted(files):
        values = read_config(file).values
        if found := wrong(values):
            refused[file.name] = {issue.path for issue in found}
        if tree.get(values, NOISE) == 5.0:
            noisy += 1
            assert "has no effect" in noted(values)[NOISE], file
    assert set(refused) == set(BROKEN)
    assert all(paths <= ALSO_KNOWN for paths in refused.values()), refused
    assert noisy >= 12


def sample(backbone: str, head: str, *, parts: dict[str, Any], **network: Any) -> dict[str, Any]:
    """Like sleap-nn's sample configs: a noise of 5 that is never drawn, and the stride of another stem."""
    return {
        "data_config": {
            "augmentation_config": {"intensity": {"gaussian_noise_mean": 5.0, "gaussian_noise_p": 0.0}}
        },
        "model_config": {
            "backbone_config": {backbone: {"output_stride": 2, **network}},
            "head_configs": {head: parts},
        },
    }


MAPS = {"sigma": 1.5, "output_stride": 2, "loss_weight": 1.0}
FIELDS = {"sigma": 50.0, "output_stride": 4, "loss_weight": 1.0}
VECTORS = {"num_fc_layers": 3, "loss_weight": 0.01, "output_stride": 16}
SAMPLES = {
    "centroid": {"confmaps": MAPS},
    "bottomup": {"confmaps": MAPS, "pafs": FIELDS},
    "multi_class_bottomup": {"confmaps": MAPS, "class_maps": FIELDS},
    "multi_class_topdown": {"confmaps": MAPS, "class_vectors": VECTORS},
}


@pytest.mark.parametrize("head", SAMPLES)
@pytest.mark.parametrize("backbone", ["convnext", "swint"])
def test_a_stride_that_the_network_decides_is_a_note(backbone: str, head: str) -> None:
    values = sample(backbone, head, parts=SAMPLES[head], max_stride=16)
    assert wrong(values) == []
    said = noted(values)
    derived = [f"{BACKBONE}.{backbone}.max_stride"]
    derived += [f"{HEADS}.{head}.class_vectors.output_stride"] * ("class_vectors" in SAMPLES[head])
    for path in derived:
        assert "32" in said[path]
        assert "the 16 in the file has no effect" in said[path]
    assert "has no effect" in said[NOISE]


def test_what_is_drawn_is_still_refused() -> None:
    values = sample("swint", "centroid", parts=SAMPLES["centroid"])
    values["data_config"]["augmentation_config"]["intensity"]["gaussian_noise_p"] = 0.5
    values["data_config"]["use_augmentations_train"] = True
    assert [issue.path for issue in wrong(values)] == [NOISE]
