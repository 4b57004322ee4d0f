"""Predictions over their video, frame by frame: a slider, arrow keys, playing, and the labels beside them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from sleapnn_engine.protocol.events import Frame
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.frame_view import FrameView
from sleapnn_gui.monitor.frames import LEGEND
from sleapnn_gui.monitor.panel import Panel, QuietSlider, TextToggle, caption
from sleapnn_gui.results.frame_source import Files, FrameSource, Shown
from sleapnn_gui.results.strip import ResultStrip
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr

_PLACE = "view"
_PLAY_MS = 40
_LEAP = 25
_READING = tr("The predictions are read …")
_KEYS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_PageUp: -_LEAP,
    Qt.Key.Key_PageDown: _LEAP,
}


class FramesPage(QWidget):
    """Shows one file of predictions. The engine reads it and its video; the page asks for one frame after the other.

    `left` says that the page is done with, `folder_wanted` carries the file whose folder is to be opened.
    """

    left = Signal()
    folder_wanted = Signal(Path)

    def __init__(self, source: FrameSource, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page:frames")
        self.setAccessibleName(tr("Predictions frame by frame"))
        self.source = source
        self.files: Files | None = None
        self.shown: Shown | None = None
        self.strip = ResultStrip(tr("Predictions"))
        self.folder = self.strip.add_button(
            tr("Open folder"), tr("Show the file of predictions in its folder")
        )
        self.back = self.strip.add_button(tr("Back"), tr("Go back to where you came from"))
        self.back.clicked.connect(self.left)
        self.folder.clicked.connect(self._open_folder)
        self.view = FrameView()
        self.view.one_animal = False
        self.view.layers.by_animal = True
        self.view.pointed.connect(self._point_out)
        self.panel = Panel(tr("Frame"))
        self.legend = self.panel.add_caption()
        self.panel.body.addWidget(self.view, 1)
        self.panel.body.addLayout(self._make_chooser())
        self.panel.body.addLayout(self._make_layers())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        inside = QVBoxLayout()
        inside.setContentsMargins(16, 12, 16, 12)
        inside.addWidget(self.panel)
        column.addLayout(inside, 1)
        self._playing = QTimer(self, interval=_PLAY_MS)
        self._playing.timeout.connect(self._next)
        self._waiting = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _make_chooser(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.previous = _button("caret-left", tr("Frame before (left arrow)"), lambda: self.step(-1))
        self.play = _button("play", tr("Play (space)"), self.toggle_play)
        self.following = _button("caret-right", tr("Frame after (right arrow)"), lambda: self.step(1))
        self.slider = QuietSlider(name=tr("Frame"), most=0)
        self.slider.valueChanged.connect(lambda _: self._want())
        self.place = caption("–")
        self.place.setMinimumWidth(96)
        self.place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for widget in (self.previous, self.play, self.following):
            row.addWidget(widget)
        row.addSpacing(6)
        row.addWidget(self.slider, 1)
        row.addWidget(self.place)
        return row

    def _make_layers(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        layers = self.view.layers
        self.toggles = {
            "points": TextToggle(tr("points"), name=tr("Show the points"), checked=layers.points),
            "limbs": TextToggle(tr("limbs"), name=tr("Show the limbs of the skeleton"), checked=layers.limbs),
            "errors": TextToggle(
                tr("labels and errors"),
                name=tr("Show names of tracks, lines to the labels and errors"),
                checked=True,
            ),
            "by_animal": TextToggle(
                tr("animals by colour"), name=tr("Give each animal a colour"), checked=True
            ),
            "names": TextToggle(tr("names"), name=tr("Show the names of the parts"), checked=layers.names),
        }
        for name, toggle in self.toggles.items():
            toggle.toggled.connect(lambda on, name=name: self._set_layer(name, on))
            row.addWidget(toggle)
        row.addStretch(1)
        self.close_up = _button("magnifying-glass-plus", tr("Close-up of the animals"), lambda: None)
        self.close_up.setCheckable(True)
        self.close_up.toggled.connect(self.view.set_close_up)
        row.addWidget(self.close_up)
        return row

    # -- what is shown ---------------------------------------------------------------------------------------

    def open(self, files: Files, **which: Any) -> None:
        """Show a file of predictions from its first frame on, or the one of a `video` and `frame`."""
        self.stop()
        self.source.drop(_PLACE)
        self.files, self.shown = files, None
        self.strip.show_message(Path(files.predicted).name, str(Path(files.predicted).parent))
        self.view.placeholder = _READING
        self.view.show_frame(None)
        self.panel.title.setText(tr("Frame"))
        self.legend.setText("")
        self._set_range(0, 0)
        self._ask(which)
        self._offer()

    def step(self, by: int) -> None:
        """Go some frames on or back."""
        self.slider.setValue(self.slider.value() + by)

    def toggle_play(self) -> None:
        """Go on by itself, or stop that."""
        if self._playing.isActive():
            self.stop()
        elif self.slider.maximum() > 0:
            if self.slider.value() == self.slider.maximum():
                self.slider.setValue(0)
            self._playing.start()
            self._show_play("pause", tr("Pause (space)"))

    def stop(self) -> None:
        """Stay at the frame that is shown."""
        self._playing.stop()
        self._show_play("play", tr("Play (space)"))

    def _show_play(self, glyph: str, tip: str) -> None:
        self.play.setIcon(icon(glyph))
        self.play.setToolTip(tip)
        self.play.setAccessibleName(tip)

    def _next(self) -> None:
        """The next frame, once the one before is there: what cannot be read that fast is shown slower, not skipped."""
        if self._waiting:
            return
        if self.slider.value() >= self.slider.maximum():
            self.stop()
        else:
            self.step(1)

    def _want(self) -> None:
        self._ask({"index": self.slider.value()})

    def _ask(self, which: dict[str, Any]) -> None:
        if self.files is not None:
            self._waiting = True
            self.source.want(_PLACE, self.files, self._show, **which)

    def _show(self, found: Shown | str) -> None:
        self._waiting = False
        if isinstance(found, str):
            self.stop()
            self.view.placeholder = found
            self.view.show_frame(None)
            self._offer()
            return
        first, self.shown = self.shown is None, found
        view, said = self.view, found.event.typed_as(Frame)
        view.nodes, view.edges, view.tracks = found.nodes, found.edges, found.tracks
        view.show_frame(found.event)
        if first:
            self._set_range(found.count - 1, found.index)
        elif found.count - 1 != self.slider.maximum():
            self._set_range(found.count - 1, min(self.slider.value(), found.count - 1))
        self.place.setText(tr("{index:,} of {count:,}", index=found.index + 1, count=found.count))
        parts = [
            tr("{video} · frame {frame}", video=said.video, frame=said.frame),
            words.counted(len(said.predicted), "animal", "animals"),
        ]
        if said.pairs is not None:
            matching = view.matching
            parts += [tr("{count} missed", count=len(matching.missed))] if matching.missed else []
            parts += [tr("{count} extra", count=len(matching.extra))] if matching.extra else []
            parts += (
                [tr("{pixels} off", pixels=words.pixels(said.error_px))] if said.error_px is not None else []
            )
        self.panel.title.setText("  ·  ".join(parts))
        self._point_out("")
        self._offer()

    def _set_range(self, most: int, value: int) -> None:
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, most))
        self.slider.setValue(value)
        self.slider.blockSignals(False)
        self.slider.update()

    def _offer(self) -> None:
        """What can be pressed: there is something to go to, tracks to tell apart, names to show."""
        several, shown = self.slider.maximum() > 0, self.shown is not None
        for widget in (self.play, self.slider):
            widget.setEnabled(several)
        self.previous.setEnabled(self.slider.value() > 0)
        self.following.setEnabled(self.slider.value() < self.slider.maximum())
        for toggle in (*self.toggles.values(), self.close_up):
            toggle.setEnabled(shown)
        if self.shown is not None:
            self.toggles["limbs"].setVisible(bool(self.shown.edges))
            self.toggles["names"].setVisible(len(self.shown.nodes) > 1)

    def _set_layer(self, name: str, on: bool) -> None:
        setattr(self.view.layers, name, on)
        self.view.update()

    def _point_out(self, text: str) -> None:
        """Say what is under the pointer, in place of the legend."""
        labelled = self.shown is not None and self.shown.event.typed_as(Frame).pairs is not None
        self.legend.setText(
            text or (LEGEND if labelled else tr("× predicted") if self.shown is not None else "")
        )

    def _open_folder(self) -> None:
        if self.files is not None:
            self.folder_wanted.emit(Path(self.files.predicted))

    # -- Qt --------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _KEYS:
            self.step(_KEYS[key])
        elif key == Qt.Key.Key_Home:
            self.slider.setValue(0)
        elif key == Qt.Key.Key_End:
            self.slider.setValue(self.slider.maximum())
        elif key == Qt.Key.Key_Space:
            self.toggle_play()
        elif event.text() in ("+", "-"):
            self.view.zoom_by(1.25 if event.text() == "+" else 0.8)
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.stop()


def _button(glyph: str, tip: str, act: Callable[[], None]) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(glyph))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFixedSize(26, 26)
    button.setFocusPolicy(
        Qt.FocusPolicy.TabFocus
    )  # after a click the arrow keys still move through the frames
    button.clicked.connect(lambda _checked=False: act())
    return button
