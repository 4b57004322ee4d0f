"""The one place that turns settings into objects."""

import contextlib
import logging
import math
import random
import secrets
from pathlib import Path

import attrs
import numpy as np
import torch

from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.unbuilt import active, unsupported
from sleapnn_engine.data.augment import Augmenter
from sleapnn_engine.data.frames import (
    DiskFrames,
    FrameStore,
    MemoryFrames,
    OnDemandFrames,
    Progress,
    estimate_bytes,
)
from sleapnn_engine.data.geometry import InputPlan, plan_input
from sleapnn_engine.data.label_checks import require_one_animal
from sleapnn_engine.data.labels import match_nodes, open_labels, select_nodes
from sleapnn_engine.data.loader import TrainBatches
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.split import split_frames
from sleapnn_engine.models.assemble import PoseModel, build_unet_model
from sleapnn_engine.models.heads import HEADS, confidence_head
from sleapnn_engine.models.unet import UNetShape
from sleapnn_engine.models.weights import initialise, load_part, read_state

from .device import Compute
from .feed import Feed, MapTarget
from .losses import HardKeypoints, HeadLoss

__all__ = ["unsupported"]  # what is refused is told in one file, and asked for here

#: A frame cache goes to the GPU when it takes no more than this share of its free memory.
GPU_CACHE_SHARE = 0.25

log = logging.getLogger("sleapnn_engine.training")


@attrs.frozen(kw_only=True)
class Data:
    """The labels of a run, split: what is learned from and what measures the model."""

    train: LabelSet
    val: LabelSet


@attrs.frozen(kw_only=True)
class Stores:
    """Network-ready frames of both parts, and the folders of images that were written for them."""

    train: FrameStore
    val: FrameStore
    written: tuple[DiskFrames, ...] = ()


