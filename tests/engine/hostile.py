"""What a hostile file carries: an object that does something when it is unpickled by a reader that takes anything."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest


class Command:
    """Makes a folder when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.mark,)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """The folder that a command would make; the command does so where it is let."""
    mark = tmp_path / "carried_out"
    pickle.loads(pickle.dumps(Command(mark)))
    mark.rmdir()
    return mark
