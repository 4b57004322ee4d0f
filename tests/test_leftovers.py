"""A test that leaves something running fails, and what it left is named."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
import pathlib, socket, subprocess, sys, threading, time
import pytest
from tests.leftovers import _leftovers, _maker

kept = []
LENDING = "import os, time; os.fork(); print(1, flush=True); time.sleep(3)"

def test_leaves_{name}():
    {code}

def test_leaves_nothing():
    subprocess.run([sys.executable, "-S", "-c", ""])
    thread = threading.Thread(target=time.sleep, args=(0.01,))
    thread.start()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
"""
LEAVES = {
    "a_thread": (
        'threading.Thread(target=time.sleep, args=(1,), name="lingering").start()',
        "test_leaves_a_thread left the thread lingering",
    ),
    "a_process": (
        'kept.append(subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(9)"]))',
        "test_leaves_a_process left the process ",
    ),
    "an_engine": (
        'kept.append(subprocess.Popen([sys.executable, "-S", "-c", LENDING, "tests.engine.lender"], stdout=-1)); '
        "kept[0].stdout.readline()",
        "test_leaves_an_engine left an engine that was lent",
    ),
    "a_socket": (
        'kept.append(socket.create_server(("127.0.0.1", 0)))',
        "a test left a socket that listens at 127.0.0.1:",
    ),
    "a_window": (
        "from PySide6.QtWidgets import QApplication, QLabel; "
        'kept.extend([QApplication([]), QLabel("words")]); kept[1].show()',
        "test_leaves_a_window left the window 'QLabelClassWindow'",
    ),
}
ROOT = Path(__file__).resolve().parents[1]


def test_whoever_leaves_something_fails_and_nobody_else(tmp_path: Path) -> None:
    """One process for all: each kind has a file of its own, and what one leaves is not held against the next."""
    (tmp_path / "conftest.py").write_text("import tests.leftovers\ntests.leftovers.PATIENCE = 0.3\n")
    for name, (code, _) in LEAVES.items():
        (tmp_path / f"test_{name}.py").write_text(TESTS.format(name=name, code=code))
    (tmp_path / "test_nothing.py").write_text(TESTS.format(name="nothing_either", code="pass"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
    )
    for _, words in LEAVES.values():
        assert words in done.stdout
    assert f"{2 * len(LEAVES) + 2} passed, {len(LEAVES)} errors" in done.stdout, done.stdout
    assert "test_nothing.py" not in done.stdout
