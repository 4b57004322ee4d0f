"""The bundled app: which engine it asks, how it is packed, and that its own installer leaves nothing behind."""

import os
import subprocess
import sys
import tarfile
from configparser import ConfigParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from installer.bundling import pack
from sleapnn_engine.cli import main
from sleapnn_engine.config.chosen_engine import KnownEngines, remember_engines
from sleapnn_engine.config.engine_program import CHOSEN, engine_command, engine_of_window, why_no_engine
from sleapnn_engine.config.installed import missing_sentence

ROOT = Path(__file__).resolve().parents[2]


def test_the_engine_is_that_of_this_python_else_the_chosen_one_else_the_one_beside_the_app(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv(CHOSEN, raising=False)
    own = (sys.executable, "-m", "sleapnn_engine", "doctor")
    assert engine_command("doctor") == engine_of_window("doctor") == own
    assert why_no_engine() == ""
    program = Path(sys.executable)
    remember_engines(KnownEngines(command=(str(program),), version="1"))
    assert engine_of_window("doctor") == (str(program), "doctor")
    assert engine_command("doctor") == own, "who starts an engine in a terminal means that one"
    remember_engines(KnownEngines())

    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(Path("apps", "sleapnn-gui")))
    assert engine_command("doctor") == (str(Path("apps", "sleapnn-engine")), "doctor")
    assert "not installed yet" in why_no_engine()
    said = missing_sentence(ModuleNotFoundError(name="torch"), what="“train”", extra="engine")
    assert CHOSEN in said
    assert "[engine]" in said
    assert "Help > Engine" in said
    remember_engines(KnownEngines(command=(str(program),), version="1"))
    assert engine_command("doctor") == (str(program), "doctor"), (
        "a bundled command line has no engine of its own"
    )
    assert why_no_engine() == ""
    monkeypatch.setenv(CHOSEN, " ~/env/bin/sleapnn-engine ")
    assert engine_command() == engine_of_window() == (str(Path.home() / "env" / "bin" / "sleapnn-engine"),)
    assert "not there any more" in why_no_engine()


def test_the_command_line_of_a_bundle_hands_over_to_the_chosen_engine(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv(CHOSEN, raising=False)
    program = tmp_path / "sleapnn-engine"
    program.write_text('#!/bin/sh\necho "$@" >"$0.said"\nexit 5\n')
    program.chmod(0o755)
    remember_engines(KnownEngines(command=(str(program),), version="1"))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "sleap_io"] + ["sleap_io"]:
        monkeypatch.setitem(sys.modules, name, None)
    assert main(["describe", "mouse.slp"]) == 5
    assert (tmp_path / "sleapnn-engine.said").read_text() == "describe mouse.slp\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the menu entry is that of Linux desktops")
def test_a_packed_app_goes_into_the_menu_and_leaves_nothing_behind(tmp_path):
    frozen, home = tmp_path / "frozen", tmp_path / "home of ann"
    for name in ("sleapnn-gui", "sleapnn-engine"):
        frozen.mkdir(exist_ok=True)
        (frozen / name).write_text("#!/bin/sh\necho started\n")
        (frozen / name).chmod(0o755)
    made = pack(frozen, tmp_path / "app", parts=ROOT / "installer" / "app", icon=ROOT / "resources" / "icon")
    with tarfile.open(made) as archive:
        archive.extractall(tmp_path / "downloads", filter="data")
    home.mkdir()
    variables = {"PATH": os.environ["PATH"], "HOME": str(home)}
    script = tmp_path / "downloads" / "sleapnn-gui" / "install.sh"
    subprocess.run([script], env=variables, check=True, capture_output=True)

    data = home / ".local" / "share"
    entry = ConfigParser(interpolation=None)
    entry.optionxform = str
    entry.read(data / "applications" / "sleapnn-gui.desktop")
    program, files = entry["Desktop Entry"]["Exec"].rsplit(" ", 1)
    assert files == "%F"
    done = subprocess.run([program.strip('"')], capture_output=True, text=True, check=True)
    assert done.stdout == "started\n"
    kinds = ElementTree.parse(data / "mime" / "packages" / "sleapnn-gui.xml").getroot()
    assert entry["Desktop Entry"]["MimeType"] == f"{kinds[0].get('type')};"
    assert (data / "icons" / "hicolor" / "256x256" / "apps" / "sleapnn-gui.png").is_file()
    for name in ("sleapnn-gui", "sleapnn-engine"):
        subprocess.run([home / ".local" / "bin" / name], check=True, capture_output=True)

    installed = data / "sleapnn-gui" / "app" / "install.sh"
    subprocess.run([installed, "remove"], env=variables, check=True, capture_output=True)
    left = [path for path in home.rglob("*") if not path.is_dir() or path.is_symlink()]
    assert [path for path in left if "sleapnn" in path.name] == []
