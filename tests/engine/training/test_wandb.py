"""Logging to Weights & Biases as a user runs it: kept here, sent to a stand-in for the server, refused, and broken."""

import contextlib
import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from sleapnn_engine.config.files import read_config
from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.connection import Connection
from tests.engine.training.jobs import ROOT, Engine, config_file, events, faults, finish
from tests.engine.training.rendered import job, write_labels
from tests.engine.training.wandb_server import EARLIER, KEY, Server, serving
from tests.engine.warm import CAN_FORK, WarmEngine

WANDB = "trainer_config__wandb__"
#: The command with limits that a test can wait for.
LIMITS = """
import sys
from sleapnn_engine.training.callbacks import wandb_session
wandb_session.SIGN_IN_SECONDS, wandb_session.FINISH_SECONDS, wandb_session.CLOSE_SECONDS = 3, 3, 3
"""
MAIN = """
from sleapnn_engine.__main__ import main
main()
"""


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Path]:
    """Writes a job that logs to Weights & Biases; takes keys of `trainer_config.wandb`, and any other by its dotted name."""
    labels = write_labels(tmp_path)

    def make(**settings: Any) -> Path:
        changes = {name if "__" in name else WANDB + name: value for name, value in settings.items()}
        usual = {"use_wandb": True, "max_epochs": 2, "save_ckpt": True}
        made = job(
            tmp_path, labels, **{f"trainer_config__{name}": value for name, value in usual.items()} | changes
        )
        file = config_file(made, tmp_path)
        # Nothing of ours writes a key to a file, but a person may have.
        file.write_text(
            file.read_text().replace("api_key: null", f"api_key: {settings.get('api_key', 'null')}")
        )
        return file

    return make


Config = Callable[..., Path]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of the tests without anything that Weights & Biases would find a login in."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    (home / "home").mkdir(exist_ok=True)
    own = {
        "HOME": str(home / "home"),
        "USERPROFILE": str(home / "home"),
        "NETRC": str(home / "home" / "netrc"),
    }
    return {**plain, **own, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **more}


