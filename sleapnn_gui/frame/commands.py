"""Every command of the window, told once: its verb, words, shortcut and icon."""

from collections.abc import Callable, Sequence

import attrs
from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence


@attrs.frozen
class Command:
    """One command. `verb` names the action (`action.<verb>`) and the method that does it (`do_<verb>`)."""

    verb: str
    text: str
    shortcut: str = ""
    help: str = ""


COMMANDS = (
    Command("new", "New config", "Ctrl+N", "Start over from the first preset"),
    Command("open", "Open…", "Ctrl+O", "Open a config, SLEAP 1.4 JSON, labels or a run folder"),
    Command("save", "Save config", "Ctrl+S", "Write the config to its file"),
    Command("save_as", "Save config as…", "Ctrl+Shift+S", "Write the config to another file"),
    Command("import_legacy", "Import SLEAP 1.4 JSON…", "", "Turn an old SLEAP config into this format"),
    Command("apply_preset", "Apply a preset…", "Ctrl+P", "Fill in every setting for one kind of model"),
    Command("undo", "Undo", "Ctrl+Z", "Take back the last edit"),
    Command("redo", "Redo", "Ctrl+Shift+Z", "Do the last edit again"),
    Command("search", "Search settings", "Ctrl+F", "Find a setting by any of its names"),
    Command("palette", "Search settings and commands", "Ctrl+K", "Find a setting or a command"),
    Command("check", "Check", "F7", "List every problem of the config, its files and its labels"),
    Command("train", "Train", "Ctrl+Return", "Train a model with this config"),
    Command("pause", "Pause training", "Ctrl+Shift+P", "Rest after the present batch and keep everything"),
    Command("resume", "Resume training", "Ctrl+Shift+R", "Go on where training was paused"),
    Command(
        "stop", "Stop training and keep the model", "Ctrl+Shift+E", "End training after the present batch"
    ),
    Command("cancel", "Cancel training…", "", "End training at once; the run folder stays"),
    Command("show_data", "Go to Data", "Ctrl+1", "Show the labels"),
    Command("show_configure", "Go to Configure", "Ctrl+2", "Show the settings"),
    Command("show_train", "Go to Train", "Ctrl+3", "Show the training"),
    Command("show_runs", "Go to Runs", "Ctrl+4", "Show earlier runs"),
    Command("theme_light", "Light theme", "", "Use light colours"),
    Command("theme_dark", "Dark theme", "", "Use dark colours"),
    Command("theme_system", "Theme of the system", "", "Use the colours of the desktop"),
    Command("quit", "Quit", "Ctrl+Q", "Close the window"),
)


def make_actions(parent: QObject, owners: Sequence[object]) -> dict[str, QAction]:
    """One QAction per command, by verb, connected to the first owner's method `do_<verb>`."""
    actions = {}
    for command in COMMANDS:
        action = QAction(command.text, parent)
        action.setObjectName(f"action.{command.verb}")
        action.setToolTip(f"{command.help} ({command.shortcut})" if command.shortcut else command.help)
        action.setStatusTip(command.help)
        if command.shortcut:
            action.setShortcut(QKeySequence(command.shortcut))
        action.triggered.connect(_without_argument(_method(owners, f"do_{command.verb}")))
        actions[command.verb] = action
    return actions


def _method(owners: Sequence[object], name: str) -> Callable[[], object]:
    return next(getattr(owner, name) for owner in owners if hasattr(owner, name))


def _without_argument(method: Callable[[], object]) -> Callable[..., None]:
    """Actions hand over whether they are checked; the commands take nothing."""

    def call(_checked: bool = False) -> None:
        method()

    return call
