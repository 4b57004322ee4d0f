"""Names, order and shapes of all parameters of all backbones, against dumps of files that other programs wrote."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engine.models.networks import MODEL_TYPES, build, config, shapes

pytestmark = pytest.mark.interop

FIRST = "backbone.decoders.{s}.decoder_stack.0.blocks.stack{s}_dec0_s16_to_s8_refine_conv0.weight"
#: Dumps of networks that no other program runs forward: name -> the tensors that differ in ours, and why they must.
DIFFERENT = {
    # The middle reads the last stage, which is half as wide as the bottleneck.
    "convnext_tiny_convs1": {"backbone.middle_blocks.0.blocks.convnext_middle_contract_conv0.weight"},
    # The bottleneck is as wide as the last block of the encoder.
    "unet_nomiddle": {FIRST.format(s=0)},
    "unet_convs1_nomiddle": {FIRST.format(s=0)},
    # The second encoder reads the first decoder.
    "unet_stacks2_s1_nomid": {
        "backbone.encoders.1.encoder_stack.0.blocks.stack1_enc0_conv0.weight",
        FIRST.format(s=0),
        FIRST.format(s=1),
    },
}
#: Here blocks are there or not there as well; what ours have is told in their own tests below.
OTHER_BLOCKS = {"unet_stacks2", "unet_stem4", "unet_stem4_s1"}


def listed(path: Path) -> list[tuple[str, str]]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return [(name, shape) for name, _, shape in (line.partition(" ") for line in lines)]


def network_of(path: Path) -> list[tuple[str, str]]:
    """Names and shapes of our network with the settings in the first line of a dump."""
    found = re.match(
        r"# \S+ backbone=(\w+) (\{.*\}) model_type=(\w+) output_stride=(\d+)",
        path.read_text().splitlines()[0],
    )
    assert found is not None
    settings: dict[str, Any] = json.loads(found[2])
    vectors = {"num_fc_layers": 2, "num_fc_units": 8} if found[3] == "multi_class_topdown" else None
    made = config(found[1], found[3], stride=int(found[4]), small=False, vectors=vectors, **settings)
    with torch.device("meta"):
        return shapes(build(made, channels=settings.get("in_channels", 1)))


def dumps(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.txt")) if not path.name.startswith("lightning_")]


def test_all_networks_have_the_tensors_of_their_dumps(shared_spec: Path) -> None:
    paths = [p for p in dumps(shared_spec / "state_dicts") if p.stem not in {*DIFFERENT, *OTHER_BLOCKS}]
    assert len(paths) >= 30
    for path in paths:
        assert network_of(path) == listed(path), path.stem


@pytest.mark.parametrize("dump", sorted(DIFFERENT))
def test_where_no_other_program_runs_only_the_shapes_that_must_differ(dump: str, shared_spec: Path) -> None:
    path = shared_spec / "state_dicts" / f"{dump}.txt"
    own, other = network_of(path), listed(path)
    assert [name for name, _ in own] == [name for name, _ in other]
    assert {name for (name, a), (_, b) in zip(own, other, strict=True) if a != b} == DIFFERENT[dump]


def test_every_stack_has_its_own_middle(shared_spec: Path) -> None:
    own = dict(network_of(shared_spec / "state_dicts" / "unet_stacks2.txt"))
    other = dict(listed(shared_spec / "state_dicts" / "unet_stacks2.txt"))
    middle = "backbone.middle_blocks.{}.blocks.stack{}_enc{}_middle_{}_conv0.weight"
    assert own[middle.format(0, 0, 5, "expand")] == own[middle.format(2, 1, 5, "expand")] == "(81, 54, 3, 3)"
    assert own[middle.format(1, 0, 6, "contract")] == own[middle.format(3, 1, 6, "contract")]
    outside = {name for name in {*own, *other} if "middle" not in name and own.get(name) != other.get(name)}
    assert outside == {"backbone.encoders.1.encoder_stack.0.blocks.stack1_enc0_conv0.weight"}


@pytest.mark.parametrize("dump", ["unet_stem4", "unet_stem4_s1"])
def test_above_a_stem_of_several_blocks_there_is_nothing_to_join(dump: str, shared_spec: Path) -> None:
    own = dict(network_of(shared_spec / "state_dicts" / f"{dump}.txt"))
    other = dict(listed(shared_spec / "state_dicts" / f"{dump}.txt"))
    block = "backbone.decoders.0.decoder_stack.3.blocks.stack0_dec3_s4_to_s2_refine_conv"
    assert own[f"{block}0.weight"] == "(16, 24, 3, 3)"
    assert f"{block}1.weight" not in own
    assert {name for name in own if own[name] != other.get(name)} == {f"{block}0.weight"}
    assert {name.split(".")[4] for name in {*other} - {*own}} <= {"3", "4", "5"}


def test_a_stem_of_several_blocks_keeps_the_spare_block_that_files_have() -> None:
    made = config("unet", "single_instance", stride=8, max_stride=16, stem_stride=4)
    model = build(made)
    spare = "backbone.decoders.0.decoder_stack.2.blocks.stack0_dec2_s8_to_s4_refine_conv"
    names = [name for name, value in model.named_parameters() if not value.requires_grad]
    assert names == [f"{spare}{i}.{kind}" for i in range(2) for kind in ("weight", "bias")]


@pytest.mark.parametrize("model_type", sorted(MODEL_TYPES))
def test_whole_files_have_these_names(model_type: str, shared_spec: Path) -> None:
    made = config("unet", model_type, small=False, filters=16)
    own = [(f"model.{name}", shape) for name, shape in shapes(build(made))]
    assert own == listed(shared_spec / "state_dicts" / f"lightning_{model_type}.txt")
