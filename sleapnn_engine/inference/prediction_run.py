"""From a video or labels to a file of predictions: checked before anything starts, and what is done is never lost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import attrs
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.findings import gathered, raise_all
from sleapnn_engine.config.installed import PROJECT, version_of
from sleapnn_engine.config.text_format import first_few
from sleapnn_engine.data.footage import LABELS, Footage, has_colour, open_footage
from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.data.model_labels import with_centers
from sleapnn_engine.decoding.animals import PoseNames, PredictedFrame
from sleapnn_engine.evaluation.files import write_predictions
from sleapnn_engine.inference.gathered import Gathered
from sleapnn_engine.inference.predictor import Predictor, Skipped, Wanted
from sleapnn_engine.inference.request import Request, options_of, require_new, require_output, require_tracks
from sleapnn_engine.inference.tracking import Tracker


class Listener(Protocol):
    """Who hears of the work, and may have it ended: `interrupted` is then the name of a signal."""

    interrupted: str | None

    def note(self, text: str) -> None:
        """A sentence on what is otherwise than it seems."""

    def began(self, total: int) -> None:
        """Everything is open, and `total` frames are to be predicted."""

    def progress(self, done: int, total: int) -> None:
        """So many frames are done or could not be read."""

    def writing(self) -> None:
        """All frames are done, and the file is written next."""


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of it. `output` is the file that was written, None where no frame was done.

    `interrupted` is the signal that ended it early; `skipped` are frames that could not be read, by name.
    """

    output: Path | None
    frames: int
    total: int
    animals: int
    skipped: tuple[str, ...]
    interrupted: str | None = None


def predict_file(request: Request, *, listener: Listener, refused: Sequence[UserError] = ()) -> Outcome:
    """Predict and write; a signal ends it with what is done so far.

    `output` comes to be when all frames are done, or were until a signal came. Where there is a file already, an
    unfinished one never takes its place but is written beside it; so is what was done before a failure.
    Raises UserError with everything that speaks against it before anything is begun (usage where the request itself is
    wrong), and for what goes wrong later. `refused` is what is known to be wrong already, and told with the rest.
    """
    predictor, footage = _opened(request, refused)
    with contextlib.closing(footage), contextlib.closing(Gathered()) as found:
        for text in (*predictor.notes, *footage.notes, *_colour_notes(predictor, footage)):
            listener.note(text)
        wanted, total = _wanted(request, predictor, footage)
        work = _Work(request, predictor, footage, total, found)
        listener.began(total)
        try:
            _go_through(work, wanted, listener)
        except Exception as error:  # whatever it is, hours of work must not be lost with it
            raise _kept(work, error) from error
        return work.finished(listener, interrupted=listener.interrupted if work.done < total else None)


@attrs.define(eq=False)
class _Work:
    request: Request
    predictor: Predictor
    footage: Footage
    total: int
    frames: Gathered
    skipped: list[Skipped] = attrs.field(factory=list)
    _tracker: Tracker | None = None
    _tracked: int = -1

    def add(self, frame: PredictedFrame) -> None:
        """Keep a frame, its animals with their tracks where these are asked for; each video has tracks of its own."""
        settings = self.request.tracking
        if settings is not None:
            if self._tracker is None or self._tracked != frame.video:
                self._tracker = Tracker(settings, first=self._tracker.end if self._tracker else 0)
                self._tracked = frame.video
            frame = self._tracker.follow(frame)
        self.frames.add(frame)

    @property
    def names(self) -> PoseNames:
        """What numbers of nodes and classes stand for; tracks are numbered."""
        names = self.predictor.names
        if self._tracker is None:
            return names
        return attrs.evolve(names, classes=tuple(f"track_{number}" for number in range(self._tracker.end)))

    @property
    def done(self) -> int:
        return len(self.frames) + len(self.skipped)

    def finished(self, listener: Listener, *, interrupted: str | None) -> Outcome:
        """Write what is done."""
        named = tuple(f"{self.footage.name(s.video)} frame {s.frame_index}: {s.reason}" for s in self.skipped)
        if not self.frames and self.skipped and interrupted is None:
            raise UserError(
                f"No frame can be read: {first_few(named)}.",
                where=str(self.request.data),
                hint="Give a video that plays. Nothing was written.",
            )
        output = None
        if self.frames:
            listener.writing()
            output = self.write(whole=interrupted is None, skipped=named)
        return Outcome(
            output=output,
            frames=len(self.frames),
            total=self.total,
            animals=self.frames.animals,
            skipped=named,
            interrupted=interrupted,
        )

    def write(self, *, whole: bool, skipped: Sequence[str] = ()) -> Path:
        """Write the frames that are done; where they are not all, never over a file that is there."""
        request, output = self.request, self.request.output
        if not whole and output.exists():
            output = output.with_name(f"{output.stem}.partial{LABELS}")
        return write_predictions(
            output,
            self.frames,
            videos=self.footage.videos,
            names=self.names,
            provenance={
                "program": f"{PROJECT} {version_of(PROJECT)}".strip(),
                "model_paths": [str(stage.trained.weights) for stage in self.predictor.stages],
                "data": str(self.footage.path),
                "options": options_of(request),
                "frames": f"{len(self.frames)} of {self.total}",
                "skipped": list(skipped),
            },
        )