def start(config: Path, *words: str, first: str = "", **more: str) -> Engine:
    around, before = environment(config.parent, **more), LIMITS + first
    if CAN_FORK:
        return WarmEngine(
            ["train", str(config), *words], folder=config.parent, environment=around, first=before
        )
    return subprocess.Popen(
        [sys.executable, "-c", before + MAIN, "train", str(config), *words],
        cwd=config.parent,
        env=around,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def rows(run: Path) -> list[dict[str, float]]:
    """`training_log.csv` as numbers."""
    with (run / "training_log.csv").open(encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def tracked(run: Path) -> dict[str, Any]:
    return read_config(run / "training_config.yaml").values["trainer_config"]["wandb"]


def holding_the_key(folder: Path) -> list[str]:
    """Names of all files below a folder that hold the key."""
    return [path.name for path in folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


@pytest.mark.setting(
    "trainer_config.use_wandb",
    "trainer_config.wandb.wandb_mode",
    "trainer_config.wandb.api_key",
    "trainer_config.wandb.save_viz_imgs_wandb",
)
def test_a_run_is_kept_here_without_its_key(config: Config, tmp_path: Path) -> None:
    file = config(
        wandb_mode="offline",
        project="flies",
        save_viz_imgs_wandb=True,
        trainer_config__visualize_preds_during_training=True,
    )
    # A key among the words of the command would be kept with the run, which notes its command line.
    code, out, err = finish(start(file, f"trainer_config.wandb.api_key={KEY}"))
    assert (code, faults(err)) == (0, [])
    assert "wandb" not in out
    run = tmp_path / "models" / "run"
    (kept,) = (run / "wandb").glob("offline-run-*")
    (record,) = kept.glob("*.wandb")
    content = record.read_bytes()
    for row in rows(run):
        for name, value in row.items():
            assert name.encode() in content
            assert json.dumps(value).encode() in content or value == int(value)
    for name in (b"val/median_px/nose", b"val/p90_px", b"flies", b"validation_fraction", b"api_key=***"):
        assert name in content
    assert holding_the_key(tmp_path) == []
    pictures = sorted(path.name.rpartition("_")[0] for path in kept.rglob("*.png"))
    assert pictures == ["train_0", "train_1", "validation_0", "validation_1"]
    assert not (run / "viz").exists()
    said = tracked(run)
    assert (said["current_run_id"], said["name"], said["api_key"]) == (
        kept.name.rpartition("-")[2],
        "run",
        None,
    )
    assert f"send it with “wandb sync {kept}”" in (run / "run.log").read_text(encoding="utf-8")


@pytest.mark.setting(
    "trainer_config.wandb.api_key",
    "trainer_config.wandb.entity",
    "trainer_config.wandb.project",
    "trainer_config.wandb.name",
    "trainer_config.wandb.group",
    "trainer_config.wandb.save_viz_imgs_wandb",
    "trainer_config.wandb.delete_local_logs",
    "trainer_config.wandb.current_run_id",
)
def test_a_run_is_sent_under_its_names(config: Config, server: Server, tmp_path: Path) -> None:
    file = config(
        api_key=KEY,
        entity="lab",
        project="flies",
        name="first try",
        group="tries",
        trainer_config__visualize_preds_during_training=True,
    )
    code, _, err = finish(start(file, WANDB_BASE_URL=server.url))
    assert (code, faults(err)) == (0, [])
    run = tmp_path / "models" / "run"
    opened = server.buckets[0]
    names = {"entity": "lab", "project": "flies", "displayName": "first try", "groupName": "tries"}
    assert {name: opened[name] for name in names} == names
    assert tracked(run)["current_run_id"] == opened["name"]
    sent = json.loads(opened["config"])["trainer_config"]["value"]
    assert (sent["max_epochs"], sent["run_name"], sent["wandb"]["api_key"]) == (2, "run", None)
    assert [
        {name: line[name] for name in row} for line, row in zip(server.history, rows(run), strict=True)
    ] == rows(run)
    errors = [event["body"]["error"] for event in events(run) if event["kind"] == "epoch_end"]
    assert [line["val/median_px"] for line in server.history] == [error["median_px"] for error in errors]
    assert server.history[1]["val/median_px/tail"] == errors[1]["by_node"]["tail"]
    # Pictures were drawn, but not asked for; what was sent is not kept.
    assert not any(name.endswith(".png") for name in server.uploads)
    assert not (run / "wandb").exists()
    file.unlink()
    assert holding_the_key(tmp_path) == []
    assert not any(KEY.encode() in body for body in [*server.bodies, *server.uploads.values()])


@pytest.mark.setting("trainer_config.wandb.prv_runid", "trainer_config.wandb.delete_local_logs")
def test_an_earlier_run_goes_on(config: Config, server: Server, tmp_path: Path) -> None:
    login = {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": KEY}
    code, _, err = finish(start(config(prv_runid=EARLIER, delete_local_logs=False), **login))
    assert (code, faults(err)) == (0, [])
    assert server.buckets[0]["name"] == EARLIER
    assert [(line["_step"], line["epoch"]) for line in server.history] == [(5, 0), (6, 1)]
    assert [
        path.name.rpartition("-")[2] for path in (tmp_path / "models" / "run" / "wandb").glob("run-*")
    ] == [EARLIER]
    code, _, err = finish(start(config(prv_runid="gone"), **login))
    assert code == 1
    assert (
        "trainer_config.wandb.prv_runid: Weights & Biases did not open a run (Run (gone) does not exist"
        in err
    )
    assert not (tmp_path / "models" / "run-1").exists()


@pytest.mark.setting("trainer_config.wandb.delete_local_logs", "trainer_config.wandb.prv_runid")
def test_local_logs_of_this_run_are_removed_where_asked(config: Config, tmp_path: Path) -> None:
    other = tmp_path / "models" / "run" / "wandb" / "offline-run-20260101_000000-other"
    other.mkdir(parents=True)
    file = config(wandb_mode="offline", delete_local_logs=True, prv_runid="before1")
    assert finish(start(file))[0] == 0
    assert [path.name for path in other.parent.iterdir()] == [other.name]
    text = (tmp_path / "models" / "run" / "run.log").read_text(encoding="utf-8")
    assert "“wandb sync --id before1 " in text


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


REFUSALS: list[tuple[dict[str, str], dict[str, str], str, str]] = [
    ({}, {}, "", "trainer_config.wandb.api_key: There is no API key for Weights & Biases."),
    ({"api_key": "short"}, {}, "", "cannot be used: API key must have 40+ characters"),
    ({"api_key": "x" * 48}, {}, "", "cannot be used: user is not logged in."),
    ({"api_key": KEY}, {"WANDB_BASE_URL": "http://127.0.0.1:{unused}"}, "", "cannot be used: "),
    ({}, {"WANDB_MODE": "disabled"}, "", "The environment variable WANDB_MODE is disabled"),
    ({}, {}, "sys.modules['wandb'] = None", "Weights & Biases is not installed"),
]


@pytest.mark.setting(
    "trainer_config.use_wandb", "trainer_config.wandb.api_key", "trainer_config.wandb.wandb_mode"
)
@pytest.mark.parametrize(("settings", "more", "first", "said"), REFUSALS)
def test_what_cannot_be_logged_is_refused_before_there_is_a_run(
    config: Config,
    server: Server,
    tmp_path: Path,
    settings: dict[str, str],
    more: dict[str, str],
    first: str,
    said: str,
) -> None:
    file = config(**settings)
    around = {"WANDB_BASE_URL": server.url, **more}
    around = {name: value.format(unused=unused_port()) for name, value in around.items()}
    code, out, err = finish(start(file, first=first, **around))
    assert (code, out) == (2, ""), err
    assert said in err
    assert "trainer_config.use_wandb to false." in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "models").exists()
    assert server.buckets == []


def test_nobody_is_asked_for_a_key_at_a_terminal(config: Config, tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", LIMITS + MAIN, "train", str(config())]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        assert process.wait(timeout=60) == 2
        assert b"There is no API key for Weights & Biases." in os.read(ours, 65536)
    finally:
        process.kill()
        os.close(ours)


def wait_until(done: Callable[[], bool], *, process: Engine) -> None:
    """Wait; fails when the process ends first, and with the test's own time limit."""
    while not done():
        if process.poll() is not None:
            raise AssertionError(f"the engine ended\n{finish(process)}")
        time.sleep(0.02)


def journal(run: Path) -> str:
    path = run / "events.jsonl"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def services(process: Engine) -> list[psutil.Process]:
    """The package's own processes below the engine."""
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it asks short-lived programs about the machine
            found += [child] * child.name().startswith("wandb")
    assert found
    return found


@pytest.mark.timeout(120)
def test_a_service_that_hangs_does_not_hold_the_end(config: Config, tmp_path: Path) -> None:
    run = tmp_path / "models" / "run"
    process = start(config(wandb_mode="offline", trainer_config__max_epochs=100_000))
    wait_until(lambda: '"epoch_end"' in journal(run), process=process)
    hanging = services(process)
    for child in hanging:
        child.suspend()
    with EngineClient(Connection.read(run)) as client:
        assert client.request("stop", after="epoch").accepted
    code, _, err = finish(process, seconds=60)
    assert (code, faults(err)) == (0, [])
    assert [child for child in hanging if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    assert "Weights & Biases did not take everything" in (run / "run.log").read_text(encoding="utf-8")


@pytest.mark.timeout(120)
def test_training_goes_on_when_the_service_dies(config: Config, tmp_path: Path) -> None:
    run = tmp_path / "models" / "run"
    process = start(config(wandb_mode="offline", trainer_config__max_epochs=100_000))
    wait_until(lambda: '"epoch_end"' in journal(run), process=process)
    for child in services(process):
        child.kill()
    wait_until(lambda: "Weights & Biases took no values" in journal(run), process=process)
    told = journal(run).count('"epoch_end"')
    wait_until(lambda: journal(run).count('"epoch_end"') > told + 1, process=process)
    with EngineClient(Connection.read(run)) as client:
        assert client.request("stop", after="epoch").accepted
    code, _, err = finish(process)
    assert (code, faults(err)) == (0, [])
    texts = [event["body"]["text"] for event in events(run) if event["kind"] == "log"]
    said = [text for text in texts if "Weights & Biases" in text and "wandb sync" not in text]
    reason = "its process on this computer has ended"
    assert said == [f"Weights & Biases took no values ({reason}); training goes on without it."]


@pytest.mark.timeout(120)
def test_a_server_that_falls_silent_does_not_hold_the_end(
    config: Config, server: Server, tmp_path: Path
) -> None:
    server.silent.set()
    code, _, err = finish(start(config(), WANDB_BASE_URL=server.url, WANDB_API_KEY=KEY))
    assert (code, faults(err)) == (0, [])
    run = tmp_path / "models" / "run"
    (kept,) = (run / "wandb").glob("run-*")
    text = (run / "run.log").read_text(encoding="utf-8")
    assert f"what is missing can be sent with “wandb sync {kept}”" in text
    assert events(run)[-1]["body"]["outcome"] == "completed"


@pytest.mark.timeout(120)
def test_an_interrupted_run_is_ended_there_too(config: Config, server: Server, tmp_path: Path) -> None:
    run = tmp_path / "models" / "run"
    login = {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": KEY}
    process = start(config(trainer_config__max_epochs=100_000), **login)
    wait_until(lambda: '"epoch_end"' in journal(run), process=process)
    process.send_signal(signal.SIGINT)
    code, out, err = finish(process)
    assert (code, faults(err)) == (130, [])
    assert "Traceback" not in out
    assert len(server.history) == sum(event["kind"] == "epoch_end" for event in events(run))
    assert "wandb-summary.json" in server.uploads
