"""What is run to put a training engine on this machine, and where: words for `uv`, without Qt and without a process.

`uv` brings its own Python where the machine has none, fetches side by side, and keeps each file that came whole: an
installation that was broken off goes on from there. Everything lies in one folder, so that it can be taken away again.
"""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from sleapnn_engine.config.chosen_engine import Installation, data_folder
from sleapnn_engine.config.engine_program import is_bundled
from sleapnn_engine.config.installed import PROJECT, version_of
from sleapnn_engine.config.plain_json import from_json
from sleapnn_gui.widgets.language import tr

#: The folder within the one that a person names: nothing of theirs is in it, so it may be removed whole.
FOLDER = "engine"
#: For which Pythons PyTorch is to be had.
PYTHONS = ">=3.11,<3.14"
CPU, CUDA, METAL = "cpu", "cuda", "metal"


@attrs.frozen(kw_only=True)
class Build:
    """A kind of PyTorch: its words, and how many GB it takes to fetch and on the disk, measured with the tested versions."""

    name: str
    words: str
    fetched: float
    taken: float


_BUILDS = {
    CPU: Build(name=CPU, words=tr("Processor"), fetched=0.45, taken=1.5),
    CUDA: Build(name=CUDA, words=tr("NVIDIA card"), fetched=3.1, taken=6.1),
    METAL: Build(name=METAL, words=tr("Apple chip"), fetched=0.4, taken=1.4),
}


@attrs.frozen
class Finding:
    """The build that fits the machine, and how that was found out, as a sentence."""

    build: str
    reason: str


@attrs.frozen
class Step:
    """One program to run, and what it does, as words for a person."""

    words: str
    command: tuple[str, ...]


def builds_for(system: str = sys.platform, machine: str = "") -> tuple[Build, ...]:
    """The builds to choose from on a system."""
    if system == "darwin":
        return (_BUILDS[METAL],) if (machine or platform.machine()) == "arm64" else (_BUILDS[CPU],)
    return (_BUILDS[CPU], _BUILDS[CUDA])


def find_build(
    system: str = sys.platform, machine: str = "", ask: "Callable[[], str] | None" = None
) -> Finding:
    """Which build fits. Asking the card's driver may take a second: runs aside."""
    if system == "darwin":
        arm = (machine or platform.machine()) == "arm64"
        return (
            Finding(METAL, tr("This Mac has an Apple chip."))
            if arm
            else Finding(CPU, tr("This Mac has no Apple chip."))
        )
    card = (ask or _ask_driver)()
    if card:
        return Finding(CUDA, tr("The driver of this machine names a card: {card}.", card=card))
    return Finding(CPU, tr("No driver of an NVIDIA card answers on this machine (nvidia-smi)."))


