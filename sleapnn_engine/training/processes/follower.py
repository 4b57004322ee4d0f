"""What a process of a run does that is not the first: takes its part of every step, and has no folder and no viewers.

It does what the first process tells it, and ends with it, in whatever way. What goes wrong here is told there.
"""

import logging
import os
import queue
import signal
import threading
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import torch

from sleapnn_engine.config.build import active, build_job
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.geometry import InputPlan
from sleapnn_engine.data.loader import Share
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.samples import CropPlan
from sleapnn_engine.models.device import device_name, to_device
from sleapnn_engine.protocol.signals import CAUGHT
from sleapnn_engine.training import build
from sleapnn_engine.training.failures import explained
from sleapnn_engine.training.inputs import images
from sleapnn_engine.training.inputs.labels import (
    Data,
    open_training_labels,
    open_validation_labels,
    split_data,
)
from sleapnn_engine.training.loop import training_step
from sleapnn_engine.training.processes.fabric import Fabric
from sleapnn_engine.training.processes.meeting import MEETING, find_address, join_group, leave_group
from sleapnn_engine.training.processes.wire import Wire
from sleapnn_engine.training.random_stream import random_seed
from sleapnn_engine.training.resuming.resume import without_start_weights
from sleapnn_engine.training.schedule import EarlyStopping, Schedule, build_optimizer
from sleapnn_engine.training.state import Parts, Training
from sleapnn_engine.training.stepping import set_up


def follow(fabric: Fabric) -> int:
    """Do what the first process says until the run is over; returns the exit code."""
    for number in CAUGHT:  # the first process hears them, and decides
        signal.signal(number, signal.SIG_IGN)
    # The first process says the same of the same labels.
    logging.disable()
    warnings.simplefilter("ignore")
    address = find_address(fabric)
    wire = Wire.to(address.host, address.port, timeout=MEETING.total_seconds())
    wire.send(rank=fabric.global_rank, word=address.word, device=device_name(fabric.device))
    try:
        _follow(_Part(fabric, wire), _orders(wire))
    except Exception as error:  # whatever it is, it must be told, and the run must end
        _send_error(wire, error)
        return 1
    leave_group(orderly=True)
    return 0


def _send_error(wire: Wire, error: Exception) -> None:
    failure = explained(error)
    wire.send(
        said="failed",
        message=failure.message,
        where=failure.where,
        hint=failure.hint,
        traceback="".join(traceback.format_exception(error)),
    )


def _orders(wire: Wire) -> Iterator[dict[str, Any]]:
    """Orders as they come; a thread reads them, so that the first process's end ends this one whatever it is doing."""
    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def read() -> None:
        for order in wire.lines():
            waiting.put(order)
            if order["do"] == "end":
                return
        os._exit(1)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield waiting.get()


@attrs.define
class _Part:
    """This process's part in the run, as far as it has been prepared."""

    fabric: Fabric
    wire: Wire
    prepared: "Prepared | None" = None
    training: Training | None = None


def _follow(part: _Part, orders: Iterator[dict[str, Any]]) -> None:
    for order in orders:
        verb = order.pop("do")
        if verb == "end":
            return
        if verb == "prepare":
            part.prepared = prepare(part.fabric, **order)
        elif verb == "join":
            assert part.prepared is not None
            part.training = join(part.prepared, wire=part.wire, **order)
        else:
            assert part.prepared is not None
            assert part.training is not None
            _obey(part.training, verb, order, seed=part.prepared.seed)


def _obey(training: Training, verb: str, order: dict[str, Any], *, seed: int) -> None:
    if verb == "step":
        step(training, seed=seed, **order)
    elif verb == "move":
        training.move(torch.device("cpu") if order["away"] else training.parts.fabric.device)
        training.free_memory()
    elif verb == "free":
        training.free_memory()
    else:
        raise ValueError(f"there is no order {verb!r}")