def _opened(request: Request, refused: Sequence[UserError]) -> tuple[Predictor, Footage]:
    """The models and the data. Raises UserError with everything that is wrong with either, and with the output."""

    def refuse(error: UserError) -> None:
        raise error

    predictors: list[Predictor] = []
    opened: list[Footage] = []

    def open_models() -> None:
        predictors.append(
            Predictor.open(
                request.run_dirs,
                device=request.device,
                precision=request.precision,
                batch_size=request.batch_size,
                settings=request.settings,
            )
        )

    def open_data() -> None:
        opened.append(open_footage(request.data, request.choice))

    try:
        steps: list[Callable[[], object]] = [partial(refuse, error) for error in refused]
        steps += [partial(require_output, request), open_models, open_data]
        gathered(steps, what="Nothing can be predicted")
        require_new(request, opened[0])
        require_tracks(request, predictors[0])
    except BaseException:  # whatever ends it, files must not stay open
        for footage in opened:
            footage.close()
        raise
    return predictors[0], opened[0]


def _wanted(request: Request, predictor: Predictor, footage: Footage) -> tuple[Iterator[Wanted], int]:
    """The frames to predict and their number. Raises UserError where the models cannot look at such data."""
    if predictor.needs_centers:
        known = _known_places(request, predictor, footage)
        return iter(known), len(known)

    def each() -> Iterator[Wanted]:
        for video, frames in footage.wanted:
            source = footage.sources[video]
            assert source is not None
            for frame in frames:
                yield Wanted(video, frame, partial(source.read, frame))

    return each(), len(footage)


def _known_places(request: Request, predictor: Predictor, footage: Footage) -> list[Wanted]:
    """Frames on which animals are labelled, with their centres as in training."""
    trained = predictor.stages[0].trained
    if footage.path.suffix.lower() != LABELS:
        raise UserError(
            f"A {trained.kind.key} model only looks at animals whose place is known, and {footage.path.name} has no labels.",
            where=str(trained.weights.parent),
            hint="Give the run folder of a centroid model as well, or labels.",
            usage=True,
        )
    only_user = trained.job.data_config.user_instances_only
    reading = read_labels([footage.path], user_instances_only=only_user, check_images=False)
    with contextlib.closing(reading.labels):
        raise_all(reading.problems, what="The labels cannot be used")
        where = f"model_config.head_configs.{trained.kind.key}.confmaps.anchor_part"
        labels = with_centers(reading.labels, centring=trained.centring, where=where)
    meant = {video: set(frames) for video, frames in footage.wanted}
    found = []
    for frame in sorted(labels.frames, key=lambda one: (one.video_index, one.frame_index)):
        video = labels.videos[frame.video_index].number
        source = footage.sources[video]
        if source is not None and frame.frame_index in meant.get(video, ()):
            read = partial(source.read, frame.frame_index)
            found.append(Wanted(video, frame.frame_index, read, frame.centers))
    if not found:
        raise UserError(
            "No animal is labelled on the chosen frames, and this model only looks at labelled ones.",
            where=str(footage.path),
            hint="Choose other frames, or give the run folder of a centroid model as well.",
        )
    return found


def _colour_notes(predictor: Predictor, footage: Footage) -> list[str]:
    """What to say where the data have other channels than the models have learned from."""
    seen: dict[int, str] = {}
    for video, frames in footage.wanted:
        source = footage.sources[video]
        if source is not None and len(frames):
            with contextlib.suppress(ValueError, OSError, IndexError, KeyError):  # told when its turn comes
                image = source.read(frames[len(frames) // 2])
                if image.shape[2] == 1 or has_colour(image):
                    seen.setdefault(image.shape[2], footage.name(video))
    said = []
    for stage in predictor.stages:
        pre = stage.trained.job.data_config.preprocessing
        for channels, name in seen.items():
            if channels != stage.trained.channels and not (pre.ensure_rgb or pre.ensure_grayscale):
                given, made = ("gray", "colour") if channels == 1 else ("in colour", "gray")
                said.append(
                    f"{name} is {given}, and {stage.trained.weights.parent.name} has learned from images of "
                    f"{stage.trained.channels} channel{'s' if stage.trained.channels > 1 else ''}: frames are turned to {made}."
                )
    return list(dict.fromkeys(said))


def _go_through(work: _Work, wanted: Iterator[Wanted], listener: Listener) -> None:
    with contextlib.closing(work.predictor.run(wanted)) as stream:
        for done in stream:
            for frame in done.frames:
                work.add(frame)
            work.skipped += done.skipped
            listener.progress(work.done, work.total)
            if listener.interrupted:
                return


def _kept(work: _Work, error: Exception) -> UserError:
    """The failure for people, after what was done before it has been written beside the output."""
    failure = _explained(error)
    if not work.frames:
        return failure
    try:
        path = work.write(whole=False)
    except Exception:  # the disk may be the reason of the first failure; that one counts
        return failure
    failure.hint = f"{failure.hint} The {len(work.frames)} frames that were done are in {path}.".strip()
    return failure


def _explained(error: Exception) -> UserError:
    if isinstance(error, UserError):
        return UserError(error.message, where=error.where, hint=error.hint)
    kinds = isinstance(error, MemoryError | torch.OutOfMemoryError)
    if kinds or "can't allocate memory" in str(error):
        return UserError(
            "There is not enough memory for a batch of these frames.",
            where="--batch-size",
            hint="Use a smaller batch size.",
        )
    return UserError(
        f"Predicting failed with {type(error).__name__}: {error}", hint="Add --verbose to see where."
    )
