"""One setting in the form: change bar, label, editor, unit, reset, and a line below when there is something to say."""

import re
from typing import Any, cast

from PySide6.QtCore import QRectF, Qt, QTimer, QVariantAnimation
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QSpacerItem, QToolButton, QWidget

from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.spec import SPEC, Key
from sleapnn_engine.config.tree import same
from sleapnn_engine.config.values import describe
from sleapnn_gui.document.document import Document
from sleapnn_gui.form.editors.nullable import NullableEditor
from sleapnn_gui.form.facts import names_for
from sleapnn_gui.form.lock_mark import LockMark, lock_of
from sleapnn_gui.form.registry import make_editor
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.motion import may_move
from sleapnn_gui.widgets.string_list import StringList
from sleapnn_gui.widgets.theme import current_theme

BAR, EDITOR_WIDTH, ROW_WIDTH = 16, 240, 700
_GAP, _NOTE = 12, 140
_GLOW_MS = 1200
_RANK = {"error": 0, "warning": 1, "info": 2}


def editor_width(row_width: int, label_width: int) -> int:
    """Pixels for the editors of a row: alike on every row of a page, less than usual where space is short."""
    return max(150, min(EDITOR_WIDTH, row_width - BAR - label_width - 3 * _GAP - _NOTE - 28))


