"""The tests in lanes: processes side by side, so that one waits for its engines while another computes."""

import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

#: What each lane tests. The window has one of its own: its process holds thousands of widgets and should hold no more.
LANES: Mapping[str, Sequence[str]] = {
    "training": ("tests/engine/training",),
    "window": ("tests/gui",),
    "rest": ("tests", "--ignore=tests/engine/training", "--ignore=tests/gui"),
}
#: What runs beside them, and has a say in the result: types take a processor a minute to check.
BESIDE: Mapping[str, Sequence[str]] = {"types": ("-m", "mypy")}
_COUNT = re.compile(r"(\d+) (passed|failed|skipped|error)")
_LAST = re.compile(r"^=* ?\d+ (passed|failed|skipped|error|deselected).* in [\d.]+s")


class Lane:
    """One process of pytest whose lines are printed behind its name as they come."""

    def __init__(self, name: str, words: Sequence[str], *, root: Path, variables: Mapping[str, str]) -> None:
        self.name = name
        self.last = ""
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
        self._reader = threading.Thread(target=self._tell)
        self._reader.start()

    def _tell(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text = line.rstrip()
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
    lanes = [
        Lane(name, [python, "-m", "pytest", "--durations=15", *words], root=root, variables=variables)
        for name, words in LANES.items()
    ]
    beside = [Lane(name, [python, *words], root=root, variables=variables) for name, words in BESIDE.items()]
    codes = [lane.wait() for lane in (*lanes, *beside)]
    found: Counter[str] = Counter()
    for lane in lanes:
        found.update({what: int(count) for count, what in _COUNT.findall(lane.last)})
    for lane, code in zip(beside, codes[len(lanes) :], strict=True):
        if code != 0:
            print(f"==> {lane.name} found problems: the result is a failure, whatever the tests say")
    print(f"==> the tests took {time.monotonic() - began:.0f} s")
    failed = found["failed"] + found["error"]
    print(f"{found['passed']} passed, {failed} failed, {found['skipped']} skipped", flush=True)
    return next((code for code in codes if code != 0), 0)
