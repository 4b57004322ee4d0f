"""What a machine has to train on: what torch can use, what is missing and why, and what a config chooses of it."""

import torch

from sleapnn_engine.commands.doctor import describe_devices
from sleapnn_engine.config import tree
from sleapnn_engine.protocol.fields import complaint
from sleapnn_engine.protocol.questions import QUESTIONS
from sleapnn_engine.training.machine_devices import device_answer, list_devices

ACCELERATOR = "trainer_config.trainer_accelerator"


def test_each_is_usable_or_says_why_not() -> None:
    found = {device.name: device for device in list_devices()}
    for name, device in found.items():
        assert bool(device.reason) != bool(device.set), name
        if not device.reason:
            assert torch.zeros(1, device=name).device.type == name.partition(":")[0]
    assert (found["cpu"].free or 0) > 1e6
    told = dict(describe_devices())
    assert {"cpu", "mps"} <= set(told), "the report has the same list"
    assert all(device.reason in told[name] for name, device in found.items())


def test_what_chooses_a_device_chooses_it() -> None:
    assert complaint(QUESTIONS["devices"].fields, {"values": {}}, mode="wire") is None
    for device in list_devices():
        values: dict = {}
        for path, value in device.set.items():
            tree.put(values, path, value)
        answer = device_answer(values)
        if device.set:
            assert (answer["chosen"], answer["fault"]) == ([device.name], "")
    known = {device.name.partition(":")[0]: device for device in list_devices()}
    for accelerator, name in (("gpu", "cuda"), ("mps", "mps")):
        answer = device_answer({"trainer_config": {"trainer_accelerator": accelerator}})
        assert device_answer({"trainer_config": {"trainer_accelerator": 7}})["fault"]
        assert bool(answer["fault"]) == bool(known[name].reason) == (not answer["chosen"])
