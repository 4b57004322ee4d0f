"""Which test shows the effect of which setting, read from the tests' sources; run as a module it writes the page."""

import ast
import re
import sys
from collections.abc import Iterator

from sleapnn_engine.config.spec import SPEC
from tests.architecture.sources import ROOT, Source, test_sources

PAGE = ROOT / "resources" / "docs" / "settings-tested.md"
MARK = "pytest.mark.setting"
COMMAND = "python -m tests.architecture.settings_shown"


class Misplaced(Exception):
    """A marker that says nothing that can be read: where it stands, and why."""


def shown_in(source: Source) -> Iterator[tuple[str, str]]:
    """(pattern, node id) of every marker of a file; raises Misplaced for one that pytest would not see as written here."""
    seen = 0
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for call in (call for decorator in node.decorator_list for call in _markers(decorator)):
                seen += 1
                for pattern in _patterns(call, source):
                    yield pattern, f"{source.name}::{node.name}"
    every = [call.lineno for call in _markers(source.tree)]
    if len(every) != seen:
        raise Misplaced(f"{source.name}: one of the markers in lines {every} decorates no test function")


def _markers(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == MARK:
            yield node


def _patterns(call: ast.Call, source: Source) -> Iterator[str]:
    for word in call.args:
        if not isinstance(word, ast.Constant) or not isinstance(word.value, str):
            raise Misplaced(f"{source.name}:{call.lineno}: keys are written out as plain strings")
        yield word.value
    if call.keywords or not call.args:
        raise Misplaced(f"{source.name}:{call.lineno}: the marker takes keys and nothing else")


def keys_of(pattern: str) -> list[str]:
    """The settings a marker names; `*` stands for one name between dots."""
    wanted = re.compile(re.escape(pattern).replace(r"\*", r"[^.]+"))
    return [path for path in SPEC.keys if wanted.fullmatch(path)]


def settings_shown() -> dict[str, list[str]]:
    """Every setting in authored order, with the tests that show what it does."""
    found: dict[str, list[str]] = {path: [] for path in SPEC.keys}
    for pattern, test in markers():
        for path in keys_of(pattern):
            if test not in found[path]:
                found[path].append(test)
    return found


def markers() -> list[tuple[str, str]]:
    """(pattern, node id) of every marker of the tests."""
    return [pair for source in test_sources() if MARK in source.text for pair in shown_in(source)]


def page() -> str:
    """The table as a Markdown page."""
    lines = [
        "# Settings and their tests",
        "",
        "For every key of a config file, the tests that fail when it no longer does what its help says.",
        f"Made from the tests by `{COMMAND}`; a key without a row fails the tests.",
    ]
    section = None
    for path, tests in settings_shown().items():
        if SPEC.keys[path].section != section:
            section = SPEC.keys[path].section
            lines += [
                "",
                f"## `{section}`" if section else "## The file",
                "",
                "| key | shown by |",
                "|---|---|",
            ]
        names = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in tests)
        lines.append(f"| `{SPEC.keys[path].name}` | {names} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
