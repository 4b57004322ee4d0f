"""What is run to put an engine in place on each system, which build fits, and what is said of uv's output."""

from pathlib import Path

import pytest

from sleapnn_engine.config.chosen_engine import Installation
from sleapnn_gui.run.engine_install import (
    CPU,
    CUDA,
    FOLDER,
    METAL,
    Progress,
    builds_for,
    command_of,
    explain,
    find_build,
    in_folder,
    remove,
    steps,
    usual_place,
    variables,
)

UV = Path("uv")


def words_of(
    system: str, build: str, *, wheels: str = "", again: bool = False
) -> tuple[tuple[str, ...], ...]:
    wanted = Installation(place=Path("there", FOLDER), build=build, version="0.1.0", wheels=wheels)
    return tuple(step.command for step in steps(wanted, uv=UV, system=system, again=again))


@pytest.mark.parametrize(
    ("system", "build", "torch"),
    [
        ("linux", CPU, ("--torch-backend", "cpu")),
        ("linux", CUDA, ("--torch-backend", "auto")),
        ("win32", CPU, ()),
        ("win32", CUDA, ("--torch-backend", "auto")),
        ("darwin", METAL, ()),
    ],
)
def test_each_system_is_given_the_build_that_was_chosen(
    system: str, build: str, torch: tuple[str, ...]
) -> None:
    python, fetch, ask = words_of(system, build)
    assert python[:3] == ("uv", "venv", "--allow-existing")
    at = fetch.index("--compile-bytecode")
    assert fetch[at + 1 : -1] == torch
    assert "[engine]" in fetch[-1]
    assert ask[-1] == "--version"
    assert build in [one.name for one in builds_for(system, "arm64")]


def test_a_folder_of_wheels_needs_no_network_and_repair_begins_anew() -> None:
    python, fetch, _ = words_of("linux", CUDA, wheels="/media/wheels", again=True)
    assert "--clear" in python
    assert "--offline" in python
    assert fetch[-5:-1] == ("--offline", "--no-index", "--find-links", "/media/wheels")
    assert "--torch-backend" not in fetch


def test_the_build_is_found_by_what_the_machine_has() -> None:
    card = find_build("linux", ask=lambda: "NVIDIA A40, driver 550.54")
    assert (card.build, "NVIDIA A40, driver 550.54" in card.reason) == (CUDA, True)
    assert find_build("win32", ask=lambda: "").build == CPU
    assert find_build("darwin", "arm64").build == METAL
    assert find_build("darwin", "x86_64").build == CPU


def test_the_driver_is_asked_and_one_that_fails_is_no_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA RTX 4090, 550.54'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert "NVIDIA RTX 4090, driver 550.54" in find_build("linux").reason
    program.write_text("#!/bin/sh\necho 'no devices were found'\nexit 9\n")
    assert find_build("linux").build == CPU


def test_all_of_it_lies_in_one_folder_which_alone_is_removed(tmp_path: Path) -> None:
    place = in_folder(tmp_path)
    assert place == tmp_path / FOLDER
    assert in_folder(place) == place
    assert in_folder(usual_place()) == usual_place()
    assert {variables(place)[name] for name in ("UV_CACHE_DIR", "UV_PYTHON_INSTALL_DIR")} == {
        str(place / "cache"),
        str(place / "python"),
    }
    (tmp_path / "theirs").write_text("work")
    assert "no folder that this app made" in remove(tmp_path)
    assert (tmp_path / "theirs").exists()
    assert remove(place) == "", "what is gone is removed"


def test_progress_follows_what_uv_says() -> None:
    progress, shares = Progress(), []
    for line in (
        "Using CPython 3.12.3",
        "Resolved 93 packages in 1.05s",
        "Downloading torch (1.5GiB)",
        "Downloading numpy (16.0MiB)",
        " Downloaded numpy",
        " Downloaded torch",
        "Prepared 93 packages in 21s",
        "Installed 93 packages in 300ms",
        "Bytecode compiled 9000 files in 9s",
    ):
        progress.read(line)
        shares.append(progress.fraction)
        if line == " Downloaded numpy":
            assert progress.text == "Fetching: 16 of 1,552 MB are here, torch is the largest to come"
    assert shares == sorted(shares)
    assert shares[5] == pytest.approx(0.85)
    assert progress.fraction < 1, "it is done when the engine has answered"


@pytest.mark.parametrize(
    ("line", "wheels", "said"),
    [
        ("error: failed to write: No space left on device (os error 28)", "", "The disk is full"),
        ("error: No interpreter found for Python >=3.11", "", "no Python 3.11 to 3.13"),
        (
            "cause: error sending request for url (https://pypi.org/simple/six/)",
            "",
            "at pypi.org cannot be reached",
        ),
        (
            "No solution found: Because attrs was not found in the provided locations",
            "w",
            "no attrs that fits",
        ),
        ("error: Permission denied (os error 13)", "", "may not be written to"),
        ("error: the sky fell", "", "the sky fell"),
    ],
)
def test_a_failure_says_what_happened_and_what_to_do(line: str, wheels: str, said: str) -> None:
    assert said in explain([line], wheels=wheels)


def test_a_path_of_an_engine_may_be_its_folder_its_python_or_the_program(tmp_path: Path) -> None:
    program, python = tmp_path / "bin" / "sleapnn-engine", tmp_path / "bin" / "python3.12"
    assert "There is no file" in command_of(str(program))
    program.parent.mkdir()
    assert "There is no sleapnn-engine in" in command_of(str(tmp_path))
    for one in (program, python):
        one.touch()
    assert command_of(str(tmp_path)) == command_of(str(program)) == (str(program),)
    assert command_of(str(python)) == (str(python), "-m", "sleapnn_engine")
