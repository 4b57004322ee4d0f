"""From what a person types to a value and back, one pair of functions for each kind of setting.

Text that stands for no value of its kind is returned as it is: the checks then say what is wrong with it.
"""

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs

from sleapnn_engine.config import yaml_dialect
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.meta import Meta
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.tree import same
from sleapnn_gui.widgets.language import tr

_INT = re.compile(r"[+-]?\d+")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
#: A whole number with more digits than this stays text.
_DIGITS = 300
#: Numbers beyond this are not stepped: there neighbours are no longer one apart.
_FARTHEST = 2.0**53
_ARROW = " → "


@attrs.frozen
class Codec:
    """How one kind of value is typed and shown."""

    parse: Callable[[str], Any]
    show: Callable[[Any], str]


def parse_int(text: str) -> int | str:
    """A whole number, or the text; also that of a number of more digits than any setting has."""
    stripped = text.strip()
    return int(stripped) if len(stripped) <= _DIGITS and _INT.fullmatch(stripped) else text


def parse_float(text: str) -> float | str:
    """A number in plain or scientific notation with a decimal point, or the text; also that of 1e400."""
    number = float(text) if _FLOAT.fullmatch(text.strip()) else math.inf
    return number if math.isfinite(number) else text


def parse_ints(text: str) -> list[Any] | str:
    """Whole numbers parted by commas or spaces; parts that are none stay text; no numbers at all is the text."""
    parts = [part for part in re.split(r"[,\s]+", text.strip().strip("[]")) if part]
    values = [parse_int(part) for part in parts]
    return values if values and any(isinstance(value, int) for value in values) else text


def parse_int_or_auto(text: str) -> int | str:
    """A whole number or the word auto, or the text."""
    return "auto" if text.strip().lower() == "auto" else parse_int(text)


def parse_float_or_floats(text: str) -> float | list[Any] | str:
    """One number, or several parted by commas as a list, or the text."""
    stripped = text.strip()
    if not ("," in stripped or stripped.startswith("[")):
        return parse_float(text)
    parts = [part.strip() for part in stripped.strip("[]").split(",") if part.strip()]
    values = [parse_float(part) for part in parts]
    return values if values and all(isinstance(value, float) for value in values) else text


def parse_mapping(text: str) -> dict[str, Any] | str:
    """A YAML mapping such as {embed: 96}, or the text."""
    try:
        value = yaml_dialect.parse(text)
    except UserError:
        return text
    return value if isinstance(value, dict) else text


def parse_edge(text: str) -> list[str] | str:
    """The two names of "head → thorax" (also written with ->, a comma or a semicolon), or the text."""
    parts = [part.strip() for part in re.split(r"→|->|[,;]", text)]
    return parts if len(parts) == 2 and all(parts) else text


def show_edge(edge: Any) -> str:
    """A pair of names as "head → thorax"; anything else as it is written."""
    if isinstance(edge, (list, tuple)) and len(edge) == 2:
        return f"{edge[0]}{_ARROW}{edge[1]}"
    return str(edge)


