"""Names, order and shapes of all parameters, against dumps of checkpoints that other programs wrote."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.heads.assemble import build_heads
from sleapnn_engine.heads.kind import Head, Outputs
from sleapnn_engine.heads.maps import MapHead
from sleapnn_engine.models.assemble import PoseModel
from sleapnn_engine.models.unet import UNet, UNetShape
from tests.engine.models.networks import config

#: Layouts that no other program can run forward; ours differ where they must, see test_network_names.
OWN_LAYOUT = {
    "unet_convs1_nomiddle",
    "unet_nomiddle",
    "unet_stacks2",
    "unet_stacks2_s1_nomid",
    "unet_stem4",
    "unet_stem4_s1",
}
BUILT = (
    "unet_base_single_s1",
    "unet_base_single_s2",
    "unet_base_single_s4",
    "unet_bottomup",
    "unet_centered_instance",
    "unet_centroid",
    "unet_convs3",
    "unet_kernel5",
    "unet_multi_class_bottomup",
    "unet_multi_class_topdown",
    "unet_outstride16",
    "unet_rate2",
    "unet_rgb",
    "unet_stem2",
    "unet_transconv",
)


def heads_of(model_type: str, *, stride: int) -> list[Head]:
    vectors = {"num_fc_layers": 2, "num_fc_units": 8} if model_type == "multi_class_topdown" else None
    made = config("unet", model_type, stride=stride, vectors=vectors)
    return build_heads(
        getattr(made.head_configs, model_type),
        model_type=model_type,
        outputs=Outputs(n_nodes=3, n_edges=2, n_classes=2),
        bottleneck_stride=16,
    )


def model_of(header: str) -> PoseModel:
    found = re.match(r"# \S+ backbone=unet (\{.*\}) model_type=(\S+) output_stride=(\d+)", header)
    assert found is not None
    settings: dict[str, Any] = json.loads(found[1])
    stride = int(found[3])
    return PoseModel(UNet(UNetShape(output_stride=stride, **settings)), heads_of(found[2], stride=stride))


def listed(path: Path) -> list[tuple[str, str]]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return [(name, shape) for name, _, shape in (line.partition(" ") for line in lines)]


@pytest.mark.interop
@pytest.mark.parametrize("dump", BUILT)
def test_parameters_are_those_of_the_dump(dump: str, shared_spec: Path) -> None:
    path = shared_spec / "state_dicts" / f"{dump}.txt"
    model = model_of(path.read_text().splitlines()[0])
    own = [(name, str(tuple(value.shape))) for name, value in model.state_dict().items()]
    assert own == listed(path)


@pytest.mark.interop
def test_every_unet_dump_is_either_the_same_or_our_own(shared_spec: Path) -> None:
    dumps = {path.stem for path in (shared_spec / "state_dicts").glob("unet_*.txt")}
    assert dumps == OWN_LAYOUT | set(BUILT)


@pytest.mark.interop
def test_whole_checkpoint_keys_have_the_prefix(shared_spec: Path) -> None:
    names = [name for name, _ in listed(shared_spec / "state_dicts" / "lightning_single_instance.txt")]
    model = PoseModel(
        UNet(UNetShape(filters=16, output_stride=2)),
        [MapHead(name="SingleInstanceConfmapsHead", channels=3, stride=2)],
    )
    assert [f"model.{name}" for name in model.state_dict()] == names
