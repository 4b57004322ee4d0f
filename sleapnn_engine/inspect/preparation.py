"""What a training of a config would find out before its first step, without a training and without its folder."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import attrs

from sleapnn_engine.config.build import active, build_job
from sleapnn_engine.config.findings import Attempt, Findings
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.inspect.wanted import Cancelled, never, require_wanted
from sleapnn_engine.training.artifacts.run_folder import wanted_folder
from sleapnn_engine.training.callbacks.wandb_session import SWITCH, check_tracking
from sleapnn_engine.training.inputs.labels import Read
from sleapnn_engine.training.prepare import Prepared, prepare
from sleapnn_engine.training.processes.device import ACCELERATOR, open_fabric
from sleapnn_engine.training.processes.fabric import Fabric
from sleapnn_engine.training.resuming.previous_run import SETTING, read_previous_run


@attrs.define(kw_only=True)
class WantedFindings(Findings):
    """Asks before and behind each step of finding out whether somebody still waits; raises NotWanted."""

    cancelled: Cancelled = never

    def trying(self, path: str) -> Attempt:
        require_wanted(self.cancelled)
        return Attempt(self, path, behind=partial(require_wanted, self.cancelled))


@attrs.frozen(kw_only=True)
class Preparation:
    """What was found, and what is known of the training; no `fabric` where the machine lacks what is asked for."""

    found: Findings
    fabric: Fabric | None
    prepared: Prepared


def prepare_values(
    values: Mapping[str, Any], *, read: Read, cancelled: Cancelled, precision: str = "auto"
) -> Preparation:
    """Prepare a training of a config that `validate` has no errors for, in the order in which a training does.

    `precision` is the number format that the training would be told. Raises UserError (usage) for a config with errors,
    and NotWanted.
    """
    job, found = build_job(values), WantedFindings(cancelled=cancelled)
    fabric = _fabric(job, found, precision=precision)
    previous = None
    with found.trying(SETTING):
        previous = read_previous_run(job)
    with found.trying(SWITCH):
        check_tracking(job)
    folder = wanted_folder(job, model_type=active(job.model_config.head_configs))
    prepared = prepare(job, fabric=fabric, previous=previous, folder=folder, found=found, read=read)
    prepared.close()
    return Preparation(found=found, fabric=fabric, prepared=prepared)


def _fabric(job: Job, found: Findings, *, precision: str) -> Fabric | None:
    with found.trying(ACCELERATOR):
        backbone = active(job.model_config.backbone_config)
        return open_fabric(job.trainer_config, backbone=backbone, precision=precision)
    return None
