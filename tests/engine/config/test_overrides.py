"""`key=value` words of a command line: OmegaConf's dotlists, with every problem as a sentence."""

import re
from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.overrides import apply_overrides

RATE, LABELS, NAME = (
    "trainer_config.optimizer.lr",
    "data_config.train_labels_path",
    "trainer_config.run_name",
)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        (f"{RATE}=1e-6", 1e-6),
        (f"{LABELS}=[a.slp,b c.slp]", ["a.slp", "b c.slp"]),
        (f"{NAME}=2020-01-01", "2020-01-01"),
        (f"{NAME}=x=y", "x=y"),
        (f"{NAME}=???", "???"),
        (f"{NAME}=${{other}}", "${other}"),
        (f"{NAME}=", None),
        ("model_config.head_configs.centroid={confmaps: {sigma: 2}}", {"confmaps": {"sigma": 2}}),
    ],
)
def test_values_are_read_as_omegaconf_reads_them(word: str, value: Any) -> None:
    values: dict[str, Any] = {}
    apply_overrides(values, [word])
    path = word.partition("=")[0]
    found = tree.get(values, path)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["${", "${=", "a ${ b", "{null: a}", "? "])
def test_what_omegaconf_does_not_take_is_said_in_our_words(text: str) -> None:
    """Its own are those of a grammar: mismatched input '<EOF>' expecting {BRACKET_OPEN, INTER_CLOSE, '.'}."""
    with pytest.raises(UserError) as refused:
        apply_overrides({}, [f"{NAME}={text}"])
    assert (refused.value.where, refused.value.usage) == (NAME, True)
    said = "begins a reference to another setting" if "$" in text else "neither text nor a number"
    assert said in refused.value.message
    assert not re.search("input|EOF|token|NoneType|key type", str(refused.value))


def test_the_last_word_on_a_setting_counts_and_others_stay() -> None:
    values: dict[str, Any] = {"trainer_config": {"seed": 3}}
    apply_overrides(values, [f"{NAME}=a", f"{NAME}=b"])
    assert values == {"trainer_config": {"seed": 3, "run_name": "b"}}


def test_all_that_is_wrong_is_said_and_nothing_is_changed() -> None:
    values: dict[str, Any] = {}
    words = [
        "nothing",
        "trainer_config.sed=1",
        f"{NAME}=[a",
        f"{NAME}=${{",
        f"{RATE}={'9' * 5000}",
        f"{NAME}=ok",
    ]
    with pytest.raises(UserError) as refused:
        apply_overrides(values, words)
    assert refused.value.usage
    assert values == {}
    told = str(refused.value)
    assert "5 of the settings given cannot be used" in told
    for said in ("This is no key=value. (nothing)", "There is no such setting", NAME, RATE):
        assert said.split(" (")[0] in told
    with pytest.raises(UserError, match="no such setting"):
        apply_overrides(values, ["trainer_config.sed=1"])
