"""What can be read of the live config: its values, what they are measured against, and what is wrong with them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from sleapnn_engine.config import tree
from sleapnn_engine.config.derived import also_text, auto_text
from sleapnn_engine.config.idle_settings import idle_reason
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.tree import same
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.pair import halves, issues_beside, title_of
from sleapnn_gui.document.states import differences, text_of


class ReadDocument(QObject):
    """One config under edit, or the two of a top-down pair, of which one is in hand.

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
    pair_wanted = Signal()
    #: Where labels or their videos are now is to be asked.
    locate_wanted = Signal()
    #: A sentence: what was to be changed and was not, because of a fault in the program.
    edit_failed = Signal(str)
    #: What is typed beside the form and no config is another text now, or has come back from a draft.
    unread_changed = Signal()
    unread_restored = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.report: Any = None
        self._locks: Mapping[str, str] = {}
        self._state = State()
        self._text: tuple[State | None, str] = (None, "")
        self._facts: dict[str, Any] | None = None
        self._figures: dict[str, dict[str, Any] | None] = {}
        self._figures_pending = False
        #: What somebody has typed beside the form that is no config, and so in none of what is saved: of each half of a pair,
        #: '' without one, the text and why it is none.
        self.unread_texts: Mapping[str, tuple[str, str]] = {}
        self._outside_issues: dict[str, dict[str, list[Issue]]] = {}
        self._view = ConfigReader(self._state.values)

    # -- reading -------------------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """The config as it would be saved (secrets included). Not to be changed by the reader."""
        return self._state.values

    @property
    def path(self) -> Path | None:
        """The file that saving writes to, or None where saving must ask; of a pair that of the half in hand."""
        return self._state.path

    @property
    def paths(self) -> list[Path]:
        """The files that saving writes to, as far as there are some: those of both halves of a pair."""
        return [half.path for half in halves(self._state) if half.path is not None]

    @property
    def title(self) -> str:
        """What the config is called in the window; of a pair what both are."""
        return title_of(self._state)

    @property
    def half(self) -> str:
        """Which half of a top-down pair is in hand: its settings are what is read and edited. '' without a pair."""
        return self._state.half

    @property
    def unread(self) -> str:
        """Why what is typed beside the form is no config; '' where nothing is."""
        return next((why for _, why in self.unread_texts.values()), "")

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
        return self._figures.get(self.half)

    def figures_of(self, half: str) -> dict[str, Any] | None:
        """The same of one half of a pair."""
        return self._figures.get(half)

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
        return auto_text(path, self._facts, self.figures, pending=self._figures_pending)

    def also_text(self, path: str) -> str:
        return also_text(self._view, path)

    def issues(self, path: str | None = None) -> list[Issue]:
        """Every finding once, or those about one key or section: the config's own first, then disk and labels.

        Of a pair those of the half in hand; `every_issue` has all.
        """
        found = self.issues_of(self._state)
        return found if path is None else [issue for issue in found if issue.path == path]

    def issues_of(self, half: State) -> list[Issue]:
        """Every finding about one half of a pair, once."""
        every = (*half.issues, *self._found_outside(half.half))
        return list({(issue.path, issue.severity, issue.message): issue for issue in every}.values())

    def every_issue(self) -> list[Issue]:
        """What is wrong with both halves of a pair; the paths of the other one say so (`pair.split_path`)."""
        other = self._state.other
        beside = [] if other is None else issues_beside(self._state, self._found_outside(other.half))
        return [*self.issues(), *beside]

    def differences(self) -> list[tuple[str, Any, Any]]:
        """(dotted path, opened value, present value) of everything that differs, in file order."""
        return list(differences(self._state, self.baseline))

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

    def _hidden_section(self, path: str) -> str:
        return next(
            (part for part in SPEC.ancestors(path) if part in SPEC.sections and not self._view.on(part)), ""
        )

    def _found_outside(self, half: str) -> list[Issue]:
        return [issue for issues in self._outside_issues.get(half, {}).values() for issue in issues]
