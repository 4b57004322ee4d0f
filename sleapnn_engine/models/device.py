"""The processor that a network computes on, and in which number format."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch
from torch import nn

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.predict_options import read_device
from sleapnn_engine.models.allocator import keep_freed_memory

_AMPERE = 8
_TYPES = {"bf16": torch.bfloat16, "16": torch.float16}


def kind_of_device(accelerator: str, *, where: str) -> str:
    """The kind of device as torch calls it, of auto, cpu, gpu (or cuda) and mps.

    Raises UserError (usage) when this machine has none; `where` is the setting or option that asked for it.
    """
    if accelerator == "cpu":
        return "cpu"
    if accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available():
        return "cuda"
    if accelerator in ("auto", "mps") and torch.backends.mps.is_available():
        return "mps"
    if accelerator == "auto":
        return "cpu"
    raise UserError(
        f"PyTorch finds no {'GPU' if accelerator in ('gpu', 'cuda') else accelerator.upper()} on this machine.",
        where=where,
        hint="Use auto or cpu, or install a driver and a PyTorch that fit the device.",
        usage=True,
    )


def format_on(devices: Sequence[torch.device], *, precision: str) -> str:
    """The number format that was chosen, 32, bf16 or 16; for auto bf16 where every device is a GPU that is fast at it.

    On a processor auto is 32, also where it multiplies bf16 in hardware: trainings there are up to four times as fast in
    bf16, and two of two small networks lost within twenty epochs what they had learned (median error 1 px, then 115 px),
    which the same in 32 did not. Raises UserError (usage) for a format that they do not have.
    """
    if precision == "auto":
        return "bf16" if all(map(is_fast_bf16, devices)) else "32"
    kind = devices[0].type
    if precision == "16" and kind != "cuda":
        raise UserError(
            "16-bit floats are for graphics cards, and this would run on the CPU."
            if kind == "cpu"
            else "16-bit floats are for NVIDIA and AMD graphics cards.",
            where="--precision",
            hint="Use 32, bf16 or auto.",
            usage=True,
        )
    return precision


def open_device(name: str) -> torch.device:
    """The one device of a name: auto, cpu, gpu or cuda, cuda:1, mps. Raises UserError (usage) when there is none."""
    kind, number = read_device(name)
    kind = kind_of_device(kind, where="--device")
    if kind != "cuda":
        return torch.device(kind)
    there = torch.cuda.device_count()
    if number >= there:
        raise UserError(
            f"There is no GPU {number}; this machine has {there}, counted from 0.",
            where="--device",
            hint="Choose one of them.",
            usage=True,
        )
    return torch.device(kind, number)


def computing_in(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Within it, layers compute in the number format: 32, bf16 or 16."""
    kind = _TYPES.get(precision)
    return nullcontext() if kind is None else torch.autocast(device_type=device.type, dtype=kind)


def device_name(device: torch.device) -> str:
    """What people call it: `cpu`, or the graphics card's own name."""
    if device.type == "cuda":
        return f"cuda:{device.index or 0} {torch.cuda.get_device_name(device)}"
    return str(device)


def to_device(model: nn.Module, device: torch.device) -> nn.Module:
    """The model on the device, in the memory layout its convolutions are fastest in."""
    return model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def empty_cache(device: torch.device) -> int:
    """Give cached, unused GPU memory back to the system; returns the number of bytes (0 on a CPU)."""
    if device.type != "cuda":
        return 0
    before = torch.cuda.memory_reserved(device)
    torch.cuda.empty_cache()
    return before - torch.cuda.memory_reserved(device)


def prepare_cpu() -> None:
    """Make this process fast on a CPU."""
    # Values below 1e-38 appear when maps have converged and are computed a hundred times more slowly.
    torch.set_flush_denormal(True)
    keep_freed_memory()


@contextmanager
def exact_numbers() -> Iterator[None]:
    """Within it, the smallest numbers are not taken for 0, which `prepare_cpu` has numpy do as well."""
    flushed = float(np.array([1e-310])[0] * np.float64(1.0)) == 0.0
    torch.set_flush_denormal(False)
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed)


def is_fast_bf16(device: torch.device) -> bool:
    """Whether the device is a GPU that multiplies bfloat16 in hardware; elsewhere it is slower than float32, or unsafe."""
    if device.type != "cuda":
        return False
    return torch.cuda.get_device_capability(device)[0] >= _AMPERE and torch.version.hip is None
