"""Training in several processes: the numbers of one process with the larger batch, and one run in every other respect."""

import csv
import io
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.schema.trainer import TrainerConfig
from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.messages import Command
from sleapnn_engine.training.processes import launch
from sleapnn_engine.training.processes.device import open_fabric, usable_cores
from sleapnn_engine.training.random_stream import random_seed
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import ROOT, config_file, events, finish, outline, start, wait_for
from tests.engine.training.rendered import job, write_labels
from tests.engine.training.test_train_command import Viewer, kind
from tests.engine.warm import CAN_FORK, WarmEngine

pytestmark = pytest.mark.skipif(usable_cores() < 2, reason="this process may use one processor core only")

#: 12 frames of which 3 validate: batches of 4, 4 and 1, so that one of two processes has none of the last.
FRAMES = 12
SCHEDULE = {"step_lr": {"step_size": 1, "gamma": 0.1}, "reduce_lr_on_plateau": None}

#: The first group of processes that torch makes here keeps its two addresses for as long as this process runs.
MAY_LEAVE = ("socket",)


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("labels"), frames=FRAMES)


def trained(config: dict[str, Any]) -> Path:
    """Train in this process in float32, where sums of parts are exact enough; returns the run folder."""
    assert train(build_job(config), precision="32", stream=io.StringIO()) == 0
    return Path(config["trainer_config"]["ckpt_dir"]) / config["trainer_config"]["run_name"]


def losses(run: Path) -> list[float]:
    return [event["body"]["loss"] for event in events(run) if event["kind"] == "batch_end"]


def alone_and_together(
    folder: Path, labels: Path, *, steps: int, before: Callable[[], None] = lambda: None, **changes: Any
) -> tuple[Path, Path]:
    """The runs of one process with batches of 4 and of two with batches of 2; steps are divided among them."""
    runs = []
    for devices in (1, 2):
        before()
        config = job(
            folder / str(devices),
            labels,
            trainer_config__trainer_devices=devices,
            trainer_config__train_data_loader__batch_size=4 // devices,
            trainer_config__train_steps_per_epoch=devices * steps,
            trainer_config__save_ckpt=True,
            **changes,
        )
        runs.append(trained(config))
    return runs[0], runs[1]


@pytest.mark.setting(
    "trainer_config.trainer_devices",
    "trainer_config.trainer_strategy",
    "trainer_config.train_steps_per_epoch",
    "trainer_config.train_data_loader.batch_size",
)
def test_two_processes_learn_what_one_does_with_the_doubled_batch(
    labels: Path, tmp_path: Path, others: list[WarmEngine]
) -> None:
    one, two = alone_and_together(
        tmp_path,
        labels,
        steps=4,
        trainer_config__max_epochs=2,
        trainer_config__trainer_strategy="ddp_find_unused_parameters_true",
        trainer_config__online_hard_keypoint_mining__online_mining=True,
        trainer_config__lr_scheduler=SCHEDULE,
    )
    assert len(losses(two)) == 8
    assert losses(two) == pytest.approx(losses(one), rel=1e-5)
    assert rows(two) == [pytest.approx(row, rel=1e-5) for row in rows(one)]
    assert [row["learning_rate"] for row in rows(two)] == [0.001, 0.0001]
    # One journal, one folder, one set of files.
    assert outline(two).count("started") == 1
    assert [kind for kind in outline(two) if not kind.startswith("model ")] == [
        kind for kind in outline(one) if not kind.startswith("model ")
    ]
    assert files(two) == files(one)
    started = next(event["body"] for event in events(two) if event["kind"] == "started")
    assert (started["device"], started["steps_per_epoch"]) == ("cpu (2 processes)", 4)
    written = read_config(two / "training_config.yaml").values["trainer_config"]
    assert (written["trainer_devices"], written["train_steps_per_epoch"]) == (2, 8)
    assert not alive(others)


def rows(run: Path) -> list[dict[str, float]]:
    """The log without its times."""
    with (run / "training_log.csv").open(encoding="utf-8") as file:
        return [
            {name: float(value) for name, value in row.items() if "time" not in name}
            for row in csv.DictReader(file)
        ]


def files(run: Path) -> set[str]:
    """All but the images of frames that are kept: which ones are the worst may hang on the last digit."""
    return {path.relative_to(run).as_posix() for path in run.rglob("*") if not path.name.startswith("image-")}


