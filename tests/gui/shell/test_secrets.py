"""A key that is typed into the window reaches the engine, and no file."""

import sys
from pathlib import Path

import pytest

from sleapnn_gui.document.document import Document
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.shell.run_commands import secrets

KEY = "0123456789abcdef"
SECTION = "trainer_config.wandb."


@pytest.fixture
def document(app) -> Document:
    made = Document()
    made.set_value("trainer_config.use_wandb", True)
    made.set_value(SECTION + "api_key", KEY)
    return made


def test_the_key_goes_to_the_engine_where_it_is_used(document: Document) -> None:
    assert secrets(document) == {"WANDB_API_KEY": KEY}
    assert KEY not in document.to_yaml()
    document.set_value("trainer_config.use_wandb", False)
    assert secrets(document) == {}
    document.set_value("trainer_config.use_wandb", True)
    for empty in (None, "", " "):
        document.set_value(SECTION + "api_key", empty)
        assert secrets(document) == {}


def test_the_engine_is_started_with_it(document: Document, wait_until, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    script = "import os, sys; print(os.environ['WANDB_API_KEY'], sys.argv[1:])"
    session = RunSession(engine=(sys.executable, "-c", script))
    ended: list[object] = []
    session.ended.connect(ended.append)
    session.start(document.to_yaml(), run_dir, environment=secrets(document))
    wait_until(lambda: bool(ended), 20)
    assert session.outcome is not None
    assert session.outcome.log_path is not None
    said = session.outcome.log_path.read_text(encoding="utf-8")
    assert said.startswith(f"{KEY} ['train', ")
    assert said.count(KEY) == 1
