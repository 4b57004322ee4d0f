"""What helps when a training failed: each cause has a remedy that its config allows, and a report says all but secrets."""

import errno
import os
from pathlib import Path

import attrs
import pytest
import torch
import zmq

from sleapnn_engine.config.advice import apply_advice
from sleapnn_engine.config.errors import CAUSES, UserError
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.validate import errors, validate
from sleapnn_engine.protocol.coach import coach
from sleapnn_engine.protocol.coach_case import RunCase, Shows, read_case
from sleapnn_engine.protocol.codec import encode_event
from sleapnn_engine.protocol.events import Failed
from sleapnn_engine.protocol.failure_report import failure_report, for_others
from sleapnn_engine.protocol.messages import Event
from sleapnn_engine.protocol.remedies import REMEDIES
from sleapnn_engine.training.failures import Diverged, explained
from tests.engine.protocol.test_coach import preset

BATCH = "trainer_config.train_data_loader.batch_size"


def failed(cause: str) -> RunCase:
    values = preset()
    values["data_config"]["train_labels_path"] = ["labels.slp"]
    values["data_config"]["data_pipeline_fw"] = "torch_dataset_cache_img_disk"
    values["trainer_config"]["trainer_devices"] = 4
    values["trainer_config"]["train_data_loader"] = {"batch_size": 4}
    failure = Failed(message="It failed.", path=None, hint=None, cause=cause)
    if cause == "killed":
        return RunCase(config=ConfigReader(values), over=True, killed=True)
    return RunCase(config=ConfigReader(values), over=True, failure=failure)


FIXES = {
    "memory": "Batches of 2", "cache": "Read images as needed", "disk": "Keep no images on it", "permission": "Choose another folder…",
    "images": "Locate…", "diverged": "Learning rate 1e-5", "worker": "Train on one device", "port": "Train on one device", "killed": "Batches of 2",
}  # fmt: skip


def test_every_cause_has_a_remedy() -> None:
    assert set(REMEDIES) == set(FIXES) == {*CAUSES, "killed"}
    assert coach(RunCase(failure=Failed(message="x", path=None, hint=None, cause="new"), over=True)) == []


@pytest.mark.parametrize("cause", FIXES)
def test_a_remedy_says_what_and_why_and_changes_what_a_config_allows(cause: str) -> None:
    case = failed(cause)
    assert case.config is not None
    hint = coach(case)[0]
    assert hint.grave
    assert hint.name == cause
    assert hint.text.endswith(".")
    assert len(hint.text.split()) > 15, "what happened, and why"
    assert (hint.fix.label if hint.fix else None) == FIXES[cause]
    assert hint.shows is Shows.LABELS or hint.setting in SPEC.keys
    if hint.fix is not None:
        after = apply_advice(dict(case.config.values), hint.fix.changes)
        known = {(issue.path, issue.message) for issue in errors(validate(dict(case.config.values)))}
        assert {(issue.path, issue.message) for issue in errors(validate(after))} <= known
    assert coach(attrs.evolve(case, config=None))[0].fix is None


def test_a_disk_without_images_on_it_asks_for_another_and_a_port_for_one_more_try() -> None:
    for cause, label in (("disk", "Choose another folder…"), ("port", "Train again")):
        values = preset()
        values["trainer_config"]["trainer_devices"] = 1
        fix = coach(attrs.evolve(failed(cause), config=ConfigReader(values)))[0].fix
        assert fix is not None
        assert fix.label == label
        assert (fix.folder, fix.again) == (
            ("trainer_config.ckpt_dir", False) if cause == "disk" else ("", True)
        )


def test_a_rate_that_was_far_too_large_is_replaced_by_a_usual_one() -> None:
    values = preset()
    values["trainer_config"]["optimizer"]["lr"] = 1e6
    fix = coach(attrs.evolve(failed("diverged"), config=ConfigReader(values)))[0].fix
    assert fix is not None
    assert fix.changes == {"trainer_config.optimizer.lr": 0.001}


def test_memory_that_is_short_for_one_sample_asks_for_smaller_images() -> None:
    values = preset()
    values["trainer_config"]["train_data_loader"] = {"batch_size": 1}
    case = attrs.evolve(failed("memory"), config=ConfigReader(values))
    fix = coach(case)[0].fix
    assert fix is not None
    assert fix.label.startswith("Input scale 0.5")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (torch.OutOfMemoryError("x"), "memory"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/runs/a/file"), "disk"),
        (RuntimeError("PytorchStreamWriter failed writing file"), "disk"),
        (PermissionError(errno.EACCES, "Permission denied", "/runs/a"), "permission"),
        (OSError(errno.EROFS, "Read-only file system", "/runs/a"), "permission"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/runs/a"), ""),
        (Diverged("The loss became nan.", where="trainer_config.optimizer.lr"), "diverged"),
        (UserError("A video was not found.", cause="images"), "images"),
        (OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE)), "port"),
        (zmq.ZMQError(errno.EADDRINUSE), "port"),
        (RuntimeError("The server socket has failed to listen: errno 98, Address already in use"), "port"),
        (ValueError("odd"), ""),
    ],
)
def test_the_engine_names_the_cause(error: BaseException, cause: str) -> None:
    assert explained(error, folder=Path("/runs/a")).cause == cause


def test_the_last_word_of_a_run_is_found_in_its_journal(tmp_path: Path) -> None:
    body = {"message": "The disk is full.", "path": "/runs/a", "hint": None, "cause": "disk"}
    lines = [
        encode_event(Event(1, 1.0, "failed", body)),
        encode_event(Event(2, 2.0, "log", {"level": "info", "text": "after"})),
    ]
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    (hint,) = coach(read_case(tmp_path, config=None, over=True))
    assert hint.name == "disk"
    assert coach(read_case(tmp_path, config=None, over=False)) == []


def test_a_report_holds_what_helps_and_neither_secrets_nor_homes(tmp_path: Path) -> None:
    home, body = str(Path.home()), {"message": f"{Path.home()}/a.slp: odd", "path": None, "hint": None}
    (tmp_path / "events.jsonl").write_bytes(encode_event(Event(1, 1.0, "failed", body)) + b"\n")
    (tmp_path / "run.log").write_text(
        f"reading {home}/labels.slp\nWANDB_API_KEY=abc123secret\nValueError: odd\n"
    )
    values = preset()
    values["trainer_config"]["wandb"] = {"api_key": "abc123secret"}
    values["data_config"]["train_labels_path"] = [f"{home}/labels.slp"]
    (tmp_path / "initial_config.yaml").write_text(
        dump_config(values).replace("api_key: null", "api_key: abc123secret")
    )
    report = failure_report(tmp_path)
    for part in ("ValueError: odd", "failed {", "batch_size", "Python", "torch "):
        assert part in report
    for kept in ("abc123secret", home + "/"):
        assert kept not in report
    assert "~/labels.slp" in report


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/" + "ana/data/a.slp", "~/data/a.slp"),
        ("/Users/" + "ana/a.slp and", "~/a.slp and"),
        ("C:\\Users\\ana\\a.slp", "~\\a.slp"),
        ('"token": "t0k3n", "pid": 4', '"token": "…", "pid": 4'),
        ("password = hunter2", "password = …"),
        ("api_key: abc", "api_key: …"),
        ("a step took 4 s", "a step took 4 s"),
        ("/data/a.slp", "/data/a.slp"),
    ],
)
def test_what_others_may_not_see_is_left_out(text: str, shown: str) -> None:
    assert for_others(text) == shown
