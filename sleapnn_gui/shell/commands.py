"""Every command of the window, told once: its verb, words, shortcut, and place in the menus."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from sleapnn_gui.form.search import Hit, with_synonyms
from sleapnn_gui.run.verbs import RUN_COMMANDS, Command
from sleapnn_gui.widgets.language import tr

#: The menus from left to right.
MENUS = ("File", "Edit", "View", "Train", "Runs", "Help")

#: Commands on the runs that are chosen in the list.
LIST_COMMANDS = (
    Command("list_open", "Open this run", "", "Show its curves and pictures", "Runs"),
    Command(
        "list_resume",
        "Go on from its last checkpoint",
        "",
        "Train on where it ended, in a folder of its own",
        "Runs",
    ),
    Command(
        "list_retrain",
        "Train again with changes…",
        "",
        "Open its config as a new one; what you change is listed beside it",
        "Runs",
    ),
    Command(
        "list_weights",
        "Start from its weights…",
        "",
        "Open its config as a new one that begins with its best model",
        "Runs",
    ),
    Command(
        "list_queue",
        "Add to the queue",
        "",
        "Train the chosen runs again as they were, one after the other",
        "Runs",
    ),
    Command(
        "list_compare",
        "Compare runs",
        "Ctrl+Shift+K",
        "Show two to eight chosen runs side by side",
        "Runs",
    ),
    Command(
        "list_methods",
        "Copy the methods text",
        "",
        "Copy a paragraph for a paper on how this run was trained",
        "Runs",
        1,
    ),
    Command(
        "list_bundle",
        "Save as a bundle…",
        "",
        "Write a zip file that trains this run again: config, split, seed, versions, hashes of the labels",
        "Runs",
        1,
    ),
    Command("list_star", "Star, or take the star", "Ctrl+D", "Mark the chosen runs", "Runs", 1),
    Command("list_rename", "Give it a name", "F2", "Show another name than that of its folder", "Runs", 1),
    Command("list_note", "Write a note", "Ctrl+M", "Say in a few words what this run was for", "Runs", 1),
    Command("list_reveal", "Show its files", "", "Open the folders of the chosen runs", "Runs", 1),
    Command(
        "list_trash", "Move to trash…", "Del", "Ask, and move the chosen run folders to the trash", "Runs", 1
    ),
)

#: Commands on the model of a run.
MODEL_COMMANDS = (
    Command(
        "predict",
        "Predict a video or labels…",
        "Ctrl+Shift+V",
        "Find the animals on other frames with the model of a run",
        "Runs",
        2,
    ),
    Command(
        "show_evaluation",
        "Show the evaluation",
        "Ctrl+Shift+J",
        "See how good the model of a run is: error by part, curves, worst frames",
        "Runs",
        2,
    ),
    Command(
        "evaluate",
        "Evaluate on…",
        "",
        "Judge the model of a run on labels that it has not learned from",
        "Runs",
        2,
    ),
    Command(
        "show_predictions",
        "Look at predictions…",
        "",
        "Show a file of predictions over its video, frame by frame",
        "Runs",
        2,
    ),
)

#: Commands on the queue of trainings.
QUEUE_COMMANDS = (
    Command(
        "queue_show", "Show the queue", "Ctrl+Shift+U", "Show what is trained one after the other", "Runs", 3
    ),
    Command(
        "queue_add",
        "Add this config to the queue",
        "",
        "Train the config as it stands, after what waits",
        "Runs",
        3,
    ),
    Command(
        "queue_train",
        "Train the queue",
        "",
        "Train what waits, one after the other, also when this window is closed",
        "Runs",
        3,
    ),
    Command(
        "queue_pause",
        "Pause the queue",
        "",
        "Begin nothing new; what is at work is trained to its end",
        "Runs",
        3,
    ),
)

COMMANDS = (
    Command("new", "New config", "Ctrl+N", "Start over from the first preset", "File"),
    Command("open", "Open…", "Ctrl+O", "Open a config, SLEAP 1.4 JSON, labels or a run folder", "File"),
    Command("open_run", "Open a run folder…", "", "Show a training that is at work or over", "File"),
    Command(
        "attach_far",
        "Attach to a run on another machine…",
        "",
        "Follow and command it through ssh, as if it were here",
        "File",
    ),
    Command(
        "watch_peer",
        "Watch a sleap-nn training…",
        "",
        "Listen where SLEAP's own window would: losses as they come, and its stop",
        "File",
    ),
    Command("save", "Save config", "Ctrl+S", "Write the config to its file", "File", 1),
    Command("save_as", "Save config as…", "Ctrl+Shift+S", "Write the config to another file", "File", 1),
    Command(
        "import_legacy",
        "Import SLEAP 1.4 JSON…",
        "",
        "Turn an old SLEAP config into this format",
        "File",
        2,
    ),
    Command(
        "import_report",
        "Show the import report",
        "",
        "See what became of every setting of the imported file",
        "File",
        2,
    ),
    Command("quit", "Quit", "Ctrl+Q", "Close the window", "File", 3),
    Command("undo", "Undo", "Ctrl+Z", "Take back the last edit", "Edit"),
    Command("redo", "Redo", "Ctrl+Shift+Z", "Do the last edit again", "Edit"),
    Command(
        "apply_preset", "Apply a preset…", "Ctrl+P", "Fill in every setting for one kind of model", "Edit", 1
    ),
    Command(
        "save_preset",
        "Save as a preset…",
        "",
        "Make a preset of your own of the present settings, with a note and locks",
        "Edit",
        1,
    ),
    Command(
        "add_preset",
        "Add a preset from a file…",
        "",
        "Take a preset that somebody shared into yours",
        "Edit",
        1,
    ),
    Command(
        "make_pair",
        "Make this a top-down pair",
        "",
        "Add the other model of top-down: both are edited, saved and trained as one",
        "Edit",
        1,
    ),
    Command(
        "part_pair",
        "Go on with this model alone",
        "",
        "Leave out the other model of the top-down pair; its file stays",
        "Edit",
        1,
    ),
    Command("search", "Search settings", "Ctrl+F", "Find a setting by any of its names", "Edit", 2),
    Command("palette", "Search settings and commands", "Ctrl+K", "Find a setting or a command", "Edit", 2),
    Command(
        "next_problem", "Next problem", "F8", "Go to the next problem or warning of the config", "Edit", 3
    ),
    Command(
        "previous_problem",
        "Previous problem",
        "Shift+F8",
        "Go to the problem or warning before",
        "Edit",
        3,
    ),
    Command(
        "copy_key",
        "Copy the YAML key",
        "Ctrl+Shift+C",
        "Put the dotted key of the setting in hand on the clipboard",
        "Edit",
        3,
    ),
    Command("show_data", "Data", "Ctrl+1", "Show the labels", "View"),
    Command("show_configure", "Configure", "Ctrl+2", "Show the settings", "View"),
    Command("show_train", "Train", "Ctrl+3", "Show the training", "View"),
    Command("show_runs", "Runs", "Ctrl+4", "Show earlier runs", "View"),
    Command("theme_light", "Light theme", "", "Use light colours", "View", 1),
    Command("theme_dark", "Dark theme", "", "Use dark colours", "View", 1),
    Command("theme_system", "Theme of the system", "", "Use the colours of the desktop", "View", 1),
    Command("check", "Check", "F7", "List every problem of the config, its files and its labels", "Train"),
    Command(
        "measure",
        "Measure ten steps",
        "Shift+F7",
        "Take ten real steps: memory, time, and whatever would fail at once, before a training",
        "Train",
    ),
    Command("train", "Train", "Ctrl+Return", "Train a model with this config", "Train"),
    Command(
        "review",
        "Before training…",
        "Ctrl+Shift+Return",
        "See what Train will run, where it saves, what differs, and the command line that does the same",
        "Train",
    ),
    *RUN_COMMANDS,
    Command(
        "keep_frames",
        "Frames that runs keep…",
        "",
        "How many megabytes of validation frames stay in each run folder",
        "Train",
        4,
    ),
    Command(
        "save_curves",
        "Save the curves…",
        "",
        "Write what the Train page shows of the run as a picture or drawing, or the numbers of each epoch as CSV",
        "Train",
        4,
    ),
    Command("show_folder", "Open the run folder", "", "Show the files of the run", "Train", 4),
    Command(
        "leave_run", "Leave this run", "", "Stop following it; it goes on without this window", "Train", 4
    ),
    *LIST_COMMANDS,
    *MODEL_COMMANDS,
    *QUEUE_COMMANDS,
    Command("tour", "Take the tour", "", "Five steps through the window, to be left at any time", "Help"),
    Command(
        "demo",
        "See the demonstration",
        "",
        "Train a small model on drawn frames for some minutes; its files go into “demo”",
        "Help",
    ),
    Command("shortcuts", "Keyboard shortcuts", "Ctrl+/", "List every command and its keys", "Help"),
    Command("manual", "Manual", "F1", "How things are done, and what each setting means", "Help"),
    Command(
        "engine",
        "Engine…",
        "",
        "Which training engine is used, its version and place; install, repair or choose one",
        "Help",
        1,
    ),
    Command(
        "report", "Copy a report", "", "Versions, devices and libraries, for a question or a bug", "Help", 1
    ),
    Command("about", "About sleapnn-gui", "", "Version, licence and what it is made of", "Help", 1),
)

#: What the palette says before the verb of a command.
ACTION = "action."

#: Commands that do nothing without an engine: one is offered where there is none.
_ENGINE_FIRST = (
    *("check", "measure", "train", "review", "demo"),
    *("predict", "evaluate", "queue_train", "list_resume", "list_bundle"),
)

_PAGES = ("show_data", "show_configure", "show_train", "show_runs")
_THEMES = ("theme_light", "theme_dark", "theme_system")

#: Commands of which one is what is shown now; the menu marks it.
_MARKED = (_THEMES, _PAGES)

_ROLES = {
    "quit": QAction.MenuRole.QuitRole,
    "about": QAction.MenuRole.AboutRole,
}


def name_alone(command: Command) -> str:
    """The command's words where they stand without its menu, as in the palette."""
    is_page = command.menu == "View" and command.verb.startswith("show_")
    return tr("Go to {page}", page=command.text) if is_page else command.text


