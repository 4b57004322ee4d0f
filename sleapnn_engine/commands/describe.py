"""`sleapnn-engine describe LABELS ...`: what labels files hold, for people or as JSON."""

import argparse
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sleapnn_engine.data.records import LabelSet


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
    parser.add_argument(
        "--findings", action="store_true", help="also look through the labels for what may be wrong with them"
    )


def run(args: argparse.Namespace) -> int:
    """Print the description, problems included; returns 1 when a file could not be read at all, else 0."""
    from sleapnn_engine.data.describe import describe_reading, description_lines  # slow
    from sleapnn_engine.data.labels import read_labels

    user_only, every_image = not args.predictions, not args.skip_images
    reading = read_labels(args.labels, user_instances_only=user_only, check_images=every_image)
    reading.labels.close()
    facts = describe_reading(reading)
    if args.findings:
        facts["findings"] = _findings(reading.labels)
    if args.json:
        print(json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(description_lines(facts)))
        for finding in facts.get("findings", []):
            print(f"Worth a look  {finding['title']}. {finding['detail']}")
    return 0 if len(facts["files"]) == len(args.labels) else 1


def _findings(labels: "LabelSet") -> list[dict[str, Any]]:
    import numpy as np

    from sleapnn_engine.config.reader import ConfigReader
    from sleapnn_engine.data.doctor.examine import examine
    from sleapnn_engine.data.doctor.findings import Patient

    parts = np.zeros(len(labels), dtype=np.uint8)
    return [finding.values() for finding in examine(Patient.of(labels, parts=parts, view=ConfigReader({})))]