@attrs.frozen(kw_only=True)
class Prepared:
    """What is known before the images of a cache on disk are written: the job, the labels, the plan."""

    fabric: Fabric
    job: Job
    seed: int
    folder: Path
    labels: LabelSet
    data: Data
    plan: InputPlan
    crops: CropPlan | None
    stores: images.Stores | None

    @property
    def share(self) -> Share:
        return Share(self.fabric.global_rank, self.fabric.world_size)


def prepare(fabric: Fabric, *, job: dict[str, Any], seed: int, folder: str, places: int) -> Prepared:
    """Open the labels as the first process does, and keep the images where those are not on disk; `places` says where
    targets lie.
    """
    made = build_job(job)
    labels, data, plan = _labelled(made, places=places)
    prepared = Prepared(
        fabric=fabric,
        job=made,
        seed=seed,
        folder=Path(folder),
        labels=labels,
        data=data,
        plan=plan,
        crops=images.plan_crops(made, data, plan),
        stores=None,
    )
    on_disk = made.data_config.data_pipeline_fw == "torch_dataset_cache_img_disk"
    return prepared if on_disk else attrs.evolve(prepared, stores=_stores(prepared))


def _labelled(job: Job, *, places: int) -> tuple[LabelSet, Data, InputPlan]:
    """The labels, split, and the plan of their images. Raises UserError where they have changed since the check."""
    found = Findings()
    labels = open_training_labels(job, found=found)
    val = open_validation_labels(job, to=labels, found=found)
    found.settle()
    assert labels is not None
    data = split_data(job, labels, val=val, found=found)
    return labels, data, images.plan_images(job, data, found=found, places=places)


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
    images.move_cache(stores, prepared.fabric.device)
    return stores


def join(prepared: Prepared, *, wire: Wire, step: int, n_train: int) -> Training:
    """Build what a step needs, meet the other processes, and take over the first one's weights and optimizer."""
    training = _build(prepared, step=step)
    if training.parts.batches.n_train != n_train:
        raise RuntimeError(
            f"{training.parts.batches.n_train} training samples here, {n_train} in the first process"
        )
    wire.send(said="ready")
    join_group(prepared.fabric)
    set_up(training)
    training.parts.model.train()
    return training


def _build(prepared: Prepared, *, step: int) -> Training:
    job, trainer, device = prepared.job, prepared.job.trainer_config, prepared.fabric.device
    stores = prepared.stores or _stores(prepared)
    train, val = images.build_samples(job, stores, prepared.crops)
    model = build.build_model(without_start_weights(job), samples=train)
    to_device(model, device)
    optimizer = build_optimizer(
        model.parameters(), name=trainer.optimizer_name, settings=trainer.optimizer, device=device
    )
    batches = build.build_batches(
        job,
        train,
        val,
        seed=prepared.seed,
        device=device,
        start_step=step,
        share=prepared.share,
    )
    return Training(
        Parts(
            job=job,
            folder=prepared.folder,
            run_name=prepared.folder.name,
            model_type=active(job.model_config.head_configs),
            fabric=prepared.fabric,
            model=model,
            optimizer=optimizer,
            schedule=Schedule(optimizer, None, max_epochs=trainer.max_epochs),
            losses=build.build_losses(job),
            decoder=build.build_decoder(job, model, prepared.labels),
            early_stopping=EarlyStopping(),
            batches=batches,
            report=None,  # type: ignore[arg-type]  # a step reports nothing
            max_epochs=trainer.max_epochs,
            steps_per_epoch=1,
            share=prepared.share,
        )
    )


def step(training: Training, *, seed: int, number: int, learning_rate: float) -> None:
    """Take this process's part of step `number`.

    Its random changes depend on the seed, the process and the step only, so that there is no state of them to be
    kept for a run that is resumed.
    """
    parts = training.parts
    training.progress.step = number
    for group in parts.optimizer.param_groups:
        group["lr"] = learning_rate
    drawn = random_seed(seed, rank=parts.share.rank, step=number)
    torch.manual_seed(drawn)
    parts.batches.set_random_state({"augmentation": torch.Generator().manual_seed(drawn).get_state()})
    training_step(training, 0)
