"""What the help pane says about a setting or section, as rich text made from its record."""

import html

from sleapnn_engine.config.meta import Meta
from sleapnn_engine.config.pairs import is_shared
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.form.codecs import range_text, show_plain
from sleapnn_gui.widgets.language import tr

#: What each unit counts; settings without one say so.
UNIT_NOTES = {
    "px_source": tr("pixels of the image as it was recorded"),
    "px_input": tr("pixels of the image as the network gets it, after scaling"),
    "cells": tr(
        "cells of the grid a layer or map has; a cell is as many input pixels wide as that map's stride"
    ),
    "px_input_squared": tr("squared pixels of the image as the network gets it"),
    "x_source": tr("factor on the size of the recorded image"),
    "degrees": tr("degrees of an angle"),
    "fraction": tr("a share, where 1 is all"),
    "fraction_width": tr("a share of the image width"),
    "fraction_height": tr("a share of the image height"),
    "fraction_area": tr("a share of the image area"),
    "gray_fraction": tr("a share of the range from black to white"),
    "probability": tr("a chance, where 0 is never and 1 always"),
    "factor": tr("a factor; 1 changes nothing"),
    "epochs": tr("epochs; one is a pass over the training frames, or the steps set for it"),
    "steps": tr("training steps, one batch each"),
    "frames": tr("labelled frames"),
    "samples": tr("images at once"),
    "channels": tr("channels, the maps a layer makes or reads"),
    "microseconds": tr("millionths of a second"),
    "count": tr("a plain number"),
}


def key_help(document: Document, path: str) -> str:
    """Rich text on one setting: its sentence, present value, unit, range, null, choices and why it has no effect."""
    key = SPEC.keys[path]
    meta = key.meta
    parts = [f"<p>{html.escape(tr(meta.doc))}</p>"]
    reason = document.idle_reason(path)
    if reason:
        parts.append(f"<p><b>{html.escape(reason)}</b></p>")
    rows = [(tr("Now"), _now(document, path, meta)), (tr("Default"), show_plain(key.default))]
    unit = UNIT_NOTES.get(meta.unit, "")
    if unit:
        shown = f"{tr(meta.unit_text)}: {unit}" if meta.unit_text else unit
        rows.append((tr("Unit"), shown))
    if range_text(meta):
        rows.append((tr("Range"), range_text(meta)))
    if meta.length:
        rows.append((tr("Length"), tr("{length} numbers", length=meta.length)))
    if meta.suffixes:
        rows.append((tr("Files"), ", ".join(meta.suffixes)))
    if meta.null:
        rows.append((tr(meta.null_label), tr("{null} In the file: null.", null=tr(meta.null))))
    if document.half and is_shared(path):
        rows.append(
            (tr("Pair"), tr("Both models have this in common: a change here is one of the other model too."))
        )
    if meta.source:
        rows.append((tr("Source"), tr(meta.source)))
    parts.append(_table(rows))
    if meta.choices:
        items = [
            (
                tr(choice.label),
                tr(
                    "{doc} In the file: {show_plain}.",
                    doc=tr(choice.doc),
                    show_plain=show_plain(choice.value),
                ),
            )
            for choice in meta.choices
        ]
        parts.append(f"<h4>{tr('Choices')}</h4>" + _table(items))
    return "".join(parts)


def section_help(document: Document, path: str) -> str:
    """Rich text on one section: its sentence, what leaving it out means, and what there is to choose."""
    section = SPEC.sections[path]
    parts = [f"<p>{html.escape(tr(section.meta.doc))}</p>"]
    reason = document.idle_reason(path)
    if reason:
        parts.append(f"<p><b>{html.escape(reason)}</b></p>")
    if section.meta.null:
        parts.append(_table([(tr("Off"), tr("{null} In the file: null.", null=tr(section.meta.null)))]))
    if section.meta.one_of:
        children = [SPEC.sections[child] for child in section.sections]
        parts.append(
            f"<h4>{tr('Choices')}</h4>"
            + _table([(tr(child.meta.label), tr(child.meta.doc)) for child in children])
        )
    return "".join(parts)


def _now(document: Document, path: str, meta: Meta) -> str:
    value = document.value(path)
    if meta.secret and value:
        return tr("set; it is never written to a file")
    if value is None:
        auto = document.auto_text(path).removeprefix("→ ")
        return f"{tr(meta.null_label)}{tr(', which comes to ') + auto if auto else ''}"
    also = document.also_text(path)
    chosen = next((tr(choice.label) for choice in meta.choices if choice.value == value), "")
    unit = (
        tr(meta.unit_text)
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
