"""What differs from the opened file, in a person's terms: settings, sections switched, a different choice made."""

from collections.abc import Callable
from functools import partial
from typing import Any

import attrs

from sleapnn_engine.config.pairs import WORDS, is_shared
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import Opened
from sleapnn_gui.document.pair import path_in, split_path
from sleapnn_gui.form.codecs import show_chosen
from sleapnn_gui.widgets.language import tr


@attrs.frozen
class Change:
    """One difference; calling `undo`, where there is one, takes it back."""

    path: str
    label: str
    old: str
    new: str
    undo: Callable[[], None] | None


def changes(document: Document) -> list[Change]:
    """Every difference to what was opened: choices and switches first, then single settings in file order."""
    found = [*_choices(document, on=document), *_switches(document, on=document)]
    for path, old, new in document.differences():
        if path not in SPEC.sections:
            found.append(_setting(document, path, old, new))
    return found


def changes_to(document: Document, values: dict[str, Any]) -> list[Change]:
    """Every difference of a document to other values; settings, switches and choices can be made as they are there."""
    beside = Document()
    here = attrs.evolve(document.state, opened=values, started={})
    beside.adopt(Opened(values={}, title=""), here)
    found = [*_choices(beside, on=document), *_switches(beside, on=document)]
    for path, old, new in beside.differences():
        if path in SPEC.sections:
            continue
        undo = None
        if path in SPEC.keys:
            change = {path: beside.baseline(path)}
            undo = partial(
                document.apply_values, change, tr("Edit {label}", label=tr(SPEC.keys[path].meta.label))
            )
        found.append(attrs.evolve(_setting(beside, path, old, new), undo=undo))
    beside.deleteLater()
    return found


def every_change(document: Document) -> list[Change]:
    """Those of both halves of a pair; what both share is told once."""
    beside = [one for one in changes_beside(document) if not is_shared(split_path(one.path)[1])]
    return [*changes(document), *beside]


def changes_beside(document: Document) -> list[Change]:
    """Every difference of the other half of a pair to what was opened; none of them can be taken back from here."""
    if document.state.other is None:
        return []
    beside = Document()
    beside.adopt(Opened(values={}, title=""), document.state.other)
    half = document.state.other.half
    found = [
        attrs.evolve(one, path=path_in(half, one.path), label=f"{tr(WORDS[half])}: {one.label}", undo=None)
        for one in changes(beside)
    ]
    beside.deleteLater()
    return found


def was_on(document: Document, path: str) -> bool:
    """Whether a section was set in what was opened; a missing one counts as the guide has it."""
    for part in (*SPEC.ancestors(path), path):
        parent = part.rpartition(".")[0]
        around = document.baseline(parent) if parent else {part: document.baseline(part) or {}}
        name = SPEC.sections[part].name
        if isinstance(around, dict) and name in around:
            if around[name] is None:
                return False
        elif not SPEC.sections[part].on:
            return False
    return True


def _setting(document: Document, path: str, old: Any, new: Any) -> Change:
    key = SPEC.keys.get(path)
    if key is not None and key.meta.secret:
        return Change(
            path,
            tr(key.meta.label),
            "•••" if old else tr("none"),
            "•••" if new else tr("none"),
            partial(document.reset, path),
        )
    return Change(
        path,
        tr(key.meta.label) if key else path,
        show_chosen(path, old),
        show_chosen(path, new),
        partial(document.reset, path),
    )


def _choices(document: Document, *, on: Document) -> list[Change]:
    """Other choices than before; they are taken back `on` a document, which may be another one than is compared."""
    found = []
    for path, section in SPEC.sections.items():
        if not section.meta.one_of:
            continue
        before = next(
            (SPEC.sections[child].name for child in section.sections if was_on(document, child)), None
        )
        now = document.chosen(path)
        if before != now:
            undo = partial(on.choose, path, before)
            found.append(Change(path, tr(section.meta.label), _child(path, before), _child(path, now), undo))
    return found


def _child(path: str, name: str | None) -> str:
    return tr(SPEC.sections[f"{path}.{name}"].meta.label) if name else tr("none")


def _switches(document: Document, *, on: Document) -> list[Change]:
    """Sections that are on or off and were not, in the same way."""
    found = []
    for path, section in SPEC.sections.items():
        if not section.meta.null or section.meta.one_of or SPEC.sections[section.parent].meta.one_of:
            continue
        before, now = was_on(document, path), document.section_on(path)
        if before != now:
            words = {True: tr("on"), False: tr("off")}
            undo = partial(on.set_section, path, before)
            found.append(Change(path, tr(section.meta.label), words[before], words[now], undo))
    return found
