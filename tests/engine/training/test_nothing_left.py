"""A run that fails before its first step leaves nothing, and takes nothing that is not its own."""

import io
import os
import signal
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.training import build
from sleapnn_engine.training.artifacts.run_folder import RunFolder, create_run_folder
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import config_file, events, finish, start, wait_for
from tests.engine.training.rendered import job, write_labels


def spoil(picture: Path) -> None:
    """Give a PNG pixels that cannot be unpacked, with all checksums right: nobody knows until it is decoded."""
    data = picture.read_bytes()
    begin = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[begin - 4 : begin])
    chunk = b"IDAT" + bytes(length)
    checksum = struct.pack(">I", zlib.crc32(chunk))
    picture.write_bytes(data[:begin] + chunk + checksum + data[begin + 8 + length :])


def fails(config: dict, **options: object) -> UserError:
    with pytest.raises(UserError) as caught:
        train(build_job(config), stream=io.StringIO(), **options)
    return caught.value


def left(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("pipeline", ["torch_dataset", "torch_dataset_cache_img_memory"])
def test_an_image_that_turns_out_to_be_damaged_leaves_no_folder(tmp_path: Path, pipeline: str) -> None:
    labels = write_labels(tmp_path / "data")
    for frame in range(8):
        spoil(labels.with_suffix("") / f"{frame:03d}.png")
    before = left(tmp_path)
    error = fails(job(tmp_path, labels, data_config__data_pipeline_fw=pipeline))
    assert "cannot be read" in error.message
    assert error.where.startswith(f"{labels}, video 0")
    assert left(tmp_path) == before


def test_images_cached_before_the_damaged_one_are_removed_as_well(tmp_path: Path) -> None:
    labels, cache = write_labels(tmp_path / "data"), tmp_path / "cache"
    spoil(labels.with_suffix("") / "007.png")
    (cache / "train_imgs").mkdir(parents=True)
    (cache / "train_imgs" / "mine.jpg").touch()
    before = left(tmp_path)
    error = fails(
        job(
            tmp_path,
            labels,
            data_config__data_pipeline_fw="torch_dataset_cache_img_disk",
            data_config__cache_img_path=str(cache),
        )
    )
    assert error.where.endswith("frame 7")
    assert left(tmp_path) == before


def test_what_was_in_the_folder_stays(tmp_path: Path) -> None:
    labels, chosen = write_labels(tmp_path / "data"), tmp_path / "chosen"
    (chosen / "viz").mkdir(parents=True)
    for name in ("notes.txt", "viz/mine.png", "labels_gt.train.0.slp"):
        (chosen / name).write_bytes(b"mine")
    before = left(tmp_path)
    config = job(tmp_path, labels, model_config__head_configs__single_instance__confmaps__part_names=["wing"])
    assert "'wing'" in fails(config, run_dir=chosen).message
    assert left(tmp_path) == before
    assert (chosen / "labels_gt.train.0.slp").read_bytes() == b"mine"


def test_folders_above_go_only_as_far_as_they_were_made(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    config = job(
        tmp_path, write_labels(tmp_path / "data"), trainer_config__ckpt_dir=str(tmp_path / "there/a/b")
    )
    place = create_run_folder(build_job(config), model_type="single_instance")
    assert place.path == tmp_path / "there" / "a" / "b" / "run"
    with pytest.raises(UserError), place:
        raise UserError("in vain")
    assert left(tmp_path / "there") == set()
    with create_run_folder(build_job(config), model_type="single_instance"):
        pass
    assert left(tmp_path / "there") == {"a", "a/b", "a/b/run", "a/b/run/run.log"}


def test_a_fault_of_the_program_keeps_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(build, "build_losses", broken)
    error = fails(job(tmp_path, write_labels(tmp_path / "data")))
    run = tmp_path / "models" / "run"
    assert (error.message, error.hint) == (
        "Training failed with RuntimeError: a fault",
        "The details are in run.log.",
    )
    assert "Traceback" in (run / "run.log").read_text(encoding="utf-8")
    assert events(run)[-1]["kind"] == "failed"


def test_each_of_many_runs_of_one_name_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    made = build_job(job(tmp_path, tmp_path / "labels.slp"))

    def claim(_: int) -> RunFolder:
        return create_run_folder(made, model_type="single_instance")

    with ThreadPoolExecutor(8) as pool:
        names = sorted(place.path.name for place in pool.map(claim, range(16)))
    assert names == sorted(["run", *(f"run-{number}" for number in range(1, 16))])


def test_one_of_many_runs_gets_the_chosen_folder(tmp_path: Path) -> None:
    made = build_job(job(tmp_path, tmp_path / "labels.slp"))

    def claim(_: int) -> str:
        try:
            create_run_folder(made, model_type="single_instance", chosen=tmp_path / "here")
        except UserError as error:
            return f"refused, code {2 if error.usage else 1}"
        return "taken"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(claim, range(16))) == ["refused, code 2"] * 15 + ["taken"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("x" * 300, "its name is too long"), ("~nobody-has-this-name/run", "home directory")],
)
def test_a_folder_of_an_impossible_name_is_refused_in_words(tmp_path: Path, name: str, why: str) -> None:
    made = build_job(job(tmp_path, tmp_path / "labels.slp"))
    with pytest.raises(UserError, match=why) as caught:
        create_run_folder(made, model_type="single_instance", chosen=Path(name))
    assert caught.value.where.endswith(name)


@pytest.mark.setting("data_config.delete_cache_imgs_after_training")
@pytest.mark.parametrize("delete", [True, False])
def test_the_cache_of_an_interrupted_run_goes_where_asked(tmp_path: Path, delete: bool) -> None:
    cache = tmp_path / "cache"
    config = job(
        tmp_path,
        write_labels(tmp_path / "data"),
        data_config__data_pipeline_fw="torch_dataset_cache_img_disk",
        data_config__cache_img_path=str(cache),
        data_config__delete_cache_imgs_after_training=delete,
        trainer_config__max_epochs=100_000,
        trainer_config__save_ckpt=True,
    )
    process = start(config_file(config, tmp_path))
    wait_for(tmp_path / "models" / "run" / "best.ckpt", process=process)
    os.kill(process.pid, signal.SIGINT)
    assert finish(process)[0] == 130
    images = len(list(cache.rglob("*.jpg")))
    assert images == (0 if delete else 8)
