"""Looking at other ways to set validation frames aside, and saving one of them as labels files that the config then names."""

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from sleapnn_gui.document.document import Document
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.frames.split_view import SplitView
from sleapnn_gui.widgets.language import tr

_DATA = "data_config."
_TRAIN, _VAL, _SHARE = (
    _DATA + "train_labels_path",
    _DATA + "val_labels_path",
    _DATA + "validation_fraction",
)


class Splitting(QObject):
    """Asks the engine for what a view wants to show. `parted` carries what each frame would be for."""

    parted = Signal(object)

    def __init__(self, view: SplitView, document: Document, inspect: Inspect) -> None:
        super().__init__(document)
        self._view, self._document, self._inspect = view, document, inspect
        view.rule_chosen.connect(self._ask)
        view.share_chosen.connect(self._set_share)
        view.save_wanted.connect(self.save)
        inspect.answered.connect(self._answered)
        inspect.failed.connect(self._failed)

    @Slot()
    def list_anew(self) -> None:
        """The frames have been listed as the settings split them."""
        share = self._document.value(_SHARE)
        if isinstance(share, int | float) and 0 < share < 1:
            self._view.set_share(float(share))
        self._ask(self._view.rule)

    @Slot()
    def start_over(self) -> None:
        """Other labels are open, or none."""
        for kind in ("split", "save_split"):
            self._inspect.cancel(kind)
        self._view.start_over()

    def save(self, folder: str) -> None:
        """Have both parts written into a folder."""
        self._view.show_saved(tr("Writing the labels files …"))
        self._inspect.ask("save_split", values=self._document.values, rule=self._view.rule, folder=folder)

    def _ask(self, rule: str) -> None:
        self._view.show_waiting()
        self._inspect.ask("split", values=self._document.values, rule=rule)

    def _set_share(self, share: float) -> None:
        self._document.apply_values(
            {_SHARE: share}, tr("Set {share:.4g} % aside for validation", share=share * 100)
        )

    @Slot(str, object)
    def _answered(self, kind: str, answer: dict[str, Any]) -> None:
        if kind == "split":
            self._view.show_split(answer)
            self.parted.emit(answer["arrays"]["parts"])
        elif kind == "save_split":
            self._view.start_over()
            changes = {_TRAIN: answer["train"], _VAL: answer["val"], _DATA + "use_same_data_for_val": False}
            self._document.apply_values(changes, tr("Use labels files that are split"))
            self._view.show_saved(
                tr("The labels files are written, and the config names them now. Undo takes that back.")
            )

    @Slot(str, str)
    def _failed(self, kind: str, text: str) -> None:
        if kind == "split":
            self._view.show_failure(text)
        elif kind == "save_split":
            self._view.show_saved(text, severity="error")
