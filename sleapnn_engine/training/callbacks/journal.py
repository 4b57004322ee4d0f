"""Tells viewers and the journal of steps and epochs."""

from sleapnn_engine.config.build import active
from sleapnn_engine.config.installed import versions_at_work
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.counting import epoch_name
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.processes.device import number_format
from sleapnn_engine.training.report import log
from sleapnn_engine.training.state import BatchResult, EpochResult, Training


class Journal(Callback):
    """`started` once, `batch_end` after each step, `epoch_end` after each epoch. Costs one line of JSON each."""

    def fit_begun(self, training: Training) -> None:
        parts = training.parts
        batches = parts.batches
        parts.report.event(
            events.Started(
                run_name=parts.run_name,
                run_dir=str(parts.folder),
                model_type=parts.model_type,
                max_epochs=parts.max_epochs,
                steps_per_epoch=parts.steps_per_epoch,
                n_train=batches.n_train,
                n_val=batches.n_val,
                nodes=list(batches.nodes),
                edges=list(batches.edges),
                device=training.device_name,
                precision=number_format(parts.fabric),
                parameters=parts.model.parameter_count,
                early_stopping_patience=parts.early_stopping.patience,
                pid=parts.report.channel.connection.pid,
                backbone=active(parts.job.model_config.backbone_config),
                identities=_identities(training),
                versions=versions_at_work(),
                batch_size=min(parts.batch_size, batches.n_train),
            )
        )
        log.info(
            "Training on %s in %s: %d parameters, %d training and %d validation samples.",
            training.device_name,
            number_format(parts.fabric),
            parts.model.parameter_count,
            batches.n_train,
            batches.n_val,
            extra={"only_file": True},
        )

    def batch_ended(self, training: Training, result: BatchResult) -> None:
        training.parts.report.event(
            events.BatchEnd(
                epoch=result.epoch,
                step=result.step,
                batch=result.batch,
                loss=result.loss,
                losses=result.by_head,
                seconds=result.seconds,
            )
        )
        state = "stopping" if training.progress.stop_after else "training"
        training.parts.report.heartbeat(state=state, epoch=result.epoch, step=training.progress.step)

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        training.parts.report.event(
            events.EpochEnd(
                epoch=result.epoch,
                train=result.train,
                val=result.val,
                lr=result.learning_rate,
                seconds=result.train_seconds + result.val_seconds,
                samples_per_second=result.samples_per_second,
                best=result.improved,
                best_epoch=training.best_epoch,
                best_val=training.best_val,
                data_wait=result.waited,
                error=result.errors,
                gradient=result.gradient,
                swapped=result.swapped,
            )
        )
        log.info(
            "%s: train %s, val %s, %.1f s.",
            epoch_name(result.epoch).capitalize(),
            plain(result.train),
            plain(result.val),
            result.train_seconds + result.val_seconds,
            extra={"only_file": True},
        )
        now = training.parts.schedule.learning_rate
        # A curve moves it after every epoch, and the rate of each epoch is told with it anyhow.
        if now != result.learning_rate and not training.parts.schedule.is_curve:
            before, after = plain(result.learning_rate), plain(now)
            log.info(
                "The learning rate falls from %s to %s after %s.", before, after, epoch_name(result.epoch)
            )


def _identities(training: Training) -> list[str] | None:
    """The names of the animals that are told apart; None where none are."""
    parts = training.parts
    known = MODEL_TYPES[parts.model_type].identities
    return list(parts.batches.train.store.labels.tracks) if known else None
