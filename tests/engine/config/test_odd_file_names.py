"""Names of files and folders that a system cannot take, and texts that are none: findings, never tracebacks."""

import os
from pathlib import Path

import pytest

from sleapnn_engine.config.checks.disk import check_files
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.yaml_dialect import parse

KEYS = {
    "train_labels_path": lambda name: {"data_config": {"train_labels_path": [name]}},
    "ckpt_dir": lambda name: {"trainer_config": {"ckpt_dir": name}},
}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/tmp/" + "x" * 5000, "too long"),
        ("/tmp/a\0b", "zero character"),
        ("~nobody-has-this-name/a", "home directory"),
    ],
)
def test_a_name_that_cannot_be_is_an_error_of_its_key(key: str, name: str, why: str) -> None:
    (found,) = [issue for issue in check_files(KEYS[key](name)) if issue.path.endswith(key)]
    assert found.severity == "error"
    assert why in found.message
    assert len(found.message) < 400


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_no_labels_file(tmp_path: Path) -> None:
    """Opening one waits for a writer, who may never come."""
    os.mkfifo(tmp_path / "labels.slp")
    (found,) = check_files({"data_config": {"train_labels_path": [str(tmp_path / "labels.slp")]}})
    assert "is a device or a pipe" in found.message


@pytest.mark.parametrize("text", ["a: \udce9", "a: \x07"])
def test_signs_that_are_no_text_are_named(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text, where="job.yaml")
    assert f"its sign number 4 (U+{ord(text[3]):04X}) is no text" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
