"""From typed text to values and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.form.codecs import (
    parse_edge,
    parse_float,
    parse_float_or_floats,
    parse_int,
    parse_int_or_auto,
    parse_ints,
    parse_mapping,
    range_text,
    show_chosen,
    show_edge,
    show_list,
    show_mapping,
    show_number,
    show_plain,
    stepped,
)


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_a_number_reads_back_as_the_same_number(number, log):
    assert parse_float(show_number(number, log=log)) == number


@given(st.integers())
def test_a_whole_number_reads_back(number):
    assert parse_int(show_number(number)) == number


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2))
def test_several_numbers_read_back(numbers):
    assert parse_float_or_floats(show_list(numbers)) == numbers


@pytest.mark.parametrize(
    ("number", "log", "text"),
    [
        (1.0, False, "1"),
        (0.5, False, "0.5"),
        (1e-4, True, "1e-4"),
        (1e-4, False, "0.0001"),
        (1.5e-4, True, "1.5e-4"),
        (1e-8, False, "1e-8"),
        (0.01, True, "0.01"),
        (-15.0, False, "-15"),
        (0.0, True, "0"),
        (1e22, False, "1e22"),
        (3, False, "3"),
        (None, False, ""),
        ("as typed", False, "as typed"),
    ],
)
def test_numbers_are_shown_short(number, log, text):
    assert show_number(number, log=log) == text


@pytest.mark.parametrize(
    "text", ["", "abc", "1,5", "1.5.2", "1e", "nan", "inf", "1_000", "0x10", "--1", "١٢x"]
)
def test_what_is_no_number_stays_text(text):
    assert parse_float(text) == text
    assert parse_int(text) == text


@pytest.mark.parametrize(
    ("text", "number"), [("1e-4", 1e-4), (" .5 ", 0.5), ("5.", 5.0), ("-1.5E+3", -1500.0), ("+2", 2.0)]
)
def test_numbers_may_be_written_freely(text, number):
    assert parse_float(text) == number


def test_a_fraction_is_no_whole_number():
    assert parse_int("1.0") == "1.0"


@pytest.mark.parametrize(
    ("text", "value"),
    [("3, 3, 9, 3", [3, 3, 9, 3]), ("[1 2]", [1, 2]), ("1, x", [1, "x"]), ("x", "x"), ("", "")],
)
def test_whole_number_lists(text, value):
    assert parse_ints(text) == value


@pytest.mark.parametrize(("text", "value"), [("auto", "auto"), ("Auto", "auto"), ("2", 2), ("two", "two")])
def test_whole_number_or_auto(text, value):
    assert parse_int_or_auto(text) == value


def test_one_number_or_several():
    assert parse_float_or_floats("1e-8") == 1e-8
    assert parse_float_or_floats("[1e-8, 2]") == [1e-8, 2.0]
    assert parse_float_or_floats("1e-8, x") == "1e-8, x"


def test_mappings():
    value = {"embed": 96, "depths": [2, 2], "rate": 1e-06, "on": True, "none": None, "inner": {"a": 1}}
    assert parse_mapping(show_mapping(value)) == value
    assert parse_mapping("{a: 1") == "{a: 1"
    assert parse_mapping("just text") == "just text"


@pytest.mark.parametrize("text", ["head → thorax", "head -> thorax", "head, thorax", "head;thorax"])
def test_limbs(text):
    assert parse_edge(text) == ["head", "thorax"]


def test_what_is_no_limb_stays_text():
    assert parse_edge("head") == "head"
    assert parse_edge("a, b, c") == "a, b, c"
    assert show_edge(["head", "thorax"]) == "head → thorax"
    assert show_edge("odd") == "odd"


def test_values_in_lists_of_differences():
    assert show_plain(None) == "null"
    assert show_plain(True) == "true"
    assert show_plain([["a", "b"], 1.0]) == "[[a, b], 1]"


def test_what_a_setting_has_where_none_is_said_has_the_words_of_the_form():
    assert show_chosen("data_config.preprocessing.crop_size", None) == "auto"
    assert show_chosen("model_config.head_configs.centroid.confmaps.anchor_part", None) == "box middle"
    assert show_chosen("data_config.train_labels_path", []) == "none"
    assert show_chosen("data_config.preprocessing.crop_size", 80) == "80"


@pytest.mark.parametrize(
    ("path", "value", "steps", "after"),
    [
        ("trainer_config.max_epochs", 10, 1, 11),
        ("trainer_config.max_epochs", 1, -1, None),
        ("trainer_config.max_epochs", "x", 1, None),
        ("data_config.preprocessing.scale", 0.1, 2, 0.2),
        ("model_config.backbone_config.unet.max_stride", 16, 1, 32),
        ("model_config.backbone_config.unet.max_stride", 16, -1, 8),
        ("model_config.backbone_config.unet.kernel_size", 3, 1, 5),
        ("model_config.backbone_config.unet.filters", 32, -1, 24),
        ("trainer_config.optimizer.lr", 1e-4, 1, 2e-4),
        ("trainer_config.optimizer.lr", 1e-4, -1, 5e-5),
        ("trainer_config.optimizer.lr", 3e-4, 1, 5e-4),
        ("data_config.augmentation_config.geometric.rotation_max", 175.0, 1, 180.0),
        ("data_config.augmentation_config.geometric.rotation_max", 180.0, 1, None),
    ],
)
def test_steps(path, value, steps, after):
    assert stepped(SPEC.keys[path].meta, value, steps) == after


def test_ranges_in_words():
    def words(path):
        return range_text(SPEC.keys[path].meta)

    assert words("data_config.validation_fraction") == "more than 0, less than 1"
    assert words("data_config.augmentation_config.geometric.rotation_max") == "-180 to 180"
    assert words("model_config.backbone_config.unet.kernel_size") == "1 to 31, an odd number"
    assert words("name") == ""
