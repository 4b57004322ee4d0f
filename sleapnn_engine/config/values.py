"""Whether one value fits its setting's record, said as a sentence; and its conversion to the right type."""

import math
from collections.abc import Callable
from typing import Any

from sleapnn_engine.config.meta import Meta
from sleapnn_engine.config.spec import Key

#: (severity, sentence, value that would be right or None)
Problem = tuple[str, str, Any]

#: Signs of a value that a message shows.
_SHOWN = 100


def as_number(value: Any) -> float | int | None:
    """The number a value stands for, also when it was written as text; None for anything else.

    It may be infinite, or no number at all (nan): `problem_of` says so, and `ConfigReader.number` gives no such number.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        text = value.strip()
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:  # also a whole number of more digits than Python reads
                continue
    return None


def describe(value: Any) -> str:
    """A value as it would stand in the file, for messages; cut where it is long."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f"“{text}”" if isinstance(value, str) else text


def problem_of(key: Key, value: Any) -> Problem | None:
    """What is wrong with `value` for this setting, or None."""
    meta = key.meta
    if value is None:
        return None if meta.nullable else ("error", f"{meta.label} cannot be null.", key.default)
    return _BY_KIND[meta.kind](meta, value)


def is_wrong(meta: Meta, value: Any) -> bool:
    """Whether a value that is not null is none that the setting can have."""
    found = _BY_KIND[meta.kind](meta, value)
    return found is not None and found[0] == "error"


def fits_type(key: Key, value: Any) -> bool:
    """Whether `value` is a number of the setting's kind, be it in the setting's range or not."""
    number = as_number(value)
    if key.meta.kind not in ("int", "float") or number is None or not _is_finite(number):
        return False
    return isinstance(number, int) or key.meta.kind == "float"


def _is_finite(number: float | int) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number larger than any float
        return False


def _error(text: str, better: Any = None) -> Problem:
    return ("error", text, better)


def _bool(meta: Meta, value: Any) -> Problem | None:
    if isinstance(value, bool):
        return None
    better = {"0": False, "1": True, "off": False, "on": True, "no": False, "yes": True}.get(
        str(value).lower()
    )
    return _error(f"{meta.label} must be true or false; it is {describe(value)}.", better)


def _whole(meta: Meta, value: Any) -> Problem | None:
    number = as_number(value)
    if isinstance(number, int):
        return _in_range(meta, number)
    exact = int(number) if number is not None and abs(number) < 1e15 and number == int(number) else None
    return _error(f"{meta.label} must be {_numbers(meta)}; it is {describe(value)}.", exact)


def _real(meta: Meta, value: Any) -> Problem | None:
    number = as_number(value)
    if number is None:
        return _error(f"{meta.label} must be {_numbers(meta)}; it is {describe(value)}.")
    if isinstance(number, float) and not math.isfinite(number):
        return _error(f"{meta.label} must be a finite number{_range(meta)}; it is {describe(value)}.")
    return _in_range(meta, number)


def _numbers(meta: Meta, *, several: str = "") -> str:
    """The numbers that a setting can have, in words: "a whole number from 1 to 31, or null"; or `several` such."""
    words = {"odd": "an odd whole number", "power_of_two": "a power of two"}
    whole = "whole " if meta.kind in ("int", "int_or_auto", "ints") else ""
    noun = f"{several} {whole}numbers" if several else words.get(meta.rule, f"a {whole}number")
    auto = ", or auto" if meta.kind == "int_or_auto" else ""
    return f"{noun}{_range(meta)}{auto}{_or_null(meta)}"


def _or_null(meta: Meta) -> str:
    return ", or null" if meta.nullable else ""


def _range(meta: Meta) -> str:
    """Between which bounds a number has to be, as it stands behind "a number"; '' where any is allowed."""
    if meta.minimum is not None and meta.maximum is not None:
        return f" from {_n(meta.minimum)} to {_n(meta.maximum)}{_unit(meta)}"
    bounds = (
        ("at least", meta.minimum),
        ("more than", meta.above),
        ("at most", meta.maximum),
        ("less than", meta.below),
    )
    said = [f"{words} {_n(bound)}" for words, bound in bounds if bound is not None]
    return f" of {' and '.join(said)}{_unit(meta)}" if said else ""


def _unit(meta: Meta) -> str:
    return f" {meta.unit_text}" if meta.unit_text.startswith("px") or meta.unit == "degrees" else ""


def _in_range(meta: Meta, number: float | int) -> Problem | None:
    unit = _unit(meta)
    said = f"it is {describe(number)}"
    if meta.minimum is not None and number < meta.minimum:
        return _error(f"{meta.label} must be at least {_n(meta.minimum)}{unit}; {said}.")
    if meta.maximum is not None and number > meta.maximum:
        return _error(f"{meta.label} must be at most {_n(meta.maximum)}{unit}; {said}.")
    if meta.above is not None and number <= meta.above:
        return _error(f"{meta.label} must be more than {_n(meta.above)}{unit}; {said}.")
    if meta.below is not None and number >= meta.below:
        return _error(f"{meta.label} must be less than {_n(meta.below)}{unit}; {said}.")
    if meta.rule == "power_of_two" and (int(number) != number or int(number) & (int(number) - 1)):
        return _error(
            f"{meta.label} must be a power of two, such as 1, 2, 4, 8 or 16; {said}.",
            nearest_power(int(number)),
        )
    if meta.rule == "odd" and int(number) % 2 == 0:
        return _error(f"{meta.label} must be an odd number; {said}.", int(number) + 1)
    return None


