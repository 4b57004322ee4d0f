"""`sleapnn-engine evaluate --truth A.slp --predicted B.slp`: how far predictions are from labels, in figures."""

import argparse
import json
import sys
from pathlib import Path

from sleapnn_engine.config.centring import REDUCTIONS, USUAL, Centring
from sleapnn_engine.config.errors import UserError

#: Option -> its limits; a value outside makes no sense.
_LIMITS = {"oks_stddev": (1e-6, 10.0), "oks_scale": (1e-6, 1e12), "match_threshold": (0.0, 1e6)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes; names and defaults are those of other programs of the family."""
    parser.add_argument("--truth", type=Path, required=True, metavar="A.slp", help="labels made by a person")
    parser.add_argument("--predicted", type=Path, required=True, metavar="B.slp", help="predictions to judge")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="also write metrics.json, metrics.npz and evaluation.json there",
    )
    parser.add_argument(
        "--anchor",
        metavar="NODE",
        help="of centroids: the node that is the centre (default: none is)",
    )
    parser.add_argument(
        "--centroid-method",
        choices=REDUCTIONS,
        default=USUAL.otherwise,
        help="of centroids: what the centre is without that node (default: %(default)s)",
    )
    parser.add_argument(
        "--with-predictions", action="store_true", help="predicted animals of the truth count as labelled too"
    )
    parser.add_argument(
        "--oks-stddev", type=float, default=0.025, help="spread of the similarity (default: %(default)s)"
    )
    parser.add_argument(
        "--oks-scale", type=float, metavar="PX2", help="area of an animal (default: that of each one's box)"
    )
    parser.add_argument(
        "--match-threshold",
        type=float,
        default=50.0,
        help="of centroids: how far apart a pair may be, px (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Print the figures; 0 when done. Raises UserError where the files cannot be compared."""
    for name, (least, most) in _LIMITS.items():
        value = getattr(args, name)
        if value is not None and not least <= value <= most:
            option = f"--{name.replace('_', '-')}"
            raise UserError(f"{value} is outside of what makes sense.", where=option, usage=True)
    if args.output is not None and not args.output.is_dir():
        raise UserError(
            "There is no such folder.", where=str(args.output), hint="Make it, or choose another.", usage=True
        )
    from sleapnn_engine.evaluation.comparing import compare_files, measured  # slow
    from sleapnn_engine.evaluation.files import write_evaluation, write_plain_metrics
    from sleapnn_engine.evaluation.lines import metric_lines
    from sleapnn_engine.evaluation.report import evaluation_of

    found = compare_files(
        args.truth,
        args.predicted,
        centring=Centring(args.anchor, args.centroid_method),
        with_predictions=args.with_predictions,
    )
    how = {name: getattr(args, name) for name in _LIMITS}
    metrics = measured(found, **how)
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    evaluation = (
        evaluation_of(args.truth, args.predicted, found, **how)
        if args.json or args.output is not None
        else {}
    )
    if args.output is not None:
        write_plain_metrics(args.output, metrics=metrics)
        write_evaluation(args.output, evaluation=evaluation)
    if args.json:
        print(json.dumps(evaluation, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(metric_lines(metrics, nodes=found.nodes)))
    return 0
