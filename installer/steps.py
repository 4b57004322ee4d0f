"""The three commands of the installer: install, demo, test."""

import argparse
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from installer.console import complain, report
from installer.environment import Environment
from installer.lanes import run_lanes
from installer.system import TABLE, find_screens, provide_libraries, require_libraries


def install(root: Path | str) -> int:
    """Set everything up and say what to do next."""
    root = Path(root)
    environment = _prepare(root, screens=find_screens(os.environ), mention=True)
    report("ready. Next:")
    for name, purpose in (("sleapnn-gui", "the app"), ("sleapnn-engine", "the command line")):
        program = environment.program(name)
        report(f"  {program.relative_to(root)}   {purpose}")
    return 0


def run_demo(root: Path | str, args: argparse.Namespace) -> int:
    """Train on the demonstration in the app; offscreen, with screenshots, where there is no screen."""
    root = Path(root)
    screens = frozenset() if args.headless else find_screens(os.environ)
    environment = _prepare(root, screens=screens)
    words = [str(environment.program("sleapnn-gui")), "--demo"]
    for labels in args.labels or []:
        words += ["--labels", str(Path(labels).expanduser().resolve())]
    if args.theme:
        words += ["--theme", args.theme]
    variables = dict(os.environ)
    if args.screenshots or not screens:
        folder = (
            Path(args.screenshots).expanduser().resolve()
            if args.screenshots
            else root / "demo" / "screenshots"
        )
        words += ["--screenshots", str(folder)]
    if not screens:
        variables["QT_QPA_PLATFORM"] = "offscreen"
        words += ["--quit-when-done"]
        report(
            "no screen: the app runs offscreen and saves pictures of itself"
            if not args.headless
            else "offscreen run"
        )
    report("starting the demonstration (about three minutes on two processor cores)")
    code = _run(words, cwd=root, variables=variables)
    if screens and not code:
        report(f"labels, runs and models of the demonstration are in {root / 'demo'}")
    return code


def run_tests(root: Path | str, pytest_words: Sequence[str]) -> int:
    """Check the code, then run the tests; those run even when a check failed, and have the last word.

    All tests run in lanes side by side; with words of one's own, one pytest gets them.
    """
    root = Path(root)
    environment = _prepare(root, screens=frozenset())
    variables = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        # One thread a process, which waits without spinning: lanes and the engines they start share the processor.
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONUNBUFFERED": "1",
        # What one process has compiled, with pytest's own additions, the others need not.
        "PYTHONDONTWRITEBYTECODE": "",
    }
    python = str(environment.program("python"))
    codes = []
    checks = (
        ("ruff", ["ruff", "check", "."]),
        ("ruff format", ["ruff", "format", "--check", "."]),
        *([("mypy", ["mypy"])] if pytest_words else []),
    )
    for name, words in checks:
        report(f"{name}")
        code = _run([python, "-m", *words], cwd=root, variables=variables)
        if code != 0:
            complain(f"==> {name} found problems: the result is a failure, whatever the tests say")
        codes.append(code)
    report("pytest" if pytest_words else "pytest and mypy, side by side")
    if pytest_words:
        codes.append(_run([python, "-m", "pytest", *pytest_words], cwd=root, variables=variables))
    else:
        codes.append(run_lanes(python, root=root, variables=variables))
    return next((code for code in codes if code != 0), 0)


def _prepare(root: Path, *, screens: frozenset[str], mention: bool = False) -> Environment:
    """System libraries, then packages; what is still missing is said last, when all else is in place."""
    missing = provide_libraries(root / TABLE, screens=screens, mention=mention)
    environment = Environment(root)
    environment.provide()
    require_libraries(missing)
    return environment


def _run(words: Sequence[str], *, cwd: Path, variables: dict[str, str]) -> int:
    """Run a program in the foreground; its exit code, also when a person interrupts both."""
    with subprocess.Popen(words, cwd=cwd, env=variables) as program:
        while True:
            try:
                return program.wait()
            except KeyboardInterrupt:
                # The terminal sent the program the same signal; it saves its state and ends by itself.
                continue
