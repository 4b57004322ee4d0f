"""What the page says about the state of a run, in words and in which colour. No widgets."""

import attrs

from sleapnn_engine.protocol.measures import F1, MEASURES, MEDIAN_PX, Group
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.estimate import Estimate, epoch_left, samples_per_second, time_left
from sleapnn_gui.monitor.store import Epoch, RunStore
from sleapnn_gui.run.machine import Phase, State
from sleapnn_gui.widgets.language import tr

STATE_TOKENS = {
    State.PAUSING: "warning",
    State.PAUSED: "warning",
    State.COMPLETED: "best",
    State.STOPPED: "muted",
    State.CANCELLED: "muted",
    State.FAILED: "error",
    State.CRASHED: "error",
}
"""The colour of a state; those left out have the accent."""

_WORDS = {
    State.LAUNCHING: tr("Starting the engine"),
    State.CONNECTING: tr("Connecting"),
    State.PREPARING: tr("Preparing"),
    State.PAUSING: tr("Pausing"),
    State.PAUSED: tr("Paused"),
    State.STOPPING: tr("Stopping, keeping the model"),
    State.FINALIZING: tr("Finishing"),
    State.COMPLETED: tr("Done"),
    State.STOPPED: tr("Stopped and kept"),
    State.FAILED: tr("Failed"),
    State.CRASHED: tr("Crashed"),
    State.CANCELLED: tr("Cancelled"),
}

_TRAINING = {
    Phase.NONE: tr("Training"),
    Phase.EPOCH: tr("Training"),
    Phase.VALIDATING: tr("Validating"),
    Phase.SAVING: tr("Saving"),
}

_WITH_EPOCH = frozenset({State.TRAINING, State.PAUSING, State.PAUSED})
_WITH_COUNT = frozenset({State.COMPLETED, State.STOPPED, State.CANCELLED, State.FAILED, State.CRASHED})


@attrs.frozen
class Figure:
    """A large number with its small caption."""

    value: str
    caption: str

    @property
    def brief(self) -> str:
        """The caption without what stands after a comma or in brackets."""
        return self.caption.partition(",")[0].partition(" (")[0]


def state_text(state: State, phase: Phase, store: RunStore, *, cancelled: bool, lost: bool) -> str:
    """The words of the state chip, for example 'Training · epoch 43 of 60'."""
    text = _TRAINING[phase] if state is State.TRAINING else _WORDS[state]
    if state is State.STOPPING and cancelled:
        text = tr("Cancelling")
    if state in _WITH_EPOCH and store.header is not None:
        planned = (
            tr(" of {max_epochs}", max_epochs=store.header.max_epochs) if store.header.max_epochs else ""
        )
        text += f" · {words.epoch_name(store.epoch)}{planned}"
    elif state in _WITH_COUNT and store.is_training:
        text += f" · {store.reach.text}"
    return tr("No contact · {words}{words_2}", words=text[0].lower(), words_2=text[1:]) if lost else text


def no_number_text(epoch: int) -> str:
    """What a person should know once the loss is no number, from an epoch counted from 0."""
    return tr(
        "Warning: the loss stopped being a number in {epoch}, so the model learns nothing from there on. "
        "Stop, lower the learning rate and train again.",
        epoch=words.epoch_name(epoch),
    )


def state_token(state: State, *, lost: bool, warned: bool = False) -> str:
    """The colour token of the state chip; `warned` says that something is wrong with the result of a run."""
    if warned and STATE_TOKENS.get(state) != "error":
        return "warning"
    return "error" if lost else STATE_TOKENS.get(state, "accent")


def progress(store: RunStore) -> float:
    """How much of the planned epochs is done, 0 to 1."""
    if store.header is None or store.header.max_epochs < 1:
        return 0.0
    return min(1.0, store.x / store.header.max_epochs)


def error_figure(store: RunStore, *, over: bool) -> Figure:
    """The median distance to the labels, in pixels and as a share of the body."""
    shown = store.outcome(Group.ERROR, over=over)
    if shown is not None:
        return _headline(store, shown, Group.ERROR)
    counted = store.latest(Group.ANIMALS)
    if counted is None or counted[F1] != 0:
        return Figure("–", tr(MEDIAN_PX.caption))
    return Figure("–", tr("no animal found") if over else tr("no animal found yet"))


def animals_figure(store: RunStore, *, over: bool) -> Figure | None:
    """How many of the animals are found and told apart; None for models that do neither."""
    shown = store.outcome(Group.ANIMALS, over=over)
    return None if shown is None else _headline(store, shown, Group.ANIMALS)


def _headline(store: RunStore, epoch: Epoch, group: Group) -> Figure:
    """The headline of a group, and beside its caption what else a few words can say, and which epoch it is of."""
    measured = epoch.measured
    leading = measured.headline(group)
    assert leading is not None, "there is one in what a store has as the latest"
    beside = "".join(
        f", {words.written(each, value)} {tr(each.brief)}"
        for each, value in measured.items()
        if each.group is group and each.brief and each is not leading
    )
    when = "" if epoch is store.epochs[-1] else f", {words.epoch_name(epoch.number)}"
    return Figure(words.written(leading, measured[leading]), f"{tr(leading.caption)}{beside}{when}")


def animals_help(store: RunStore, *, over: bool) -> str:
    """What is behind the share of animals found, in a sentence or two."""
    shown = store.outcome(Group.ANIMALS, over=over)
    if shown is None:
        return ""
    measured = shown.measured
    values = {each.key: words.written(each, measured[each]) for each in MEASURES}
    return " ".join(tr(each.help).format(**values) for each, _ in measured.items() if each.help)


def time_figure(store: RunStore, state: State, *, over: bool) -> Figure:
    """How long it will still take, or how long it took."""
    if over:
        return _time_taken(store)
    if state is State.PAUSED:
        return Figure(tr("paused"), tr("the clock stands still"))
    left = epoch_left(store) if state is State.STOPPING and store.stop_after == "epoch" else None
    if left:
        return Figure(tr("about {duration}", duration=words.duration(left)), tr("to the end of this epoch"))
    if state in (State.STOPPING, State.FINALIZING):
        return Figure(tr("soon"), tr("writing files, evaluating"))
    estimate = time_left(store)
    if estimate is None:
        return Figure("–", tr("to the end"))
    return Figure(
        tr("about {duration}", duration=words.duration(estimate.to_end)), _plateau_caption(estimate)
    )


def _time_taken(store: RunStore) -> Figure:
    """From the first word of the run to its last, as lists tell it; pauses are named, for they are part of that."""
    seconds, paused = store.seconds, sum(pause.seconds or 0.0 for pause in store.pauses)
    caption = tr("start to end") + (
        tr(", {duration} paused", duration=words.duration(paused)) if paused else ""
    )
    return Figure("–" if seconds is None else words.duration(seconds), caption)


def _plateau_caption(estimate: Estimate) -> str:
    if estimate.plateau is None:
        return tr("to the end")
    return tr("to the end ({duration} if no new best)", duration=words.duration(estimate.plateau))


def speed_figure(store: RunStore, state: State) -> Figure:
    """Training frames in a second; none while the clock stands still."""
    speed = None if state is State.PAUSED else samples_per_second(store)
    return Figure("–" if speed is None else words.rate(speed), tr("samples / s"))
