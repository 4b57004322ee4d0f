"""`export-job`: the folder trains elsewhere, says what it needs, and is never half there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.config.installed import version_of
from tests.engine.commands.in_process import EventBody, engine
from tests.engine.training.jobs import ROOT
from tests.engine.training.rendered import job, trained, write_labels

#: Signs that a shell, YAML or a batch system could take for something else.
ODD = 'it\'s "the" $HOME `date`; #1'
RUN_NAME = ODD.replace('"', "")


def write(config: dict[str, Any], folder: Path, *, name: str = "job.yaml") -> Path:
    path = folder / name
    path.write_text("# by hand\n" + dump_config(config), encoding="utf-8")
    return path


def left(folder: Path) -> list[str]:
    """Everything in a folder, what is half written included."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def train_there(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Start the script of an exported job, from somewhere else, as a person on another machine would."""
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        ["sh", str(folder / "run.sh"), *words], cwd="/", env=environment, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("labels"))


@pytest.fixture(scope="module")
def config(labels: Path) -> Path:
    return write(job(labels.parent, labels), labels.parent)


def test_it_trains_on_where_nothing_of_this_machine_is_left(tmp_path: Path) -> None:
    """Labels of odd names, a training to go on with, weights and a list of tests; all originals are hidden."""
    here = tmp_path / f"{ODD}\nhere"
    here.mkdir()
    labels, val = write_labels(here, f"{ODD}.slp"), write_labels(here, "two\nlines.slp", frames=3)
    first = job(here, labels, data_config__val_labels_path=[str(val)], trainer_config__save_ckpt=True)
    run = trained(first)
    changes = {
        "trainer_config__resume_ckpt_path": str(run / "best.ckpt"),
        "data_config__test_file_path": str(val),
        "trainer_config__run_name": RUN_NAME,
    }
    again = job(
        here,
        labels,
        data_config__val_labels_path=[str(val)],
        trainer_config__save_ckpt=True,
        **changes,
    )
    said = engine("export-job", write(again, here), "-o", tmp_path / "out", "trainer_config.max_epochs=2")
    assert (said.code, said.faults) == (0, []), said.err
    shutil.move(here, tmp_path / "hidden")
    shutil.move(tmp_path / "out", tmp_path / f"{ODD}\nthere")
    there = tmp_path / f"{ODD}\nthere"
    assert read_config(there / "config.yaml").text.startswith("# by hand\n")
    done = train_there(there, "trainer_config.save_ckpt=true")
    assert done.returncode == 0, done.stderr
    models = there / "models" / RUN_NAME
    assert (models / "best.ckpt").is_file()
    assert (models / "metrics.test.0.json").is_file()
    assert "epoch 2/2" in done.stdout
    assert "epoch 1/2" not in done.stdout


def test_paths_of_the_config_lead_into_the_folder(tmp_path: Path, labels: Path) -> None:
    weights, other = tmp_path / "w.ckpt", tmp_path / "other" / "w.ckpt"
    other.parent.mkdir()
    for file in (weights, other):
        file.write_bytes(file.as_posix().encode())
    given = job(
        tmp_path,
        [labels, labels.parent / "." / labels.name],
        model_config__pretrained_backbone_weights=str(weights),
        model_config__pretrained_head_weights=str(other),
        data_config__data_pipeline_fw="torch_dataset_cache_img_disk",
        data_config__cache_img_path=str(tmp_path / "cache"),
        data_config__use_existing_imgs=True,
        trainer_config__use_wandb=True,
    )
    given["data_config"]["train_labels_path"].pop()
    given["data_config"]["test_file_path"] = [str(labels)]
    key = "trainer_config.wandb.api_key=do not tell"
    said = engine("export-job", write(given, tmp_path), "-o", tmp_path / "out", key)
    assert said.code == 0, said.err
    values = read_config(tmp_path / "out" / "config.yaml").values
    # A file that is named twice comes along once; two of one name stay two.
    assert values["data_config"]["train_labels_path"] == ["labels/labels.pkg.slp"]
    assert values["data_config"]["test_file_path"] == ["labels/labels.pkg.slp"]
    model = values["model_config"]
    places = [model["pretrained_backbone_weights"], model["pretrained_head_weights"]]
    assert places == ["weights/w.ckpt", "weights/w-2.ckpt"]
    assert (tmp_path / "out" / places[1]).read_bytes() == other.as_posix().encode()
    assert values["trainer_config"]["ckpt_dir"] == "models"
    assert values["data_config"]["cache_img_path"] == "image_cache"
    assert values["data_config"]["use_existing_imgs"] is False
    told = (tmp_path / "out" / "README.txt").read_text(encoding="utf-8")
    for key in ("trainer_config.ckpt_dir", "data_config.cache_img_path", "data_config.use_existing_imgs"):
        assert key in said.out
        assert key in told
    assert "WANDB_API_KEY" in said.out
    everything = [file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()]
    assert not any(b"do not tell" in content for content in everything)


