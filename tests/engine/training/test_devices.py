"""The graphics cards that a run takes, of those that a machine has."""

import pytest
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.trainer import TrainerConfig
from sleapnn_engine.models.device import format_on
from sleapnn_engine.training.processes.device import number_format, open_fabric

#: What the cards can do: the last is too old for bfloat16.
CAPABILITIES = ((8, 0), (9, 0), (8, 6), (7, 5))


@pytest.fixture(autouse=True)
def cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four cards, as PyTorch would tell of them.

    A stand-in, for hardly a machine that runs these tests has several cards, and which ones are chosen depends only
    on these three answers; nothing is computed on them here.
    """
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(CAPABILITIES))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: CAPABILITIES[device.index])


def chosen(
    devices: int | str | None = None,
    indices: list[int] | None = None,
    *,
    accelerator: str = "gpu",
) -> list[str]:
    """Names of the devices that a run with these settings trains on (stand-ins, see `cards`)."""
    settings = TrainerConfig(
        trainer_accelerator=accelerator, trainer_devices=devices, trainer_device_indices=indices
    )
    fabric = open_fabric(settings, backbone="unet", precision="32")
    strategy = fabric.strategy
    return [str(device) for device in getattr(strategy, "parallel_devices", [strategy.root_device])]


@pytest.mark.parametrize("accelerator", ["gpu", "auto"])
@pytest.mark.parametrize(
    ("devices", "indices", "expected"),
    [
        (None, None, [0]),
        (1, None, [0]),
        (2, None, [0, 1]),
        (4, None, [0, 1, 2, 3]),
        ("auto", None, [0, 1, 2, 3]),
        (None, [0, 1], [0, 1]),
        (2, [2], [2]),
        ("auto", [3], [3]),
        (1, [3, 1], [3, 1]),
    ],
)
def test_listed_cards_are_taken_else_the_first_ones(
    accelerator: str, devices: int | str | None, indices: list[int] | None, expected: list[int]
) -> None:
    """On stand-ins for four cards; see `cards`."""
    assert chosen(devices, indices, accelerator=accelerator) == [f"cuda:{number}" for number in expected]


@pytest.mark.parametrize(
    ("devices", "indices", "setting", "sentence"),
    [
        (None, [4], "trainer_device_indices", "There is no GPU 4; this machine has 4, counted from 0."),
        (2, [0, 7], "trainer_device_indices", "There is no GPU 7; this machine has 4, counted from 0."),
        (2, [1, 1], "trainer_device_indices", "A device is listed twice, but one device takes one process."),
        (5, None, "trainer_devices", "Training on 5 devices was asked for, but this machine has 4 GPUs."),
    ],
)
def test_cards_that_are_not_there_are_refused(
    devices: int | None, indices: list[int] | None, setting: str, sentence: str
) -> None:
    """On stand-ins for four cards; see `cards`."""
    with pytest.raises(UserError) as refused:
        chosen(devices, indices)
    assert refused.value.message == sentence
    assert refused.value.where == f"trainer_config.{setting}"
    assert refused.value.usage


@pytest.mark.parametrize(("indices", "bf16"), [([0, 1, 2], True), ([3], False), ([0, 3], False)])
def test_half_precision_is_chosen_where_every_card_is_fast_at_it(indices: list[int], bf16: bool) -> None:
    """On stand-ins for four cards; see `cards`."""
    settings = TrainerConfig(trainer_accelerator="gpu", trainer_device_indices=indices)
    for precision, expected in {"auto": bf16, "32": False, "bf16": True}.items():
        fabric = open_fabric(settings, backbone="unet", precision=precision)
        assert number_format(fabric) == ("bf16" if expected else "32")


def test_a_processor_trains_in_full_precision_whatever_it_is_fast_at(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: True)
    for precision, expected in {"auto": "32", "32": "32", "bf16": "bf16"}.items():
        assert format_on([torch.device("cpu")], precision=precision) == expected
