"""The labelled frames of a config one by one, those of its validation files too, and what each is for."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs
import numpy as np

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import DATA, ConfigReader
from sleapnn_engine.data.joined_labels import joined
from sleapnn_engine.data.labels import LabelReading
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.inspect.kept_images import KeptImages
from sleapnn_engine.inspect.known_labels import KnownLabels
from sleapnn_engine.inspect.wanted import Cancelled
from sleapnn_engine.training.inputs.labels import TRAIN, VAL, set_aside

#: What a frame is for: a sum of these, 0 where it is for neither.
LEARNED, MEASURED = 1, 2


@attrs.frozen(eq=False)
class Labelled:
    """All labelled frames: `own` come from the training files, those behind them from validation files.

    `parts` is uint8 (frames,), a sum of LEARNED and MEASURED; all 0 where `reason` says why frames cannot be split.
    """

    labels: LabelSet
    own: int
    parts: np.ndarray
    warnings: tuple[str, ...] = ()
    reason: str = ""


class LabelledFrames:
    """Reads labels once for all who ask about their frames, and keeps the images read last."""

    def __init__(self, known: KnownLabels, images: KeptImages | None = None) -> None:
        self._known, self._images = known, images or KeptImages()
        self._lock = threading.Lock()
        self._joined: tuple[list[LabelReading], LabelSet] | None = None

    @contextmanager
    def open(self, values: Mapping[str, Any], cancelled: Cancelled) -> Iterator[Labelled]:
        """The frames of a config; files are let go of afterwards, which reading opens again.

        A config needs no model for this. Raises UserError where it names no labels, and NotWanted.
        """
        view = ConfigReader(values)
        labels, own = self._labels(view, cancelled)
        try:
            yield _parted(labels, own, view)
        finally:
            labels.close()

    def _labels(self, view: ConfigReader, cancelled: Cancelled) -> tuple[LabelSet, int]:
        # Each small picture is a question: labels with an image that cannot be read must not be read for each.
        read, paths = self._known.reader(cancelled, faulty_too=True), label_paths(view, TRAIN)
        if not paths:
            raise UserError("No labels are chosen, so there is no frame to show.", where=TRAIN)
        only_user = view.value(DATA + "user_instances_only") is not False
        val = [] if view.value(DATA + "use_same_data_for_val") else label_paths(view, VAL)
        readings = [read(given, user_instances_only=only_user) for given in (paths, val) if given]
        with self._lock:
            if self._joined is None or not _same(self._joined[0], readings):
                self._joined = readings, self._join(readings)
            return self._joined[1], len(readings[0].labels)

    def _join(self, readings: list[LabelReading]) -> LabelSet:
        labels = readings[0].labels
        if len(readings) > 1:
            try:
                labels = joined(labels, readings[1].labels)
            except UserError:  # another skeleton, which the checks of the config tell
                labels = readings[0].labels
        return attrs.evolve(labels, sources=self._images.of(labels.sources))


def _same(known: list[LabelReading], readings: list[LabelReading]) -> bool:
    return len(known) == len(readings) and all(
        one is other for one, other in zip(known, readings, strict=True)
    )


def label_paths(view: ConfigReader, key: str) -> list[str]:
    """The files that a key names; [] without any."""
    said = view.value(key)
    listed = [said] if isinstance(said, str) else said if isinstance(said, list | tuple) else []
    return [path for path in listed if isinstance(path, str) and path]


def _parted(labels: LabelSet, own: int, view: ConfigReader) -> Labelled:
    parts = np.zeros(len(labels), dtype=np.uint8)
    if len(labels) > own or (label_paths(view, VAL) and not view.value(DATA + "use_same_data_for_val")):
        parts[:own], parts[own:] = LEARNED, MEASURED
        return Labelled(labels, own, parts)
    fraction = view.value(DATA + "validation_fraction")
    if not isinstance(fraction, int | float):
        return Labelled(labels, own, parts, reason="The validation fraction is no number.")
    try:
        candidates, split = set_aside(
            labels, fraction=fraction, same=bool(view.value(DATA + "use_same_data_for_val"))
        )
    except UserError as error:
        return Labelled(labels, own, parts, reason=str(error))
    places = {id(frame): index for index, frame in enumerate(labels.frames)}
    for part, flag in ((split.train, LEARNED), (split.val, MEASURED)):
        parts[[places[id(candidates.frames[index])] for index in part]] |= flag
    return Labelled(labels, own, parts, warnings=split.warnings)
