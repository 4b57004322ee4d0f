"""Starting weights, and weights from files."""

import pickle
from pathlib import Path

import pytest
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.heads.class_vectors import VectorHead
from sleapnn_engine.heads.maps import MapHead
from sleapnn_engine.models.assemble import PoseModel
from sleapnn_engine.models.unet import UNet, UNetShape
from sleapnn_engine.models.weights import initialise, read_state

SHAPE = UNetShape(filters=6, max_stride=4, output_stride=2, up_interpolate=False)


def build(*, seed: int, nodes: int = 3) -> PoseModel:
    torch.manual_seed(seed)
    heads = [
        MapHead(name="CenteredInstanceConfmapsHead", channels=nodes, stride=2),
        VectorHead(name="ClassVectorsHead", channels=2, stride=4, layers=1, units=4),
    ]
    return PoseModel(UNet(SHAPE), heads)


def write(model: PoseModel, path: Path, **more: object) -> Path:
    torch.save({"state_dict": {f"model.{k}": v for k, v in model.state_dict().items()}, **more}, path)
    return path


def test_xavier_reaches_every_convolution_and_linear_layer() -> None:
    model, before = build(seed=0), build(seed=0)
    assert any("trans_conv" in name for name in model.state_dict())
    initialise(model, "xavier")
    for name, value in model.state_dict().items():
        old = before.state_dict()[name]
        if name.endswith("bias"):
            assert not value.any()
        else:
            limit = (6 / (value[0].numel() + value[:, 0].numel())) ** 0.5
            assert not torch.equal(value, old)
            assert value.abs().max() <= limit


def test_default_changes_nothing_and_other_words_are_refused() -> None:
    model, before = build(seed=0), build(seed=0)
    initialise(model, "default")
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before.parameters(), strict=True))
    with pytest.raises(ValueError, match="orthogonal"):
        initialise(model, "orthogonal")


def test_class_probabilities_sum_to_one() -> None:
    with torch.no_grad():
        out = build(seed=0)(torch.rand(5, 1, 16, 16))["ClassVectorsHead"]
    torch.testing.assert_close(out.sum(dim=1), torch.ones(5))


class Trap:
    """Unpickling this would create a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (open, (str(self.path), "w"))


def test_objects_in_a_checkpoint_are_skipped_and_never_run(tmp_path: Path) -> None:
    model, trap = build(seed=1), tmp_path / "sprung"
    path = write(model, tmp_path / "a.ckpt", hyper_parameters={"config": Trap(trap), "list": [Trap(trap)]})
    state = read_state(path)
    assert not trap.exists()
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    "content", [b"", b"not a checkpoint", pickle.dumps({"state_dict": {}}), b"PK\x03\x04broken"]
)
def test_other_files_are_refused_with_the_setting(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.ckpt"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_state(path, setting="model_config.pretrained_backbone_weights")
    assert caught.value.where == "model_config.pretrained_backbone_weights"
    assert "a.ckpt" in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no file .*gone\.ckpt"):
        read_state(tmp_path / "gone.ckpt")
