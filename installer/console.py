"""What the installer says: progress lines, and the one kind of error that ends it."""

import sys


class Trouble(Exception):
    """The set-up cannot go on; the text says what is wrong and what to do."""


def report(text: str) -> None:
    """Print a progress line at once, before any program started next prints its own."""
    print(f"==> {text}", flush=True)


def complain(text: str) -> None:
    """Print a problem to stderr."""
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)
