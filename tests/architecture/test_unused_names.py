"""What is defined in the product is used by the product: nothing is kept for tests alone."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.architecture.sources import Source, product_sources

#: Where commands and heads are modules of one shape, what each has to define is looked up by its name.
LOOKED_UP = re.compile(r"^sleapnn_engine/(commands/\w+\.py (add_arguments|run)|heads/\w+\.py HEAD)$")
#: Methods whose names are put together: those of commands of the window and of kinds of events.
COMPOSED = ("do_", "_add_")
#: Methods that a class of somebody else calls; those of Qt are known by their spelling.
OVERRIDES = {
    "AlongCurve.get_lr",
    "OwnProcesses.creates_processes_externally",
    "OwnProcesses.local_rank",
    "OwnProcesses.node_rank",
    "_Dumper.ignore_aliases",
}
#: What tests and measurements wait for, where a person sees it in the picture.
WAITED_FOR = {"SeeWatch.is_idle"}
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def module_of(source: Source) -> str:
    return source.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def defined(statement: ast.stmt) -> list[str]:
    """Names that one statement gives to its module or class."""
    if isinstance(statement, (*FUNCTION, ast.ClassDef)):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def read(nodes: Sequence[ast.AST]) -> Counter[str]:
    """How often each name is read, in annotations within quotes as well."""
    found = Counter(
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )
    for node in nodes:
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            quoted = [each.value for each in ast.walk(node.annotation) if isinstance(each, ast.Constant)]
            found.update(name for text in quoted for name in re.findall(r"\w+", str(text)))
        if isinstance(node, FUNCTION) and isinstance(node.returns, ast.Constant):
            found.update(re.findall(r"\w+", str(node.returns.value)))
    return found


def imported(sources: Sequence[Source]) -> set[tuple[str, str]]:
    """(module, name) of everything that is taken from another module, also as `module.name`."""
    found = set()
    for source in sources:
        modules = {}
        for node in source.nodes:
            if isinstance(node, ast.ImportFrom):
                found |= {(node.module or "", alias.name) for alias in node.names}
                modules |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        for node in source.nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add((modules.get(node.value.id, ""), node.attr))
    return found


def unused_in_modules(sources: Sequence[Source]) -> Iterator[str]:
    taken = imported(sources)
    for source in sources:
        everywhere = read(source.nodes)
        for statement in source.tree.body:
            names = defined(statement)
            own = read(list(ast.walk(statement))) if names else Counter()
            for name in names:
                used = everywhere[name] > own[name] or (module_of(source), name) in taken
                if not used and not name.startswith("__") and not LOOKED_UP.match(f"{source.name} {name}"):
                    yield f"{source.name}:{statement.lineno} {name}"


def unused_in_classes(sources: Sequence[Source]) -> Iterator[str]:
    """Methods, properties and signals whose name is read nowhere, whatever it is read from."""
    nodes = [node for source in sources for node in source.nodes]
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
    used |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    used |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for source in sources:
        for node in source.nodes:
            for statement in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(statement, FUNCTION) or is_signal(statement):
                    for name in defined(statement):
                        if name not in used and not is_called_by_others(f"{node.name}.{name}", statement):
                            yield f"{source.name}:{statement.lineno} {node.name}.{name}"


def is_signal(statement: ast.stmt) -> bool:
    called = statement.value if isinstance(statement, ast.Assign) else None
    return isinstance(called, ast.Call) and isinstance(called.func, ast.Name) and called.func.id == "Signal"


def is_called_by_others(path: str, statement: ast.stmt) -> bool:
    name = path.partition(".")[2]
    marks = statement.decorator_list if isinstance(statement, FUNCTION) else []
    return (
        name != name.lower()
        or name.startswith(("__", *COMPOSED))
        or path in OVERRIDES | WAITED_FOR
        or any(isinstance(mark, ast.Attribute) and mark.attr in ("default", "validator") for mark in marks)
    )


def test_nothing_is_defined_that_only_tests_use():
    assert list(unused_in_modules(product_sources())) == []


def test_no_method_or_signal_is_there_for_tests_alone():
    assert list(unused_in_classes(product_sources())) == []


def test_what_nobody_uses_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.architecture.sources.ROOT", tmp_path)
    (tmp_path / "one.py").write_text(
        "LIMIT = 3\ndef used() -> 'Kind': ...\ndef unused(): return unused()\nclass Kind:\n    gone = Signal()\n"
        "    def go(self): ...\n    def stay(self): ...\n",
        encoding="utf-8",
    )
    (tmp_path / "two.py").write_text("import one\nfrom one import used\nused().go()\n", encoding="utf-8")
    sources = [Source(tmp_path / name) for name in ("one.py", "two.py")]
    assert list(unused_in_modules(sources)) == ["one.py:1 LIMIT", "one.py:3 unused"]
    assert list(unused_in_classes(sources)) == ["one.py:5 Kind.gone", "one.py:7 Kind.stay"]
