"""`sleapnn-engine describe LABELS ...`: what labels files hold, for people or as JSON."""

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "labels", nargs="+", metavar="LABELS", help="labels files (.slp, .pkg.slp), read as one set"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--predictions", action="store_true", help="also count predicted animals as usable")
    parser.add_argument(
        "--skip-images", action="store_true", help="do not check that each stored image is whole"
    )


def run(args: argparse.Namespace) -> int:
    """Print the description, problems included; returns 1 when a file could not be read at all, else 0."""
    from sleapnn_engine.data.describe import describe_labels, description_lines  # slow

    user_only, every_image = not args.predictions, not args.skip_images
    facts = describe_labels(args.labels, user_instances_only=user_only, check_images=every_image)
    if args.json:
        print(json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(description_lines(facts)))
    return 0 if len(facts["files"]) == len(args.labels) else 1
