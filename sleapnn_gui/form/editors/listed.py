"""Editors of lists: names of parts and tracks, limbs, and files."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from sleapnn_engine.config.meta import Meta
from sleapnn_engine.config.tree import same
from sleapnn_gui.form.codecs import parse_edge, show_edge
from sleapnn_gui.form.editors.line import filters_of
from sleapnn_gui.widgets.file_dialog import ask_for_files
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.string_list import StringList

_FILES = ("paths", "path_or_paths")


class ListEditor(StringList):
    """A list value, one item a line. Null and a single text are kept as they were given until touched."""

    value_edited = Signal(object)
    wide = True

    def __init__(
        self, meta: Meta, *, names: Callable[[], list[str]] | None = None, parent: QWidget | None = None
    ) -> None:
        files = meta.kind in _FILES
        super().__init__(
            parent,
            placeholder=tr("Drop files here, or choose…") if files else _add_words(meta),
            names=names,
            browse=self._ask if files else None,
            files=files,
        )
        self._meta = meta
        self._shown: Any = None
        self._shown_items: list[str] = []
        self._touched = False
        self.edited.connect(self._emit_value)

    def _ask(self, take: Callable[[list[str]], None]) -> None:
        ask_for_files(self, tr(self._meta.label), take, filters=filters_of(self._meta))

    def value(self) -> Any:
        items = self.items()
        if items == self._shown_items and not (self._touched and self._shown is None):
            return self._shown
        if self._meta.kind == "edges":
            return [parse_edge(item) for item in items]
        one = self._meta.kind == "path_or_paths" and len(items) == 1 and not isinstance(self._shown, list)
        return items[0] if one else items

    def show_value(self, value: Any) -> None:
        if same(self.value(), value):
            return
        self._shown, self._shown_items, self._touched = value, self._texts(value), False
        self.set_items(self._shown_items)

    def set_value(self, value: Any) -> None:
        if not same(self.value(), value):
            self.show_value(value)
            self.value_edited.emit(value)

    def hint(self) -> str:
        return ""

    def is_blank(self) -> bool:
        return not self.items()

    def forget(self) -> None:
        self._shown, self._shown_items, self._touched = None, [], False
        self.set_items([])

    def _emit_value(self) -> None:
        self._touched = True
        self.value_edited.emit(self.value())

    def _texts(self, value: Any) -> list[str]:
        if value is None:
            return []
        if not isinstance(value, (list, tuple)):
            return [str(value)]
        return [show_edge(item) if self._meta.kind == "edges" else str(item) for item in value]


def _add_words(meta: Meta) -> str:
    return tr("Add from → to") if meta.kind == "edges" else tr("Add a name")