def show_number(value: Any, *, log: bool = False) -> str:
    """A number in the fewest digits that read back as the same number; small or `log` ones as 1e-4."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "" if value is None else str(value)
    if isinstance(value, int):
        return str(value)
    plain = repr(value)
    if not math.isfinite(value):
        return plain
    if "e" in plain or (log and value != 0 and abs(value) <= 1e-3):
        return _scientific(plain)
    return plain.removesuffix(".0")


def _scientific(plain: str) -> str:
    sign, digits, exponent = Decimal(plain).normalize().as_tuple()
    first, rest = str(digits[0]), "".join(str(digit) for digit in digits[1:])
    power = int(exponent) + len(digits) - 1
    return f"{'-' if sign else ''}{first}{'.' + rest if rest else ''}e{power}"


def show_list(value: Any, *, log: bool = False) -> str:
    """Numbers parted by commas; a single number alone."""
    if isinstance(value, (list, tuple)):
        return ", ".join(show_number(item, log=log) for item in value)
    return show_number(value, log=log)


def show_mapping(value: Any) -> str:
    """A mapping on one line in YAML's flow style."""
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    return "{" + ", ".join(f"{_word(str(name))}: {_flow(item)}" for name, item in value.items()) + "}"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return show_mapping(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return show_number(value) if isinstance(value, (int, float)) else _word(str(value))


def _word(text: str) -> str:
    """A text as it stands in a flow, in quotes where it would be read as something else."""
    try:
        plain = yaml_dialect.parse(f"[{text}]") == [text]
    except UserError:
        plain = False
    return text if plain else json.dumps(text, ensure_ascii=False)


def show_plain(value: Any) -> str:
    """Any value as it would stand in the file on one line, for lists of differences."""
    return _flow(value)


def show_chosen(path: str, value: Any) -> str:
    """The value of a setting for people, in the words of the form; a number or name as it would stand in the file."""
    key = SPEC.keys.get(path)
    if value is None:
        return tr(key.meta.null_label).lower() if key is not None and key.meta.nullable else "none"
    if value == []:
        return "none"
    choices = key.meta.choices if key is not None else ()
    words = (tr(choice.label) for choice in choices if same(choice.value, value))
    return next(words, None) or show_plain(value)


def _show_text(value: Any) -> str:
    return "" if value is None else str(value)


def codec_for(meta: Meta) -> Codec:
    """The pair for a setting that is typed into one line."""
    log = meta.log
    number = Codec(parse_float, lambda value: show_number(value, log=log))
    return {
        "int": Codec(parse_int, show_number),
        "float": number,
        "ints": Codec(parse_ints, show_list),
        "int_or_auto": Codec(parse_int_or_auto, show_number),
        "float_or_floats": Codec(parse_float_or_floats, lambda value: show_list(value, log=log)),
        "mapping": Codec(parse_mapping, show_mapping),
    }.get(meta.kind, Codec(lambda text: text, _show_text))


def stepped(meta: Meta, value: Any, steps: int) -> Any:
    """The number `steps` steps up (or down) from `value`, or None where that is no number or out of range."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _FARTHEST:
        return None
    found: Any = value
    for _ in range(abs(steps)):
        found = _next(meta, found, 1 if steps > 0 else -1)
    if meta.kind in ("int", "int_or_auto"):
        found = int(found)
    return found if _in_range(meta, found) and found != value else None


def _next(meta: Meta, value: Any, direction: int) -> Any:
    if meta.rule == "power_of_two":
        return value * 2 if direction > 0 else max(1, value // 2)
    if meta.rule == "odd":
        return value + 2 * direction
    if meta.log:
        return _next_log(value, direction)
    step = meta.step or (1 if meta.kind in ("int", "int_or_auto") else 0.1)
    return float(Decimal(repr(value)) + Decimal(repr(step)) * direction)


def _next_log(value: float, direction: int) -> float:
    """The neighbour of a number in the series 1, 2, 5, 10, 20, ..."""
    if value <= 0:
        return 1e-8 if direction > 0 else value
    power = int(Decimal(repr(float(value))).adjusted())
    series = [Decimal(mantissa).scaleb(p) for p in (power - 1, power, power + 1) for mantissa in (1, 2, 5)]
    exact = Decimal(repr(float(value)))
    if direction > 0:
        return float(min(number for number in series if number > exact))
    return float(max(number for number in series if number < exact))


def _in_range(meta: Meta, number: float) -> bool:
    return not (
        (meta.minimum is not None and number < meta.minimum)
        or (meta.maximum is not None and number > meta.maximum)
        or (meta.above is not None and number <= meta.above)
        or (meta.below is not None and number >= meta.below)
    )


def range_text(meta: Meta) -> str:
    """The allowed numbers in a few words, '' where any number is allowed."""
    low = (
        tr("{number} or more", number=show_number(meta.minimum))
        if meta.minimum is not None
        else tr("more than {number}", number=show_number(meta.above))
        if meta.above is not None
        else ""
    )
    high = (
        tr("{number} or less", number=show_number(meta.maximum))
        if meta.maximum is not None
        else tr("less than {number}", number=show_number(meta.below))
        if meta.below is not None
        else ""
    )
    if meta.minimum is not None and meta.maximum is not None:
        both = tr(
            "{number} to {high}",
            number=show_number(meta.minimum),
            high=show_number(meta.maximum),
        )
    else:
        both = ", ".join(part for part in (low, high) if part)
    rule = {"odd": tr("an odd number"), "power_of_two": tr("a power of two")}.get(meta.rule, "")
    return ", ".join(part for part in (both, rule) if part)
