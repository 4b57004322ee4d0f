"""Everything that is found out about a job before images are read: what training and the check of a config have in
common. A job that is refused here is refused in the same words by both."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.build import active, with_centre
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.data.frames import OnDemandFrames
from sleapnn_engine.data.geometry import PLACES, InputPlan
from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.samples import CropPlan, FrameSamples
from sleapnn_engine.inference.input_plans import moved_since
from sleapnn_engine.models.assemble import PoseModel
from sleapnn_engine.models.start import load_start_weights, weights_to_come
from sleapnn_engine.training.artifacts.run_folder import FOLDER
from sleapnn_engine.training.inputs import images
from sleapnn_engine.training.inputs.cache import PIPELINE, check_cache
from sleapnn_engine.training.inputs.labels import (
    FRACTION,
    Data,
    Read,
    open_training_labels,
    open_validation_labels,
    split_data,
)
from sleapnn_engine.training.inputs.memory_check import outline, require_disk, require_room
from sleapnn_engine.training.inputs.test_sets import EvaluationSet, open_test_sets
from sleapnn_engine.training.processes.device import number_format
from sleapnn_engine.training.processes.fabric import Fabric
from sleapnn_engine.training.resuming.continuing import check_continuing
from sleapnn_engine.training.resuming.previous_run import SETTING as RESUMED
from sleapnn_engine.training.resuming.previous_run import PreviousRun
from sleapnn_engine.training.resuming.resume import without_start_weights
from sleapnn_engine.training.sight import check_crops, check_input

BATCH = "trainer_config.train_data_loader.batch_size"
SHUFFLE = "trainer_config.val_data_loader.shuffle"
WEIGHTS = "model_config.pretrained_backbone_weights"

#: Less of a pixel than this is nothing that anybody would notice.
_TOLD = 0.01

#: Opens a phase of a run, given its name and what it says; yields what is told of its progress, or None.
Phase = Callable[[str, str], contextlib.AbstractContextManager[Any]]


@attrs.frozen(kw_only=True)
class PreparedParts:
    """What is there of every job that is not refused; the attributes are those of `Prepared`."""

    labels: LabelSet
    data: Data
    plan: InputPlan
    train: FrameSamples
    val: FrameSamples


@attrs.define(kw_only=True)
class Prepared:
    """What is known of a job, as far as its faults let it be known.

    `train` and `val` are the samples without images in memory; `network` has shapes and no values; `images` counts the
    bytes that a cache in memory will take.
    """

    job: Job
    labels: LabelSet | None = None
    test_sets: tuple[EvaluationSet, ...] = ()
    data: Data | None = None
    plan: InputPlan | None = None
    crops: CropPlan | None = None
    train: FrameSamples | None = None
    val: FrameSamples | None = None
    network: PoseModel | None = None
    images: int = 0

    def complete(self) -> PreparedParts:
        """What training needs. Raises AssertionError before the frames are split, as after a refusal."""
        assert self.labels is not None
        assert self.data is not None
        assert self.plan is not None
        assert self.train is not None
        assert self.val is not None
        return PreparedParts(
            labels=self.labels, data=self.data, plan=self.plan, train=self.train, val=self.val
        )

    def close(self) -> None:
        """Release videos; reading them again opens them again."""
        val = None if self.data is None else self.data.val
        for labels in (self.labels, val, *(test.labels for test in self.test_sets)):
            if labels is not None:
                labels.close()


def _no_phase(name: str, text: str) -> contextlib.AbstractContextManager[Any]:
    return contextlib.nullcontext()


@contextlib.contextmanager
def _closed_on_failure(prepared: Prepared) -> Iterator[None]:
    """Who gives up in the middle leaves no labels and videos open."""
    try:
        yield
    except BaseException:  # whatever ends it, a signal too, videos must not stay open
        prepared.close()
        raise


def prepare(
    job: Job,
    *,
    fabric: Fabric | None,
    previous: PreviousRun | None,
    folder: Path,
    found: Findings,
    phase: Phase = _no_phase,
    read: Read = read_labels,
) -> Prepared:
    """Open the labels, split them, plan the network's input, and see whether there is room for it all.

    `folder` is where the run is or would be; nothing is written; without a `fabric`, what depends on devices
    is left out. What refuses the job and what is to be said of it goes
    to `found`; with refusals in it, the rest of what is returned may be missing.
    """
    prepared = Prepared(job=job)
    with _closed_on_failure(prepared):
        with phase("labels", "Opening labels") as opening:
            told = read if opening is None else partial(read, progress=opening.progress)
            val = _open(prepared, previous, found=found, read=told)
        if found.refusals:
            return prepared
        with phase("split", "Setting frames aside for validation"):
            with found.trying(FRACTION):
                _split(prepared, val, found=found)
                _plan(prepared, previous, found=found)
            if prepared.train is not None:
                parts = prepared.complete()
                images.check_existing_images(prepared.job, parts.data, parts.plan, folder=folder, found=found)
                _measure(prepared, fabric, previous, folder=folder, found=found)
    return prepared


def plan_samples(
    job: Job, *, found: Findings, read: Read = read_labels, opened: Prepared | None = None
) -> Prepared:
    """What `prepare` does before it measures anything: labels, split, and the samples of both parts.

    What refuses the job goes to `found`; the rest of what is returned may be missing then. `opened` is what was planned
    for another job, whose labels are those of this one and are split in the same way.
    """
    prepared = Prepared(job=job)
    with _closed_on_failure(prepared):
        if opened is None:
            val = _open(prepared, None, found=found, read=read)
            if not found.refusals:
                with found.trying(FRACTION):
                    _split(prepared, val, found=found)
        else:
            with found.trying(WEIGHTS):
                prepared.job = images.with_implied_colour(job, None, found=found)
            prepared.labels, prepared.data = opened.labels, opened.data
        if prepared.data is not None and not found.refusals:
            with found.trying(FRACTION):
                _plan(prepared, None, found=found)
    return prepared


def _open(
    prepared: Prepared, previous: PreviousRun | None, *, found: Findings, read: Read
) -> LabelSet | None:
    """Open all labels and videos; returns those of validation files. Without training labels, the others are only read."""
    with found.trying(WEIGHTS):
        prepared.job = images.with_implied_colour(prepared.job, previous, found=found)
    if previous is not None:
        # Its network knows the animals by their centres as it was shown them.
        prepared.job = with_centre(prepared.job, unsaid=previous.unsaid_centre)
    before = len(found.refusals)
    job = prepared.job
    prepared.labels = open_training_labels(job, found=found, read=read)
    to = prepared.labels if len(found.refusals) == before else None
    val = open_validation_labels(job, to=to, found=found, read=read)
    prepared.test_sets = open_test_sets(job, to=to, found=found, read=read)
    return val


def _split(prepared: Prepared, val: LabelSet | None, *, found: Findings) -> None:
    """Set frames aside for validation. Raises UserError where there is nothing to split."""
    assert prepared.labels is not None
    prepared.data = split_data(prepared.job, prepared.labels, val=val, found=found)


def _plan(prepared: Prepared, previous: PreviousRun | None, *, found: Findings) -> None:
    """Plan the samples of frames that are split; targets lie where those of an earlier training lay."""
    job, data = prepared.job, prepared.data
    places = PLACES if previous is None else previous.places
    assert data is not None
    prepared.plan = plan = images.plan_images(job, data, found=found, places=places)
    prepared.crops = crops = images.plan_crops(job, data, plan)
    if crops is not None:
        check_crops(job, data, plan, crops, found=found)
        check_input(crops, found=found)
    stores = images.Stores(train=OnDemandFrames(data.train, plan), val=OnDemandFrames(data.val, plan))
    prepared.train, prepared.val = images.build_samples(job, stores, crops)


def _measure(
    prepared: Prepared,
    fabric: Fabric | None,
    previous: PreviousRun | None,
    *,
    folder: Path,
    found: Findings,
) -> None:
    """See what the network is, what it starts from, and what memory and disk all takes."""
    job, parts = prepared.job, prepared.complete()
    samples = parts.train
    devices = 1 if fabric is None else fabric.world_size
    _remark(job, samples, devices=devices, found=found)
    with found.trying(PIPELINE):
        prepared.images = check_cache(job, parts.data, parts.plan, processes=devices)
    head = f"model_config.head_configs.{active(job.model_config.head_configs)}"
    with found.trying(head):
        prepared.network = outline(job, samples)
    network = prepared.network
    if network is None:
        return
    with found.trying(BATCH):
        if fabric is not None:
            require_room(
                job,
                samples,
                network=network,
                device=fabric.device,
                halved=number_format(fabric) != "32",
                images=prepared.images,
            )
    with found.trying(FOLDER):
        require_disk(job, network, folder=folder)
    if previous is not None:
        check_continuing(
            job,
            previous,
            data=parts.data,
            samples=len(samples),
            network=network,
            fabric=fabric,
            found=found,
        )
        _warn_of_moved_targets(parts, prepared.crops, previous, found=found)
        job = without_start_weights(job)
    with found.trying(WEIGHTS):
        load_start_weights(network, job.model_config, fetch=False)
        to_come = weights_to_come(job.model_config.backbone_config)
        if to_come is not None:
            found.warn(*to_come)


def _warn_of_moved_targets(
    parts: PreparedParts, crops: CropPlan | None, previous: PreviousRun, *, found: Findings
) -> None:
    """Where the earlier training had its targets elsewhere, so has this one, which other programs do not know."""
    sizes = {frame.size for frame in parts.data.train.frames if frame.size}
    off = max(moved_since(parts.plan, crops, size=size) for size in sizes)
    if off > _TOLD:
        found.warn(
            RESUMED,
            f"{previous.path.name} is of an earlier version of this program, which had targets up to {plain(off)} px off the "
            "place where other programs look for them. The training goes on with them there: what is found is at its place "
            "here, and as much off in other programs. A new training is right in all of them.",
        )


def _remark(job: Job, samples: FrameSamples, *, devices: int, found: Findings) -> None:
    """What of the loaders' settings comes out otherwise than they say."""
    trainer = job.trainer_config
    if trainer.train_data_loader.batch_size * devices > len(samples):
        found.remark(
            BATCH, f"Batches have {counted(len(samples), 'sample')}, for there are no more to train on."
        )
    if trainer.val_data_loader.shuffle:
        found.remark(
            SHUFFLE, "Validation samples are taken in their order, so that every epoch is measured alike."
        )
