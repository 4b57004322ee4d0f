"""What cannot fit into memory or onto the disk is refused, with the setting that makes it large, before it is tried."""

import io
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.training.room import require_room
from sleapnn_engine.training.run import train
from sleapnn_engine.training.state import Training

from .rendered import built, job, write_labels

UNET = "model_config__backbone_config__unet__"
PRE = "data_config__preprocessing__"


@pytest.mark.parametrize(
    ("model_type", "changes", "where", "what"),
    [
        (
            "centered_instance",
            {f"{PRE}crop_size": 200_000},
            "data_config.preprocessing.crop_size",
            "a batch of 2 images of 200000×200000 px",
        ),
        (
            "single_instance",
            {f"{PRE}max_height": 80_000, f"{PRE}max_width": 80_000, f"{PRE}scale": 8.0},
            "data_config.preprocessing.scale",
            "a batch of 2 images of 640000×640000 px",
        ),
        (
            "bottomup",
            {f"{UNET}filters": 200_000},
            "model_config.backbone_config.unet",
            "weights",
        ),
    ],
)
def test_what_needs_far_too_much_memory_is_refused(
    tmp_path: Path, model_type: str, changes: dict[str, Any], where: str, what: str
) -> None:
    config = job(
        tmp_path,
        write_labels(tmp_path),
        model_type=model_type,
        data_config__data_pipeline_fw="torch_dataset",
        **changes,
    )
    with pytest.raises(UserError, match=r"needs at least \d+ GB of memory, most of it for") as caught:
        train(build_job(config), stream=io.StringIO())
    assert caught.value.where == where
    assert what in caught.value.message
    assert not (tmp_path / "models").exists()


def test_a_graphics_card_is_left_to_its_own_errors(tmp_path: Path) -> None:
    """Three quarters of what a step takes are not in main memory then."""

    def look(training: Training) -> tuple[float, float]:
        return tuple(needed(training, on_cpu=on_cpu) for on_cpu in (True, False))

    alone, beside = built(job(tmp_path, write_labels(tmp_path)), look)
    assert alone == pytest.approx(4 * beside, rel=0.2)


def needed(training: Training, *, on_cpu: bool) -> float:
    """The least memory that is not refused, found by halving."""
    low, high = 0.0, 1e9
    with pytest.MonkeyPatch.context() as patch:
        while high - low > 100:
            middle = (low + high) / 2
            patch.setattr("sleapnn_engine.training.room.free_memory", lambda: middle)  # noqa: B023
            try:
                require_room(training.job, training.feed.train, folder=training.folder, on_cpu=on_cpu)
                high = middle
            except UserError:
                low = middle
    return high
