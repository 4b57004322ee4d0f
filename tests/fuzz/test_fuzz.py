"""What was once read wrongly, and some hundred more spoiled files of each kind: of use, or refused in words."""

import random
import shutil
from pathlib import Path

import pytest

from tests.fuzz import CORPUS
from tests.fuzz.formats import FORMATS
from tests.fuzz.spoiling import spoiled

#: In a process with other tests, only what no library in C reads.
HERE = [name for name, one in FORMATS.items() if not one.apart]


def is_refused(name: str, path: Path) -> bool:
    """Whether a file is refused in words; what is read is no fault either, anything else is."""
    try:
        FORMATS[name].read(path)
    except FORMATS[name].refusals as problem:
        said = str(problem)
    else:
        return False
    assert said
    return True


@pytest.mark.parametrize("case", sorted(CORPUS.iterdir()), ids=lambda case: case.name)
def test_what_once_went_wrong_does_not_again(case: Path, tmp_path: Path) -> None:
    name = case.name.rpartition("-")[0]
    shutil.copy(case, tmp_path / FORMATS[name].file)
    is_refused(name, tmp_path / FORMATS[name].file)


@pytest.mark.parametrize("name", HERE)
def test_a_spoiled_file_is_refused_in_words(name: str, tmp_path: Path) -> None:
    path = tmp_path / FORMATS[name].file
    FORMATS[name].make(path)
    good, dice = path.read_bytes(), random.Random(1)
    assert not is_refused(name, path), "a good one is read"
    for _ in range(150):
        path.write_bytes(spoiled(good, dice))
        is_refused(name, path)
