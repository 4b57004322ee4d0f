"""One training run from top to bottom: load, build, fit, report. What has trained is never deleted here."""

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import torch

from sleapnn_engine.config.build import active
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.samples import FrameSamples
from sleapnn_engine.models.assemble import PoseModel
from sleapnn_engine.models.device import to_device
from sleapnn_engine.protocol.signals import Interrupted, Signals
from sleapnn_engine.protocol.stop_rules import StopRule
from sleapnn_engine.training import build
from sleapnn_engine.training.active_run import ActiveRun
from sleapnn_engine.training.artifacts.ground_truth_files import write_split
from sleapnn_engine.training.artifacts.resolved_config import resolve, write_final, write_initial
from sleapnn_engine.training.artifacts.run_folder import LOG, create_run_folder
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.callbacks.checkpoint import BEST, Checkpoints
from sleapnn_engine.training.callbacks.console import Console
from sleapnn_engine.training.callbacks.control import Control
from sleapnn_engine.training.callbacks.csv_log import CsvLog
from sleapnn_engine.training.callbacks.frame_keeper import FRAME_BYTES, KeptFrames
from sleapnn_engine.training.callbacks.journal import Journal
from sleapnn_engine.training.callbacks.preview import Preview
from sleapnn_engine.training.callbacks.run_log import run_log
from sleapnn_engine.training.callbacks.self_stop import SelfStop
from sleapnn_engine.training.callbacks.wandb_log import WandbLog
from sleapnn_engine.training.callbacks.wandb_session import open_wandb_session
from sleapnn_engine.training.endings import INTERRUPTED, failed, finished, interrupted, tidy
from sleapnn_engine.training.inputs import images
from sleapnn_engine.training.inputs.batches import Batches
from sleapnn_engine.training.inputs.cache import announce_cache
from sleapnn_engine.training.loop import fit
from sleapnn_engine.training.prepare import Prepared, prepare
from sleapnn_engine.training.processes.device import open_fabric
from sleapnn_engine.training.processes.fabric import Fabric
from sleapnn_engine.training.processes.follower import follow
from sleapnn_engine.training.processes.followers import Followers, open_followers
from sleapnn_engine.training.profiling import build_profilers
from sleapnn_engine.training.report import Report, open_channel
from sleapnn_engine.training.result import predict_all
from sleapnn_engine.training.resuming.continuing import split_digest
from sleapnn_engine.training.resuming.previous_run import read_previous_run
from sleapnn_engine.training.resuming.resume import chosen_seed, inherit_best, restore, without_start_weights
from sleapnn_engine.training.sample_counts import count_samples
from sleapnn_engine.training.schedule import EarlyStopping, Schedule, build_optimizer
from sleapnn_engine.training.state import Parts, Training
from sleapnn_engine.training.stepping import set_up

log = logging.getLogger("sleapnn_engine.training")


def train(
    job: Job,
    *,
    run_dir: Path | None = None,
    precision: str = "auto",
    frame_bytes: int = FRAME_BYTES,
    stop_rules: Sequence[StopRule] = (),
    stream: TextIO,
    errors: TextIO | None = None,
) -> int:
    """Train a job; returns the exit code, 0 or 130.

    Up to `frame_bytes` of validation frames stay in the run folder, none for 0. It stops by itself by `stop_rules`. Progress goes to `stream`, warnings to `errors`. A process that a launcher started beside the first one takes part
    in each step, and has neither a folder nor anything to say; its exit code is 0 or 1.

    Raises UserError with `usage` before anything is created (no such device, no Weights & Biases, folder in use, a
    checkpoint that training cannot go on from), and UserError when the run failed. A run that failed before its first
    step was done leaves no folder; any other folder says so too and keeps everything that was saved.
    """
    backbone = active(job.model_config.backbone_config)
    fabric = open_fabric(job.trainer_config, backbone=backbone, precision=precision)
    if fabric.global_rank:
        return follow(fabric)
    with open_followers(fabric, job, precision=precision) as followers:
        options = {"frame_bytes": frame_bytes, "stop_rules": tuple(stop_rules)}
        return _lead(job, fabric, followers, run_dir=run_dir, options=options, stream=stream, errors=errors)


