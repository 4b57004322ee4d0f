"""Live events and pages, in whatever order and with whatever gaps, come out once and in sequence."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sleapnn_engine.protocol.messages import Event
from sleapnn_engine.protocol.ordering import MAX_AHEAD, EventOrder
from tests.engine.protocol.conftest import seqs


def event(seq: int | None) -> Event:
    return Event(seq, 1.0, "log", {})


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(1, 30)),
    st.sets(st.integers(1, 30)),
    st.integers(1, 7),
    st.lists(st.booleans()),
)
def test_everything_comes_out_once_and_in_order(
    live: list[int], kept: set[int], size: int, fetch: list[bool]
):
    """`live`: what the socket brings, with gaps, repeats and disorder. `kept`: what pages can bring."""
    order = EventOrder(1)
    out: list[int | None] = []

    def fetch_page() -> None:
        gap = order.missing()
        if gap is not None:
            last = min(gap[1], gap[0] + size - 1)
            order.page([event(seq) for seq in range(gap[0], last + 3) if seq in kept], next_seq=last + 1)

    for at, seq in enumerate(live):
        order.live(event(seq))
        if at < len(fetch) and fetch[at]:
            fetch_page()
        out += seqs(order.pop(3))
    order.known_to(30)
    while order.missing() is not None:
        fetch_page()
    out += seqs(order.pop(100))
    assert out == sorted(set(out))
    assert kept <= set(out)
    assert set(out) <= kept | set(live)
    assert order.next == 31


def test_events_without_a_number_come_out_as_they_come():
    order = EventOrder(1)
    for seq in (2, None, 1):
        order.live(event(seq))
    assert seqs(order.pop(9)) == [None, 1, 2]


def test_the_beginning_can_be_left_open():
    order = EventOrder(None)
    order.live(event(7))
    assert order.missing() is None
    order.begin(6)
    order.begin(1)
    assert order.missing() == (6, 6)
    order.live(event(6))
    assert seqs(order.pop(9)) == [6, 7]


def test_what_is_kept_ahead_is_bounded_and_the_rest_is_asked_for_again():
    order = EventOrder(1)
    for seq in range(2, MAX_AHEAD + 12):
        order.live(event(seq))
    order.page([event(1)], next_seq=2)
    assert order.ready == MAX_AHEAD + 1
    assert order.missing() == (MAX_AHEAD + 2, MAX_AHEAD + 11)
