"""What a value inside a message may be: checks that also name themselves in the protocol document."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs
import numpy as np

#: Who is asking. "wire": a message just read, strictly. "holes": the same, where a number that was not
#: finite travelled as null. "emit": a body about to be sent, where numpy scalars and NaN still stand.
Mode = Literal["wire", "holes", "emit"]

#: Whole numbers stay inside what every JSON reader can hold.
LARGEST_INT = 2**63 - 1


@attrs.frozen
class Shape:
    """One form a value can have: its name in the protocol document and the test for it."""

    name: str
    accepts: Callable[[Any, Mode], bool]


def _is_integer(value: Any, mode: Mode) -> bool:
    if type(value) is int:
        return -LARGEST_INT <= value <= LARGEST_INT
    return mode == "emit" and isinstance(value, np.integer)


def _is_number(value: Any, mode: Mode) -> bool:
    if type(value) is float:
        return mode == "emit" or math.isfinite(value)
    if value is None:
        return mode == "holes"
    return _is_integer(value, mode) or (mode == "emit" and isinstance(value, (float, np.floating)))


def _is_text(value: Any, mode: Mode) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any, mode: Mode) -> bool:
    return isinstance(value, bool) or (mode == "emit" and isinstance(value, np.bool_))


def _is_list(value: Any, mode: Mode) -> bool:
    """Whether `value` is a JSON list (a tuple is one too while it is being sent)."""
    return isinstance(value, list) or (mode == "emit" and isinstance(value, tuple))


INTEGER = Shape("integer", _is_integer)
NUMBER = Shape("number", _is_number)
TEXT = Shape("text", _is_text)
FLAG = Shape("true/false", _is_flag)


def list_of(item: Shape, *, length: int | None = None) -> Shape:
    """A list whose items all have one shape; `length` fixes how many there are."""

    def accepts(value: Any, mode: Mode) -> bool:
        if not _is_list(value, mode) or (length is not None and len(value) != length):
            return False
        return all(item.accepts(one, mode) for one in value)

    count = "" if length is None else f" of {length}"
    return Shape(f"list{count} ({item.name})", accepts)


def table_of(item: Shape) -> Shape:
    """An object with free keys (node or head names) whose values all have one shape."""

    def accepts(value: Any, mode: Mode) -> bool:
        if not isinstance(value, (dict if mode != "emit" else Mapping)):
            return False
        return all(isinstance(key, str) and item.accepts(one, mode) for key, one in value.items())

    return Shape(f"name → {item.name}", accepts)


def maybe(shape: Shape) -> Shape:
    """A shape, or null in its place."""
    return Shape(f"{shape.name} or null", lambda value, mode: value is None or shape.accepts(value, mode))


def without_null(hint: Any) -> tuple[Any, bool]:
    """What an annotation allows besides None, and whether it allows that."""
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    (inner,) = (each for each in get_args(hint) if each is not type(None))
    return inner, True


def shape_of(hint: Any, records: Mapping[Any, Shape]) -> Shape:
    """The form that an annotation describes; `records` are those of classes. Raises KeyError for any other one."""
    inner, nullable = without_null(hint)
    if nullable:
        return maybe(shape_of(inner, records))
    parts = get_args(inner)
    if get_origin(inner) is list:
        return list_of(shape_of(parts[0], records))
    if get_origin(inner) is tuple:
        return list_of(shape_of(parts[0], records), length=len(parts))
    if get_origin(inner) is dict:
        return table_of(shape_of(parts[1], records))
    return {int: INTEGER, float: NUMBER, str: TEXT, bool: FLAG, **records}[inner]


@attrs.frozen
class Field:
    """One key of a body or of a request's arguments.

    `choices` are the values this version sends; a reader takes others as they come, unless the field is
    `closed`. `optional` keys may be left out altogether, `nullable` ones are there but may be null.
    """

    name: str
    shape: Shape
    doc: str
    nullable: bool = attrs.field(default=False, kw_only=True)
    optional: bool = attrs.field(default=False, kw_only=True)
    choices: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    closed: bool = attrs.field(default=False, kw_only=True)

    @property
    def type_name(self) -> str:
        """How the protocol document names this field's type."""
        return f"{self.shape.name} or null" if self.nullable else self.shape.name

    def complaint(self, value: Any, mode: Mode) -> str | None:
        """Say what is wrong with `value` here, or None."""
        if value is None and self.nullable:
            return None
        if not self.shape.accepts(value, mode):
            return f"'{self.name}' should be {self.type_name}, got {_sketch(value)}"
        if self.choices and (self.closed or mode == "emit") and value not in self.choices:
            return f"'{self.name}' should be one of {', '.join(self.choices)}, got {value!r}"
        return None


def as_number(value: object) -> float | None:
    """A finite number that stands in a file; None for anything else there."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:  # whole numbers in JSON have no end
        return None
    return number if math.isfinite(number) else None


def record(*fields: Field) -> Shape:
    """An object with known keys, itself part of a body; keys it does not know are let through."""
    names = ", ".join(field.name for field in fields)

    def accepts(value: Any, mode: Mode) -> bool:
        return isinstance(value, Mapping) and complaint(fields, value, mode=mode) is None

    return Shape(f"object {{{names}}}", accepts)


def complaint(
    fields: Sequence[Field], body: Mapping[str, Any], *, mode: Mode, holes: frozenset[str] = frozenset()
) -> str | None:
    """Say what is wrong with `body`, or None. In the keys `holes`, null stands for a non-finite number."""
    for field in fields:
        if field.name not in body:
            if field.optional:
                continue
            return f"'{field.name}' is missing"
        said = field.complaint(body[field.name], "holes" if field.name in holes else mode)
        if said is not None:
            return said
    return None


def _sketch(value: Any) -> str:
    """Name a value that does not fit without printing all of it."""
    text = repr(value)
    shown = text if len(text) <= 60 else text[:57] + "..."
    return f"{type(value).__name__} {shown}"
