"""`sleapnn-engine standby`: loads everything, waits for one command, and then is that command's process, for programs.

The command comes as one line of JSON on standard input: `words` of a command line, the `folder` it counts paths from,
further `environment`, and the file that its `output` goes to. The end of the input, which is the end of the program
that waits, ends this process as well; once it has its command it depends on nobody.
"""

import argparse
import importlib
import os
import sys
from typing import Any, TextIO

from sleapnn_engine.config.plain_json import from_json

#: What a training loads while it runs; found by looking at what was loaded when one had ended.
LOADED = (
    "sleapnn_engine.training.run",
    "cv2",
    "h5py",
    "sleap_io.io.slp",
    "sleapnn_engine.commands.train",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing."""


def run(args: argparse.Namespace) -> int | list[str]:
    """Wait; returns the words of the command line that this process is to carry out now, or 0 where none came."""
    for name in LOADED:
        importlib.import_module(name)
    line = sys.stdin.readline()
    if not line.strip():
        return 0
    order = from_json(line)
    become(order)
    return [str(word) for word in order["words"]]


def become(order: dict[str, Any]) -> None:
    """Have this process stand where one would that was started for the order."""
    os.chdir(order["folder"])
    os.environ.update(order["environment"])
    sys.argv[1:] = order["words"]
    _point(0, os.devnull, os.O_RDONLY, [sys.stdin])
    _point(1, order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, [sys.stdout])
    os.dup2(1, 2)


def _point(number: int, path: str, flags: int, streams: list[TextIO]) -> None:
    """A standard stream of this process is a file from now on."""
    for stream in streams:
        if stream.writable():
            stream.flush()
    file = os.open(path, flags, 0o600)
    os.dup2(file, number)
    os.close(file)
