"""The size and manners of the code: rules that a person would otherwise have to remember."""

import ast
import re
import statistics
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, product_sources, project_files, test_sources

LONGEST_FILE, LONGEST_TABLE = 400, 500
LONGEST_FUNCTION, USUAL_FUNCTION = 50, 40
TABLES = re.compile(r"_rules\.py$|/schema/")
FOLDERS = {"sleapnn_engine", "sleapnn_gui", "resources", "tests", "installer", ".ci", ".github"}
EMPTY_NAMES = {"manager", "managers", "helper", "helpers", "utils", "util", "misc", "common"}
PRINTING = re.compile(r"^sleapnn_engine/(cli\.py|commands/)|__main__\.py$|^installer/")
BROAD = {"Exception", "BaseException"}


def test_files_are_short():
    long = []
    for source in product_sources():
        limit = LONGEST_TABLE if TABLES.search(source.name) else LONGEST_FILE
        if len(source.lines) > limit:
            long.append(f"{source.name}: {len(source.lines)} lines, at most {limit}")
    assert long == []


def test_functions_are_short():
    long = [f"{name}: {size} lines" for source in product_sources() for name, size in source.functions()
            if size > LONGEST_FUNCTION]  # fmt: skip
    assert long == []


def test_nearly_all_functions_are_shorter_still():
    sizes = [size for source in product_sources() for _, size in source.functions()]
    assert statistics.quantiles(sizes, n=20)[-1] < USUAL_FUNCTION


def test_only_the_command_line_prints():
    printing = [
        f"{source.name}:{node.lineno}"
        for source in product_sources()
        if not PRINTING.search(source.name)
        for node in source.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printing == []


def test_broad_excepts_say_what_they_guard():
    """A comment on the line, above it, or first thing below it; tidying up and raising again needs none."""
    silent = []
    for source in product_sources():
        for node in source.nodes:
            if isinstance(node, ast.ExceptHandler) and is_broad(node) and not raises_again(node):
                around = source.lines[node.lineno - 2 : node.body[0].lineno]
                if not any("#" in line for line in around):
                    silent.append(f"{source.name}:{node.lineno}")
    assert silent == []


def is_broad(handler):
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in BROAD) for kind in kinds)


def raises_again(handler):
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_modules_have_names_that_say_something():
    assert [source.name for source in product_sources() if source.path.stem in EMPTY_NAMES] == []


def test_every_file_says_what_lives_there():
    silent = [
        source.name
        for source in (*product_sources(), *test_sources())
        if source.path.name != "__init__.py" and not ast.get_docstring(source.tree)
    ]
    assert silent == []


def test_package_files_are_empty_or_nearly():
    full = [
        source.name
        for source in product_sources()
        if source.path.name == "__init__.py" and len(source.lines) > 5
    ]
    assert full == []


def test_signals_are_named_like_everything_else():
    odd = []
    for source in product_sources():
        for node in source.nodes:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                called = node.value.func
                if isinstance(called, ast.Name) and called.id == "Signal":
                    names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                    odd += [f"{source.name}:{node.lineno} {name}" for name in names if name != name.lower()]
    assert odd == []


def test_every_folder_of_tests_is_a_package():
    """Two test files of one name in different folders would hide each other otherwise."""
    folders = {source.path.parent for source in test_sources()}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_the_top_of_the_tree_holds_the_known_folders_only():
    folders = {path.relative_to(ROOT).parts[0] for path in project_files() if path.parent != ROOT}
    assert folders - FOLDERS == set()


def test_no_file_names_a_place_on_somebodys_machine():
    people = r"(?!(?:someone|somebody|user|you|me|name)/)\w+/"
    folders = [f"/{'home'}/{people}", f"/{'Users'}/{people}", f"/{'root'}/", re.escape(f"{ROOT}/")]
    places = re.compile("|".join(folders))
    named = []
    for path in project_files():
        text = read_text(path)
        found = places.search(text) if text else None
        if found:
            named.append(f"{path.relative_to(ROOT)}: {found[0]}")
    assert named == []


def read_text(path: Path) -> str:
    """The file's text; empty for pictures and other files that are no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize(
    ("code", "broad"),
    [("ValueError", False), ("Exception", True), ("(OSError, Exception)", True), ("", True)],
)
def test_broad_excepts_are_recognised(code, broad):
    (handler,) = ast.parse(f"try:\n    pass\nexcept {code}:\n    pass").body[0].handlers
    assert is_broad(handler) is broad


#: Lists of places in memory that Qt hands over: `sleapnn_gui/widgets/living.py` says what may happen to them.
_PLACES = {"allWidgets", "topLevelWidgets", "topLevelWindows", "allWindows"}


def test_widgets_are_listed_where_none_of_them_goes_meanwhile():
    found = [
        f"{source.name}:{node.lineno}"
        for source in (*product_sources(), *test_sources())
        if source.path.name not in ("living.py", "leftovers.py")
        for node in source.nodes
        if isinstance(node, ast.Attribute) and node.attr in _PLACES
    ]
    assert found == []


def test_garbage_is_searched_in_one_place():
    """`sleapnn_gui/shell/garbage.py` says why; `widgets/living.py` leaves things as they were."""
    found = [
        f"{source.name}:{node.lineno}"
        for source in product_sources()
        if source.name.startswith("sleapnn_gui/") and source.path.name not in ("garbage.py", "living.py")
        for node in source.nodes
        if isinstance(node, ast.Import) and any(alias.name == "gc" for alias in node.names)
    ]
    assert found == []


def test_no_thread_knows_an_object_of_qt():
    """`sleapnn_gui/document/background.py` says why: Qt's own threads are handed callables that hold such objects."""
    found = [
        f"{source.name}:{node.lineno}"
        for source in product_sources()
        for node in source.nodes
        if isinstance(node, ast.Name | ast.alias)
        and (node.id if isinstance(node, ast.Name) else node.name) in ("QThreadPool", "QRunnable", "QThread")
    ]
    assert found == []


def test_no_button_waits_for_a_menu_within_its_press():
    """`sleapnn_gui/widgets/menus.py` says why: Qt's own way keeps whoever pressed until the menu is closed."""
    found = [
        f"{source.name}:{node.lineno}"
        for source in product_sources()
        for node in source.nodes
        if isinstance(node, ast.Attribute) and node.attr in ("setPopupMode", "setMenu", "exec_")
    ]
    assert found == []


#: Words for which the field and the glossary of architecture.md have better ones: report, show, describe, read, select.
_VAGUE = re.compile(r"^_*(tells?|told|says?|said|looks?|takes?|heed)(_|$)")


def test_functions_are_named_by_the_verbs_of_the_glossary():
    vague = [
        name
        for source in product_sources()
        for name, _ in source.functions()
        if _VAGUE.match(name.rpartition(" ")[2])
    ]
    assert vague == []


def test_what_plays_is_called_a_video():
    """One word in code and texts; `film` is the kind of such a file in answers that other programs read."""
    texts = [source for source in product_sources() if re.search(r"\bfilms?\b|film_|_film|Film", source.text)]
    kinds = re.compile(r"kind.{0,5} \"film\"|else \"film\"$|`kind` is embedded, film")
    named = [
        f"{source.name}:{number}"
        for source in texts
        for number, line in enumerate(source.lines, start=1)
        if re.search(r"film", line, re.IGNORECASE) and not kinds.search(line)
    ]
    assert named == []
