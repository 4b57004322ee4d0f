"""What one setting or section says about itself: the record every schema field carries."""

from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Choice:
    """One allowed value of a setting, with a sentence that says what choosing it does."""

    value: Any
    label: str
    doc: str


@attrs.frozen(kw_only=True)
class When:
    """A condition on another setting: it holds while the value at `path` is one of `values`.

    `values=None` means: while anything but null is set. `says` is shown where the condition does not hold.
    """

    path: str
    values: tuple[Any, ...] | None
    says: str

    def holds(self, value: Any) -> bool:
        if self.values is None:
            return value is not None
        return any(
            value == allowed and isinstance(value, bool) == isinstance(allowed, bool)
            for allowed in self.values
        )


#: Every unit a number can carry. Pixel units always say which pixels.
UNITS = {
    "px_source": "px source",
    "px_input": "px input",
    "cells": "output cells",
    "px_input_squared": "px² input",
    "x_source": "× source",
    "degrees": "degrees",
    "fraction": "of 1",
    "fraction_width": "× image width",
    "fraction_height": "× image height",
    "fraction_area": "× image area",
    "gray_fraction": "of full range",
    "probability": "chance 0–1",
    "factor": "×",
    "epochs": "epochs",
    "steps": "steps",
    "frames": "frames",
    "samples": "samples",
    "channels": "channels",
    "microseconds": "µs",
    "count": "",
    "none": "",
}

#: How a setting's value is shaped; the form picks its editor and the checks their rule by it.
KINDS = (
    "bool",
    "int",
    "float",
    "text",
    "choice",
    "file",
    "folder",
    "paths",
    "path_or_paths",
    "names",
    "ints",
    "edges",
    "mapping",
    "int_or_auto",
    "float_or_floats",
    "any",
)


@attrs.frozen(kw_only=True)
class Meta:
    """All that is known about one setting; labels, help, checks and editors derive from it.

    `minimum`/`maximum` are inclusive bounds, `above`/`below` exclusive ones. `null` is the sentence that says
    what null means; an empty `null` means that null is not a value of this setting. `rule` is one of
    `odd`, `power_of_two`, or empty. `since` names the first version of sleap-nn that knows it, where that is later than
    the guide. `source` names where the choice of default or meaning comes from when it
    is not the guide's own table.
    """

    label: str
    doc: str
    kind: str = attrs.field(validator=attrs.validators.in_(KINDS))
    unit: str = "none"
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    rule: str = ""
    choices: tuple[Choice, ...] = ()
    open_choices: bool = False
    null: str = ""
    null_label: str = "Auto"
    advanced: bool = False
    edited: bool = True
    step: float | None = None
    log: bool = False
    suffixes: tuple[str, ...] = ()
    length: int | None = None
    secret: bool = False
    placeholder: str = ""
    names_of: str = ""  # part | edge | track: completed from the opened labels; encoder: from those there are
    when: tuple[When, ...] = ()
    legacy: str = ""
    since: str = ""
    source: str = ""

    @property
    def unit_text(self) -> str:
        return UNITS[self.unit]

    @property
    def nullable(self) -> bool:
        return bool(self.null)


@attrs.frozen(kw_only=True)
class SectionMeta:
    """All that is known about one section of the file.

    `null` says what a null section means (empty: a section that may not be null). `one_of` is empty,
    `exactly` (one child section is set, the others are null) or `at_most`. A section that is this program's `own` is
    left out of files while it is not in use, because other programs refuse what they do not know. `since` names the first
    version of sleap-nn that knows it where there is one.
    """

    label: str
    doc: str
    null: str = ""
    one_of: str = ""
    own: bool = False
    since: str = ""
    advanced: bool = False
    when: tuple[When, ...] = ()


def setting(default: Any, **meta: Any) -> Any:
    """Declare one setting of a schema class: its default and, as keywords, its `Meta` record."""
    record = Meta(**meta)
    if isinstance(default, list):
        return attrs.field(factory=lambda: list(default), metadata={"meta": record})
    return attrs.field(default=default, metadata={"meta": record})


def section(cls: type, *, on: bool = True, **meta: Any) -> Any:
    """Declare a section of a schema class. A nullable section that is not `on` starts as null."""
    record = SectionMeta(**meta)
    if on:
        return attrs.field(factory=cls, metadata={"section": record, "class": cls})
    return attrs.field(default=None, metadata={"section": record, "class": cls})
