"""The one table of what `predict` can be told: what a window says is what the command line hears."""

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.commands.predict import add_arguments
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.predict_options import (
    BY_NAME,
    OPTIONS,
    Group,
    Option,
    complaints,
    option_words,
    read_value,
    why_unused,
)
from sleapnn_engine.config.run_models import partners, run_model

FIXED = ["run", "--data", "a.slp", "-o", "b.slp"]
DEFAULTS = {option.name: option.default for option in OPTIONS}


def heard(words: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return vars(parser.parse_args([*FIXED, *words]))


def other(option: Option) -> Any:
    """A value that is not the default."""
    if option.kind is bool:
        return True
    if option.name == "device":
        return "cpu"
    if option.choices:
        return next(choice for choice in option.choices if choice != option.default)
    if option.limits:
        return option.kind(option.limits[0] if option.default != option.limits[0] else option.limits[1])
    return "3-5"


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_what_is_said_is_heard(option: Option) -> None:
    value = other(option)
    if option.kind is not bool:
        assert read_value(option, f" {value} ") == value
        assert read_value(option, " ") == option.default
    words = option_words({**DEFAULTS, option.name: value})
    assert heard(words) == heard([]) | {option.name: value}
    assert len(words) == 1
    assert option.label
    assert option.help


def test_what_is_so_anyway_is_not_said() -> None:
    assert option_words(DEFAULTS) == []
    assert complaints(DEFAULTS) == []
    assert {name: value for name, value in heard([]).items() if name in BY_NAME} == DEFAULTS


def test_numbers_that_make_no_sense_are_all_told() -> None:
    wrong = complaints({**DEFAULTS, "batch_size": 0, "peak_threshold": 2.0, "max_tracks": 3})
    assert [error.where for error in wrong] == ["--peak-threshold", "--batch-size", "--max-tracks"]
    for name, text, said in (
        ("batch_size", "2.5", "is not a whole number"),
        ("batch_size", "0", "outside of what makes sense, 1 to 4096"),
        ("min_line_scores", "much", "is not a number"),
    ):
        with pytest.raises(UserError, match=said):
            read_value(BY_NAME[name], text)


def test_which_models_have_a_use_for_what() -> None:
    def unused(*names: str) -> list[object]:
        kinds = [MODEL_TYPES[name] for name in names]
        return [
            what
            for what in ("max_instances", "identities", Group.TRACKING, Group.LIMBS)
            if why_unused(what, kinds)
        ]

    assert unused("bottomup") == ["identities"]
    assert unused("multi_class_bottomup") == [Group.TRACKING, Group.LIMBS]
    assert unused("single_instance") == ["max_instances", "identities", Group.TRACKING, Group.LIMBS]
    assert unused("centered_instance") == ["max_instances", "identities", Group.LIMBS]
    assert unused("centroid", "centered_instance") == ["identities", Group.LIMBS]
    assert unused("centroid", "multi_class_topdown") == ["identities", Group.TRACKING, Group.LIMBS]
    assert "centroid" in why_unused(Group.TRACKING, [MODEL_TYPES["centroid"]], likeness="oks")
    assert not why_unused(Group.TRACKING, [MODEL_TYPES["centroid"]], likeness="centroid")


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    def folder(name: str, kind: str, labels: str, *, weights: bool = True) -> Path:
        made = tmp_path / name
        made.mkdir()
        values = {
            "data_config": {"train_labels_path": [labels]},
            "model_config": {"head_configs": {kind: {"confmaps": {"anchor_part": "thorax"}}}},
        }
        (made / "training_config.yaml").write_text(dump_config(values), encoding="utf-8")
        if weights:
            (made / "best.ckpt").write_bytes(b"weights")
        return made

    return folder


def test_partners_are_what_makes_a_pair(make: Callable[..., Path], tmp_path: Path) -> None:
    own = run_model(make("own", "centered_instance", "a.slp"))
    assert own is not None
    assert (own.kind.key, own.labels, own.centring.anchor) == ("centered_instance", ("a.slp",), "thorax")
    same = make("same", "centroid", "a.slp")
    newer = make("newer", "centroid", "b.slp")
    make("another", "bottomup", "a.slp")
    make("untrained", "centroid", "a.slp", weights=False)
    (tmp_path / "no_run").mkdir()
    broken = make("broken", "centroid", "a.slp")
    (broken / "training_config.yaml").write_text("[", encoding="utf-8")
    assert [one.folder for one in partners(own, tmp_path.iterdir())] == [same, newer]
    shutil.rmtree(same)
    assert [one.folder for one in partners(own, tmp_path.iterdir())] == [newer]
