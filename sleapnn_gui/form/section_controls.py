"""Controls of whole sections: the on/off of an optional one, the cards of a one-of section."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.widgets.cards import CardChoice
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.segmented import Segmented


class SectionSwitch(Segmented):
    """Off and on of an optional section. Named by the section's dotted path, like an editor."""

    value_edited = Signal(object)

    def __init__(self, path: str, document: Document, *, parent: QWidget | None = None) -> None:
        meta = SPEC.sections[path].meta
        super().__init__([tr("Off"), tr("On")], tips=[tr(meta.null), tr(meta.doc)], parent=parent)
        self.path = path
        self._document = document
        self.setObjectName(path)
        self.describe(tr(meta.label), tr(meta.doc))
        self.picked.connect(lambda index: self._emit_value(index == 1))

    def value(self) -> bool:
        return self.index() == 1

    def set_value(self, value: bool) -> None:
        """Switch as a person would."""
        self.set_index(int(value))
        self._emit_value(value)

    def show_value(self) -> None:
        """Show what the document says; a part of a section that is off waits for that one."""
        self.set_index(int(self._document.section_on(self.path)))
        around = SPEC.nullable_section(self.path)
        self.setEnabled(not around or self._document.section_on(around))

    def _emit_value(self, on: bool) -> None:
        self._document.set_section(self.path, on)
        self.value_edited.emit(on)


class SectionCards(CardChoice):
    """The children of a one-of section as cards; `none` names a first card for none of them."""

    value_edited = Signal(object)

    def __init__(
        self, path: str, document: Document, *, none: str = "", parent: QWidget | None = None
    ) -> None:
        section = SPEC.sections[path]
        children = [SPEC.sections[child] for child in section.sections]
        self._names: list[str | None] = [child.name for child in children]
        cards = [(tr(child.meta.label), tr(child.meta.doc)) for child in children]
        if none:
            self._names.insert(0, None)
            cards.insert(0, (none, tr(section.meta.null)))
        columns = 3 if len(cards) == 3 else 2
        super().__init__(cards, name=tr(section.meta.label), columns=columns, parent=parent)
        self.path = path
        self._document = document
        self.setObjectName(path)
        self.setAccessibleDescription(tr(section.meta.doc))
        self.picked.connect(lambda index: self._emit_value(self._names[index]))

    def value(self) -> Any:
        """Name of the chosen child, or None."""
        return self._names[self.index()] if self.index() >= 0 else None

    def set_value(self, value: str | None) -> None:
        """Choose as a person would."""
        self.set_index(self._names.index(value))
        self._emit_value(value)

    def show_value(self) -> None:
        """Show what the document says."""
        chosen = self._document.chosen(self.path)
        self.set_index(self._names.index(chosen) if chosen in self._names else -1)

    def _emit_value(self, name: str | None) -> None:
        self._document.choose(self.path, name)
        self.value_edited.emit(name)
