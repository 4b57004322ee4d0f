"""What cannot fit into memory or onto the disk is refused, with the setting that makes it large, before it is tried."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.training.inputs import memory_check
from sleapnn_engine.training.inputs.memory_check import outline, require_room, step_bytes
from sleapnn_engine.training.run import train
from sleapnn_engine.training.state import Training
from tests.engine.training.rendered import built, job, write_labels

UNET = "model_config__backbone_config__unet__"
PRE = "data_config__preprocessing__"


@pytest.mark.parametrize(
    ("model_type", "changes", "where", "what"),
    [
        (
            "centered_instance",
            {f"{PRE}crop_size": 60_000},
            "data_config.preprocessing.crop_size",
            "a batch of 2 images of 60000×60000 px",
        ),
        (
            "single_instance",
            {f"{PRE}max_height": 60_000, f"{PRE}max_width": 60_000, f"{PRE}scale": 8.0},
            "data_config.preprocessing.scale",
            "a batch of 2 images of 480000×480000 px",
        ),
        (
            "bottomup",
            {f"{UNET}filters": 4096, f"{UNET}filters_rate": 2.0},
            "model_config.backbone_config.unet",
            "weights",
        ),
    ],
)
def test_what_needs_far_too_much_memory_is_refused(
    tmp_path: Path, model_type: str, changes: dict[str, Any], where: str, what: str
) -> None:
    config = job(
        tmp_path,
        write_labels(tmp_path),
        model_type=model_type,
        data_config__data_pipeline_fw="torch_dataset",
        **changes,
    )
    with pytest.raises(UserError, match=r"needs at least \d+ GB of memory, most of it for") as caught:
        train(build_job(config), stream=io.StringIO())
    assert caught.value.where == where
    assert what in caught.value.message
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("backbone", ["unet", "convnext", "swint"])
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_what_a_step_keeps_is_known_without_computing_it(
    tmp_path: Path, model_type: str, backbone: str
) -> None:
    def measure(training: Training) -> tuple[int, int]:
        images = training.parts.batches.sample(training.parts.batches.train, 0).images
        kept: dict[int, tuple[int, object]] = {}
        own = {value.untyped_storage().data_ptr() for value in training.parts.model.parameters()}

        def keep(value: Tensor) -> Tensor:
            storage = value.untyped_storage()
            if storage.data_ptr() not in own:
                kept[storage.data_ptr()] = storage.nbytes(), storage
            return value

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
            outputs = training.parts.model(images)
        network = outline(training.parts.job, training.parts.batches.train)
        found = step_bytes(network, tuple(images.shape), halved=False)
        maps = sum(output.numel() for output in outputs.values())
        return found - 12 * maps, sum(size for size, _ in kept.values())

    labels = write_labels(tmp_path, tracks=("fly",))
    known, real = built(job(tmp_path, labels, model_type=model_type, backbone=backbone), measure)
    assert known == pytest.approx(real, rel=0.05)


def test_a_step_that_keeps_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a machine with 200 MB are pretended; weights and images fit into that."""
    monkeypatch.setattr(memory_check, "free_memory", lambda: 200_000_000)
    sides = {f"{PRE}max_height": 1024, f"{PRE}max_width": 1024}
    config = job(tmp_path, write_labels(tmp_path), data_config__data_pipeline_fw="torch_dataset", **sides)
    with pytest.raises(UserError, match=r"at least 2\d\d MB of memory") as caught:
        train(build_job(config), stream=io.StringIO(), precision="32")
    assert caught.value.where == "data_config.preprocessing.scale"
    assert "a batch of 2 images of 1024×1024 px; 200 MB are free" in caught.value.message


def test_a_graphics_card_is_left_to_its_own_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(training: Training) -> None:
        network = outline(training.parts.job, training.parts.batches.train)
        monkeypatch.setattr(memory_check, "free_memory", lambda: 5 * training.parts.model.parameter_count)
        require_room(
            training.parts.job,
            training.parts.batches.train,
            network=network,
            device=torch.device("cuda"),
            halved=True,
        )
        with pytest.raises(UserError, match=r"needs at least [\d.]+ [kM]B of memory"):
            require_room(
                training.parts.job,
                training.parts.batches.train,
                network=network,
                device=torch.device("cpu"),
                halved=False,
            )

    built(job(tmp_path, write_labels(tmp_path)), measure)
