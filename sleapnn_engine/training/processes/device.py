"""Which processors a run trains on, how its processes work together, and in which number format: a Lightning Fabric."""

import os
from datetime import timedelta
from typing import Any

import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.trainer import TrainerConfig
from sleapnn_engine.config.strategies import PRECISIONS
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.models.device import format_on, kind_of_device, prepare_cpu
from sleapnn_engine.training.processes.cluster import OURSELVES, SRUN, TORCHRUN, Membership, own_membership
from sleapnn_engine.training.processes.fabric import (
    ClusterEnvironment,
    Fabric,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
    find_free_network_port,
)
from sleapnn_engine.training.processes.strategy import open_with

#: What Fabric calls the number formats.
_FORMATS: dict[str, Any] = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}
#: A sum waits for the slowest process, and a lost one is noticed otherwise: no reason to give up early.
PATIENCE = timedelta(days=7)
ACCELERATOR = "trainer_config.trainer_accelerator"
DEVICES = "trainer_config.trainer_devices"
INDICES = "trainer_config.trainer_device_indices"


class OwnProcesses(LightningEnvironment):
    """The processes of one machine that the first of them starts; it tells them `port`, where they meet."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._main_port = port

    @property
    def creates_processes_externally(self) -> bool:
        return True

    @property
    def main_address(self) -> str:
        return "127.0.0.1"

    def local_rank(self) -> int:
        return 0

    def node_rank(self) -> int:
        return 0


def open_fabric(
    settings: TrainerConfig, *, backbone: str, precision: str, member: Membership | None = None
) -> Fabric:
    """Turn the settings into accelerator, devices, strategy and number format. Nothing is started.

    `backbone` is the kind of network, `member` is this process's place, where it is not the environment that says it. Raises UserError (usage) when this
    machine has no such devices, or cannot train on them in this way.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"unknown precision {precision!r}; there are {', '.join(PRECISIONS)}")
    member = own_membership() if member is None else member
    kind = kind_of_device(settings.trainer_accelerator, where=ACCELERATOR)
    numbers = device_numbers(kind, settings, member)
    world = member.world if member.launcher else len(numbers)
    devices = [torch.device(kind, number) if kind == "cuda" else torch.device(kind) for number in numbers]
    if world > 1:
        _require_distributed()
    if kind == "cpu":
        prepare_cpu()
    known = _FORMATS[format_on(devices, precision=precision)]

    def opened(strategy: Any) -> Fabric:
        return Fabric(
            accelerator=kind,
            devices=numbers if kind == "cuda" else len(numbers),
            num_nodes=member.machines,
            strategy=strategy,
            precision=known,
            plugins=[_environment(member)],
        )

    name = settings.trainer_strategy
    return open_with(name, backbone=backbone, devices=world, patience=PATIENCE, opened=opened)


def number_format(fabric: Fabric) -> str:
    """32, bf16 or 16, as `--precision` has it."""
    known = str(getattr(fabric.strategy.precision, "precision", _FORMATS["32"]))
    return next((name for name, its in _FORMATS.items() if its == known), known)


def usable_cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _environment(member: Membership) -> ClusterEnvironment:
    """Who tells Fabric which process this is. Fabric's own search takes any job of SLURM for one of many processes."""
    if member.launcher == TORCHRUN:
        return TorchElasticEnvironment()
    if member.launcher == SRUN:
        return SLURMEnvironment(auto_requeue=False)
    return LightningEnvironment() if member.launcher == OURSELVES else OwnProcesses(find_free_network_port())


def device_numbers(kind: str, settings: TrainerConfig, member: Membership) -> list[int]:
    """The devices of this machine that take part, by number. A launcher's count goes where none was set."""
    indices, devices = settings.trainer_device_indices, settings.trainer_devices
    if indices:
        found = _listed(kind, indices)
    elif member.launcher and devices in (None, "auto"):
        found = list(range(_count(kind, member.here)))
    else:
        found = list(range(_count(kind, devices)))
    if member.launcher and len(found) != member.here:
        raise UserError(
            f"{member.launcher} has started {counted(member.here, 'process', 'processes')} on this machine, but the "
            f"config asks for {counted(len(found), 'device')}.",
            where=INDICES if indices else DEVICES,
            hint="Start as many processes on each machine as it has devices for, or leave the setting empty.",
            usage=True,
        )
    return found


def _listed(kind: str, indices: list[int]) -> list[int]:
    """The devices that were listed, where there are such."""
    there = torch.cuda.device_count() if kind == "cuda" else 1
    missing = next((index for index in indices if index >= there), None)
    where = INDICES
    if missing is None and len(set(indices)) == len(indices):
        return indices
    if missing is None:
        raise UserError(
            "A device is listed twice, but one device takes one process.",
            where=where,
            hint="List each once.",
            usage=True,
        )
    if kind == "cuda":
        raise UserError(
            f"There is no GPU {missing}; this machine has {there}, counted from 0.",
            where=where,
            hint="List one of them, or leave the setting empty.",
            usage=True,
        )
    raise UserError(
        f"Device {missing} was asked for, but there is only one {kind.upper()}.",
        where=where,
        hint="Leave the setting empty.",
        usage=True,
    )


def _count(kind: str, devices: int | str | None) -> int:
    """How many processes were asked for, where that many can be had."""
    if devices is None:
        return 1
    if kind == "cuda":
        there, what = torch.cuda.device_count(), "GPU"
    else:
        there, what = (usable_cores(), "processor core") if kind == "cpu" else (1, "Apple GPU")
    if devices == "auto":
        return there if kind == "cuda" else 1
    if int(devices) <= there:
        return int(devices)
    raise UserError(
        f"Training on {devices} devices was asked for, but this machine has {counted(there, what)}.",
        where=DEVICES,
        hint=f"Use {there} or fewer.",
        usage=True,
    )


def _require_distributed() -> None:
    """Several processes need a part of PyTorch that few builds lack."""
    if not torch.distributed.is_available() or not torch.distributed.is_gloo_available():
        raise UserError(
            "This build of PyTorch cannot train on several devices.",
            where=DEVICES,
            hint="Use 1, or install a build with torch.distributed.",
            usage=True,
        )
