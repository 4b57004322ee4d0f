"""The environment in `.venv`: when it counts as ready, and what is said when pip fails."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from installer.environment import Environment, explain_failure, worth_showing

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path):
    """A folder with the two files the installation depends on."""
    (tmp_path / "installer").mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "installer" / "constraints.txt", tmp_path / "installer")
    return tmp_path


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_new_dependency_or_version_asks_for_a_new_installation(checkout):
    before = Environment(checkout).fingerprint
    replace(checkout / "pyproject.toml", '"pyzmq>=26"', '"pyzmq>=26.1"')
    between = Environment(checkout).fingerprint
    replace(checkout / "installer" / "constraints.txt", "pyzmq==", "pyzmq==99+")
    assert len({before, between, Environment(checkout).fingerprint}) == 3


def test_lint_settings_do_not(checkout):
    before = Environment(checkout).fingerprint
    replace(checkout / "pyproject.toml", "line-length = 110", "line-length = 111")
    assert Environment(checkout).fingerprint == before


def test_an_environment_is_ready_only_with_stamp_programs_and_a_python_that_starts(checkout):
    environment = Environment(checkout)
    environment.programs.mkdir(parents=True)
    assert not environment.is_ready()
    (environment.folder / "sleapnn-stamp.txt").write_text(environment.fingerprint + "\n")
    assert not environment.is_ready()
    environment.program("sleapnn-gui").touch()
    assert not environment.is_ready()
    environment.program("python").symlink_to(sys.executable)
    assert environment.is_ready()
    (environment.folder / "sleapnn-stamp.txt").write_text("an older one\n")
    assert not environment.is_ready()


def requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + [
        line for extra in project["optional-dependencies"].values() for line in extra
    ]
    return {canonicalize_name(one.name): one for one in map(Requirement, lines)}


def test_constraints_pin_every_direct_dependency_and_nothing_else():
    lines = (ROOT / "installer" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    wanted = requirements()
    wanted.pop("sleapnn-gui")
    assert {canonicalize_name(pin.name) for pin in pins} == set(wanted)
    for pin in pins:
        assert pin.url is None
        (version,) = pin.specifier
        assert version.operator == "=="
        assert wanted[canonicalize_name(pin.name)].specifier.contains(version.version)


def test_progress_shows_large_packages_by_name():
    line = (
        "  Downloading https://example.org/x/torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl (858.1 MB)\n"
    )
    assert worth_showing(line) == "  fetching torch-2.15.0 (858.1 MB)"
    assert (
        worth_showing("Installing collected packages: a, b, c\n") == "  unpacking 3 packages (about a minute)"
    )
    assert worth_showing("  Using cached attrs-26.1.0-py3-none-any.whl\n") is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError: Failed to establish a new connection: refused", "cannot be reached"),
        ("ERROR: No matching distribution found for torch==2.15.0", "offers no torch==2.15.0"),
        ("error: something else", "pip could not install"),
    ],
)
def test_failures_of_pip_are_explained(said, words):
    text = explain_failure(["Collecting torch", said])
    assert words in text
    assert said in text


def test_installing_without_a_package_index_fails_in_sentences(checkout, monkeypatch):
    """A real environment and a real pip, cut off from every index: the program ends with 1 and no traceback."""
    shutil.copytree(ROOT / "installer", checkout / "installer", dirs_exist_ok=True)
    shutil.copytree(ROOT / "resources" / "system", checkout / "resources" / "system")
    (checkout / "README.md").touch()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(checkout))
    done = subprocess.run(
        [sys.executable, "installer/bootstrap.py", "install"], cwd=checkout, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "making .venv" in done.stdout
    assert "offers no hatchling" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout / ".venv" / "sleapnn-stamp.txt").exists()
