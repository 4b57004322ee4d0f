"""The virtual environment `.venv`: made once, filled with the project and its needs, then reused."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import tomllib
from pathlib import Path

from installer.console import Trouble, report
from installer.system import require_venv_module

EXTRAS = "all,dev"
NEEDED_BYTES = 8 * 10**9
"""An installation with torch takes about 6 GB; pip unpacks beside it."""
OFFLINE = re.compile(
    r"NameResolutionError|Temporary failure in name resolution|Network is unreachable|ConnectTimeout"
    r"|Failed to establish a new connection|Connection refused|ProxyError|getaddrinfo failed",
    re.IGNORECASE,
)


class Environment:
    """The `.venv` of a checkout."""

    def __init__(self, root: Path) -> None:
        """The environment of the checkout at `root`; nothing is touched yet."""
        self.root = root
        self.folder = root / ".venv"
        self.programs = self.folder / ("Scripts" if os.name == "nt" else "bin")
        self._stamp = self.folder / "sleapnn-stamp.txt"

    def program(self, name: str) -> Path:
        """Path of a program inside the environment."""
        return self.programs / (f"{name}.exe" if os.name == "nt" else name)

    @property
    def fingerprint(self) -> str:
        """A hash of what the installation depends on: packages, versions, build, Python and the place."""
        project = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        parts = {
            "build": project.get("build-system"),
            "project": project.get("project"),
            "wheel": project.get("tool", {}).get("hatch"),
            "constraints": (self.root / "installer" / "constraints.txt").read_text(encoding="utf-8"),
            "python": list(sys.version_info[:2]),
            "root": str(self.root),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def is_ready(self) -> bool:
        """Whether the last installation finished and nothing it depends on has changed since."""
        try:
            stamped = self._stamp.read_text(encoding="utf-8").strip()
        except OSError:
            return False
        return stamped == self.fingerprint and self.program("sleapnn-gui").exists() and self._works()

    def provide(self) -> None:
        """Make the environment and install the project; seconds when nothing changed."""
        if self.is_ready():
            report("the environment in .venv is up to date")
            return
        self._require_space()
        started = time.monotonic()
        self._make()
        self._install()
        self._stamp.write_text(self.fingerprint + "\n", encoding="utf-8")
        report(f"installed in {time.monotonic() - started:.0f} s")

    def _works(self) -> bool:
        """Whether the environment's Python starts; it does not when the Python it was made with is gone."""
        try:
            done = subprocess.run([self.program("python"), "-c", ""], capture_output=True)
        except OSError:
            return False
        return done.returncode == 0

    def _require_space(self) -> None:
        free = shutil.disk_usage(self.root).free
        if free < NEEDED_BYTES and not self.folder.exists():
            raise Trouble(
                f"The disk that holds {self.root} has {free / 1e9:.1f} GB free; the installation needs about "
                f"{NEEDED_BYTES / 1e9:.0f} GB.\nFree some space, or clone the project to a larger disk."
            )

    def _make(self) -> None:
        if self._works():
            report("using the environment in .venv")
            return
        require_venv_module()
        words = [sys.executable, "-m", "venv"]
        if (self.folder / "pyvenv.cfg").exists():
            report("the environment in .venv does not start any more; making it anew")
            words.append("--clear")
        elif self.folder.exists() and any(self.folder.iterdir()):
            raise Trouble(
                f"{self.folder} is there but is no virtual environment. Move it away and run this again."
            )
        report(f"making .venv with Python {sys.version.split()[0]}")
        done = subprocess.run([*words, str(self.folder)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Trouble(f"The environment could not be made:\n{(done.stdout + done.stderr).strip()}")

    def _install(self) -> None:
        """Run pip, showing what it fetches and keeping all it says for an error."""
        report("installing packages (the first time about 6 GB and some minutes)")
        words = [
            str(self.program("python")),
            "-m",
            "pip",
            "install",
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
            "--no-compile",  # see `_compile`
            "-c",
            str(self.root / "installer" / "constraints.txt"),
            "-e",
            f"{self.root}[{EXTRAS}]",
        ]
        said: list[str] = []
        with subprocess.Popen(
            words,
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as pip:
            assert pip.stdout is not None
            for line in pip.stdout:
                said.append(line.rstrip())
                news = worth_showing(line)
                if news:
                    report(news)
        if pip.returncode != 0:
            raise Trouble(explain_failure(said))
        self._compile()

    def _compile(self) -> None:
        """Compile what was installed and what is here, on all processors: pip takes one, and a minute.

        Not left to the first import: where `PYTHONDONTWRITEBYTECODE` is set, each process would compile anew. Some
        packages bring files that are no Python of this version; that they do not compile is no fault.
        """
        report("compiling")
        packages = sysconfig.get_path("purelib", "venv", vars={"base": str(self.folder)})
        here = [str(self.root / name) for name in ("sleapnn_engine", "sleapnn_gui", "tests")]
        words = [str(self.program("python")), "-m", "compileall", "-q", "-q", "-j", "0", packages, *here]
        subprocess.run(words, cwd=self.root, capture_output=True)


def worth_showing(line: str) -> str | None:
    """The progress line for a line of pip's output, or None for most of them."""
    fetched = re.match(r"\s*Downloading (\S+) \((\S+ [MG]B)\)", line)
    if fetched:
        name = fetched[1].rsplit("/", 1)[-1].removesuffix(".metadata")
        return f"  fetching {'-'.join(name.split('-')[:2])} ({fetched[2]})"
    if line.startswith("Installing collected packages"):
        return f"  unpacking {line.count(',') + 1} packages (about a minute)"
    return None


def explain_failure(said: list[str]) -> str:
    """What to tell a person when pip failed, from what it printed."""
    text = "\n".join(said)
    last = "\n".join(f"  {line}" for line in said[-12:])
    if "No space left on device" in text:
        return f"The disk is full: pip could not finish.\n{last}\nFree about 8 GB and run this again."
    if OFFLINE.search(text):
        return f"The package index cannot be reached.\n{last}\nCheck the network or proxy and run this again."
    missing = re.search(r"No matching distribution found for (\S+)", text)
    if missing:
        return (
            f"The package index offers no {missing[1]} for Python {sys.version.split()[0]} on this machine.\n"
            f"{last}\nCheck which index pip uses (`pip config list`), or use another Python."
        )
    return f"pip could not install the project. Its last words:\n{last}"
