"""A window in a language that puts every text between « and »: a process of its own, which prints the texts without; see test_language."""

import html
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPushButton,
    QTabBar,
    QTableView,
    QTextBrowser,
    QWidget,
)

from sleapnn_engine.config.checks.labels import misfit
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.app import build
from sleapnn_gui.form.help_text import key_help, section_help
from sleapnn_gui.form.layout import read_layout
from sleapnn_gui.form.section_page import Filter
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.see.sights import SIGHTS
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.machine import State
from sleapnn_gui.shell.commands import command_hits
from sleapnn_gui.widgets.living import top_level_widgets
from tests.gui.inspector.see_answers import ANSWERS
from tests.gui.monitor.showing import long_run, show
from tests.gui.monitor.speaking import NODES

PAGES = ("data", "configure", "train", "runs", "predict", "frames", "evaluation", "compare")
#: Commands that show something of their own and ask the system for nothing.
SHOWS = (
    "shortcuts", "about", "install_engine", "save_preset", "review", "keep_frames", "attach_far", "watch_peer", "tour",
    "check", "queue_add", "copy_key", "next_problem", "list_note",
)  # fmt: skip


#: What is no text: names that files and command lines have, units, and how this program is called.
DATA = re.compile(
    r"\S*[._/\\\d=]\S*|\b[A-Z]{2,}\b|\b(?:px|ms|true|false|null|auto|sleapnn|gui|presets|models|separator|Ctrl|Shift|Alt|Del|Return)\b"
)

#: What choices are called in the file, which the help shows.
VALUES = {str(choice.value) for key in SPEC.keys.values() for choice in key.meta.choices}


def words_left(text: str, *, theirs: set[str]) -> list[str]:
    """The words of a text that no translation stands around and that are no data either."""
    for one in sorted((one for one in theirs if " " in one), key=len, reverse=True):
        text = text.replace(html.escape(one), " ").replace(one, " ")
    return [
        word
        for word in re.findall(r"[^\W\d_]{2,}", DATA.sub(" ", spoken(text)))
        if word not in VALUES | theirs
    ]


def spoken(text: str) -> str:
    """What of a text no translation stands around."""
    text = re.sub(r"«[^«»]*$", " ", text)  # the first words of a caption, where little room is
    text = re.sub(r"<[^>]*>|\((?:Ctrl|Shift|Alt|Del|F\d)[^()]*\)", " ", html.unescape(text))
    before = None
    while text != before:
        before, text = text, re.sub(r"«[^«»]*»", " ", text)
    return text


def texts_of(widget: QWidget) -> Iterator[tuple[str, str]]:
    """(where, text) of everything that a widget shows or tells of itself."""
    yield "tip", widget.toolTip()
    yield "status", widget.statusTip()
    yield "name", widget.accessibleName()
    yield "description", widget.accessibleDescription()
    if widget.isWindow():
        yield "title", widget.windowTitle()
    if isinstance(widget, (QLabel, QAbstractButton)):
        yield "text", widget.text()
    if isinstance(widget, QGroupBox):
        yield "text", widget.title()
    if isinstance(widget, QLineEdit):
        yield "placeholder", widget.placeholderText()
    if isinstance(widget, QTextBrowser) and not widget.objectName().startswith("manual"):
        yield "text", widget.toPlainText()
    if isinstance(widget, QTabBar):
        yield from (("tab", widget.tabText(place)) for place in range(widget.count()))
    if isinstance(widget, (QAbstractItemView, QComboBox)) and widget.model() is not None:
        yield from (("item", text) for text in of_model(widget.model()))
    if isinstance(widget, QTableView):
        model = widget.model()
        for column in range(model.columnCount() if model is not None else 0):
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                yield "header", str(model.headerData(column, Qt.Orientation.Horizontal, role) or "")
    for action in widget.actions():
        yield from of_action(action)
    if isinstance(widget, QMenu):
        yield "menu", widget.title()


def of_action(action: QAction) -> Iterator[tuple[str, str]]:
    yield "action", action.text()
    yield "action", action.toolTip()
    yield "action", action.statusTip()


def of_model(model: QAbstractItemModel) -> Iterator[str]:
    roles = (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
        Qt.ItemDataRole.AccessibleDescriptionRole,
    )
    for row in range(model.rowCount()):
        for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount()):
            for role in roles:
                found = model.index(row, column).data(role)
                if isinstance(found, str):
                    yield found


def path_of(part: QObject) -> str:
    """The names around a widget, those it has."""
    names: list[str] = []
    above: QObject | None = part
    while above is not None and len(names) < 3:
        names += [above.objectName()] if above.objectName() else []
        above = above.parent()
    return f"{type(part).__name__} in {'/'.join(reversed(names))}"


def root_of(part: QObject) -> QObject:
    while (above := part.parent()) is not None:
        part = above
    return part


def is_of_qt(widget: QWidget) -> bool:
    """Whether Qt made it, with words of its own: those that `install_language` has translated."""
    box = widget.parentWidget()
    if isinstance(box, QDialogButtonBox) and isinstance(widget, QPushButton):
        return box.standardButton(widget) != QDialogButtonBox.StandardButton.NoButton
    return isinstance(box, QTabBar)


