"""The life of one training run as a table: which state follows which word. Plain Python, no Qt, no sockets."""

from collections.abc import Mapping
from enum import StrEnum

from sleapnn_engine.protocol import events
from sleapnn_gui.run.verbs import ON_RUN


class State(StrEnum):
    """Where a run is. The last five are terminal and are entered only when the process has exited."""

    LAUNCHING = "launching"
    CONNECTING = "connecting"
    PREPARING = "preparing"
    TRAINING = "training"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"
    FINALIZING = "finalizing"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"
    CRASHED = "crashed"
    CANCELLED = "cancelled"


TERMINAL = frozenset({State.COMPLETED, State.STOPPED, State.FAILED, State.CRASHED, State.CANCELLED})


class Phase(StrEnum):
    """What a training engine is busy with; NONE outside the training state."""

    NONE = ""
    EPOCH = "epoch"
    VALIDATING = "validating"
    SAVING = "saving"


class Word(StrEnum):
    """One thing that happened: something the engine said, the link saw, or the person asked for."""

    CONNECTION_FOUND = "connection found"
    CONNECTED = "connected"
    PREPARE = "prepare"
    STARTED = "started"
    EPOCH = "epoch"
    VALIDATE = "validate"
    SAVE = "save"
    PHASE_OVER = "phase over"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPING = "stopping"
    FINISH = "finish"
    SAID_COMPLETED = "said completed"
    SAID_STOPPED = "said stopped"
    SAID_FAILED = "said failed"
    CANCEL = "cancel"


class Ending(StrEnum):
    """How the process ended, as far as its exit tells."""

    CLEAN = "clean"
    """Exit code 0."""
    FAILED = "failed"
    """Exit code 1 with a reason on its output."""
    REFUSED = "refused"
    """Exit code 2: the command line or the config is wrong, nothing was created."""
    INTERRUPTED = "interrupted"
    """Exit code 130: interrupted, state saved."""
    BROKEN = "broken"
    """A signal, an unknown code, a traceback, or a process that is simply gone."""


class UnexpectedWordError(Exception):
    """The table has no row for this word in this state."""

    def __init__(self, state: State, word: Word) -> None:
        super().__init__(f"A run that is {state} cannot take the word '{word}'.")
        self.state = state
        self.word = word


_PHASES: Mapping[Word, Phase] = {
    Word.EPOCH: Phase.EPOCH,
    Word.VALIDATE: Phase.VALIDATING,
    Word.SAVE: Phase.SAVING,
    Word.PHASE_OVER: Phase.EPOCH,
    Word.RESUMED: Phase.EPOCH,
}

# What an engine's word means to a viewer that has not followed it so far: the word itself proves the contact.
_HEARD: Mapping[Word, State] = {
    Word.CONNECTED: State.PREPARING,
    Word.PREPARE: State.PREPARING,
    Word.STARTED: State.PREPARING,
    Word.EPOCH: State.TRAINING,
    Word.VALIDATE: State.TRAINING,
    Word.SAVE: State.TRAINING,
    Word.PHASE_OVER: State.TRAINING,
    Word.PAUSING: State.PAUSING,
    Word.PAUSED: State.PAUSED,
    Word.STOPPING: State.STOPPING,
    Word.FINISH: State.FINALIZING,
    Word.SAID_COMPLETED: State.FINALIZING,
    Word.SAID_STOPPED: State.FINALIZING,
    Word.SAID_FAILED: State.FINALIZING,
    Word.CANCEL: State.STOPPING,
}

# Words that lead out of any live state.
_WAY_OUT: Mapping[Word, State] = {
    Word.STOPPING: State.STOPPING,
    Word.FINISH: State.FINALIZING,
    Word.SAID_COMPLETED: State.FINALIZING,
    Word.SAID_STOPPED: State.FINALIZING,
    Word.SAID_FAILED: State.FINALIZING,
    Word.CANCEL: State.STOPPING,
}

