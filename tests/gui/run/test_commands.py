"""How long it is worth telling that a command on a run came to nothing."""

import pytest

from sleapnn_gui.run.commands import CommandTrack
from sleapnn_gui.run.machine import State


@pytest.mark.parametrize(
    ("verb", "kind", "state", "past"),
    [
        ("pause", "epoch_end", State.TRAINING, False),
        ("pause", "stopping", State.STOPPING, True),
        ("checkpoint", "epoch_end", State.TRAINING, False),
        ("checkpoint", "checkpoint", State.TRAINING, True),
        ("cancel", "stopping", State.STOPPING, False),
    ],
)
def test_what_was_refused_is_past_where_it_came_about_or_makes_no_sense(verb, kind, state, past):
    told = []
    track = CommandTrack(lambda *said: told.append(said))
    track.ask(verb)
    track.refuse(verb, "It is busy.")
    track.handle_event(kind, state=state)
    assert ((verb, "past", "") in told) is past
    track.close(State.STOPPED)
    track.close(State.STOPPED)
    assert told.count((verb, "past", "")) == 1


def test_what_is_asked_again_is_not_past():
    told = []
    track = CommandTrack(lambda verb, stage, _: told.append(stage))
    track.ask("pause")
    track.refuse("pause", "It is busy.")
    track.ask("pause")
    track.handle_event("epoch_end", state=State.PAUSED)
    assert told == ["asked", "refused", "asked"]
