"""`sleapnn-engine export RUN_DIR -o MODEL.onnx`: a trained network as a file that runs without this program."""

import argparse
from os.path import exists  # unlike that of Path, it never fails
from pathlib import Path

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.numbers import power


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN_DIR", help="folder of a training, or a checkpoint in it"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="file to write, .onnx or .pt2"
    )
    parser.add_argument(
        "--size", metavar="HEIGHTxWIDTH", help="of the images (default: those of the training)"
    )
    parser.add_argument("--force", action="store_true", help="replace files that are there")


def run(args: argparse.Namespace) -> int:
    from sleapnn_engine.export.network import export_network
    from sleapnn_engine.inference.trained import read_trained

    if len(args.runs) > 1:
        raise UserError(
            "A file holds one network, and those of a pair are two.",
            where="RUN_DIR",
            hint="Export each run to a file of its own; the JSON beside each says what the next one reads.",
            usage=True,
        )
    for path in (args.output, args.output.with_suffix(".json")):
        if exists(path) and not args.force:
            raise UserError(
                "The file exists already.",
                where=str(path),
                hint="Choose another name, or add --force to replace it.",
                usage=True,
            )
    made = export_network(read_trained(args.runs[0]), args.output, size=_size(args.size))
    print(f"{made.path}, described in {made.about.name}")
    if made.difference is None:
        print("  note: it was not run, for onnxruntime is not installed.")
    else:
        print(f"  It gives the numbers of PyTorch, to {power(made.difference, figures=1)} of 1.")
    return 0


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(
        part.isascii() and part.isdigit() and 0 < int(part) <= 65_536 for part in parts
    ):
        raise UserError(f"“{text}” is no size.", where="--size", hint="Write it as 480x640.", usage=True)
    return int(parts[0]), int(parts[1])
