"""`sleapnn-engine measure CONFIG [key=value ...]`: ten real steps: what memory and time a training takes, before it is begun."""

import argparse
import json

from sleapnn_engine.commands.train import add_job_arguments, read_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.measured import measured_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_job_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object, also of what went wrong")


def run(args: argparse.Namespace) -> int:
    """Measure; 0 when done, 1 after a failure of the steps, 2 where the config is wrong. Raises UserError without --json."""
    read = read_job(args.config, args.overrides)
    if read.job is None:
        return 2
    from sleapnn_engine.training.measuring import measure  # torch takes seconds to import

    try:
        found = measure(read.job, precision=args.precision)
    except UserError as problem:
        if not args.json:
            raise
        names = ("message", "where", "hint", "cause")
        print(json.dumps({"failed": {name: getattr(problem, name) for name in names}}))
        return 1
    print(json.dumps(found) if args.json else measured_text(found))
    return 0
