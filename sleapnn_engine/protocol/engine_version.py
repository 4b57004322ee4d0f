"""The line in which an engine says its version, written and read, and whether it and a window understand each other."""

import platform
import re
from collections.abc import Iterable

import attrs

from sleapnn_engine.config.installed import PROJECT, version_of
from sleapnn_engine.protocol.messages import PROTOCOL_VERSION

_LINE = re.compile(r"sleapnn-engine (\S+), protocol (\d+), Python (\S+), (?:torch (\S+)|without torch)$")
#: What a checkout says that was never installed.
_UNKNOWN = "checkout"


@attrs.frozen(kw_only=True)
class EngineVersion:
    """What an engine is made of; `torch` is '' where it has none, and then it trains nothing."""

    own: str
    protocol: int
    python: str
    torch: str

    @property
    def line(self) -> str:
        """What `sleapnn-engine --version` prints."""
        torch = f"torch {self.torch}" if self.torch else "without torch"
        return f"sleapnn-engine {self.own}, protocol {self.protocol}, Python {self.python}, {torch}"


def own_version() -> EngineVersion:
    """What this Python has; nothing of it is loaded for that."""
    return EngineVersion(
        own=version_of(PROJECT) or _UNKNOWN,
        protocol=PROTOCOL_VERSION,
        python=platform.python_version(),
        torch=version_of("torch"),
    )


def read_version(lines: Iterable[str]) -> EngineVersion | None:
    """The version among the lines that a program printed; None where none is one."""
    for line in lines:
        found = _LINE.search(line.strip())
        if found is not None:
            own, protocol, python, torch = found.groups()
            return EngineVersion(own=own, protocol=int(protocol), python=python, torch=torch or "")
    return None


def why_unfit(engine: EngineVersion, *, window: EngineVersion) -> str:
    """Why a window cannot work with an engine and what to do about it, in sentences; '' where it can."""
    if not engine.torch:
        return (
            f"That is sleapnn-engine {engine.own} without torch, which trains nothing. Add what it lacks there: "
            f'python -m pip install "{PROJECT}[engine]"'
        )
    same = engine.protocol == window.protocol and _series(engine.own) == _series(window.own)
    if same or (_UNKNOWN in (engine.own, window.own) and engine.protocol == window.protocol):
        return ""
    return (
        f"That engine is version {engine.own} and this window {window.own}: they would misread each other's settings. "
        f'Put the same version there, python -m pip install "{PROJECT}[engine]=={window.own}", or choose another engine.'
    )


def _series(version: str) -> str:
    """Before 1.0 each minor version may have other settings than the one before."""
    parts = version.split(".")
    return ".".join(parts[:2] if parts[0] == "0" else parts[:1])
