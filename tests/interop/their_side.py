"""The side of sleap-nn: run by the Python of its own environment, needs nothing of this project, prints one line of JSON.

`their_side.py predict JOBS.json` predicts what is listed there ({labels, output, runs} each), `timed JOBS.json` the same
twice, with the seconds of the second time, `train CONFIG...` trains, `verify CONFIG...` says of each config why it is
refused, or null.
"""

import json
import sys
import time
from pathlib import Path

import torch
from omegaconf import OmegaConf


def predict(jobs: str) -> dict[str, object]:
    """Predict all frames of labels with a model, or a pair, in the usual way, several times; why it failed, by output."""
    from sleap_nn.inference.run import predict as run

    found: dict[str, object] = {}
    for job in json.loads(Path(jobs).read_text()):
        try:
            run(
                job["labels"],
                model_paths=job["runs"],
                device="cpu",
                output_path=job["output"],
                peak_threshold=0.2,
            )
            found[job["output"]] = None
        except Exception as error:  # any reason is told
            found[job["output"]] = f"{type(error).__name__}: {error}"
    return found


def timed(jobs: str) -> dict[str, object]:
    """The same twice: why it failed, and the seconds of the second time, by output."""
    first = predict(jobs)
    found: dict[str, object] = {}
    for job in json.loads(Path(jobs).read_text()):
        one = Path(jobs).with_name("one_job.json")
        one.write_text(json.dumps([job]))
        began = time.perf_counter()
        if first[job["output"]] is None:
            predict(str(one))
        found[job["output"]] = [first[job["output"]], time.perf_counter() - began]
    return found


def train(*configs: str) -> dict[str, object]:
    """Train as each config says; why one failed, by its file."""
    from sleap_nn.training.model_trainer import ModelTrainer

    found: dict[str, object] = {}
    for config in configs:
        try:
            ModelTrainer.get_model_trainer_from_config(OmegaConf.load(config)).train()
            found[config] = None
        except Exception as error:  # any reason is told
            found[config] = f"{type(error).__name__}: {error}"
    return found


def verify(*configs: str) -> dict[str, object]:
    """Why each config is refused, by its file."""
    from sleap_nn.config.training_job_config import verify_training_cfg

    found: dict[str, object] = {}
    for config in configs:
        try:
            verify_training_cfg(OmegaConf.load(config))
            found[config] = None
        except Exception as error:  # any reason is told
            found[config] = f"{type(error).__name__}: {error}"
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(
        json.dumps(
            {"predict": predict, "timed": timed, "train": train, "verify": verify}[sys.argv[1]](*sys.argv[2:])
        )
    )
