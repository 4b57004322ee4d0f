"""Frames of files of predictions, asked of the engine one at a time: the newest wish of each place that shows one."""

from collections.abc import Callable
from typing import Any

import attrs
from PySide6.QtCore import QObject

from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.inspector.client import Inspect

KIND = "prediction"


@attrs.frozen
class Files:
    """Predictions, and the labels that belong to them: what the engine is asked with."""

    predicted: str
    truth: str | None = None
    anchor: str | None = None
    centroid_method: str | None = None
    with_predictions: bool = False

    @property
    def asked(self) -> dict[str, Any]:
        """The same as fields of a question."""
        said = {"file": self.predicted, "truth": self.truth, "anchor": self.anchor}
        said |= {"centroid_method": self.centroid_method}
        found: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        return found | {"with_predictions": self.with_predictions}


@attrs.frozen
class Shown:
    """A frame as the engine sent it: the event that a view draws, and what is known of its file."""

    event: Event
    index: int
    count: int
    nodes: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    tracks: tuple[str, ...]

    @classmethod
    def of(cls, answer: dict[str, Any]) -> "Shown":
        """Read an answer."""
        body = {name: value for name, value in answer.items() if name != "arrays"}
        event = Event(None, 0.0, Frame.kind, body, answer["arrays"])
        return cls(
            event,
            int(body["index"]),
            int(body["count"]),
            tuple(body["nodes"]),
            tuple((int(a), int(b)) for a, b in body["edges"]),
            tuple(body["tracks"]),
        )


@attrs.frozen(eq=False)
class _Wish:
    files: Files
    place: dict[str, Any]
    then: Callable[[Shown | str], None]


class FrameSource(QObject):
    """Asks for one frame after the other, so that while somebody drags a slider each that comes is still shown.

    Of each place in the window only the newest wish counts; the places come in the order in which they first wished.
    """

    def __init__(self, inspect: Inspect) -> None:
        super().__init__(inspect)
        self._inspect = inspect
        self._wishes: dict[str, _Wish] = {}
        self._asked: tuple[str, _Wish] | None = None
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)

    def want(self, place: str, files: Files, then: Callable[[Shown | str], None], **which: Any) -> None:
        """Have `then` called with a frame, or with a sentence why there is none; `which` are fields of the question."""
        self._wishes[place] = _Wish(files, which, then)
        self._ask()

    def drop(self, place: str) -> None:
        """Nothing is wished any more at a place, nor at those whose names begin with it."""
        self._wishes = {name: wish for name, wish in self._wishes.items() if not name.startswith(place)}
        if self._asked is not None and self._asked[0].startswith(place):
            self._inspect.cancel(KIND)
            self._asked = None
            self._ask()

    def _ask(self) -> None:
        if self._asked is None and self._wishes:
            place = next(iter(self._wishes))
            wish = self._wishes.pop(place)
            self._asked = place, wish
            self._inspect.ask(KIND, **wish.files.asked, **wish.place)

    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        if kind == KIND:
            self._hand_over(Shown.of(answer))

    def _failed(self, kind: str, text: str) -> None:
        if kind == KIND:
            self._hand_over(text)

    def _hand_over(self, found: Shown | str) -> None:
        asked, self._asked = self._asked, None
        if asked is not None:
            asked[1].then(found)
        self._ask()
