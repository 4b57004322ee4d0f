"""The life of one training run as a table: which state follows which word. Plain Python, no Qt, no sockets."""

from collections.abc import Mapping
from enum import StrEnum

from sleapnn_engine.protocol import events
from sleapnn_gui.run.verbs import ON_RUN
from sleapnn_gui.widgets.language import tr


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


class RunEvent(StrEnum):
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


class ExitKind(StrEnum):
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


class UnexpectedEventError(Exception):
    """The table has no row for this word in this state."""

    def __init__(self, state: State, event: RunEvent) -> None:
        super().__init__(
            tr("A run that is {state} cannot take the word '{event}'.", state=state, event=event)
        )
        self.state = state
        self.event = event


_PHASES: Mapping[RunEvent, Phase] = {
    RunEvent.EPOCH: Phase.EPOCH,
    RunEvent.VALIDATE: Phase.VALIDATING,
    RunEvent.SAVE: Phase.SAVING,
    RunEvent.PHASE_OVER: Phase.EPOCH,
    RunEvent.RESUMED: Phase.EPOCH,
}

# What an engine's word means to a viewer that has not followed it so far: the word itself proves the contact.
_HEARD: Mapping[RunEvent, State] = {
    RunEvent.CONNECTED: State.PREPARING,
    RunEvent.PREPARE: State.PREPARING,
    RunEvent.STARTED: State.PREPARING,
    RunEvent.EPOCH: State.TRAINING,
    RunEvent.VALIDATE: State.TRAINING,
    RunEvent.SAVE: State.TRAINING,
    RunEvent.PHASE_OVER: State.TRAINING,
    RunEvent.PAUSING: State.PAUSING,
    RunEvent.PAUSED: State.PAUSED,
    RunEvent.STOPPING: State.STOPPING,
    RunEvent.FINISH: State.FINALIZING,
    RunEvent.SAID_COMPLETED: State.FINALIZING,
    RunEvent.SAID_STOPPED: State.FINALIZING,
    RunEvent.SAID_FAILED: State.FINALIZING,
    RunEvent.CANCEL: State.STOPPING,
}

# Words that lead out of any live state.
_WAY_OUT: Mapping[RunEvent, State] = {
    RunEvent.STOPPING: State.STOPPING,
    RunEvent.FINISH: State.FINALIZING,
    RunEvent.SAID_COMPLETED: State.FINALIZING,
    RunEvent.SAID_STOPPED: State.FINALIZING,
    RunEvent.SAID_FAILED: State.FINALIZING,
    RunEvent.CANCEL: State.STOPPING,
}

TRANSITIONS: Mapping[State, Mapping[RunEvent, State]] = {
    State.LAUNCHING: {**_HEARD, RunEvent.CONNECTION_FOUND: State.CONNECTING},
    State.CONNECTING: {**_HEARD, RunEvent.CONNECTION_FOUND: State.CONNECTING},
    State.PREPARING: _HEARD,
    State.TRAINING: {
        **_WAY_OUT,
        RunEvent.CONNECTED: State.TRAINING,
        # Told again by one that knows more by now.
        RunEvent.STARTED: State.TRAINING,
        # The phase "first batch" is closed after the first batch was counted.
        RunEvent.PREPARE: State.TRAINING,
        RunEvent.EPOCH: State.TRAINING,
        RunEvent.VALIDATE: State.TRAINING,
        RunEvent.SAVE: State.TRAINING,
        RunEvent.PHASE_OVER: State.TRAINING,
        RunEvent.PAUSING: State.PAUSING,
        RunEvent.PAUSED: State.PAUSED,
    },
    State.PAUSING: {
        **_WAY_OUT,
        RunEvent.CONNECTED: State.PAUSING,
        # The batch, validation or save that was under way is still carried to its end.
        RunEvent.PREPARE: State.PAUSING,
        RunEvent.STARTED: State.PAUSING,
        RunEvent.EPOCH: State.PAUSING,
        RunEvent.VALIDATE: State.PAUSING,
        RunEvent.SAVE: State.PAUSING,
        RunEvent.PHASE_OVER: State.PAUSING,
        RunEvent.PAUSED: State.PAUSED,
        RunEvent.RESUMED: State.TRAINING,
    },
    State.PAUSED: {
        **_WAY_OUT,
        RunEvent.CONNECTED: State.PAUSED,
        # A checkpoint asked for during the pause.
        RunEvent.SAVE: State.PAUSED,
        RunEvent.PHASE_OVER: State.PAUSED,
        RunEvent.RESUMED: State.TRAINING,
    },
    State.STOPPING: {
        **_WAY_OUT,
        # Cancelled while starting up: what it says on the way does not bring the run back.
        RunEvent.CONNECTION_FOUND: State.STOPPING,
        RunEvent.CONNECTED: State.STOPPING,
        RunEvent.PREPARE: State.STOPPING,
        RunEvent.STARTED: State.STOPPING,
        RunEvent.EPOCH: State.STOPPING,
        RunEvent.VALIDATE: State.STOPPING,
        RunEvent.SAVE: State.STOPPING,
        RunEvent.PHASE_OVER: State.STOPPING,
        RunEvent.PAUSING: State.STOPPING,
        RunEvent.PAUSED: State.STOPPING,
        RunEvent.RESUMED: State.STOPPING,
    },
    State.FINALIZING: {
        **_WAY_OUT,
        RunEvent.CONNECTED: State.FINALIZING,
        RunEvent.STOPPING: State.FINALIZING,
        RunEvent.VALIDATE: State.FINALIZING,
        RunEvent.SAVE: State.FINALIZING,
        RunEvent.PHASE_OVER: State.FINALIZING,
    },
    State.COMPLETED: {},
    State.STOPPED: {},
    State.FAILED: {},
    State.CRASHED: {},
    State.CANCELLED: {},
}

