"""What the operating system has to bring: libraries that Qt loads, a font, and Python's own venv module."""

import ctypes
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from installer.console import Trouble, report

TABLE = Path("resources") / "system" / "qt_libraries.json"
"""The libraries that Qt loads, in a checkout."""
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")


@dataclass(frozen=True)
class Missing:
    """A library or font that is not there."""

    what: str
    package: str
    """The Debian and Ubuntu package that brings it."""
    needed: str
    """`always`, or `x11` or `wayland`: only to open a window on such a screen."""


def find_screens(environment: Mapping[str, str], *, platform: str = sys.platform) -> frozenset[str]:
    """The kinds of screen a window can open on; empty when there is none.

    Windows and macOS always have one as far as we can tell.
    """
    if not platform.startswith("linux"):
        return frozenset({platform})
    kinds = {"x11": environment.get("DISPLAY"), "wayland": environment.get("WAYLAND_DISPLAY")}
    return frozenset(kind for kind, address in kinds.items() if address)


def find_missing(table: Path, *, platform: str = sys.platform) -> list[Missing]:
    """Libraries of `table` that do not load, and the font package when there is no font; [] off Linux."""
    if not platform.startswith("linux"):
        return []
    known = json.loads(table.read_text(encoding="utf-8"))
    missing = [
        Missing(row["library"], row["package"], row["needed"])
        for row in known["libraries"]
        if not _loads(row["library"])
    ]
    if not any(_has_font(Path(folder).expanduser()) for folder in FONT_FOLDERS):
        missing.append(Missing("a font", known["fonts"], "always"))
    return missing


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_font(folder: Path) -> bool:
    return any(path.suffix.lower() in (".ttf", ".otf", ".ttc") for path in folder.rglob("*"))


def apt_command(packages: Sequence[str], *, root: bool) -> str:
    """The line that installs packages on Debian and Ubuntu."""
    prefix = "" if root else "sudo "
    return (
        f"{prefix}apt-get update && {prefix}apt-get install -y --no-install-recommends {' '.join(packages)}"
    )


def can_install() -> bool:
    """Whether this process may install system packages by itself: root on a machine with apt."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_packages(packages: Sequence[str]) -> None:
    """Install system packages with apt; Trouble with the last words of apt when that fails."""
    report(f"installing system packages: {' '.join(packages)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", *words], env=quiet, capture_output=True, text=True)
        if done.returncode != 0:
            last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
            raise Trouble(
                f"apt-get {words[0]} failed:\n{last}\n"
                f"Check the network and the machine's package sources, then run:\n"
                f"  {apt_command(packages, root=True)}"
            )


def provide_libraries(table: Path, *, screens: frozenset[str], mention: bool = False) -> list[Missing]:
    """Install what Qt misses when this process may; otherwise return what is still needed here.

    Libraries for kinds of screen that are not here are left alone; `mention` says how to get them later.
    """
    wanted = screens | {"always"}
    missing = find_missing(table)
    needed = [one for one in missing if one.needed in wanted]
    if needed and can_install():
        install_packages(sorted({one.package for one in needed}))
        missing = find_missing(table)
        needed = [one for one in missing if one.needed in wanted]
    later = [one for one in missing if one not in needed]
    if later and mention:
        report(
            f"note: to open windows on {' or '.join(sorted({one.needed for one in later}))}, this machine also needs"
        )
        report(f"      {apt_command(sorted({one.package for one in later}), root=can_install())}")
    return needed


def require_libraries(missing: Sequence[Missing]) -> None:
    """Trouble that names every missing library and the command that brings them."""
    if not missing:
        return
    names = ", ".join(one.what for one in missing)
    command = apt_command(sorted({one.package for one in missing}), root=can_install())
    raise Trouble(
        f"The window cannot open: this machine has no {names}.\n"
        f"On Debian or Ubuntu, run\n  {command}\n"
        "and then this command again. Elsewhere, install the packages that bring these files. "
        "(.venv/bin/sleapnn-engine works without them.)"
    )


def require_venv_module() -> None:
    """Make sure Python can make virtual environments; Debian ships that part on its own."""
    if importlib.util.find_spec("ensurepip") is not None and importlib.util.find_spec("venv") is not None:
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if can_install():
        install_packages([package])
        importlib.invalidate_caches()
        if importlib.util.find_spec("ensurepip") is not None:
            return
    raise Trouble(
        "This Python cannot make virtual environments: its venv module is not installed.\n"
        f"On Debian or Ubuntu, run\n  {apt_command([package], root=can_install())}\n"
        "and then this command again."
    )
