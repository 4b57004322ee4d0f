"""What documents and docstrings name of this project in back-quotes is there: modules, files, folders and settings."""

import ast
import importlib
import re
from functools import cache

from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.protocol.events import KINDS
from sleapnn_engine.protocol.verbs import VERBS
from tests.architecture.sources import ROOT, product_sources, project_files, test_sources

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
QUOTED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
PACKAGES = ("sleapnn_engine", "sleapnn_gui", "installer", "tests", "resources")
ENDINGS = (".py", ".md", ".yaml", ".qss", ".json", ".txt", ".toml")
DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_*]\w*)+")
PATH = re.compile(r"[\w./-]+/[\w./-]*|[\w-]+\.(py|md|qss|toml)")
#: Files that a run, a person or another program writes, and settings of other programs.
FROM_ELSEWHERE = re.compile(
    r"^(viz/|models/|labels/|videos/|weights/|resume/|metrics\.|~|/|\.\./|train/|val/|http)|\.(slp|ckpt|h5|mp4|csv|npz|png|pt|log|jsonl|bak|safetensors|sh|sbatch|txt)$"
)


@cache
def files() -> frozenset[str]:
    """Every file and folder of the project, by its path and by each tail of that."""
    found = set()
    for path in project_files():
        parts = path.relative_to(ROOT).parts
        for end in range(1, len(parts) + 1):
            for start in range(end):
                found.add("/".join(parts[start:end]))
    return frozenset(found)


def is_module_path(name: str) -> bool:
    """Whether a dotted name that begins with one of our packages can be imported, down to its last attribute."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:count])
        if not (place.is_dir() or place.with_suffix(".py").is_file()):
            continue
        if count == len(parts) or place.is_dir():
            return count == len(parts)
        found = importlib.import_module(".".join(parts[:count]))
        for part in parts[count:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@cache
def members() -> dict[str, set[str]]:
    """What is defined in each class of the product, and in each of its modules, by the last part of the name."""
    found: dict[str, set[str]] = {}
    for source in product_sources():
        found.setdefault(source.path.stem, set()).update(names_in(source.tree.body))
        for node in source.nodes:
            if isinstance(node, ast.ClassDef):
                own = {
                    n.attr
                    for n in ast.walk(node)
                    if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)
                }
                found.setdefault(node.name, set()).update(names_in(node.body) | own)
    return found


def names_in(body: list[ast.stmt]) -> set[str]:
    found = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update(alias.asname or alias.name for alias in node.names)
        else:
            found.update(
                n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            )
    return found


def is_setting(name: str) -> bool:
    """Whether a dotted name is a setting or section, or the end of one; `*` stands for one name."""
    pattern = re.compile(r"(^|\.)" + re.escape(name).replace(r"\*", r"[^.]+") + "$")
    return any(pattern.search(path) for path in (*SPEC.keys, *SPEC.sections))


def missing(quoted: str) -> bool:
    """Whether something in back-quotes claims to be of this project and is not."""
    text = quoted.strip().rstrip("/")
    if " " in text or "..." in text or FROM_ELSEWHERE.search(quoted):
        return False
    first = re.split(r"[./]", text)[0]
    if PATH.fullmatch(text) and (first in PACKAGES or text.endswith(ENDINGS)):
        return "*" not in text and text.removeprefix("./") not in files()
    if DOTTED.fullmatch(text) and first in PACKAGES:
        return not is_module_path(text)
    if DOTTED.fullmatch(text) and first in ("data_config", "model_config", "trainer_config"):
        return not is_setting(text)
    if DOTTED.fullmatch(text) and text.count(".") == 1 and first in members():
        return (
            text.partition(".")[2] not in members()[first] and text.replace(".", "/") + ".py" not in files()
        )
    return False


def quotes() -> list[tuple[str, str]]:
    """(place, text in back-quotes) of every document and docstring, and of comments that hold back-quotes."""
    found = []
    documents = [*(ROOT / name for name in DOCUMENTS), *sorted((ROOT / "resources" / "docs").rglob("*.md"))]
    for path in documents:
        found += [
            (path.relative_to(ROOT).as_posix(), text)
            for text in QUOTED.findall(path.read_text(encoding="utf-8"))
        ]
    for source in (*product_sources(), *test_sources()):
        for node in source.nodes:
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                found += [(f"{source.name}:{node.lineno}", text) for text in QUOTED.findall(node.value.value)]
    return found


def test_what_is_named_is_there():
    said = quotes()
    assert len(said) > 500
    assert [f"{place}: {text}" for place, text in said if missing(text)] == []


def test_modules_named_without_back_quotes_are_there():
    """Docstrings and comments also say `run/process.py FoundEngine` or sleapnn_engine.config without any marks."""
    pattern = re.compile(r"\b(?:sleapnn_engine|sleapnn_gui)(?:\.[a-z_]\w*)+")
    wrong = []
    for source in product_sources():
        for number, line in enumerate(source.lines, start=1):
            if "import" in line or '"sleapnn_' in line:  # imports, and names of loggers
                continue
            wrong += [
                f"{source.name}:{number} {name}" for name in pattern.findall(line) if not is_module_path(name)
            ]
    assert wrong == []


def test_the_parts_that_architecture_md_lists_are_there():
    """Its table names modules beside the folder that they are in."""
    text = (ROOT / "resources" / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert len(rows) > 8
    known = {*KINDS, *VERBS, "train", "inspect", "demo-data", "Meta", "schema", "schema/"}
    for folders, holds in rows:
        places = [ROOT / name for name in QUOTED.findall(folders)]
        for name in QUOTED.findall(holds):
            inside = any(
                (place / name).exists() or (place / f"{name}.py").exists() for place in (*places, ROOT)
            )
            assert inside or name in known, (folders, name)


def test_what_is_not_there_is_seen():
    assert missing("sleapnn_engine/inspection/service.py")
    assert missing("sleapnn_engine.config.nowhere")
    assert missing("sleapnn_engine.config.numbers.plane")
    assert missing("trainer_config.max_epoch")
    assert missing("no_such_file.py")
    assert missing("RunRecord.speed")
    assert missing("counting.step_names")
    assert not missing("RunRecord.words")
    assert not missing("counting.step_name")
    assert not missing("sleapnn_engine.config.numbers.plain")
    assert not missing("sleapnn_engine/config")
    assert not missing("trainer_config.max_epochs")
    assert not missing("resources/docs/*.md")
