"""Who is who on a frame with several animals, as the engine says it."""

import attrs

from sleapnn_gui.monitor.matching import Matching
from sleapnn_gui.monitor.overlay import Overlay
from tests.engine.protocol.examples import event_of

ONE = [[10.0, 10.0], [20.0, 10.0], [30.0, 10.0]]
TWO = [[10.0, 60.0], None, [30.0, 60.0]]
HIDDEN = [None, None, None]


def frame(truth, predicted, *pairs, **known):
    said = [{"labelled": t, "predicted": p, "error_px": error} for t, p, error in pairs]
    return event_of("frame", truth=truth, predicted=predicted, **{"pairs": said, **known})


def test_pairs_are_those_that_the_engine_sends():
    matching = Matching.of(frame([ONE, TWO], [TWO, ONE], (0, 1, 2.0), (1, 0, 6.0)))
    assert matching.pairs == ((0, 1, 2.0), (1, 0, 6.0))
    assert (matching.missed, matching.extra, matching.wrong) == ((), (), 0)
    assert (matching.predicted_of(1), matching.labelled_of(1)) == (0, 0)


def test_animals_in_no_pair_are_missed_or_none_also_where_they_lie_on_each_other():
    matching = Matching.of(frame([ONE], [ONE]))
    assert (matching.pairs, matching.missed, matching.extra, matching.wrong) == ((), (0,), (0,), 2)
    assert matching.predicted_of(0) is None


def test_animals_without_any_visible_part_are_none():
    matching = Matching.of(frame([HIDDEN, ONE], [HIDDEN]))
    assert (matching.missed, matching.extra) == ((1,), ())


def test_without_pairs_nobody_is_said_to_be_missed():
    matching = Matching.of(attrs.evolve(frame([ONE], [TWO]), pairs=None))
    assert (matching.known, matching.pairs, matching.wrong) == (False, (), 0)


def test_places_that_are_not_there_are_left_out():
    assert Matching.of(frame([ONE], [TWO], (0, 4, 1.0), (-1, 0, 1.0))).wrong == 2


def test_who_an_animal_is_taken_for_is_told_and_whether_that_is_right():
    seen = frame([[[1, 1]], [[9, 9]]], [[[1, 1]], [[9, 9]]], (0, 0, 0.0), (1, 1, None))
    assert Overlay.of(seen).identity_text(0, 0) == ("", True)
    named = attrs.evolve(seen, true_identities=["queen", "worker"], identities=["queen", None])
    overlay = Overlay.of(named)
    assert overlay.identity_text(0, 0) == ("queen", True)
    assert overlay.identity_text(1, 1) == ("nobody, is worker", False)
    unknown = Overlay.of(attrs.evolve(named, true_identities=[None, None]))
    assert unknown.identity_text(0, 0) == ("queen", True), "nobody says who it really is"
