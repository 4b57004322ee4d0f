"""A real engine process without a model: says what a training says, at a pace the test chooses, and obeys."""

import sys
import time
from pathlib import Path

from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.channel import EngineChannel
from tests.engine.protocol.examples import event_of


def run(run_dir: Path, *, batches: int, pause_seconds: float) -> None:
    """Say `batches` batches, obeying pause, resume and stop between them, then finish."""
    with EngineChannel(run_dir) as channel:
        channel.emit(event_of("started", run_dir=str(run_dir)))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        outcome = "completed"
        for step in range(batches):
            channel.emit(event_of("batch_end", step=step, batch=step))
            channel.set_heartbeat(state="training", epoch=0, step=step)
            if not _obey(channel, step):
                outcome = "stopped"
                break
            time.sleep(pause_seconds)
        channel.emit(event_of("finished", outcome=outcome, run_dir=str(run_dir)))


def _obey(channel: EngineChannel, step: int) -> bool:
    for command in channel.pop_commands():
        if command.verb == "stop":
            channel.emit(events.Stopping(after=command.args["after"]))
            return False
        _act(channel, command.verb)
        if command.verb == "stop_when":
            channel.emit(events.StopRules(rules=command.args["rules"]))
        if command.verb == "pause":
            channel.emit(events.Pausing())
            channel.emit(events.Paused(epoch=0, step=step))
            while (answer := channel.wait_command(timeout=60)) and answer.verb not in ("resume", "stop"):
                _act(channel, answer.verb)
            channel.emit(events.Resumed(epoch=0, step=step, paused_seconds=0.5))
            if answer is not None and answer.verb == "stop":
                channel.emit(events.Stopping(after=answer.args["after"]))
                return False
    return True


def _act(channel: EngineChannel, verb: str) -> None:
    if verb == "checkpoint":
        channel.emit(event_of("checkpoint", epoch=0))
    elif verb == "release_memory":
        text = "There is no unused GPU memory to hand back."
        channel.emit(event_of("memory_released", text=text))


if __name__ == "__main__":
    run(Path(sys.argv[1]), batches=int(sys.argv[2]), pause_seconds=float(sys.argv[3]))