def command_hits() -> list[Hit]:
    """Every command as the palette lists it, but those that open the palette."""
    hits = [
        Hit(
            ACTION + command.verb,
            name_alone(command),
            command.shortcut or tr("Command"),
            f"{name_alone(command)} {command.help}".lower(),
        )
        for command in COMMANDS
        if command.verb not in ("palette", "search")
    ]
    return with_synonyms(hits)


def make_actions(parent: QObject, owners: Sequence[object]) -> dict[str, QAction]:
    """One QAction per command, by verb, connected to the first owner's method `do_<verb>`.

    A command that only carries a request to the engine needs no such method: the owner who can `ask` does it.
    """
    actions = {}
    groups = {verb: group for verbs in _MARKED for group in (QActionGroup(parent),) for verb in verbs}
    for command in COMMANDS:
        action = QAction(command.text, parent)
        action.setObjectName(f"action.{command.verb}")
        action.setToolTip(f"{command.help} ({command.shortcut})" if command.shortcut else command.help)
        action.setStatusTip(command.help)
        # On a Mac the system decides where Quit and About stand; nothing else is moved by its words.
        action.setMenuRole(_ROLES.get(command.verb, QAction.MenuRole.NoRole))
        if command.shortcut:
            action.setShortcut(QKeySequence(command.shortcut))
        if command.verb in groups:
            action.setCheckable(True)
            groups[command.verb].addAction(action)
        action.triggered.connect(_without_argument(_method(owners, command)))
        actions[command.verb] = action
    return actions


def _method(owners: Sequence[object], command: Command) -> Callable[[], object]:
    name = f"do_{command.verb}"
    own = next((getattr(owner, name) for owner in owners if hasattr(owner, name)), None)
    if own is not None and command.verb in _ENGINE_FIRST:
        ready = next(owner.engine_is_ready for owner in owners if hasattr(owner, "engine_is_ready"))
        return lambda: ready() and own()
    if own is not None:
        return cast(Callable[[], object], own)
    ask = next(owner.ask for owner in owners if hasattr(owner, "ask"))
    return partial(ask, command.asks)


def _without_argument(method: Callable[[], object]) -> Callable[..., None]:
    """Actions hand over whether they are checked; the commands take nothing."""

    def call(_checked: bool = False) -> None:
        method()

    return call
