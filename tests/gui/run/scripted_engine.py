"""An engine that follows a script instead of training: the real channel, journal and exit codes, no torch.

The window's side must be tested against engines that crash, hang, refuse and flood on cue, which a real training
cannot be told to do. The script is the JSON text handed over as the config; `Script` lists what it may say.
Run as `python scripted_engine.py train CONFIG --run-dir DIR`, like the engine itself.
"""

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import attrs
import numpy as np

from sleapnn_engine.protocol import event_fields, events
from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.counting import reached
from sleapnn_engine.protocol.measures import Measured

NODES = ("nose", "thorax", "tail")


@attrs.define
class Script:
    """What the engine is to do."""

    epochs: int = 3
    steps: int = 20
    batch_seconds: float = 0.005
    refuse: list[str] = attrs.field(factory=list)
    """Problems to list before leaving with exit code 2, creating nothing."""
    fail_early: str = ""
    """A reason to leave with exit code 1 before the run folder exists."""
    fail_at: int = -1
    """Step at which to say `failed`."""
    die_at: int = -1
    """Step at which to end by SIGKILL."""
    raise_at: int = -1
    """Step at which to end with a traceback."""
    silent_at: int = -1
    """Step at which to stop (SIGSTOP) so that nothing is heard any more."""
    deaf: bool = False
    """Ignore requests and SIGTERM."""
    child: bool = False
    """Start a child process and write its pid to `child.pid`."""
    launch_seconds: float = 0.0
    frames: bool = True
    patience: int | None = 5
    non_finite_at: int = -1
    warnings: list[str] = attrs.field(factory=list)
    """What is amiss with the result."""
    finds: bool = True
    """Whether validation finds an animal."""


