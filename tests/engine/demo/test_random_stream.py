"""The seeded numbers: the same everywhere, independent, evenly spread."""

import numpy as np

from sleapnn_engine.demo.random_stream import Drift, Grain, RandomStream

KNOWN_WORDS = [16086339349434087082, 7812736253527192206, 11896250645627329403]
KNOWN_CHILD = [18218117331691377371]


def test_words_are_the_ones_written_down_here():
    """Known answers: any processor or numpy that gives others would draw other pictures."""
    assert RandomStream("a", 1).words(3).tolist() == KNOWN_WORDS
    assert RandomStream("a", 1).child("b").words(1).tolist() == KNOWN_CHILD


def test_a_stream_does_not_depend_on_how_it_is_cut():
    whole = RandomStream(5).words(10)
    stream = RandomStream(5)
    assert np.array_equal(np.concatenate([stream.words(3), stream.words(7)]), whole)


def test_children_do_not_depend_on_what_was_drawn_before():
    used, fresh = RandomStream(5), RandomStream(5)
    used.uniforms(100)
    assert used.child("x").uniform() == fresh.child("x").uniform()


def test_numbers_of_different_keys_are_unrelated():
    first, second = RandomStream("film", 1).uniforms(5000), RandomStream("film", 2).uniforms(5000)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05


def test_uniforms_fill_their_range_evenly():
    counts, _ = np.histogram(RandomStream(3).uniforms(20000), bins=10, range=(0, 1))
    assert counts.min() > 1800
    assert counts.max() < 2200


def test_normals_have_mean_zero_and_deviation_one():
    values = RandomStream(4).normals(200, 100)
    assert abs(values.mean()) < 0.03
    assert abs(values.std() - 1) < 0.03
    assert np.abs(values).max() <= np.sqrt(12)


def test_grain_and_drift_are_smooth_and_bounded():
    x = np.linspace(0, 200, 20001)
    grain = Grain(RandomStream(6)).at(x, 0.3 * x)
    drift = np.array([Drift(RandomStream(7), period=9.0).at(time) for time in x])
    for values in (grain, drift):
        assert np.abs(values).max() <= 1
        assert np.abs(np.diff(values)).max() < 0.05
        assert values.std() > 0.2
