"""The tests in lanes: processes side by side, so that one waits for its engines while another computes."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from installer import covered

#: What each lane tests. The window has lanes of its own: its processes hold thousands of widgets and should hold no more.
#: Those with the same tests share them file by file, so that they end together. There are more than processors: the window
#: waits for engines and for its own pace half of the time.
WINDOW, ENGINE = ("tests/gui",), ("tests", "--ignore=tests/gui")
LANES: Mapping[str, tuple[str, ...]] = {
    "window 1": WINDOW, "window 2": WINDOW, "engine 1": ENGINE, "engine 2": ENGINE, "engine 3": ENGINE
}  # fmt: skip
#: How much of a processor a lane leaves to others that want it: what waits for a window has a person's patience.
PATIENCE: Mapping[str, int] = {"engine 1": 5, "engine 2": 5, "engine 3": 5, "types": 5}
#: What runs beside them, and has a say in the result: types take a processor a minute to check.
BESIDE: Mapping[str, Sequence[str]] = {"types": ("-m", "mypy")}
_COUNT = re.compile(r"(\d+) (passed|failed|skipped|error)")
#: The headings of pytest between which stands what went wrong, and how much of it is printed once more at the end: what
#: reads the output of three lanes may have kept only the last lines.
_WRONG = re.compile(r"^=+ (FAILURES|ERRORS) =+$")
_HEADING = re.compile(r"^=+ .* =+$")
_KEPT_LINES = 60
#: So many tests that failed are run once more, alone: one that waits for engines beside three busy processes may be kept
#: waiting too long. What passes then is named, as a fault of the test or of the code that has to be mended; more than
#: these is no accident.
_MOST_UNSTEADY = 3
#: SlipCover is a plugin of pytest as well, and has been imported by then.
_NOTHING_REWRITTEN = "ignore::pytest.PytestAssertRewriteWarning"
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
                assert self._process.stdout is not None
                self._process.stdout.close()
                return code
            except KeyboardInterrupt:
                continue


def run_lanes(python: str, *, root: Path, variables: Mapping[str, str]) -> int:
    """Run all tests and what stands `BESIDE` them; the first exit code that is not 0. The last line counts the tests."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sleapnn-tests-") as folder:
        caches = [Path(folder, name) for name in LANES]
        lanes = [
            Lane(name, words, root=root, variables=variables)
            for name, words in zip(LANES, _words(python, Path(folder), caches, root=root), strict=True)
        ]
        beside = [
            Lane(name, [python, *words], root=root, variables=variables) for name, words in BESIDE.items()
        ]
        codes, others = [lane.wait() for lane in lanes], [lane.wait() for lane in beside]
        _print_again([lane for lane, code in zip(lanes, codes, strict=True) if code != 0])
        found: Counter[str] = Counter()
        for lane in lanes:
            found.update({what: int(count) for count, what in _COUNT.findall(lane.last)})
        failing = [cache for cache, code in zip(caches, codes, strict=True) if code == 1]
        if failing and pass_alone(python, failing, root=root, variables=variables):
            found = Counter(passed=found["passed"] + found["failed"], skipped=found["skipped"])
            codes = [0 if code == 1 else code for code in codes]
        outs = [
            _coverage_of(cache)
            for cache, words in zip(caches, LANES.values(), strict=True)
            if words == ENGINE
        ]
        is_covered = covered.report(covered.lines_run(python, outs, root=root))
    for lane, code in zip(beside, others, strict=True):
        if code != 0:
            print(f"==> {lane.name} found problems: the result is a failure, whatever the tests say")
    print(f"==> the tests took {time.monotonic() - began:.0f} s")
    failed = found["failed"] + found["error"]
    print(f"{found['passed']} passed, {failed} failed, {found['skipped']} skipped", flush=True)
    return next((code for code in (*codes, *others, int(not is_covered)) if code != 0), 0)


def _coverage_of(cache: Path) -> Path:
    return cache.with_name(f"{cache.name}.json")


def order_of(root: Path) -> int:
    """The seed of the order of tests: another one with every commit, so that no test comes to lean on its neighbours, and
    the same for all lanes and whenever that commit is tested; 0 where there is no commit."""
    git = shutil.which("git")
    if git is None:
        return 0
    asked = [git, "rev-parse", "HEAD"]
    found = subprocess.run(asked, cwd=root, capture_output=True, text=True, check=False)
    return int(found.stdout[:7], 16) if found.returncode == 0 else 0


def _words(python: str, folder: Path, caches: Sequence[Path], *, root: Path) -> Iterator[list[str]]:
    """The command line of each lane: those with the same tests share a folder, each notes elsewhere what failed."""
    places = {words: folder / str(number) for number, words in enumerate(dict.fromkeys(LANES.values()))}
    for place in places.values():
        place.mkdir()
    seed = order_of(root)
    for words, cache in zip(LANES.values(), caches, strict=True):
        own = ["--share", str(places[words]), "-o", f"cache_dir={cache}", "-W", _NOTHING_REWRITTEN]
        watched = covered.words(_coverage_of(cache)) if words == ENGINE else []
        # A window that a file's tests share would go to and fro between its pages, so only its files are shuffled.
        order = ["-p", "no:randomly"] if words == WINDOW else [f"--randomly-seed={seed}"]
        files = ["--files-by", str(seed)] if words == WINDOW else []
        start = [python, *watched, "-m", "pytest", "--durations=15", *order]
        yield [*start, "-p", "tests.sharing", *own, *files, *words]


def pass_alone(python: str, caches: Sequence[Path], *, root: Path, variables: Mapping[str, str]) -> bool:
    """Whether the few tests that failed pass when they are run once more, alone; they are named then.

    `caches` are folders in which pytest has noted what failed; False where that is too much for an accident.
    """
    noted = [cache / "v" / "cache" / "lastfailed" for cache in caches]
    failed = [list(json.loads(file.read_text())) if file.is_file() else [] for file in noted]
    if not all(failed) or sum(map(len, failed)) > _MOST_UNSTEADY:
        return False
    names = [name for some in failed for name in some]
    words = [python, "-m", "pytest", "-p", "no:cacheprovider", *names]
    if Lane("alone", words, root=root, variables=variables).wait() != 0:
        return False
    for name in names:
        print(f"==> unsteady: {name} failed beside other tests and passed alone; it has to be mended")
    return True


def _print_again(lanes: Sequence[Lane]) -> None:
    """Print what went wrong last, so that nobody has to look for it between the lines of the others."""
    for lane in lanes:
        print(f"==> what went wrong in {lane.name} (it ended with {lane.last or 'no closing line'}):")
        left_out = len(lane.wrong) - _KEPT_LINES
        if left_out > 0:
            print(f"    ({left_out} lines are left out, and stand above)")
        for line in lane.wrong[-_KEPT_LINES:]:
            print(f"    {line}")
