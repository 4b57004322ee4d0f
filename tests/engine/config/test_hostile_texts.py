"""YAML and JSON that would take for ever, or all memory, or never end: refused in a sentence with its place."""

from pathlib import Path

import pytest

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.legacy.conversion import import_legacy
from sleapnn_engine.config.presets import find_preset
from sleapnn_engine.config.yaml_dialect import parse
from sleapnn_gui.document.files import open_config
from tests.engine.commands.in_process import engine


def bomb() -> str:
    """Nine times nine times ... the same nine numbers: a few hundred signs that stand for 9^9 of them."""
    lines = [f"{c}: &{c} [{', '.join([f'*{p}'] * 9)}]" for p, c in zip("abcdefgh", "bcdefghi", strict=True)]
    return "\n".join(["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]", *lines])


#: Texts that would take for ever, or end the program, and where the reader says it stopped.
HOSTILE = {
    "bomb": (bomb(), "Line 5, column 12"),
    "itself": ("a: 1\nb: &x [*x]\n", "Line 2, column 8"),
    "itself in a section": ("a: &x\n  b:\n    c: *x\n", "Line 3, column 8"),
    "nowhere": ("a: *x\n", "Line 1, column 4"),
    "deep list": ("[" * 5000, "Line 1, column 101"),
    "deep sections": ("\n".join(" " * i + f"a{i}:" for i in range(300)), "Line 100"),
    "deep dashes": ("- " * 50_000, "Line 1, column 201"),
    "many": ("".join(f"k{i}: 1\n" for i in range(30_000)), "Line 10000"),
    "long": ("# a comment\n" * 200_000, "2,400,000 characters"),
    "digits": ("a: 1\nb: " + "1" * 5_000, "Line 2, column 4"),
    "base sixty": ("a: 1" + ":1" * 200_000, "Line 1, column 4"),
    "no number": ("a: !!int abc", "Line 1, column 4"),
    "object": ("a: !!python/object/apply:os.system [x]", "Line 1, column 4"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_refused_with_their_place_by_every_reader(name: str, tmp_path: Path) -> None:
    """Each of these ends within a blink; before, some took half a minute and some never ended."""
    text, place = HOSTILE[name]
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    for reader in (read_config, open_config):
        with pytest.raises(UserError) as caught:
            reader(path)
        assert place in caught.value.message
        assert caught.value.where == str(path)
    for words in (["validate", path], ["train", path], ["import-legacy", path, "-o", tmp_path / "new.yaml"]):
        said = engine(*words)
        assert said.code == 2
        assert str(path) in said.out + said.err
        if words[0] != "import-legacy":  # to which it is no JSON, whatever else it is
            assert place in said.out + said.err
    if len(text) < 1000:
        said = engine(
            "train",
            find_preset("centroid_unet").path,
            "--run-dir",
            tmp_path / "run",
            f"trainer_config={text}",
        )
        assert (said.code, place in said.err) == (2, True), said


#: JSON that is hostile in the same ways.
HOSTILE_JSON = {
    "deep list": ('{"model": ' + "[" * 50_000, "line 1, column 110"),
    "deep sections": ('{"a":' * 5_000 + "1" + "}" * 5_000, "line 1, column 501"),
    "open text": ('{"model": "' + '\\"' * 200_000, "line 1, column 11"),
    "open comments": ("{" + "/*/" * 200_000, "line 1, column"),
    "digits": ('{"model": ' + "1" * 10_000 + "}", "far too long"),
}


@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_hostile_json_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    text, place = HOSTILE_JSON[name]
    path = tmp_path / "profile.json"
    path.write_text(text, encoding="utf-8")
    said = engine("import-legacy", path, "-o", tmp_path / "new.yaml")
    assert said.code == 2
    assert str(path) in said.err
    assert place in said.err
    assert engine("validate", path).code == 2
    with pytest.raises(UserError):
        open_config(path)


def test_a_training_file_of_too_many_settings_is_refused() -> None:
    legacy = {"model": {"backbone": {"unet": {}}, "heads": {}}, "more": {f"k{i}": 1 for i in range(30_000)}}
    with pytest.raises(UserError, match="more than 20,000 settings"):
        import_legacy(legacy)


def test_parts_may_be_repeated_and_merged() -> None:
    text = "a: &a {x: 1, y: 2}\nb: *a\nc:\n  <<: *a\n  y: 3\n"
    assert parse(text) == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 2}, "c": {"x": 1, "y": 3}}
