"""What this machine has to train on, with free memory, what it has not and why, and which of it a config chooses."""

import platform
from collections.abc import Mapping
from typing import Any

import attrs
import torch

from sleapnn_engine.config.build import build_trainer
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.schema.trainer import TrainerConfig
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.config.values import problem_of
from sleapnn_engine.models.device import kind_of_device
from sleapnn_engine.training.free_memory import free_memory
from sleapnn_engine.training.processes.cluster import own_membership
from sleapnn_engine.training.processes.device import (
    ACCELERATOR,
    DEVICES,
    INDICES,
    device_numbers,
    usable_cores,
)


@attrs.frozen(kw_only=True)
class MachineDevice:
    """One device: its name in torch, words for it, free and all memory in bytes where it has its own, why it cannot be used.

    `set` is what chooses it in a config.
    """

    name: str
    words: str
    set: dict[str, Any]
    free: int | None = None
    total: int | None = None
    reason: str = ""


def list_devices() -> list[MachineDevice]:
    """The processor, each graphics card, and the kinds of device that are missing."""
    cores = f"Processor, {counted(usable_cores(), 'core')}"
    found = [MachineDevice(name="cpu", words=cores, set=_choosing("cpu"), free=free_memory())]
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    for index in range(cards):
        free, total = torch.cuda.mem_get_info(index)
        name, chosen = torch.cuda.get_device_name(index), _choosing("gpu", index if cards > 1 else None)
        found.append(MachineDevice(name=f"cuda:{index}", words=name, set=chosen, free=free, total=total))
    if not cards:
        found.append(MachineDevice(name="cuda", words="Graphics card", set={}, reason=_no_card()))
    fault = "" if torch.backends.mps.is_available() else _no_mps()
    apple = MachineDevice(name="mps", words="Apple GPU", set={} if fault else _choosing("mps"), reason=fault)
    return [*found, apple]


def device_answer(values: Mapping[str, Any]) -> dict[str, Any]:
    """`devices` as plain values, `chosen`, names of those that the config would train on, and `fault`, why it cannot."""
    devices, chosen, fault = list_devices(), list[str](), ""
    try:
        settings = _settings(ConfigReader(values))
        kind = kind_of_device(settings.trainer_accelerator, where=ACCELERATOR)
        numbers = device_numbers(kind, settings, own_membership())
        chosen = [f"cuda:{number}" for number in numbers] if kind == "cuda" else [kind]
    except UserError as problem:
        fault = f"{problem.message} {problem.hint}".strip()
    return {"devices": [attrs.asdict(device) for device in devices], "chosen": chosen, "fault": fault}


def _settings(view: ConfigReader) -> TrainerConfig:
    """The defaults with what a config says of devices; all else may be wrong. Raises UserError where that is wrong."""
    said = {path: view.value(path) for path in (ACCELERATOR, DEVICES, INDICES)}
    for path, value in said.items():
        wrong = problem_of(SPEC.keys[path], value)
        if wrong is not None:
            raise UserError(wrong[1], where=path, usage=True)
    return attrs.evolve(build_trainer({}), **{path.rpartition(".")[2]: value for path, value in said.items()})


def _choosing(accelerator: str, index: int | None = None) -> dict[str, Any]:
    return {ACCELERATOR: accelerator, INDICES: None if index is None else [index]}


def _no_card() -> str:
    built = torch.version.cuda or torch.version.hip
    if not built:
        return "this PyTorch is built without support for graphics cards"
    return f"PyTorch is built for {'CUDA' if torch.version.cuda else 'ROCm'} {built}, but finds no card; is its driver installed?"


def _no_mps() -> str:
    if platform.system() != "Darwin":
        return "only Macs with Apple silicon have one"
    return "this PyTorch or this Mac does not offer it"
