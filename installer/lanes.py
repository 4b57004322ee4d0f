"""The tests in lanes: processes side by side, so that one waits for its engines while another computes."""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

#: What each lane tests. The window has one of its own: its process holds thousands of widgets and should hold no more. The
#: others share what there is, file by file, so that they end together.
ENGINE = ("tests", "--ignore=tests/gui")
LANES: Mapping[str, tuple[str, ...]] = {"window": ("tests/gui",), "engine 1": ENGINE, "engine 2": ENGINE}
#: How much of a processor a lane leaves to others that want it: the window cannot share its tests, so it never waits.
PATIENCE: Mapping[str, int] = {"engine 1": 5, "engine 2": 5, "types": 5}
#: What runs beside them, and has a say in the result: types take a processor a minute to check.
BESIDE: Mapping[str, Sequence[str]] = {"types": ("-m", "mypy")}
_COUNT = re.compile(r"(\d+) (passed|failed|skipped|error)")
#: The headings of pytest between which stands what went wrong, and how much of it is printed once more at the end: what
#: reads the output of three lanes may have kept only the last lines.
_WRONG = re.compile(r"^=+ (FAILURES|ERRORS) =+$")
_HEADING = re.compile(r"^=+ .* =+$")
_KEPT_LINES = 60
_LAST = re.compile(r"^=* ?\d+ (passed|failed|skipped|error|deselected).* in [\d.]+s")


class Lane:
    """One process of pytest whose lines are printed behind its name as they come."""

    def __init__(self, name: str, words: Sequence[str], *, root: Path, variables: Mapping[str, str]) -> None:
        self.name = name
        self.last = ""
        self.wrong: list[str] = []
        self._process = subprocess.Popen(
            words,
            cwd=root,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, os.nice(0) + PATIENCE.get(name, 0))
        self._reader = threading.Thread(target=self._forward_output)
        self._reader.start()

    def _forward_output(self) -> None:
        assert self._process.stdout is not None
        is_wrong = False
        for line in self._process.stdout:
            text = line.rstrip()
            if _HEADING.match(text):
                is_wrong = bool(_WRONG.match(text))
            is_wrong = is_wrong or text.startswith("Fatal Python error")
            if is_wrong or text.startswith(("FAILED ", "ERROR ")):
                self.wrong.append(text)
            if _LAST.match(text):
                self.last = text
            sys.stdout.write(f"[{self.name}] {text}\n")
            sys.stdout.flush()

    def wait(self) -> int:
        """Its exit code, once it has ended; a terminal's Ctrl-C reaches it as well, and it ends by itself."""
        while True:
            try:
                code = self._process.wait()
                self._reader.join()
                return code
            except KeyboardInterrupt:
                continue


def run_lanes(python: str, *, root: Path, variables: Mapping[str, str]) -> int:
    """Run all tests and what stands `BESIDE` them; the first exit code that is not 0. The last line counts the tests."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sleapnn-tests-") as folder:
        pytest = [python, "-m", "pytest", "--durations=15", "-p", "tests.sharing"]
        places = {
            words: Path(folder, str(number)) for number, words in enumerate(dict.fromkeys(LANES.values()))
        }
        for place in places.values():
            place.mkdir()
        lanes = [
            Lane(name, [*pytest, "--share", str(places[words]), *words], root=root, variables=variables)
            for name, words in LANES.items()
        ]
        beside = [
            Lane(name, [python, *words], root=root, variables=variables) for name, words in BESIDE.items()
        ]
        codes = [lane.wait() for lane in (*lanes, *beside)]
    found: Counter[str] = Counter()
    for lane in lanes:
        found.update({what: int(count) for count, what in _COUNT.findall(lane.last)})
    for lane, code in zip(beside, codes[len(lanes) :], strict=True):
        if code != 0:
            print(f"==> {lane.name} found problems: the result is a failure, whatever the tests say")
    _print_again([lane for lane, code in zip(lanes, codes, strict=False) if code != 0])
    print(f"==> the tests took {time.monotonic() - began:.0f} s")
    failed = found["failed"] + found["error"]
    print(f"{found['passed']} passed, {failed} failed, {found['skipped']} skipped", flush=True)
    return next((code for code in codes if code != 0), 0)


def _print_again(lanes: Sequence[Lane]) -> None:
    """Print what went wrong last, so that nobody has to look for it between the lines of the others."""
    for lane in lanes:
        print(f"==> what went wrong in {lane.name} (it ended with {lane.last or 'no closing line'}):")
        left_out = len(lane.wrong) - _KEPT_LINES
        if left_out > 0:
            print(f"    ({left_out} lines are left out, and stand above)")
        for line in lane.wrong[-_KEPT_LINES:]:
            print(f"    {line}")
