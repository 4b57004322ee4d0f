"""What a cache in memory takes is said before any image is read, and refused when it is more than there is."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.training.free_memory import free_memory
from sleapnn_engine.training.inputs.cache import size_text
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import events
from tests.engine.training.rendered import job, trained, write_labels

MEMORY = "torch_dataset_cache_img_memory"


def cache_text(run: Path) -> str:
    """What the phase in which images are read is called."""
    return next(
        e["body"]["text"] for e in events(run) if e["kind"] == "phase" and e["body"]["name"] == "cache"
    )


@pytest.mark.setting("data_config.data_pipeline_fw")
@pytest.mark.parametrize(
    ("settings", "takes"),
    [
        ({}, "33 kB"),  # 8 frames of 64 x 64 pixels
        ({"data_config__use_same_data_for_val": True}, "33 kB"),
        ({"data_config__preprocessing__ensure_rgb": True}, "98 kB"),
        ({"data_config__preprocessing__scale": 4.0}, "524 kB"),
    ],
)
def test_what_the_images_take_is_said(tmp_path: Path, settings: dict[str, Any], takes: str) -> None:
    run = trained(job(tmp_path, write_labels(tmp_path), **settings))
    free = cache_text(run).removeprefix(f"Reading images ({takes} of memory; ").removesuffix(" are free)")
    assert free.endswith(" GB")
    assert f"The images take {takes} of memory; {free} are free." in (run / "run.log").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("pipeline", "text"),
    [("torch_dataset", "Preparing frames"), ("torch_dataset_cache_img_disk", "Reading images")],
)
def test_other_ways_take_no_memory_to_speak_of(tmp_path: Path, pipeline: str, text: str) -> None:
    run = trained(job(tmp_path, write_labels(tmp_path), data_config__data_pipeline_fw=pipeline))
    assert cache_text(run) == text


@pytest.mark.setting("data_config.data_pipeline_fw")
def test_more_than_there_is_gets_refused_before_reading(tmp_path: Path) -> None:
    labels = write_labels(tmp_path)
    side = int((psutil.virtual_memory().total / 7) ** 0.5)  # 8 frames of this size do not fit
    sizes = {"data_config__preprocessing__max_height": side, "data_config__preprocessing__max_width": side}
    with pytest.raises(
        UserError, match=r"The images take \d+ GB of memory; [\d.]+ [MG]B are free\."
    ) as caught:
        train(build_job(job(tmp_path, labels, **sizes)), stream=io.StringIO())
    assert "data_config.data_pipeline_fw: The images take" in caught.value.message
    assert "torch_dataset_cache_img_disk" in caught.value.message
    assert not (tmp_path / "models").exists()


def test_free_memory_is_that_of_the_machine() -> None:
    assert 0 < free_memory() <= psutil.virtual_memory().total


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_dot_", ".")).write_text(text)


def test_a_limit_of_a_container_or_a_cluster_counts(tmp_path: Path) -> None:
    own, groups = tmp_path / "own", tmp_path / "groups"
    own.write_text("0::/jobs/job_7/step_0\n")
    group(groups / "jobs" / "job_7" / "step_0", memory_dot_max="max\n", memory_dot_current="5000\n")
    everything = free_memory(groups=groups, own_groups=own)
    assert everything > 10_000_000
    stat = "anon 5000\ninactive_file 400\nactive_file 100\n"
    group(
        groups / "jobs" / "job_7", memory_dot_max="9000\n", memory_dot_current="6000\n", memory_dot_stat=stat
    )
    assert free_memory(groups=groups, own_groups=own) == 9000 - 6000 + 400
    group(groups, memory_dot_max="100\n", memory_dot_current="300\n")
    assert free_memory(groups=groups, own_groups=own) == 0


def test_limits_of_the_older_kind_count_too(tmp_path: Path) -> None:
    own, groups = tmp_path / "own", tmp_path / "groups"
    own.write_text("5:cpu:/a\n4:memory:/slurm/job\n0::/\n")
    group(groups / "cpu" / "a", memory_dot_limit_in_bytes="1\n", memory_dot_usage_in_bytes="0\n")
    # Inside a container only the top of the tree is there.
    group(
        groups / "memory",
        memory_dot_limit_in_bytes="8000\n",
        memory_dot_usage_in_bytes="7000\n",
        memory_dot_stat="total_inactive_file 50\n",
    )
    assert free_memory(groups=groups, own_groups=own) == 1050


def test_without_groups_the_machine_counts(tmp_path: Path) -> None:
    assert free_memory(groups=tmp_path, own_groups=tmp_path / "none") > 10_000_000


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (400, "0 kB"),
        (42_000, "42 kB"),
        (1_230_000, "1.2 MB"),
        (340e6, "340 MB"),
        (1.249e9, "1.2 GB"),
        (9.96e9, "10 GB"),
        (20.3e9, "20 GB"),
    ],
)
def test_sizes_are_said_as_people_say_them(count: float, text: str) -> None:
    assert size_text(int(count)) == text


def test_a_folder_without_a_list_is_told_in_the_log(tmp_path: Path) -> None:
    labels = write_labels(tmp_path)
    for part, count in (("train_imgs", 6), ("val_imgs", 2)):
        (tmp_path / "cache" / part).mkdir(parents=True)
        for index in range(count):
            picture = np.full((64, 64), 100, dtype=np.uint8)
            cv2.imwrite(str(tmp_path / "cache" / part / f"sample_0_{index}.jpg"), picture)
    run = trained(
        job(
            tmp_path,
            labels,
            data_config__data_pipeline_fw="torch_dataset_cache_img_disk",
            data_config__cache_img_path=str(tmp_path / "cache"),
            data_config__use_existing_imgs=True,
        )
    )
    text = (run / "run.log").read_text(encoding="utf-8")
    assert text.count("does not say what its") == 2
