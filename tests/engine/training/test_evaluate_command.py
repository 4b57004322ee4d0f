"""A run's figures are those that anyone gets from its own two files."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.commands.in_process import engine
from tests.engine.training.test_model_types import MODEL_TYPES


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_the_command_gives_the_figures_of_the_run(
    learned_run: Callable[[str], Path], model_type: str
) -> None:
    run = learned_run(model_type)
    for name in ("val.0", "test.1"):
        files = (f"labels_{kind}.{name}.slp" for kind in ("gt", "pr"))
        truth, predicted = (run / file for file in files)
        said = engine("evaluate", "--truth", truth, "--predicted", predicted, "--json")
        assert (said.code, said.err) == (0, "")
        assert json.loads(said.out)["metrics"] == json.loads((run / f"metrics.{name}.json").read_text())
