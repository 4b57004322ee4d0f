"""The names of the model types stand in one record, in the schema that makes it settings, and in tables of other formats."""

import ast
from pathlib import Path

from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.spec import SPEC

ROOT = Path(__file__).resolve().parents[2]
#: Where a name may stand: the record, the schema's own field names, and tables from other programs' words to these.
ALLOWED = {
    "sleapnn_engine/config/model_types.py",
    "sleapnn_engine/config/legacy_fields.py",
    "sleapnn_engine/config/legacy_before_1.py",
}
#: A word that is also that of a point: the name of a node in files, and of a place in an animal.
ALSO_A_POINT = {
    ("sleapnn_engine/inference/animals.py", "centroid"),
    ("sleapnn_engine/data/samples.py", "centroid"),
    ("sleapnn_engine/config/likeness.py", "centroid"),
}
PARTS = {"multi_class", "topdown"}


def named(path: Path) -> set[tuple[str, str]]:
    """Types that code of a file names as a whole word of a text, messages for people aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {(path.relative_to(ROOT).as_posix(), text) for text in texts if text in {*MODEL_TYPES, *PARTS}}


def test_no_other_file_names_a_type() -> None:
    found: set[tuple[str, str]] = set()
    for package in ("sleapnn_engine", "sleapnn_gui"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.relative_to(ROOT).as_posix() not in ALLOWED:
                found |= named(path)
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
