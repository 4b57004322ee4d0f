"""From the images of a run to samples: how they become network input, and where they are kept."""

from pathlib import Path

import attrs
import numpy as np
import torch

from sleapnn_engine.config.build import model_type
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.augment import Augmenter
from sleapnn_engine.data.crops import auto_crop_size, crop_margin
from sleapnn_engine.data.frames import (
    DiskFrames,
    FrameStore,
    MemoryFrames,
    OnDemandFrames,
    Progress,
    estimate_bytes,
    sizings_of,
)
from sleapnn_engine.data.geometry import PLACES, InputPlan, scaled_points
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.samples import CropPlan, FrameSamples
from sleapnn_engine.inference.input_plans import crop_plan, frame_plan, samples_of
from sleapnn_engine.models.backbones import required_multiple
from sleapnn_engine.models.start import first_channels, implied_channels, starts_elsewhere
from sleapnn_engine.training.artifacts.run_folder import configured_folder
from sleapnn_engine.training.inputs.labels import Data
from sleapnn_engine.training.resuming.previous_run import PreviousRun

#: A frame cache goes to the GPU when it takes no more than this share of its free memory.
GPU_CACHE_SHARE = 0.25
PREPROCESSING = "data_config.preprocessing"
EXISTING = "data_config.use_existing_imgs"


@attrs.frozen(kw_only=True)
class Stores:
    """Size-matched frames of both parts, and the folders of images that were written for them."""

    train: FrameStore
    val: FrameStore
    written: tuple[DiskFrames, ...] = ()


def with_implied_colour(job: Job, previous: PreviousRun | None, *, found: Findings) -> Job:
    """The job with images in the colours that its starting weights were made for, which is remarked.

    What the config asks for itself stays. A run that goes on with an earlier one does not read the weights that one
    started from. Raises UserError when the weights cannot be read.
    """
    pre = job.data_config.preprocessing
    if pre.ensure_rgb or pre.ensure_grayscale:
        return job
    if previous is None:
        channels = implied_channels(job.model_config)
    else:
        channels = (
            first_channels(previous.content["state_dict"]) if starts_elsewhere(job.model_config) else None
        )
    if channels is None:
        return job
    key = "ensure_rgb" if channels == 3 else "ensure_grayscale"
    kind = "colour" if channels == 3 else "gray"
    where = f"{PREPROCESSING}.{key}"
    found.remark(where, f"The starting weights read {kind} images, so {where} is on.")
    return attrs.evolve(
        job, data_config=attrs.evolve(job.data_config, preprocessing=attrs.evolve(pre, **{key: True}))
    )


def plan_images(job: Job, data: Data, *, found: Findings, places: int = PLACES) -> InputPlan:
    """How frames of both parts become network input, or what crops are cut from; `places` says where targets lie."""
    plan = frame_plan(
        job,
        [frame.size for part in (data.train, data.val) for frame in part.frames if frame.size],
        places=places,
    )
    found.warn(PREPROCESSING, *plan.warnings)
    return plan


def plan_crops(job: Job, data: Data, plan: InputPlan) -> CropPlan | None:
    """How crops around animals become network input; None for whole-frame models.

    Without a size in the config it is found from the training labels.
    """
    if not model_type(job).cropped:
        return None
    side = job.data_config.preprocessing.crop_size or found_crop_side(job, data.train, plan)
    margin = crop_margin(side, geometric=geometric_of(job))
    return crop_plan(job, side=side, margin=margin, places=plan.places)


def found_crop_side(job: Job, labels: LabelSet, plan: InputPlan) -> int:
    """The side of crops, in pixels of the size-matched frames, that holds the animals of the training labels."""
    pre = job.data_config.preprocessing
    return auto_crop_size(
        *animals_of(labels, plan),
        max_stride=required_multiple(job.model_config.backbone_config),
        min_crop_size=pre.min_crop_size,
        crop_padding=pre.crop_padding,
        geometric=geometric_of(job),
    )


def build_samples(job: Job, stores: Stores, crops: CropPlan | None) -> tuple[FrameSamples, FrameSamples]:
    """Training and validation samples of the model type; only training crops have a margin."""
    measured = None if crops is None else attrs.evolve(crops, margin=0)
    return samples_of(job, stores.train, crops), samples_of(job, stores.val, measured)


