"""Making one thing of the two models of top-down in the window, and going on with one of them alone."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.pairs import CENTRE, PARTS, differing, files_of_other, half_of, is_pair, names_of
from sleapnn_engine.config.text_format import first_few
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import Opened, open_config
from sleapnn_gui.document.pair import alone, joined_file, paired
from sleapnn_gui.widgets.language import tr

_MODELS = {PARTS: tr("parts model"), CENTRE: tr("centre model")}


class PairCommands(QObject):
    """`message` carries a sentence and its severity, `offered` also the words of a link and what it does."""

    message = Signal(str, str)
    offered = Signal(str, str, str, object)

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._looking = BackgroundTask(self)
        self._half = ""
        document.pair_wanted.connect(self.do_make_pair)
        document.reloaded.connect(self._search_beside)
        document.state_changed.connect(self._follow)

    def do_make_pair(self) -> None:
        """Add the half that is not there, as its preset has it; another type of model becomes one of crops."""
        document = self._document
        if document.half:
            self.message.emit(
                tr("This is a top-down pair already: Parts and Centre stand above the sections."), "info"
            )
            return
        after = paired(document.state, document.view)
        added = _MODELS[half_of(after.other.values if after.other is not None else {})]
        document.change(tr("Add the {added}", added=added), after)
        self.message.emit(
            tr(
                "The {added} is there too, with the same labels, split, size, colour and anchor part. Parts and Centre stand "
                "above the sections. Undo takes it away again.",
                added=added,
            ),
            "info",
        )

    def do_part_pair(self) -> None:
        """Go on with the model in hand; the file of the other one stays as it is."""
        document = self._document
        if not document.half:
            self.message.emit(tr("This is one model already."), "info")
            return
        document.change(
            tr("Go on with the {models} alone", models=_MODELS[document.half]), alone(document.state)
        )

    def finish(self) -> None:
        """Wait until it is known what lies beside; for those who have no event loop to wait in."""
        self._looking.finish()

    @Slot()
    def _follow(self) -> None:
        """Say so where a pair came apart, by whatever act."""
        was, self._half = self._half, self._document.half
        if was and not self._half and self._document.undo_stack.canUndo():
            left = half_of(self._document.values)
            what = (
                tr("This is the {models} alone now", models=_MODELS[left])
                if left
                else tr("This model is no half of top-down")
            )
            self.message.emit(
                tr("{what}: the other one is not trained with it. Undo brings it back.", what=what), "info"
            )

    # -- the other half's file -------------------------------------------------------------------------------

    @Slot()
    def _search_beside(self) -> None:
        """Look for the file of the other half beside the one that was opened."""
        document = self._document
        half = "" if document.half else half_of(document.values)
        if half and document.path is not None:
            self._looking.begin(partial(_beside, document.path, half, document.values), self._found)
        else:
            self._looking.drop()

    def _found(self, opened: Opened | None) -> None:
        document = self._document
        if (
            opened is None
            or opened.path is None
            or document.half
            or not is_pair(document.values, opened.values)
        ):
            return
        wrong = differing(document.values, opened.values, folder=True)
        name, what = opened.path.name, _MODELS[half_of(opened.values)]
        if document.undo_stack.canUndo() or wrong:
            but = (
                tr(", but for {names_of}, which would become as here", names_of=first_few(names_of(wrong)))
                if wrong
                else ""
            )
            text = tr("{name} beside it is the {what} for this one{but}.", name=name, what=what, but=but)
            self.offered.emit(text, "info", tr("Edit both as a pair"), partial(self._join, opened))
            return
        document.adopt_pair(joined_file(document.state, opened))
        self.offered.emit(
            tr("Opened with {name}, the {what} beside it, as a top-down pair.", name=name, what=what),
            "info",
            tr("Only this one"),
            self.do_part_pair,
        )

    def _join(self, opened: Opened) -> None:
        document = self._document
        if not document.half and is_pair(document.values, opened.values):
            document.change(
                tr("Add {opened} as a pair", opened=opened.title), joined_file(document.state, opened)
            )


def _beside(path: Path, half: str, values: Mapping[str, Any]) -> Opened | None:
    """The other half as it stands beside a file; None where there is none. Runs aside."""
    for other in files_of_other(path, half):
        if os.path.isfile(other) and other != path:
            try:
                opened = open_config(other)
            except UserError:
                continue
            if opened.path is not None and is_pair(values, opened.values):
                return opened
    return None
