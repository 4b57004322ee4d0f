"""`sleapnn-engine predict RUN_DIR [RUN_DIR] --data DATA -o OUT.slp`: find the animals on frames with trained models."""

import argparse
import json
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.findings import raise_all
from sleapnn_engine.config.likeness import Likeness
from sleapnn_engine.config.strategies import PRECISIONS
from sleapnn_engine.config.text_format import counted, first_few
from sleapnn_engine.protocol.signals import Interrupted, Signals
from sleapnn_engine.protocol.terminal import Terminal

if TYPE_CHECKING:
    from sleapnn_engine.inference.prediction_run import Outcome
    from sleapnn_engine.inference.request import Request

INTERRUPTED = 130
_WINDOW = 5
#: Seconds between two lines of progress for programs.
_TOLD = 0.5
#: Option -> its limits; a value outside makes no sense.
_LIMITS: dict[str, tuple[float, float]] = {
    "batch_size": (1, 4096),
    "video_index": (0, 10**6),
    "peak_threshold": (0, 1),
    "max_instances": (1, 1000),
    "tracking_window": (1, 1000),
    "max_tracks": (1, 1000),
    "max_edge_length_ratio": (0, 10),
    "dist_penalty_weight": (0, 1000),
    "n_points": (2, 1000),
    "min_line_scores": (-1, 1),
    "min_instance_peaks": (0, 1000),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes; names and defaults are those of other programs of the family."""
    parser.add_argument(
        "run_dirs",
        nargs="+",
        type=Path,
        metavar="RUN_DIR",
        help="run folder, or two of a pair (centroids and crops); a checkpoint in one stands for it",
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DATA",
        help="labels (.slp), video, .h5, TIFF, folder of images",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT.slp", help="labels file to write"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT.slp where it is there")
    parser.add_argument(
        "--frames",
        metavar="0-99,200",
        help="frame numbers, counted from 0 (default: all; of labels, those in the file)",
    )
    parser.add_argument(
        "--video-index", type=int, metavar="N", help="of labels: all frames of their video N, counted from 0"
    )
    parser.add_argument(
        "--only-labelled",
        action="store_true",
        help="of labels: only frames on which a person has labelled animals",
    )
    parser.add_argument(
        "--batch-size", type=int, default=4, help="frames or crops at once (default: %(default)s)"
    )
    parser.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)"
    )
    parser.add_argument(
        "--precision", choices=PRECISIONS, default="32", help="number format (default: %(default)s)"
    )
    parser.add_argument("--verbose", action="store_true", help="show the traceback when it fails")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line on standard output, for programs"
    )
    _add_reading(parser)


def _add_reading(parser: argparse.ArgumentParser) -> None:
    """How the network's answers are read."""
    parser.add_argument(
        "--peak-threshold", type=float, default=0.2, help="least height of a peak (default: %(default)s)"
    )
    parser.add_argument(
        "--refinement",
        choices=("integral", "none"),
        default="integral",
        help="points between the cells of the map, or on them (default: %(default)s)",
    )
    parser.add_argument(
        "--max-instances", type=int, metavar="N", help="the most certain N animals of a frame"
    )
    following = parser.add_argument_group("following animals from frame to frame")
    following.add_argument(
        "--tracking",
        choices=tuple(map(str, Likeness)),
        help="by overlap of boxes, similarity of points, or distance",
    )
    following.add_argument(
        "--tracking-window", type=int, metavar="N", help="frames an animal may be gone (default: 5)"
    )
    following.add_argument("--max-tracks", type=int, metavar="N", help="no more tracks than that in a video")
    limbs = parser.add_argument_group("joining parts along limbs (bottomup models)")
    limbs.add_argument(
        "--max-edge-length-ratio",
        type=float,
        default=0.25,
        help="share of the image a limb may span (%(default)s)",
    )
    limbs.add_argument(
        "--dist-penalty-weight", type=float, default=1.0, help="what longer limbs cost (%(default)s)"
    )
    limbs.add_argument("--n-points", type=int, default=10, help="places looked at along a limb (%(default)s)")
    limbs.add_argument(
        "--min-line-scores", type=float, default=0.25, help="least agreement of a limb, -1 to 1 (%(default)s)"
    )
    limbs.add_argument(
        "--min-instance-peaks",
        type=float,
        default=0,
        help="least points of an animal; below 1, that share (%(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Predict; 0 when done, 130 after Ctrl-C, when what was done is written. Raises UserError for everything else."""
    _require_sense(args)
    signals = Signals()
    voice = _ForPrograms(signals) if args.json else _ForPeople(signals)
    try:
        with signals.caught():
            from sleapnn_engine.inference.prediction_run import predict_file  # torch takes seconds to import

            outcome = predict_file(_request(args), listener=voice)
    except Interrupted:
        voice.nothing_done()
        return INTERRUPTED
    except UserError as error:
        if args.verbose:
            traceback.print_exc()
        voice.failed(error)
        raise
    voice.finished(outcome)
    return INTERRUPTED if outcome.interrupted else 0


def _require_sense(args: argparse.Namespace) -> None:
    """Raise UserError (usage) with every number that makes no sense."""
    wrong = []
    for name, (least, most) in _LIMITS.items():
        value = getattr(args, name)
        if value is not None and not least <= value <= most:
            option = f"--{name.replace('_', '-')}"
            text = f"{value} is outside of what makes sense, {least} to {most}."
            wrong.append(UserError(text, where=option, usage=True))
    for name in ("tracking_window", "max_tracks"):
        if getattr(args, name) is not None and args.tracking is None:
            text = "Animals are only followed with --tracking."
            wrong.append(UserError(text, where=f"--{name.replace('_', '-')}", hint="Add it.", usage=True))
    raise_all(wrong, what="The options cannot be used", usage=True)


def _request(args: argparse.Namespace) -> "Request":
    from sleapnn_engine.data.footage import Choice
    from sleapnn_engine.data.frame_ranges import parse_ranges
    from sleapnn_engine.decoding.grouping import Grouping
    from sleapnn_engine.inference.request import Request
    from sleapnn_engine.inference.stage import Settings
    from sleapnn_engine.inference.tracking import TrackSettings

    return Request(
        run_dirs=tuple(args.run_dirs),
        data=args.data,
        output=args.output.expanduser(),
        overwrite=args.overwrite,
        choice=Choice(
            frames=None if args.frames is None else parse_ranges(args.frames),
            video=args.video_index,
            only_labelled=args.only_labelled,
        ),
        settings=Settings(
            peak_threshold=args.peak_threshold,
            refinement=None if args.refinement == "none" else "integral",
            max_instances=args.max_instances,
            grouping=Grouping(
                max_edge_length_ratio=args.max_edge_length_ratio,
                distance_penalty=args.dist_penalty_weight,
                line_points=args.n_points,
                min_line_score=args.min_line_scores,
                min_points=args.min_instance_peaks,
            ),
        ),
        tracking=None
        if args.tracking is None
        else TrackSettings(
            likeness=Likeness(args.tracking), window=args.tracking_window or _WINDOW, most=args.max_tracks
        ),
        batch_size=args.batch_size,
        device=args.device,
        precision=args.precision,
    )


class _Pace:
    """How many frames a second, and how long the rest takes; counted from when the first ones were done."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def of(self, done: int, total: int) -> tuple[float, float]:
        """Frames a second and the seconds that are left."""
        rate = done / max(time.perf_counter() - self._began, 1e-9)
        return rate, (total - done) / max(rate, 1e-9)


class _ForPeople:
    """Tells in the terminal."""

    def __init__(self, signals: Signals) -> None:
        self.interrupted: str | None = None
        self._signals = signals
        self._terminal = Terminal(sys.stdout, errors=sys.stderr)
        self._pace = _Pace()

    def note(self, text: str) -> None:
        self._terminal.warn(text)

    def began(self, total: int) -> None:
        self._signals.work = self  # from here on there is something to keep
        self._pace = _Pace()
        self._terminal.redraw(f"predicting {counted(total, 'frame')} ...", at_once=True)

    def progress(self, done: int, total: int) -> None:
        rate, left = self._pace.of(done, total)
        self._terminal.redraw(f"{done}/{total} frames  {rate:.1f} frames/s  {_duration(left)} left")

    def writing(self) -> None:
        self._terminal.redraw("writing ...", at_once=True)

    def nothing_done(self) -> None:
        self._terminal.line("interrupted: no frame was done, and nothing is written.")

    def failed(self, error: UserError) -> None:
        self._terminal.redraw("", at_once=True)

    def finished(self, outcome: "Outcome") -> None:
        if outcome.skipped:
            self._terminal.warn(
                f"{counted(len(outcome.skipped), 'frame')} could not be read and "
                f"{'is' if len(outcome.skipped) == 1 else 'are'} left out: {first_few(outcome.skipped)}."
            )
        if outcome.output is None:
            self.nothing_done()
            return
        done = f"{counted(outcome.frames, 'frame')}, {counted(outcome.animals, 'animal')}"
        if outcome.interrupted:
            self._terminal.line(
                f"interrupted: the first {done} of {outcome.total} frames are in {outcome.output}"
            )
        else:
            self._terminal.line(f"{outcome.output}: {done}")


class _ForPrograms:
    """Tells as JSON lines: `note`, `progress`, and at the end `finished` or `failed`."""

    def __init__(self, signals: Signals) -> None:
        self.interrupted: str | None = None
        self._signals = signals
        self._pace, self._told = _Pace(), 0.0

    def note(self, text: str) -> None:
        self._say("note", message=text)

    def began(self, total: int) -> None:
        self._signals.work = self  # from here on there is something to keep
        self._pace = _Pace()
        self._say("progress", n_processed=0, n_total=total, rate=None, eta=None)

    def progress(self, done: int, total: int) -> None:
        now = time.perf_counter()
        if now - self._told < _TOLD and done < total:
            return
        self._told = now
        rate, left = self._pace.of(done, total)
        self._say("progress", n_processed=done, n_total=total, rate=round(rate, 3), eta=round(left, 1))

    def writing(self) -> None:
        self._say("writing")

    def nothing_done(self) -> None:
        self._say("finished", outcome="interrupted", output=None, frames=0, animals=0, skipped=[])

    def failed(self, error: UserError) -> None:
        self._say("failed", message=error.message, where=error.where or None, hint=error.hint or None)

    def finished(self, outcome: "Outcome") -> None:
        self._say(
            "finished",
            outcome="interrupted" if outcome.interrupted else "completed",
            output=None if outcome.output is None else str(outcome.output),
            frames=outcome.frames,
            animals=outcome.animals,
            skipped=list(outcome.skipped),
        )

    def _say(self, kind: str, **body: Any) -> None:
        print(json.dumps({"kind": kind, **body}, ensure_ascii=False), flush=True)


def _duration(seconds: float) -> str:
    """Seconds as people say them: 40 s, 3:20 min, 1:05 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60}:{whole % 60:02} min" if whole < 3600 else f"{whole // 3600}:{whole % 3600 // 60:02} h"
    )
