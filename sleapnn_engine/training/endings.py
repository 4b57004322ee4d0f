"""How a run ends: completed, interrupted or failed; its state is kept, and viewers, the log and the terminal hear of it."""

import logging

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.counting import Reach, epoch_name
from sleapnn_engine.protocol.judging import nothing_found
from sleapnn_engine.protocol.measures import MEDIAN_PX
from sleapnn_engine.training.active_run import ActiveRun
from sleapnn_engine.training.failures import DETAILS, Diverged, explained
from sleapnn_engine.training.state import Training

log = logging.getLogger("sleapnn_engine.training")

#: Exit code after Ctrl-C or a polite kill.
INTERRUPTED = 130


def tidy(run: ActiveRun) -> None:
    """Remove the image cache this run wrote, where the job asks for that, however the run ended."""
    if run.stores is None or not run.job.data_config.delete_cache_imgs_after_training:
        return
    for store in run.stores.written:
        try:
            store.delete()
        except OSError as error:
            log.warning("The cached images in %s could not be removed (%s).", store.folder, error)


def finished(run: ActiveRun, outcome: str) -> None:
    training = run.training
    reach = Reach(0) if training is None else training.reach
    if training is not None:
        errors = training.progress.best_errors
        if errors is not None and errors[MEDIAN_PX] is not None and training.best_epoch is not None:
            name = epoch_name(training.best_epoch)
            log.info("The best model is from %s: median error %.2f px.", name, errors[MEDIAN_PX])
        if nothing := nothing_found(errors):
            log.warning("%s", nothing)
            run.warnings.append(nothing)
    run.report.event(
        events.Finished(
            outcome=outcome,
            epochs=reach.epochs,
            steps=reach.steps,
            best_epoch=None if training is None else training.best_epoch,
            best_val=None if training is None else training.best_val,
            run_dir=str(run.folder),
            seconds=run.report.seconds,
            warnings=run.warnings,
        )
    )
    run.console.line(f"{outcome.replace('_', ' ')}: {run.folder}")


def interrupted(run: ActiveRun, *, name: str) -> int:
    """Keep the state and say so."""
    log.warning("%s received: the run ends here.", name)
    _keep_state(run)
    finished(run, "stopped")
    return INTERRUPTED


def failed(run: ActiveRun, error: Exception) -> UserError:
    """Log the traceback, keep the state unless it diverged, tell viewers; returns the error for people."""
    failure = explained(error, folder=run.folder)
    diverged = isinstance(error, Diverged)
    if diverged:
        failure.hint = f"{failure.hint} {run.checkpoints.way_back()}"
    log.error("%s", failure, exc_info=error)
    # What only the log can tell keeps it, even where nothing was trained.
    run.place.kept = _has_trained(run.training) or DETAILS in failure.hint
    if run.place.kept and not diverged:
        _keep_state(run)
    run.report.event(
        events.Failed(
            message=failure.message,
            path=failure.where or None,
            hint=failure.hint or None,
            cause=failure.cause,
        )
    )
    return failure


def _has_trained(training: Training | None) -> bool:
    return training is not None and training.progress.step > training.progress.start_step


def _keep_state(run: ActiveRun) -> None:
    """Write `last.ckpt` where checkpoints are wanted and there is something to keep."""
    if run.training is None or not run.job.trainer_config.save_ckpt or not run.training.progress.step:
        return
    if run.is_trained:
        return  # the model then holds the weights of the best epoch, no longer those of the last
    run.checkpoints.rescue(run.training)
