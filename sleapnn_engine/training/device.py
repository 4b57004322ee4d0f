"""Which processor a run trains on, in which number format, and what goes with it."""

import os
from contextlib import AbstractContextManager
from typing import Any

import attrs
import torch
from torch import nn

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.phrases import counted
from sleapnn_engine.config.schema.trainer import TrainerConfig

from .allocator import keep_freed_memory

#: Values of `--precision`.
PRECISIONS = ("auto", "32", "bf16")
_AMPERE = 8


@attrs.frozen(kw_only=True)
class Compute:
    """A device and a number format. One process drives one device."""

    device: torch.device
    bf16: bool

    @property
    def precision(self) -> str:
        return "bf16" if self.bf16 else "32"

    @property
    def name(self) -> str:
        """What people call it: `cpu`, or the graphics card's own name."""
        if self.device.type == "cuda":
            return f"cuda:{self.device.index or 0} {torch.cuda.get_device_name(self.device)}"
        return str(self.device)

    def autocast(self) -> AbstractContextManager[Any]:
        """Within it, convolutions compute in bfloat16 where this run does; weights and losses stay float32."""
        return torch.autocast(device_type=self.device.type, dtype=torch.bfloat16, enabled=self.bf16)

    def place(self, model: nn.Module) -> nn.Module:
        """The model on the device, in the memory layout its convolutions are fastest in."""
        return model.to(self.device, memory_format=torch.channels_last)

    def free_memory(self) -> int:
        """Give cached, unused GPU memory back to the system; returns the number of bytes (0 on a CPU)."""
        if self.device.type != "cuda":
            return 0
        before = torch.cuda.memory_reserved(self.device)
        torch.cuda.empty_cache()
        return before - torch.cuda.memory_reserved(self.device)


def choose_computes(settings: TrainerConfig, *, precision: str) -> tuple[Compute, ...]:
    """Turn the settings into one device for each process of a run, this process's first.

    Raises UserError (usage) when the machine has no such devices.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"unknown precision {precision!r}; there are {', '.join(PRECISIONS)}")
    kind, indices = _kind(settings.trainer_accelerator), settings.trainer_device_indices
    numbers = _listed(kind, indices) if indices else range(_count(kind, settings.trainer_devices))
    found = [torch.device(kind, number) if kind == "cuda" else torch.device(kind) for number in numbers]
    if len(found) > 1:
        _require_distributed()
    if kind == "cpu":
        prepare_cpu()
    bf16 = precision == "bf16" or (precision == "auto" and all(map(_fast_bf16, found)))
    return tuple(Compute(device=device, bf16=bf16) for device in found)


def prepare_cpu() -> None:
    """Make this process fast on a CPU."""
    # Values below 1e-38 appear when maps have converged and are computed a hundred times more slowly.
    torch.set_flush_denormal(True)
    keep_freed_memory()


def _kind(accelerator: str) -> str:
    """The kind of device as torch calls it."""
    if accelerator == "cpu":
        return "cpu"
    if accelerator in ("auto", "gpu") and torch.cuda.is_available():
        return "cuda"
    if accelerator in ("auto", "mps") and torch.backends.mps.is_available():
        return "mps"
    if accelerator == "auto":
        return "cpu"
    raise UserError(
        f"PyTorch finds no {'GPU' if accelerator == 'gpu' else accelerator.upper()} on this machine.",
        where="trainer_config.trainer_accelerator",
        hint="Use auto or cpu, or install a driver and a PyTorch that fit the device.",
        usage=True,
    )


def _listed(kind: str, indices: list[int]) -> list[int]:
    """The devices that were listed, where there are such."""
    there = torch.cuda.device_count() if kind == "cuda" else 1
    missing = next((index for index in indices if index >= there), None)
    where = "trainer_config.trainer_device_indices"
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
        where="trainer_config.trainer_devices",
        hint=f"Use {there} or fewer.",
        usage=True,
    )


def usable_cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _require_distributed() -> None:
    """Several processes need a part of PyTorch that few builds lack."""
    if not torch.distributed.is_available() or not torch.distributed.is_gloo_available():
        raise UserError(
            "This build of PyTorch cannot train on several devices.",
            where="trainer_config.trainer_devices",
            hint="Use 1, or install a build with torch.distributed.",
            usage=True,
        )


def _fast_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware; elsewhere it is emulated and slower than float32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= _AMPERE and torch.version.hip is None
    if device.type != "cpu":
        return False
    tests = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, test, bool)()) for test in tests)
