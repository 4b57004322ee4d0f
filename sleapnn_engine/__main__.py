"""`python -m sleapnn_engine`."""

import atexit
import os
import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    leave = _Leave()
    # Registered first, so it comes last: after threads have ended and everyone who wants to be called at the end was.
    atexit.register(leave)
    from .cli import main as run

    leave.code = run()
    sys.exit(leave.code)


class _Leave:
    """Ends the process without taking apart, for about a second, what PyTorch has loaded."""

    def __init__(self) -> None:
        self.code: int | None = None

    def __call__(self) -> None:
        if self.code is None:  # an exception is on its way out, Python says which
            return
        for stream in filter(None, (sys.stdout, sys.stderr)):
            try:
                stream.flush()
            except (OSError, ValueError):  # nobody reads it any more
                continue
        os._exit(self.code)


if __name__ == "__main__":
    main()
