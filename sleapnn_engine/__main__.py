"""`python -m sleapnn_engine`."""

import atexit
import os
import sys

#: How often a thread of a step, done with its part, goes round in circles before it sleeps until the others are done.
#: By itself GCC's OpenMP has it go round 300,000 times, which are milliseconds: beside another busy process, threads
#: without work then keep the processor from those that have some, and a step takes many times as long. A thousand times
#: are what it does itself where it knows of more threads than cores. Intel's takes milliseconds.
WAITING = {"GOMP_SPINCOUNT": "1000", "KMP_BLOCKTIME": "1"}
_SAID_BY_A_PERSON = ("OMP_WAIT_POLICY", *WAITING)


def share_processor() -> None:
    """Have threads that wait leave the processor to others, unless the environment says how they wait.

    It is read when OpenMP is loaded, which PyTorch does.
    """
    if not any(name in os.environ for name in _SAID_BY_A_PERSON):
        os.environ.update(WAITING)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    share_processor()
    leave = _Leave()
    # Registered first, so it comes last: after threads have ended and everyone who wants to be called at the end was.
    atexit.register(leave)
    from sleapnn_engine.cli import main as run

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
