"""The table of timm's encoders is that of the timm that is tested, measured and not made up."""

import pytest
import timm

from sleapnn_engine.config.encoders import encoders
from tests.architecture.encoders_listed import COMMAND, TABLE, measured, row_of, tags
from tests.architecture.sources import ROOT

#: Networks that cannot be tried without values, so that nothing is known of what they read.
LEFT_OUT = {"gemma4_vit_167m", "gemma4_vit_167m_enc", "gemma4_vit_570m", "gemma4_vit_570m_enc"}
#: A small network of each way there is to be measured.
SAMPLES = (
    "convnext_atto",
    "csatv2",
    "levit_128s",
    "mobilenetv3_small_050",
    "resnet10t",
    "test_maxvit",
    "test_vit",
    "vit_tiny_patch16_224",
)


def test_every_network_of_timm_is_in_the_table() -> None:
    listed = [name for name in timm.list_models() if name not in LEFT_OUT]
    assert list(encoders()) == listed, f"{COMMAND} > {TABLE.relative_to(ROOT)}"


def test_the_tags_are_those_of_the_weights_that_are_published() -> None:
    published = tags()
    wrong = {name for name, known in encoders().items() if list(known.weights) != published.get(name, [])}
    assert wrong == set(), f"{COMMAND} > {TABLE.relative_to(ROOT)}"


@pytest.mark.filterwarnings("ignore:CSATv2")
@pytest.mark.parametrize("name", SAMPLES)
def test_measured_again_an_encoder_is_the_same(name: str) -> None:
    known = encoders()[name]
    assert row_of(measured(name, weights=known.weights)) == row_of(known)
