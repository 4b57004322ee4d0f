"""One training on two machines: the same command under torchrun and under SLURM's srun. Both machines are this one."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.trainer import TrainerConfig
from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.training.processes.cluster import Membership, own_membership
from sleapnn_engine.training.processes.device import open_fabric
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import ROOT, Engine, config_file, events, outline, wait_for
from tests.engine.training.rendered import job, write_labels
from tests.engine.training.test_train_command import Viewer, kind
from tests.engine.warm import CAN_FORK, WarmEngine


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("labels"), frames=12)


def endless(folder: Path, labels: Path, *, batch: int, steps: int = 100_000) -> dict[str, Any]:
    return job(
        folder,
        labels,
        trainer_config__train_data_loader__batch_size=batch,
        trainer_config__train_steps_per_epoch=steps,
        trainer_config__save_ckpt=True,
    )


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def started() -> Iterator[list[Any]]:
    """Processes that a test starts; none stays."""
    processes: list[Any] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()


#: What torchrun is, where PyTorch is loaded already.
AGENT = """
import sys
from torch.distributed.run import main
main(sys.argv[1:])
raise SystemExit(0)
"""


def torchrun(config: Path, *, node: int, port: int) -> Engine:
    """The agent of one machine, with one process."""
    words = [
        *("--nnodes", "2", "--node-rank", str(node), "--nproc-per-node", "1"),
        *("--master-addr", "127.0.0.1", "--master-port", str(port), "-m", "sleapnn_engine"),
        *("train", str(config), "--precision", "32"),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    if CAN_FORK:
        return WarmEngine(words, folder=config.parent, environment=environment, first=AGENT)
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *words],
        cwd=config.parent,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def srun(config: Path, *, rank: int, port: int) -> Engine:
    """One of two tasks, each on a machine of its own, with what SLURM says in their environment."""
    places = {
        "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_STEP_NUM_NODES": "2",
        "SLURM_NTASKS": "2",
        "SLURM_NTASKS_PER_NODE": "1",
        "SLURM_NNODES": "2",
        "SLURM_JOB_ID": "4711",
        "SLURM_JOB_NAME": "train",
        "SLURM_PROCID": str(rank),
        "SLURM_NODEID": str(rank),
        "SLURM_LOCALID": "0",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    environment = {**os.environ, **places, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    words = ["train", str(config), "--precision", "32"]
    return WarmEngine(words, folder=config.parent, environment=environment)


def losses(run: Path) -> list[float]:
    return [event["body"]["loss"] for event in events(run) if event["kind"] == "batch_end"]


def alone(folder: Path, labels: Path, *, steps: int) -> list[float]:
    """The losses of one process with the doubled batch."""
    folder.mkdir()
    assert (
        train(build_job(endless(folder, labels, batch=4, steps=steps)), precision="32", stream=io.StringIO())
        == 0
    )
    return losses(folder / "models" / "run")


@pytest.mark.timeout(240)
def test_two_machines_under_torchrun_train_as_one_process_does(
    labels: Path, tmp_path: Path, started: list[Any]
) -> None:
    config, port = config_file(endless(tmp_path, labels, batch=2), tmp_path), free_port()
    started += [torchrun(config, node=node, port=port) for node in (1, 0)]
    run = tmp_path / "models" / "run"
    wait_for(run / "engine.json", process=started[1], seconds=120)
    with EngineClient(Connection.read(run)) as client:
        viewer = Viewer(client)
        viewer.until(kind("batch_end"))
        viewer.ask("pause")
        paused = viewer.until(kind("paused")).body
        viewer.ask("checkpoint")
        viewer.until(kind("checkpoint"))
        viewer.ask("resume")
        assert viewer.until(kind("batch_end")).body["step"] == paused["step"]
        viewer.ask("stop", after="batch")
        viewer.until(kind("finished"))
    ends = [process.communicate(timeout=90) for process in started]
    assert [process.returncode for process in started] == [0, 0], ends
    assert ends[0][0] == "", "the second machine has something to say"
    told = events(run)
    assert outline(run).count("started") == outline(run).count("finished") == 1
    assert (
        next(event["body"]["device"] for event in told if event["kind"] == "started") == "cpu (2 processes)"
    )
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["run"]
    found = losses(run)
    assert found == pytest.approx(alone(tmp_path / "alone", labels, steps=len(found)), rel=1e-5)
    assert torch.load(run / "last.ckpt", weights_only=True)["global_step"] == len(found)


needs_fork = pytest.mark.skipif(not CAN_FORK, reason="processes cannot be forked here")


def begin(folder: Path, labels: Path, started: list[Any]) -> Path:
    """Start two tasks of SLURM and wait for their first steps; returns the run folder."""
    config, port = config_file(endless(folder, labels, batch=2), folder), free_port()
    started += [srun(config, rank=rank, port=port) for rank in (0, 1)]
    run = folder / "models" / "run"
    journal = wait_for(run / "events.jsonl", process=started[0])
    until = time.monotonic() + 60
    while b'"batch_end"' not in journal.read_bytes():
        assert started[0].poll() is None, started[0].communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    return run


@needs_fork
def test_a_task_that_is_lost_ends_the_run_with_its_last_words(
    labels: Path, tmp_path: Path, started: list[Any]
) -> None:
    run = begin(tmp_path, labels, started)
    started[1].kill()
    began = time.monotonic()
    assert started[0].wait(10) == 1
    assert time.monotonic() - began < 10
    last = events(run)[-1]
    assert last["kind"] == "failed"
    assert last["body"]["message"] == "Process 2 of 2 (cpu) ended before the run did."
    assert "Process 2 of 2 (cpu) ended" in started[0].communicate()[1]
    found = losses(run)
    assert torch.load(run / "last.ckpt", weights_only=True)["global_step"] == len(found)


@needs_fork
def test_no_task_outlives_the_first(labels: Path, tmp_path: Path, started: list[Any]) -> None:
    begin(tmp_path, labels, started)
    started[0].kill()
    assert started[1].wait(10) == 1
    assert started[1].communicate()[0] == ""


@needs_fork
def test_what_refuses_the_job_ends_all_tasks_and_is_said_once(tmp_path: Path, started: list[Any]) -> None:
    config = config_file(endless(tmp_path, tmp_path / "gone.slp", batch=2), tmp_path)
    port = free_port()
    started += [srun(config, rank=rank, port=port) for rank in (0, 1)]
    assert [process.wait(60) != 0 for process in started] == [True, True]
    said = [process.communicate()[1] for process in started]
    assert "gone.slp" in said[0]
    assert said[1] == ""
    assert not (tmp_path / "models" / "run").exists()


@needs_fork
def test_a_signal_to_all_tasks_ends_the_run_orderly(labels: Path, tmp_path: Path, started: list[Any]) -> None:
    run = begin(tmp_path, labels, started)
    for process in reversed(started):  # SLURM's way at the end of a job's time
        process.send_signal(signal.SIGTERM)
    assert started[0].wait(30) == 130
    assert started[1].wait(30) in (0, 1)
    last = events(run)[-1]
    assert (last["kind"], last["body"]["outcome"]) == ("finished", "stopped")


TORCHRUN = {
    "RANK": "3",
    "LOCAL_RANK": "1",
    "WORLD_SIZE": "4",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "here",
    "MASTER_PORT": "1",
    "TORCHELASTIC_RUN_ID": "x",
}
SRUN = {"SLURM_STEP_NUM_TASKS": "8", "SLURM_STEP_NUM_NODES": "4", "SLURM_PROCID": "5", "SLURM_NTASKS": "8"}
BATCH = {"SLURM_NTASKS": "8", "SLURM_PROCID": "0", "SLURM_JOB_ID": "4711"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (TORCHRUN, Membership(rank=3, world=4, here=2, launcher="torchrun")),
        (SRUN, Membership(rank=5, world=8, here=2, launcher="srun")),
        ({}, Membership()),
        # A batch script of SLURM is one process, whatever it may start; and a RANK alone is nobody's.
        (BATCH, Membership()),
        ({"RANK": "1"}, Membership()),
    ],
)
def test_a_process_knows_its_place(environment: dict[str, str], expected: Membership) -> None:
    assert own_membership(environment) == expected
    assert expected.machines * expected.here == expected.world


def test_a_launcher_and_a_config_that_differ_are_refused() -> None:
    settings = TrainerConfig(trainer_accelerator="cpu", trainer_devices=1)
    with pytest.raises(UserError, match="torchrun has started 2 processes on this machine") as refused:
        open_fabric(settings, backbone="unet", precision="32", member=own_membership(TORCHRUN))
    assert refused.value.where == "trainer_config.trainer_devices"
    assert refused.value.usage
