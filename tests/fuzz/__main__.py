"""`python -m tests.fuzz [FORMAT ...] [--seconds 60] [--seed 0]`: spoil and read, until something goes wrong.

Each format is read in a process of its own, within 3 GB; a case takes at most ten seconds. What went wrong is kept as
FORMAT-NUMBER in `tests/fuzz/corpus` and told with the seed; the test suite reads the corpus from then on.
"""

import argparse
import multiprocessing
import sys

from tests.fuzz import CORPUS
from tests.fuzz.formats import FORMATS
from tests.fuzz.reading import read_many


def main() -> int:
    """Go through the formats; the number of those in which something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument("--seconds", type=float, default=60, help="how long each format is read")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    wrong = 0
    for name in args.formats or FORMATS:
        wrong += not _fuzz(name, seed=args.seed, seconds=args.seconds)
    return wrong


def _fuzz(name: str, *, seed: int, seconds: float) -> bool:
    """Read spoiled files of one format in a process; whether nothing went wrong."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=read_many, args=(theirs, name, seed, seconds)
    )
    process.start()
    theirs.close()
    case, count, told = b"", 0, ""
    try:
        while True:
            case, count, told = ours.recv()
            if told:
                break
    except EOFError:  # ended, well or not
        pass
    process.join()
    if not told and process.exitcode:
        told = f"the process ended with {process.exitcode} in this case or the next"
    if not told:
        print(f"{name:12} {count:7} cases, nothing wrong", flush=True)
        return True
    CORPUS.mkdir(exist_ok=True)
    kept = CORPUS / f"{name}-{len(list(CORPUS.glob(f'{name}-*'))) + 1}"
    kept.write_bytes(case)
    print(f"{name:12} case {count} of seed {seed}, kept as {kept}:\n{told}", flush=True)
    return False


if __name__ == "__main__":
    sys.exit(main())
