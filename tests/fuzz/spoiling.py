"""Damage as disks, copies and editors do it, and as nobody does: to bytes, to text, and to what stands in JSON."""

import json
import random
from collections.abc import Callable
from typing import Any

#: What stands where something else is expected.
ODD = (
    None, True, False, 0, -1, 2**31, 2**63, 10**400, 0.0, -0.0, 1e308, float("nan"), float("inf"), "", "\x00", "ÿ" * 300,
    "../../etc", "1", "null", [], [[]], {}, {"": {}}, [None] * 1000,
)  # fmt: skip
#: Text that means something to one reader or another.
WORDS = (
    b"null", b"NaN", b"-Infinity", b"1e999", b"9" * 4000, b"[" * 3000, b"{" * 3000, b"&a [*a, *a]", b"!!python/object:os.system",
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\t", b"---\n", b"...", b"'", b'"', b"\\u0000", b"\\ud800", b"${oc.env:HOME}",
    b"<<: *x", b": ", b"- ", b"#",
)  # fmt: skip


def spoiled(data: bytes, dice: random.Random) -> bytes:
    """The same with one to four things wrong."""
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        data = dice.choice(_WAYS)(data, dice)
    return data


def _place(data: bytes, dice: random.Random) -> int:
    return dice.randrange(len(data) + 1)


def _span(data: bytes, dice: random.Random) -> tuple[int, int]:
    start = _place(data, dice)
    return start, min(len(data), start + dice.choice((1, 2, 8, 64, 1024)))


def _flip(data: bytes, dice: random.Random) -> bytes:
    if not data:
        return data
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


def _cut(data: bytes, dice: random.Random) -> bytes:
    return data[: _place(data, dice)]


def _drop(data: bytes, dice: random.Random) -> bytes:
    start, end = _span(data, dice)
    return data[:start] + data[end:]


def _double(data: bytes, dice: random.Random) -> bytes:
    start, end = _span(data, dice)
    return data[:end] + data[start:end] * dice.choice((1, 2, 50)) + data[end:]


def _noise(data: bytes, dice: random.Random) -> bytes:
    start, end = _span(data, dice)
    return data[:start] + dice.randbytes(end - start) + data[end:]


def _blank(data: bytes, dice: random.Random) -> bytes:
    """As after a power cut: the length is right, and what was not yet written is zero."""
    start = _place(data, dice)
    return data[:start] + bytes(len(data) - start)


def _word(data: bytes, dice: random.Random) -> bytes:
    start, end = _span(data, dice)
    return data[:start] + dice.choice(WORDS) + data[dice.choice((start, end)) :]


def _swap_lines(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\n")
    one, other = (dice.randrange(len(lines)) for _ in range(2))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _other_value(data: bytes, dice: random.Random) -> bytes:
    """Something else in the place of a value, in JSON or in one line of it; what is no JSON gets noise."""
    lines = data.split(b"\n")
    at = dice.randrange(len(lines))
    for whole in (data, lines[at]):
        try:
            value = json.loads(whole)
        except (ValueError, RecursionError):
            continue
        told = json.dumps(_replaced(value, dice)).encode()
        return told if whole is data else b"\n".join([*lines[:at], told, *lines[at + 1 :]])
    return _noise(data, dice)


def _replaced(value: Any, dice: random.Random) -> Any:
    """The value with one thing in it exchanged, taken out, or named otherwise."""
    inner = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    if not inner or dice.random() < 0.15:
        return dice.choice(ODD)
    key, child = dice.choice(inner)
    made = dict(value) if isinstance(value, dict) else list(value)
    if isinstance(made, dict) and dice.random() < 0.2:
        del made[key]
        if dice.random() < 0.5:
            made[f"{key}_"] = child
    else:
        made[key] = _replaced(child, dice)
    return made


_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _cut, _drop, _double, _noise, _blank, _word, _word, _swap_lines, _other_value, _other_value, _other_value,
)  # fmt: skip
