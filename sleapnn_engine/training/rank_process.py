"""One further process of a run on several devices: takes its part of every step, and has no folder and no viewers.

It does what the lines of its standard input say, one JSON object each, and ends with that input, which is when the
first process has ended in whatever way. On standard output it says that it is ready, or why it failed.
"""

import json
import logging
import os
import queue
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import attrs
import torch

from sleapnn_engine.config.build import active, build_job
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.geometry import InputPlan
from sleapnn_engine.data.loader import Share
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.samples import CropPlan

from . import build, images
from .device import Compute, prepare_cpu
from .failures import explained
from .group import Group, Lost
from .labels import Data, open_training_labels, open_validation_labels, split_data
from .loop import take_step
from .resume import without_start_weights
from .schedule import Best, Schedule, build_optimizer
from .sharing import Sharing
from .signals import CAUGHT
from .state import Training


def main() -> None:
    """Follow orders until there are no more; ends the process."""
    voice = _own_voice()
    for number in CAUGHT:  # the first process hears them, and decides
        signal.signal(number, signal.SIG_IGN)
    # The first process says the same of the same labels.
    logging.disable()
    warnings.simplefilter("ignore")
    try:
        _follow(_orders(sys.stdin), voice)
    except Lost:
        threading.Event().wait()  # the first process knows who is gone, and ends this one
    except Exception as error:  # whatever it is, it must be told, and the run must end
        failure = explained(error)
        _say(
            voice,
            "failed",
            message=failure.message,
            where=failure.where,
            hint=failure.hint,
            traceback="".join(traceback.format_exception(error)),
        )
        os._exit(1)


def _follow(orders: Iterator[dict[str, Any]], voice: TextIO) -> None:
    prepared = training = None
    for order in orders:
        verb = order.pop("do")
        if verb == "prepare":
            prepared = prepare(**order)
        elif verb == "join":
            assert prepared is not None
            training = join(prepared, voice=voice, **order)
        elif verb == "step":
            assert prepared is not None
            assert training is not None
            step(training, seed=prepared.seed, **order)
        elif verb == "move":
            assert training is not None
            training.move(torch.device("cpu") if order["away"] else training.compute.device)
            training.free_memory()
        elif verb == "free":
            assert training is not None
            training.free_memory()
        else:
            raise ValueError(f"there is no order {verb!r}")


@attrs.frozen(kw_only=True)
class Prepared:
    """What is known before the images of a cache on disk are written: the job, the labels, the plan."""

    job: Job
    seed: int
    folder: Path
    share: Share
    compute: Compute
    labels: LabelSet
    data: Data
    plan: InputPlan
    crops: CropPlan | None
    stores: images.Stores | None


def prepare(
    *, job: dict[str, Any], seed: int, folder: str, rank: int, of: int, device: str, bf16: bool
) -> Prepared:
    """Open the labels as the first process does, and keep the images where those are not on disk."""
    made, where = build_job(job), torch.device(device)
    if where.type == "cpu":
        prepare_cpu()
    else:
        torch.cuda.set_device(where)
    labels, data, plan = _labelled(made)
    prepared = Prepared(
        job=made,
        seed=seed,
        folder=Path(folder),
        share=Share(rank, of),
        compute=Compute(device=where, bf16=bf16),
        labels=labels,
        data=data,
        plan=plan,
        crops=images.plan_crops(made, data, plan),
        stores=None,
    )
    on_disk = made.data_config.data_pipeline_fw == "torch_dataset_cache_img_disk"
    return prepared if on_disk else attrs.evolve(prepared, stores=_stores(prepared))


def _labelled(job: Job) -> tuple[LabelSet, Data, InputPlan]:
    """The labels, split, and the plan of their images. Raises UserError where they have changed since the check."""
    found = Findings()
    labels = open_training_labels(job, found=found)
    val = open_validation_labels(job, to=labels, found=found)
    found.settle()
    assert labels is not None
    data = split_data(job, labels, val=val, found=found)
    return labels, data, images.plan_images(job, data, found=found)


