"""What the help pane says about a setting or section, as rich text made from its record."""

import html

from sleapnn_engine.config.meta import Meta
from sleapnn_engine.config.pairs import is_shared
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.form.codecs import range_text, show_plain

#: What each unit counts; settings without one say so.
UNIT_NOTES = {
    "px_source": "pixels of the image as it was recorded",
    "px_input": "pixels of the image as the network gets it, after scaling",
    "cells": "cells of the grid a layer or map has; a cell is as many input pixels wide as that map's stride",
    "px_input_squared": "squared pixels of the image as the network gets it",
    "x_source": "factor on the size of the recorded image",
    "degrees": "degrees of an angle",
    "fraction": "a share, where 1 is all",
    "fraction_width": "a share of the image width",
    "fraction_height": "a share of the image height",
    "fraction_area": "a share of the image area",
    "gray_fraction": "a share of the range from black to white",
    "probability": "a chance, where 0 is never and 1 always",
    "factor": "a factor; 1 changes nothing",
    "epochs": "epochs; one is a pass over the training frames, or the steps set for it",
    "steps": "training steps, one batch each",
    "frames": "labelled frames",
    "samples": "images at once",
    "channels": "channels, the maps a layer makes or reads",
    "microseconds": "millionths of a second",
    "count": "a plain number",
}


def key_help(document: Document, path: str) -> str:
    """Rich text on one setting: its sentence, present value, unit, range, null, choices and why it has no effect."""
    key = SPEC.keys[path]
    meta = key.meta
    parts = [f"<p>{html.escape(meta.doc)}</p>"]
    reason = document.idle_reason(path)
    if reason:
        parts.append(f"<p><b>{html.escape(reason)}</b></p>")
    rows = [("Now", _now(document, path, meta)), ("Default", show_plain(key.default))]
    unit = UNIT_NOTES.get(meta.unit, "")
    if unit:
        shown = f"{meta.unit_text}: {unit}" if meta.unit_text else unit
        rows.append(("Unit", shown))
    if range_text(meta):
        rows.append(("Range", range_text(meta)))
    if meta.length:
        rows.append(("Length", f"{meta.length} numbers"))
    if meta.suffixes:
        rows.append(("Files", ", ".join(meta.suffixes)))
    if meta.null:
        rows.append((meta.null_label, f"{meta.null} In the file: null."))
    if document.half and is_shared(path):
        rows.append(("Pair", "Both models have this in common: a change here is one of the other model too."))
    if meta.source:
        rows.append(("Source", meta.source))
    parts.append(_table(rows))
    if meta.choices:
        items = [
            (choice.label, f"{choice.doc} In the file: {show_plain(choice.value)}.")
            for choice in meta.choices
        ]
        parts.append("<h4>Choices</h4>" + _table(items))
    return "".join(parts)


def section_help(document: Document, path: str) -> str:
    """Rich text on one section: its sentence, what leaving it out means, and what there is to choose."""
    section = SPEC.sections[path]
    parts = [f"<p>{html.escape(section.meta.doc)}</p>"]
    reason = document.idle_reason(path)
    if reason:
        parts.append(f"<p><b>{html.escape(reason)}</b></p>")
    if section.meta.null:
        parts.append(_table([("Off", f"{section.meta.null} In the file: null.")]))
    if section.meta.one_of:
        children = [SPEC.sections[child] for child in section.sections]
        parts.append("<h4>Choices</h4>" + _table([(child.meta.label, child.meta.doc) for child in children]))
    return "".join(parts)


def _now(document: Document, path: str, meta: Meta) -> str:
    value = document.value(path)
    if meta.secret and value:
        return "set; it is never written to a file"
    if value is None:
        auto = document.auto_text(path).removeprefix("→ ")
        return f"{meta.null_label}{', which comes to ' + auto if auto else ''}"
    also = document.also_text(path)
    chosen = next((choice.label for choice in meta.choices if choice.value == value), "")
    unit = (
        meta.unit_text
        if isinstance(value, (int, float)) and not isinstance(value, bool) and not chosen
        else ""
    )
    return " ".join(part for part in (chosen or show_plain(value), unit, also) if part)


def _table(rows: list[tuple[str, str]]) -> str:
    cells = "".join(
        f'<tr><td class="name">{html.escape(name)}</td><td>{html.escape(text)}</td></tr>'
        for name, text in rows
    )
    return f'<table cellspacing="0" cellpadding="0">{cells}</table>'
