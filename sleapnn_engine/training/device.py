"""Which processor a run trains on, in which number format, and what goes with it."""

from contextlib import AbstractContextManager
from typing import Any

import attrs
import torch
from torch import nn

from sleapnn_engine.config.errors import UserError

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


def choose_compute(*, accelerator: str, indices: list[int] | None, precision: str) -> Compute:
    """Turn the settings into a device. Raises UserError (usage) when the machine has no such device."""
    device = _device(accelerator, indices)
    if device.type == "cpu":
        # Values below 1e-38 appear when maps have converged and are computed a hundred times more slowly.
        torch.set_flush_denormal(True)
    if precision not in PRECISIONS:
        raise ValueError(f"unknown precision {precision!r}; there are {', '.join(PRECISIONS)}")
    bf16 = precision == "bf16" or (precision == "auto" and _fast_bf16(device))
    return Compute(device=device, bf16=bf16)


def _device(accelerator: str, indices: list[int] | None) -> torch.device:
    index = indices[0] if indices else 0
    if accelerator == "auto":
        accelerator = (
            "gpu" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    if accelerator == "gpu" and torch.cuda.is_available():
        if index < torch.cuda.device_count():
            return torch.device("cuda", index)
        raise UserError(
            f"There is no GPU {index}; this machine has {torch.cuda.device_count()}, counted from 0.",
            where="trainer_config.trainer_device_indices",
            hint="List one of them, or leave the setting empty.",
            usage=True,
        )
    if accelerator == "cpu" or (accelerator == "mps" and torch.backends.mps.is_available()):
        if index == 0:
            return torch.device(accelerator)
        raise UserError(
            f"Device {index} was asked for, but there is only one {accelerator.upper()}.",
            where="trainer_config.trainer_device_indices",
            hint="Leave the setting empty.",
            usage=True,
        )
    raise UserError(
        f"PyTorch finds no {'GPU' if accelerator == 'gpu' else accelerator.upper()} on this machine.",
        where="trainer_config.trainer_accelerator",
        hint="Use auto or cpu, or install a driver and a PyTorch that fit the device.",
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