@pytest.fixture(autouse=True)
def others(monkeypatch: pytest.MonkeyPatch) -> list[WarmEngine]:
    """The further processes that a test's runs start, which have their imports done where that can be had."""
    started: list[WarmEngine] = []

    def begin(words: Sequence[str], places: dict[str, str]) -> WarmEngine:
        started.append(WarmEngine(words[3:], folder=ROOT, environment={**os.environ, **places}))
        return started[-1]

    if CAN_FORK:
        monkeypatch.setattr(launch, "_start", begin)
    return started


def alive(others: list[WarmEngine]) -> list[WarmEngine]:
    """Those of the further processes that have not ended; some have to have been started."""
    assert others or not CAN_FORK
    return [other for other in others if other.poll() is None]


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have a stop after the batch arrive at the n-th look for commands."""

    def at(look: int) -> None:
        looks = iter(range(10**9))
        commands = [Command("stop", {"after": "batch"})]
        monkeypatch.setattr(
            EngineChannel, "pop_commands", lambda channel: commands if next(looks) == look else []
        )

    return at


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where the first process has waited for the others."""
    made, found = socket.create_server, []

    def create_server(*args: Any, **more: Any) -> socket.socket:
        server = made(*args, **more)
        found.append(server.getsockname()[:2])
        return server

    monkeypatch.setattr(socket, "create_server", create_server)
    return found


def test_classes_and_crops_are_shared_exactly_and_a_stop_ends_all(
    tmp_path: Path,
    stopped: Callable[[int], None],
    others: list[WarmEngine],
    doors: list[tuple[str, int]],
) -> None:
    one, two = alone_and_together(
        tmp_path,
        write_labels(tmp_path, frames=5, animals=2, tracks=("a", "b")),
        steps=100,
        before=lambda: stopped(3),
        model_type="multi_class_topdown",
        data_config__use_same_data_for_val=True,
        data_config__data_pipeline_fw="torch_dataset_cache_img_disk",
    )
    assert len(losses(two)) == 3
    assert losses(two) == pytest.approx(losses(one), rel=1e-5)
    assert torch.load(two / "last.ckpt", weights_only=True)["global_step"] == 3
    assert files(two) == files(one)
    assert not alive(others)
    (door,) = doors
    with pytest.raises(ConnectionRefusedError):  # nobody listens at it any longer
        socket.create_connection(door, timeout=5)


def test_a_run_that_is_taken_up_again_draws_the_same_random_changes(labels: Path, tmp_path: Path) -> None:
    def config(name: str, **changes: Any) -> dict[str, Any]:
        return job(
            tmp_path,
            labels,
            data_config__augmentation_config__geometric__rotation_max=90,
            data_config__augmentation_config__geometric__affine_p=1.0,
            trainer_config__trainer_devices=2,
            trainer_config__train_steps_per_epoch=8,
            trainer_config__max_epochs=2,
            trainer_config__save_ckpt=True,
            trainer_config__model_ckpt__save_top_k=-1,
            trainer_config__run_name=name,
            **{"data_config__use_augmentations_train": True, **changes},
        )

    whole = trained(config("whole"))
    plain = trained(config("plain", data_config__use_augmentations_train=False))
    changed = zip(losses(whole), losses(plain), strict=True)
    assert all(one != other for one, other in changed), "a batch was not changed"
    first = next(
        path
        for path in whole.glob("*.ckpt")
        if torch.load(path, weights_only=True)["sleapnn_engine"]["next_epoch"] == 1
    )
    rest = trained(config("rest", trainer_config__resume_ckpt_path=str(first)))
    assert losses(rest) == losses(whole)[4:]
    assert "This run has" not in (rest / "run.log").read_text(encoding="utf-8")


def test_every_process_and_step_has_random_changes_of_its_own() -> None:
    drawn = {
        random_seed(seed, rank=rank, step=step) for seed in (1, 2) for rank in (1, 2) for step in range(50)
    }
    assert len(drawn) == 2 * 2 * 50


def cpus(devices: int | str | None, indices: list[int] | None = None) -> TrainerConfig:
    return TrainerConfig(trainer_accelerator="cpu", trainer_devices=devices, trainer_device_indices=indices)


@pytest.mark.setting("trainer_config.trainer_devices", "trainer_config.trainer_device_indices")
def test_devices_that_are_not_there_are_refused() -> None:
    def chosen(devices: int | str | None, indices: list[int] | None = None) -> list[str]:
        fabric = open_fabric(cpus(devices, indices), backbone="unet", precision="32")
        return [str(fabric.device)] * fabric.world_size

    assert chosen(None) == chosen("auto") == chosen(1) == chosen(9, [0]) == ["cpu"]
    assert chosen(2) == ["cpu", "cpu"]
    for devices, indices in ((usable_cores() + 1, None), (2, [0, 0]), (2, [0, 1])):
        with pytest.raises(UserError) as refused:
            chosen(devices, indices)
        assert refused.value.usage


