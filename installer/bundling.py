"""The window as an app that needs no Python, for the system this runs on: `bootstrap.py bundle`.

PyInstaller freezes it, because it follows Qt and its plugins without a list of ours, makes a folder that starts without
unpacking, and does so on all three systems from one file (`app/app.spec`). Only how the folder is packed differs.
"""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

from installer.console import Trouble, report
from installer.system import TABLE, provide_libraries, require_libraries

NAME = "sleapnn-gui"
EXTRAS = "gui,bundle"
_QT = (
    "Qt and PySide6 are used under the GNU Lesser General Public License, version 3. Their libraries lie in the folder PySide6\n"
    "of this app as files of their own, which may be replaced by other versions; their sources are those of the releases.\n"
)


def make_bundle(root: Path | str) -> int:
    """Make the app in `dist/`, where PyInstaller and all that the window needs go to `build/app/`."""
    root = Path(root)
    work, out = root / "build" / "app", root / "dist"
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    # What Qt loads on a screen goes into the app, so it has to be here, with or without one.
    require_libraries(provide_libraries(root / TABLE, screens=frozenset({"x11", "wayland"})))
    python = _provide_tools(root, work / "tools")
    _bring_engine(python, root, work / "engine")
    folder = _freeze(python, root / "installer" / "app" / "app.spec", work=work)
    _add_licences(python, folder / "licences", own=root / "LICENSE")
    out.mkdir(exist_ok=True)
    whole = out / f"{NAME}-{version}-{_system()}"
    made = pack(folder, whole, parts=root / "installer" / "app", icon=root / "resources" / "icon")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    report(f"made {made.relative_to(root)}: {made.stat().st_size / 1e6:.0f} MB, unpacked {size / 1e6:.0f} MB")
    return 0


def _system() -> str:
    """For example linux-x86_64."""
    name = {"darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
    return f"{name}-{platform.machine().lower()}"


def _provide_tools(root: Path, folder: Path) -> Path:
    """The Python of an environment of its own with the project, its window and PyInstaller."""
    if importlib.util.find_spec("ensurepip") is None:
        raise Trouble("This Python cannot make virtual environments: its ensurepip module is not installed.")
    report("installing what the app is made of")
    venv.create(folder, with_pip=True, clear=True, symlinks=os.name != "nt")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    constraints = str(root / "installer" / "constraints.txt")
    _run(
        [str(python), *words, "-c", constraints, f"{root}[{EXTRAS}]"],
        "The app's packages could not be installed",
    )
    return python


def _bring_engine(python: Path, root: Path, folder: Path) -> None:
    """What the app installs the engine from: the project as a wheel, so that both are of one version, and tested versions."""
    shutil.rmtree(folder, ignore_errors=True)
    words = [str(python), "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _run([*words, "--wheel-dir", str(folder), str(root)], "The project's wheel could not be made")
    shutil.copy(root / "installer" / "constraints.txt", folder)


def _freeze(python: Path, spec: Path, *, work: Path) -> Path:
    """The folder with the app in it."""
    report("putting the app together (about a minute)")
    places = ["--distpath", str(work / "frozen"), "--workpath", str(work / "parts")]
    words = [str(python), "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", *places, str(spec)]
    # Not in the checkout: what is installed has its resources inside, and Python would find the checkout first.
    _run(words, "PyInstaller could not put the app together", folder=work)
    made = work / "frozen" / NAME
    engine = made / ("sleapnn-engine.exe" if os.name == "nt" else "sleapnn-engine")
    _run([str(engine), "presets", "list"], "The app was put together, but does not work", folder=work)
    return made


def _run(words: list[str], trouble: str, *, folder: Path | None = None) -> None:
    # Where the environment names folders with modules, a checkout among them would be frozen instead of what is installed.
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(words, cwd=folder, env=own, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        last = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-12:])
        raise Trouble(f"{trouble}:\n{last}")


def _add_licences(python: Path, folder: Path, *, own: Path) -> None:
    """Put the licences of the project and of every package in the app into a folder beside it."""
    folder.mkdir(exist_ok=True)
    shutil.copy(own, folder / f"{NAME}.txt")
    for file in sorted(python.parents[1].rglob("*.dist-info/**/*")):
        if file.is_file() and file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE")):
            package = next(part for part in file.parts if part.endswith(".dist-info")).partition("-")[0]
            shutil.copy(file, folder / f"{package}-{file.name}")
    (folder / "qt.txt").write_text(_QT, encoding="utf-8")
    python_licence = Path(sysconfig.get_path("stdlib"), "LICENSE.txt")
    if python_licence.is_file():
        shutil.copy(python_licence, folder / "python.txt")


def pack(folder: Path, whole: Path, *, parts: Path, icon: Path) -> Path:
    """The one step that differs: a disk image, a setup program, or a tarball with a menu entry and a script of its own."""
    if sys.platform == "darwin":
        return _pack_for_macos(folder, whole)
    if sys.platform == "win32":
        return _pack_for_windows(folder, whole, script=parts / "windows" / f"{NAME}.iss")
    return _pack_for_linux(folder, whole, parts=parts / "linux", icon=icon)


def _pack_for_macos(folder: Path, whole: Path) -> Path:
    """A disk image with the app beside the folder that it is dragged into."""
    made, shown = whole.with_name(f"{whole.name}.dmg"), folder.with_name("image")
    shutil.rmtree(shown, ignore_errors=True)
    shown.mkdir()
    app = folder.with_suffix(".app")
    shutil.copytree(folder / "licences", shown / "licences")
    shutil.copytree(app, shown / app.name, symlinks=True)
    (shown / "Applications").symlink_to("/Applications")
    words = [
        "hdiutil",
        "create",
        "-ov",
        "-volname",
        NAME,
        "-format",
        "UDZO",
        "-srcfolder",
        str(shown),
        str(made),
    ]
    _run(words, "The disk image could not be made")
    return made


def _pack_for_windows(folder: Path, whole: Path, *, script: Path) -> Path:
    """A setup program where Inno Setup is here, else a zip of the folder."""
    compiler = Path(os.environ.get("PROGRAMFILES(X86)", "C:\\")) / "Inno Setup 6" / "ISCC.exe"
    if not compiler.is_file():
        report(
            "no Inno Setup here (winget install JRSoftware.InnoSetup): the app is packed as a zip, without a setup program"
        )
        made = whole.with_name(f"{whole.name}.zip")
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*")):
                archive.write(file, Path(NAME) / file.relative_to(folder))
        return made
    version = whole.name.split("-")[2]
    told = [f"/DVersion={version}", f"/DFolder={folder}", f"/O{whole.parent}", f"/F{whole.name}"]
    _run([str(compiler), "/Qp", *told, str(script)], "The setup program could not be made")
    return whole.with_name(f"{whole.name}.exe")


def _pack_for_linux(folder: Path, whole: Path, *, parts: Path, icon: Path) -> Path:
    share = folder / "share"
    share.mkdir(exist_ok=True)
    for file in (parts / f"{NAME}.desktop", parts / f"{NAME}.xml", icon / f"{NAME}.png"):
        shutil.copy(file, share)
    shutil.copy(parts / "install.sh", folder)
    made = whole.with_name(f"{whole.name}.tar.gz")
    with tarfile.open(made, "w:gz") as archive:
        archive.add(folder, arcname=NAME)
    return made
