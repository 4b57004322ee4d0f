"""The doctor's report: all parts there, nothing private in it."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from sleapnn_engine.__main__ import WAITING, share_processor
from sleapnn_engine.commands import doctor
from sleapnn_engine.config import installed


def test_the_report_is_complete_and_the_command_succeeds(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    done = subprocess.run(
        [sys.executable, "-m", "sleapnn_engine", "doctor"],
        capture_output=True,
        text=True,
        env={**environment, "OMP_DISPLAY_ENV": "verbose"},
    )
    assert done.returncode == 0, done.stderr
    if "GOMP_SPINCOUNT" in done.stderr:  # GCC's library says what it has read, once PyTorch has loaded it
        assert f"GOMP_SPINCOUNT = '{WAITING['GOMP_SPINCOUNT']}'" in done.stderr
    for title in ("Machine", "Packages", "Disk", "Ports", "Window", "Devices"):
        assert f"{title}\n" in done.stdout
    assert version("torch") in done.stdout or "cannot be loaded" in done.stdout


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"])
def test_what_a_person_says_of_waiting_threads_holds(monkeypatch, name):
    for known in ("OMP_WAIT_POLICY", *WAITING):
        monkeypatch.delenv(known, raising=False)
    with monkeypatch.context() as said:
        said.setenv(name, "7")
        before = dict(os.environ)
        share_processor()
        assert dict(os.environ) == before
    for known in WAITING:
        monkeypatch.setenv(known, "")  # so that it is taken back
        monkeypatch.delenv(known)
    share_processor()
    assert {known: os.environ[known] for known in WAITING} == WAITING


def test_the_home_folder_is_not_named():
    environment = {**os.environ, "HOME": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-m", "sleapnn_engine", "doctor"], capture_output=True, text=True, env=environment
    )
    assert str(Path.cwd()) not in done.stdout.replace(sys.executable, "")
    assert "(~)" in done.stdout


def test_loopback_works_here():
    assert doctor.describe_ports() == [("loopback", "works")]


def test_disk_lines_name_the_folder_and_its_free_space(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, value = doctor.describe_disk()[0]
    assert name == "this folder"
    assert str(tmp_path) in value
    assert "GB free of" in value


def test_package_names_are_read_from_requirements():
    lines = [
        "torch>=2.4; extra == 'engine'",
        "PySide6-Essentials<6.12,>=6.11",
        "ruamel.yaml",
        "sleapnn-gui[gui]",
    ]
    names = [installed._bare_name(line) for line in lines]
    assert names == ["torch", "PySide6-Essentials", "ruamel.yaml", "sleapnn-gui"]
