"""From a fresh machine to a running app: `python3 installer/bootstrap.py install | demo | test | bundle`.

Needs nothing but Python itself. This file keeps to old syntax, so that an old Python can say it is too old.
"""

import argparse
import os
import shutil
import sys

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def describe_old_python(version, find=shutil.which):  # noqa: ANN001, ANN201 - read by Pythons older than annotations
    """The sentence for a Python that is too old, naming a newer one if there is one; None when it will do."""
    if tuple(version[:2]) >= OLDEST:
        return None
    text = "This needs Python %d.%d or newer; python here is %d.%d." % (OLDEST + tuple(version[:2]))  # noqa: UP031
    for minor in range(OLDEST[1] + 5, OLDEST[1] - 1, -1):
        name = "python3.%d" % minor  # noqa: UP031
        if find(name):
            return text + "\nThis machine has one: run  " + name + " installer/bootstrap.py"
    return text + "\nInstall one (Debian, Ubuntu: apt-get install python3), then run this again with it."


def build_parser():  # noqa: ANN201
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="bootstrap.py", description="Sets the project up in .venv and runs it."
    )
    commands = parser.add_subparsers(dest="command", metavar="install | demo | test | bundle")
    commands.required = True
    commands.add_parser("install", help="make .venv with the project and all it needs")
    demo = commands.add_parser("demo", help="train a small model in the app on drawn pictures of a mouse")
    demo.add_argument(
        "--headless", action="store_true", help="without a window, even where there is a screen"
    )
    demo.add_argument("--labels", action="append", metavar="FILE.slp", help="train on these labels instead")
    demo.add_argument("--theme", choices=("light", "dark", "system"), help="how the app looks")
    demo.add_argument(
        "--screenshots", metavar="DIR", help="where pictures of the app go (default: demo/screenshots)"
    )
    commands.add_parser("bundle", help="make the window an app that needs no Python, in dist/")
    commands.add_parser(
        "test", add_help=False, help="check the code and run the tests; the rest goes to pytest"
    )
    return parser


def main(argv=None):  # noqa: ANN001, ANN201
    """Run one command and return its exit code."""
    too_old = describe_old_python(sys.version_info)
    if too_old:
        sys.stderr.write(too_old + "\n")
        return 1
    sys.path.insert(0, ROOT)
    from installer.bundling import make_bundle
    from installer.console import Trouble, complain
    from installer.steps import install, run_demo, run_tests

    args, rest = build_parser().parse_known_args(argv)
    if rest and args.command != "test":
        build_parser().error("unknown: " + " ".join(rest))
    try:
        if args.command == "install":
            return install(ROOT)
        if args.command == "bundle":
            return make_bundle(ROOT)
        if args.command == "demo":
            return run_demo(ROOT, args)
        return run_tests(ROOT, rest)
    except Trouble as trouble:
        complain(str(trouble))
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        complain("Interrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
