"""The moments of a training at which something else may happen."""

from sleapnn_engine.training.state import BatchResult, EpochResult, Training


class Callback:
    """Does nothing at every moment; a callback overrides the moments it is about.

    All run in the training thread, in the order they are listed, and what they cost is training time.
    """

    def fit_begun(self, training: Training) -> None:
        """Everything is built; nothing has been trained."""

    def epoch_begun(self, training: Training) -> None:
        """The next thing is the first step of epoch `training.progress.epoch`."""

    def batch_ended(self, training: Training, result: BatchResult) -> None:
        """One optimizer step is done; `training.progress.step` and `.batch` already count it."""

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        """An epoch is trained and validated, `training.parts.early_stopping` knows of it, and the learning rate is the next epoch's."""

    def fit_ended(self, training: Training, outcome: str) -> None:
        """Training has ended: completed, stopped or early_stopped. Not called after a failure or a signal."""
