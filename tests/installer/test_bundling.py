"""The bundled app: which engine it asks, how it is packed, and that its own installer leaves nothing behind."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from installer.bare_root import packages
from installer.bundling import pack
from installer.system import TABLE
from sleapnn_engine.config.chosen_engine import KnownEngines, remember_engines
from sleapnn_engine.config.engine_program import CHOSEN, engine_command, engine_of_window, why_no_engine
from sleapnn_engine.config.installed import missing_sentence
from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL

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
    # In a process of its own: in this one others have long imported what a bundle does not have.
    code = (
        "import sys; sys.frozen = True; sys.modules['sleap_io'] = None; "
        "from sleapnn_engine.cli import main; sys.exit(main(['describe', 'mouse.slp']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 5
    assert (tmp_path / "sleapnn-engine.said").read_text() == "describe mouse.slp\n"


@pytest.fixture
def frozen(tmp_path):
    """What PyInstaller leaves, as far as packing goes by it."""
    folder = tmp_path / "frozen" / "sleapnn-gui"
    (folder / "licences").mkdir(parents=True)
    (folder / "licences" / "qt.txt").write_text("LGPL")
    (folder / "sleapnn-gui").write_text("program")
    (folder.with_suffix(".app") / "Contents").mkdir(parents=True)
    return folder


def called_with(monkeypatch, tmp_path, name):
    """A program of another system that writes down what it is told."""
    programs = tmp_path / "programs"
    (programs / name).parent.mkdir(parents=True)
    (programs / name).write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >"{tmp_path}/told"\n')
    (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return lambda: (tmp_path / "told").read_text().splitlines()


PARTS = {"parts": ROOT / "installer" / "app", "icon": ROOT / "resources" / "icon"}


def test_on_macos_the_app_is_packed_beside_the_folder_it_is_dragged_into(monkeypatch, tmp_path, frozen):
    told = called_with(monkeypatch, tmp_path, "hdiutil")
    monkeypatch.setattr(sys, "platform", "darwin")
    made = pack(frozen, tmp_path / "sleapnn-gui-0.1.0-macos-arm64", **PARTS)
    assert made.name == "sleapnn-gui-0.1.0-macos-arm64.dmg"
    shown = Path(told()[-2])
    assert told()[-1] == str(made)
    assert {one.name for one in shown.iterdir()} == {"Applications", "licences", "sleapnn-gui.app"}
    assert (shown / "Applications").readlink() == Path("/Applications")


def test_on_windows_inno_setup_is_told_what_its_script_asks_for(monkeypatch, tmp_path, frozen, capsys):
    monkeypatch.setattr(sys, "platform", "win32")
    whole = tmp_path / "sleapnn-gui-0.1.0-windows-amd64"
    without = pack(frozen, whole, **PARTS)
    assert without.name == "sleapnn-gui-0.1.0-windows-amd64.zip"
    assert "winget install" in capsys.readouterr().out
    assert "sleapnn-gui/licences/qt.txt" in zipfile.ZipFile(without).namelist()

    told = called_with(monkeypatch, tmp_path, "Inno Setup 6/ISCC.exe")
    monkeypatch.setenv("PROGRAMFILES(X86)", str(tmp_path / "programs"))
    made = pack(frozen, whole, **PARTS)
    assert made.name == "sleapnn-gui-0.1.0-windows-amd64.exe"
    script = Path(told()[-1]).read_text(encoding="utf-8")
    given = {word[2:].partition("=")[0] for word in told() if word.startswith("/D")}
    assert given == set(re.findall(r"\{#(\w+)\}", script)) - {"Name"}
    assert "/DVersion=0.1.0" in told()
    assert f"/O{tmp_path}" in told()


def test_a_bare_root_gets_what_the_table_lists_for_a_screen():
    wanted = packages(ROOT / TABLE)
    assert wanted[-1] == "fonts-dejavu-core"
    assert {"libegl1", "libxcb-cursor0"} <= set(wanted)
    assert not any("wayland" in one for one in wanted)
    assert len(wanted) == len(set(wanted))


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
    assert entry["Desktop Entry"]["MimeType"] == "".join(f"{kind.get('type')};" for kind in kinds)
    assert [kind.find("{*}glob").get("pattern") for kind in kinds] == ["*.slp", JOURNAL]
    assert (data / "icons" / "hicolor" / "256x256" / "apps" / "sleapnn-gui.png").is_file()
    for name in ("sleapnn-gui", "sleapnn-engine"):
        subprocess.run([home / ".local" / "bin" / name], check=True, capture_output=True)

    installed = data / "sleapnn-gui" / "app" / "install.sh"
    subprocess.run([installed, "remove"], env=variables, check=True, capture_output=True)
    left = [path for path in home.rglob("*") if not path.is_dir() or path.is_symlink()]
    assert [path for path in left if "sleapnn" in path.name] == []
