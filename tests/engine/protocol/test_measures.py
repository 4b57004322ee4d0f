"""The table of what a validation measures: it has what is computed, and each figure finds its place by it alone."""

import math

import attrs
import pytest

from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.evaluation.scores import Summary
from sleapnn_engine.protocol.measures import HEADLINES, MEASURES, Group, Measured, lines_of


def test_each_figure_that_is_computed_has_a_record_and_the_other_way_round():
    beside = {"by_node", "body", "hits", "order", "worst_by_node", "swapped"}
    assert {field.name for field in attrs.fields(Summary)} - beside == {each.key for each in MEASURES}


@pytest.mark.parametrize("group", Group)
def test_what_is_drawn_together_has_one_unit_and_lines_that_differ(group):
    lines = lines_of(group)
    assert len({measure.unit for measure, _ in lines}) == 1
    assert len({line.stroke for _, line in lines}) == len({line.name for _, line in lines}) == len(lines)


@pytest.mark.parametrize("attribute", ["key", "column", "listed", "heading"])
def test_no_two_figures_have_one_name(attribute):
    names = [name for each in MEASURES if (name := getattr(each, attribute))]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda each: each.key)
def test_words_of_a_figure_can_be_said(measure):
    values = {each.key: "5 %" for each in MEASURES}
    assert "{" not in measure.help.format(**values)
    assert measure.view or not measure.caption, "what stands large leads a view"
    assert measure.view or not measure.if_zero
    assert bool(measure.heading) == bool(measure.heading_help), "a column of the list of runs says what it is"
    assert any(measure.belongs(kind) for kind in MODEL_TYPES.values())


def test_each_type_of_model_has_a_headline():
    for kind in MODEL_TYPES.values():
        assert any(measure.belongs(kind) for measure in HEADLINES)


@pytest.mark.parametrize("odd", [None, [], "3", {"median_px": "3", "by_node": [1]}])
def test_what_is_no_figure_in_a_file_is_left_out(odd):
    measured = Measured.of(odd)
    assert not list(measured.items())
    assert measured.by_node == {}


@pytest.mark.parametrize("value", [10**400, math.nan, math.inf, True, "3"])
def test_a_number_that_is_none_is_left_out(value):
    measured = Measured.of({"median_px": value, "p90_px": 4, "by_node": {"nose": value, "tail": 2.0}})
    assert [(each.key, number) for each, number in measured.items()] == [("p90_px", 4.0)]
    assert measured.by_node == {"nose": None, "tail": 2.0}


def test_what_was_measured_is_read_as_it_was_written():
    body = {**{each.key: 0.5 for each in MEASURES}, "by_node": {"nose": 1.0}}
    assert Measured.of(body).body == body
