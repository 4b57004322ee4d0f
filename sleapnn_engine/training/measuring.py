"""Ten real steps of a training, taken by the training itself in a folder of its own: memory, time of a step and of the run."""

import io
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import psutil
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.protocol.journal import FILE_NAME
from sleapnn_engine.training.build import steps_per_epoch
from sleapnn_engine.training.free_memory import free_memory
from sleapnn_engine.training.run import train

#: Steps that are taken, and how many of them only warm up and are not timed.
STEPS, WARMING = 10, 3


def measure(job: Job, *, precision: str = "auto") -> dict[str, Any]:
    """Take ten steps of a job and validate once, as its training would; nothing of it is kept.

    For a process of its own, whose peak of memory is then that of the training. Keys: `device`; `steps`; `memory`, bytes at
    the most (of the card where one computes, else of the process); `free`, bytes before; `step_seconds`, the median;
    `data_share`, of the time spent waiting for data, or null; `before_seconds`, until the first step; `validation_seconds`; `epochs`;
    `steps_per_epoch`; `seconds`, what all epochs would take. Raises UserError as `train` does.
    """
    free = _free(None)
    with tempfile.TemporaryDirectory(prefix="measured-") as folder:
        place = Path(folder) / "run"
        train(_shortened(job), run_dir=place, precision=precision, stream=io.StringIO(), errors=io.StringIO())
        said = list(_events(place / FILE_NAME))
    started, ended = _body(said, "started"), _body(said, "epoch_end")
    if started is None or ended is None:
        raise UserError("The ten steps were interrupted.")
    times = [body["seconds"] for _, kind, body in said if kind == "batch_end"]
    step = statistics.median(times[WARMING:] or times)
    per_epoch = steps_per_epoch(job, n_train=started["n_train"])
    validation = max(ended["seconds"] - sum(times), 0.0)
    before = next(t for t, kind, _ in said if kind == "batch_end") - said[0][0] - times[0]
    epochs = job.trainer_config.max_epochs
    return {
        "device": started["device"],
        "steps": len(times),
        "memory": _peak(started["device"]),
        "free": _free(started["device"]) if started["device"].startswith("cuda") else free,
        "step_seconds": step,
        "data_share": ended["data_wait"],
        "before_seconds": max(before, 0.0),
        "validation_seconds": validation,
        "epochs": epochs,
        "steps_per_epoch": per_epoch,
        "seconds": before + epochs * (per_epoch * step + validation),
    }


def _shortened(job: Job) -> Job:
    """The same training for ten steps, which leaves and tells nothing."""
    trainer, data = job.trainer_config, job.data_config
    return attrs.evolve(
        job,
        data_config=attrs.evolve(
            data,
            test_file_path=None,
            cache_img_path=data.cache_img_path if data.use_existing_imgs else None,
        ),
        trainer_config=attrs.evolve(
            trainer,
            max_epochs=1,
            train_steps_per_epoch=STEPS,
            save_ckpt=False,
            resume_ckpt_path=None,
            use_wandb=False,
            visualize_preds_during_training=False,
            enable_progress_bar=False,
            profiler=None,
            zmq=attrs.evolve(trainer.zmq, publish_port=None, controller_port=None),
        ),
    )


def _events(journal: Path) -> Iterator[tuple[float, str, dict[str, Any]]]:
    for line in journal.read_text(encoding="utf-8").splitlines():
        message = from_json(line)
        yield float(message["t"]), message["kind"], message["body"]


def _body(said: list[tuple[float, str, dict[str, Any]]], kind: str) -> dict[str, Any] | None:
    return next((body for _, one, body in said if one == kind), None)


def _free(device: str | None) -> int:
    """Bytes that are free, of the card that computes or of the machine."""
    if device is not None and device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(torch.device(device.split()[0]))[0])
    return free_memory()


def _peak(device: str) -> int:
    """The most bytes that were taken at once."""
    if device.startswith("cuda"):
        return int(torch.cuda.max_memory_reserved(torch.device(device.split()[0])))
    try:  # what `getrusage` tells may be of the process that started this one
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        taken = psutil.Process().memory_info()
        return int(
            getattr(taken, "peak_wset", taken.rss)
        )  # Windows remembers the most; elsewhere what is taken now
