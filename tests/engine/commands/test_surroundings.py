"""`train` where the disk is full or read-only, the terminal is gone or knows few letters, or files vanish."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sleapnn_engine.cli import main
from tests.engine.commands.in_process import smallest_job
from tests.engine.training.jobs import ROOT, cold, events, finish, start, wait_for
from tests.engine.training.rendered import write_labels
from tests.engine.warm import CAN_FORK, WarmEngine

ENGINE = [sys.executable, "-m", "sleapnn_engine"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="session")
def small_disks() -> None:
    """Skips where this user may not mount a disk of a few kilobytes for one process."""
    if not CAN_FORK or shutil.which("unshare") is None:
        pytest.skip("there is no unshare to mount a small disk with")
    if subprocess.run(
        ["unshare", "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True
    ).returncode:
        pytest.skip("this user may not mount a small disk")


#: What an engine's process does first: it mounts a disk that only it sees, goes on as a child of its own, and writes down
#: what that has left on the disk.
MOUNT = """
import ctypes, json, os
from pathlib import Path
disk, options, report = {words!r}
system, user, group = ctypes.CDLL(None, use_errno=True), os.getuid(), os.getgid()
def call(name, *words):
    assert getattr(system, name)(*words) == 0, (name, os.strerror(ctypes.get_errno()))
call("unshare", 0x10020000)  # users and mounts of its own
for file, text in (("setgroups", "deny"), ("uid_map", f"0 {{user}} 1"), ("gid_map", f"0 {{group}} 1")):
    Path("/proc/self", file).write_text(text)
call("mount", b"none", b"/", None, 0x44000, None)  # nothing of it is seen elsewhere
read_only = options == "ro"
call("mount", b"none", disk.encode(), b"tmpfs", int(read_only), None if read_only else options.encode())
child = os.fork()
if child:
    _, status = os.waitpid(child, 0)
    log = Path(disk, "models", "run", "run.log")
    files = [path.name for path in Path(disk).rglob("*") if path.is_file()]
    Path(report).write_text(json.dumps([files, log.read_text() if log.exists() else ""]))
    os._exit(os.waitstatus_to_exitcode(status))
"""


def on_disk(
    folder: Path, options: str, config: Path, *words: str, command: str = "train"
) -> tuple[int, list[str], str, list[str]]:
    """Train with a new disk mounted at `folder`: exit code, lines of errors, what run.log says, files left on it."""
    folder.mkdir()
    report = folder.with_name("left.json")
    first = MOUNT.format(words=(str(folder), options, str(report)))
    engine = WarmEngine([command, str(config), *words], folder=config.parent, first=first)
    code, _, err = finish(engine)
    files, log = json.loads(report.read_text())
    return code, [line for line in err.splitlines() if not line.startswith("warning: ")], log, files


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


@pytest.mark.skipif(not CAN_FORK or not Path("/dev/full").exists(), reason="needs a file on a full disk")
def test_where_nothing_can_be_printed_any_more_it_trains_all_the_same(tmp_path: Path) -> None:
    config = smallest_job(
        tmp_path, write_labels(tmp_path), "single_instance", data_config__use_augmentations_train=True
    )
    first = (
        "import os, sys\n"
        "sys.stderr.reconfigure(line_buffering=True)\n"
        "for number in (1, 2): os.dup2(os.open('/dev/full', os.O_WRONLY), number)\n"
    )
    code, _, _ = finish(WarmEngine(["train", str(config)], folder=tmp_path, first=first))
    assert code == 0
    assert events(tmp_path / "models" / "run")[-1]["kind"] == "finished"


def test_a_list_that_finds_no_place_is_told(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    with Path("/dev/full").open("w", encoding="utf-8", buffering=1) as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["presets", "list"]) == 1
        monkeypatch.undo()
        assert "found no place: that disk is full" in capsys.readouterr().err
        with contextlib.suppress(OSError):
            full.close()


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
