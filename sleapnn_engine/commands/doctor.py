"""`sleapnn-engine doctor`: versions, devices, Qt libraries, disk and ports, as a report."""

import argparse
import ctypes
import importlib
import os
import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sleapnn_engine.config.chosen_engine import known_engines
from sleapnn_engine.config.engine_program import CHOSEN
from sleapnn_engine.config.installed import PROJECT, installed_versions, version_of
from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.protocol.engine_version import own_version
from sleapnn_engine.protocol.failure_report import for_others


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no options: a report is worth most when all reports have the same parts."""


def run(args: argparse.Namespace) -> int:
    """Print the report; finding a fault is a success too."""
    for title, lines in report():
        print(title)
        for name, value in lines:
            print(f"  {name:<26}{for_others(value)}")
        print()
    return 0


def report() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The report's parts one by one: a title and (name, value) lines; slow parts come last."""
    yield "Machine", describe_machine()
    yield "Engine", describe_engine()
    yield "Packages", describe_packages()
    yield "Disk", describe_disk()
    yield "Ports", describe_ports()
    yield "Window", describe_window()
    yield "Devices", describe_devices()


def describe_machine() -> list[tuple[str, str]]:
    """Operating system, Python, processor cores and memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    lines = [
        ("system", platform.platform()),
        ("python", f"{platform.python_version()} ({sys.executable})"),
        ("processor cores", f"{cores} usable of {os.cpu_count()}"),
    ]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        lines.append(("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB"))
    return lines


def describe_engine() -> list[tuple[str, str]]:
    """This engine, the one that the window on this machine uses, and what the app has installed."""
    known, version = known_engines(), own_version()
    lines = [("this engine", f"{version.line.removeprefix('sleapnn-engine ')} ({sys.executable})")]
    chosen = f"{known.version} ({' '.join(known.command)})" if known.command else "that of its own Python"
    lines.append(("the window uses", os.environ.get(CHOSEN, "").strip() or chosen))
    if known.installation is not None:
        state = "installed by the app" if known.installation.finished else "begun by the app, not finished"
        lines.append(
            (state, f"{known.installation.version}, {known.installation.build} ({known.installation.place})")
        )
    return lines


def describe_packages() -> list[tuple[str, str]]:
    """The versions of this project and of all it names as needed, installed or not."""
    found = installed_versions()
    if not found:
        return [(PROJECT, "not installed here: run from a checkout; see installer/bootstrap.py")]
    return [(name, version or "not installed") for name, version in found.items()]


def describe_disk() -> list[tuple[str, str]]:
    """Free space where runs and caches usually go."""
    lines = []
    for name, folder in (("this folder", Path.cwd()), ("temporary files", Path(tempfile.gettempdir()))):
        usage = shutil.disk_usage(folder)
        writable = "" if os.access(folder, os.W_OK) else ", not writable"
        lines.append(
            (name, f"{usage.free / 1e9:.1f} GB free of {usage.total / 1e9:.1f} ({folder}{writable})")
        )
    return lines


def describe_ports() -> list[tuple[str, str]]:
    """Whether two processes of this machine can talk to each other, which app and engine have to."""
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.create_connection(server.getsockname(), timeout=2),
        ):
            return [("loopback", "works"), ("encryption", _encryption())]
    except OSError as problem:
        return [("loopback", f"does not work: {problem}; app and engine cannot talk to each other")]


def _encryption() -> str:
    """Whether what app and engine say to each other is encrypted."""
    try:
        from sleapnn_engine.protocol.encryption import can_encrypt  # loads zmq, which may be what is broken
    except ImportError as problem:
        return f"zmq cannot be loaded: {problem}"
    return "works" if can_encrypt() else "none, pyzmq lacks libsodium; a run's token still keeps others out"


def describe_window() -> list[tuple[str, str]]:
    """Screen, Qt and the system libraries that Qt loads."""
    shown = {name: os.environ.get(name, "") for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    lines = [(name, value or "not set") for name, value in shown.items()] if sys.platform == "linux" else []
    lines.append(("Qt", _qt_version()))
    if sys.platform == "linux":
        known = from_json(resource_path("system", "qt_libraries.json").read_text(encoding="utf-8"))
        rows = [row for row in known["libraries"] if not _loads(row["library"])]
        for row in rows:
            use = "the app needs it" if row["needed"] == "always" else f"windows on {row['needed']} need it"
            lines.append((row["library"], f"missing: {use} (package {row['package']})"))
        if not rows:
            lines.append(("Qt's system libraries", "all there"))
    return lines


def _qt_version() -> str:
    """Qt's version, asked of the package's record: the engine itself never loads Qt."""
    return version_of("PySide6-Essentials") or "not installed"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def describe_devices() -> list[tuple[str, str]]:
    """What torch can train on."""
    try:
        torch = importlib.import_module("torch")
    except ImportError as problem:
        return [("torch", f"cannot be loaded: {problem}")]
    lines = [("torch", f"{torch.__version__}, {torch.get_num_threads()} threads")]
    from sleapnn_engine.training.machine_devices import list_devices  # loads torch

    if torch.cuda.is_available():
        lines.append(("CUDA", str(torch.version.cuda)))
    for device in list_devices():
        memory = "" if device.free is None else f", {device.free / 1e9:.1f} GB free"
        whole = "" if device.total is None else f" of {device.total / 1e9:.1f}"
        about = f"not available: {device.reason}" if device.reason else f"{device.words}{memory}{whole}"
        lines.append((device.name, about))
    return lines
