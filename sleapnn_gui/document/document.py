"""The live config: what the file says, what is wrong with it, and every edit as one undoable step."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import attrs
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from sleapnn_engine.config import tree
from sleapnn_engine.config.derived import also_text, auto_text
from sleapnn_engine.config.files import copy_values, save_text
from sleapnn_engine.config.idle_settings import idle_reason
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.tree import same
from sleapnn_gui.document.commands import TYPED, Edit, State, changed_paths, typing_title
from sleapnn_gui.document.files import Opened, open_config
from sleapnn_gui.document.states import (
    judged,
    judged_state,
    state_of,
    switch_section,
    text_of,
    with_preset,
    write_value,
)

_ABSENT = object()

_LOG = logging.getLogger(__name__)


class Document(QObject):
    """One config under edit.

    Values are kept exactly as the file has them; null stays null and what it comes to is computed on reading.
    Sections that are switched off or not chosen are null in the file while their values are kept here.
    """

    changed = Signal(list)
    reloaded = Signal()
    issues_changed = Signal()
    state_changed = Signal()
    figures_changed = Signal()
    locks_changed = Signal()
    unlock_wanted = Signal(str)
    #: A sentence: what was to be changed and was not, because of a fault in the program.
    edit_failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.report: Any = None
        self._locks: Mapping[str, str] = {}
        self._state = State()
        self._text: tuple[State | None, str] = (None, "")
        self._facts: dict[str, Any] | None = None
        self._figures: dict[str, Any] | None = None
        self._figures_pending = False
        self._outside_issues: dict[str, list[Issue]] = {}
        self._view = ConfigReader(self._state.values)
        self.undo_stack.cleanChanged.connect(self._clean_changed)

    # -- reading -------------------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """The config as it would be saved (secrets included). Not to be changed by the reader."""
        return self._state.values

    @property
    def path(self) -> Path | None:
        """The file that saving writes to, or None where saving must ask."""
        return self._state.path

    @property
    def title(self) -> str:
        """What the config is called in the window."""
        return self._state.title

    @property
    def view(self) -> ConfigReader:
        return self._view

    @property
    def facts(self) -> dict[str, Any] | None:
        """What the engine said of the training labels, or None while nothing is known."""
        return self._facts

    @property
    def figures(self) -> dict[str, Any] | None:
        """What the engine made of settings and labels, or None while nothing is known."""
        return self._figures

    @property
    def figures_pending(self) -> bool:
        """Whether the figures are being asked for, so that those that are there may be of an earlier config."""
        return self._figures_pending

    @property
    def state(self) -> State:
        """Everything there is to keep of the config as it stands; not to be changed by the reader."""
        return self._state

    @property
    def locks(self) -> Mapping[str, str]:
        """What presets and advice leave alone: dotted path -> title of the preset that locked it."""
        return self._locks

    def set_locks(self, locks: Mapping[str, str]) -> None:
        """Lock exactly this."""
        if locks != self._locks:
            self._locks = dict(locks)
            self.locks_changed.emit()

    @property
    def is_dirty(self) -> bool:
        """Whether work would be lost without saving: edits, or what was imported and has no file yet."""
        return not self.undo_stack.isClean()

    def value(self, path: str) -> Any:
        """The file's value, the kept value of a hidden section, or the guide's default."""
        hidden = self._hidden_section(path)
        if hidden:
            rest = path[len(hidden) + 1 :]
            kept = self._state.parked.get(hidden)
            if kept is not None and tree.has(kept, rest):
                return tree.get(kept, rest)
            return SPEC.keys[path].default
        return self._view.value(path)

    def baseline(self, path: str) -> Any:
        """The value as it was opened or as the preset has it, or what its section began with when it was chosen."""
        known = self._state.known(path)
        if known is not None:
            return tree.get(*known)
        return SPEC.keys[path].default if path in SPEC.keys else None

    def is_changed(self, path: str) -> bool:
        """Whether a key that is in use differs from what was opened."""
        return not self._hidden_section(path) and not same(self.value(path), self.baseline(path))

    def section_on(self, path: str) -> bool:
        return self._view.on(path)

    def chosen(self, path: str) -> str | None:
        """Name of the child in use of a one-of section; the first where the file sets several."""
        names = self._view.chosen(path)
        return names[0] if names else None

    def idle_reason(self, path: str) -> str:
        return idle_reason(self._view, path)

    def auto_text(self, path: str) -> str:
        return auto_text(path, self._facts, self._figures, pending=self._figures_pending)

    def also_text(self, path: str) -> str:
        return also_text(self._view, path)

    def issues(self, path: str | None = None) -> list[Issue]:
        """Every finding once, or those about one key or section: the config's own first, then disk and labels."""
        every = (self._state.issues, *self._outside_issues.values())
        once = {(issue.path, issue.severity, issue.message): issue for issues in every for issue in issues}
        found = list(once.values())
        return found if path is None else [issue for issue in found if issue.path == path]

    def differences(self) -> list[tuple[str, Any, Any]]:
        """(dotted path, opened value, present value) of everything that differs, in file order."""
        before, after = dict(tree.leaves(self._state.opened)), dict(tree.leaves(self.values))
        rows = []
        for path in dict.fromkeys([*after, *before]):
            old, new = before.get(path, _ABSENT), after.get(path, _ABSENT)
            if old is _ABSENT and path in SPEC.keys:
                old = self.baseline(path)
            if new is _ABSENT:
                continue
            if not same(old, new):
                rows.append((path, None if old is _ABSENT else old, new))
        return rows

    @property
    def has_text(self) -> bool:
        """Whether `to_yaml` need not make the text first."""
        return self._text[0] is self._state

    def keep_text(self, state: State, text: str) -> None:
        """Take over the text made of a state, for as long as that is the present one."""
        self._text = (state, text)

    def to_yaml(self) -> str:
        """The text that saving would write."""
        if not self.has_text:
            self.keep_text(self._state, text_of(self._state))
        return self._text[1]

    # -- editing -------------------------------------------------------------------------------------------

    def set_value(self, path: str, value: Any) -> None:
        """Set one key; a further edit of the same key joins the same undo step.

        A key of a section that is not in use is changed where it is kept, and shows when the section is used.
        """
        if tree.has(self.values, path) and same(tree.get(self.values, path), value):
            return
        after = self._state.copy()
        hidden = self._hidden_section(path)
        if hidden:
            kept = after.parked.setdefault(hidden, SPEC.defaults(hidden))
            tree.put(kept, path[len(hidden) + 1 :], copy_values(value))
        else:
            tree.put(after.values, path, copy_values(value))
        self._push(f"Edit {SPEC.keys[path].meta.label if path in SPEC.keys else path}", after, path)

    def reset(self, path: str) -> None:
        """Take a key back to what was opened."""
        after = self._state.copy()
        known = self._state.known(path)
        if known is not None:
            tree.put(after.values, path, copy_values(tree.get(*known)))
        else:
            tree.drop(after.values, path)
        self._push(f"Reset {SPEC.keys[path].meta.label if path in SPEC.keys else path}", after)

    def set_section(self, path: str, on: bool) -> None:
        """Switch an optional section; off keeps its values here and writes null."""
        if self.section_on(path) == on:
            return
        after = self._state.copy()
        switch_section(after, path, on, view=self._view)
        self._push(f"{'Use' if on else 'Leave out'} {SPEC.sections[path].meta.label}", after)

    def choose(self, path: str, name: str | None) -> None:
        """Use one child of a one-of section; the others keep their values here and become null in the file."""
        if self._view.chosen(path) == ([name] if name else []):
            return
        after = self._state.copy()
        if not self._view.on(path):
            tree.put(after.values, path, {})
        for child in SPEC.sections[path].sections:
            wanted = SPEC.sections[child].name == name
            if wanted != self._view.on(child):
                switch_section(after, child, wanted, view=self._view)
            elif not wanted:
                write_value(after.values, child, SPEC.left_out(child))
        self._push(f"Choose {SPEC.sections[f'{path}.{name}'].meta.label if name else 'none'}", after)

    def apply_values(self, changes: dict[str, Any], title: str, *, called: str = "") -> None:
        """Several keys at once, as one undo step; `Remove` takes a key out of the file.

        A config without a file is then `called` so, where that is given.
        """
        after = self._state.copy()
        if called and self.path is None:
            after = attrs.evolve(after, title=called)
        for path, value in changes.items():
            write_value(after.values, path, value)
        self._push(title, after)

    def adopt_typed(self, after: State) -> None:
        """Take over what `with_text` made of the present state; texts typed soon after one another are one step."""
        self._push(typing_title(self._state, after), after, TYPED)

    def set_facts(self, facts: dict[str, Any] | None) -> None:
        """Take over what the engine said of the training labels."""
        self._facts = facts
        self.changed.emit([])
        self.state_changed.emit()

    def set_figures(self, figures: dict[str, Any] | None, *, pending: bool = False) -> None:
        """Take over what the engine made of the settings; `pending` while newer figures are asked for."""
        if (figures, pending) != (self._figures, self._figures_pending):
            self._figures, self._figures_pending = figures, pending
            self.figures_changed.emit()

    def set_outside_issues(self, source: str, issues: list[Issue]) -> None:
        """Findings that need the disk or the labels, replaced as a whole per source."""
        if self._outside_issues.get(source, []) != issues:
            self._outside_issues[source] = issues
            self.issues_changed.emit()

    # -- files ---------------------------------------------------------------------------------------------

    def load(self, path: str | Path) -> None:
        """Open a config or a SLEAP 1.4 JSON file. Raises UserError and changes nothing when it is neither."""
        self.adopt(open_config(Path(path)))

    def adopt(self, opened: Opened, state: State | None = None) -> None:
        """Start over from an opened file or a preset; `state` is what `judged_state` made of it."""
        state = state or judged_state(opened)
        self.report = opened.report
        # What was imported stands in no file of this format; a preset can be had again.
        self._start_over(state, saved=opened.report is None)

    def restore(self, state: State) -> None:
        """Start over from a state that was kept aside and never saved."""
        anew = judged(state)
        self.report = None
        self._start_over(anew, saved=False)

    def apply_preset(self, opened: Opened) -> list[str]:
        """Take over a preset as one undoable step; the labels already chosen and what is locked stay.

        Returns the locked paths that would have changed.
        """
        after, kept = with_preset(self.values, opened, locked=tuple(self.locks))
        self._push(f"Apply preset {opened.title}", after)
        return kept

    def save(self, path: str | Path | None = None) -> None:
        """Write the config, whole or not at all, keeping what it replaces as `.bak`. Raises UserError."""
        target = Path(path) if path is not None else self.path
        if target is None:
            raise ValueError("a config that was never saved needs a path")
        text = self.to_yaml()
        save_text(target, text)
        self.saved(self._state, target, text)

    def saved(self, state: State, target: Path, text: str) -> None:
        """Take over that a state was written to a file; edits made since are still unsaved."""
        is_present = state is self._state
        self._move({"path": target, "title": target.name, "text": text, "opened": copy_values(state.values)})
        if is_present:
            self.keep_text(self._state, text)
            self.undo_stack.setClean()
        else:
            self.undo_stack.resetClean()
        self.changed.emit([])
        self.state_changed.emit()

    def adopt_theirs(self, opened: Opened) -> None:
        """Take over what another program wrote to the file, as one undoable step."""
        self._push(f"Take {opened.title} from the disk", state_of(opened))
        self.undo_stack.setClean()

    def keep_mine(self, opened: Opened) -> None:
        """Keep everything, and know what another program wrote: that is what changes are from now on measured against."""
        self._move({"text": opened.text, "opened": copy_values(opened.values)})
        self.undo_stack.resetClean()
        self.changed.emit([])
        self.state_changed.emit()

    # -- inside --------------------------------------------------------------------------------------------

    def _move(self, home: dict[str, Any]) -> None:
        """What undo brings back belongs to this file too: saving it must not go to the one before."""
        self._state = attrs.evolve(self._state, **home)
        for index in range(self.undo_stack.count()):
            cast(Edit, self.undo_stack.command(index)).move(home)

    def _start_over(self, state: State, *, saved: bool) -> None:
        self._outside_issues = {}
        self.undo_stack.clear()
        self._adopt(state)
        # Clearing a stack that is empty already leaves it as unsaved as what was open before.
        self.undo_stack.setClean() if saved else self.undo_stack.resetClean()
        self.reloaded.emit()
        self.issues_changed.emit()
        self.state_changed.emit()

    def _clean_changed(self, _clean: bool) -> None:
        self.state_changed.emit()

    def _hidden_section(self, path: str) -> str:
        return next(
            (part for part in SPEC.ancestors(path) if part in SPEC.sections and not self._view.on(part)), ""
        )

    def _push(self, title: str, after: State, key: str = "") -> None:
        """One step to `after`, or none: whatever can fail is done before the step exists.

        A step that fails inside Qt's undo stack would leave the stack and the document apart, and can end the app.
        """
        try:
            step = Edit(title, self._state, judged(after), key, self._show)
        except Exception:  # a fault in a check must cost neither the document nor the app
            _LOG.exception("%s failed", title)
            self.edit_failed.emit(
                f"“{title}” could not be done because of a fault in this program, which is in its log; "
                "the config is as it was."
            )
            self.changed.emit([key] if key else [])
            return
        self.undo_stack.push(step)

    def _show(self, state: State) -> None:
        before = self._state
        self._adopt(state)
        self.changed.emit(changed_paths(before, state))
        self.state_changed.emit()

    def _adopt(self, state: State) -> None:
        found = self._state.issues
        self._state = state
        self._view = ConfigReader(state.values)
        if state.issues != found:
            self.issues_changed.emit()
