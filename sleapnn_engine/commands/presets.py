"""`sleapnn-engine presets list` and `presets show NAME`: the ready-made configs, and one's own that the window has saved."""

import argparse
import json
import sys

import attrs

from sleapnn_engine.config.files import read_text
from sleapnn_engine.config.own_presets import MINE, SHELF, list_own_presets, own_folder
from sleapnn_engine.config.presets import Preset, find_preset, list_presets


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
        own = {preset.name: preset for preset in _own()} if args.name.startswith(f"{MINE}:") else {}
        print(read_text((own.get(args.name) or find_preset(args.name)).path), end="")
        return 0
    presets = [*list_presets(), *_own()]
    if args.json:
        print(json.dumps([attrs.asdict(preset) for preset in presets], indent=1))
        return 0
    width = max(len(preset.name) for preset in presets)
    for preset in presets:
        print(f"{preset.name:<{width}}  {preset.title}. {preset.purpose}")
    return 0


def _own() -> list[Preset]:
    """The presets of this person; what is wrong with files among them is said."""
    found, wrong = list_own_presets(own_folder() / SHELF)
    for problem in wrong:
        print(f"warning: {problem}", file=sys.stderr)
    return [preset.record for preset in found]
