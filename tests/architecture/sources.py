"""The files of the project, as the rules in this folder look at them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("sleapnn_engine", "sleapnn_gui", "installer")


@attrs.frozen(slots=False)  # what is looked at once is kept
class Source:
    """One Python file."""

    path: Path

    @cached_property
    def name(self) -> str:
        """Path from the project's root, with forward slashes."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """What the file says."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def lines(self) -> list[str]:
        """The file's lines, without their ends."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """The file as a syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree: walking it costs more than most rules ask of a node."""
        return list(ast.walk(self.tree))

    def functions(self) -> Iterator[tuple[str, int]]:
        """(file:line name, number of lines) of every function."""
        for node in self.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield (
                    f"{self.name}:{node.lineno} {node.name}",
                    (node.end_lineno or node.lineno) - node.lineno + 1,
                )


@cache
def product_sources() -> tuple[Source, ...]:
    """Every Python file that is shipped or sets up, in a fixed order; read and parsed once for all rules."""
    return tuple(Source(path) for folder in PRODUCT for path in sorted((ROOT / folder).rglob("*.py")))


@cache
def test_sources() -> tuple[Source, ...]:
    """Every Python file of the tests."""
    return tuple(Source(path) for path in sorted((ROOT / "tests").rglob("*.py")))


test_sources.__test__ = False  # type: ignore[attr-defined]


def project_files() -> list[Path]:
    """Every file that is in git or would be added to it; without git, every file of the known folders."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if listing.returncode == 0 and listing.stdout:
        return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    folders = (*PRODUCT, "tests", "resources")
    return [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
