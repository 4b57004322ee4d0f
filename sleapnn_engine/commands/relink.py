"""`sleapnn-engine relink LABELS --video OLD=NEW`: a copy of labels whose videos have moved, that names them where they are."""

import argparse
from pathlib import Path

from sleapnn_engine.config.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "labels", type=Path, metavar="LABELS", help="labels file (.slp), which stays as it is"
    )
    parser.add_argument(
        "--video",
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="a video as the labels name it, and where it is now; others that are missing are looked for along with it. "
        "May be given several times; without one, what is missing is listed",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="NEW.slp",
        help="labels file to write, which must not be there yet (default: LABELS.relinked.slp)",
    )


def run(args: argparse.Namespace) -> int:
    """Write the copy and say what it names; without videos, list those that are missing."""
    from sleapnn_engine.data.relinking import missing_videos, relink

    if not args.video:
        missing = missing_videos(args.labels)
        print("\n".join(missing) if missing else f"{args.labels}: no video is missing.")
        return 1 if missing else 0
    made = relink(args.labels, dict(map(_pair, args.video)), output=args.output)
    for old, new in {**made.given, **made.found}.items():
        print(f"{old} → {new}{' (found by its name)' if old in made.found else ''}")
    for name in made.missing:
        print(f"{name} is still missing")
    print(made.path)
    return 0


def _pair(text: str) -> tuple[str, Path]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise UserError(f"A video is said as OLD=NEW, not {text}.", where="--video", usage=True)
    return old, Path(new)
