"""`sleapnn-gui` and `python -m sleapnn_gui`."""

import sys


def main() -> int:
    """Open the window and run until it is closed; returns the exit code."""
    try:
        from sleapnn_gui.shell.garbage import hold_garbage

        hold_garbage()  # nearly all that is loaded stays: to search it takes a twentieth of the time until it is
        from sleapnn_gui.app import run
    except ImportError as problem:
        if (getattr(problem, "name", None) or "").startswith("sleapnn_"):
            raise  # a fault of this program
        from sleapnn_engine.config.installed import missing_sentence

        print(missing_sentence(problem, what="The window", extra="gui"), file=sys.stderr)
        return 1
    return run(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
