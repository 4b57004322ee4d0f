"""A trained model is read at once, and as it was trained."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from sleapnn_engine.inference.trained import read_trained
from sleapnn_engine.models.weights import PREFIX
from tests.engine.training.rendered import job, trained, write_labels

#: What takes longer to load than a few frames take to predict: PyTorch's compiler needs the second.
SLOW = ("torchvision", "sympy", "timm", "lightning")


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    labels = write_labels(folder, frames=4)
    return trained(job(folder, labels, backbone="swint", trainer_config__save_ckpt=True))


def test_nothing_slow_is_loaded_to_read_a_model(run: Path) -> None:
    """Swin is the one that draws most of its start by rules of its own."""
    code = (
        "import sys; from sleapnn_engine.inference.trained import read_trained; read_trained(sys.argv[1]); "
        f"print([name for name in {SLOW} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(run)], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_every_value_is_that_of_the_file_and_none_of_them_stays_in_it(run: Path, tmp_path: Path) -> None:
    for name in ("training_config.yaml", "best.ckpt"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    expected = torch.load(run / "best.ckpt", weights_only=True)["state_dict"]
    network = read_trained(tmp_path).network
    with (tmp_path / "best.ckpt").open("r+b") as file:
        file.write(bytes((tmp_path / "best.ckpt").stat().st_size))
    found = network.state_dict()
    assert {PREFIX + name for name in found} == expected.keys()
    for name, value in found.items():
        assert torch.equal(value, expected[PREFIX + name]), name
    assert all(value.requires_grad for value in network.parameters())
