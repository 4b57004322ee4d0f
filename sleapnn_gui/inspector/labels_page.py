"""The Data page: which labels are open, what is in them, and a preset to start from."""

from collections.abc import Sequence
from typing import Any

import shiboken6
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.config.checks.labels import misfit
from sleapnn_engine.config.presets import Preset
from sleapnn_gui.inspector.facts_view import FactsView
from sleapnn_gui.widgets.file_dialog import ask_for_files
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.one_by_one import OneByOne
from sleapnn_gui.widgets.still import Still
from sleapnn_gui.widgets.theme import set_state
from sleapnn_gui.widgets.two_lines import DOUBT, REMARK, TwoLines

_SUFFIXES = (".slp",)
_STACK_BELOW = 640  # page width in pixels under which presets stand below the labels
_LEAST_LIST = 3 * 48  # three presets


class DropZone(QFrame):
    """Where labels are dropped or chosen."""

    dropped = Signal(list)
    clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("panel", True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Drop labels here")
        self.setAccessibleDescription("Drop .slp files, or press Return to choose them")
        self.title = QLabel("Drop a .slp or .pkg.slp file here")
        self.title.setProperty("role", "heading")
        self.text = QLabel(
            "Labels made in SLEAP. The frames a person labelled are what the model learns from."
        )
        self.text.setProperty("role", "muted")
        self.text.setWordWrap(True)
        choose = QPushButton("Choose labels…")
        choose.setObjectName("choose_labels")
        choose.clicked.connect(self.clicked)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.title)
        words.addWidget(self.text)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(16)
        row.addLayout(words, 1)
        row.addWidget(choose, 0, Qt.AlignmentFlag.AlignVCenter)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if labels_in(event.mimeData().urls()):
            set_state(self, "over", True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        set_state(self, "over", False)

    def dropEvent(self, event: QDropEvent) -> None:
        set_state(self, "over", False)
        self.dropped.emit(labels_in(event.mimeData().urls()))
        event.acceptProposedAction()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)


def labels_in(urls: Sequence[Any]) -> list[str]:
    """Paths of the labels files among dropped or given URLs."""
    return [url.toLocalFile() for url in urls if url.toLocalFile().lower().endswith(_SUFFIXES)]


