"""The table of states, row by row: what every word does in every state, and what every ending makes of it."""

import pytest

from sleapnn_engine.protocol import events
from sleapnn_gui.run.machine import (
    TERMINAL,
    TRANSITIONS,
    ExitKind,
    Phase,
    RunEvent,
    RunMachine,
    State,
    UnexpectedEventError,
    word_of,
)
from tests.engine.protocol.examples import event_of

# One row a state, one column a word in this order; "." is a word that state cannot take.
WORDS = (
    *("connection found", "connected", "prepare", "started", "epoch", "validate", "save", "phase over"),
    *("pausing", "paused", "resumed", "stopping", "finish", "said completed", "said stopped", "said failed"),
    "cancel",
)
L, C, P, T = "launching", "connecting", "preparing", "training"
A, D, S, F = "pausing", "paused", "stopping", "finalizing"
MATRIX = {
    L: [C, P, P, P, T, T, T, T, A, D, ".", S, F, F, F, F, S],
    C: [C, P, P, P, T, T, T, T, A, D, ".", S, F, F, F, F, S],
    P: [".", P, P, P, T, T, T, T, A, D, ".", S, F, F, F, F, S],
    T: [".", T, T, T, T, T, T, T, A, D, ".", S, F, F, F, F, S],
    A: [".", A, A, A, A, A, A, A, ".", D, T, S, F, F, F, F, S],
    D: [".", D, ".", ".", ".", ".", D, D, ".", ".", T, S, F, F, F, F, S],
    S: [S, S, S, S, S, S, S, S, S, S, S, S, F, F, F, F, S],
    F: [".", F, ".", ".", ".", F, F, F, ".", ".", ".", F, F, F, F, F, S],
    "completed": ["."] * 17,
    "stopped": ["."] * 17,
    "failed": ["."] * 17,
    "crashed": ["."] * 17,
    "cancelled": ["."] * 17,
}

CELLS = [(state, word, row[column]) for state, row in MATRIX.items() for column, word in enumerate(WORDS)]


def test_matrix_lists_every_state_and_every_word():
    assert set(MATRIX) == set(State)
    assert tuple(RunEvent) == WORDS
    assert all(len(row) == len(WORDS) for row in MATRIX.values())
    assert set(TRANSITIONS) == set(State)


@pytest.mark.parametrize(("state", "word", "following"), CELLS)
def test_word_in_state(state, word, following):
    machine = RunMachine(State(state))
    if following == ".":
        with pytest.raises(UnexpectedEventError) as caught:
            machine.advance(RunEvent(word))
        assert state in str(caught.value)
        assert machine.state == state
    else:
        machine.advance(RunEvent(word))
        assert machine.state == following


def test_phases_follow_the_words_of_a_training_engine():
    machine = RunMachine(State.PREPARING)
    seen = []
    for word in (
        RunEvent.EPOCH,
        RunEvent.VALIDATE,
        RunEvent.PHASE_OVER,
        RunEvent.SAVE,
        RunEvent.PHASE_OVER,
        RunEvent.PAUSED,
    ):
        machine.advance(word)
        seen.append(machine.phase)
    assert seen == [Phase.EPOCH, Phase.VALIDATING, Phase.EPOCH, Phase.SAVING, Phase.EPOCH, Phase.NONE]


def test_a_late_prepare_leaves_the_phase_of_a_training_run():
    machine = RunMachine(State.TRAINING)
    machine.advance(RunEvent.VALIDATE)
    assert machine.advance(RunEvent.PREPARE) is False
    assert machine.phase is Phase.VALIDATING


