"""sleap-nn reads our configs: those of runs as they are, and those that are made for it."""

from pathlib import Path

import pytest

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.for_others import for_version
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.training.artifacts.resolved_config import INITIAL, write_initial
from tests.engine.training.rendered import job

pytestmark = pytest.mark.interop


def test_configs_of_every_model_type_are_accepted(their_side, tmp_path: Path) -> None:
    files = []
    for kind in MODEL_TYPES:
        empty = {"data_config__use_negative_frames": True, "data_config__negative_loss_weight": 0.5}
        config = job(tmp_path, tmp_path / "labels.slp", model_type=kind, **empty)
        folder = tmp_path / kind
        folder.mkdir()
        write_initial(build_job(config), folder)
        files.append(folder / INITIAL)
        files.append(folder / "made.yaml")
        files[-1].write_text(dump_config(for_version(config, version="0.3.5")[0]))
        assert "use_negative_frames: true" in files[-1].read_text()
    assert set(their_side("verify", *files).values()) == {None}