class ScriptedRun:
    """Says what a training would say."""

    def __init__(self, channel: EngineChannel, script: Script, run_dir: Path) -> None:
        self.channel, self.script, self.run_dir = channel, script, run_dir
        self.step = self.batch = 0
        self.since = time.monotonic()
        self.best: tuple[int, float] | None = None
        self.stopping = ""

    def train(self) -> str:
        """Run to the end; the outcome."""
        self.prepare()
        epoch = 0
        for epoch in range(self.script.epochs):
            if not self.one_epoch(epoch):
                break
        self.phase("finish", "started")
        self.phase("finish", "done")
        outcome = "stopped" if self.stopping else "completed"
        best_epoch, best_val = self.best or (None, None)
        reach = reached(epoch, batches=self.batch, steps_per_epoch=self.script.steps)
        self.channel.emit(
            events.Finished(
                outcome=outcome,
                epochs=reach.epochs,
                steps=reach.steps,
                warnings=self.script.warnings,
                best_epoch=best_epoch,
                best_val=best_val,
                run_dir=str(self.run_dir),
                seconds=time.monotonic() - self.since,
            ),
        )
        return outcome

    def prepare(self) -> None:
        for name in ("labels", "split", "cache", "model"):
            self.phase(name, "started")
            if name == "cache":
                self.phase(name, "progress", done=50, total=100)
            self.phase(name, "done", seconds=0.25)
        self.channel.emit(
            events.Started(
                run_name=self.run_dir.name,
                run_dir=str(self.run_dir),
                model_type="single_instance",
                max_epochs=self.script.epochs,
                steps_per_epoch=self.script.steps,
                n_train=4 * self.script.steps,
                n_val=10,
                nodes=list(NODES),
                edges=[["nose", "thorax"], ["thorax", "tail"]],
                device="cpu",
                precision="32",
                parameters=1000,
                early_stopping_patience=self.script.patience,
                pid=os.getpid(),
            ),
        )
        self.phase("first_batch", "started")

    def one_epoch(self, epoch: int) -> bool:
        self.phase("train", "started")
        self.batch = 0
        for batch in range(self.script.steps):
            self.obey(epoch)
            if self.stopping == "batch":
                return False
            self.one_batch(epoch, batch)
        self.phase("validate", "started")
        if self.script.frames:
            self.frame(epoch)
        self.phase("validate", "done", seconds=0.01)
        self.end_epoch(epoch)
        return not self.stopping

    def one_batch(self, epoch: int, batch: int) -> None:
        script = self.script
        if self.step == script.fail_at:
            raise _SaidWhyError("The labels of video 3 cannot be read.")
        if self.step == script.raise_at:
            raise ZeroDivisionError("a bug")
        if self.step == script.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.step == script.silent_at:
            os.kill(os.getpid(), signal.SIGSTOP)
        loss = math.nan if self.step == script.non_finite_at else 0.1 / (1 + 0.05 * self.step)
        self.channel.emit(
            events.BatchEnd(
                epoch=epoch,
                step=self.step,
                batch=batch,
                loss=loss,
                losses={"SingleInstanceConfmapsHead": loss},
                seconds=script.batch_seconds,
            ),
        )
        if self.step == 0:
            self.phase("first_batch", "done", seconds=0.5)
        self.step, self.batch = self.step + 1, batch + 1
        if script.batch_seconds:
            time.sleep(script.batch_seconds)

    def end_epoch(self, epoch: int) -> None:
        val = 0.1 / (1 + epoch)
        best = self.best is None or val < self.best[1]
        self.best = (epoch, val) if best else self.best
        assert self.best is not None
        self.channel.emit(
            events.EpochEnd(
                epoch=epoch,
                train=val * 0.9,
                val=val,
                lr=1e-3 if epoch < 2 else 5e-4,
                seconds=0.2,
                samples_per_second=120.0,
                best=best,
                best_epoch=self.best[0],
                best_val=self.best[1],
                data_wait=0.02,
                error=Measured.of(self.error(epoch)),
            ),
        )
        path = str(self.run_dir / "best.ckpt")
        self.phase("save", "started")
        self.channel.emit(events.Checkpoint(epoch=epoch, path=path, best=best, val=val))
        self.phase("save", "done", seconds=0.01)

    def error(self, epoch: int) -> dict:
        """What validation measures."""
        if not self.script.finds:
            nothing = dict.fromkeys(("median_px", "p90_px", "percent_of_body", "precision"))
            return {**nothing, "by_node": dict.fromkeys(NODES), "recall": 0.0, "f1": 0.0}
        by_node = {"nose": 2.0, "thorax": 1.0, "tail": None}
        return {"median_px": 4.0 - 0.1 * epoch, "p90_px": 9.0, "percent_of_body": 3.0, "by_node": by_node}

    def obey(self, epoch: int) -> None:
        """Act on what viewers want, as a training loop does between two batches."""
        commands = [] if self.script.deaf else self.channel.pop_commands()
        for command in commands:
            if command.verb == "pause":
                self.channel.emit(events.Pausing())
                self.channel.emit(events.Paused(epoch=epoch, step=self.step))
                self.rest(epoch)
            else:
                self.act(command.verb, command.args, epoch)

    def rest(self, epoch: int) -> None:
        since = time.monotonic()
        while (command := self.channel.wait_command(10.0)) is not None:
            self.act(command.verb, command.args, epoch)
            if command.verb in ("resume", "stop"):
                break
        paused = time.monotonic() - since
        self.channel.emit(events.Resumed(epoch=epoch, step=self.step, paused_seconds=paused))

    def act(self, verb: str, args: dict, epoch: int) -> None:
        if verb == "stop":
            self.stopping = args["after"]
            self.channel.emit(events.Stopping(after=self.stopping))
        elif verb == "checkpoint":
            path = str(self.run_dir / "last.ckpt")
            self.channel.emit(events.Checkpoint(epoch=epoch, path=path, best=False, val=None))
        elif verb == "stop_when":
            self.channel.emit(events.StopRules(rules=args["rules"]))
        elif verb == "release_memory":
            text = "Handed 120 MB of GPU memory back."
            self.channel.emit(events.MemoryReleased(text=text))

    def frame(self, epoch: int) -> None:
        truth = [[[10.0, 12.0], [20.0, 20.0], None]]
        predicted = [[[11.0, 12.5], [19.0, 22.0], [30.0, 31.0]]]
        image = np.full((32, 40, 1), 40 + epoch, np.uint8)
        self.channel.emit(
            events.Frame(
                epoch=epoch,
                split="validation",
                index=0,
                labels_file="labels.slp",
                video="video.mp4",
                frame=7,
                scale=2.0,
                truth=truth,
                predicted=predicted,
                scores=[[0.9, 0.8, 0.3]],
                pairs=[event_fields.Pair(labelled=0, predicted=0, error_px=3.5 - epoch)],
                error_px=3.5 - epoch,
                stride=4,
            ),
            arrays=(("image", image), ("confmaps", np.zeros((3, 8, 10), np.float16))),
        )

    def phase(self, name: str, state: str, *, done=None, total=None, seconds=None) -> None:
        body = {"name": name, "state": state, "done": done, "total": total, "seconds": seconds, "text": name}
        self.channel.emit(events.Phase.read(body))


class _SaidWhyError(Exception):
    pass


def main(argv: list[str]) -> int:
    """Follow the script; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["train"])
    parser.add_argument("config", type=Path)
    parser.add_argument("--run-dir", type=Path, required=True)
    args = parser.parse_args(argv)
    script = Script(**json.loads(args.config.read_text()))
    time.sleep(script.launch_seconds)
    if script.refuse:
        sys.stderr.write("".join(f"{args.config}: {problem}\n" for problem in script.refuse))
        return 2
    if script.fail_early:
        sys.stderr.write(script.fail_early + "\n")
        return 1
    args.run_dir.mkdir(parents=True, exist_ok=True)
    return follow(script, args.run_dir)


def follow(script: Script, run_dir: Path) -> int:
    if script.child:
        code = "import time; time.sleep(60)"
        child = subprocess.Popen([sys.executable, "-c", code])
        (run_dir / "child.pid").write_text(str(child.pid))
    if script.deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.stdout.write("scripted engine at work\n")
    with EngineChannel(run_dir) as channel:
        try:
            ScriptedRun(channel, script, run_dir).train()
        except _SaidWhyError as error:
            body = {"message": str(error), "path": "video 3", "hint": "Check the file."}
            channel.emit(events.Failed.read(body))
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
