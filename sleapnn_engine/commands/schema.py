"""`sleapnn-engine schema`: all settings, as a page for people or as JSON Schema for editors."""

import argparse
import json

from sleapnn_engine.config.reference import json_schema, reference_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json-schema", action="store_true", help="print JSON Schema, for completion in text editors"
    )


def run(args: argparse.Namespace) -> int:
    print(json.dumps(json_schema(), indent=1, ensure_ascii=False) if args.json_schema else reference_page())
    return 0