#: What an engine would say of labels; names in it are data.
LABELS = {
    "files": [{"path": "/data/fly.slp"}],
    "labeled_frames": 60,
    "empty_frames": 2,
    "instances": {"used": 110},
    "instances_per_frame": [[1, 10], [2, 50]],
    "max_instances_per_frame": 2,
    "image_sizes": [{"width": 640, "height": 480, "channels": 1, "frames": 60}],
    "nodes": ["node_1", "node_2"],
    "edges": [["node_1", "node_2"]],
    "visibility": {"node_1": 0.9, "node_2": 0.4},
    "tracks": ["track_1", "track_2"],
    "warnings": [],
    "problems": [],
}


def strings_of(answer: object) -> Iterator[str]:
    """Every text in what an engine answers, of two letters and more."""
    if isinstance(answer, str):
        yield from [answer, *answer.split(", ")] if len(answer) > 1 else []
    elif isinstance(answer, dict):
        for one in answer.values():
            yield from strings_of(one)
    elif isinstance(answer, (list, tuple)):
        for one in answer:
            yield from strings_of(one)


class Walk:
    """Goes through a window; `bare` has what no translation stands around, with where it was seen first."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.bare: dict[str, str] = {}
        self.seen: set[str] = set()
        self.theirs = set(NODES)

    def learn(self) -> None:
        """What the settings' own package says of the values they have; it has no translation."""
        document = self.window.document
        issues = document.every_issue()
        found = {issue.message for issue in issues} | {
            issue.fix.label.rstrip("…") for issue in issues if issue.fix is not None
        }
        for path in SPEC.keys:
            found |= {document.idle_reason(path), document.auto_text(path), document.also_text(path)}
        found |= {document.idle_reason(path) for path in SPEC.sections}
        self.theirs |= {one for one in found if one}

    def see(self, text: str, where: str) -> None:
        if text and text not in self.seen:
            self.seen.add(text)
            if left := words_left(text, theirs=self.theirs):
                self.bare[text] = f"{where}: {' '.join(left)}"

    def look(self, *parts: QWidget) -> None:
        """At everything there is now, or in some parts; shown or not: what is hidden now is shown another time."""
        QApplication.processEvents()
        self.learn()
        for top in parts or top_level_widgets():
            if not isinstance(root_of(top), (QMainWindow, QDialog)):
                continue  # menus of the plots' library, which the window opens nowhere
            for widget in (top, *top.findChildren(QWidget)):
                if is_of_qt(widget):
                    continue
                for kind, text in texts_of(widget):
                    self.see(text, f"{kind} of {path_of(widget)}")
        for action in self.window.actions_by_verb.values():
            for _, text in of_action(action):
                self.see(text, action.objectName())

    def go(self, config: str) -> None:
        window = self.window
        self.look()
        window.files.open_path(Path(config))
        window.files.finish()
        for page in PAGES:
            window.show_page(page)
            self.look(window.pages.currentWidget())
        self.go_through_the_form()
        self.hear_of_labels()
        self.follow_a_training()
        for command in command_hits():
            self.see(command.label, "palette")
        for verb in SHOWS:
            if verb in window.actions_by_verb:
                window.actions_by_verb[verb].trigger()
                self.look()
                self.close_what_opened()

    def go_through_the_form(self) -> None:
        window, document = self.window, self.window.document
        window.show_page("configure")
        window.form.set_filter(Filter(all=True))
        for page in read_layout().pages:
            window.form.show_page(page.id)
            self.look(window.form)
        for path in SPEC.keys:
            self.see(key_help(document, path), f"help of {path}")
        for path in SPEC.sections:
            self.see(section_help(document, path), f"help of {path}")
        for sight in SIGHTS:
            self.see(sight.label, "sight")
            self.see(sight.tip, "sight")
        document.set_value("trainer_config.max_epochs", 7)
        document.set_value("trainer_config.seed", 12)
        window.form.set_filter(Filter(all=True, changed_only=True))
        self.look(window.form)

    def hear_of_labels(self) -> None:
        """What an engine would answer on labels, and on a setting in pictures."""
        window = self.window
        window.document.set_value("data_config.train_labels_path", ["fly.slp"])
        self.theirs |= {misfit(preset.model_type, LABELS) for preset in list_presets()}
        window.labels_watch.known.emit(LABELS)
        window.document.set_facts(LABELS)
        self.look(window.labels_page)
        window.show_page("configure")
        for kind, answer in ANSWERS.items():
            self.theirs |= set(strings_of(answer()))
            window.see.watch.answered.emit(kind, answer())
            self.look(window.see)

    def follow_a_training(self) -> None:
        window = self.window
        page = window.train_page
        window.show_page("train")
        speaker = long_run(counted={"precision": 0.9, "recall": 0.8, "f1": 0.85, "class_accuracy": None})
        for state in (State.PREPARING, State.TRAINING, State.PAUSED, State.STOPPING, State.FINALIZING):
            show(page, speaker, state)
            self.look(page)
        page.set_session(None)

    def close_what_opened(self) -> None:
        for top in top_level_widgets():
            if top.isVisible() and top is not self.window:
                top.close()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def main(config: str) -> None:
    # Nothing is asked of an engine: what it answers is in its own language.
    defaults = Inspect.__init__.__kwdefaults__
    assert defaults is not None
    assert "command" in defaults
    defaults["command"] = (sys.executable, "-c", "import sys; sys.stdin.read()")
    _, window = build(["sleapnn-gui", "--theme", "light"])
    walk = Walk(window)
    walk.go(config)
    window.runs.leave()
    window.document.undo_stack.setClean()
    window.close()
    sys.stdout.write(json.dumps({"bare": walk.bare, "seen": len(walk.seen)}))
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
