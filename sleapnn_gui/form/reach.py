"""What keeps a setting from being edited now, in words, and what brings it within reach."""

from collections.abc import Mapping
from typing import Any

import attrs

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.widgets.language import tr


@attrs.frozen
class Obstacle:
    """A sentence that names the setting, the words of what would mend it, and the section that puts it to use.

    Of a setting that can be edited and has no effect there is no section but what other settings have to be.
    """

    sentence: str
    offer: str
    section: str = ""
    others: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def is_editable(self) -> bool:
        """Whether the setting can be edited all the same."""
        return not self.section

    def remove(self, document: Document) -> None:
        """Choose or switch on the section, or set what the setting waits for, as one step that Undo takes back."""
        if not self.section:
            document.apply_values(dict(self.others), self.offer)
            return
        section = SPEC.sections[self.section]
        if SPEC.sections[section.parent].meta.one_of:
            document.choose(section.parent, section.name)
        else:
            document.set_section(self.section, True)


def obstacle(document: Document, path: str) -> Obstacle | None:
    """The outermost section around a setting or section that is not in use; None where it can be edited."""
    section = section_out_of_use(document, path)
    if not section:
        return _without_effect(document, path)
    known = SPEC.sections[section]
    label = tr((SPEC.keys.get(path) or SPEC.sections[path]).meta.label)
    name, why = tr(known.meta.label), document.idle_reason(path)
    if SPEC.sections[known.parent].meta.one_of:
        return Obstacle(
            tr(
                "“{label}” belongs to “{name}” and has no place here now. {why}",
                label=label,
                name=name,
                why=why,
            ),
            tr("Use “{name}”", name=name),
            section,
        )
    return Obstacle(
        tr("“{label}” can be edited once “{name}” is on. {why}", label=label, name=name, why=why),
        tr("Switch it on"),
        section,
    )


def _without_effect(document: Document, path: str) -> Obstacle | None:
    """What another setting has to be for this one to have an effect; None where one value of one would not do."""
    why, key = document.idle_reason(path), SPEC.keys.get(path)
    if not why or key is None:
        return None
    unmet = [when for when in key.meta.when if not when.holds(document.view.state(when.path))]
    others = {when.path: when.values[0] for when in unmet if when.values and when.path in SPEC.edited}
    if len(others) != len(unmet) or not others or unmet[0].says != why:
        return None
    names = ", ".join(f"“{tr(SPEC.edited[path].meta.label)}”" for path in others)
    path, wanted = next(iter(others.items()))
    return Obstacle(
        tr("“{label}” can be edited but has no effect now. {why}", label=tr(key.meta.label), why=why),
        tr("Set {names} to “{in_words}”", names=names, in_words=_in_words(path, wanted)),
        others=others,
    )


def _in_words(path: str, value: Any) -> str:
    """A value as the form shows it."""
    meta = SPEC.edited[path].meta
    if isinstance(value, bool):
        return tr("On") if value else tr("Off")
    if value is None:
        return tr(meta.null_label)
    return next((tr(choice.label) for choice in meta.choices if choice.value == value), str(value))


def remark_of(document: Document, path: str) -> str:
    """What a list of hits says of one that does nothing now; '' of the others."""
    if section_out_of_use(document, path):
        return tr("not in use")
    return tr("no effect now") if path in SPEC.keys and document.idle_reason(path) else ""


def section_out_of_use(document: Document, path: str) -> str:
    """The outermost section around `path` that must be chosen or switched on for it, or ''."""
    for section in SPEC.ancestors(path):
        known = SPEC.sections.get(section)
        # What a one-of section is null for is told by the child that is wanted of it.
        if (
            known is not None
            and known.meta.null
            and not known.meta.one_of
            and not document.section_on(section)
        ):
            return section
    return ""
