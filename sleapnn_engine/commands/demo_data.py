"""`sleapnn-engine demo-data -o FILE.pkg.slp`: draws animals with exactly known poses, as labels."""

import argparse
import sys
from pathlib import Path

from sleapnn_engine.config.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to draw, how much of it, and where it goes."""
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE.pkg.slp",
        help="labels to write, into a folder that is there",
    )
    parser.add_argument("--frames", type=int, default=120, help="number of pictures (default: %(default)s)")
    parser.add_argument(
        "--animals", type=int, default=1, help="animals in each picture (default: %(default)s)"
    )
    parser.add_argument("--species", default="mouse", help="mouse or fly (default: %(default)s)")
    parser.add_argument(
        "--size", default="192x192", metavar="WxH", help="picture size, px (default: %(default)s)"
    )
    parser.add_argument("--rgb", action="store_true", help="in colour; grey otherwise")
    parser.add_argument(
        "--occlusion", type=float, default=0.0, help="share of the picture behind bars, 0 to 0.5"
    )
    parser.add_argument(
        "--seed", type=int, default=7, help="another number, another video (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    """Draw, write and say what was written."""
    from sleapnn_engine.demo.labels import write_demo_labels

    path = write_demo_labels(
        args.output,
        frames=args.frames,
        animals=args.animals,
        size=parse_size(args.size),
        seed=args.seed,
        species=args.species,
        channels=3 if args.rgb else 1,
        occlusion=args.occlusion,
        progress=_show_progress if sys.stderr.isatty() else None,
    )
    megabytes = path.stat().st_size / 1e6
    print(f"{path}: {args.frames} frames, {args.animals} {args.species} each, {megabytes:.1f} MB")
    return 0


def parse_size(text: str) -> tuple[int, int]:
    """Height and width in pixels from `WxH` or from one number for both."""
    numbers = text.lower().split("x")
    if len(numbers) > 2 or not all(number.isdecimal() for number in numbers):
        raise UserError(f"A picture size looks like 192x160, not {text}.", where="--size", usage=True)
    return int(numbers[-1]), int(numbers[0])


def _show_progress(done: int, total: int) -> None:
    print(f"\rdrawing {done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)
