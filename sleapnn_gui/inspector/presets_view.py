"""The presets to start from: what fits the labels first, what keeps the others from it, and what is worth knowing."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.config.checks.labels import misfit
from sleapnn_engine.config.own_presets import MINE, label_of
from sleapnn_engine.config.presets import Preset
from sleapnn_engine.config.text_format import first_few
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.still import Still
from sleapnn_gui.widgets.two_lines import DOUBT, REMARK, TwoLines

_NAME = Qt.ItemDataRole.UserRole
_LEAST_LIST = 3 * 48  # three presets


class PresetsView(QWidget):
    """A list of presets.

    The signals carry the name of one that a person wants to use, to compare with the config, to share, or to take off
    the list; `unlock_wanted` means that nothing shall be locked any more.
    """

    preset_chosen = Signal(str)
    compare_wanted = Signal(str)
    share_wanted = Signal(str)
    remove_wanted = Signal(str)
    unlock_wanted = Signal()

    def __init__(self, presets: Sequence[Preset]) -> None:
        super().__init__()
        self._known = {preset.name: preset for preset in presets}
        self._facts: dict[str, Any] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 20)
        column.setSpacing(8)
        title = QLabel(tr("Start from a preset"))
        title.setProperty("role", "title")
        hint = QLabel(tr("A preset fills in every setting for one kind of model; the labels you chose stay."))
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        self.presets = QListWidget()
        self.presets.setMinimumHeight(_LEAST_LIST)
        self.presets.setObjectName("presets")
        self.presets.setAccessibleName(tr("Presets"))
        self.presets.setAlternatingRowColors(False)
        self.presets.setUniformItemSizes(True)
        self.presets.setMouseTracking(True)
        self.presets.setItemDelegate(TwoLines(self.presets))
        for preset in presets:
            self.presets.addItem(_item(preset))
        self.presets.currentRowChanged.connect(self._show_note)
        self.presets.itemActivated.connect(self._choose)
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self.use = QPushButton(tr("Use this preset"))
        self.use.setObjectName("use_preset")
        self.use.setEnabled(False)
        self.use.clicked.connect(self._use)
        self._still = Still(self)
        self.locks = MessageLine()
        self.locks.setObjectName("locks")
        self.locks.followed.connect(self.unlock_wanted)
        self.locks.hide()
        column.addWidget(title)
        column.addWidget(hint)
        column.addWidget(self.presets, 1)
        column.addWidget(self.note)
        column.addWidget(self.locks)
        column.addLayout(self._buttons())

    def _buttons(self) -> QGridLayout:
        """Use and compare for every preset; share and remove for those of one's own."""
        grid = QGridLayout()
        grid.setSpacing(8)
        grid.setColumnStretch(2, 1)
        grid.addWidget(self.use, 0, 0)
        self.more: dict[str, QPushButton] = {}
        for words, signal, place in (
            (tr("Compare…"), self.compare_wanted, (0, 1)),
            (tr("Share…"), self.share_wanted, (1, 0)),
            (tr("Remove…"), self.remove_wanted, (1, 1)),
        ):
            button = self.more[words] = QPushButton(words)
            button.setEnabled(False)
            button.clicked.connect(partial(self._emit, signal))
            grid.addWidget(button, *place)
        for words in (tr("Share…"), tr("Remove…")):
            self.more[words].hide()
        return grid

    def _emit(self, signal: Any, _checked: bool = False) -> None:
        item = self.presets.currentItem()
        if item is not None:
            signal.emit(item.data(_NAME))

    def set_own(self, presets: Sequence[Preset]) -> None:
        """Put the presets of one's own before those that came with the program."""
        self._still.when_away(lambda: self._set_own(presets))

    def _set_own(self, presets: Sequence[Preset]) -> None:
        chosen = self.presets.currentItem()
        name = chosen.data(_NAME) if chosen is not None else ""
        given = [preset for preset in self._known.values() if preset.kind != MINE]
        if list(presets) == [preset for preset in self._known.values() if preset.kind == MINE]:
            return
        self._known = {preset.name: preset for preset in (*presets, *given)}
        was_blocked = self.presets.blockSignals(True)
        self.presets.clear()
        for preset in self._known.values():
            self.presets.addItem(_item(preset))
        if name in self._known:
            self.presets.setCurrentItem(self.item_of(name))
        self.presets.blockSignals(was_blocked)
        self.judge(self._facts)

    def show_locks(self, locks: Mapping[str, str]) -> None:
        """Say what is locked and by which preset."""
        titles = ", ".join(f"“{title}”" for title in dict.fromkeys(locks.values()))
        said = (
            tr(
                "Locked by {titles}: {label}.",
                titles=titles,
                label=first_few([tr(label_of(path)) for path in locks]),
            )
            if locks
            else ""
        )
        self.locks.show_message(said, severity="info", link=tr("Unlock") if locks else "")
        self._still.when_away(lambda: self.locks.setVisible(bool(locks)))

    @property
    def known(self) -> list[Preset]:
        """All presets, one's own first."""
        return list(self._known.values())

    def item_of(self, name: str) -> QListWidgetItem:
        """The entry of a preset."""
        entries = map(self.presets.item, range(self.presets.count()))
        return next(entry for entry in entries if entry.data(_NAME) == name)

    def judge(self, facts: dict[str, Any]) -> None:
        """Mark the presets whose type of model cannot learn from the labels, and put them behind the others."""
        self._facts = facts
        types = {preset.model_type for preset in self._known.values()} if facts else set()
        misfits = {model_type: misfit(model_type, facts) for model_type in types}
        for preset in self._known.values():
            item, why = self.item_of(preset.name), misfits.get(preset.model_type, "")
            item.setData(
                DOUBT,
                tr("Not for these labels: {why}{why_2}", why=why[:1].lower(), why_2=why[1:]) if why else "",
            )
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, item.data(DOUBT) or tr(preset.purpose))
            item.setToolTip(_tip(preset, why))
        # Entries move, and the note takes its room from the list: neither under the pointer.
        self._still.when_away(self._sort)

    def offer(self) -> None:
        """Put the keyboard on the presets; one is chosen then, without which nothing would show it."""
        self.presets.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.presets.setCurrentRow(max(self.presets.currentRow(), 0))

    def _sort(self) -> None:
        """Bring what fits to the head of the list; the chosen entry stays chosen."""
        order = sorted(self._known, key=lambda name: bool(self.item_of(name).data(DOUBT)))
        chosen = self.presets.currentItem()
        was_blocked = self.presets.blockSignals(True)
        for place, name in enumerate(order):
            row = self.presets.row(self.item_of(name))
            if row != place:
                self.presets.insertItem(place, self.presets.takeItem(row))
        if chosen is not None:
            self.presets.setCurrentItem(chosen)
        self.presets.blockSignals(was_blocked)
        self._show_note(self.presets.currentRow())

    def _show_note(self, row: int) -> None:
        """Say what is worth knowing of the chosen preset; what keeps it from these labels comes first."""
        item = self.presets.item(row) if row >= 0 else None
        preset = self._known[item.data(_NAME)] if item is not None else None
        doubt = item.data(DOUBT) if item is not None else ""
        self.note.setText(
            f"{doubt}\n{tr(preset.note)}" if preset and doubt else tr(preset.note) if preset else ""
        )
        self.use.setEnabled(preset is not None)
        for button in self.more.values():
            button.setEnabled(preset is not None)
        for words in (tr("Share…"), tr("Remove…")):
            self.more[words].setVisible(preset is not None and preset.kind == MINE)

    def _use(self) -> None:
        item = self.presets.currentItem()
        if item is not None:
            self._choose(item)

    def _choose(self, item: QListWidgetItem) -> None:
        """Use a preset; one that the labels speak against only after a word about it."""
        name, doubt = item.data(_NAME), item.data(DOUBT)
        if not doubt:
            self.preset_chosen.emit(name)
            return
        box = QMessageBox(self)
        box.setObjectName("doubt")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowModality(Qt.WindowModality.WindowModal)
        box.setText(tr("“{words}” cannot learn from these labels.", words=item.text()))
        box.setInformativeText(
            tr(
                "{doubt} Training will be refused until you choose another model or other labels.",
                doubt=doubt,
            )
        )
        use = box.addButton(tr("Use it all the same"), QMessageBox.ButtonRole.DestructiveRole)
        other = box.addButton(tr("Choose another"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(other)
        use.clicked.connect(lambda: self.preset_chosen.emit(name))
        box.open()


def _item(preset: Preset) -> QListWidgetItem:
    item = QListWidgetItem(tr(preset.title))
    item.setData(_NAME, preset.name)
    item.setData(REMARK, tr(preset.purpose))
    item.setToolTip(_tip(preset))
    return item


def _tip(preset: Preset, why: str = "") -> str:
    """All that the entry says, which may have no room in it, and what is worth knowing beside that."""
    return "\n".join(filter(None, (tr(preset.title), why, tr(preset.purpose), tr(preset.note))))
