"""How many of the engine's lines the tests have run, over all lanes that test it, and how many they must."""

import json
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

#: Not of the window: a process with thousands of widgets and these marks in its code has ended in the search for garbage.
PACKAGES = ("sleapnn_engine",)
#: The least share of lines, in percent. What only engines run that are processes of their own counts as not run.
FLOOR = 92.0
#: SlipCover leaves its marks in the code to the end: it would take them out by putting other code into functions that
#: are known by their code to torch. They cost a sixth of a processor's time, where tracing line by line doubles it.
_FOREVER = str(2**31 - 1)


def words(out: Path) -> list[str]:
    """What stands between `python` and `-m pytest`, so that the lines that are run are written to `out`."""
    source = ",".join(PACKAGES)
    return ["-m", "slipcover", "--threshold", _FOREVER, "--source", source, "--json", "--out", str(out)]


def lines_run(python: str, outs: Sequence[Path], *, root: Path) -> Mapping[str, tuple[int, int]]:
    """For each package how many lines were run by any lane and how many there are; empty where a lane wrote nothing."""
    merged = outs[0].with_name("merged.json")
    if not all(out.is_file() for out in outs):
        return {}
    merge = [python, "-m", "slipcover", "--json", "--out", str(merged), "--merge", *map(str, outs)]
    if subprocess.run(merge, cwd=root, stdout=subprocess.DEVNULL).returncode != 0:
        return {}
    run: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for name, lines in json.loads(merged.read_text(encoding="utf-8"))["files"].items():
        package = Path(name).parts[0]
        run[package] += len(lines["executed_lines"])
        total[package] += len(lines["executed_lines"]) + len(lines["missing_lines"])
    return {package: (run[package], total[package]) for package in PACKAGES if total[package]}


def report(found: Mapping[str, tuple[int, int]], *, floor: float = FLOOR) -> bool:
    """Print the share of each package and of both; whether both together reach the floor, or were not measured."""
    if not found:
        print("==> which lines were run is not known: a lane ended without writing it")
        return True
    for package, (run, total) in found.items():
        print(f"==> {package}: {100 * run / total:.1f} % of {total} lines were run by the tests")
    run, total = (sum(counts) for counts in zip(*found.values(), strict=True))
    share = 100 * run / total
    print(f"==> coverage: {share:.1f} % of all lines (at least {floor:g} % are wanted)")
    return share >= floor