def _n(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def nearest_power(number: int) -> int:
    """The power of two nearest to a positive number; the larger of two equally near ones."""
    below = 1 << (max(number, 1).bit_length() - 1)
    return below if number - below < 2 * below - number else 2 * below


def _text(meta: Meta, value: Any) -> Problem | None:
    if isinstance(value, str):
        return None
    return _error(
        f"{meta.label} must be text{_or_null(meta)}; it is {describe(value)}.",
        None if isinstance(value, (list, dict)) else str(value),
    )


def _choice(meta: Meta, value: Any) -> Problem | None:
    for choice in meta.choices:
        if value == choice.value and isinstance(value, bool) == isinstance(choice.value, bool):
            return None
    if meta.open_choices and isinstance(value, str) and value.strip():
        return None
    if meta.nullable and isinstance(value, str) and value.strip().lower() in ("", "none", "null"):
        return ("warning", f"{meta.label} says {describe(value)}, which is read as null.", None)
    allowed = ", ".join(str(choice.value) for choice in meta.choices) + _or_null(meta)
    by_case = {str(choice.value).lower(): choice.value for choice in meta.choices}
    return _error(
        f"{meta.label} must be one of {allowed}; it is {describe(value)}.",
        by_case.get(str(value).strip().lower()),
    )


def _paths(meta: Meta, value: Any) -> Problem | None:
    if isinstance(value, str):
        return ("warning", f"{meta.label} is a single path and is read as a list of one.", [value])
    return _each(
        meta,
        value,
        lambda item: isinstance(item, str) and bool(item),
        f"a list of file paths{_or_null(meta)}",
    )


def _path_or_paths(meta: Meta, value: Any) -> Problem | None:
    return None if isinstance(value, str) else _paths(meta, value)


def _names(meta: Meta, value: Any) -> Problem | None:
    return _each(
        meta, value, lambda item: isinstance(item, str) and bool(item), f"a list of names{_or_null(meta)}"
    )


def _each(meta: Meta, value: Any, fits: Callable[[Any], bool], wanted: str) -> Problem | None:
    if not isinstance(value, (list, tuple)):
        return _error(f"{meta.label} must be {wanted}; it is {describe(value)}.")
    wrong = [item for item in value if not fits(item)]
    if wrong:
        return _error(f"{meta.label} must be {wanted}; {describe(wrong[0])} is not one.")
    if meta.kind in ("names", "paths", "path_or_paths") and len(set(value)) < len(value):
        twice = next(item for item in value if list(value).count(item) > 1)
        return _error(f"{meta.label} names {describe(twice)} more than once.", list(dict.fromkeys(value)))
    return None


def _ints(meta: Meta, value: Any) -> Problem | None:
    def fits(item: Any) -> bool:
        return isinstance(item, int) and not isinstance(item, bool) and _in_range(meta, item) is None

    many = "a list of" if meta.length is None else f"a list of {meta.length}"
    found = _each(meta, value, fits, _numbers(meta, several=many))
    if found is None and meta.length is not None and len(value) != meta.length:
        return _error(f"{meta.label} must have {meta.length} numbers; it has {len(value)}.")
    if found is None and not value:
        return _error(f"{meta.label} must list at least one number.")
    return found


def _edges(meta: Meta, value: Any) -> Problem | None:
    def fits(item: Any) -> bool:
        return (
            isinstance(item, (list, tuple)) and len(item) == 2 and all(isinstance(name, str) for name in item)
        )

    return _each(meta, value, fits, f"a list of pairs of part names, such as [head, thorax]{_or_null(meta)}")


def _mapping(meta: Meta, value: Any) -> Problem | None:
    return (
        None
        if isinstance(value, dict)
        else _error(f"{meta.label} must be a section; it is {describe(value)}.")
    )


def _int_or_auto(meta: Meta, value: Any) -> Problem | None:
    if value == "auto":
        return None
    return _whole(meta, value)


def _float_or_floats(meta: Meta, value: Any) -> Problem | None:
    if isinstance(value, (list, tuple)):
        if len(value) != 1:
            return _error(
                f"{meta.label} must be one number, for there is one group of weights; it lists {len(value)}."
            )
        return _real(meta, value[0])
    return _real(meta, value)


_BY_KIND: dict[str, Callable[[Meta, Any], Problem | None]] = {
    "bool": _bool,
    "int": _whole,
    "float": _real,
    "text": _text,
    "choice": _choice,
    "file": _text,
    "folder": _text,
    "paths": _paths,
    "path_or_paths": _path_or_paths,
    "names": _names,
    "ints": _ints,
    "edges": _edges,
    "mapping": _mapping,
    "int_or_auto": _int_or_auto,
    "float_or_floats": _float_or_floats,
    "any": lambda meta, value: None,
}


def convert(meta: Meta, value: Any) -> Any:
    """The value in its setting's type, for values that `problem_of` does not call an error.

    Text that stands for a number becomes the number, one path a list of one, and the words for null become
    None where the setting allows null.
    """
    if value is None:
        return None
    if meta.kind in ("int", "int_or_auto"):
        return value if value == "auto" else int(value)
    if meta.kind == "float":
        return float(value)
    if meta.kind == "choice" and value in [choice.value for choice in meta.choices]:
        return next(choice.value for choice in meta.choices if choice.value == value)
    if meta.kind == "float_or_floats":
        return float(value[0] if isinstance(value, (list, tuple)) else value)
    if meta.kind == "paths" and isinstance(value, str):
        return [value]
    if (
        meta.kind == "choice"
        and meta.nullable
        and isinstance(value, str)
        and value.strip().lower() in ("", "none", "null")
    ):
        return None
    if (
        meta.kind in ("text", "folder", "file")
        and meta.nullable
        and isinstance(value, str)
        and not value.strip()
    ):
        return None
    return list(value) if isinstance(value, tuple) else value
