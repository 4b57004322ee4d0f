"""Acts on what viewers ask for: pause, resume, stop, checkpoint, release memory."""

import time
from collections import deque

import torch

from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.messages import Command
from sleapnn_engine.protocol.stop_rules import parse_rules
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.callbacks.checkpoint import Checkpoints
from sleapnn_engine.training.callbacks.self_stop import SelfStop
from sleapnn_engine.training.report import log
from sleapnn_engine.training.state import BatchResult, EpochResult, Training

#: Seconds between two looks at signals while paused.
WAIT_SECONDS = 0.2


class Control(Callback):
    """Reads commands after each step and each epoch; without one that costs less than 0.05 ms."""

    def __init__(self, checkpoints: Checkpoints, stops: SelfStop) -> None:
        self._checkpoints, self._stops = checkpoints, stops
        self._waiting: deque[Command] = deque()

    def fit_begun(self, training: Training) -> None:
        self._obey(training)

    def batch_ended(self, training: Training, result: BatchResult) -> None:
        self._obey(training)

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        self._obey(training)

    def _obey(self, training: Training) -> None:
        self._waiting.extend(training.parts.report.channel.pop_commands())
        while self._waiting:
            command = self._waiting.popleft()
            if command.verb == "pause" and training.progress.stop_after is None:
                self._pause(training)
            else:
                self._act(training, command)

    def _act(self, training: Training, command: Command) -> None:
        parts = training.parts
        if command.verb == "stop":
            after = command.args.get("after", "epoch")
            if training.progress.stop_after != "batch":
                training.progress.stop_after = after
            parts.report.heartbeat(state="stopping")
            parts.report.event(events.Stopping(after=after))
        elif command.verb == "stop_when":
            self._stops.replace(training, parse_rules(command.args["rules"]))
        elif command.verb == "checkpoint":
            with parts.report.phase("save", "Saving on request"):
                self._checkpoints.write_last(training)
        elif command.verb == "release_memory":
            text = _released(training.free_memory())
            log.info("%s", text)
            parts.report.event(events.MemoryReleased(text=text))

    def _pause(self, training: Training) -> None:
        """Stand still, without using the processor, until told to go on or to stop."""
        parts, progress = training.parts, training.progress
        report = parts.report
        began = time.perf_counter()
        report.event(events.Pausing())
        report.heartbeat(state="paused", epoch=progress.epoch, step=progress.step)
        report.event(events.Paused(epoch=progress.epoch, step=progress.step))
        moved = False
        while not progress.interrupted and progress.stop_after is None:
            command = self._next(training)
            self._stops.check_clock(training)
            if command is None or command.verb == "pause":
                continue
            if command.verb == "resume":
                break
            if command.verb == "release_memory" and parts.fabric.device.type != "cpu":
                training.move(torch.device("cpu"))
                moved = True
            self._act(training, command)
            if progress.stop_after is None:
                report.heartbeat(state="paused")
        if moved:
            training.move(parts.fabric.device)
        seconds = time.perf_counter() - began
        progress.paused_seconds += seconds
        if progress.stop_after is None and not progress.interrupted:
            report.event(events.Resumed(epoch=progress.epoch, step=progress.step, paused_seconds=seconds))
            report.heartbeat(state="training", epoch=progress.epoch, step=progress.step)

    def _next(self, training: Training) -> Command | None:
        """The next command: one that was read together with the pause, else a new one."""
        if self._waiting:
            return self._waiting.popleft()
        return training.parts.report.channel.wait_command(WAIT_SECONDS)


def _released(size: int) -> str:
    return (
        f"Handed {size / 1e6:.0f} MB of GPU memory back."
        if size
        else "There is no unused GPU memory to hand back."
    )
