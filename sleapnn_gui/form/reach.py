"""What keeps a setting from being edited now, in words, and what brings it within reach."""

import attrs

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document


@attrs.frozen
class Obstacle:
    """A sentence that names the setting, the words of what would mend it, and the section that puts it to use."""

    sentence: str
    offer: str
    section: str

    def remove(self, document: Document) -> None:
        """Choose or switch on the section, as one step that Undo takes back."""
        section = SPEC.sections[self.section]
        if SPEC.sections[section.parent].meta.one_of:
            document.choose(section.parent, section.name)
        else:
            document.set_section(self.section, True)


def obstacle(document: Document, path: str) -> Obstacle | None:
    """The outermost section around a setting or section that is not in use; None where it can be edited."""
    section = section_out_of_use(document, path)
    if not section:
        return None
    known = SPEC.sections[section]
    label = (SPEC.keys.get(path) or SPEC.sections[path]).meta.label
    name, why = known.meta.label, document.idle_reason(path)
    if SPEC.sections[known.parent].meta.one_of:
        return Obstacle(
            f"“{label}” belongs to “{name}” and has no place here now. {why}", f"Use “{name}”", section
        )
    return Obstacle(f"“{label}” can be edited once “{name}” is on. {why}", "Switch it on", section)


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