def test_folders_inside_stay_as_they_are(tmp_path: Path, config: Path) -> None:
    said = engine("export-job", config, "-o", tmp_path / "out", "trainer_config.ckpt_dir=runs/new")
    assert said.code == 0
    assert "ckpt_dir" not in said.out
    assert read_config(tmp_path / "out" / "config.yaml").values["trainer_config"]["ckpt_dir"] == "runs/new"


def test_files_of_settings_without_effect_come_along_as_they_are(tmp_path: Path, config: Path) -> None:
    val = write_labels(tmp_path, "val.slp", frames=2)
    same = ("data_config.use_same_data_for_val=true", f"data_config.val_labels_path=[{val}]")
    said = engine("export-job", config, "-o", tmp_path / "out", *same)
    assert said.code == 0, said.err
    assert (tmp_path / "out" / "labels" / "val.slp").read_bytes() == val.read_bytes()


def test_labels_without_images_say_where_their_videos_have_to_be(
    tmp_path: Path, labels: Path, config: Path
) -> None:
    said = engine("export-job", config, "-o", tmp_path / "out", "--no-images")
    assert said.code == 0
    assert (tmp_path / "out" / "labels" / "labels.slp").read_bytes() == labels.read_bytes()
    told = (tmp_path / "out" / "README.txt").read_text(encoding="utf-8")
    assert f"    {labels.parent}/labels/000.png and 7 more images\n" in told


def test_the_versions_are_those_installed_here(tmp_path: Path, config: Path) -> None:
    assert engine("export-job", config, "-o", tmp_path / "out").code == 0
    lines = (tmp_path / "out" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for name in ("sleapnn-gui", "torch", "sleap-io", "attrs"):
        assert f"{name}=={version_of(name).partition('+')[0]}" in [line.partition(" ")[0] for line in lines]
    assert not [line for line in lines if line.startswith(("PySide6", "pytest"))]


def refused(tmp_path: Path, *words: str | Path) -> EventBody:
    """Export what cannot be; nothing is there afterwards that was not before."""
    before = left(tmp_path)
    said = engine("export-job", *words)
    assert said.code in (1, 2)
    assert left(tmp_path) == before
    return said


def test_a_place_that_holds_something_is_refused(tmp_path: Path, config: Path) -> None:
    full, file = tmp_path / "full", tmp_path / "file"
    full.mkdir()
    (full / "mine.txt").touch()
    file.touch()
    for place, words in (
        (full, "The folder is not empty"),
        (file, "There is a file of that name"),
        (tmp_path / "no" / "folder", "There is no folder"),
        (tmp_path / ("n" * 300), "its name is too long"),
        (file / "inside", "There is no folder"),
    ):
        said = refused(tmp_path, config, "-o", place)
        assert said.code == 2
        assert words in said.err
    (tmp_path / "empty").mkdir()
    assert engine("export-job", config, "-o", tmp_path / "empty").code == 0


def test_all_that_is_wrong_with_the_config_is_told_at_once(tmp_path: Path, labels: Path) -> None:
    given = job(tmp_path, [labels, tmp_path / "gone.slp"], trainer_config__max_epochs=-1)
    said = refused(tmp_path, write(given, tmp_path), "-o", tmp_path / "out", "trainer_config.seed=-4")
    assert said.code == 2
    for words in ("trainer_config.max_epochs", "trainer_config.seed", "gone.slp does not exist"):
        assert words in said.err


def test_labels_that_cannot_be_trained_on_are_refused_in_the_words_of_a_training(
    tmp_path: Path, labels: Path
) -> None:
    lost = write_labels(tmp_path, "lost.slp")
    shutil.rmtree(tmp_path / "lost")
    damaged = tmp_path / "damaged.slp"
    damaged.write_bytes(labels.read_bytes()[:3000])
    crowd = write_labels(tmp_path, "crowd.slp", animals=2)
    for file in (lost, damaged, crowd):
        path = write(job(tmp_path, file), tmp_path)
        said, trains = refused(tmp_path, path, "-o", tmp_path / "out"), engine("train", path)
        assert said.faults == trains.faults
    bad = write(job(tmp_path, [lost, damaged]), tmp_path)
    assert "for 2 reasons" in refused(tmp_path, bad, "-o", tmp_path / "out").err
    # Without images, only the file itself has to be whole.
    assert (
        engine("export-job", write(job(tmp_path, lost), tmp_path), "-o", tmp_path / "out", "--no-images").code
        == 0
    )
    shutil.rmtree(tmp_path / "out")
    refused(tmp_path, write(job(tmp_path, damaged), tmp_path), "-o", tmp_path / "out", "--no-images")


def test_starts_that_are_not_said_or_said_twice_are_refused(tmp_path: Path, config: Path) -> None:
    auto, listed = "trainer_config.trainer_devices=auto", "trainer_config.trainer_device_indices=[0,1]"
    for words in (
        ["--nodes", "0"],
        ["--devices", "-1"],
        ["--slurm", auto],
        ["--nodes", "2", auto],
        ["--slurm", listed],
        ["--devices", "3", listed],
    ):
        said = refused(tmp_path, config, "-o", tmp_path / "out", *words)
        assert said.code == 2, words
        assert len(said.faults) == 1
