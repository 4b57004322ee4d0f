"""The doctor's report: all parts there, nothing private in it."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from sleapnn_engine.commands import doctor
from sleapnn_engine.config import installed


def test_the_report_is_complete_and_the_command_succeeds(tmp_path):
    done = subprocess.run([sys.executable, "-m", "sleapnn_engine", "doctor"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for title in ("Machine", "Packages", "Disk", "Ports", "Window", "Devices"):
        assert f"{title}\n" in done.stdout
    assert version("torch") in done.stdout or "cannot be loaded" in done.stdout


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
