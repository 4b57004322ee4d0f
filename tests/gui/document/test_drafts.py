"""Drafts as files: whole, private, without secrets, and of no window that still lives."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.draft_keeper import DraftKeeper
from sleapnn_gui.document.drafts import DraftStore, decode, encode
from tests.engine.config.obstacles import full_disk

ODD = {
    "none": None,
    "huge": 10**40,
    "odd": [float("inf"), 1e-300, True, 1, 1.0],
    "text": "1e-3 ümlaut \0",
    "deep": {"": {"1": []}},
}
HOLD = """
import sys
from pathlib import Path
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.drafts import DraftStore
DraftStore(Path(sys.argv[1])).write(State(values={"a": 1}, title="held"))
print("written", flush=True)
sys.stdin.read()
"""


def test_a_draft_holds_everything() -> None:
    state = State(
        values=ODD,
        parked={"a.b": {"c": ODD}},
        started={"a.b": {}},
        opened={"x_lab": 1},
        text="# mine\nx_lab: 1\n",
        title="mine.yaml",
        path=Path("/data/mine.yaml"),
    )
    typed = {"": ("so far: [", "Line 1 is no config.")}
    found, at, unread = decode(encode(state, at=12.5, unread=typed))
    assert unread == typed
    assert at == 12.5
    assert found == state
    assert [type(value) for value in found.values["odd"]] == [float, float, bool, int, float]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("values", [1]), ("opened", None), ("parked", {"a": 1}), ("started", {"a": None}), ("text", None), ("title", 3),
        ("other", {"path": None, "values": "x"}), ("issues_", []),
    ],
)  # fmt: skip
def test_a_draft_of_another_form_is_none(name: str, value: object) -> None:
    body = json.loads(encode(State(values={"a": 1}), at=1.0))
    decode(json.dumps(body))
    body["state"][name] = value
    with pytest.raises((TypeError, ValueError)):
        decode(json.dumps(body))


def test_no_draft_holds_a_key(app: QApplication, tmp_path: Path) -> None:
    document = Document()
    document.set_value("trainer_config.use_wandb", True)
    document.set_value("trainer_config.wandb.api_key", "0123456789")
    assert "0123456789" not in encode(document.state, at=0)
    document.set_section("trainer_config.wandb", False)
    assert "0123456789" in str(document.state.parked)
    assert "0123456789" not in encode(document.state, at=0)
    typed = 'wandb: {\n  api_key: 0123456789\n  "api_key" : 0123456789\n  entity: lab\n'
    assert "0123456789" not in encode(document.state, at=0, unread={"": (typed, "not closed")})
    assert "entity: lab" in encode(document.state, at=0, unread={"": (typed, "not closed")})


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_draft_is_private_and_its_own_window_removes_it(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "state" / "drafts")
    assert not store.folder.exists()
    store.write(State(values={"a": 1}))
    store.write(State(values={"a": 2}))
    files = list(store.folder.iterdir())
    assert sorted(file.suffix for file in files) == [".json", ".lock"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    store.remove()
    assert list(store.folder.iterdir()) == []


def test_only_drafts_of_dead_windows_are_found(tmp_path: Path) -> None:
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert held.stdout is not None
    assert held.stdin is not None
    assert held.stdout.readline() == b"written\n"
    own = DraftStore(tmp_path)
    own.write(State(title="own"))
    other = DraftStore(tmp_path)
    assert other.claim_abandoned() == []
    held.kill()
    held.wait()
    held.stdin.close()
    held.stdout.close()
    (tmp_path / "gone.lock").touch()
    (tmp_path / ".gone123.json.00ff.part").touch()
    (tmp_path / "broken.json").write_text("{")
    found = other.claim_abandoned()
    assert [draft.state.title for draft in found] == ["held"]
    assert own.claim_abandoned() == []  # it is being offered elsewhere
    assert (tmp_path / "broken.json").exists()
    assert not list(tmp_path.glob("*gone*"))
    found[0].leave()
    again = own.claim_abandoned()
    assert len(again) == 1
    other.adopt(again[0])
    other.write(State(title="restored"))
    assert DraftStore(tmp_path).claim_abandoned() == []
    other.remove()
    assert not again[0].path.exists()
    own.remove()


def test_a_window_that_is_gone_leaves_its_draft_to_the_next(tmp_path: Path) -> None:
    store = DraftStore(tmp_path)
    store.write(State(title="mine"))
    assert store._lock_file is not None
    store._lock_file.release()
    (draft,) = DraftStore(tmp_path).claim_abandoned()
    draft.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_once_and_taken_back_when_it_has_room(
    app: QApplication, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    document = Document()
    keeper = DraftKeeper(document, DraftStore(tmp_path / "drafts"))
    told: list[str] = []
    keeper.failed.connect(told.append)
    keeper.mended.connect(lambda text: told.append(f"not any more: {text}"))
    with full_disk():
        document.set_value("trainer_config.seed", 1)
        wait_until(lambda: bool(told))
    document.set_value("trainer_config.seed", 2)
    wait_until(lambda: len(told) > 1)
    assert str(tmp_path / "drafts") in told[0]
    assert told[1] == f"not any more: {told[0]}"
    keeper.discard()
    document.deleteLater()