def _ask_driver() -> str:
    """Name and driver of the first card, '' where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    words = [program, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        done = subprocess.run(words, capture_output=True, text=True, timeout=20, creationflags=hidden)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    first = done.stdout.strip().partition("\n")[0]
    return tr(", driver ").join(part.strip() for part in first.split(",")) if done.returncode == 0 else ""


def find_uv() -> Path | None:
    """The program `uv`: the one in the bundled app, that of its package, or one that the machine has."""
    name = "uv.exe" if os.name == "nt" else "uv"
    inside = Path(getattr(sys, "_MEIPASS", "")) / "uv" / name
    if is_bundled() and inside.is_file():
        return inside
    if importlib.util.find_spec("uv") is not None:
        from uv import find_uv_bin

        try:
            return Path(find_uv_bin())
        except FileNotFoundError:  # its package is there without the program, as a distribution may have it
            pass
    found = shutil.which("uv")
    return Path(found) if found else None


def what_to_install(wheels: str = "") -> tuple[str, Path | None]:
    """The requirement that names this version of the project, and a file with the tested versions of others.

    A folder of `wheels` that has the project needs no more. Bundled, the app brings both; else the wheel or checkout that
    this one came from is used where it is still there.
    """
    own = version_of(PROJECT)
    by_name = f"{PROJECT}[engine]" + (f"=={own}" if own else "")
    if wheels and any(Path(wheels).glob("sleapnn_gui-*.whl")):
        return by_name, None
    if is_bundled():
        folder = Path(getattr(sys, "_MEIPASS", "")) / "engine"
        wheel = next(iter(sorted(folder.glob("*.whl"))), None)
        if wheel is not None:
            return _from_file(wheel), None if wheels else folder / "constraints.txt"
    origin = _origin()
    return (by_name if origin is None or not origin.exists() else _from_file(origin)), None


def _from_file(path: Path) -> str:
    return f"{PROJECT}[engine] @ {path.absolute().as_uri()}"


def _origin() -> Path | None:
    """The file or folder that this project was installed from, as pip writes it down; None where it was an index."""
    from importlib import metadata  # few install, and these take a while to load
    from urllib.parse import urlparse
    from urllib.request import url2pathname

    try:
        said = from_json(metadata.distribution(PROJECT).read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return None
    place = urlparse(str(said.get("url", "")))
    return Path(url2pathname(place.path)) if place.scheme == "file" else None


def usual_place() -> Path:
    """The folder that an engine goes to unless a person says otherwise."""
    return data_folder() / FOLDER


def in_folder(folder: Path) -> Path:
    """The folder of an engine within one that a person chose."""
    return folder if folder == usual_place() or folder.name == FOLDER else folder / FOLDER


def python_of(place: Path) -> Path:
    """The Python of an engine."""
    return place / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def program_of(place: Path) -> Path:
    """The program `sleapnn-engine` of an engine."""
    name = "sleapnn-engine.exe" if os.name == "nt" else "sleapnn-engine"
    return python_of(place).with_name(name)


def variables(place: Path) -> dict[str, str]:
    """What `uv` finds in its environment: all that it keeps stays in the folder, and slow lines are waited for."""
    return {
        "UV_CACHE_DIR": str(place / "cache"),
        "UV_PYTHON_INSTALL_DIR": str(place / "python"),
        "UV_HTTP_TIMEOUT": os.environ.get("UV_HTTP_TIMEOUT", "120"),
        "UV_HTTP_RETRIES": os.environ.get("UV_HTTP_RETRIES", "5"),
        "UV_NO_PROGRESS": "1",
        "VIRTUAL_ENV": "",
        "CONDA_PREFIX": "",
    }


def steps(
    wanted: Installation, *, uv: Path, again: bool = False, system: str = sys.platform
) -> tuple[Step, ...]:
    """What is run, one after the other; `again` makes everything anew from what was fetched before."""
    requirement, constraints = what_to_install(wanted.wheels)
    offline = ("--offline", "--no-index", "--find-links", wanted.wheels) if wanted.wheels else ()
    tested = ("--constraint", str(constraints)) if constraints is not None else ()
    torch = _torch_words(wanted.build, system=system) if not wanted.wheels else ()
    env = wanted.place / "env"
    return (
        Step(
            tr("Preparing Python"),
            (
                str(uv),
                "venv",
                "--clear" if again else "--allow-existing",
                "--python",
                PYTHONS,
                *offline[:1],
                str(env),
            ),
        ),
        Step(
            tr("Fetching"),
            (
                str(uv),
                *("pip", "install", "--python", str(python_of(wanted.place)), "--compile-bytecode"),
                *(*torch, *offline, *tested, requirement),
            ),
        ),
        Step(tr("Asking the engine"), (str(program_of(wanted.place)), "--version")),
    )


def _torch_words(build: str, *, system: str) -> tuple[str, ...]:
    """How `uv` is told which PyTorch; the package index has the one for cards on Linux and the one without on Windows."""
    if build == CUDA:
        return ("--torch-backend", "auto")  # by the driver's version
    if build == CPU and system.startswith("linux"):
        return ("--torch-backend", "cpu")
    return ()


def free_gb(place: Path) -> float | None:
    """GB free on the disk of a folder that may not be there yet; None where nobody can say."""
    there = next((folder for folder in (place, *place.parents) if folder.exists()), None)
    try:
        return None if there is None else shutil.disk_usage(there).free / 1e9
    except OSError:
        return None


def remove(place: Path) -> str:
    """Remove an engine, all of it; returns why not in words that end a sentence, '' where it is gone. Runs aside."""
    if place.name != FOLDER:
        return tr("{place} is no folder that this app made", place=place)
    try:
        shutil.rmtree(place)
    except FileNotFoundError:
        return ""
    except OSError as problem:
        return problem.strerror or str(problem)
    return ""


_SIZES = {"KiB": 1 / 1024, "MiB": 1.0, "GiB": 1024.0}
_FETCHED = re.compile(r"Downloading (\S+)(?: \(([\d.]+)(KiB|MiB|GiB)\))?$")
_WHOLE = re.compile(r"Downloaded (\S+)$")
#: What uv says when a part is done, and how far the whole is then.
_DONE = (("Resolved", 0.05), ("Prepared", 0.86), ("Installed", 0.92), ("Bytecode compiled", 0.98))


@attrs.define
class Progress:
    """How far `uv` is, by what it says: it names each larger file when it begins and when it is whole."""

    fraction: float = 0.0
    text: str = ""
    _sizes: dict[str, float] = attrs.field(factory=dict)
    _whole: set[str] = attrs.field(factory=set)

    def read(self, line: str) -> None:
        """Take in one line of its output."""
        line = line.strip()
        begun, whole = _FETCHED.match(line), _WHOLE.match(line)
        if begun:
            self._sizes[begun[1]] = float(begun[2] or 0) * _SIZES.get(begun[3] or "", 0.0)
        elif whole:
            self._whole.add(whole[1])
        if begun or whole:
            self._count()
            return
        for words, share in _DONE:
            if line.startswith(words):
                self.fraction = max(self.fraction, share)
                self.text = {0.05: tr("Fetching"), 0.86: tr("Putting in place"), 0.92: tr("Compiling")}.get(
                    share, ""
                )

    def _count(self) -> None:
        every = sum(self._sizes.values())
        done = sum(size for name, size in self._sizes.items() if name in self._whole)
        largest = max(
            (name for name in self._sizes if name not in self._whole), key=self._sizes.__getitem__, default=""
        )
        self.fraction = max(self.fraction, 0.05 + 0.8 * (done / every if every else 0.0))
        more = tr(", {largest} is the largest to come", largest=largest) if largest else ""
        self.text = tr(
            "Fetching: {done:,.0f} of {every:,.0f} MB are here{more}", done=done, every=every, more=more
        )


_OFFLINE = re.compile(
    r"error sending request|dns error|connection (refused|reset)|timed out|Network connectivity",
    re.IGNORECASE,
)
_NOT_OFFERED = re.compile(r"Because (?:there is no version of |only )?([\w.-]+)")
_HOST = re.compile(r"https?://([\w.-]+)")
KEPT = tr("What came whole is kept, and Try again goes on from there.")


def explain(lines: Sequence[str], *, wheels: str = "") -> str:
    """Why `uv` failed and what to do, in sentences, from the last lines it printed."""
    text = "\n".join(lines)
    if "No space left" in text or "os error 28" in text or "os error 112" in text:
        return tr("The disk is full. Free some room there or choose another place. {kept}", kept=KEPT)
    if "No interpreter found" in text or "No download found" in text:
        return tr(
            "This machine has no Python 3.11 to 3.13, and none could be fetched. Install one (Debian, Ubuntu: apt-get "
            "install python3), then try again."
        )
    if wheels and "No solution found" in text:
        lacking = _NOT_OFFERED.search(text)
        what = tr("no {lacking} that fits", lacking=lacking[1]) if lacking else tr("not all that is needed")
        return tr(
            "The folder of wheels has {what}. Fill it on a machine of this kind with the same Python: "
            'python -m pip download -d wheels "{project}[engine]"',
            what=what,
            project=PROJECT,
        )
    if _OFFLINE.search(text):
        host = _HOST.search(text)
        where = tr(" at {host}", host=host[1]) if host else ""
        return tr(
            "The package index{where} cannot be reached. Check the network or the proxy. {kept}",
            where=where,
            kept=KEPT,
        )
    if "ermission denied" in text:
        return tr("The folder may not be written to. Choose another place.")
    last = " ".join(line.strip(" ×╰─▶│") for line in lines[-2:])
    return tr("The installation ended: {last}. {kept}", last=last or tr("it gave no reason"), kept=KEPT)


def command_of(path: str) -> tuple[str, ...] | str:
    """What starts the engine at a path: the program, the Python, or the folder of its environment; else why not."""
    place = Path(path).expanduser()
    if place.is_dir():
        inside = [
            place / name for name in ("bin/sleapnn-engine", "Scripts/sleapnn-engine.exe", "sleapnn-engine")
        ]
        program = next((one for one in inside if one.is_file()), None)
        if program is None:
            return tr(
                "There is no sleapnn-engine in {place}. Choose the folder of an environment that has it, or its Python.",
                place=place,
            )
        return (str(program),)
    if not place.is_file():
        return tr("There is no file {place}.", place=place)
    if re.fullmatch(r"python[\d.]*(\.exe)?", place.name.lower()):
        return (str(place), "-m", "sleapnn_engine")
    return (str(place),)
