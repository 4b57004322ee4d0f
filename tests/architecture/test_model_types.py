"""The names of the model types stand in one record, in the schema that makes it settings, and in tables of other formats."""

import ast
from pathlib import Path

from sleapnn_engine.config.model_types import HEADS, MODEL_TYPES
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.heads.assemble import kind_of

ROOT = Path(__file__).resolve().parents[2]
#: Where a name may stand: the record, the schema's own field names, and tables from other programs' words to these.
ALLOWED = {
    "sleapnn_engine/config/model_types.py",
    "sleapnn_engine/config/legacy/fields.py",
    "sleapnn_engine/config/legacy/before_1.py",
}
#: A word that is also that of a point: the name of a node in files, and of a place in an animal.
ALSO_A_POINT = {
    ("sleapnn_engine/decoding/animals.py", "centroid"),
    ("sleapnn_engine/data/samples.py", "centroid"),
    ("sleapnn_engine/config/likeness.py", "centroid"),
}
PARTS = {"multi_class", "topdown"}
#: What heads have in common.
SHARED = {"__init__", "assemble", "gaussians", "kind", "map_error", "maps", "patch_indexing"}
#: Where heads are asked for by name: in the file of each. Confidence maps are also the name of what a frame shows.
OWN_TO_A_HEAD = {f"sleapnn_engine/heads/{key}.py" for key in HEADS if key != "confmaps"}


def named(path: Path, names: set[str]) -> set[tuple[str, str]]:
    """Which of `names` code of a file has as a whole word of a text, messages for people aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {(path.relative_to(ROOT).as_posix(), text) for text in texts & names}


def test_no_other_file_names_a_type() -> None:
    found: set[tuple[str, str]] = set()
    for package in ("sleapnn_engine", "sleapnn_gui"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.relative_to(ROOT).as_posix() not in ALLOWED:
                found |= named(path, {*MODEL_TYPES, *PARTS})
    assert found == ALSO_A_POINT


def test_the_record_has_the_types_and_heads_of_the_schema() -> None:
    heads = "model_config.head_configs"
    assert list(MODEL_TYPES) == [
        path.rpartition(".")[2] for path in SPEC.sections if path.rpartition(".")[0] == heads
    ]
    for key, kind in MODEL_TYPES.items():
        sections = [
            path.rpartition(".")[2] for path in SPEC.sections if path.rpartition(".")[0] == f"{heads}.{key}"
        ]
        assert sorted(kind.heads) == sorted(sections)
    assert set(HEADS) == {key for kind in MODEL_TYPES.values() for key in kind.heads}


def test_each_head_has_a_file_that_says_it_all() -> None:
    for key, traits in HEADS.items():
        assert kind_of(key).traits is traits
    assert {path.stem for path in (ROOT / "sleapnn_engine" / "heads").glob("*.py")} - set(HEADS) == SHARED


def test_heads_are_asked_for_by_name_only_where_their_own_code_stands() -> None:
    found: set[str] = set()
    for package in ("sleapnn_engine", "sleapnn_gui"):
        for path in sorted((ROOT / package).rglob("*.py")):
            found |= {file for file, _ in named(path, set(HEADS) - {"confmaps"})}
    assert {file for file in found - ALLOWED if "/config/legacy" not in file} == OWN_TO_A_HEAD
