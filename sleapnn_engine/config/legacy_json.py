"""JSON as SLEAP ≤ 1.4 reads it: with `//` and `/* */` comments and trailing commas."""

import json
import re
from typing import Any

from .errors import UserError

_STRING = r'"(?:\\.|[^"\\])*"'
_COMMENT = re.compile(_STRING + r"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(_STRING + r"|,(?=\s*[}\]])", re.DOTALL)
_NOT_NEWLINE = re.compile(r"[^\r\n]")


def plain_json(text: str) -> str:
    """The same text with comments and trailing commas blanked out; every other character keeps its place."""
    return _TRAILING_COMMA.sub(_blank, _COMMENT.sub(_blank, text))


def _blank(match: re.Match[str]) -> str:
    found = match.group()
    return found if found.startswith('"') else _NOT_NEWLINE.sub(" ", found)


def parse_json(text: str, *, where: str = "") -> Any:
    """The value of a JSON text. Raises UserError (usage) with line and column where it is no JSON."""
    cleaned = plain_json(text.removeprefix("\ufeff"))
    try:
        return json.loads(cleaned)
    except json.JSONDecodeError as problem:
        if cleaned[problem.pos :].startswith("/*"):
            what = "a comment starts here and is never closed"
        else:
            what = problem.msg[0].lower() + problem.msg[1:]
        message = f"The file cannot be read as JSON: line {problem.lineno}, column {problem.colno}: {what}."
    except (ValueError, RecursionError):
        message = (
            "The file cannot be read as JSON: it nests too deeply or holds a number that is far too long."
        )
    raise UserError(message, where=where, hint="Mend the file or export it from SLEAP again.", usage=True)
