"""The doctor's report: all parts there, nothing private in it."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import attrs
import pytest

from sleapnn_engine.__main__ import WAITING, share_processor
from sleapnn_engine.cli import main
from sleapnn_engine.commands import doctor
from sleapnn_engine.config import installed
from sleapnn_engine.config.chosen_engine import Installation, KnownEngines, known_engines, remember_engines
from sleapnn_engine.config.engine_program import CHOSEN
from sleapnn_engine.protocol.engine_version import own_version, read_version, why_unfit


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
    for title in ("Machine", "Engine", "Packages", "Disk", "Ports", "Window", "Devices"):
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


def test_the_home_folder_is_not_named(monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(Path.cwd()))
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert str(Path.cwd()) not in said.replace(sys.executable, "")
    assert "(~)" in said


def test_loopback_works_here():
    assert doctor.describe_ports() == [("loopback", "works"), ("encryption", "works")]


def test_a_zmq_that_cannot_encrypt_is_told(monkeypatch):
    monkeypatch.setattr("zmq.has", lambda what: False)
    name, value = doctor.describe_ports()[1]
    assert name == "encryption"
    assert "libsodium" in value


def test_disk_lines_name_the_folder_and_its_free_space(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, value = doctor.describe_disk()[0]
    assert name == "this folder"
    assert str(tmp_path) in value
    assert "GB free of" in value


def test_the_engine_of_the_window_and_one_that_is_not_finished_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv(CHOSEN, raising=False)
    assert ("the window uses", "that of its own Python") in doctor.describe_engine()
    begun = Installation(place=tmp_path / "engine", build="cpu", version="0.1.0")
    remember_engines(KnownEngines(command=("/opt/engine",), version="0.1.0", installation=begun))
    lines = doctor.describe_engine()
    assert ("the window uses", "0.1.0 (/opt/engine)") in lines
    assert lines[-1] == ("begun by the app, not finished", f"0.1.0, cpu ({begun.place})")
    (tmp_path / "sleapnn-gui" / "engine.json").write_text("[1, 2")
    assert known_engines() == KnownEngines(), "a broken file is none"


def test_an_engine_says_its_version_for_a_window_to_read(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    said = read_version(["/opt/env: a warning", capsys.readouterr().out])
    assert said == own_version()
    assert said.torch == version("torch")
    assert why_unfit(said, window=said) == ""
    newer = attrs.evolve(said, own="99.0.0")
    assert "[engine]==99.0.0" in why_unfit(said, window=newer)
    assert "without torch" in why_unfit(attrs.evolve(said, torch=""), window=said)


def test_package_names_are_read_from_requirements():
    lines = [
        "torch>=2.4; extra == 'engine'",
        "PySide6-Essentials<6.12,>=6.11",
        "ruamel.yaml",
        "sleapnn-gui[gui]",
    ]
    names = [installed._bare_name(line) for line in lines]
    assert names == ["torch", "PySide6-Essentials", "ruamel.yaml", "sleapnn-gui"]