ENDINGS = {
    # (what the engine had said, cancelled before that): what each exit makes of it
    (None, False): {
        ExitKind.CLEAN: State.COMPLETED,
        ExitKind.FAILED: State.FAILED,
        ExitKind.REFUSED: State.FAILED,
        ExitKind.INTERRUPTED: State.STOPPED,
        ExitKind.BROKEN: State.CRASHED,
    },
    (RunEvent.SAID_COMPLETED, False): dict.fromkeys(ExitKind, State.COMPLETED),
    (RunEvent.SAID_STOPPED, False): dict.fromkeys(ExitKind, State.STOPPED),
    (RunEvent.SAID_FAILED, False): dict.fromkeys(ExitKind, State.FAILED),
    (None, True): dict.fromkeys(ExitKind, State.CANCELLED),
    (RunEvent.SAID_COMPLETED, True): dict.fromkeys(ExitKind, State.COMPLETED),
    (RunEvent.SAID_STOPPED, True): dict.fromkeys(ExitKind, State.CANCELLED),
    (RunEvent.SAID_FAILED, True): dict.fromkeys(ExitKind, State.CANCELLED),
}


@pytest.mark.parametrize(("said", "cancelled"), list(ENDINGS))
@pytest.mark.parametrize("ending", list(ExitKind))
def test_ending(said, cancelled, ending):
    machine = RunMachine(State.TRAINING)
    if cancelled:
        machine.advance(RunEvent.CANCEL)
    if said is not None:
        machine.advance(said)
    expected = ENDINGS[said, cancelled][ending]
    assert machine.end(ending) is expected
    assert machine.state is expected
    assert machine.is_over


def test_terminal_states_are_entered_only_by_the_exit_and_left_by_nothing():
    assert all(following not in TERMINAL for row in TRANSITIONS.values() for following in row.values())
    machine = RunMachine(State.FINALIZING)
    machine.end(ExitKind.CLEAN)
    with pytest.raises(ValueError):
        machine.end(ExitKind.CLEAN)


CAN = {
    "pause": {State.TRAINING},
    "resume": {State.PAUSED},
    "stop": {State.PREPARING, State.TRAINING, State.PAUSING, State.PAUSED},
    "checkpoint": {State.TRAINING, State.PAUSED},
    "stop_when": {State.TRAINING, State.PAUSED},
    "release_memory": {State.PAUSED},
    "cancel": set(State) - TERMINAL,
}


@pytest.mark.parametrize("verb", list(CAN))
@pytest.mark.parametrize("state", list(State))
def test_what_can_be_asked_for(verb, state):
    assert RunMachine(state).can(verb) == (state in CAN[verb])


def test_cancel_can_be_asked_for_once():
    machine = RunMachine(State.PAUSED)
    machine.advance(RunEvent.CANCEL)
    assert not machine.can("cancel")


def test_lost_contact_is_a_flag_beside_the_state():
    machine = RunMachine(State.PAUSED)
    assert machine.set_lost_contact(lost=True) is True
    assert machine.set_lost_contact(lost=True) is False
    assert machine.state is State.PAUSED
    machine.end(ExitKind.BROKEN)
    assert machine.lost_contact is False
    assert machine.set_lost_contact(lost=True) is False


def phase(name, state):
    return events.Phase(name=name, state=state, done=None, total=None, seconds=None, text="")


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (phase("cache", "progress"), RunEvent.PREPARE),
        (phase("first_batch", "done"), RunEvent.PREPARE),
        (phase("train", "started"), RunEvent.EPOCH),
        (phase("train", "done"), None),
        (phase("validate", "started"), RunEvent.VALIDATE),
        (phase("validate", "done"), RunEvent.PHASE_OVER),
        (phase("save", "done"), RunEvent.PHASE_OVER),
        (phase("finish", "started"), RunEvent.FINISH),
        (phase("something new", "started"), None),
        (event_of("batch_end"), RunEvent.EPOCH),
        (event_of("epoch_end"), None),
        (event_of("finished", outcome="completed"), RunEvent.SAID_COMPLETED),
        (event_of("finished", outcome="early_stopped"), RunEvent.SAID_COMPLETED),
        (event_of("finished", outcome="stopped"), RunEvent.SAID_STOPPED),
        (event_of("failed"), RunEvent.SAID_FAILED),
        (event_of("log"), None),
        (None, None),
    ],
)
def test_events_as_words(said, word):
    assert word_of(said) is word