def _lead(
    job: Job,
    fabric: Fabric,
    followers: Followers | None,
    *,
    run_dir: Path | None,
    options: Mapping[str, Any],
    stream: TextIO,
    errors: TextIO | None,
) -> int:
    """What the first process of a run does: everything but its followers' part of each step."""
    trainer, previous = job.trainer_config, read_previous_run(job)
    model_type = active(job.model_config.head_configs)
    with (
        open_wandb_session(job) as wandb_session,
        create_run_folder(job, model_type=model_type, chosen=run_dir) as place,
    ):
        console = Console(stream, enabled=trainer.enable_progress_bar, errors=errors)
        console.line(f"run folder: {place.path}")
        kept = trainer.model_ckpt
        checkpoints = Checkpoints(place.path, top_k=kept.save_top_k, save_last=bool(kept.save_last))
        with (
            contextlib.suppress(Interrupted),  # a signal before there is anything to keep
            Signals().caught() as signals,
            open_channel(place.path, device=fabric.device) as channel,
            run_log(place.path / LOG, channel, warn=console.warn),
        ):
            report = Report(channel)
            report.listeners.append(console)
            return _work(
                ActiveRun(
                    job=job,
                    place=place,
                    fabric=fabric,
                    followers=followers,
                    report=report,
                    console=console,
                    signals=signals,
                    checkpoints=checkpoints,
                    previous=previous,
                    wandb_session=wandb_session,
                    **options,
                )
            )
    return INTERRUPTED


def _work(run: ActiveRun) -> int:
    """Build, fit and end the run one way or another."""
    try:
        return _build_and_fit(run)
    except Interrupted as signal:
        return interrupted(run, name=str(signal))
    except Exception as error:  # whatever it is, viewers and the run folder must hear of it
        raise failed(run, error) from error
    finally:
        run.close()
        tidy(run)


def _build_and_fit(run: ActiveRun) -> int:
    run.training = _build(run)
    if run.previous is not None:
        restore(run.training, run.previous)
        if run.job.trainer_config.save_ckpt:
            inherit_best(run.checkpoints, run.previous, job=run.job)
        run.previous = None  # its weights are in the model, and need not stay in memory twice
    _set_up(run, run.training)
    run.signals.work = run.training.progress
    outcome = fit(run.training, _callbacks(run))
    run.end_followers()
    run.training.with_parts(followers=None)
    run.is_trained = True
    best = run.folder / BEST
    if run.job.trainer_config.save_ckpt and best.exists():
        run.warnings += predict_all(run.training, run.test_sets, weights=best)
    with run.report.phase("finish", "Finishing"):
        tidy(run)
    finished(run, outcome)
    return 0


def _build(run: ActiveRun) -> Training:
    """Everything from labels to optimizer, each step told as a phase."""
    folder, phase = run.folder, run.report.phase
    write_initial(run.job, folder)
    prepared = _prepare(run)
    job, parts = run.job, prepared.complete()
    seed = build.seed_everything(chosen_seed(job, run.previous))
    write_split(job, parts.data, prepared.test_sets, folder=folder)
    if run.followers is not None:
        run.followers.prepare(job, seed=seed, folder=str(folder), places=parts.plan.places)
    with phase("cache", announce_cache(job, needed=prepared.images)) as cache:
        stores = run.stores = images.build_stores(
            job, parts.data, parts.plan, folder=folder, progress=cache.progress
        )
        images.move_cache(stores, run.fabric.device)
        train, val = images.build_samples(job, stores, prepared.crops)
    with phase("model", "Building the network"):
        model, optimizer = _build_network(run, train)
        steps = build.steps_per_epoch(job, n_train=len(train))
        devices = run.fabric.world_size
        values = resolve(
            job, folder=folder, samples=train, model=model, steps=steps, seed=seed, devices=devices
        )
        write_final(values, folder)
        trainer = job.trainer_config
        return Training(
            Parts(
                job=job,
                folder=folder,
                run_name=folder.name,
                model_type=active(job.model_config.head_configs),
                fabric=run.fabric,
                model=model,
                optimizer=optimizer,
                schedule=Schedule(optimizer, trainer.lr_scheduler, max_epochs=trainer.max_epochs),
                losses=build.build_losses(job),
                decoder=build.build_decoder(job, model, parts.labels),
                early_stopping=EarlyStopping.from_settings(trainer.early_stopping),
                batches=_build_batches(run, train, val, seed=seed),
                report=run.report,
                max_epochs=trainer.max_epochs,
                steps_per_epoch=build.shared_steps(steps, devices=devices),
                share=run.share,
                seed=seed,
                split=split_digest(parts.data.val),
            )
        )


