"""The command line of the engine: names, help and error texts; each command lives in `commands/`."""

import argparse
import errno
import importlib
import io
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from sleapnn_engine.config.chosen_engine import known_engines
from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.config.engine_program import engine_command, is_bundled
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.installed import missing_sentence
from sleapnn_engine.protocol.verbs import VERBS

#: command -> (module in `commands`, one-line help)
COMMANDS = {
    "train": ("train", "train a model from a config"),
    "measure": ("measure", "take ten real steps, and say what memory and time the training takes"),
    "predict": ("predict", "find the animals on a video or labels with trained models"),
    "validate": ("validate", "list every problem of one or more configs"),
    "explain": ("explain", "say what a setting means"),
    "schema": ("schema", "print the settings as a page or as JSON Schema"),
    "presets": ("presets", "list or show the presets"),
    "import-legacy": ("import_legacy", "turn SLEAP 1.4 JSON into a config, with a report"),
    "describe": ("describe", "say what a labels file holds"),
    "relink": ("relink", "write a copy of labels that names videos where they are now"),
    "advise": ("advise", "say how to train on labels, and why"),
    "inspect": ("inspect", "answer an editor's questions, for programs"),
    "standby": ("standby", "load everything and wait for a command, for programs"),
    "export-job": ("export_job", "write a folder that trains a config on another machine"),
    "export": ("export_network", "write a trained network as ONNX, or for PyTorch"),
    "export-config": ("export_config", "write a config that a version of sleap-nn reads"),
    "demo-data": ("demo_data", "render demonstration labels with exactly known poses"),
    "watch": ("watch", "follow a running training"),
    **{verb.name.replace("_", "-"): ("request", verb.terminal) for verb in VERBS.values() if verb.terminal},
    "stop": ("stop", "stop a running training and keep its model"),
    "stop-when": ("stop_when", "have a running training stop by itself"),
    "evaluate": ("evaluate", "compare predictions with labels, in figures"),
    "runs": ("runs", "list runs and what became of them"),
    "queue": ("queue", "train one config after the other"),
    "doctor": ("doctor", "report versions, devices and libraries"),
}


class _AnyOrder(argparse.ArgumentParser):
    """Takes options before, between and after the other words: `train CONFIG --run-dir D key=value`."""

    _is_sorting = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse has it, which by itself refuses words after an option that follows other words."""
        # Commands of a command (`runs list`) sort their own words; so does the second look that sorting takes.
        if self._is_sorting or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._is_sorting = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_sorting = False


class _Version(argparse.Action):
    """Prints the line that a window reads before it works with an engine."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        from sleapnn_engine.protocol.engine_version import own_version  # what it asks for takes a moment

        print(own_version().line)
        parser.exit()


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """The parser for all commands; only `command`'s own arguments are loaded, to keep starting fast."""
    parser = _AnyOrder(prog="sleapnn-engine", description="Trains animal-pose models.")
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="say the versions of the engine and of its parts"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, text) in COMMANDS.items():
        child = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if command in (None, name):
            importlib.import_module(f"{__package__}.commands.{module}").add_arguments(child)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong config or arguments, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        # Names of files and body parts may have signs that the terminal or the pipe has no code for.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if argv is None else argv)
    command = next((word for word in words if not word.startswith("-")), "")
    try:
        args = build_parser(command if command in COMMANDS else "").parse_args(words)
        module = importlib.import_module(f"{__package__}.commands.{COMMANDS[args.command][0]}")
        result = module.run(args)
        return main(result) if isinstance(result, list) else int(result)
    except ModuleNotFoundError as problem:
        if (problem.name or __package__).startswith(__package__):
            raise  # a fault of this program
        if is_bundled() and known_engines().command:
            return subprocess.call(engine_command(*words))
        print(missing_sentence(problem, what=f"“{command}”", extra="engine"), file=sys.stderr)
        return 1
    except UserError as problem:
        print(f"{problem}", file=sys.stderr)
        return 2 if problem.usage else 1
    except BrokenPipeError:
        return 1
    except OSError as problem:
        if problem.errno not in (errno.ENOSPC, errno.EDQUOT) or problem.filename is not None:
            raise
        print(f"What was to be written here found no place: {reason_of(problem)}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
