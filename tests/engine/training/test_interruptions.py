"""Ctrl-C while other people's code is at work: it ends the run, and is not taken for a fault of that code."""

import io
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sleap_io as sio

from sleapnn_engine.config.build import build_job
from sleapnn_engine.data import label_writing
from sleapnn_engine.data.video_frames import VideoFrames
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import events
from tests.engine.training.rendered import job, write_labels


def interrupted(real: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, in the middle of whose first call a person presses Ctrl-C."""
    times = iter(range(1))

    def middle(*words: Any, **options: Any) -> Any:
        for _ in times:
            signal.raise_signal(signal.SIGINT)
        return real(*words, **options)

    return middle


@pytest.mark.parametrize(
    ("owner", "name"),
    [(sio, "load_slp"), (label_writing.sio, "save_slp"), (label_writing, "copy_whole")],
)
def test_it_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    labels = write_labels(tmp_path)
    monkeypatch.setattr(owner, name, interrupted(getattr(owner, name)))
    assert train(build_job(job(tmp_path, labels)), stream=io.StringIO()) == 130
    assert events(tmp_path / "models" / "run")[-1]["body"]["outcome"] == "stopped"


def test_it_ends_the_reading_of_a_video(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = shared_data / "bad" / "07_damaged_video" / "shorter_than_labels" / "labels.slp"
    read, frames = VideoFrames.read, []

    def press(self: VideoFrames, frame: int) -> Any:
        frames.append(frame)
        if len(frames) == 3:
            signal.raise_signal(signal.SIGINT)
        return read(self, frame)

    monkeypatch.setattr(VideoFrames, "read", press)
    config = job(tmp_path, labels, model_type="centroid", data_config__preprocessing__scale=0.25)
    assert train(build_job(config), stream=io.StringIO()) == 130
    assert len(frames) == 3
