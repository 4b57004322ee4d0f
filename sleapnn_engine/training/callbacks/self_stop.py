"""Stops the training when a rule says so, and tells why."""

import time
from collections.abc import Sequence

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.text_format import first_few
from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.stop_rules import StopRule, StopWatch
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.report import log
from sleapnn_engine.training.state import BatchResult, EpochResult, Training


class SelfStop(Callback):
    """Looks at the clock after each step and at the errors after each epoch. Without rules that costs nothing."""

    def __init__(self, rules: Sequence[StopRule] = ()) -> None:
        self.watch = StopWatch(tuple(rules))
        self._began = 0.0

    def fit_begun(self, training: Training) -> None:
        self._began = time.perf_counter()
        if self.watch.rules:
            unknown = _unknown(training, self.watch.rules)
            if unknown:
                raise UserError(unknown, hint="Look at how the parts are written in the labels.")
            self._announce(training)

    def batch_ended(self, training: Training, result: BatchResult) -> None:
        self.check_clock(training)

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        if reason := self.watch.by_error(result.errors):
            self._stop(training, reason)

    def check_clock(self, training: Training) -> None:
        """Stop where it is time to; also called while the training stands still."""
        if self.watch.rules:
            trained = time.perf_counter() - self._began - training.progress.paused_seconds
            if reason := self.watch.by_clock(trained=trained):
                self._stop(training, reason)

    def replace(self, training: Training, rules: Sequence[StopRule]) -> None:
        """Follow these rules from now on, none of those before."""
        if unknown := _unknown(training, rules):
            log.warning("%s The rules to stop by stay as they were.", unknown)
        else:
            self.watch.rules = tuple(rules)
        self._announce(training)

    def _announce(self, training: Training) -> None:
        training.parts.report.event(events.StopRules(rules=[rule.text for rule in self.watch.rules]))

    def _stop(self, training: Training, reason: str) -> None:
        progress, report = training.progress, training.parts.report
        if progress.stop_after is None:
            progress.stop_after = "batch"
            report.heartbeat(state="stopping")
            report.event(events.Stopping(after="batch", reason=reason))
            log.info("Training stops: %s", reason, extra={"only_file": True})


def _unknown(training: Training, rules: Sequence[StopRule]) -> str:
    """Which parts of rules the model does not have, in a sentence; '' where it has all."""
    nodes = training.parts.batches.nodes
    unknown = [part for rule in rules for part in rule.parts if part not in nodes]
    if not unknown:
        return ""
    return f"There is no part {first_few(unknown)} to stop by; this model has {', '.join(nodes)}."
