"""The number of weights that the window names before training is that of the network that is then built."""

import re

import attrs
import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.derived import network_parameters
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.config.schema.backbone import ConvNextConfig, SwinTConfig
from sleapnn_engine.config.view import View
from sleapnn_engine.models.assemble import build_network, count_parameters

from .networks import MODEL_TYPES, config

FACTS = {
    "nodes": [f"node{number}" for number in range(13)],
    "edges": [[f"node{number}", f"node{number + 1}"] for number in range(12)],
    "tracks": ["one", "two"],
}


@pytest.mark.parametrize("preset", list_presets("guide"), ids=lambda preset: preset.name)
@pytest.mark.parametrize("filters", [4, 6])
def test_as_many_as_the_network_has(preset, filters):
    values = read_config(preset.path).values
    tree.put(values, "data_config.train_labels_path", ["labels.slp"])
    if preset.backbone != "unet":
        assert network_parameters(View(values), FACTS) is None
        return
    tree.put(values, "model_config.backbone_config.unet.filters", filters)
    model = build_network(
        build_job(values).model_config,
        model_type=preset.model_type,
        n_nodes=len(FACTS["nodes"]),
        n_edges=len(FACTS["edges"]),
        n_classes=len(FACTS["tracks"]),
        in_channels=1,
        input_size=(160, 160),
    )
    assert network_parameters(View(values), FACTS) == model.parameter_count


def test_parts_that_the_config_chooses_count():
    values = read_config(list_presets("guide")[0].path).values
    everything = network_parameters(View(values), FACTS)
    tree.put(values, "model_config.head_configs.single_instance.confmaps.part_names", ["node0"])
    assert network_parameters(View(values), FACTS) < everything


SIZES = [
    (backbone, choice.value, choice.doc)
    for backbone, section in (("convnext", ConvNextConfig), ("swint", SwinTConfig))
    for choice in attrs.fields_dict(section)["model_type"].metadata["meta"].choices
]


@pytest.mark.parametrize(("backbone", "size", "doc"), SIZES)
@pytest.mark.parametrize("head", MODEL_TYPES)
def test_the_figures_in_the_help_are_those_of_the_networks_as_they_come(backbone, size, doc, head):
    said = int(re.match(r"About (\d+) million parameters as it comes;", doc)[1])
    made = config(backbone, head, small=False, model_type=size)
    count = count_parameters(made, model_type=head, n_nodes=13, n_edges=12, n_classes=2, in_channels=1)
    assert count / 1e6 == pytest.approx(said, rel=0.01)
