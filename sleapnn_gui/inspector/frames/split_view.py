"""Which frames measure the model: how many, whether they repeat training frames, and other ways to set them aside."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sleapnn_gui.monitor import words
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.file_dialog import ask_for_folder
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.segmented import Segmented

#: The rules of the engine, their words, and what they do.
RULES = (
    ("random", tr("At random"), tr("Single frames, drawn from all of a labels file: what the settings say.")),
    ("video", tr("By video"), tr("Whole videos, so that the model is measured on videos it has not seen.")),
    (
        "stretch",
        tr("By stretch"),
        tr("Stretches of neighbouring frames, which are much alike, on one side together."),
    ),
)
_SHARES = (0.05, 0.1, 0.15, 0.2, 0.3)


class SplitView(QWidget):
    """`rule_chosen` carries the way to look at, `share_chosen` another fraction, `save_wanted` a folder.

    A split that no setting can say is saved as labels files.
    """

    rule_chosen = Signal(str)
    share_chosen = Signal(float)
    save_wanted = Signal(str)
    frames_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._share = 0.0
        self.title = QLabel(tr("Validation"))
        self.title.setProperty("role", "heading")
        self.rules = Segmented([word for _, word, _ in RULES], tips=[tip for _, _, tip in RULES])
        self.rules.setAccessibleName(tr("How validation frames are set aside"))
        self.rules.picked.connect(lambda index: self.rule_chosen.emit(RULES[index][0]))
        self.share = QuietComboBox()
        self.share.setAccessibleName(tr("Share of the frames that is set aside"))
        self.share.activated.connect(self._choose_share)
        self.show_them = self._button(
            tr("Show"), tr("Step through the validation frames"), self.frames_wanted.emit
        )
        self.save = self._button(
            tr("Save as labels files…"), tr("Write both parts as files of their own"), self._ask
        )
        self.rules.setMinimumWidth(sum(button.sizeHint().width() for button in self.rules.buttons))
        head, row = QHBoxLayout(), QHBoxLayout()
        for line in (head, row):
            line.setSpacing(8)
        head.addWidget(self.title, 1)
        head.addWidget(self.save)
        head.addWidget(self.show_them)
        row.addWidget(self.rules)
        row.addWidget(self.share)
        row.addStretch(1)
        self.said = MessageLine()
        self.saved = MessageLine()
        self.saved.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.said)
        column.addLayout(row)
        column.addWidget(self.saved)
        self.rules.set_index(0)
        self.show_waiting()

    def _button(self, text: str, tip: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAccessibleDescription(tip)
        button.clicked.connect(lambda _checked=False: act())
        return button

    @property
    def rule(self) -> str:
        """The way that is looked at."""
        return RULES[max(self.rules.index(), 0)][0]

    def start_over(self) -> None:
        """Other labels are open, or another way is in force: look at what the settings say."""
        self.rules.set_index(0)
        self.show_waiting()

    @Slot()
    def show_waiting(self) -> None:
        """It is not known yet."""
        self.said.show_message(tr("The frames are split …"))
        self.save.setEnabled(False)
        self.show_them.setEnabled(False)

    def set_share(self, share: float) -> None:
        """What the settings say."""
        self._share = share
        self._shares = sorted({*_SHARES, share})
        self.share.clear()
        self.share.addItems(
            [f"{one:.4g}".rstrip() if one > 1 else f"{one * 100:.4g} %" for one in self._shares]
        )
        self.share.setCurrentIndex(self._shares.index(share))

    @Slot(dict)
    def show_split(self, answer: dict[str, Any]) -> None:
        """What came of the way that is looked at."""
        separate, rule = answer["separate"], answer["rule"]
        for widget in (self.rules, self.share):
            widget.setEnabled(not separate)
        self.rules.buttons[1].setEnabled(not separate and answer["videos"] > 1)
        self.save.setEnabled(not separate and rule != "random")
        self.show_them.setEnabled(answer["measured"] > 0)
        if answer["reason"]:
            self.said.show_message(answer["reason"], severity="warning")
            return
        measured, whole = answer["measured"], answer["learned"] + answer["measured"]
        text = tr(
            "{measured:,} of {frames} measure the model",
            measured=measured,
            frames=words.counted(whole, "frame", "frames"),
        )
        text += tr(" and come from files of their own.") if separate else f": {_HOW[rule]}."
        leaks = answer["leaks"]
        if leaks:
            frames = (
                tr("1 of them nearly repeats")
                if leaks == 1
                else tr("{leaks:,} of them nearly repeat", leaks=leaks)
            )
            text += tr(" {frames} a training frame, where the score flatters the model.", frames=frames)
        else:
            text += tr(" None of them nearly repeats a training frame.")
        self.said.show_message(" ".join((text, *answer["warnings"])), severity="warning" if leaks else "hint")

    @Slot(str)
    def show_failure(self, text: str) -> None:
        """Say why there is none of that kind, or why it was not saved."""
        self.said.show_message(text, severity="warning")
        self.save.setEnabled(False)
        self.show_them.setEnabled(False)

    def show_saved(self, text: str, *, severity: str = "info") -> None:
        """What became of saving; '' takes it away."""
        self.saved.show_message(text, severity=severity)
        self.saved.setVisible(bool(text))

    def _choose_share(self, index: int) -> None:
        if self._shares[index] != self._share:
            self.share_chosen.emit(self._shares[index])

    def _ask(self) -> None:
        ask_for_folder(self, tr("Where the labels files go"), self.save_wanted.emit)

    def focus_rules(self) -> None:
        """Put the keyboard on the ways to split."""
        self.rules.buttons[max(self.rules.index(), 0)].setFocus(Qt.FocusReason.OtherFocusReason)


_HOW = {
    "random": tr("single frames, drawn at random"),
    "video": tr("whole videos"),
    "stretch": tr("stretches of neighbouring frames"),
}
