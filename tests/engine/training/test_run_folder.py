"""Names of run folders, and that a run is never written over."""

import re
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.training.artifacts.run_folder import SIGNS_OF_A_RUN, create_run_folder
from tests.engine.training.jobs import values


def job(folder: Path, **changes: Any) -> Job:
    return build_job(values(Path("/data"), folder, **changes))


def test_name_and_place_come_from_the_job(tmp_path: Path) -> None:
    folder = create_run_folder(job(tmp_path / "a" / "b"), model_type="single_instance").path
    assert folder == tmp_path / "a" / "b" / "run"
    assert folder.is_dir()


@pytest.mark.parametrize("name", [None, "", "None"])
def test_without_a_name_it_is_time_and_head(tmp_path: Path, name: str | None) -> None:
    folder = create_run_folder(
        job(tmp_path, trainer_config__run_name=name), model_type="single_instance"
    ).path
    assert re.fullmatch(r"\d{6}_\d{6}_single_instance", folder.name)


def test_without_a_place_it_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = create_run_folder(
        job(tmp_path, trainer_config__ckpt_dir=None), model_type="single_instance"
    ).path
    assert folder == tmp_path / "run"


@pytest.mark.parametrize("sign", SIGNS_OF_A_RUN)
def test_a_folder_with_a_run_is_kept(tmp_path: Path, sign: str) -> None:
    for name in ("run", "run-1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / sign).touch()
    assert create_run_folder(job(tmp_path), model_type="single_instance").path == tmp_path / "run-2"


def test_a_folder_without_a_run_is_used(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").touch()
    assert create_run_folder(job(tmp_path), model_type="single_instance").path == tmp_path / "run"


def test_a_chosen_folder_is_used_as_it_is_or_refused(tmp_path: Path) -> None:
    chosen = tmp_path / "here"
    assert create_run_folder(job(tmp_path), model_type="single_instance", chosen=chosen).path == chosen
    (chosen / "best.ckpt").touch()
    with pytest.raises(UserError) as caught:
        create_run_folder(job(tmp_path), model_type="single_instance", chosen=chosen)
    assert caught.value.usage
    assert caught.value.where == str(chosen)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="run folder cannot be made"):
        create_run_folder(job(tmp_path / "file"), model_type="single_instance")
