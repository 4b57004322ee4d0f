"""The min-max pyramid: whatever is thinned, no extreme is lost and no mean is wrong."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleapnn_gui.monitor.minmax_pyramid import Column, Series


def series_of(values, *, pieces=7):
    series = Series()
    values = np.asarray(values, np.float64)
    for start in range(0, len(values), pieces):
        piece = values[start : start + pieces]
        series.extend(np.arange(start, start + len(piece), dtype=np.float64), piece)
    return series


def test_a_column_grows_and_keeps_what_it_has():
    column = Column(capacity=2)
    for value in range(1000):
        column.append(value)
    assert len(column) == 1000
    np.testing.assert_array_equal(column.values, np.arange(1000))


@pytest.mark.parametrize("count", [1, 5, 16, 17, 63, 64, 65, 257, 5000])
@pytest.mark.parametrize("most", [10, 100, 1000])
def test_the_envelope_has_the_extremes_and_few_points(count, most):
    values = np.random.default_rng(count).normal(size=count)
    x, y = series_of(values).envelope(0, count, most=most)
    assert y.min() == pytest.approx(values.min())
    assert y.max() == pytest.approx(values.max())
    assert len(x) == len(y) <= most + 2
    assert np.all(np.diff(x) >= 0)


def test_few_points_come_back_as_they_are():
    x, y = series_of([3.0, 1.0, 2.0]).envelope(-1, 10, most=100)
    np.testing.assert_array_equal(x, [0, 1, 2])
    np.testing.assert_array_equal(y, [3, 1, 2])


def test_one_outlier_among_a_million_is_seen_in_its_place():
    values = np.ones(1_000_000)
    values[654_321] = 99.0
    series = Series()
    series.extend(np.arange(1_000_000.0), values)
    x, y = series.envelope(0, 1e6, most=2000)
    assert len(x) <= 2002
    assert y.max() == 99.0
    assert abs(x[y.argmax()] - 654_321) < 1_000_000 / 400


def test_a_stretch_shows_its_own_points_and_one_beyond_each_end():
    series = series_of(np.arange(1000.0))
    x, y = series.envelope(100.5, 110.5, most=100)
    np.testing.assert_array_equal(x, np.arange(100, 112))
    np.testing.assert_array_equal(y, np.arange(100, 112))


def test_values_that_are_no_numbers_stay_gaps_and_spoil_nothing():
    values = np.ones(4096)
    values[1000:1100] = np.nan
    values[2000] = np.inf
    series = series_of(values, pieces=97)
    _, y = series.envelope(0, 5000, most=200)
    assert np.nanmax(y) == 1.0
    assert np.nanmin(y) == 1.0
    _, smooth = series.smoothed(0.9, most=200)
    assert np.nanmax(smooth) == pytest.approx(1.0)
    _, exact = series_of([np.nan, 1.0, np.nan, 1.0]).smoothed(0.5)
    np.testing.assert_allclose(exact, [np.nan, 1.0, 1.0, 1.0])


def test_smoothing_begins_at_the_first_value_and_stays_among_them():
    values = [1.0, 2.0, 4.0, 8.0]
    _, smooth = series_of(values).smoothed(0.5)
    assert smooth[0] == 1.0
    assert (np.diff(smooth) > 0).all()
    assert smooth[-1] <= 8.0


def test_smoothing_of_many_points_follows_the_exact_average():
    rng = np.random.default_rng(1)
    values = np.exp(-np.arange(50_000) / 20_000) + 0.05 * rng.normal(size=50_000)
    series = series_of(values, pieces=1000)
    x, thinned = series.smoothed(0.999, most=1000)
    _, exact = series.smoothed(0.999, most=10**9)
    assert len(x) <= 1001
    assert np.abs(thinned - exact[x.astype(int)]).max() < 0.005


def test_no_smoothing_gives_the_values_back():
    _, same = series_of([5.0, 1.0, 3.0]).smoothed(0.0)
    np.testing.assert_array_equal(same, [5, 1, 3])


def test_mean_between():
    series = series_of([1.0, 2.0, 3.0, np.nan, 100.0])
    assert series.mean_between(1.5, 1.6) == pytest.approx(2.5)
    assert math.isnan(Series().mean_between(0, 1))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6, width=32) | st.just(math.nan), min_size=1, max_size=700),
    st.integers(1, 90),
    st.integers(8, 200),
)
def test_however_it_arrives_the_envelope_agrees_with_numpy(values, pieces, most):
    series = series_of(values, pieces=pieces)
    _, y = series.envelope(-1, len(values) + 1, most=most)
    expected = np.asarray(values)
    if np.isnan(expected).all():
        assert np.isnan(y).all()
    else:
        assert np.nanmin(y) == np.float32(np.nanmin(expected))
        assert np.nanmax(y) == np.float32(np.nanmax(expected))
