"""How long the gradient is: measured at few steps, told with the epoch, and no reason to begin sums anew."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import attrs
import pytest

from sleapnn_engine.training.averages import Averages
from sleapnn_engine.training.loop import GRADIENT_EVERY, training_step
from sleapnn_engine.training.resuming.continuing import has_sums
from sleapnn_engine.training.state import BatchResult, Training
from tests.engine.training.jobs import values
from tests.engine.training.rendered import built


def test_the_gradient_of_some_steps_is_measured(shared_data: Path, tmp_path: Path) -> None:
    def look(training: Training) -> tuple[BatchResult, float, BatchResult, BatchResult]:
        first = training_step(training, 0)
        given = [weight.grad for weight in training.parts.model.parameters() if weight.grad is not None]
        length = math.sqrt(sum(float(gradient.square().sum()) for gradient in given))
        return first, length, training_step(training, 1), training_step(training, GRADIENT_EVERY)

    first, length, second, later = built(values(shared_data, tmp_path), look)
    assert first.gradient == pytest.approx(length, rel=1e-4)
    assert first.by_head.keys() == second.by_head.keys()
    assert second.gradient is None
    assert later.gradient is not None


def test_an_epoch_has_the_mean_of_those_that_are_numbers() -> None:
    sums = Averages()
    assert sums.gradient is None
    for gradient in (1.0, None, 3.0, math.inf):
        sums.add(
            cast(
                Any,
                SimpleNamespace(
                    loss=0.0, samples=1, waited=0.0, by_head={}, by_channel={}, gradient=gradient
                ),
            )
        )
    assert sums.gradient == 2.0


def test_sums_of_an_earlier_version_are_gone_on_with() -> None:
    sums = attrs.asdict(Averages())
    del sums["gradients"], sums["measured"]
    assert has_sums(cast(Any, SimpleNamespace(own={"averages": sums})))
    del sums["total"]
    assert not has_sums(cast(Any, SimpleNamespace(own={"averages": sums})))
