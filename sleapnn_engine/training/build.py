"""The one place that turns settings into objects."""

import logging
import math
import random
import secrets
from typing import Any

import numpy as np
import torch

from sleapnn_engine.config.build import active
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.augment import Augmenter
from sleapnn_engine.data.frames import MemoryFrames
from sleapnn_engine.data.loader import ALONE, Share, TrainBatches
from sleapnn_engine.data.records import LabelSet, edge_table
from sleapnn_engine.data.samples import FrameSamples
from sleapnn_engine.heads.assemble import build_targets, kinds_of
from sleapnn_engine.heads.map_error import HardKeypoints
from sleapnn_engine.inference.decode import Decoder
from sleapnn_engine.models.assemble import PoseModel, build_network
from sleapnn_engine.models.start import load_start_weights
from sleapnn_engine.training.inputs.batches import Batches
from sleapnn_engine.training.losses import HeadLoss

log = logging.getLogger("sleapnn_engine.training")

#: Batches are made at once up to so many numbers of their images, which stay in a processor's caches, and so many batches.
AS_ONE, MOST_AS_ONE = 2**20, 8


def seed_everything(seed: int | None) -> int:
    """Seed every random generator and return the seed; without one, draw it and say which it is."""
    if seed is None:
        seed = secrets.randbits(31)
        log.info("No seed is set; this run uses %d.", seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    return seed


def steps_per_epoch(job: Job, *, n_train: int) -> int:
    """The number that was set, else one pass over the samples but at least `min_train_steps_per_epoch`.

    These are batches of one device; `shared_steps` are left for each of several.
    """
    trainer = job.trainer_config
    if trainer.train_steps_per_epoch is not None:
        return trainer.train_steps_per_epoch
    size = min(trainer.train_data_loader.batch_size, n_train)
    return max(math.ceil(n_train / size), trainer.min_train_steps_per_epoch)


def shared_steps(steps: int, *, devices: int) -> int:
    """Steps of an epoch when each takes `devices` batches at once; one pass stays one pass."""
    return math.ceil(steps / devices)


def build_batches(
    job: Job,
    train: FrameSamples,
    val: FrameSamples,
    *,
    seed: int,
    device: torch.device,
    start_step: int = 0,
    share: Share = ALONE,
) -> Batches:
    """Training batches and validation batches with their targets; `start_step` counts from the start of training.

    With a `share`, batches are those of all processes together, and what is returned hands out this process's part of them.
    """
    loader, val_loader = job.trainer_config.train_data_loader, job.trainer_config.val_data_loader
    batch_size = loader.batch_size * share.of
    # Reading ahead in a thread costs nothing and hides the time a video takes to seek; a cache in memory needs none.
    least = 0 if isinstance(train.store, MemoryFrames) else 1
    augment = Augmenter.from_job(job.data_config, seed=seed)
    return Batches(
        train,
        val,
        batches=TrainBatches(
            train,
            batch_size=batch_size,
            seed=seed,
            shuffle=loader.shuffle,
            start_step=start_step,
            share=share,
            workers=max(loader.num_workers, least),
            together=_together(job, train, augment, batch_size=batch_size, share=share),
        ),
        val_batch_size=val_loader.batch_size,
        val_workers=max(val_loader.num_workers, least),
        targets=build_targets(job, train.store.labels),
        augment=augment,
        device=device,
        weights=_weights(job, train),
    )


def _together(
    job: Job, train: FrameSamples, augment: Augmenter | None, *, batch_size: int, share: Share
) -> int:
    """How many batches are made at once: several where images are small and their frames are in memory.

    What is drawn for a batch may not come to depend on how many are made, and each of several processes draws anew
    before a step.
    """
    in_order = augment is None or augment.only_moves
    by_batch = any(kind.drawn_by_batch for kind in kinds_of(_section(job)[0]).values())
    if share.of > 1 or by_batch or not in_order or not isinstance(train.store, MemoryFrames):
        return 1
    numbers = batch_size * math.prod(train.image_size) * train.store.plan.channels
    return max(min(AS_ONE // numbers, MOST_AS_ONE), 1)


def _weights(job: Job, train: FrameSamples) -> torch.Tensor | None:
    """How much each training sample counts, (samples,); None where all count alike."""
    weight, frames = job.data_config.negative_loss_weight, train.store.labels.frames
    if weight == 1 or not any(frame.empty for frame in frames):
        return None
    return torch.tensor([weight if frame.empty else 1.0 for frame in frames])


def build_model(job: Job, *, samples: FrameSamples) -> PoseModel:
    """The network for these samples with its starting weights, on the CPU.

    What of given weights does not fit is listed in the log. Raises UserError when the settings describe no network,
    or nothing of the weights fits.
    """
    labels = samples.store.labels
    model = build_network(
        job.model_config,
        model_type=active(job.model_config.head_configs),
        n_nodes=len(labels.nodes),
        n_edges=len(labels.edges),
        n_classes=len(labels.tracks),
        in_channels=samples.store.plan.channels,
        input_size=samples.input_size,
    )
    for report in load_start_weights(model, job.model_config):
        for line in report.sentences():
            log.info("%s", line)
        for line in report.details():
            log.info("%s", line, extra={"only_file": True})
    return model


def build_losses(job: Job) -> tuple[HeadLoss, ...]:
    """One loss per head; a single head has no weight to be given."""
    mining, hard = job.trainer_config.online_hard_keypoint_mining, None
    if mining.online_mining:
        hard = HardKeypoints(
            hard_to_easy_ratio=mining.hard_to_easy_ratio,
            min_hard=mining.min_hard_keypoints,
            max_hard=mining.max_hard_keypoints,
            loss_scale=mining.loss_scale,
        )
    model_type, section = _section(job)
    kinds, centroid = kinds_of(model_type), MODEL_TYPES[model_type].centroid
    losses = []
    for head, kind in kinds.items():
        weight = getattr(section, kind.traits.key).loss_weight if len(kinds) > 1 else None
        losses.append(
            HeadLoss(
                head=head,
                name=kind.traits.key,
                weight=1.0 if weight is None else weight,
                criterion=kind.criterion,
                hard=hard if kind.traits.mined and not centroid else None,
            )
        )
    return tuple(losses)


def build_decoder(job: Job, model: PoseModel, labels: LabelSet) -> Decoder:
    """Reads the animals out of what the model says while it is trained.

    Points are refined as predictions are unless somebody asks otherwise, so that the error which is watched is that of
    what the model will give. A model of one animal always gives every point, however faint its map, so that its error falls from the first
    epoch on.
    """
    model_type, _ = _section(job)
    return Decoder(
        model_type=model_type,
        n_nodes=1 if MODEL_TYPES[model_type].centroid else len(labels.nodes),
        edges=np.array(edge_table(labels.nodes, labels.edges), dtype=np.int64).reshape(-1, 2),
        strides=model.strides,
        threshold=float("-inf") if MODEL_TYPES[model_type].one_animal else 0.2,
    )


def _section(job: Job) -> tuple[str, Any]:
    model_type = active(job.model_config.head_configs)
    return model_type, getattr(job.model_config.head_configs, model_type)
