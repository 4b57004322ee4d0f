"""The number of weights that the help of a size names is that of the network that is then built."""

import re

import attrs
import pytest

from sleapnn_engine.config.schema.backbone import ConvNextConfig, SwinTConfig
from sleapnn_engine.heads.kind import Outputs
from sleapnn_engine.models.assemble import outline_network
from tests.engine.models.networks import MODEL_TYPES, config

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
    sizes = Outputs(n_nodes=13, n_edges=12, n_classes=2)
    model = outline_network(made, model_type=head, outputs=sizes, in_channels=1, input_size=None)
    assert model.parameter_count / 1e6 == pytest.approx(said, rel=0.01)
