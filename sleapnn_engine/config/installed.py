"""Which packages this project needs, and which versions of them are installed here."""

import functools
import platform
import sys
from pathlib import Path

from sleapnn_engine.config.engine_program import CHOSEN

PROJECT = "sleapnn-gui"


def installed_versions(*, extra: str = "") -> dict[str, str]:
    """This project and what it names as needed, name -> version, '' where it is not installed; the project first.

    With an `extra`, only what all parts and that one need. Empty where the project itself is not installed.
    """
    from importlib import metadata  # few ask, and it takes a while to load

    try:
        wanted = metadata.requires(PROJECT) or []
        own = metadata.version(PROJECT)
    except metadata.PackageNotFoundError:
        return {}
    chosen = [line for line in wanted if not extra or "extra ==" not in line or _is_of(line, extra)]
    names = dict.fromkeys(_bare_name(line) for line in chosen)
    names.pop(PROJECT, None)
    return {PROJECT: own, **{name: version_of(name) for name in sorted(names, key=str.lower)}}


def versions_at_work() -> dict[str, str]:
    """Python and what of the engine's parts is installed, name -> version: what a run writes down of itself."""
    return dict(_at_work())


@functools.cache
def _at_work() -> dict[str, str]:
    """What is at work in a process was installed when it began; to look it up takes as long as a small training's steps."""
    found = installed_versions(extra="engine")
    return {"python": platform.python_version(), **{name: own for name, own in found.items() if own}}


def missing_sentence(error: ImportError, *, what: str, extra: str) -> str:
    """Why `what` (“The window”) cannot begin, for a person: which of its parts is not there, and what brings it.

    The parts are those of the project's `extra`; a library of the system that one of them loads is a part too.
    """
    if not isinstance(error, ModuleNotFoundError):
        return (
            f"{what} cannot begin: a part of it does not load here ({error}). "
            "What this machine has, and which packages bring the rest, is listed by:  sleapnn-engine doctor"
        )
    if getattr(sys, "frozen", False):
        return (
            f"{what} needs the training engine, which is not installed yet. Open the window and choose Help > Engine, or "
            f"set {CHOSEN} to the program sleapnn-engine of an environment that has it: "
            f'python -m pip install "{PROJECT}[{extra}]".'
        )
    return (
        f"{what} needs parts that are not installed here: there is no {error.name}. "
        f'Install them with:  {Path(sys.executable).name} -m pip install "{PROJECT}[{extra}]"'
    )


def version_of(package: str) -> str:
    """The installed version of a package; '' where it is not installed."""
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _is_of(requirement: str, extra: str) -> bool:
    marker = requirement.partition(";")[2].replace("'", '"')
    return f'extra == "{extra}"' in marker


def _bare_name(requirement: str) -> str:
    end = next((i for i, letter in enumerate(requirement) if not (letter.isalnum() or letter in "-_.")), None)
    return requirement[:end]