_SAID: Mapping[RunEvent, State] = {
    RunEvent.SAID_COMPLETED: State.COMPLETED,
    RunEvent.SAID_STOPPED: State.STOPPED,
    RunEvent.SAID_FAILED: State.FAILED,
}

# An engine that said nothing about its end is judged by its exit alone.
_UNSAID: Mapping[ExitKind, State] = {
    ExitKind.CLEAN: State.COMPLETED,
    ExitKind.FAILED: State.FAILED,
    ExitKind.REFUSED: State.FAILED,
    ExitKind.INTERRUPTED: State.STOPPED,
    ExitKind.BROKEN: State.CRASHED,
}


class RunMachine:
    """The state of one run. `advance` and `end` follow the tables; anything else raises UnexpectedWordError."""

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

    def advance(self, event: RunEvent) -> bool:
        """Apply one word; True when state or phase changed. Raises UnexpectedWordError off the table."""
        following = TRANSITIONS[self.state].get(event)
        if following is None:
            raise UnexpectedEventError(self.state, event)
        before = (self.state, self.phase)
        self.state = following
        if following is not State.TRAINING:
            self.phase = Phase.NONE
        elif event in _PHASES:
            self.phase = _PHASES[event]
        if event in _SAID:
            self.said = _SAID[event]
        if event is RunEvent.CANCEL:
            self.cancelled = True
        return (self.state, self.phase) != before

    def end(self, ending: ExitKind) -> State:
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


def word_of(said: events.EventBody | None) -> RunEvent | None:
    """The word an engine event stands for; None for events that leave the state alone."""
    if isinstance(said, events.Phase):
        return _phase_word(said.name, said.state)
    if isinstance(said, events.Finished):
        return RunEvent.SAID_STOPPED if said.outcome == "stopped" else RunEvent.SAID_COMPLETED
    return None if said is None else _KIND_WORDS.get(said.kind)


def _phase_word(name: str, state: str) -> RunEvent | None:
    if name in events.PHASES_BEFORE_TRAINING:
        return RunEvent.PREPARE
    if state == "done":
        return RunEvent.PHASE_OVER if name in ("validate", "save") else None
    return {
        "train": RunEvent.EPOCH,
        "validate": RunEvent.VALIDATE,
        "save": RunEvent.SAVE,
        "finish": RunEvent.FINISH,
    }.get(name)


_KIND_WORDS: Mapping[str, RunEvent] = {
    "started": RunEvent.STARTED,
    "batch_end": RunEvent.EPOCH,
    "pausing": RunEvent.PAUSING,
    "paused": RunEvent.PAUSED,
    "resumed": RunEvent.RESUMED,
    "stopping": RunEvent.STOPPING,
    "failed": RunEvent.SAID_FAILED,
}
