"""One set of tests for several processes of pytest: each takes the next file that none of them has begun.

Tests of several files that share something dear, made once in a process, are taken together.

Every other process goes through the files backwards when it collects them: what one has compiled, the other need not.

`pytest -p tests.sharing --share FOLDER`: the folder is empty at first, and the same for all of them. `--files-by SEED` has the
files come in an order of that seed, each with its tests as they come.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Folders whose files come first: they hold the longest, and whoever has the last file keeps all others waiting.
LONGEST = ("installer", "training", "commands", "shell")

#: Fixtures whose tests are taken together: six trainings.
DEAR = ("learned_run",)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--share", metavar="FOLDER", type=Path, help="take turns with others that name this folder"
    )
    parser.addoption("--files-by", metavar="SEED", type=int, help="the order of the files that are shared")


class Backwards(pytest.Package):
    """A folder of tests whose files come from the last to the first."""

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        return list(super().collect())[::-1]


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The folder backwards, for who is not the first to collect; pytest's own otherwise."""
    folder = parent.config.getoption("--share")
    if folder is None or not (path / "__init__.py").is_file():
        return None
    if not hasattr(parent.config, "collects_forwards"):
        parent.config.collects_forwards = taken("forwards", folder)
    return None if parent.config.collects_forwards else Backwards.from_parent(parent, path=path)


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the files that nobody else has begun; pytest's own loop where nothing is shared."""
    folder = session.config.getoption("--share")
    if folder is None or session.config.option.collectonly:
        return None
    if session.testsfailed:
        raise session.Interrupted(f"{session.testsfailed} errors during collection")
    items = own(session.items, folder, seed=session.config.getoption("--files-by"))
    item = next(items, None)
    while item is not None:
        # What comes next decides what of the fixtures is kept, so it must be one that really comes.
        following = next(items, None)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        item = following
    return True


def own(items: list[pytest.Item], folder: Path, *, seed: int | None = None) -> Iterator[pytest.Item]:
    """The tests of each file that could be taken, in order; that of files is drawn where there is a seed."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault(group_of(item), []).append(item)
    files = sorted(groups.items())  # in whatever order they were collected
    if seed is not None:
        random.Random(seed).shuffle(files)
    for name, group in sorted(files, key=lambda one: one[1][0].path.parent.name not in LONGEST):
        if taken(name, folder):
            yield from group


def group_of(item: pytest.Item) -> str:
    """What a test is taken with: a dear fixture, or its file."""
    dear = [name for name in getattr(item, "fixturenames", ()) if name in DEAR]
    return dear[0] if dear else "-".join(item.path.parts[1:])


def taken(name: str, folder: Path) -> bool:
    """Take a group of tests; False where somebody has it."""
    try:
        os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
