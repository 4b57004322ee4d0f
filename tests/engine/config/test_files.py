"""What is read is what is saved: values, order, unknown keys, comments."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import dump_config, parse_config, read_config, save_text
from sleapnn_engine.config.validate import validate
from sleapnn_engine.config.yaml_dialect import _Dumper, parse, write
from tests.engine.config.strategies import LARGE, configs

COMMENTED = """\
# a lab's own config
trainer_config:       # last things first
  max_epochs: 30
  optimizer: {lr: 1e-3}
  seed:
lab_note: "keep ${this} and ???"
data_config:
  train_labels_path:
  - one.slp           # the good one
  - two.slp
  validation_fraction: 1e-1
"""


def _exact(values: Any) -> str:
    return write(values)


@LARGE
@given(configs())
def test_load_of_dump_is_the_same(values: dict[str, Any]) -> None:
    assert _exact(parse(dump_config(values))) == _exact(values)


@LARGE
@given(configs(), configs())
def test_editing_a_file_gives_exactly_the_new_values(before: dict[str, Any], after: dict[str, Any]) -> None:
    text = dump_config(after, base=dump_config(before))
    assert _exact(parse(text)) == _exact(after)


class Plainly(yaml.SafeDumper):
    """PyYAML with lists indented below their names and nothing written as a reference to an earlier part."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


#: Texts that are quoted, wrapped, or written over several lines, and numbers that are written in ways of their own.
ODD = (
    *("", " ", "null", "~", "yes", "1e-3", "1_0", "0x1F", "1:30", "2020-01-01", "- a", "a: b", "a #b", "#", "?", "? x", "-"),
    *("two\nlines", "ends\n", "tab\t", "\x07", "\x85", "\u2028", "\ufeff", "é", "🐭", "'", '"', "\\", "%", "@x", "!x", "&x", "*"),
    *("word " * 90, "w" * 500, "é\x07" * 60, True, False, None, 0, -1, 10**40, 0.0, -0.0, 1.0, 1e-6, 1e300, 0.1),
    *(float("inf"), -float("inf"), float("nan"), [], {}, (), (1, 2), {1: 2}, [[]], [{}], [[1, [2]], 3], [{"a": [1], "b": 2}]),
)  # fmt: skip


Plainly.yaml_implicit_resolvers = _Dumper.yaml_implicit_resolvers
Plainly.add_representer(tuple, lambda dumper, data: dumper.represent_list(list(data)))


def as_pyyaml_has_it(values: Any) -> str:
    return yaml.dump(values, Dumper=Plainly, sort_keys=False, allow_unicode=True, width=1000)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.sampled_from(ODD) | st.text(max_size=8) | st.floats() | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([odd for odd in ODD if type(odd) is str]) | st.text(max_size=5),
                inner,
                max_size=4,
            )
        ),
        max_leaves=10,
    )
)
def test_what_is_written_is_what_pyyaml_writes(values: Any) -> None:
    assert write(values) == as_pyyaml_has_it(values)


def test_every_odd_value_and_name_is_written_as_pyyaml_writes_it() -> None:
    for odd in ODD:
        deep: Any = odd
        for around in range(130):
            deep = [deep, odd] if around % 3 else {str(odd): deep, "next": odd}
            if around in (0, 1, 2, 60, 129):
                assert write(deep) == as_pyyaml_has_it(deep), (odd, around)


@LARGE
@given(configs())
def test_a_config_of_fitting_values_has_no_single_value_error(values: dict[str, Any]) -> None:
    errors = [
        issue for issue in validate(values) if issue.severity == "error" and " must be " in issue.message
    ]
    assert [
        issue for issue in errors if "power of two" in issue.message or "whole number" in issue.message
    ] == []


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["data_config", "model_config", "trainer_config", "x", "unet", "lr_scheduler"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_validate_never_raises(values: Any) -> None:
    if isinstance(values, dict):
        assert isinstance(validate(values), list)


def test_an_untouched_file_saves_byte_for_byte() -> None:
    found = parse_config(COMMENTED)
    assert dump_config(found.values, base=found.text) == COMMENTED


def test_an_edit_keeps_comments_order_and_unknown_keys() -> None:
    found = parse_config(COMMENTED)
    tree.put(found.values, "trainer_config.max_epochs", 31)
    text = dump_config(found.values, base=found.text)
    for kept in (
        "# a lab's own config",
        "# last things first",
        "# the good one",
        'lab_note: "keep ${this} and ???"',
        "{lr: 1e-3}",
    ):
        assert kept in text
    assert text.index("trainer_config") < text.index("lab_note") < text.index("data_config")
    assert parse(text)["trainer_config"]["max_epochs"] == 31


@pytest.mark.parametrize(
    "text", ["1e-6", "1E5", "1.5", "-3", "0x10", "yes", "null", "~", "2026-01-01", ".inf", "a: b", "12:30:00"]
)
def test_scalars_read_as_omegaconf_reads_them(text: str, tmp_path: Path) -> None:
    """Other programs read these files through OmegaConf; both must see the same value."""
    file = tmp_path / "c.yaml"
    file.write_text(f"x: {text}\n" if ":" not in text or text[0].isdigit() else f"x: {{{text}}}\n")
    theirs = OmegaConf.to_container(OmegaConf.load(file))["x"]
    ours = read_config(file).values["x"]
    assert (type(ours), ours) == (type(theirs), theirs)


@LARGE
@given(configs())
def test_omegaconf_reads_our_files_as_we_do(values: dict[str, Any]) -> None:
    text = dump_config(values)
    if "${" in text or "???" in text:
        return
    assert OmegaConf.to_container(OmegaConf.create(text)) == parse(text)


def test_saving_is_atomic_and_keeps_a_backup(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    save_text(file, "a: 1\n")
    save_text(file, "a: 2\n")
    assert file.read_text() == "a: 2\n"
    assert (tmp_path / "c.yaml.bak").read_text() == "a: 1\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.yaml", "c.yaml.bak"]


def test_a_folder_in_the_way_loses_nothing(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("x")
    with pytest.raises(UserError, match="cannot be written"):
        save_text(blocker / "c.yaml", "a: 1\n")
    assert blocker.read_text() == "x"


def test_the_api_key_is_never_written() -> None:
    values = {"trainer_config": {"wandb": {"api_key": "secret-key", "project": "p"}}}
    assert "secret" not in dump_config(values)
    assert "secret" not in dump_config(values, base=write(values))
    assert parse(dump_config(values))["trainer_config"]["wandb"] == {"api_key": None, "project": "p"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: ,\n", "Line 1, column 4: a value is missing before “,”"),
        ("a: [1,,2]\n", "Line 1, column 7: a value is missing before “,”"),
        ("a: @mice\n", "“@” cannot begin a value; a text that begins with this sign needs quotation marks"),
        ("a: - b\n", "a list written with “-” begins on a line of its own"),
        ("b: {a: 1\n", "a section that begins with { is not closed with }"),
        ("b: [1\n", "a list that begins with [ is not closed with ]"),
        ('a: "C:\\mice"\n', "“\\m” means nothing between double quotation marks"),
        ("a: 1\n---\nb: 2\n", "a second config begins here"),
        ("a: 1\n  b: 2\n", "a colon stands where only a value can"),
        ("a: |x\n", "the text begins on the next line"),
        ("a: *\n", "needs quotation marks"),
    ],
)
def test_what_is_no_yaml_is_told_in_words(text: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_config(text, path=Path("mine.yaml"))
    assert told in caught.value.message
    assert not re.search("node|token|mapping|indicator|expected", caught.value.message)