class LabelsPage(QWidget):
    """Labels at the left, presets at the right."""

    labels_chosen = Signal(list)
    preset_chosen = Signal(str)
    configure_asked = Signal()

    def __init__(self, presets: Sequence[Preset]) -> None:
        super().__init__()
        self.setObjectName("page:data")
        self.setAccessibleName("Data")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._known_presets = list(presets)
        self._row = row
        row.addWidget(self._labels_side(), 3)
        row.addWidget(self._presets_side(presets), 2)
        self._drawing = OneByOne(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _STACK_BELOW
        self._row.setDirection(
            QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        )

    def minimumSizeHint(self) -> QSize:
        """What it can do with where labels and presets stand below one another."""
        return QSize(340, super().minimumSizeHint().height())

    def _labels_side(self) -> QWidget:
        side = QWidget()
        side.setProperty("clear", True)
        column = QVBoxLayout(side)
        column.setSpacing(12)
        title = QLabel("Labels")
        title.setProperty("role", "title")
        self.drop_zone = DropZone()
        self.drop_zone.dropped.connect(self.labels_chosen)
        self.drop_zone.clicked.connect(self._choose)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName("Reading labels")
        # Reading begins and ends by itself; nothing moves under the pointer when it does.
        room = self.busy.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.busy.setSizePolicy(room)
        self.busy.hide()
        self.misfit = MessageLine()
        self.misfit.setObjectName("misfit")
        self.misfit.hide()
        self.facts = FactsView()
        column.addWidget(title)
        column.addWidget(self.drop_zone)
        column.addWidget(self.busy)
        column.addWidget(self.misfit)
        column.addWidget(self.facts)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(side)
        scroll.setMinimumSize(320, 140)
        _keep_room_for_bar(scroll, column)
        return scroll

    def _presets_side(self, presets: Sequence[Preset]) -> QWidget:
        side = QFrame()
        side.setProperty("pane", "right")
        column = QVBoxLayout(side)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        title = QLabel("Start from a preset")
        title.setProperty("role", "title")
        hint = QLabel("A preset fills in every setting for one kind of model; the labels you chose stay.")
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        self.presets = QListWidget()
        self.presets.setMinimumHeight(_LEAST_LIST)
        self.presets.setObjectName("presets")
        self.presets.setAccessibleName("Presets")
        self.presets.setAlternatingRowColors(False)
        self.presets.setUniformItemSizes(True)
        self.presets.setMouseTracking(True)
        self.presets.setItemDelegate(TwoLines(self.presets))
        for preset in presets:
            item = QListWidgetItem(preset.title)
            item.setData(Qt.ItemDataRole.UserRole, preset.name)
            item.setData(REMARK, preset.purpose)
            item.setToolTip(preset.note)
            self.presets.addItem(item)
        self.presets.currentRowChanged.connect(self._show_note)
        self.presets.itemActivated.connect(self._choose_preset)
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self.use = QPushButton("Use this preset")
        self.use.setObjectName("use_preset")
        self.use.setEnabled(False)
        self.use.clicked.connect(self._use)
        self._still = Still(side)
        for widget in (title, hint):
            column.addWidget(widget)
        column.addWidget(self.presets, 1)
        column.addWidget(self.note)
        column.addWidget(self.use, 0, Qt.AlignmentFlag.AlignLeft)
        return side

    def _show_note(self, row: int) -> None:
        """Say what is worth knowing of the chosen preset; what keeps it from these labels comes first."""
        preset = self._known_presets[row] if row >= 0 else None
        doubt = self.presets.item(row).data(DOUBT) if preset else ""
        self.note.setText(f"{doubt}\n{preset.note}" if preset and doubt else preset.note if preset else "")
        self.use.setEnabled(preset is not None)

    def _judge_presets(self, facts: dict[str, Any]) -> None:
        """Mark the presets whose type of model cannot learn from the labels."""
        types = {preset.model_type for preset in self._known_presets} if facts else set()
        misfits = {model_type: misfit(model_type, facts) for model_type in types}
        for row, preset in enumerate(self._known_presets):
            item = self.presets.item(row)
            why = misfits.get(preset.model_type, "")
            item.setData(DOUBT, f"Not for these labels: {why[:1].lower()}{why[1:]}" if why else "")
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, item.data(DOUBT) or preset.purpose)
            item.setToolTip(f"{why}\n{preset.note}" if why else preset.note)
        # The note takes its room from the list, whose lowest preset may be what the pointer is on.
        self._still.when_away(lambda: self._show_note(self.presets.currentRow()))

    def _use(self) -> None:
        item = self.presets.currentItem()
        if item is not None:
            self._choose_preset(item)

    def _choose_preset(self, item: QListWidgetItem) -> None:
        """Use a preset; one that the labels speak against only after a word about it."""
        name, doubt = item.data(Qt.ItemDataRole.UserRole), item.data(DOUBT)
        if not doubt:
            self.preset_chosen.emit(name)
            return
        box = QMessageBox(self)
        box.setObjectName("doubt")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowModality(Qt.WindowModality.WindowModal)
        box.setText(f"“{item.text()}” cannot learn from these labels.")
        box.setInformativeText(
            f"{doubt} Training will be refused until you choose another model or other labels."
        )
        use = box.addButton("Use it all the same", QMessageBox.ButtonRole.DestructiveRole)
        other = box.addButton("Choose another", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(other)
        use.clicked.connect(lambda: self.preset_chosen.emit(name))
        box.open()

    def _choose(self) -> None:
        ask_for_files(self, "Choose labels", self.labels_chosen.emit, filters="SLEAP labels (*.slp)")

    def offer_presets(self) -> None:
        """Put the keyboard on the presets; one is chosen then, without which nothing would show it."""
        self.presets.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.presets.setCurrentRow(max(self.presets.currentRow(), 0))

    def show_misfit(self, why: str) -> None:
        """Say why the model that is chosen now cannot learn from the labels; '' when it can."""
        self.misfit.show_message(
            f"The model that is chosen now does not fit these labels. {why} Choose another preset."
            if why
            else "",
            severity="warning" if why else "hint",
        )
        self.misfit.setVisible(bool(why))

    def show_reading(self, paths: Sequence[str]) -> None:
        """Labels are being read."""
        self.busy.show()
        self.facts.show_reading(paths)

    def show_facts(self, facts: dict[str, Any]) -> None:
        """What was found in the labels."""
        self.busy.hide()
        self._drawing.draw((self.facts, self.presets))
        self.facts.show_facts(facts)
        self._judge_presets(facts if facts.get("labeled_frames") else {})

    def show_failure(self, text: str) -> None:
        """The labels could not be read."""
        self.busy.hide()
        self.facts.show_failure(text)
        self._judge_presets({})

    def show_nothing(self) -> None:
        """No labels are chosen."""
        self.busy.hide()
        self.facts.show_nothing()
        self._judge_presets({})


def _keep_room_for_bar(scroll: QScrollArea, column: QVBoxLayout) -> None:
    """Nothing moves sideways when the bar comes: while it is not there, its room is left free."""
    bar = scroll.verticalScrollBar()

    def make_room(least: int, most: int) -> None:
        if not shiboken6.isValid(bar):  # the window is being taken down
            return
        room = 0 if most > least else bar.sizeHint().width()
        column.setContentsMargins(24, 20, 24 + room, 20)

    make_room(bar.minimum(), bar.maximum())
    bar.rangeChanged.connect(make_room)
