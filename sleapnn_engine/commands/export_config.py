"""`sleapnn-engine export-config CONFIG --for VERSION -o FILE`: a config that a version of sleap-nn reads."""

import argparse
from os.path import exists  # unlike those of Path, they never fail
from pathlib import Path

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import dump_config, read_config, save_text
from sleapnn_engine.config.for_others import VERSIONS, for_version


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, help="the config, a YAML file")
    parser.add_argument(
        "--for",
        dest="version",
        choices=VERSIONS,
        default=VERSIONS[-1],
        help="version of sleap-nn (%(default)s)",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="file to write")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")


def run(args: argparse.Namespace) -> int:
    if exists(args.output) and not args.force:
        raise UserError(
            "The file exists already.",
            where=str(args.output),
            hint="Choose another name, or add --force to replace it.",
            usage=True,
        )
    file = read_config(args.config)
    values, said = for_version(file.values, version=args.version)
    save_text(args.output, dump_config(values, base=file.text))
    print(f"{args.output}: for sleap-nn {args.version}")
    for sentence in said:
        print(f"  note: {sentence}")
    return 0
