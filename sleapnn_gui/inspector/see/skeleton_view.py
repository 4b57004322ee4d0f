"""The animals to choose on: a press sets the centre, leaves parts out or takes them in, joins limbs, tells identities apart."""

from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from sleapnn_gui.inspector.see.fact_rows import FactRows
from sleapnn_gui.inspector.see.picking import Picked, in_words, pressed
from sleapnn_gui.inspector.see.skeleton_picture import SkeletonPicture
from sleapnn_gui.inspector.see.views import SightView, words
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine

#: What can be chosen: its words, and what a press does.
_MODES = {
    "anchor": (
        tr("Centre"),
        tr("Press the part that is the centre of an animal; once more, and it is the middle of its box."),
    ),
    "parts": (
        tr("Parts"),
        tr("Press a part to leave it out, and once more to learn it last. The numbers are the order."),
    ),
    "limbs": (tr("Limbs"), tr("Press a part and then another: they are joined by a limb, or no longer.")),
    "identities": (
        tr("Identities"),
        tr("Press an animal to tell it apart from others by its track, or no longer."),
    ),
}
_NO_CHOICE = tr("This type of model chooses nothing of the skeleton.")


class SkeletonView(SightView):
    """Buttons for what a press chooses, the animals, and what is chosen now; `fix_asked` carries settings that mend limbs."""

    fix_asked = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mode = ""
        self._answer: dict[str, Any] = {}
        self._in_hand = ""
        self.buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(4)
        for mode, (label, told) in _MODES.items():
            button = QToolButton(self)
            button.setObjectName(f"pick_{mode}")
            button.setText(label)
            button.setCheckable(True)
            button.setToolTip(told)
            button.setAccessibleDescription(told)
            button.clicked.connect(lambda _=False, mode=mode: self.choose_mode(mode))
            button.hide()
            self._group.addButton(button)
            self.buttons[mode] = button
            row.addWidget(button)
        row.addStretch(1)
        self.told = words(parent=self)
        self.picture = SkeletonPicture(self)
        self.picture.pressed.connect(self._pressed)
        self.fault = MessageLine(self)
        self.fault.setObjectName("see_tree")
        self.fault.hide()
        self.fault.followed.connect(self._mend)
        self.facts = FactRows([label for label, _ in _MODES.values()], parent=self)
        self.column.addLayout(row)
        for widget in (self.told, self.picture, self.fault, self.facts):
            self.column.addWidget(widget)

    def show_answer(self, answer: dict[str, Any]) -> None:
        self._answer = answer
        self._follow_hand()
        for mode, button in self.buttons.items():
            button.setVisible(mode in answer["chosen"])
        if self.mode not in answer["chosen"]:
            self.mode = next(iter(sorted(answer["chosen"], key=list(_MODES).index)), "")
        for mode, (label, _) in _MODES.items():
            self.facts.set_value(label, in_words(mode, answer))
        self._show_mode()
        self._show_fault(answer)

    def choose_mode(self, mode: str) -> None:
        """A press shall choose something else from now on."""
        self.mode = mode
        if self._answer:
            self._show_mode()

    def follow(self, path: str) -> None:
        """Let a press choose what the setting in hand is about."""
        self._in_hand = path
        if self._answer:
            self._follow_hand()
            self._show_mode()

    def _follow_hand(self) -> None:
        chosen = self._answer["chosen"].items()
        found = next((mode for mode, one in chosen if one["key"] == self._in_hand), "")
        if found:
            self.mode, self._in_hand = found, ""

    def _show_mode(self) -> None:
        if self.mode:
            self.buttons[self.mode].setChecked(True)
        self.told.setText(_MODES[self.mode][1] if self.mode else _NO_CHOICE)
        self.picture.show_choice(self._answer, self.mode)

    def _show_fault(self, answer: dict[str, Any]) -> None:
        fix, said = answer["fix"], " ".join(filter(None, (answer["fault"], *answer["loose"])))
        if "limbs" in answer["chosen"] and not said:
            said = tr("The limbs make one tree, as they must.")
        severity = "error" if answer["fault"] else "warning" if answer["loose"] else "hint"
        self.fault.show_message(said, severity=severity, link=fix["label"] if fix else "")
        self.fault.setVisible(bool(said))

    def _mend(self) -> None:
        fix = self._answer.get("fix")
        if fix:
            self.fix_asked.emit(fix["set"], fix["label"])

    @Slot(object)
    def _pressed(self, on: Picked) -> None:
        asked = pressed(self._answer, self.mode, on)
        if isinstance(asked, str):
            self.told.setText(asked)
        elif asked is not None:
            value, title = asked
            self.set_asked.emit(self._answer["chosen"][self.mode]["key"], value, title)
