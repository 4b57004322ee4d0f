"""`sleapnn-engine presets list` and `presets show NAME`: the ready-made configs."""

import argparse
import json

import attrs

from sleapnn_engine.config.files import read_text
from sleapnn_engine.config.presets import find_preset, list_presets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="list|show", required=True)
    listing = verbs.add_parser("list", help="name every preset and what it is for")
    listing.add_argument(
        "--json", action="store_true", help="print a JSON list, with what was changed and why"
    )
    showing = verbs.add_parser("show", help="print a preset as YAML")
    showing.add_argument("name", metavar="NAME", help="name of the preset, or of its file")


def run(args: argparse.Namespace) -> int:
    if args.verb == "show":
        print(read_text(find_preset(args.name).path), end="")
        return 0
    presets = list_presets()
    if args.json:
        print(json.dumps([attrs.asdict(preset) for preset in presets], indent=1))
        return 0
    width = max(len(preset.name) for preset in presets)
    for preset in presets:
        print(f"{preset.name:<{width}}  {preset.title}. {preset.purpose}")
    return 0
