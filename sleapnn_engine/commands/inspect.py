"""`sleapnn-engine inspect`: answers an editor's questions through standard input and output, for programs."""

import argparse
import os


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing."""


def run(args: argparse.Namespace) -> int:
    """Answer until the input ends, and then end at once, whatever is still being answered."""
    from sleapnn_engine.inspect.questions import make_answers
    from sleapnn_engine.inspect.service import serve

    try:
        serve(make_answers())
    finally:
        # Threads that are deep in a file or a network would hold up an ordinary end.
        os._exit(0)
