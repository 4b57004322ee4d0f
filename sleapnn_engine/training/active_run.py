"""What is known of a run while it goes on."""

from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.loader import Share
from sleapnn_engine.protocol.signals import Signals
from sleapnn_engine.protocol.stop_rules import StopRule
from sleapnn_engine.training.artifacts.run_folder import RunFolder
from sleapnn_engine.training.callbacks.checkpoint import Checkpoints
from sleapnn_engine.training.callbacks.console import Console
from sleapnn_engine.training.callbacks.wandb_session import WandbSession
from sleapnn_engine.training.inputs import images
from sleapnn_engine.training.inputs.test_sets import EvaluationSet
from sleapnn_engine.training.processes.fabric import Fabric
from sleapnn_engine.training.processes.followers import Followers
from sleapnn_engine.training.report import Report
from sleapnn_engine.training.resuming.previous_run import PreviousRun
from sleapnn_engine.training.state import Training


@attrs.define(kw_only=True)
class ActiveRun:
    """The parts of a run; `training` is there once everything is built, and `warnings` tell what is
    missing of the result, in sentences."""

    job: Job
    place: RunFolder
    fabric: Fabric
    report: Report
    console: Console
    signals: Signals
    checkpoints: Checkpoints
    previous: PreviousRun | None = None
    training: Training | None = None
    stores: images.Stores | None = None
    wandb_session: WandbSession | None = None
    followers: Followers | None = None
    test_sets: tuple[EvaluationSet, ...] = ()
    is_trained: bool = False
    frame_bytes: int = 0
    stop_rules: tuple[StopRule, ...] = ()
    warnings: list[str] = attrs.field(factory=list)
    others: list[Any] = attrs.field(factory=list)

    @property
    def folder(self) -> Path:
        return self.place.path

    @property
    def share(self) -> Share:
        return Share(0, self.fabric.world_size)

    def end_followers(self) -> None:
        """End the other processes, which only training needs."""
        followers, self.followers = self.followers, None
        if followers is not None:
            followers.close()

    def close(self) -> None:
        """Let go of videos, sockets and processes, and have callbacks end what goes on outside the run."""
        self.end_followers()
        if self.training is not None:
            self.training.parts.batches.close()
        for other in self.others:
            other.close()
