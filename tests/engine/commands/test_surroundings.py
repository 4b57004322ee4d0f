"""`train` where the disk is full or read-only, the terminal is gone or knows few letters, or files vanish."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.training.jobs import ROOT, cold, events, finish, start, wait_for
from tests.engine.training.rendered import write_labels

from .in_process import smallest_job

ENGINE = [sys.executable, "-m", "sleapnn_engine"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="session")
def small_disks() -> None:
    """Skips where this user may not mount a disk of a few kilobytes for one process."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare to mount a small disk with")
    if subprocess.run(
        ["unshare", "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True
    ).returncode:
        pytest.skip("this user may not mount a small disk")


def on_disk(
    folder: Path, options: str, config: Path, *words: str, command: str = "train"
) -> tuple[int, list[str], str, list[str]]:
    """Train with a new disk mounted at `folder`: exit code, lines of errors, what run.log says, files left on it."""
    folder.mkdir()
    quoted = shlex.quote(str(folder))
    script = (
        f"mount -t tmpfs -o {options} none {quoted} && {shlex.join([*ENGINE, command, str(config), *words])}; code=$?;"
        f"echo; echo FILES; find {quoted} -type f; echo LOG; cat {quoted}/models/run/run.log; exit $code"
    )
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script], env=ENVIRONMENT, capture_output=True, text=True, timeout=90
    )
    files, log = done.stdout.partition("\nFILES\n")[2].split("LOG\n")
    faults = [line for line in done.stderr.splitlines() if not line.startswith(("warning: ", "cat: "))]
    return done.returncode, faults, log, [Path(line).name for line in files.splitlines()]


@pytest.mark.usefixtures("small_disks")
@pytest.mark.parametrize("size", ["4k", "170k", "400k"])
def test_a_full_disk_ends_in_one_sentence(tmp_path: Path, size: str) -> None:
    disk, labels = tmp_path / "disk", write_labels(tmp_path)
    config = smallest_job(
        tmp_path,
        labels,
        "single_instance",
        trainer_config__ckpt_dir=str(disk / "models"),
        trainer_config__save_ckpt=True,
        trainer_config__max_epochs=9,
        trainer_config__visualize_preds_during_training=True,
    )
    code, faults, log, files = on_disk(disk, f"size={size}", config)
    assert code == 1
    (said,) = [line for line in faults if ": note: " not in line]
    assert said.startswith(f"{disk}/models/run")
    assert not [name for name in files if name.endswith(".part")]
    if size == "4k":
        assert "that disk is full" in said
        assert files == []
    else:
        assert "The disk is full." in said
        assert "The last state could not be saved" in log
        assert {"initial_config.yaml", "training_config.yaml", "training_log.csv"} <= set(files)


@pytest.mark.usefixtures("small_disks")
def test_a_checkpoint_that_cannot_fit_is_refused_before_the_first_step(tmp_path: Path) -> None:
    disk, labels = tmp_path / "disk", write_labels(tmp_path)
    config = smallest_job(
        tmp_path,
        labels,
        "single_instance",
        trainer_config__ckpt_dir=str(disk / "models"),
        trainer_config__save_ckpt=True,
        model_config__backbone_config__unet__filters=32,
    )
    code, faults, _, files = on_disk(disk, "size=300k", config)
    assert code == 1
    assert "A checkpoint takes " in faults[-1]
    assert faults[-1].startswith(f"{disk}/models/run: ")
    assert files == []


@pytest.mark.usefixtures("small_disks")
def test_a_job_that_cannot_fit_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    config = smallest_job(tmp_path, write_labels(tmp_path), "single_instance")
    code, faults, _, files = on_disk(disk, "size=2m", config, "-o", str(disk / "job"), command="export-job")
    assert code == 1
    assert faults[-1].startswith(f"{disk}: The job takes up to 16 MB, and there are 2 MB free.")
    assert files == []


@pytest.mark.usefixtures("small_disks")
@pytest.mark.parametrize("words", [(), ("--run-dir",)])
def test_a_disk_that_cannot_be_written_to_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    disk, labels = tmp_path / "disk", write_labels(tmp_path)
    config = smallest_job(tmp_path, labels, "single_instance", trainer_config__ckpt_dir=str(disk / "models"))
    more = [*words, *(str(disk / "here") for _ in words)]
    code, faults, _, files = on_disk(disk, "ro", config, *more)
    assert code in (1, 2)
    assert str(disk) in faults[-1]
    assert files == []


def test_a_pipe_that_nobody_reads_any_more_does_not_end_the_training(tmp_path: Path) -> None:
    config = smallest_job(tmp_path, write_labels(tmp_path), "single_instance", trainer_config__max_epochs=40)
    process = cold(config)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("run folder: ")
    process.stdout.close()
    with process.stderr:
        err = process.stderr.read()
    assert process.wait(60) == 0
    assert "BrokenPipe" not in err
    assert events(tmp_path / "models" / "run")[-1]["body"]["epochs"] == 40


def test_a_terminal_of_few_letters_shows_the_others_as_codes(tmp_path: Path) -> None:
    folder = tmp_path / "мыши"
    folder.mkdir()
    config = smallest_job(folder, write_labels(folder), "single_instance")
    done = subprocess.run(
        [*ENGINE, "train", str(config)],
        env={**ENVIRONMENT, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].endswith(r"\u043c\u044b\u0448\u0438/models/run")


@pytest.mark.skipif(
    not hasattr(signal, "SIGHUP"), reason="this system tells nobody that a terminal was closed"
)
def test_a_closed_terminal_keeps_the_state(tmp_path: Path) -> None:
    config = smallest_job(
        tmp_path,
        write_labels(tmp_path),
        "single_instance",
        trainer_config__max_epochs=100_000,
        trainer_config__save_ckpt=True,
    )
    process = start(config)
    run = tmp_path / "models" / "run"
    wait_for(run / "best.ckpt", process=process)
    process.send_signal(signal.SIGHUP)
    assert finish(process)[0] == 130
    assert (run / "last.ckpt").is_file()
    assert events(run)[-1]["body"]["outcome"] == "stopped"


def test_images_that_vanish_while_training_are_named_and_the_state_is_kept(tmp_path: Path) -> None:
    labels = write_labels(tmp_path)
    config = smallest_job(
        tmp_path,
        labels,
        "single_instance",
        trainer_config__max_epochs=100_000,
        trainer_config__save_ckpt=True,
    )
    process = start(config)
    run = tmp_path / "models" / "run"
    wait_for(run / "best.ckpt", process=process)
    shutil.rmtree(labels.with_suffix(""))
    code, _, err = finish(process)
    assert code == 1
    said = err.splitlines()[-1]
    assert f"{labels}, video 0" in said
    assert "The image of this frame cannot be read" in said
    assert "Traceback" not in err
    assert (run / "last.ckpt").is_file()
    assert events(run)[-1]["kind"] == "failed"
