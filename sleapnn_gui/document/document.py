"""The live config: every edit of it as one undoable step, and how it comes from files and goes to them."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import attrs
from PySide6.QtCore import QObject

from sleapnn_engine.config import tree
from sleapnn_engine.config.files import copy_values, save_text
from sleapnn_engine.config.issue import Fix, Issue
from sleapnn_engine.config.pairs import half_of
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.tree import same
from sleapnn_gui.document.commands import TYPED, Edit, State, changed_paths, typing_title
from sleapnn_gui.document.files import Opened, open_config
from sleapnn_gui.document.pair import halves, in_pair, linked, paired, same_work, turned
from sleapnn_gui.document.reading import ReadDocument
from sleapnn_gui.document.states import (
    choose_child,
    judged,
    judged_state,
    state_of,
    switch_section,
    with_preset,
    write_value,
)
from sleapnn_gui.widgets.language import tr

_LOG = logging.getLogger(__name__)


class Document(ReadDocument):
    """The config under edit. Whatever is changed of it is one step of the undo stack, of both halves of a pair too."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack.cleanChanged.connect(self._clean_changed)

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
        self.change(
            tr("Edit {label}", label=tr(SPEC.keys[path].meta.label) if path in SPEC.keys else path),
            after,
            path,
        )

    def reset(self, path: str) -> None:
        """Take a key back to what was opened."""
        after = self._state.copy()
        known = self._state.known(path)
        if known is not None:
            tree.put(after.values, path, copy_values(tree.get(*known)))
        else:
            tree.drop(after.values, path)
        self.change(
            tr("Reset {label}", label=tr(SPEC.keys[path].meta.label) if path in SPEC.keys else path), after
        )

    def set_section(self, path: str, on: bool) -> None:
        """Switch an optional section; off keeps its values here and writes null."""
        if self.section_on(path) == on:
            return
        after = self._state.copy()
        switch_section(after, path, on, view=self._view)
        self.change(f"{tr('Use') if on else tr('Leave out')} {tr(SPEC.sections[path].meta.label)}", after)

    def choose(self, path: str, name: str | None) -> None:
        """Use one child of a one-of section; the others keep their values here and become null in the file."""
        if self._view.chosen(path) == ([name] if name else []):
            return
        after = self._state.copy()
        choose_child(after, path, name, view=self._view)
        self.change(
            tr(
                "Choose {label}", label=tr(SPEC.sections[f"{path}.{name}"].meta.label) if name else tr("none")
            ),
            after,
        )

    def apply_values(
        self, changes: dict[str, Any], title: str, *, called: str = "", pairs: bool = False
    ) -> None:
        """Several keys at once, as one undo step; `Remove` takes a key out of the file.

        A config without a file is then `called` so, where that is given. `pairs`: it gets its other half too.
        """
        after = self._state.copy()
        if called and self.path is None:
            after = attrs.evolve(after, title=called)
        for path, value in changes.items():
            write_value(after.values, path, value)
        if pairs and after.other is None:
            after = paired(after, ConfigReader(after.values))
        self.change(title, after)

    def apply_fix(self, fix: Fix) -> None:
        """Change what a fix says, as one step that Undo takes back, or ask for what it does not know."""
        if fix.locates:
            self.locate_wanted.emit()
        else:
            self.apply_values(fix.changes, fix.label)

    def adopt_typed(self, after: State) -> None:
        """Take over what `with_text` made of the present state; texts typed soon after one another are one step."""
        self.change(typing_title(self._state, after), after, TYPED)

    def turn(self, half: str) -> None:
        """Take the other half of a pair in hand; that is no edit, and Undo goes to where one was made."""
        after = turned(self._state, half)
        if after is not self._state:
            self._show(after)

    def adopt_pair(self, state: State) -> None:
        """Take over what was opened together with its other half, which is no edit."""
        self._show(judged(state))

    def set_facts(self, facts: dict[str, Any] | None) -> None:
        """Take over what the engine said of the training labels."""
        self._facts = facts
        self.changed.emit([])
        self.state_changed.emit()

    def set_figures(
        self, figures: dict[str, Any] | None, *, pending: bool = False, half: str | None = None
    ) -> None:
        """Take over what the engine made of the settings, of the half in hand or another; `pending` while newer ones are asked for."""
        of = self.half if half is None else half
        if (figures, pending) != (self._figures.get(of), self._figures_pending):
            self._figures[of], self._figures_pending = figures, pending
            self.figures_changed.emit()

    def set_outside_issues(self, source: str, issues: list[Issue], *, half: str | None = None) -> None:
        """Findings that need the disk or the labels, replaced as a whole per source; of the half in hand or another."""
        known = self._outside_issues.setdefault(self.half if half is None else half, {})
        if known.get(source, []) != issues:
            known[source] = issues
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

    def restore(self, state: State, unread: Mapping[str, tuple[str, str]] | None = None) -> None:
        """Start over from a state that was kept aside and never saved, with what was typed beside it and no config."""
        anew = judged(state)
        self.report = None
        self._start_over(anew, saved=False)
        if unread:
            self.set_unread(unread)
            self.unread_restored.emit()

    def set_unread(self, texts: Mapping[str, tuple[str, str]]) -> None:
        """What is typed beside the form and no config is exactly this: by half, the text and why it is none."""
        if texts != self.unread_texts:
            self.unread_texts = dict(texts)
            self.unread_changed.emit()

    def apply_preset(self, opened: Opened) -> list[str]:
        """Take over a preset as one undoable step; the labels already chosen and what is locked stay.

        Of a pair it goes to the half that it is a preset of. Returns the locked paths that would have changed.
        """
        wanted = half_of(opened.values)
        before = turned(self._state, wanted) if wanted else self._state
        after, kept = with_preset(before.values, opened, locked=tuple(self.locks))
        self.change(tr("Apply preset {opened}", opened=opened.title), in_pair(before, after))
        return kept

    def save(self, path: str | Path | None = None) -> None:
        """Write the config, whole or not at all, keeping what it replaces as `.bak`. Raises UserError."""
        target = Path(path) if path is not None else self.path
        if target is None:
            raise ValueError("a config that was never saved needs a path")
        text = self.to_yaml()
        save_text(target, text)
        self.saved(self._state, [(target, text)])

    def saved(self, state: State, written: Sequence[tuple[Path, str]]) -> None:
        """Take over that a state was written to files, that of its half in hand first; edits made since are unsaved."""
        is_present = same_work(state, self._state)
        homes = {
            half.half: {
                "path": target,
                "title": target.name,
                "text": text,
                "opened": copy_values(half.values),
            }
            for half, (target, text) in zip(halves(state), written, strict=True)
        }
        self._move(homes)
        if is_present:
            self.keep_text(self._state, homes[self.half]["text"])
            self.undo_stack.setClean()
        else:
            self.undo_stack.resetClean()
        self.changed.emit([])
        self.state_changed.emit()

    def adopt_theirs(self, opened: Opened) -> None:
        """Take over what another program wrote to the file of the half in hand, as one undoable step."""
        self.change(
            tr("Take {opened} from the disk", opened=opened.title), in_pair(self._state, state_of(opened))
        )
        if all(same(half.values, half.opened) for half in halves(self._state)):
            self.undo_stack.setClean()
        else:
            self.undo_stack.resetClean()  # of the other half, or by what both share, something is in no file

    def keep_mine(self, opened: Opened) -> None:
        """Keep everything, and know what another program wrote: that is what changes are from now on measured against."""
        self._move({self.half: {"text": opened.text, "opened": copy_values(opened.values)}})
        self.undo_stack.resetClean()
        self.changed.emit([])
        self.state_changed.emit()

    # -- inside --------------------------------------------------------------------------------------------

    def _move(self, homes: Mapping[str, dict[str, Any]]) -> None:
        """What undo brings back belongs to these files too: saving it must not go to the ones before."""
        self._state = self._state.moved(homes)
        for index in range(self.undo_stack.count()):
            cast(Edit, self.undo_stack.command(index)).move(homes)

    def _start_over(self, state: State, *, saved: bool) -> None:
        self._outside_issues, self._figures = {}, dict.fromkeys(("",), self._figures.get(""))
        self.undo_stack.clear()
        self._adopt(state)
        # Clearing a stack that is empty already leaves it as unsaved as what was open before.
        self.undo_stack.setClean() if saved else self.undo_stack.resetClean()
        self.reloaded.emit()
        self.issues_changed.emit()
        self.state_changed.emit()

    def _clean_changed(self, _clean: bool) -> None:
        self.state_changed.emit()

    def change(self, title: str, after: State, key: str = "") -> None:
        """One step to `after`, or none: whatever can fail is done before the step exists.

        A step that fails inside Qt's undo stack would leave the stack and the document apart, and can end the app.
        """
        try:
            step = Edit(title, self._state, judged(linked(after)), key, self._show)
        except Exception:  # a fault in a check must cost neither the document nor the app
            _LOG.exception("%s failed", title)
            self.edit_failed.emit(
                tr(
                    "“{title}” could not be done because of a fault in this program, which is in its log; "
                    "the config is as it was.",
                    title=title,
                )
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
        before, self._state = self._state, state
        self._view = ConfigReader(state.values)
        if bool(before.half) != bool(state.half):
            # What is known of a model stays known of it as it becomes a half of a pair, and the other way round.
            known = half_of(state.values) if before.half else ""
            self._outside_issues = {state.half: self._outside_issues.get(known, {})}
            self._figures = {state.half: self._figures.get(known)}
        if [half.issues for half in halves(state)] != [half.issues for half in halves(before)]:
            self.issues_changed.emit()
