"""The frame beside the loss: which image, which epoch, which layers."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QActionGroup, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.frame_cache import frame_key, part_error
from sleapnn_gui.monitor.frame_view import FrameView
from sleapnn_gui.monitor.map_row import MapRow
from sleapnn_gui.monitor.model_words import CROPPED, ONE_ANIMAL
from sleapnn_gui.monitor.panel import Panel, QuietSlider, TextToggle, caption, icon_button
from sleapnn_gui.monitor.run_header import Header
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.widgets.language import tr

LEGEND = tr("○ truth   × predicted")

_FIRST = tr("The first frames come at the end of the first epoch.")
_OVER = tr("No frame of this run was kept; if it saved pictures, they are in its viz folder.")
_NEVER = tr(
    "sleap-nn sends no frames. With visualize_preds_during_training it writes pictures into its run folder."
)
_NO_MAPS = tr(
    "The maps of this frame were not kept: they were larger than what a run may keep, "
    "which the menu Train sets for trainings to come."
)
_SPLITS = {"validation": tr("Validation"), "train": tr("Training")}


class FramePanel(Panel):
    """Shows the frames of a `RunStore`: worst first, the newest epoch until a person goes back, the chosen image
    pinned through the epochs.

    `labelling_wanted` carries the frames that are to be labelled anew.
    """

    labelling_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Validation frame"), parent)
        self.store: RunStore | None = None
        self.view = FrameView()
        self.view.placeholder = _FIRST
        self._over = False
        self._version = -1
        self._shown: list[Event] = []
        self._pinned: tuple[object, ...] | None = None
        self._epoch: int | None = None
        self._follow = True
        self._model_type = ""
        self._maps_tip = ""
        self.part: int | None = None
        """The place of the part by whose error frames are the worst; None for all parts."""
        self.legend = self.add_caption(LEGEND)
        self.body.addWidget(self.view, 1)
        self.body.addLayout(self._make_chooser())
        self.body.addLayout(self._make_layers())
        self.heat_row = MapRow(self.view.layers)
        self.heat_row.changed.connect(self._change_layers)
        self.body.addWidget(self.heat_row)
        self.view.pointed.connect(self._point_out)
        self._enable()

    def _make_chooser(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.previous = icon_button("caret-left", tip=tr("Frame with a larger error"))
        self.next = icon_button("caret-right", tip=tr("Frame with a smaller error"))
        self.place = caption("–")
        self.place.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.place.setMinimumWidth(112)
        self.slider = QuietSlider(name=tr("Epoch of the frame"), most=0)
        self.epoch = caption("–")
        self.epoch.setMinimumWidth(30)
        self.epoch.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.previous.clicked.connect(lambda: self.step(-1))
        self.next.clicked.connect(lambda: self.step(1))
        self.slider.valueChanged.connect(self._slide)
        row.addWidget(self.previous)
        row.addWidget(self.place)
        row.addWidget(self.next)
        row.addSpacing(8)
        row.addWidget(caption(tr("epoch")))
        row.addWidget(self.slider, 1)
        row.addWidget(self.epoch)
        return row

    def _make_layers(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        layers = self.view.layers
        self.points = TextToggle(
            tr("points"), name=tr("Show labelled and predicted points"), checked=layers.points
        )
        self.errors = TextToggle(
            tr("errors"),
            name=tr("Show the lines from truth to prediction and each animal's error"),
            checked=layers.errors,
        )
        self.limbs = TextToggle(tr("limbs"), name=tr("Show the limbs of the skeleton"), checked=layers.limbs)
        self.names = TextToggle(tr("names"), name=tr("Show the names of the parts"), checked=layers.names)
        self.confidence = TextToggle(
            tr("confidence"), name=tr("Show the confidence maps"), checked=layers.confidence
        )
        for toggle in (self.points, self.errors, self.limbs, self.names, self.confidence):
            toggle.toggled.connect(self._change_layers)
            row.addWidget(toggle)
        row.addStretch(1)
        self.close_up = icon_button("magnifying-glass-plus", tip=tr("Close-up of the animals"))
        self.close_up.setCheckable(True)
        self.close_up.toggled.connect(self.view.set_close_up)
        row.addWidget(self.close_up)
        self.more = icon_button("dots-three", tip=tr("Order by a part, and send frames to labelling"))
        self.menu = QMenu(self.more)
        self.more.clicked.connect(self._offer_more)
        row.addWidget(self.more)
        return row

    def _offer_more(self) -> None:
        self.fill_menu()
        self.menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height() + 2)))

    def fill_menu(self) -> None:
        """Offer by which part frames are the worst, and which of them to send to labelling."""
        self.menu.clear()
        group = QActionGroup(self.menu)
        nodes = self.view.nodes if len(self.view.nodes) > 1 else ()
        for part, name in (
            (None, tr("Worst of all parts")),
            *((at, tr("Worst {one}", one=one)) for at, one in enumerate(nodes)),
        ):
            action = self.menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(part == self.part)
            group.addAction(action)
            action.triggered.connect(lambda _checked=False, part=part: self.order_by(part))
        self.menu.addSeparator()
        frame, together = self.view.frame, self._together()
        one = self.menu.addAction(tr("Send this frame to labelling…"))
        one.setEnabled(bool(together))
        one.triggered.connect(lambda: self.labelling_wanted.emit([frame]))
        if len(together) > 1:
            text = tr(
                "Send the {count} {split} frames shown here to labelling…",
                count=len(together),
                split=together[0].typed_as(Frame).split,
            )
            self.menu.addAction(text).triggered.connect(lambda: self.labelling_wanted.emit(together))

    def _together(self) -> list[Event]:
        """The frames of the epoch and split shown that are in the same labels file as the one shown."""
        frame = self.view.frame
        if frame is None or frame.typed_as(Frame).labels_file is None or frame.typed_as(Frame).frame is None:
            return []
        same = frame.typed_as(Frame)
        return [
            other
            for other in self._shown
            if (other.typed_as(Frame).labels_file, other.typed_as(Frame).split)
            == (same.labels_file, same.split)
        ]

    def order_by(self, part: int | None) -> None:
        """Go through the frames from the one with the greatest error of a part, or of all."""
        self.part, self._pinned = part, None
        if self._epoch is not None:
            self._show_epoch(self._epoch)

    def set_store(self, store: RunStore | None) -> None:
        """Show another run, or none."""
        self.store = store
        self._version, self._shown, self._pinned, self._follow = -1, [], None, True
        self._epoch = None
        self.refresh()

    def set_header(self, header: Header) -> None:
        """Learn the names of the parts and how they are joined."""
        places = {name: index for index, name in enumerate(header.nodes)}
        self.view.nodes = header.nodes
        self.view.edges = tuple(
            (places[a], places[b]) for a, b in header.edges if a in places and b in places
        )
        self.heat_row.set_header(header)
        self.view.channels = self.heat_row.names
        several = len(self.heat_row.kinds) > 1
        self.confidence.setText(tr("maps") if several else tr("confidence"))
        told = tr("confidence maps, PAFs or class maps") if several else tr("confidence maps")
        self._maps_tip = tr("Show {told}", told=told)
        self.confidence.setAccessibleName(tr("Show {told}", told=told))
        self._model_type = header.model_type
        self._explain_nothing()
        if self.part is not None and self.part >= len(header.nodes):
            self.part = None
        self.view.one_animal = header.model_type in ONE_ANIMAL
        self.limbs.setVisible(bool(header.edges))
        self.names.setVisible(len(header.nodes) > 1)
        # A crop is a close-up already.
        self.close_up.setVisible(header.model_type not in CROPPED)

    def set_over(self, over: bool) -> None:
        """Say what an empty view means: frames to come, or a run that has ended."""
        self._over = over
        self._explain_nothing()

    def _explain_nothing(self) -> None:
        header = self.store.header if self.store is not None else None
        never = header is not None and header.losses_only
        self.explain_absence(_NEVER if never else _OVER if self._over else _FIRST)

    def explain_absence(self, text: str) -> None:
        """Say in an empty view why it is."""
        self.view.placeholder = text
        self.view.update()

    def refresh(self) -> None:
        """Take in frames that came since the last time."""
        cache = self.store.frames if self.store is not None else None
        if cache is None or not cache.epochs:
            self.slider.setRange(0, 0)
            self._show([], -1)
            return
        if cache.version == self._version:
            return
        self._version = cache.version
        epochs = cache.epochs
        wanted = self._epoch
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(epochs) - 1))
        at = len(epochs) - 1
        if not self._follow and wanted is not None:
            at = min(range(len(epochs)), key=lambda index: abs(epochs[index] - wanted))
        self.slider.setValue(at)
        self.slider.blockSignals(False)
        self._show_epoch(epochs[at])

    def step(self, by: int) -> None:
        """Go to the next frame in order of error, and keep to that image through the epochs."""
        if not self._shown:
            return
        index = (self._index() + by) % len(self._shown)
        self._pinned = self._key(self._shown[index])
        self._show(self._shown, index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
        }
        frame, epoch = steps.get(Qt.Key(event.key()), (0, 0))
        if frame:
            self.step(frame)
        elif epoch:
            self.slider.setValue(self.slider.value() + epoch)
        elif event.text() in ("+", "-"):
            self.view.zoom_by(1.25 if event.text() == "+" else 0.8)
        else:
            super().keyPressEvent(event)

    def _key(self, frame: Event) -> tuple[object, ...]:
        """What a frame is known by through the epochs, but for one that stands in from an earlier epoch."""
        epoch = frame.typed_as(Frame).epoch
        return (*frame_key(frame), None if epoch == self._epoch else epoch)

    def _index(self) -> int:
        """Place of the shown frame in its epoch's list."""
        return next((i for i, event in enumerate(self._shown) if event is self.view.frame), 0)

    def _slide(self, value: int) -> None:
        if self.store is None or not self.store.frames.epochs:
            return
        self._follow = value == self.slider.maximum()
        self._show_epoch(self.store.frames.epochs[value])

    def _show_epoch(self, epoch: int) -> None:
        assert self.store is not None
        self._epoch = epoch
        frames = self.store.frames.of_epoch(epoch, part=self.part)
        if self.part is not None:
            worst = self.store.frames.worst_of(self.view.nodes[self.part], upto=epoch)
            if worst is not None and worst.typed_as(Frame).epoch != epoch:
                frames = [worst, *frames]
        index = next((i for i, event in enumerate(frames) if self._key(event) == self._pinned), 0)
        self._show(frames, index)

    def _show(self, frames: list[Event], index: int) -> None:
        self._shown = frames
        frame = frames[index] if frames else None
        self.view.show_frame(frame)
        self._enable()
        if frame is None:
            self.title.setText(tr("Validation frame"))
            self.place.setText("–")
            self.epoch.setText("–")
            return
        self.title.show_words(self._title(frame), brief=self._title(frame, brief=True))
        said = frame.typed_as(Frame)
        self.title.setToolTip(" · ".join(str(part) for part in (said.video, said.labels_file) if part))
        result = self._result(frame)
        self.place.setText(
            tr(
                "{index} of {count}{between}{result}",
                index=index + 1,
                count=len(frames),
                between="  ·  " if result else "",
                result=result,
            )
        )
        self.place.setToolTip(self.view.accessibleDescription())
        self.epoch.setText(str(words.epoch_number(said.epoch)))
        self._point_out("")

    def _title(self, frame: Event, *, brief: bool = False) -> str:
        said = frame.typed_as(Frame)
        number = said.frame if said.frame is not None else said.index
        split = _SPLITS.get(said.split, said.split)
        if self._model_type in CROPPED:
            crop = tr("Crop of") if brief else tr("{split} crop,", split=split)
            return tr(
                "{crop} frame {number}{rank}", crop=crop, number=number, rank=self._rank(said, brief=brief)
            )
        order = tr(", worst first") if said.split == "validation" else ""
        return f"{tr('Frame') if brief else tr('{split} frame', split=split)} {number}{self._rank(said, brief=brief) or order}"

    def _rank(self, said: Frame, *, brief: bool) -> str:
        """How bad it is among all that were judged, most of which are not sent."""
        many = self.store.header.n_val if self.store is not None and self.store.header is not None else 0
        if self.part is not None:
            name = self.view.nodes[self.part]
            if name not in (said.worst_of or ()):
                return tr(", by {name}", name=name)
            if said.epoch == self._epoch:
                return tr(", worst {name} of {many}", name=name, many=many)
            then = words.epoch_name(said.epoch)
            if brief:
                return tr(", worst {name}, {epoch}", name=name, epoch=then)
            return tr(", worst {name} of {many} in {epoch}", name=name, many=many, epoch=then)
        if said.rank is None or said.rank > many:
            return ""
        return (
            tr(", worst of {many}", many=many)
            if said.rank == 1
            else tr(", {ordinal} worst of {many}", ordinal=words.ordinal(said.rank), many=many)
        )

    def _result(self, frame: Event) -> str:
        """The error, or where animals were not found that, in as few words as there is room for."""
        if self.part is not None:
            off = part_error(frame.typed_as(Frame), self.part)
            return tr("not found") if off is None else words.pixels(off)
        missed, extra = len(self.view.matching.missed), len(self.view.matching.extra)
        if missed or (extra and frame.typed_as(Frame).error_px is None):
            return tr("{missed} missed", missed=missed) if missed else tr("{extra} extra", extra=extra)
        return (
            words.pixels(frame.typed_as(Frame).error_px) if frame.typed_as(Frame).error_px is not None else ""
        )

    def _enable(self) -> None:
        several = len(self._shown) > 1
        self.previous.setEnabled(several)
        self.next.setEnabled(several)
        self.slider.setEnabled(self.slider.maximum() > 0)
        frame = self.view.frame
        has_maps = frame is not None and any(kind in frame.arrays for kind in self.heat_row.kinds)
        self.confidence.setEnabled(has_maps)
        self.confidence.setToolTip(self._maps_tip if has_maps or frame is None else _NO_MAPS)
        shown = has_maps and self.confidence.isChecked()
        self.heat_row.setVisible(shown)

    def _change_layers(self) -> None:
        layers = self.view.layers
        layers.points, layers.errors = self.points.isChecked(), self.errors.isChecked()
        layers.limbs, layers.names = self.limbs.isChecked(), self.names.isChecked()
        layers.confidence = self.confidence.isChecked()
        self.heat_row.put_into(layers)
        self._enable()
        self.view.update()

    def _point_out(self, text: str) -> None:
        """Say what is under the pointer in place of the legend."""
        self.legend.setText(text or LEGEND)