TRANSITIONS: Mapping[State, Mapping[Word, State]] = {
    State.LAUNCHING: {**_HEARD, Word.CONNECTION_FOUND: State.CONNECTING},
    State.CONNECTING: {**_HEARD, Word.CONNECTION_FOUND: State.CONNECTING},
    State.PREPARING: _HEARD,
    State.TRAINING: {
        **_WAY_OUT,
        Word.CONNECTED: State.TRAINING,
        # The phase "first batch" is closed after the first batch was counted.
        Word.PREPARE: State.TRAINING,
        Word.EPOCH: State.TRAINING,
        Word.VALIDATE: State.TRAINING,
        Word.SAVE: State.TRAINING,
        Word.PHASE_OVER: State.TRAINING,
        Word.PAUSING: State.PAUSING,
        Word.PAUSED: State.PAUSED,
    },
    State.PAUSING: {
        **_WAY_OUT,
        Word.CONNECTED: State.PAUSING,
        # The batch, validation or save that was under way is still carried to its end.
        Word.PREPARE: State.PAUSING,
        Word.STARTED: State.PAUSING,
        Word.EPOCH: State.PAUSING,
        Word.VALIDATE: State.PAUSING,
        Word.SAVE: State.PAUSING,
        Word.PHASE_OVER: State.PAUSING,
        Word.PAUSED: State.PAUSED,
        Word.RESUMED: State.TRAINING,
    },
    State.PAUSED: {
        **_WAY_OUT,
        Word.CONNECTED: State.PAUSED,
        # A checkpoint asked for during the pause.
        Word.SAVE: State.PAUSED,
        Word.PHASE_OVER: State.PAUSED,
        Word.RESUMED: State.TRAINING,
    },
    State.STOPPING: {
        **_WAY_OUT,
        # Cancelled while starting up: what it says on the way does not bring the run back.
        Word.CONNECTION_FOUND: State.STOPPING,
        Word.CONNECTED: State.STOPPING,
        Word.PREPARE: State.STOPPING,
        Word.STARTED: State.STOPPING,
        Word.EPOCH: State.STOPPING,
        Word.VALIDATE: State.STOPPING,
        Word.SAVE: State.STOPPING,
        Word.PHASE_OVER: State.STOPPING,
        Word.PAUSING: State.STOPPING,
        Word.PAUSED: State.STOPPING,
        Word.RESUMED: State.STOPPING,
    },
    State.FINALIZING: {
        **_WAY_OUT,
        Word.CONNECTED: State.FINALIZING,
        Word.STOPPING: State.FINALIZING,
        Word.VALIDATE: State.FINALIZING,
        Word.SAVE: State.FINALIZING,
        Word.PHASE_OVER: State.FINALIZING,
    },
    State.COMPLETED: {},
    State.STOPPED: {},
    State.FAILED: {},
    State.CRASHED: {},
    State.CANCELLED: {},
}

_SAID: Mapping[Word, State] = {
    Word.SAID_COMPLETED: State.COMPLETED,
    Word.SAID_STOPPED: State.STOPPED,
    Word.SAID_FAILED: State.FAILED,
}

# An engine that said nothing about its end is judged by its exit alone.
_UNSAID: Mapping[Ending, State] = {
    Ending.CLEAN: State.COMPLETED,
    Ending.FAILED: State.FAILED,
    Ending.REFUSED: State.FAILED,
    Ending.INTERRUPTED: State.STOPPED,
    Ending.BROKEN: State.CRASHED,
}


class RunMachine:
    """The state of one run. `take` and `end` follow the tables; anything else raises UnexpectedWordError."""

    def __init__(self, state: State = State.LAUNCHING) -> None:
        self.state = state
        self.phase = Phase.NONE
        self.said: State | None = None
        self.cancelled = False
        self.lost_contact = False

    @property
    def is_over(self) -> bool:
        """Whether the process has exited and nothing more can come."""
        return self.state in TERMINAL

    def take(self, word: Word) -> bool:
        """Apply one word; True when state or phase changed. Raises UnexpectedWordError off the table."""
        following = TRANSITIONS[self.state].get(word)
        if following is None:
            raise UnexpectedWordError(self.state, word)
        before = (self.state, self.phase)
        self.state = following
        if following is not State.TRAINING:
            self.phase = Phase.NONE
        elif word in _PHASES:
            self.phase = _PHASES[word]
        if word in _SAID:
            self.said = _SAID[word]
        if word is Word.CANCEL:
            self.cancelled = True
        return (self.state, self.phase) != before

    def end(self, ending: Ending) -> State:
        """The process has exited: settle on the terminal state. Raises ValueError when it had already ended."""
        if self.is_over:
            raise ValueError(f"This run has already ended as {self.state}.")
        if self.cancelled and self.said is not State.COMPLETED:
            self.state = State.CANCELLED
        else:
            self.state = self.said or _UNSAID[ending]
        self.phase = Phase.NONE
        self.lost_contact = False
        return self.state

    def set_lost_contact(self, *, lost: bool) -> bool:
        """Raise or clear the lost-contact flag of a live run; True when it changed."""
        lost = lost and not self.is_over
        changed = lost != self.lost_contact
        self.lost_contact = lost
        return changed

    def can(self, verb: str) -> bool:
        """Whether a person may ask for `verb` (one of `verbs.ON_RUN`) right now."""
        if verb == "cancel" and self.cancelled:
            return False
        return self.state.value in ON_RUN[verb].states


def word_of(said: events.Said | None) -> Word | None:
    """The word an engine event stands for; None for events that leave the state alone."""
    if isinstance(said, events.Phase):
        return _phase_word(said.name, said.state)
    if isinstance(said, events.Finished):
        return Word.SAID_STOPPED if said.outcome == "stopped" else Word.SAID_COMPLETED
    return None if said is None else _KIND_WORDS.get(said.kind)


def _phase_word(name: str, state: str) -> Word | None:
    if name in events.PHASES_BEFORE_TRAINING:
        return Word.PREPARE
    if state == "done":
        return Word.PHASE_OVER if name in ("validate", "save") else None
    return {"train": Word.EPOCH, "validate": Word.VALIDATE, "save": Word.SAVE, "finish": Word.FINISH}.get(
        name
    )


_KIND_WORDS: Mapping[str, Word] = {
    "started": Word.STARTED,
    "batch_end": Word.EPOCH,
    "pausing": Word.PAUSING,
    "paused": Word.PAUSED,
    "resumed": Word.RESUMED,
    "stopping": Word.STOPPING,
    "failed": Word.SAID_FAILED,
}
