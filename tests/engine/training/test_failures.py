"""What is made of errors that nobody has turned into words: a sentence with a place, or a pointer to the log."""

import errno
import os
from pathlib import Path

import pytest
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.training.artifacts.checkpoint_file import write_atomically
from sleapnn_engine.training.failures import DETAILS, explained


def parts_of(error: BaseException) -> tuple[str, str, str]:
    found = explained(error, folder=Path("/runs/a"))
    assert not found.usage
    return found.message, found.where, found.hint


def test_a_sentence_stays_what_it_is() -> None:
    given = UserError("It is so.", where="here", hint="Do this.", usage=True)
    assert parts_of(given) == ("It is so.", "here", "Do this.")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("name", [None, "/runs/a/file"])
def test_a_full_disk_is_that_of_the_file_or_of_the_run(number: int, name: str | None) -> None:
    message, where, _ = parts_of(OSError(number, os.strerror(number), name))
    assert (message, where) == ("The disk is full.", name or "/runs/a")


def test_an_error_of_the_system_names_its_file() -> None:
    message, where, hint = parts_of(PermissionError(errno.EACCES, "Permission denied", "/runs/a/viz"))
    assert (message, where) == ("The file or folder cannot be used (Permission denied).", "/runs/a/viz")
    assert hint != DETAILS


@pytest.mark.parametrize(
    "error",
    [MemoryError(), torch.OutOfMemoryError("x"), RuntimeError("DefaultCPUAllocator: can't allocate memory")],
)
def test_memory_that_ran_out_leads_to_the_batch_size(error: BaseException) -> None:
    assert parts_of(error)[1] == "trainer_config.train_data_loader.batch_size"


@pytest.mark.parametrize("error", [ValueError("odd"), KeyError(), OSError("odd")])
def test_anything_else_leads_to_the_log(error: BaseException) -> None:
    message, _, hint = parts_of(error)
    assert message.startswith(f"Training failed with {type(error).__name__}: ")
    assert hint == DETAILS


def test_a_checkpoint_that_does_not_fit_is_an_error_of_the_disk(tmp_path: Path) -> None:
    """PyTorch's writer says something else about it."""
    resource = pytest.importorskip("resource", reason="this system has no limit on the size of files")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OSError, match="too large") as caught:
            write_atomically({"weights": torch.zeros(10_000)}, tmp_path / "best.ckpt")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []
