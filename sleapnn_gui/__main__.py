"""`sleapnn-gui` and `python -m sleapnn_gui`."""

import sys


def main() -> int:
    """Open the window and run until it is closed; returns the exit code."""
    from sleapnn_gui.app import run

    return run(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
