"""The side of sleap-nn in a comparison: run by the Python of its own environment, prints one line of JSON.

`python peer.py data CONFIG SECONDS` times its training loader alone, `python peer.py train CONFIG` a whole training.
Needs nothing of this project.
"""

import csv
import json
import sys
import time
from pathlib import Path

import torch
from omegaconf import OmegaConf


def main() -> None:
    """Run what the command line asks for."""
    torch.set_num_threads(int(sys.argv[-1]))
    config = OmegaConf.load(sys.argv[2])
    result = loading(config, float(sys.argv[3])) if sys.argv[1] == "data" else training(config)
    print(json.dumps(result))


def loading(config, seconds: float) -> dict[str, float]:
    """Samples per second of the loader that its training would use, in this process."""
    from sleap_nn.data.custom_datasets import get_train_val_dataloaders, get_train_val_datasets
    from sleap_nn.training.model_trainer import ModelTrainer

    trainer = ModelTrainer.get_model_trainer_from_config(config)
    trainer.config.data_config.cache_img_path = None
    train, val = get_train_val_datasets(
        train_labels=trainer.train_labels, val_labels=trainer.val_labels, config=trainer.config
    )
    size = trainer.config.trainer_config.train_data_loader.batch_size
    loader, _ = get_train_val_dataloaders(
        train_dataset=train,
        val_dataset=val,
        config=trainer.config,
        train_steps_per_epoch=10**6,
        val_steps_per_epoch=1,
    )
    batches = iter(loader)
    for _ in range(5):
        next(batches)
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        next(batches)
        count += size
    return {"samples_per_second": count / (time.perf_counter() - began)}


def training(config) -> dict[str, object]:
    """Seconds of each epoch and validation losses of a training from beginning to end."""
    from sleap_nn.training.model_trainer import ModelTrainer

    trainer = ModelTrainer.get_model_trainer_from_config(config)
    trainer.train()
    run = Path(config.trainer_config.ckpt_dir) / config.trainer_config.run_name
    with (run / "training_log.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {
        "train_seconds": [float(row["train/time"]) for row in rows if row["train/time"]],
        "val_losses": [float(row["val/loss"]) for row in rows],
        "run": str(run),
    }


if __name__ == "__main__":
    main()
