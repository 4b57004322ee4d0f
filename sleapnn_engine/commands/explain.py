"""`sleapnn-engine explain KEY`: one setting in words."""

import argparse
import difflib

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reference import explain
from sleapnn_engine.config.spec import SPEC


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", help="dotted key, or the end of one (max_epochs)")


def run(args: argparse.Namespace) -> int:
    paths = [path for path in (*SPEC.keys, *SPEC.sections) if path and _ends_with(path, args.key)]
    if not paths:
        names = difflib.get_close_matches(
            args.key, [*SPEC.keys, *(key.name for key in SPEC.keys.values())], n=1
        )
        hint = f"Did you mean {names[0]}?" if names else "See `sleapnn-engine schema` for all of them."
        raise UserError(f"There is no setting {args.key}.", hint=hint, usage=True)
    print("\n\n".join(explain(path) for path in paths))
    return 0


def _ends_with(path: str, words: str) -> bool:
    return path == words or path.endswith("." + words)