def _stores(prepared: Prepared) -> images.Stores:
    """Training images only: the first process validates. Those on disk are written by it."""
    job = prepared.job
    own = attrs.evolve(job.data_config, use_same_data_for_val=True, use_existing_imgs=True)
    stores = images.build_stores(
        attrs.evolve(job, data_config=own),
        prepared.data,
        prepared.plan,
        folder=prepared.folder,
        progress=lambda done, total: None,
    )
    images.place_cache(stores, prepared.compute)
    return stores


def join(prepared: Prepared, *, voice: TextIO, start: str, step: int, n_train: int) -> Training:
    """Build what a step needs, take over weights and optimizer, and meet the other processes."""
    training = _build(prepared, step=step)
    if training.feed.n_train != n_train:
        raise RuntimeError(f"{training.feed.n_train} training samples here, {n_train} in the first process")
    state = torch.load(start, map_location="cpu", weights_only=True)
    training.model.load_state_dict(state["model"])
    training.optimizer.load_state_dict(state["optimizer"])
    training.model.train()
    _say(voice, "ready")
    training.sharing = Sharing.begin_with(
        Group(Path(start).parent, share=prepared.share, device=prepared.compute.device),
        losses=training.losses,
        model=training.model,
        n_train=n_train,
        batch_size=training.batch_size,
        devices=(),
    )
    return training


def _build(prepared: Prepared, *, step: int) -> Training:
    job, trainer, compute = prepared.job, prepared.job.trainer_config, prepared.compute
    stores = prepared.stores or _stores(prepared)
    train, val = images.build_samples(job, stores, prepared.crops)
    model = compute.place(build.build_model(without_start_weights(job), samples=train))
    optimizer = build_optimizer(
        model.parameters(), name=trainer.optimizer_name, settings=trainer.optimizer, device=compute.device
    )
    feed = build.build_feed(
        job,
        train,
        val,
        steps=1,
        seed=prepared.seed,
        device=compute.device,
        start_step=step,
        share=prepared.share,
    )
    return Training(
        job=job,
        folder=prepared.folder,
        run_name=prepared.folder.name,
        model_type=active(job.model_config.head_configs),
        compute=compute,
        model=model,
        optimizer=optimizer,
        schedule=Schedule(optimizer, None),
        losses=build.build_losses(job),
        decoder=build.build_decoder(job, model, prepared.labels),
        best=Best(),
        feed=feed,
        report=None,  # type: ignore[arg-type]  # a step reports nothing
        max_epochs=trainer.max_epochs,
        steps_per_epoch=1,
        devices=prepared.share.of,
    )


def step(training: Training, *, seed: int, number: int, learning_rate: float) -> None:
    """Take this process's part of step `number`.

    Its random changes depend on the seed, the process and the step only, so that there is no state of them to be
    kept for a run that is resumed.
    """
    assert training.sharing is not None
    training.step = number
    for group in training.optimizer.param_groups:
        group["lr"] = learning_rate
    drawn = chance(seed, rank=training.sharing.group.share.rank, step=number)
    torch.manual_seed(drawn)
    training.feed.set_random_state({"augmentation": torch.Generator().manual_seed(drawn).get_state()})
    take_step(training, 0)


def chance(seed: int, *, rank: int, step: int) -> int:
    """What random generators start from in one step of one process."""
    # Large odd factors keep neighbouring seeds, processes and steps from sharing streams.
    return ((seed * 1_000_003 + rank) * 1_000_003 + step) % 2**63


def _own_voice() -> TextIO:
    """Standard output as it is; what libraries write there goes to standard error from now on."""
    voice = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return voice


def _say(voice: TextIO, what: str, **values: str) -> None:
    voice.write(json.dumps({"said": what, **values}) + "\n")
    voice.flush()


def _orders(lines: TextIO) -> Iterator[dict[str, Any]]:
    """Orders as they come; a thread reads them, so that the end of them ends the process whatever it is doing."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in lines:
            waiting.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield json.loads(waiting.get())


if __name__ == "__main__":
    main()
