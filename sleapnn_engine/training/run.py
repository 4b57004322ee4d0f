"""One training run from top to bottom: load, build, fit, report. Nothing in a run folder is ever deleted here."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import attrs
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.unbuilt import active
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.protocol.channel import ChannelError, EngineChannel

from . import build, images
from .cache import announce_cache
from .callbacks.base import Callback
from .callbacks.checkpoint import Checkpoints
from .callbacks.console import Console
from .callbacks.control import Control
from .callbacks.csv_log import CsvLog
from .callbacks.journal import Journal
from .callbacks.preview import Preview
from .callbacks.run_log import run_log
from .callbacks.wandb_log import WandbLog
from .device import Compute, choose_compute
from .failures import explained
from .labels import open_training_labels, split_data
from .loop import fit
from .profiling import build_profilers
from .report import Report
from .resolved import resolve, write_final, write_initial
from .run_folder import create_run_folder
from .schedule import Best, Schedule, build_optimizer
from .signals import Interrupted, Signals
from .state import Training
from .tracking import Tracking, prepare_tracking
from .truth_files import write_truth

log = logging.getLogger("sleapnn_engine.training")

#: Exit code after Ctrl-C or a polite kill.
INTERRUPTED = 130


@attrs.define(kw_only=True)
class _Run:
    """What is known of a run while it goes on; `training` is there once everything is built."""

    job: Job
    folder: Path
    compute: Compute
    report: Report
    console: Console
    signals: Signals
    checkpoints: Checkpoints
    training: Training | None = None
    stores: images.Stores | None = None
    tracking: Tracking | None = None
    others: list[Any] = attrs.field(factory=list)

    def close(self) -> None:
        """Let go of videos and sockets, and have callbacks end what goes on outside the run."""
        if self.training is not None:
            self.training.feed.close()
        for other in self.others:
            other.close()


def train(job: Job, *, run_dir: Path | None = None, precision: str = "auto", stream: TextIO) -> int:
    """Train a job that `unsupported` has no objection to; returns the exit code, 0 or 130.

    Raises UserError with `usage` before anything is created (no such device, no Weights & Biases, folder in use), and
    UserError when the run failed; its folder then says so too and keeps everything that was saved.
    """
    trainer = job.trainer_config
    compute = choose_compute(
        accelerator=trainer.trainer_accelerator, indices=trainer.trainer_device_indices, precision=precision
    )
    tracking = prepare_tracking(job)
    folder = create_run_folder(job, model_type=active(job.model_config.head_configs), chosen=run_dir)
    console = Console(stream, enabled=trainer.enable_progress_bar)
    console.line(f"run folder: {folder}")
    checkpoints = Checkpoints(
        folder, top_k=trainer.model_ckpt.save_top_k, save_last=bool(trainer.model_ckpt.save_last)
    )
    with (
        contextlib.suppress(Interrupted),  # a signal before there is anything to keep
        Signals().caught() as signals,
        _channel(folder, compute) as channel,
        run_log(folder / "run.log", channel),
    ):
        report = Report(channel)
        report.listeners.append(console)
        return _work(
            _Run(
                job=job,
                folder=folder,
                compute=compute,
                report=report,
                console=console,
                signals=signals,
                checkpoints=checkpoints,
                tracking=tracking,
            )
        )
    return INTERRUPTED


def _work(run: _Run) -> int:
    """Build, fit and end the run one way or another."""
    try:
        return _build_and_fit(run)
    except Interrupted as signal:
        return _interrupted(run, name=str(signal))
    except Exception as error:  # whatever it is, viewers and the run folder must hear of it
        raise _failed(run, error) from error
    finally:
        run.close()


def _build_and_fit(run: _Run) -> int:
    run.training = _build(run)
    run.signals.training = run.training
    outcome = fit(run.training, _callbacks(run))
    with run.report.phase("finish", "Finishing"):
        _tidy(run)
    _finished(run, outcome)
    return 0


def _build(run: _Run) -> Training:
    """Everything from labels to optimizer, each step told as a phase."""
    job, folder, phase = run.job, run.folder, run.report.phase
    write_initial(job, folder)
    seed = build.seed_everything(job.trainer_config.seed)
    with phase("labels", "Opening labels"):
        job = run.job = images.with_implied_colour(job)
        labels = open_training_labels(job)
    with phase("split", "Setting frames aside for validation"):
        data = split_data(job, labels, seed=seed)
        plan = images.plan_images(job, data)
        crops = images.plan_crops(job, data.train, plan)
        for name, part in (("train", data.train), ("val", data.val)):
            _write_truth(run, part, split=name)
    with phase("cache", announce_cache(job, data, plan)) as cache:
        stores = run.stores = images.build_stores(job, data, plan, folder=folder, progress=cache.progress)
        images.place_cache(stores, run.compute)
        train, val = images.build_samples(job, stores, crops)
    with phase("model", "Building the network"):
        model = build.build_model(job, samples=train)
        steps = build.steps_per_epoch(job, n_train=len(train))
        values = resolve(job, folder=folder, samples=train, model=model, steps=steps, seed=seed)
        write_final(values, folder)
        run.compute.place(model)
        trainer = job.trainer_config
        optimizer = build_optimizer(
            model.parameters(),
            name=trainer.optimizer_name,
            settings=trainer.optimizer,
            device=run.compute.device,
        )
        return Training(
            job=job,
            folder=folder,
            run_name=folder.name,
            model_type=active(job.model_config.head_configs),
            compute=run.compute,
            model=model,
            optimizer=optimizer,
            schedule=Schedule(optimizer, trainer.lr_scheduler),
            losses=build.build_losses(job),
            decoder=build.build_decoder(job, model, labels),
            best=Best.from_settings(trainer.early_stopping),
            feed=build.build_feed(job, train, val, steps=steps, seed=seed, device=run.compute.device),
            report=run.report,
            max_epochs=trainer.max_epochs,
            steps_per_epoch=steps,
        )


def _write_truth(run: _Run, labels: LabelSet, *, split: str) -> None:
    try:
        write_truth(
            labels, run.folder, split=split, user_instances_only=run.job.data_config.user_instances_only
        )
    except Exception as error:  # the third-party writer; a copy of the labels is not worth a training
        log.warning("labels_gt.%s could not be written (%s: %s).", split, type(error).__name__, error)


def _callbacks(run: _Run) -> list[Callback]:
    """In the order they act. Control comes last, so that a pause finds everything written."""
    trainer = run.job.trainer_config
    run.others += build_profilers(trainer.profiler, folder=run.folder)
    callbacks: list[Callback] = [*run.others, Journal(), run.console, CsvLog(run.folder / "training_log.csv")]
    if trainer.save_ckpt:
        callbacks.append(run.checkpoints)
    zmq = trainer.zmq
    if zmq.publish_port is not None or zmq.controller_port is not None:
        from .callbacks.sleap_viewer import SleapViewer  # few runs are watched from SLEAP

        run.others.append(SleapViewer(zmq, what=active(run.job.model_config.head_configs)))
        callbacks.append(run.others[-1])
    pictures = run.folder / "viz" if trainer.visualize_preds_during_training else None
    callbacks.append(Preview(pictures, keep=trainer.keep_viz))
    if run.tracking is not None:
        run.others.append(
            WandbLog(run.tracking, pictures=pictures if trainer.wandb.save_viz_imgs_wandb else None)
        )
        callbacks.append(run.others[-1])
    return [*callbacks, Control(run.checkpoints)]


def _tidy(run: _Run) -> None:
    """Remove the image cache this run wrote, where the job asks for that."""
    if run.stores is not None and run.job.data_config.delete_cache_imgs_after_training:
        for store in run.stores.written:
            images.remove_cache(store)


def _finished(run: _Run, outcome: str) -> None:
    training = run.training
    body = {"epochs": 0, "best_epoch": None, "best_val": None}
    if training is not None:
        body = {
            "epochs": training.epochs_done,
            "best_epoch": training.best_epoch,
            "best_val": training.best_val,
        }
        errors = training.best_errors
        if errors is not None and errors.median_px is not None and training.best_epoch is not None:
            log.info("Best epoch is %d: median error %.2f px.", training.best_epoch + 1, errors.median_px)
    run.report.event("finished", outcome=outcome, run_dir=str(run.folder), seconds=run.report.seconds, **body)
    run.console.line(f"{outcome.replace('_', ' ')}: {run.folder}")


def _interrupted(run: _Run, *, name: str) -> int:
    """Keep the state, say so, delete nothing."""
    log.warning("%s received: the run ends here.", name)
    _keep_state(run)
    _finished(run, "stopped")
    return INTERRUPTED


def _failed(run: _Run, error: Exception) -> UserError:
    """Log the traceback, keep the state, tell viewers; returns the error for people."""
    failure = explained(error)
    log.error("%s", failure, exc_info=error)
    _keep_state(run)
    run.report.event("failed", message=failure.message, path=failure.where or None, hint=failure.hint or None)
    return failure


def _keep_state(run: _Run) -> None:
    """Write `last.ckpt` where checkpoints are wanted and there is something to keep."""
    if run.training is None or not run.job.trainer_config.save_ckpt or not run.training.step:
        return
    try:
        with run.report.phase("save", "Saving the last state"):
            run.checkpoints.write_last(run.training)
    except OSError as error:
        log.error("The last state could not be saved (%s).", error)


@contextlib.contextmanager
def _channel(folder: Path, compute: Compute) -> Iterator[EngineChannel]:
    """The conversation with viewers. Raises UserError when it cannot be opened."""

    def gpu_bytes() -> int | None:
        return torch.cuda.memory_allocated(compute.device) if compute.device.type == "cuda" else None

    channel = EngineChannel(folder, gpu_bytes=gpu_bytes)
    try:
        channel.start()
    except ChannelError as error:
        raise UserError(str(error)) from error
    try:
        yield channel
    finally:
        channel.close()