def endless(folder: Path, labels: Path) -> dict[str, Any]:
    return job(
        folder,
        labels,
        trainer_config__trainer_devices=2,
        trainer_config__train_steps_per_epoch=100_000,
        trainer_config__save_ckpt=True,
    )


def gone(other: psutil.Process) -> bool:
    """Whether a process has ended; a zombie whose parent is gone has."""
    return not other.is_running() or other.status() == psutil.STATUS_ZOMBIE


@pytest.mark.timeout(120)
def test_a_pause_holds_all_processes_and_ctrl_c_ends_them(labels: Path, tmp_path: Path) -> None:
    process, run = start(config_file(endless(tmp_path, labels), tmp_path)), tmp_path / "models" / "run"
    wait_for(run / "engine.json", process=process)
    with EngineClient(Connection.read(run)) as client:
        viewer = Viewer(client)
        viewer.until(kind("batch_end"))
        (other,) = psutil.Process(process.pid).children()
        viewer.ask("pause")
        paused = viewer.until(kind("paused")).body
        before = other.cpu_times().user
        viewer.until(kind("heartbeat"))
        viewer.until(kind("heartbeat"))
        assert other.cpu_times().user - before < 0.2
        viewer.ask("checkpoint")
        viewer.until(kind("checkpoint"))
        viewer.ask("release_memory")
        viewer.until(kind("memory_released"))
        viewer.ask("resume")
        viewer.until(kind("resumed"))
        assert viewer.until(kind("batch_end")).body["step"] == paused["step"]
    # A terminal sends it to every process in front of it.
    for pid in (other.pid, process.pid):
        os.kill(pid, signal.SIGINT)
    code, _, err = finish(process)
    assert code == 130
    assert "Traceback" not in err
    assert gone(other)
    last = events(run)[-1]
    assert (last["kind"], last["body"]["outcome"]) == ("finished", "stopped")
    content = torch.load(run / "last.ckpt", weights_only=True)
    assert content["global_step"] == outline(run).count("batch_end")


def test_a_process_that_is_lost_ends_the_run_with_the_reason(
    labels: Path, tmp_path: Path, others: list[WarmEngine]
) -> None:
    run = tmp_path / "models" / "run"

    def kill() -> None:
        journal = run / "events.jsonl"
        while not journal.exists() or b'"batch_end"' not in journal.read_bytes():
            time.sleep(0.02)
        for other in others:
            other.kill()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    with pytest.raises(UserError) as failed:
        trained(endless(tmp_path, labels))
    killer.join()
    assert failed.value.message == "Process 2 of 2 (cpu) ended before the run did (SIGKILL)."
    last = events(run)[-1]
    assert (last["kind"], last["body"]["message"]) == ("failed", failed.value.message)
    content = torch.load(run / "last.ckpt", weights_only=True)
    assert all(value.isfinite().all() for value in content["state_dict"].values())
    assert not alive(others)


#: Run in the other process before anything else: it fails in its third step.
FAILS = """
import sleapnn_engine.training.loop as loop
forward, seen = loop.total_loss, []
def broken(*args, **more):
    seen.append(1)
    if len(seen) > 2:
        raise ValueError('a fault of its own')
    return forward(*args, **more)
loop.total_loss = broken
"""


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other processes fail in their third step."""

    def begin(words: Sequence[str], places: dict[str, str]) -> WarmEngine:
        return WarmEngine(words[3:], folder=ROOT, environment={**os.environ, **places}, first=FAILS)

    monkeypatch.setattr(launch, "_start", begin)


@pytest.mark.skipif(not CAN_FORK, reason="processes cannot be forked here")
@pytest.mark.usefixtures("fails")
def test_what_goes_wrong_in_a_process_is_told_as_if_it_were_here(labels: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError) as failed:
        trained(endless(tmp_path, labels))
    assert failed.value.__cause__ is not None
    assert failed.value.message == (
        "Process 2 of 2 (cpu) failed: Training failed with ValueError: a fault of its own"
    )
    assert "in training_step" in str(failed.value.__cause__.__cause__)
    run = tmp_path / "models" / "run"
    assert torch.load(run / "last.ckpt", weights_only=True)["global_step"] == 2


def test_a_failure_before_the_others_are_needed_leaves_none(
    labels: Path, tmp_path: Path, others: list[WarmEngine]
) -> None:
    config = job(tmp_path, tmp_path / "gone.slp", trainer_config__trainer_devices=2)
    with pytest.raises(UserError, match="gone"):
        train(build_job(config), stream=io.StringIO())
    assert not alive(others)