def _prepare(run: ActiveRun) -> Prepared:
    """Find out all there is to say against the job. Raises UserError with every reason not to train it."""
    found = Findings(emit=_log)

    @contextlib.contextmanager
    def phase(name: str, text: str) -> Iterator[Any]:
        with run.report.phase(name, text) as told:
            yield told
            found.settle()

    prepared = prepare(
        run.job, fabric=run.fabric, previous=run.previous, folder=run.folder, found=found, phase=phase
    )
    run.job, run.test_sets = prepared.job, prepared.test_sets
    parts = prepared.complete()
    run.report.event(count_samples(parts.data, parts.plan, prepared.crops))
    return prepared


def _log(issue: Issue) -> None:
    log.log(logging.WARNING if issue.severity == "warning" else logging.INFO, "%s", issue.message)


def _build_network(run: ActiveRun, samples: FrameSamples) -> tuple[PoseModel, torch.optim.Optimizer]:
    """The network on its device, and its optimizer. What goes on with a checkpoint gets all weights from there."""
    job = run.job if run.previous is None else without_start_weights(run.job)
    model = build.build_model(job, samples=samples)
    to_device(model, run.fabric.device)
    optimizer = build_optimizer(
        model.parameters(),
        name=job.trainer_config.optimizer_name,
        settings=job.trainer_config.optimizer,
        device=run.fabric.device,
    )
    return model, optimizer


def _set_up(run: ActiveRun, training: Training) -> None:
    """Give network and optimizer to Fabric, together with the other processes where there are some."""
    if run.followers is None:
        run.fabric.launch()
    else:
        with run.report.phase("model", "Waiting for the other processes of this run"):
            run.followers.join(step=training.progress.step, n_train=training.parts.batches.n_train)
            training.with_parts(followers=run.followers)
    set_up(training)


def _build_batches(run: ActiveRun, train: FrameSamples, val: FrameSamples, *, seed: int) -> Batches:
    """This process's share of all batches, from where training goes on."""
    return build.build_batches(
        run.job,
        train,
        val,
        seed=seed,
        device=run.fabric.device,
        start_step=0 if run.previous is None else run.previous.step,
        share=run.share,
    )


def _callbacks(run: ActiveRun) -> list[Callback]:
    """In the order they act. Control comes last, so that a pause finds everything written, and SLEAP looks for the
    pictures of an epoch when it hears of its end."""
    trainer = run.job.trainer_config
    if trainer.profiler is not None:
        with run.report.phase("model", "Loading the profiler"):
            run.others += build_profilers(trainer.profiler, folder=run.folder)
    callbacks: list[Callback] = [*run.others, Journal(), run.console, CsvLog(run.folder / "training_log.csv")]
    if trainer.save_ckpt:
        callbacks.append(run.checkpoints)
    pictures = run.folder / "viz" if trainer.visualize_preds_during_training else None
    kept = KeptFrames(run.folder, most_bytes=run.frame_bytes, epochs=trainer.max_epochs)
    callbacks.append(Preview(pictures, keep=trainer.keep_viz, kept=kept if run.frame_bytes else None))
    sent = pictures if trainer.wandb.save_viz_imgs_wandb else None
    tracked = None if run.wandb_session is None else WandbLog(run.wandb_session, pictures=sent)
    zmq = trainer.zmq
    if zmq.publish_port is not None or zmq.controller_port is not None:
        from sleapnn_engine.training.callbacks.sleap_viewer import (
            SleapViewer,  # few runs are watched from SLEAP
        )

        what = active(run.job.model_config.head_configs)
        callbacks.append(SleapViewer(zmq, what=what, address=lambda: tracked.url if tracked else None))
        run.others.append(callbacks[-1])
    if tracked is not None:
        callbacks.append(tracked)
        run.others.append(tracked)
    stops = SelfStop(run.stop_rules)
    return [*callbacks, stops, Control(run.checkpoints, stops)]
