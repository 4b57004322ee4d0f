"""A report of a run for somebody who is asked for help: its end, its last words, its config, versions; no secrets, no homes."""

import os
import platform
import re
from pathlib import Path

from sleapnn_engine.config.disk import open_ordinary
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.installed import installed_versions
from sleapnn_engine.config.run_models import config_of
from sleapnn_engine.protocol.glance import Glance, open_journal
from sleapnn_engine.protocol.journal import FILE_NAME
from sleapnn_engine.protocol.run_state import read_run

_LOGS = ("run.log", "engine.out")
_TAIL_BYTES, _TAIL_LINES, _EVENTS = 32 * 2**10, 120, 20
#: Folders of people on Linux, macOS and Windows.
_HOMES = re.compile(r"(?:/home|/Users|[A-Za-z]:[\\/]+Users)[\\/]+[^\\/\s\"':,;]+")
_SECRETS = re.compile(r"(?i)\b(\w*(?:api_?key|token|password|secret)\w*)(\"?'?\s*[=:]\s*\"?'?)[^\s\"',}]+")


def failure_report(run_dir: Path) -> str:
    """All that helps to find out why a run failed, as text. For a thread."""
    record = read_run(run_dir)
    parts = [
        ("Run", run_dir.name if record is None else f"{run_dir.name}: {record.words}. {record.why}".strip()),
        ("System", f"{platform.platform()}, Python {platform.python_version()}"),
        (
            "Versions",
            "\n".join(
                f"{name} {version or 'not installed'}" for name, version in installed_versions().items()
            ),
        ),
        ("Last events", "\n".join(_last_events(run_dir))),
        *((name, "\n".join(_last_lines(run_dir / name))) for name in _LOGS),
        ("Config", _config(run_dir)),
    ]
    text = "\n\n".join(f"{title}\n{body}" for title, body in parts if body)
    return for_others(text) + "\n"


def for_others(text: str) -> str:
    """Text without the names of home folders and without what looks like a secret."""
    home = str(Path.home())
    shown = text.replace(home, "~") if len(home) > 1 else text
    return _SECRETS.sub(r"\1\2…", _HOMES.sub("~", shown))


def _config(run_dir: Path) -> str:
    config = config_of(run_dir)
    return "" if config is None else dump_config(dict(config.values)).strip()


def _last_events(run_dir: Path) -> list[str]:
    stream = open_journal(run_dir / FILE_NAME)
    if stream is None:
        return []
    with stream:
        found = []
        for message in Glance(stream).last():
            found.append(f"{message['kind']} {message['body']}")
            if len(found) == _EVENTS:
                break
    return found[::-1]


def _last_lines(path: Path) -> list[str]:
    try:
        with open_ordinary(path) as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - _TAIL_BYTES))
            text = stream.read(_TAIL_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return []
    return text.splitlines()[-_TAIL_LINES:]
