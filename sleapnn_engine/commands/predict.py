"""`sleapnn-engine predict RUN_DIR [RUN_DIR] --data DATA -o OUT.slp`: find the animals on frames with trained models."""

import argparse
import json
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.likeness import Likeness
from sleapnn_engine.config.predict_options import OPTIONS, WINDOW, Group, complaints
from sleapnn_engine.config.text_format import counted, first_few
from sleapnn_engine.protocol.signals import Interrupted, Signals
from sleapnn_engine.protocol.terminal import Terminal

if TYPE_CHECKING:
    from sleapnn_engine.inference.prediction_run import Outcome
    from sleapnn_engine.inference.request import Request

INTERRUPTED = 130
#: Seconds between two lines of progress for programs.
_TOLD = 0.5


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
    parser.add_argument("--verbose", action="store_true", help="show the traceback when it fails")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line on standard output, for programs"
    )
    _add_options(parser)


def _add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the one table, under the headings of their groups."""
    for group in Group:
        titled = parser.add_argument_group(group.value)
        for option in OPTIONS:
            if option.group is not group:
                continue
            known = option.default is not None and option.kind is not bool
            told = f"{option.help} (default: %(default)s)" if known else option.help
            if option.kind is bool:
                titled.add_argument(option.flag, action="store_true", help=told)
            else:
                titled.add_argument(
                    option.flag,
                    type=option.kind,
                    default=option.default,
                    choices=option.choices or None,
                    metavar=option.metavar,
                    help=told,
                )


def run(args: argparse.Namespace) -> int:
    """Predict; 0 when done, 130 after Ctrl-C, when what was done is written. Raises UserError for everything else."""
    wrong = complaints(vars(args))
    signals = Signals()
    voice = _ForPrograms(signals) if args.json else _ForPeople(signals)
    try:
        with signals.caught():
            from sleapnn_engine.inference.prediction_run import predict_file  # torch takes seconds to import

            outcome = predict_file(_request(_sensible(args, wrong)), listener=voice, refused=wrong)
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


def _sensible(args: argparse.Namespace, wrong: Sequence[UserError]) -> argparse.Namespace:
    """The same with options that make no sense as they are by default: what else is wrong can be found out then."""
    flags = {error.where for error in wrong}
    usual = {option.name: option.default for option in OPTIONS if option.flag in flags}
    return argparse.Namespace(**{**vars(args), **usual})


def _request(args: argparse.Namespace) -> "Request":
    from sleapnn_engine.config.frame_ranges import parse_ranges
    from sleapnn_engine.data.footage import Choice
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
            refinement=None if args.refinement == "none" else args.refinement,
            max_instances=args.max_instances,
            grouping=Grouping(
                max_edge_length_ratio=args.max_edge_length_ratio,
                distance_penalty=args.dist_penalty_weight,
                line_points=args.n_points,
                min_line_score=args.min_line_scores,
                min_points=args.min_instance_peaks,
                limbs=args.limbs,
                identities=args.identities,
            ),
        ),
        tracking=None
        if args.tracking is None
        else TrackSettings(
            likeness=Likeness(args.tracking), window=args.tracking_window or WINDOW, most=args.max_tracks
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
        self._write_event("note", message=text)

    def began(self, total: int) -> None:
        self._signals.work = self  # from here on there is something to keep
        self._pace = _Pace()
        self._write_event("progress", n_processed=0, n_total=total, rate=None, eta=None)

    def progress(self, done: int, total: int) -> None:
        now = time.perf_counter()
        if now - self._told < _TOLD and done < total:
            return
        self._told = now
        rate, left = self._pace.of(done, total)
        self._write_event(
            "progress", n_processed=done, n_total=total, rate=round(rate, 3), eta=round(left, 1)
        )

    def writing(self) -> None:
        self._write_event("writing")

    def nothing_done(self) -> None:
        self._write_event("finished", outcome="interrupted", output=None, frames=0, animals=0, skipped=[])

    def failed(self, error: UserError) -> None:
        self._write_event("failed", message=error.message, where=error.where or None, hint=error.hint or None)

    def finished(self, outcome: "Outcome") -> None:
        self._write_event(
            "finished",
            outcome="interrupted" if outcome.interrupted else "completed",
            output=None if outcome.output is None else str(outcome.output),
            frames=outcome.frames,
            animals=outcome.animals,
            skipped=list(outcome.skipped),
        )

    def _write_event(self, kind: str, **body: Any) -> None:
        print(json.dumps({"kind": kind, **body}, ensure_ascii=False), flush=True)


def _duration(seconds: float) -> str:
    """Seconds as people say them: 40 s, 3:20 min, 1:05 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60}:{whole % 60:02} min" if whole < 3600 else f"{whole // 3600}:{whole % 3600 // 60:02} h"
    )
