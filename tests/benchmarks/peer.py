"""The side of sleap-nn in a comparison: run by the Python of its own environment, prints one line of JSON.

`python peer.py data CONFIG` times its training loader alone, `python peer.py train CONFIG` trains, and `python peer.py
predict CONFIG` reads a trained model of either side; the last two predict the labels file that is named. Needs nothing
of this project.
"""

import argparse
import csv
import itertools
import json
import time
from pathlib import Path

import torch
from omegaconf import OmegaConf


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("data", "train", "predict"))
    parser.add_argument("config", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=15, help="how long the loader is timed")
    parser.add_argument("--labels", type=Path, help="frames that the trained model predicts")
    parser.add_argument("--threshold", type=float, default=0.2, help="least height of a peak")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    config = OmegaConf.load(args.config)
    result = loading(config, args.seconds) if args.what == "data" else {}
    if args.what == "train":
        result = training(config)
    if args.labels:
        result["predicted"] = predicted(config, args.labels, threshold=args.threshold)
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
    """Seconds and losses of each epoch of a training from beginning to end; those of the steps alone leave validation out.

    A row of the log has the time of the epoch before it, which its validation was part of.
    """
    from sleap_nn.training.model_trainer import ModelTrainer

    trainer = ModelTrainer.get_model_trainer_from_config(config)
    trainer.train()
    with (folder(config) / "training_log.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {
        "train_seconds": [float(row["train/time"]) for row in rows if row["train/time"]],
        "step_seconds": [
            float(after["train/time"]) - float(row["val/time"]) for row, after in itertools.pairwise(rows)
        ],
        "val_losses": [float(row["val/loss"]) for row in rows],
    }


def folder(config) -> Path:
    """Where the run of a config is."""
    return Path(config.trainer_config.ckpt_dir) / config.trainer_config.run_name


def predicted(config, labels: Path, *, threshold: float) -> str:
    """Predict all frames of a labels file as the program does after its own trainings; returns the file's path."""
    from sleap_nn.inference.run import predict

    run = folder(config)
    file = run / "predicted.slp"
    predict(
        labels.as_posix(),
        model_paths=[run],
        centroid_only=config.model_config.head_configs.centroid is not None,
        peak_threshold=threshold,
        device="cpu",
        output_path=file,
    )
    return str(file)


if __name__ == "__main__":
    main()
