"""JSON as SLEAP ≤ 1.4 reads it: with `//` and `/* */` comments and trailing commas."""

import json
import re
from typing import Any

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.plain_json import from_json

# A string or comment that is never closed goes to the end, or looking for its end would begin anew at every sign.
_STRING = r'"(?:\\.|[^"\\])*+"?'
_COMMENT = re.compile(_STRING + r"|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_TRAILING_COMMA = re.compile(_STRING + r"|,(?=\s*[}\]])", re.DOTALL)
_NOT_NEWLINE = re.compile(r"[^\r\n]")
_BRACKET = re.compile(_STRING + r"|[\[{]|[\]}]", re.DOTALL)

#: Far more than any training file has: sections and lists inside one another.
MOST_LEVELS = 100


def plain_json(text: str) -> str:
    """The same text with comments and trailing commas blanked out; every other character keeps its place."""
    return _TRAILING_COMMA.sub(_blank, _COMMENT.sub(_blank, text))


def _blank(match: re.Match[str]) -> str:
    found = match.group()
    is_open = found.startswith("/*") and not (found.endswith("*/") and len(found) > 3)
    return found if found.startswith('"') or is_open else _NOT_NEWLINE.sub(" ", found)


def parse_json(text: str, *, where: str = "") -> Any:
    """The value of a JSON text. Raises UserError (usage) with line and column where it is no JSON."""
    cleaned = plain_json(text.removeprefix("\ufeff"))
    _require_shallow(cleaned, where)
    try:
        return from_json(cleaned)
    except json.JSONDecodeError as problem:
        if cleaned[problem.pos :].startswith("/*"):
            what = "a comment starts here and is never closed"
        else:
            what = problem.msg[0].lower() + problem.msg[1:]
        message = f"The file cannot be read as JSON: line {problem.lineno}, column {problem.colno}: {what}."
    except ValueError:
        message = "The file cannot be read as JSON: it holds a number that is far too long."
    raise UserError(message, where=where, hint="Mend the file or export it from SLEAP again.", usage=True)


def _require_shallow(text: str, where: str) -> None:
    """Refuse what nests too deeply to be worked on, with its place."""
    level = 0
    for match in _BRACKET.finditer(text):
        level += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group(), 0)
        if level > MOST_LEVELS:
            before = text[: match.start()]
            place = f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"
            raise UserError(
                f"The file nests too deeply to be a training file: {place} is more than {MOST_LEVELS} levels deep.",
                where=where,
                usage=True,
            )
