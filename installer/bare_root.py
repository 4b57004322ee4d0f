"""The bundled app where nothing else is: `python3 installer/bare_root.py` makes it, and runs it in a bare Debian root.

A root that debootstrap makes, with the libraries of `resources/system/qt_libraries.json` and a font, no Python and no Qt. There a
person without rights unpacks the app, installs it with its own script, asks its command line for something, opens its window
on a screen (Xvfb) and removes it again. Takes root, debootstrap, Xvfb and xdotool; about two minutes.
"""

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from installer.bundling import make_bundle  # noqa: E402 - run as a file, it finds the rest only now
from installer.console import Trouble, complain, report  # noqa: E402
from installer.system import TABLE  # noqa: E402

SUITE = "bookworm"
PERSON = "ann"
TOOLS = ("debootstrap", "Xvfb", "xdotool", "unshare")
#: How often the window is opened; the median counts.
STARTS = 5
PATIENCE = 30.0
CONFIG = "trainer_config: {max_epochs: 7}\n"


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bare_root.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--app", metavar="TAR.GZ", type=Path, help="run this bundle instead of making one")
    parser.add_argument("--root", metavar="DIR", type=Path, help="make the root here, and keep it")
    return parser


def main() -> int:
    """Make, run and judge; 0 where all of it works."""
    args = build_parser().parse_args()
    try:
        _require_tools()
        app = args.app or _made()
        with _folder(args.root) as root:
            _make_root(root)
            return _try_out(root, app)
    except Trouble as trouble:
        complain(str(trouble))
        return 1


def _require_tools() -> None:
    missing = [name for name in TOOLS if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        raise Trouble(
            "A root of its own is made by root alone, with "
            + ", ".join(TOOLS)
            + ": apt-get install debootstrap xvfb xdotool, and run this as root."
        )


def _made() -> Path:
    make_bundle(ROOT)
    return max((ROOT / "dist").glob("*-linux-*.tar.gz"), key=lambda path: path.stat().st_mtime)


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        yield wanted.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="sleapnn-root-") as folder:
        yield Path(folder) / "root"


def packages(table: Path) -> list[str]:
    """What a desktop has: the packages of the table for windows on X11, and a font."""
    known = json.loads(table.read_text(encoding="utf-8"))
    wanted = [row["package"] for row in known["libraries"] if row["needed"] in ("always", "x11")]
    return [*dict.fromkeys(wanted), known["fonts"]]


def _make_root(root: Path) -> None:
    if not (root / "etc" / "debian_version").exists():
        report(f"making a bare Debian root ({SUITE})")
        _run(["debootstrap", "--variant=minbase", SUITE, str(root)], "The root could not be made")
    report("adding the libraries of the table")
    _inside(root, ["apt-get", "install", "--yes", "--no-install-recommends", "-qq", *packages(ROOT / TABLE)])
    _inside(root, ["sh", "-c", f"id {PERSON} >/dev/null 2>&1 || useradd --create-home {PERSON}"])


def _try_out(root: Path, app: Path) -> int:
    """Go through what a person does."""
    home = root / "home" / PERSON
    shutil.copy(app, home / "app.tar.gz")
    (home / "job.yaml").write_text(CONFIG, encoding="utf-8")
    there = ".local/share/sleapnn-gui/app"
    _as_person(root, "tar xzf app.tar.gz && ./sleapnn-gui/install.sh && rm -r sleapnn-gui app.tar.gz")
    _as_person(root, "! command -v python3")
    said = _as_person(root, ".local/bin/sleapnn-engine presets list && .local/bin/sleapnn-engine --version")
    report(f"the command line answers: {said.strip().splitlines()[-1]}")
    told = _as_person(root, ".local/bin/sleapnn-engine describe mouse.slp 2>&1 || true")
    if "is not installed yet" not in told:
        raise Trouble(f"Asked for labels, the app without an engine says:\n{told}")
    _as_person(root, f"{there}/_internal/uv/uv --version")
    with _screen() as display:
        seconds = [_open_window(root, display) for _ in range(STARTS + 1)][1:]
    report(
        f"the window is there after {statistics.median(seconds):.2f} s (median of {STARTS}; "
        f"{', '.join(f'{one:.2f}' for one in sorted(seconds))})"
    )
    _as_person(root, f"{there}/install.sh remove")
    left = [path for path in (home / ".local").rglob("*sleapnn*") if path.is_file()]
    if left:
        raise Trouble(f"Removed, it leaves {', '.join(str(path) for path in left)}.")
    report("installed, run and removed in a bare root")
    return 0


def _open_window(root: Path, display: str) -> float:
    """Seconds from starting the app to its window on the screen."""
    began = time.monotonic()
    words = f"DISPLAY={display} exec .local/bin/sleapnn-gui job.yaml"
    with subprocess.Popen(_words_inside(root, _su(words)), stderr=subprocess.PIPE, text=True) as app:
        look = ["xdotool", "search", "--onlyvisible", "--name", "job.yaml"]
        on = {**os.environ, "DISPLAY": display}
        while subprocess.run(look, env=on, capture_output=True).returncode != 0:
            if app.poll() is not None or time.monotonic() - began > PATIENCE:
                app.kill()
                raise Trouble(f"No window came. The app says:\n{app.stderr.read() if app.stderr else ''}")
            time.sleep(0.01)
        taken = time.monotonic() - began
        subprocess.run([*look, "windowfocus", "--sync", "key", "ctrl+q"], env=on, capture_output=True)
        try:
            app.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            app.kill()
            raise Trouble("The window did not close on Ctrl+Q.") from None
    return taken


@contextmanager
def _screen() -> Iterator[str]:
    """An X server of its own; without `-noreset` it forgets whoever connects while the one before leaves."""
    read, write = os.pipe()
    words = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-noreset", "-ac"]
    with subprocess.Popen(words, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        try:
            yield f":{number}"
        finally:
            server.terminate()


def _su(words: str) -> list[str]:
    return ["su", "--login", PERSON, "--command", words]


def _as_person(root: Path, words: str) -> str:
    return _inside(root, _su(words))


def _words_inside(root: Path, words: list[str]) -> list[str]:
    """The words in the root, with what each system has; the mounts are gone with the process."""
    place = shlex.quote(str(root))
    screens = f"mkdir -p {place}/tmp/.X11-unix && mount --bind /tmp/.X11-unix {place}/tmp/.X11-unix"
    mounts = f"mount -t proc proc {place}/proc && mount --rbind /dev {place}/dev && {{ {screens} || true; }}"
    return ["unshare", "--mount", "sh", "-c", f'{mounts} && exec chroot {place} "$@"', "sh", *words]


def _inside(root: Path, words: list[str]) -> str:
    return _run(_words_inside(root, words), f"In the root, this failed: {' '.join(words)}")


def _run(words: list[str], trouble: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", env=_plain_environment())
    if done.returncode != 0:
        last = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-12:])
        raise Trouble(f"{trouble}\n{last}")
    return done.stdout


def _plain_environment() -> dict[str, str]:
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {**os.environ, "PATH": path, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


if __name__ == "__main__":
    sys.exit(main())
