"""The recipes of CONTRIBUTING.md name every file that their example stands in, and no other."""

import re

import pytest

from sleapnn_engine.protocol.measures import MEASURES
from tests.architecture.sources import ROOT

ROW = re.compile(r"^\| (an? [\w ]+) \| `(\w+)` \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
PLACES = [
    *(ROOT / "sleapnn_engine").rglob("*.py"),
    *(ROOT / "sleapnn_gui").rglob("*.py"),
    ROOT / "resources" / "forms" / "layout.yaml",
    ROOT / "resources" / "encoders" / "timm.csv",
]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PLACES}


def test_there_is_a_recipe_for_each_kind():
    kinds = {kind.partition(" ")[2] for kind, _, _ in ROWS}
    assert kinds == {"setting", "encoder of timm", "command on a run", "page", "curve", "head"}


@pytest.mark.parametrize(("kind", "example", "cell"), ROWS, ids=[kind for kind, _, _ in ROWS])
def test_a_recipe_names_the_files_of_its_example(kind, example, cell, texts):
    named = sorted(re.findall(r"`([\w/]+\.(?:py|yaml|csv))`", cell))
    words = {example, example.replace("_", "-"), example.title().replace("_", "")}
    found = sorted(
        path for path, text in texts.items() if any(re.search(rf"\b{word}\b", text) for word in words)
    )
    assert named == found


@pytest.mark.parametrize("key", sorted({each.key for each in MEASURES} - {"precision"}))
def test_a_figure_of_the_validation_is_named_where_it_is_computed_and_in_its_record(key, texts):
    """And at most in one more place; number formats are called precision as well."""
    named = [
        path for path, text in texts.items() if re.search(rf"[\"'./]{key}\b|^ +{key}[:=]", text, re.MULTILINE)
    ]
    assert {"sleapnn_engine/evaluation/scores.py", "sleapnn_engine/protocol/measures.py"} <= set(named)
    assert len(named) <= 3, named
