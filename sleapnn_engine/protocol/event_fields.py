"""How the class of an event says what its keys are: their form, their checks, and their way to JSON and back."""

import math
from collections.abc import Callable
from typing import Any, get_type_hints

import attrs

from sleapnn_engine.protocol.fields import (
    INTEGER,
    NUMBER,
    TEXT,
    Field,
    list_of,
    maybe,
    record,
    shape_of,
    table_of,
    without_null,
)
from sleapnn_engine.protocol.measures import MEASURES, Measured


def body_field(doc: str, *, choices: tuple[str, ...] = (), default: Any = attrs.NOTHING) -> Any:
    """A key of a body. One with a default may be left out; None as the default stands for that and for nothing else."""
    return attrs.field(default=default, metadata={"doc": doc, "choices": choices})


@attrs.frozen(kw_only=True)
class Pair:
    """Two animals of a frame that belong together."""

    labelled: int = body_field("place in `truth`")
    predicted: int = body_field("place in `predicted`")
    error_px: float | None = body_field("mean distance, in source-image pixels")


#: Instances, each a list of nodes in skeleton order, each [x, y] or None when not visible.
Points = list[list[tuple[float, float] | None]]


_ARRAYS = Field(
    "arrays",
    list_of(
        record(
            Field("name", TEXT, "what the array shows"),
            Field("dtype", TEXT, "how its numbers are stored"),
            Field("shape", list_of(INTEGER), "its size along each axis"),
        )
    ),
    "the arrays that follow, in order",
)

_ERROR = record(
    *(Field(each.key, NUMBER, each.doc, nullable=True) for each in MEASURES if each.always),
    Field("by_node", table_of(maybe(NUMBER)), "median distance of each node"),
    *(
        Field(each.key, NUMBER, each.doc, nullable=True, optional=True)
        for each in MEASURES
        if not each.always
    ),
)


def fields_of(of: type) -> tuple[Field, ...]:
    """The keys of a class; the form of each follows from its annotation."""
    hints = get_type_hints(of)
    known = {Measured: _ERROR} if of is Pair else {Measured: _ERROR, Pair: record(*fields_of(Pair))}
    made = []
    for field in attrs.fields(of):
        inner, nullable = without_null(hints[field.name])
        made.append(
            Field(
                field.name,
                shape_of(inner, known),
                field.metadata["doc"],
                nullable=nullable and field.default is not None,
                optional=field.default is not attrs.NOTHING,
                choices=field.metadata["choices"],
            )
        )
    return (*made, _ARRAYS) if getattr(of, "carries_arrays", False) else tuple(made)


def converters_of(of: type) -> dict[str, Callable[[Any], Any]]:
    """What makes the value of each key of what was read."""
    hints = get_type_hints(of)
    return {field.name: _converter(hints[field.name]) for field in attrs.fields(of)}


def _converter(hint: Any) -> Callable[[Any], Any]:
    inner, nullable = without_null(hint)
    if inner is Measured:
        return lambda value: None if value is None else Measured.of(value)
    if inner is float and not nullable:
        return lambda value: math.nan if value is None else value
    if inner == list[Pair]:
        names = [field.name for field in attrs.fields(Pair)]
        return lambda value: [Pair(**{name: each[name] for name in names}) for each in value]
    return lambda value: value


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Measured):
        return value.body
    if isinstance(value, (list, tuple)) and value and attrs.has(type(value[0])):
        return [attrs.asdict(each) for each in value]
    return value
