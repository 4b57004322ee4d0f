"""Lets SLEAP's own training window watch this run and stop it, where its ports are set."""

from collections.abc import Callable

from sleapnn_engine.bridge.sleap_viewer import SleapViewerBridge
from sleapnn_engine.config.schema.sleap_viewer import ZMQConfig
from sleapnn_engine.protocol.events import Stopping
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.report import log
from sleapnn_engine.training.state import BatchResult, EpochResult, Training


class SleapViewer(Callback):
    """Writes steps and epochs to the viewer; its stop button ends training after the step. Never waits for it.

    `address` gives the page of this run at Weights & Biases, once that is open.
    """

    def __init__(self, ports: ZMQConfig, *, what: str, address: Callable[[], str | None]) -> None:
        self._address = address
        self._begun = False
        self._bridge = SleapViewerBridge(
            ports.publish_port,
            controller_port=ports.controller_port,
            poll_microseconds=ports.controller_polling_timeout,
            what=what,
        )

    def epoch_begun(self, training: Training) -> None:
        if not self._begun:
            self._begun = True
            self._bridge.train_begin(wandb_url=self._address())
        self._bridge.epoch_begin(training.progress.epoch)

    def batch_ended(self, training: Training, result: BatchResult) -> None:
        self._bridge.batch_end(result.epoch, batch=result.batch, loss=result.loss, losses=result.by_head)
        if training.progress.stop_after != "batch" and self._bridge.poll_stop():
            log.info("SLEAP asked to stop.")
            training.progress.stop_after = "batch"
            training.parts.report.event(Stopping(after="batch"))

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        self._bridge.epoch_end(
            result.epoch,
            train=result.train,
            val=result.val,
            lr=result.learning_rate,
            seconds=result.train_seconds,
        )

    def fit_ended(self, training: Training, outcome: str) -> None:
        self._bridge.train_end()

    def close(self) -> None:
        """Leave, after what was said has gone out."""
        self._bridge.close()
