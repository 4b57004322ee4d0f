"""Which editor a setting gets: decided by its record alone, never by its name."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from sleapnn_engine.config.meta import Meta
from sleapnn_engine.config.spec import Key
from sleapnn_gui.form.editors.choice import ComboEditor, SegmentedEditor, fits_side_by_side, options_of
from sleapnn_gui.form.editors.encoder import EncoderEditor
from sleapnn_gui.form.editors.line import LineEditor, PathEditor
from sleapnn_gui.form.editors.listed import ListEditor
from sleapnn_gui.form.editors.nullable import NullableEditor
from sleapnn_gui.widgets.language import tr

_CHOSEN = ("bool", "choice")
_LISTS = ("names", "edges", "paths", "path_or_paths")
_PATHS = ("file", "folder")
#: Kinds whose empty editor says the same as null, so that no extra choice is needed where null is not the default.
_EMPTY_IS_NULL = ("text", "paths")


def _nothing() -> Any:
    return None


def make_editor(
    key: Key,
    *,
    names: Callable[[], list[str]] | None = None,
    suggest: Callable[[], Any] = _nothing,
    parent: QWidget | None = None,
) -> QWidget:
    """The editor for a setting, named by its dotted key, with its accessible name and description.

    `names` gives completions from the opened labels; `suggest` the value to start from when a person leaves null.
    """
    if needs_switch(key):
        editor: QWidget = NullableEditor(
            lambda: _plain(key.meta, names, editor),
            wide=key.meta.kind in (*_LISTS, *_PATHS, "mapping"),
            null_label=tr(key.meta.null_label),
            null_sentence=tr(key.meta.null),
            suggest=suggest,
            parent=parent,
        )
    else:
        editor = _plain(key.meta, names, parent)
    editor.setObjectName(key.path)
    unit = tr(" In {unit_text}.", unit_text=tr(key.meta.unit_text)) if key.meta.unit_text else ""
    editor.describe(tr(key.meta.label), tr(key.meta.doc) + unit)  # type: ignore[attr-defined]
    return editor


def needs_switch(key: Key) -> bool:
    """Whether null needs a choice of its own beside the value's editor."""
    meta = key.meta
    if not meta.nullable or meta.kind in _CHOSEN:
        return False
    return not (meta.kind in _EMPTY_IS_NULL and key.default is not None)


def _plain(meta: Meta, names: Callable[[], list[str]] | None, parent: QWidget | None) -> QWidget:
    if meta.kind in _CHOSEN:
        side_by_side = fits_side_by_side(options_of(meta)) and not meta.open_choices
        return SegmentedEditor(meta, parent=parent) if side_by_side else ComboEditor(meta, parent=parent)
    if meta.names_of == "encoder":
        return EncoderEditor(meta, parent=parent)
    if meta.kind in _LISTS:
        return ListEditor(meta, names=names if meta.names_of else None, parent=parent)
    if meta.kind in _PATHS:
        return PathEditor(meta, parent=parent)
    return LineEditor(meta, names=names if meta.names_of else None, parent=parent)
