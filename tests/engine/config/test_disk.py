"""What is written and read: whole or not at all, and never where there is no ordinary file."""

import contextlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sleap_io
import torch

from sleapnn_engine.config.disk import (
    copy_whole,
    read_ordinary,
    whole_file,
    write_whole,
)
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config, save_text
from sleapnn_engine.data.cached_images import write_list
from sleapnn_engine.data.label_files import check_labels_file
from sleapnn_engine.data.label_writing import save_labels
from sleapnn_engine.decoding.animals import PoseNames
from sleapnn_engine.demo.labels import write_demo_labels
from sleapnn_engine.evaluation.files import write_metrics, write_predictions
from sleapnn_engine.protocol.connection import Connection, ConnectionFileError
from sleapnn_engine.protocol.glance import open_journal
from sleapnn_engine.training.artifacts.checkpoint_file import write_atomically
from sleapnn_engine.training.artifacts.drawing import save_picture
from tests.engine.commands.in_process import engine
from tests.engine.config.obstacles import OBSTACLES, full_disk, obstacle, open_folder, state_of

LEGACY = '{"model": {"backbone": {"unet": {}}, "heads": {"single_instance": {}}}}'


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other people may enter."""
    with open_folder() as folder:
        yield folder


def _stream(path: Path) -> None:
    with whole_file(path) as file:
        file.write(b"new")


def _predictions(path: Path) -> None:
    write_predictions(path, [], videos=[], names=PoseNames(nodes=("head",)))


def _connection(path: Path) -> None:
    here = "tcp://127.0.0.1:5000"
    Connection(pid=1, token="t", events=here, requests=here, started=0.0, run_dir="r").write(path.parent)


def _metrics(path: Path) -> None:
    write_metrics(path.parent, split="test", index=0, metrics={})


#: Every function that writes a file whose place a person can choose, or whose folder.
WRITERS: dict[str, Callable[[Path], Any]] = {
    "text": lambda path: write_whole(path, "new"),
    "stream": _stream,
    "copy": lambda path: copy_whole(Path(__file__), path),
    "config.yaml": lambda path: save_text(path, "a: 1\n"),
    "labels.slp": lambda path: save_labels(sleap_io.Labels(), path),
    "predictions.slp": _predictions,
    "demo.pkg.slp": lambda path: write_demo_labels(path, frames=1, size=(64, 64)),
    "best.ckpt": lambda path: write_atomically({"weights": torch.zeros(3)}, path),
    "picture.png": lambda path: save_picture(np.zeros((4, 4, 3), np.uint8), path),
    "frames.tsv": lambda path: write_list(path.parent, []),
    "engine.json": _connection,
    "metrics.test.0.npz": _metrics,
    "metrics.test.0.json": _metrics,
}
#: They choose the name themselves, so that it is neither a device nor too long.
FIXED = {"frames.tsv", "engine.json", "metrics.test.0.npz", "metrics.test.0.json"}
OF_THE_NAME = {"full device", "null device", "long name", "zero character"}


@pytest.mark.parametrize("name", WRITERS)
def test_nothing_is_written_where_no_file_can_be(name: str, place: Path) -> None:
    for kind, words in OBSTACLES.items():
        if name in FIXED and kind in OF_THE_NAME:
            continue
        here = place / kind.replace(" ", "-")
        here.mkdir(mode=0o755)
        with obstacle(kind, here, name) as path:
            before = state_of(here)
            with pytest.raises((OSError, UserError)) as refused:
                WRITERS[name](path)
            after = state_of(here)
        said = getattr(refused.value, "strerror", None) or str(refused.value)
        if not (name == "demo.pkg.slp" and kind.endswith("device")):  # refused for its name, before
            assert words in said, (kind, said)
        assert after == before, kind


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_replaces_the_file_also_through_a_link(name: str, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "real"
    real.parent.mkdir()
    real.write_text("old")
    real.chmod(0o640)
    link = tmp_path / name
    link.symlink_to(real)
    WRITERS[name](link)
    assert link.is_symlink()
    assert real.read_bytes() != b"old"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert {path.name for path in real.parent.iterdir()} <= {"real", "real.bak"}


def test_a_backup_that_cannot_be_made_refuses_the_whole(place: Path) -> None:
    for kind in ("folder", "pipe", "link to a device", "dangling link"):
        here = place / kind.replace(" ", "-")
        here.mkdir()
        (here / "config.yaml").write_text("old")
        with obstacle(kind, here, "config.yaml.bak"):
            before = state_of(here)
            with pytest.raises(UserError):
                save_text(here / "config.yaml", "new")
            assert state_of(here) == before


def test_an_error_in_the_middle_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with contextlib.suppress(KeyboardInterrupt), whole_file(path, backup=True) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert state_of(tmp_path) == {str(path): b"old"}


def test_the_names_of_the_file_and_of_what_is_written_meanwhile_fit(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write_whole(path, "new")
    assert path.read_text() == "new"


def test_a_new_file_has_the_rights_that_were_asked_for(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "usual", "")
        write_whole(tmp_path / "own", "", mode=0o600)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "usual").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", [kind for kind in OBSTACLES if not kind.startswith("read-only")])
def test_commands_refuse_in_a_sentence_before_anything_is_touched(kind: str, place: Path) -> None:
    profile = place / "profile.json"
    profile.write_text(LEGACY)
    target = place / "target"
    target.mkdir()
    for name, words in {
        "out.yaml": ["import-legacy", profile, "--force", "-o"],
        "report.txt": ["import-legacy", profile, "--force", "-o", target / "fine.yaml", "--report"],
        "demo.pkg.slp": ["demo-data", "--frames", "1", "-o"],
    }.items():
        here = target / name.partition(".")[0]
        here.mkdir()
        with obstacle(kind, here, name) as path:
            before = state_of(target)
            said = engine(*words, path)
            if kind in ("folder", "link to a folder") and name == "out.yaml":
                assert said.code == 0  # the config goes into it
                (path / "profile.yaml").unlink()
            else:
                assert said.code == 2, (name, said)
                assert len(said.faults) == 1, said
            assert state_of(target) == before, (kind, name)


@pytest.mark.parametrize("kind", ["full device", "null device", "pipe", "socket", "folder", "dangling link", "long name",
                                  "zero character", "missing folder", "folder is a file"])  # fmt: skip
def test_nothing_else_than_a_file_is_read(kind: str, place: Path) -> None:
    """In a thread, so that a reader that waits for a pipe fails this test instead of holding up all."""
    with obstacle(kind, place, "in.yaml") as path:
        problems: list[BaseException | Any] = []

        def read() -> None:
            for reader in (
                read_config,
                lambda path: read_ordinary(path, most=10),
                lambda path: check_labels_file(path),
                lambda path: Connection.read(path),
                lambda path: open_journal(path) and pytest.fail("opened"),
            ):
                try:
                    problems.append(reader(path))
                except (OSError, UserError, ConnectionFileError) as problem:
                    problems.append(problem)
            problems.extend(engine(command, path) for command in ("validate", "train", "describe"))
            problems.append(engine("import-legacy", path, "-o", place / "new.yaml"))

        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        reading.join(60)
        assert len(problems) == 9, f"it waited, or failed, after {problems}"
        assert all(isinstance(found, BaseException) for found in problems[:4])
        assert problems[4] is None
        assert all(said.code in (1, 2) for said in problems[5:]), problems


@pytest.mark.parametrize("name", WRITERS)
def test_on_a_full_disk_what_was_there_stays_and_nothing_half_is_left(name: str, place: Path) -> None:
    path = place / name
    for before in ({}, None):  # where there is no such file, and where there is one
        if before is None:
            WRITERS[name](path)
            before = state_of(place)
        with pytest.raises((OSError, UserError)), full_disk():
            WRITERS[name](path)
        assert state_of(place) == before
