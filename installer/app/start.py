"""Where the bundled app begins: the window, or the engine's command line, by the name of the program."""

import os
import sys
from pathlib import Path


def restore_environment() -> None:
    """Undo what the start of a bundle changes: other programs, an engine above all, must not load its libraries."""
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        before = os.environ.pop(f"{name}_ORIG", None)
        os.environ.pop(name, None)
        if before:
            os.environ[name] = before


def main() -> int | None:
    """Run the program that was started."""
    restore_environment()
    if Path(sys.executable).stem == "sleapnn-engine":
        from sleapnn_engine.__main__ import main as run_engine

        run_engine()
        return None
    from sleapnn_gui.__main__ import main as run_window

    return run_window()


if __name__ == "__main__":
    sys.exit(main())
