"""Every kind of network goes on as if it had not been interrupted, random layers and all; so do checkpoints of Lightning."""

from pathlib import Path
from typing import Any

import pytest
import torch

from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.training.state import Training
from tests.engine.training.rendered import built, job, write_labels
from tests.engine.training.resuming import (
    AUGMENTATION,
    STEPS,
    draw_labels,
    epochs,
    exactly,
    resumed,
    run,
    since,
    steps,
    texts,
)
from tests.engine.warm import run_warm


@pytest.mark.parametrize(
    ("model_type", "backbone"),
    [
        *((name, "unet") for name in MODEL_TYPES),
        ("single_instance", "convnext"),
        ("single_instance", "swint"),
    ],
)
def test_a_training_in_two_parts_is_that_in_one(tmp_path: Path, model_type: str, backbone: str) -> None:
    if model_type == "single_instance":
        labels = write_labels(tmp_path)
    else:
        labels = write_labels(tmp_path, animals=2, size=(64, 96), tracks=("short", "long"))

    def part(**changes: Any) -> Path:
        settings = {
            "train_steps_per_epoch": 6,
            "save_ckpt": True,
            "model_ckpt": {"save_last": True},
            **changes,
        }
        return run(
            job(
                tmp_path,
                labels,
                model_type=model_type,
                backbone=backbone,
                data_config__use_augmentations_train=True,
                data_config__augmentation_config=AUGMENTATION,
                **{f"trainer_config__{name}": value for name, value in settings.items()},
            )
        )

    whole = part(max_epochs=2, run_name="whole")
    second = part(max_epochs=2, resume_ckpt_path=str(part(max_epochs=1) / "last.ckpt"))
    assert steps(second) == exactly(since(steps(whole), 1))
    assert epochs(second) == exactly(since(epochs(whole), 1))
    assert texts(second, "warning") == texts(whole, "warning")


def test_layers_are_left_out_by_chance(tmp_path: Path) -> None:
    """What makes the Transformer above a test of the network's own random numbers."""
    settings = job(tmp_path, write_labels(tmp_path), backbone="swint")

    def outputs(training: Training) -> list[torch.Tensor]:
        training.parts.model.train()
        images = training.parts.batches.next_batch().images
        return [training.parts.model(images)["SingleInstanceConfmapsHead"] for _ in range(12)]

    first, *others = built(settings, outputs)
    assert not all(torch.equal(first, other) for other in others)


LIGHTNING = """
import sys, warnings
warnings.simplefilter("ignore")
import torch
import lightning.pytorch as pl
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from sleapnn_engine.models.assemble import PoseModel
from sleapnn_engine.heads.maps import MapHead
from sleapnn_engine.models.unet import UNet, UNetShape

class Module(pl.LightningModule):
    def __init__(self):
        super().__init__()
        shape = UNetShape(filters=4, max_stride=8, output_stride=2)
        self.model = PoseModel(UNet(shape), [MapHead(name="SingleInstanceConfmapsHead", channels=3, stride=2)])
    def training_step(self, batch, index):
        return self.model(batch[0])["SingleInstanceConfmapsHead"].square().mean()
    def validation_step(self, batch, index):
        self.log("val/loss", 3.0 - 0.5 * self.current_epoch)
    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=0.001)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, threshold=10.0, threshold_mode="abs", patience=0, factor=0.5)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "val/loss"}}

loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.rand(6, 1, 16, 16)), batch_size=2)
kept = ModelCheckpoint(dirpath=sys.argv[1], filename="best", save_last=True, monitor="val/loss")
stops = EarlyStopping("val/loss", min_delta=10.0, patience=9)
trainer = pl.Trainer(max_epochs=3, accelerator="cpu", logger=False, enable_progress_bar=False, num_sanity_val_steps=0,
                     enable_model_summary=False, callbacks=[kept, stops], default_root_dir=sys.argv[1])
trainer.fit(Module(), loader, loader)
"""


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labels, and below them the folder of a training by Lightning."""
    folder = draw_labels(tmp_path_factory.mktemp("foreign"))
    run_warm(LIGHTNING, str(folder / "run"), folder=folder)
    return folder


@pytest.mark.interop
def test_a_checkpoint_of_lightning(foreign: Path) -> None:
    """Saved after the third validation, which its schedule has not seen yet: the rate fell once and falls again now."""
    given = torch.load(foreign / "run" / "last.ckpt", weights_only=True)
    assert (given["epoch"], given["optimizer_states"][0]["param_groups"][0]["lr"]) == (2, 0.0005)
    second = resumed(
        foreign,
        foreign / "run",
        trainer_config__max_epochs=4,
        trainer_config__early_stopping={"min_delta": 0.0, "patience": 9, "stop_training_on_plateau": True},
        trainer_config__lr_scheduler={
            "reduce_lr_on_plateau": {
                "threshold": 10.0,
                "threshold_mode": "abs",
                "patience": 0,
                "cooldown": 0,
            },
            "step_lr": None,
        },
    )
    assert list(steps(second)) == [(3, 9 + batch, batch) for batch in range(STEPS)]
    found = epochs(second)
    assert found[3, "lr"] == pytest.approx(0.00025)
    # Any map is closer to its target than 2.0, the best that was claimed.
    assert (found[3, "best"], found[3, "best_epoch"]) == (True, 3)
    content = torch.load(second / "last.ckpt", weights_only=True)
    assert content["optimizer_states"][0]["state"][0]["step"] == 9 + STEPS
    assert content["sleapnn_engine"]["epochs_without_progress"] == 0
    (warned,) = texts(second, "warning")
    assert warned.startswith(
        "last.ckpt does not hold everything; this starts anew: the random changes of images"
    )
    assert not any(word in warned for word in ("schedule", "best", "early stopping"))


@pytest.mark.interop
def test_lightnings_counts_for_stopping_are_gone_on_with(foreign: Path) -> None:
    ending = {"min_delta": 10.0, "patience": 4, "stop_training_on_plateau": True}
    # Two epochs without progress are behind it.
    second = resumed(foreign, foreign / "run", trainer_config__early_stopping=ending)
    assert [key for key in epochs(second) if key[1] == "val"] == [(3, "val"), (4, "val")]
