"""The record of a command, and every command on a run: its words, when it makes sense, what the engine is asked."""

import attrs

from sleapnn_engine.protocol.verbs import VERBS
from sleapnn_gui.widgets.language import tr

_LIVE = frozenset(
    ("launching", "connecting", "preparing", "training", "pausing", "paused", "stopping", "finalizing")
)
_STOPPABLE = frozenset(("preparing", "training", "pausing", "paused"))


@attrs.frozen
class Command:
    """One command. `verb` names the action (`action.<verb>`) and the method that does it (`do_<verb>`),
    which one that only `asks` does not need.

    `menu` and `group` say where it stands in the menus, a line between groups. A command on a run also says in which
    states of the run (`states`, as `machine.State`) it makes sense, which request carries it (`asks`, also the name of
    its twin in the engine's command line) and what is shown while it is carried out (`under_way`) and after (`over`).
    What people read of it is in the language of the window; `menu`, by which it is sorted, is not.
    """

    verb: str
    text: str = attrs.field(converter=tr)
    shortcut: str = ""
    help: str = attrs.field(default="", converter=tr)
    menu: str = ""
    group: int = 0
    states: frozenset[str] = frozenset()
    asks: str = ""
    under_way: str = attrs.field(default="", converter=tr)
    over: str = attrs.field(default="", converter=tr)

    @property
    def done(self) -> str:
        """The kind of event that says the engine has done it, '' for commands that ask the engine nothing."""
        return VERBS[self.asks].done if self.asks else ""


RUN_COMMANDS = (
    Command(
        "pause",
        "Pause training",
        "Ctrl+Shift+P",
        "Rest after the present batch and keep everything",
        menu="Train",
        group=1,
        states=frozenset({"training"}),
        asks="pause",
        under_way="Pausing…",
    ),
    Command(
        "resume",
        "Resume training",
        "Ctrl+Shift+R",
        "Go on where training was paused",
        menu="Train",
        group=1,
        states=frozenset({"paused"}),
        asks="resume",
        under_way="Resuming…",
    ),
    Command(
        "checkpoint",
        "Save a checkpoint now",
        "",
        "Write the state of training to last.ckpt after the present batch",
        menu="Train",
        group=2,
        states=frozenset({"training", "paused"}),
        asks="checkpoint",
        under_way="The checkpoint is written after the present batch …",
        over="The checkpoint is written: last.ckpt in the run folder.",
    ),
    Command(
        "release_memory",
        "Release GPU memory",
        "",
        "While training is paused, give the memory of the graphics card to other programs",
        menu="Train",
        group=2,
        states=frozenset({"paused"}),
        asks="release_memory",
        under_way="The model moves out of the memory of the graphics card …",
        over="The memory of the graphics card is released; it is taken again when training goes on.",
    ),
    Command(
        "stop_when",
        "Stop training by itself when…",
        "",
        "End training once an error is small enough, after a time, by a time of day, or when nothing improves",
        menu="Train",
        group=3,
        states=frozenset({"training", "paused"}),
        asks="stop_when",
        under_way="The rules reach the engine after the present batch …",
    ),
    Command(
        "stop",
        "Stop after this batch and keep the model",
        "Ctrl+Shift+E",
        "End training after the batch in progress, and keep and evaluate the best model",
        menu="Train",
        group=3,
        states=_STOPPABLE,
        asks="stop",
        under_way="Stopping…",
    ),
    Command(
        "stop_after_epoch",
        "Stop after this epoch and keep the model",
        "",
        "Bring the epoch in progress to its end and validate it, then end training, and keep and evaluate the best model",
        menu="Train",
        group=3,
        states=_STOPPABLE,
        asks="stop",
        under_way="Stopping…",
    ),
    Command(
        "cancel",
        "Cancel training…",
        "",
        "End training at once; the run folder stays",
        menu="Train",
        group=3,
        states=_LIVE,
        asks="stop",
        under_way="Cancelling…",
    ),
)

#: Every command on a run by its verb.
ON_RUN = {command.verb: command for command in RUN_COMMANDS}


def refused_text(verb: str, why: str) -> str:
    """That a command on a run came to nothing, as a sentence."""
    return tr("“{command}” was not carried out: {why}", command=ON_RUN[verb].text.rstrip("…"), why=why)
