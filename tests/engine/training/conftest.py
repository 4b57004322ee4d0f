"""What several files of tests share: models that know their few frames by heart, trained when one is first asked for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.training.learning import learned


@pytest.fixture(scope="session")
def learned_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The run folder of a model type; each is trained once for all tests."""
    made: dict[str, Path] = {}

    def run_of(model_type: str) -> Path:
        if model_type not in made:
            made[model_type] = learned(tmp_path_factory.mktemp(model_type), model_type)
        return made[model_type]

    return run_of