def seed_everything(seed: int | None) -> int:
    """Seed every random generator and return the seed; without one, draw it and say which it is."""
    if seed is None:
        seed = secrets.randbits(31)
        log.info("No seed is set; this run uses %d.", seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    return seed


def open_training_labels(job: Job) -> LabelSet:
    """Read the training labels, with the chosen nodes. Raises UserError with everything that is wrong with them."""
    return _open(job, job.data_config.train_labels_path)


def _open(job: Job, paths: list[str]) -> LabelSet:
    labels = open_labels(paths, user_instances_only=job.data_config.user_instances_only)
    for warning in labels.warnings:
        log.warning("%s", warning)
    labels = select_nodes(labels, _confmaps(job).part_names)
    require_one_animal(labels)
    return labels


def split_data(job: Job, labels: LabelSet, *, seed: int) -> Data:
    """Set frames aside for validation, or read the validation files; warnings go to the log."""
    data = job.data_config
    if data.val_labels_path and not data.use_same_data_for_val:
        return Data(train=labels, val=match_nodes(_open(job, data.val_labels_path), to=labels))
    split = split_frames(
        labels,
        validation_fraction=data.validation_fraction,
        seed=seed,
        use_same_data_for_val=data.use_same_data_for_val,
    )
    for warning in split.warnings:
        log.warning("%s", warning)
    return Data(train=labels.subset(split.train), val=labels.subset(split.val))


def plan_images(job: Job, data: Data) -> InputPlan:
    """How images of both parts become network input. Warnings go to the log."""
    pre = job.data_config.preprocessing
    plan = plan_input(
        [frame.size for part in (data.train, data.val) for frame in part.frames if frame.size],
        max_height=pre.max_height,
        max_width=pre.max_width,
        scale=pre.scale,
        max_stride=job.model_config.backbone_config.unet.max_stride,
        ensure_rgb=pre.ensure_rgb,
        ensure_grayscale=pre.ensure_grayscale,
    )
    for warning in plan.warnings:
        log.warning("%s", warning)
    return plan


def is_cached(job: Job) -> bool:
    """Whether all images are read once before training."""
    return job.data_config.data_pipeline_fw != "torch_dataset"


def build_stores(job: Job, data: Data, plan: InputPlan, *, folder: Path, progress: Progress) -> Stores:
    """Frame stores of the kind the job asks for; `progress` is told of frames read, over both parts."""
    same = job.data_config.use_same_data_for_val
    total = len(data.train) + (0 if same else len(data.val))
    written: list[DiskFrames] = []

    def build(labels: LabelSet, name: str, before: int) -> FrameStore:
        def told(done: int, _: int) -> None:
            progress(before + done, total)

        pipeline = job.data_config.data_pipeline_fw
        if pipeline == "torch_dataset_cache_img_memory":
            return MemoryFrames(labels, plan, progress=told)
        if pipeline == "torch_dataset_cache_img_disk":
            reuse = job.data_config.use_existing_imgs
            parent = Path(job.data_config.cache_img_path or folder).expanduser()
            store = DiskFrames(labels, plan, folder=parent / name, use_existing=reuse, progress=told)
            if not reuse:
                written.append(store)
            return store
        return OnDemandFrames(labels, plan)

    train = build(data.train, "train_imgs", 0)
    val = train if same else build(data.val, "val_imgs", len(data.train))
    return Stores(train=train, val=val, written=tuple(written))


def remove_cache(store: DiskFrames) -> None:
    """Delete the images that a run wrote, and their folder unless there is something else in it."""
    for index in range(len(store)):
        (store.folder / f"{index:06d}.jpg").unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        store.folder.rmdir()


def place_cache(stores: Stores, compute: Compute) -> None:
    """Move frames cached in memory to the GPU where they are small beside its free memory."""
    if compute.device.type != "cuda":
        return
    free, _ = torch.cuda.mem_get_info(compute.device)
    for store in {id(store): store for store in (stores.train, stores.val)}.values():
        if (
            isinstance(store, MemoryFrames)
            and estimate_bytes(len(store), store.plan) < GPU_CACHE_SHARE * free
        ):
            store.move_to(compute.device)


def steps_per_epoch(job: Job, *, n_train: int) -> int:
    """The number that was set, else one pass over the frames but at least `min_train_steps_per_epoch`."""
    trainer = job.trainer_config
    if trainer.train_steps_per_epoch is not None:
        return trainer.train_steps_per_epoch
    size = min(trainer.train_data_loader.batch_size, n_train)
    return max(math.ceil(n_train / size), trainer.min_train_steps_per_epoch)


def build_feed(
    job: Job, stores: Stores, model: PoseModel, *, steps: int, seed: int, device: torch.device
) -> Feed:
    """Training batches and validation batches with their targets."""
    train, val = job.trainer_config.train_data_loader, job.trainer_config.val_data_loader
    if train.batch_size > len(stores.train):
        log.info("Batches have %d images, for there are no more training frames.", len(stores.train))
    # Reading ahead in a thread costs nothing and hides the time a film takes to seek; a cache in memory needs none.
    least = 0 if isinstance(stores.train, MemoryFrames) else 1
    batches = TrainBatches(
        stores.train,
        batch_size=train.batch_size,
        steps=steps,
        seed=seed,
        shuffle=train.shuffle,
        workers=max(train.num_workers, least),
    )
    if val.shuffle:
        log.info("Validation frames are taken in their order; their mean loss does not depend on it.")
    confmaps = _confmaps(job)
    target = MapTarget(head=model.heads[0].name, stride=confmaps.output_stride, sigma=confmaps.sigma)
    return Feed(
        stores.train,
        stores.val,
        batches=batches,
        val_batch_size=val.batch_size,
        val_workers=max(val.num_workers, least),
        targets=[target],
        augment=Augmenter.from_job(job.data_config, seed=seed),
        device=device,
    )


def build_model(job: Job, *, n_nodes: int, channels: int) -> PoseModel:
    """The network with its starting weights, on the CPU. Raises UserError when given weights do not fit."""
    unet, config = job.model_config.backbone_config.unet, job.model_config
    head = confidence_head(active(config.head_configs), n_nodes=n_nodes, stride=_confmaps(job).output_stride)
    shape = UNetShape(
        in_channels=channels,
        kernel_size=unet.kernel_size,
        filters=unet.filters,
        filters_rate=unet.filters_rate,
        max_stride=unet.max_stride,
        stem_stride=unet.stem_stride,
        convs_per_block=unet.convs_per_block,
        up_interpolate=unet.up_interpolate,
        output_stride=head.stride,
    )
    model = build_unet_model(shape, [head])
    initialise(model, config.init_weights)
    for name, part in (
        ("pretrained_backbone_weights", "backbone."),
        ("pretrained_head_weights", "head_layers."),
    ):
        path = getattr(config, name)
        if path:
            setting = f"model_config.{name}"
            count = load_part(model, read_state(path, setting=setting), part=part, setting=setting)
            log.info("%d tensors of the %s start from %s.", count, part.rstrip("."), path)
    return model


def build_losses(job: Job) -> tuple[HeadLoss, ...]:
    """One loss per head; a single head has no weight to be given."""
    mining = job.trainer_config.online_hard_keypoint_mining
    hard = None
    if mining.online_mining:
        hard = HardKeypoints(
            hard_to_easy_ratio=mining.hard_to_easy_ratio,
            min_hard=mining.min_hard_keypoints,
            max_hard=mining.max_hard_keypoints,
            loss_scale=mining.loss_scale,
        )
    sections = HEADS[active(job.model_config.head_configs)]
    return tuple(HeadLoss(head=head, name=name, hard=hard) for name, head in sections)


def _confmaps(job: Job):
    return getattr(job.model_config.head_configs, active(job.model_config.head_configs)).confmaps
