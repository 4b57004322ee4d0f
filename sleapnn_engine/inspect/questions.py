"""Each kind of question with the function that answers it; what is slow to import comes with the first question."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sleapnn_engine.inspect.service import Answer
from sleapnn_engine.inspect.wanted import Cancelled

if TYPE_CHECKING:
    from sleapnn_engine.inspect.kept_images import KeptImages
    from sleapnn_engine.inspect.known_labels import KnownLabels
    from sleapnn_engine.inspect.labelled import LabelledFrames
    from sleapnn_engine.inspect.predictions import Predictions
    from sleapnn_engine.inspect.scene import Scenes

Found = tuple[dict[str, Any], dict[str, np.ndarray]]


def make_answers() -> dict[str, Answer]:
    """Functions that share the labels they have read."""
    cache = _Cache()

    def describe(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
        from sleapnn_engine.inspect.answers import describe as answer

        return answer(args["values"], cancelled, known=cache.labels()), {}

    def check(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
        from sleapnn_engine.config.issue import issue_values
        from sleapnn_engine.inspect.answers import check as answer

        found = answer(args["values"], cancelled, known=cache.labels())
        return {"issues": [issue_values(issue) for issue in found]}, {}

    def derive(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
        from sleapnn_engine.inspect.figures import derive as answer

        return answer(args["values"], cancelled, known=cache.labels()), {}

    def advise(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
        from sleapnn_engine.inspect.answers import advise as answer

        return {"advice": answer(args["values"], cancelled, known=cache.labels())}, {}

    def prediction(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
        return cache.predictions().frame(args, cancelled)

    sights = ("chain", "crops", "augment", "targets", "network")
    answers: dict[str, Answer] = {kind: partial(_see, kind, cache) for kind in sights}
    answers |= {
        "prediction": prediction,
        "evaluation": _evaluation,
        "suggest": _suggest,
        "missing": _missing,
        "relink": _relink,
        "schedule": _schedule,
        "devices": _devices,
        "measure": _measure,
    }
    about_frames = ("skeleton", "frames", "frame", "thumbnails", "doctor", "split", "save_split")
    answers |= {kind: partial(_about_frames, kind, cache) for kind in about_frames}
    return {"describe": describe, "check": check, "derive": derive, "advise": advise} | answers


def _evaluation(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from sleapnn_engine.inspect.predictions import evaluation as answer

    return answer(args, cancelled), {}


def _suggest(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from sleapnn_engine.inspect.suggestions import suggest as answer

    return answer(args, cancelled), {}


def _missing(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from sleapnn_engine.inspect.moved_videos import find_missing as answer

    return answer(args, cancelled), {}


def _relink(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from sleapnn_engine.inspect.moved_videos import write_relinked as answer

    return answer(args, cancelled), {}


def _schedule(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from sleapnn_engine.inspect.schedule_replay import replay as answer

    return answer(args["values"], folders=args.get("folders", ()), cancelled=cancelled), {}


def _devices(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from sleapnn_engine.training.machine_devices import device_answer as answer

    return answer(args["values"]), {}


def _measure(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from sleapnn_engine.inspect.measured_steps import measure_values as answer

    return answer(args["values"], cancelled), {}


def _about_frames(kind: str, cache: _Cache, args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from sleapnn_engine.inspect.frame_questions import ABOUT_FRAMES

    with cache.frames().open(args["values"], cancelled) as found:
        return ABOUT_FRAMES[kind](found, args, cancelled)


def _see(kind: str, cache: _Cache, args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from sleapnn_engine.inspect.see import SIGHTS

    with cache.scenes().open(args["values"], cancelled) as scene:
        return SIGHTS[kind](scene, args)


class _Cache:
    """The labels that were read, made with the first question: importing their reader takes seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: KnownLabels | None = None
        self._images: KeptImages | None = None
        self._frames: LabelledFrames | None = None
        self._scenes: Scenes | None = None
        self._predictions: Predictions | None = None

    def labels(self) -> KnownLabels:
        with self._lock:
            if self._known is None:
                from sleapnn_engine.inspect.known_labels import KnownLabels

                self._known = KnownLabels()
            return self._known

    def images(self) -> KeptImages:
        with self._lock:
            if self._images is None:
                from sleapnn_engine.inspect.kept_images import KeptImages

                self._images = KeptImages()
            return self._images

    def frames(self) -> LabelledFrames:
        known, images = self.labels(), self.images()
        with self._lock:
            if self._frames is None:
                from sleapnn_engine.inspect.labelled import LabelledFrames

                self._frames = LabelledFrames(known, images)
            return self._frames

    def predictions(self) -> Predictions:
        with self._lock:
            if self._predictions is None:
                from sleapnn_engine.inspect.predictions import Predictions

                self._predictions = Predictions()
            return self._predictions

    def scenes(self) -> Scenes:
        known, images = self.labels(), self.images()
        with self._lock:
            if self._scenes is None:
                from sleapnn_engine.inspect.scene import Scenes

                self._scenes = Scenes(known, images)
            return self._scenes