class Row(QWidget):
    """The row of one key. It shows what the document says and hands edits to it; it keeps no value itself."""

    def __init__(
        self, key: Key, document: Document, *, label_width: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.key = key
        self._document = document
        self._around = SPEC.nullable_section(key.path)
        self._fix: Issue | None = None
        self._changed = False
        self._repeats = False
        self._label_width = label_width
        self._field = EDITOR_WIDTH
        self._reason = ""
        self._wide: bool | None = None
        self._glow = 0.0
        self._reset: QToolButton | None = None
        self._lock: LockMark | None = None
        self._message: MessageLine | None = None
        self.setObjectName(f"row:{key.path}")
        self.label = QLabel(tr(key.meta.label), self)
        # A widget that is an `Editor` as well, which no type can say.
        self.editor = cast(Any, make_editor(key, names=self._names, suggest=self._suggest, parent=self))
        self._note: ElidedLabel | None = None
        self._note_place: Qt.AlignmentFlag | None = None
        self._arrange()
        self.editor.value_edited.connect(self._edited)
        self.setAccessibleName(tr(key.meta.label))
        self.setAccessibleDescription(tr(key.meta.doc))

    @property
    def path(self) -> str:
        return self.key.path

    @property
    def is_changed(self) -> bool:
        """Whether the row shows its change bar."""
        return self._changed

    @property
    def message(self) -> str:
        """The sentence under the row, or ''."""
        return self._message.sentence if self._message is not None and not self._message.isHidden() else ""

    @property
    def reason(self) -> str:
        """Why the setting has no effect now, or ''."""
        return self._reason

    def set_repeats(self, repeats: bool) -> None:
        """Leave the reason out where the row above gives the same one; the help still has it."""
        self._repeats = repeats
        self._show_line()

    @property
    def severity(self) -> str:
        """error, warning or info while the row shows an issue, else ''."""
        return self._fix.severity if self._fix is not None else ""

    def reload(self) -> None:
        """Show another file's value: nothing of earlier input stays."""
        self.editor.forget()
        self.show_value()

    def show_value(self) -> None:
        """Show the document's value; text that already stands for it stays as typed."""
        self.editor.show_value(self._document.value(self.path))

    def show_state(self) -> None:
        """Show everything about the value that depends on other values: change, effect, unit, message."""
        off = self._is_off()
        self.editor.setEnabled(not off)
        reason = self._reason = self._document.idle_reason(self.path)
        self.label.setToolTip(f"{tr(self.key.meta.doc)}\n{reason}" if reason else tr(self.key.meta.doc))
        role = QPalette.ColorRole.PlaceholderText if off or reason else QPalette.ColorRole.WindowText
        if role != self.label.foregroundRole():
            self.label.setForegroundRole(role)
        self._show_change()
        self._show_lock()
        self._show_note()
        self._show_message("" if off else reason, silent=off)

    def flash(self) -> None:
        """Draw the eye to this row for a moment; where the system is to move nothing, by a glow that goes at once."""
        if not may_move(self):
            self._set_glow(1.0)
            QTimer.singleShot(_GLOW_MS, self, lambda: self._set_glow(0.0))
            return
        animation = QVariantAnimation(self)
        animation.setStartValue(1.0)
        animation.setEndValue(0.0)
        animation.setDuration(_GLOW_MS)
        animation.valueChanged.connect(self._set_glow)
        animation.start(QVariantAnimation.DeletionPolicy.DeleteWhenStopped)

    def focus_editor(self) -> None:
        """Put the keyboard focus into the editor."""
        self.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        field = editor_width(self.width(), self._label_width)
        if field != self._field:
            self._field = field
            self.editor.setMaximumWidth(ROW_WIDTH if self._wide else field)
            if isinstance(self.editor, NullableEditor):
                self.editor.set_switch_width(field)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.focus_editor()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._changed and not self._glow:
            return
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self._glow:
            tint = QColor(theme.color("accent"))
            tint.setAlphaF(0.18 * self._glow)
            painter.setBrush(tint)
            painter.drawRoundedRect(QRectF(self.rect()), theme.size("radius"), theme.size("radius"))
        if self._changed:
            painter.setBrush(theme.color("accent"))
            painter.drawRoundedRect(QRectF(0, 7, 4, 22), 2, 2)

    def _arrange(self) -> None:
        control = current_theme().size("control")
        grid = QGridLayout(self)
        grid.setContentsMargins(BAR, 4, 0, 4)
        grid.setHorizontalSpacing(_GAP)
        grid.setVerticalSpacing(4)
        grid.setColumnMinimumWidth(0, self._label_width)
        # The editor takes its full width first, the note what is left; the reset's place is kept free.
        grid.setColumnStretch(1, 1000)
        grid.setColumnStretch(2, 1)
        grid.addItem(QSpacerItem(control, 0), 0, 3)
        self.label.setFixedSize(self._label_width, control)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setAccessibleDescription(tr(self.key.meta.doc))
        grid.addWidget(self.label, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addItem(QSpacerItem(0, 0), 0, 2)
        self.editor.setMinimumWidth(150)
        self._grid = grid
        self._spread(self.editor.wide)
        self.setMaximumWidth(ROW_WIDTH)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def _spread(self, wide: bool) -> None:
        """Give the editor the note's column as well, or its own only."""
        if self._wide is wide:
            return
        self._wide = wide
        self._grid.removeWidget(self.editor)
        self._grid.addWidget(self.editor, 0, 1, 1, 2 if wide else 1)
        self.editor.setMaximumWidth(ROW_WIDTH if wide else self._field)

    def _edited(self, _: Any) -> None:
        value = self.editor.value()
        if not same(value, self._document.value(self.path)):
            self._document.set_value(self.path, value)
        self.show_state()

    def _is_off(self) -> bool:
        """Whether an optional section around the key is switched off (as against: not chosen)."""
        return bool(self._around) and not self._document.section_on(self._around)

    def _show_change(self) -> None:
        changed = self._document.is_changed(self.path)
        if changed and self._reset is None:
            self._reset = self._make_reset()
        if self._reset is not None:
            self._reset.setVisible(changed)
            if changed:
                before = (
                    tr("what was opened")
                    if self.key.meta.secret
                    else describe(self._document.baseline(self.path))
                )
                self._reset.setToolTip(tr("Back to {before}", before=before))
                self._reset.setAccessibleDescription(tr("Back to {before}", before=before))
        if changed != self._changed:
            self._changed = changed
            self.update()

    def _show_lock(self) -> None:
        found = lock_of(self._document, self.path) if self._document.locks else None
        if found is not None and self._lock is None:
            self._lock = LockMark(self.path, self._document, self)
            self._grid.addWidget(self._lock, 0, 4, Qt.AlignmentFlag.AlignTop)
            QWidget.setTabOrder(self._reset or self.editor, self._lock)
        if self._lock is not None:
            self._lock.setVisible(found is not None)
            if found is not None:
                self._lock.show_lock(*found)

    def _make_reset(self) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon("arrow-counter-clockwise"))
        button.setAccessibleName(tr("Reset {label}", label=tr(self.key.meta.label)))
        button.clicked.connect(lambda: self._document.reset(self.path))
        self._grid.addWidget(button, 0, 3, Qt.AlignmentFlag.AlignTop)
        QWidget.setTabOrder(self.editor, button)
        return button

    def _show_note(self) -> None:
        null = self.editor.value() is None
        waiting = self.editor.is_blank()
        wide = self.editor.wide and not (isinstance(self.editor, NullableEditor) and null and not waiting)
        self._spread(wide)
        text = "" if wide else self._auto() if null else tr(self.key.meta.unit_text)
        if not null and not wide:
            text = " ".join(part for part in (text, self._document.also_text(self.path)) if part)
        if self._note is None:
            if not text:
                return
            self._note = self._make_note()
        self._note.setVisible(bool(text))
        if text != self._note.text():
            self._note.setText(text)
            self._note.setAccessibleName(text or tr(self.key.meta.label))
        top = null and not waiting
        place = Qt.AlignmentFlag.AlignTop if top else Qt.AlignmentFlag.AlignBottom
        if place != self._note_place:
            # The page would be laid out again for it.
            self._note_place = place
            self._grid.setAlignment(self._note, place)

    def _make_note(self) -> ElidedLabel:
        theme = current_theme()
        note = ElidedLabel(parent=self)
        note.setFixedHeight(theme.size("control"))
        note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        note.setFont(theme.font("caption"))
        note.setAccessibleDescription(tr("Unit or automatic value of {label}", label=tr(self.key.meta.label)))
        self._grid.addWidget(note, 0, 2)
        return note

    def _auto(self) -> str:
        return self._document.auto_text(self.path)

    def _show_message(self, reason: str, *, silent: bool) -> None:
        issues = sorted(self._document.issues(self.path), key=lambda issue: _RANK[issue.severity])
        self._fix = issues[0] if issues and not silent else None
        self.editor.mark(self._fix.severity if self._fix is not None and self._fix.severity != "info" else "")
        if isinstance(self.editor, StringList):
            self._mark_items(issues)
        if self._fix is not None:
            more = tr(" ({count} more)", count=len(issues) - 1) if len(issues) > 1 else ""
            link = self._fix.fix.label if self._fix.fix is not None else ""
            self._set_message(self._fix.message + more, severity=self._fix.severity, link=link)
            self._message_line().setToolTip("\n".join(issue.message for issue in issues) if more else "")
        elif silent:
            self._set_message("")
        else:
            self._set_message(reason or self._hint())

    def _hint(self) -> str:
        return "" if self.editor.value() is None and self._auto() else self.editor.hint()

    def _mark_items(self, issues: list[Issue]) -> None:
        wrong = [issue.message for issue in issues if issue.severity == "error"]
        found = {item: next((text for text in wrong if item in text), "") for item in self.editor.items()}
        self.editor.mark_items({item: text for item, text in found.items() if text})

    def _set_message(self, sentence: str, *, severity: str = "hint", link: str = "") -> None:
        if not sentence and self._message is None:
            return
        self._message_line().show_message(sentence, severity=severity, link=link)
        self._show_line()

    def _show_line(self) -> None:
        if self._message is None:
            return
        repeated = self._repeats and self._message.sentence == self._reason
        shown = bool(self._message.sentence) and not repeated
        if self._message.isHidden() == shown:
            self._message.setVisible(shown)

    def _message_line(self) -> MessageLine:
        if self._message is None:
            self._message = MessageLine(self)
            self._message.setObjectName(f"issue:{self.path}")
            self._message.hide()
            self._message.followed.connect(self._apply_fix)
            self._grid.addWidget(self._message, 1, 0, 1, 3)
            QWidget.setTabOrder(self._lock or self._reset or self.editor, self._message)
        return self._message

    def _apply_fix(self) -> None:
        held = self._message_line().hasFocus()
        if self._fix is not None and self._fix.fix is not None:
            self._document.apply_fix(self._fix.fix)
        if held:
            self.focus_editor()

    def _names(self) -> list[str]:
        return names_for(self._document.facts, self.key.meta.names_of)

    def _suggest(self) -> Any:
        """What to start from when null is left: the default, what null comes to, or all names there are."""
        if self.key.default is not None:
            return self.key.default
        kind = self.key.meta.kind
        if kind in ("names", "edges"):
            names = self._names()
            return (names if kind == "names" else [name.split(" → ") for name in names]) or None
        digits = re.search(r"\d+", self._auto())
        if kind == "int" and digits:
            return int(digits[0])
        return None

    def _set_glow(self, strength: float) -> None:
        self._glow = strength
        self.update()
