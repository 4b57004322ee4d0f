"""Frames that are worth another look, sent to labelling: which ones, where to, and what became of it."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import attrs
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QWidget

from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.monitor import words
from sleapnn_gui.results.frame_source import Files
from sleapnn_gui.widgets.file_dialog import ALL_FILES, ask_where_to_save
from sleapnn_gui.widgets.language import tr

KIND = "suggest"
_COUNTS = (10, 30, 100)


@attrs.frozen
class WorthALook:
    """Frames of a run, the worst first, each with the `video` and `frame` that the files know it by."""

    run: str
    files: Files
    frames: Sequence[Mapping[str, Any]]

    def offers(self) -> list[tuple[str, Sequence[Mapping[str, Any]]]]:
        """What can be sent, in words, with the frames that are meant."""
        offered = [
            (tr("The {count} worst frames…", count=count), self.frames[:count])
            for count in _COUNTS
            if count < len(self.frames)
        ]
        wrong = [one for one in self.frames if one.get("missed") or one.get("extra")]
        if 0 < len(wrong) < len(self.frames):
            count = words.counted(len(wrong), "frame", "frames")
            offered.append((tr("{count} with a missed or an extra animal…", count=count), wrong))
        return [
            *offered,
            (tr("All {frames}…", frames=words.counted(len(self.frames), "frame", "frames")), self.frames),
        ]


def sent_frames(run: str, frames: Sequence[Event]) -> WorthALook:
    """Frames of one labels file as a training sends them."""
    said = [one.typed_as(Frame) for one in frames]
    listed = [{"video": one.video, "frame": one.frame} for one in said]
    return WorthALook(run, Files(str(said[0].labels_file)), listed)


class Labelling(QObject):
    """Lets a person choose frames and a file, and has the engine write it. `progressed` carries a sentence and its severity."""

    progressed = Signal(str, str)

    def __init__(self, page: QWidget, inspect: Inspect) -> None:
        super().__init__(page)
        self._page, self._inspect = page, inspect
        self._waiting = False
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)

    def fill(self, menu: QMenu, found: Sequence[WorthALook]) -> None:
        """Offer in a menu what can be sent of these runs."""
        for one in found:
            if len(found) > 1:
                menu.addSection(one.run)
            for text, frames in one.offers():
                menu.addAction(text).triggered.connect(
                    lambda _checked=False, one=one, frames=frames: self.ask(one, frames)
                )

    def ask(self, found: WorthALook, frames: Sequence[Mapping[str, Any]]) -> None:
        """Ask where the file is to be; the dialog asks before it takes the place of another."""
        ask_where_to_save(
            self._page,
            tr("Save {frames} for labelling", frames=words.counted(len(frames), "frame", "frames")),
            partial(self.write, found.files, frames),
            name=f"{found.run}.to_label.slp",
            suffix="slp",
            filters=tr("Labels (*.slp);;{all_files}", all_files=ALL_FILES),
        )

    def write(self, files: Files, frames: Sequence[Mapping[str, Any]], path: str) -> None:
        """Have these frames written; a file that is there already is one that a person agreed to replace."""
        labelled = files.truth or files.predicted
        self._inspect.ask(
            KIND,
            file=labelled,
            frames=[{"video": one["video"], "frame": one["frame"]} for one in frames],
            output=path,
            replace=True,
            **({} if files.truth is None else {"predicted": files.predicted}),
        )
        self._waiting = True
        self.progressed.emit(
            tr("Writing {frames} …", frames=words.counted(len(frames), "frame", "frames")), "info"
        )

    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        if kind == KIND and self._waiting:
            self._waiting = False
            frames = words.counted(answer["frames"], "frame is a suggestion", "frames are suggestions")
            self.progressed.emit(
                tr("{frames} in {path}. Open it in SLEAP to label them.", frames=frames, path=answer["path"]),
                "info",
            )

    def _failed(self, kind: str, text: str) -> None:
        if kind == KIND and self._waiting:
            self._waiting = False
            self.progressed.emit(text, "error")