def build_stores(job: Job, data: Data, plan: InputPlan, *, folder: Path, progress: Progress) -> Stores:
    """Frame stores of the kind the job asks for; `progress` is told of frames read, over both parts."""
    same = job.data_config.use_same_data_for_val
    total = len(data.train) + (0 if same else len(data.val))
    written: list[DiskFrames] = []

    def build(labels: LabelSet, name: str, before: int) -> FrameStore:
        def report_frames(done: int, _: int) -> None:
            progress(before + done, total)

        pipeline = job.data_config.data_pipeline_fw
        if pipeline == "torch_dataset_cache_img_memory":
            return MemoryFrames(labels, plan, progress=report_frames)
        if pipeline == "torch_dataset_cache_img_disk":
            reuse = job.data_config.use_existing_imgs
            parent = cache_folder(job, folder=folder)
            store = DiskFrames(labels, plan, folder=parent / name, use_existing=reuse, progress=report_frames)
            if not reuse:
                written.append(store)
            return store
        return OnDemandFrames(labels, plan)

    train = build(data.train, "train_imgs", 0)
    try:
        val = train if same else build(data.val, "val_imgs", len(data.train))
    except BaseException:  # a signal as well: images that nobody knows of would stay for ever
        for store in written:
            store.delete()
        raise
    return Stores(train=train, val=val, written=tuple(written))


def cache_folder(job: Job, *, folder: Path) -> Path:
    """Where images on disk are kept, by a run in `folder`."""
    # A run that was there before keeps its folder, and this one has another: the images are in the former.
    own = configured_folder(job) if job.data_config.use_existing_imgs else folder
    return Path(job.data_config.cache_img_path or own or folder).expanduser()


def check_existing_images(job: Job, data: Data, plan: InputPlan, *, folder: Path, found: Findings) -> None:
    """Whether the images that a job wants to use again are there and show its frames; nothing is written."""
    own = job.data_config
    if own.data_pipeline_fw != "torch_dataset_cache_img_disk" or not own.use_existing_imgs:
        return
    parts = [(data.train, "train_imgs")]
    parts += [] if own.use_same_data_for_val else [(data.val, "val_imgs")]
    for labels, name in parts:
        with found.trying(EXISTING):
            existing = cache_folder(job, folder=folder) / name
            found.warn(EXISTING, *DiskFrames(labels, plan, folder=existing, use_existing=True).warnings)


def move_cache(stores: Stores, device: torch.device) -> None:
    """Move frames cached in memory to the GPU where they are small beside its free memory."""
    if device.type != "cuda":
        return
    free, _ = torch.cuda.mem_get_info(device)
    for store in {id(store): store for store in (stores.train, stores.val)}.values():
        if (
            isinstance(store, MemoryFrames)
            and estimate_bytes(len(store), store.plan) < GPU_CACHE_SHARE * free
        ):
            store.move_to(device)


def geometric_of(job: Job) -> object | None:
    """The settings by which crops are moved in training, None where they are not."""
    augment = Augmenter.from_job(job.data_config, seed=0)
    return augment.geometric if augment is not None and augment.moves else None


def animals_of(labels: LabelSet, plan: InputPlan) -> tuple[np.ndarray, np.ndarray]:
    """Points (A, N, 2) and centres (A, 2) of all animals, in pixels of the size-matched frames."""
    sizings = sizings_of(labels, plan)
    counts = [len(frame.points) for frame in labels.frames]
    ratios = np.repeat(np.array([sizing.ratio for sizing in sizings]).reshape(-1, 2), counts, axis=0)
    points = [np.empty((0, len(labels.nodes), 2), np.float32), *(frame.points for frame in labels.frames)]
    centers = [np.empty((0, 2), np.float32)]
    for frame in labels.frames:
        assert frame.centers is not None
        centers.append(frame.centers)
    return (
        scaled_points(np.concatenate(points), ratios[:, None]),
        scaled_points(np.concatenate(centers), ratios),
    )
