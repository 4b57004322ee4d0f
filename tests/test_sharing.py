"""Processes that share tests: each file runs once, in one of them, with its fixtures, and a failure is a failure."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Other plugins are not asked for, and take most of the time.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
FILE = """
import pathlib, time
import pytest

@pytest.fixture(scope="module", autouse=True)
def module():
    yield
    with open("done", "a") as file:
        file.write(pathlib.Path(__file__).stem + "\\n")

@pytest.mark.parametrize("number", range(3))
def test_it(number):
    time.sleep(0.02)
    assert "{name}" != "bad"
"""


def test_each_file_is_run_once_by_one_of_them(tmp_path: Path) -> None:
    names = ["bad", *(f"file{number}" for number in range(8))]
    for folder, name in zip("abc" * 3, names, strict=True):
        place = tmp_path / folder / f"test_{name}.py"
        place.parent.mkdir(exist_ok=True)
        (place.parent / "__init__.py").touch()
        place.write_text(FILE.replace("{name}", name), encoding="utf-8")
    share = tmp_path / "share"
    share.mkdir()
    words = [
        "-m",
        "pytest",
        "-c",
        str(tmp_path / "pytest.ini"),
        "-p",
        "tests.sharing",
        "-p",
        "no:cacheprovider",
    ]
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\n", encoding="utf-8")
    running = [
        subprocess.Popen(
            [sys.executable, *words, "-v", "--share", str(share), str(tmp_path)],
            cwd=tmp_path,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in running]
    run = sorted(line.split(" ")[0] for text in said for line in text.splitlines() if " PASSED" in line)
    assert len(run) == len(set(run)) == 24, said
    assert sorted(process.returncode for process in running) == [0, 1], said
    assert sorted((tmp_path / "done").read_text().split()) == sorted(f"test_{name}" for name in names)


def test_files_come_in_the_order_of_a_seed_and_their_tests_as_they_are_written(tmp_path: Path) -> None:
    names = [f"file{number}" for number in range(8)]
    for name in names:
        (tmp_path / f"test_{name}.py").write_text(FILE.replace("{name}", name), encoding="utf-8")
    orders = []
    for number, seed in enumerate(("5", "5", "6")):
        share = tmp_path / f"share{number}"
        share.mkdir()
        words = ["-m", "pytest", "-c", os.devnull, "-p", "tests.sharing", "-p", "no:cacheprovider", "-v"]
        done = subprocess.run(
            [sys.executable, *words, "--share", str(share), "--files-by", seed, str(tmp_path)],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        run = [line.split(" ")[0] for line in done.stdout.splitlines() if " PASSED" in line]
        assert [one[-2] for one in run] == list("012") * len(names), done.stdout + done.stderr
        orders.append(run)
    assert orders[0] == orders[1] != orders[2]


def test_every_other_process_collects_backwards_and_all_run_in_the_same_order(tmp_path: Path) -> None:
    place, shares = tmp_path / "place", [tmp_path / "one", tmp_path / "two"]
    for folder in (place, *shares):
        folder.mkdir()
    (shares[1] / "forwards").touch()  # another process has come first
    (place / "__init__.py").touch()
    for number in range(4):
        (place / f"test_{number}.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
    words = ["-m", "pytest", "-c", os.devnull, "-p", "tests.sharing", "-p", "no:cacheprovider", "-v"]
    found: dict[str, list[list[str]]] = {"--collect-only": [], "--files-by=5": []}
    for share in shares:
        for option, listed in found.items():
            done = subprocess.run(
                [sys.executable, *words, option, "--share", str(share), str(place)],
                env=ENVIRONMENT,
                capture_output=True,
                text=True,
                cwd=tmp_path,
            )
            lines = [line.strip() for line in done.stdout.splitlines()]
            listed.append([line for line in lines if line.startswith(("<Module", "place/test_"))])
            (share / "forwards").unlink() if share == shares[0] else None
    collected, run = found.values()
    assert len(collected[0]) == len(run[0]) == 4
    assert collected[1] == collected[0][::-1]
    assert run[0] == run[1]


def test_without_a_folder_pytest_runs_as_ever(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
    words = ["-m", "pytest", "-c", os.devnull, "-p", "tests.sharing", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *words],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
