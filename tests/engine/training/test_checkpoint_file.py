"""What stands in a checkpoint: plain data, names that others expect, and a state that Lightning can go on from."""

from pathlib import Path

import pytest
import torch

from sleapnn_engine.config.schema.schedule import LRSchedulerConfig, OptimizerConfig, ReduceLROnPlateauConfig
from sleapnn_engine.heads.maps import MapHead
from sleapnn_engine.models.assemble import PoseModel
from sleapnn_engine.models.unet import UNet, UNetShape
from sleapnn_engine.training.artifacts.checkpoint_file import Position, contents, write_atomically
from sleapnn_engine.training.schedule import Schedule, build_optimizer
from tests.engine.warm import run_warm

RESUME = """
import sys, warnings
warnings.simplefilter("ignore")
import torch
import lightning.pytorch as pl
from sleapnn_engine.models.assemble import PoseModel
from sleapnn_engine.heads.maps import MapHead
from sleapnn_engine.models.unet import UNet, UNetShape

seen = []

class Module(pl.LightningModule):
    def __init__(self):
        super().__init__()
        shape = UNetShape(filters=2, max_stride=2, output_stride=2)
        self.model = PoseModel(UNet(shape), [MapHead(name="SingleInstanceConfmapsHead", channels=2, stride=2)])
    def training_step(self, batch, index):
        if not seen:
            moments = next(iter(self.trainer.optimizers[0].state.values()))["step"]
            seen.append((self.current_epoch, self.global_step, index, float(moments),
                         self.lr_schedulers().best, float(self.model.head_layers[0].get_parameter(
                             "SingleInstanceConfmapsHead.0.bias")[0])))
        return self.model(batch[0])["SingleInstanceConfmapsHead"].square().mean()
    def validation_step(self, batch, index):
        self.log("val/loss", self.model(batch[0])["SingleInstanceConfmapsHead"].square().mean())
    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters())
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "val/loss"}}

loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.rand(6, 1, 8, 8)), batch_size=2)
for path in sys.argv[2:]:
    seen.clear()
    trainer = pl.Trainer(max_epochs=5, accelerator="cpu", logger=False, enable_progress_bar=False,
                         num_sanity_val_steps=0, enable_model_summary=False, enable_checkpointing=False,
                         default_root_dir=sys.argv[1])
    trainer.fit(Module(), loader, loader, ckpt_path=path, weights_only=True)
    print("SEEN", *seen[0], trainer.current_epoch)
"""


def trained() -> tuple[PoseModel, torch.optim.Optimizer, Schedule]:
    """A model after six steps, in the memory layout of training."""
    torch.manual_seed(0)
    shape = UNetShape(filters=2, max_stride=2, output_stride=2)
    model = PoseModel(UNet(shape), [MapHead(name="SingleInstanceConfmapsHead", channels=2, stride=2)])
    model.to(memory_format=torch.channels_last)
    optimizer = build_optimizer(
        model.parameters(), name="Adam", settings=OptimizerConfig(lr=0.01), device=torch.device("cpu")
    )
    schedule = Schedule(
        optimizer, LRSchedulerConfig(reduce_lr_on_plateau=ReduceLROnPlateauConfig()), max_epochs=9
    )
    for _ in range(6):
        optimizer.zero_grad(set_to_none=True)
        model(torch.rand(2, 1, 8, 8))["SingleInstanceConfmapsHead"].square().mean().backward()
        optimizer.step()
    schedule.step(0.25)
    return model, optimizer, schedule


def written(path: Path, position: Position) -> PoseModel:
    model, optimizer, schedule = trained()
    own = {"best_val": 0.25}
    write_atomically(contents(model, optimizer, schedule.state_dicts(), position=position, own=own), path)
    return model


END_OF_EPOCH = Position(epoch=1, step=6, batches=3, steps_per_epoch=3)


def test_the_file_holds_plain_data_in_the_expected_layout(tmp_path: Path) -> None:
    model = written(tmp_path / "best.ckpt", END_OF_EPOCH)
    content = torch.load(tmp_path / "best.ckpt", weights_only=True)
    assert set(content) >= {
        "epoch",
        "global_step",
        "pytorch-lightning_version",
        "state_dict",
        "loops",
        "callbacks",
        "optimizer_states",
        "lr_schedulers",
    }
    assert (content["epoch"], content["global_step"]) == (1, 6)
    assert content["pytorch-lightning_version"].startswith("2.")
    assert list(content["state_dict"]) == [f"model.{name}" for name in model.state_dict()]
    assert all(value.is_contiguous() for value in content["state_dict"].values())
    assert content["sleapnn_engine"] == {"best_val": 0.25}


def test_optimizer_state_follows_the_order_of_parameters(tmp_path: Path) -> None:
    model = written(tmp_path / "best.ckpt", END_OF_EPOCH)
    state = torch.load(tmp_path / "best.ckpt", weights_only=True)["optimizer_states"][0]["state"]
    assert [state[i]["exp_avg"].shape for i in range(len(state))] == [p.shape for p in model.parameters()]
    assert all(value["exp_avg"].is_contiguous() for value in state.values())


def test_a_failing_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    written(path, END_OF_EPOCH)
    before = path.read_bytes()
    with pytest.raises(AttributeError, match="pickle"):
        write_atomically({"state_dict": {}, "function": lambda: None}, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["best.ckpt"]


@pytest.mark.interop
def test_lightning_goes_on_from_it(tmp_path: Path) -> None:
    model = written(tmp_path / "whole.ckpt", END_OF_EPOCH)
    written(tmp_path / "part.ckpt", Position(epoch=1, step=5, batches=2, steps_per_epoch=3))
    out = run_warm(
        RESUME, *(str(tmp_path / name) for name in ("", "whole.ckpt", "part.ckpt")), folder=tmp_path
    )
    seen = [line for line in out.splitlines() if line.startswith("SEEN")]
    bias = model.get_parameter("head_layers.0.SingleInstanceConfmapsHead.0.bias")[0].item()
    # epoch, step and batch of the first step after resuming; steps in the moments; schedule; weights; last epoch
    assert seen == [f"SEEN 2 6 0 6.0 0.25 {bias} 5", f"SEEN 1 5 2 6.0 0.25 {bias} 5"]
