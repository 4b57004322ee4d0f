"""One page of the form: the cards or switch of its section, and groups of rows under captions."""

from collections.abc import Iterator

import attrs
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpacerItem,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.config.issue import Fix
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.form.layout import Group, Page
from sleapnn_gui.form.row import BAR, EDITOR_WIDTH, ROW_WIDTH, Row, editor_width
from sleapnn_gui.form.section_controls import SectionCards, SectionSwitch
from sleapnn_gui.widgets.language import counted, tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.theme import current_theme

_RANK = {"error": 0, "warning": 1, "info": 2}


@attrs.frozen
class Filter:
    """Which rows are wanted: all or the basic ones, and of these all or those that differ from what was opened."""

    all: bool = False
    changed_only: bool = False

    def wants(self, row: Row) -> bool:
        """Rows that were changed or have something wrong are never left out."""
        if row.is_changed or row.severity:
            return True
        return not self.changed_only and (self.all or not row.key.meta.advanced)


class SectionMessage(MessageLine):
    """The worst issue of a section, with its fix; of a one-of section, also what is wrong with the choice made."""

    def __init__(self, path: str, document: Document, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path, self._document = path, document
        self._one_of = bool(SPEC.sections[path].meta.one_of)
        self._fix: Fix | None = None
        self.setObjectName(f"issue:{path}")
        self.followed.connect(self._apply)
        self.hide()

    def show_state(self) -> None:
        """Show what the document finds wrong with the section now."""
        found = self._document.issues(self._path)
        chosen = self._document.chosen(self._path) if self._one_of else None
        if chosen:
            found = [*found, *self._document.issues(f"{self._path}.{chosen}")]
        issues = sorted(found, key=lambda issue: _RANK[issue.severity])
        self._fix = issues[0].fix if issues else None
        if issues:
            self.show_message(
                issues[0].message, severity=issues[0].severity, link=self._fix.label if self._fix else ""
            )
        title = self._document.locks.get(self._path) if not issues else None
        if title is not None:
            told = tr(
                "Locked by “{title}”: other presets and advice leave this choice as it is.", title=title
            )
            self.show_message(told, severity="hint", link=tr("Unlock"))
        self.setVisible(bool(issues) or title is not None)

    def _apply(self) -> None:
        if self._fix is not None:
            self._document.apply_fix(self._fix)
        elif self._path in self._document.locks:
            self._document.unlock_wanted.emit(self._path)


class GroupBox(QWidget):
    """Rows under one caption, with the on/off of their section where it is optional. No frame: space sets it apart."""

    def __init__(
        self, group: Group, document: Document, *, label_width: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.group = group
        self._document = document
        self.switch: SectionSwitch | None = None
        self.message: SectionMessage | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header(label_width))
        if group.switch:
            self.message = SectionMessage(group.switch, document, parent=self)
            column.addWidget(self.message)
        self.rows = [
            Row(SPEC.keys[path], document, label_width=label_width, parent=self) for path in group.keys
        ]
        for row in self.rows:
            column.addWidget(row)
        self._label_width = label_width
        self.setMaximumWidth(ROW_WIDTH)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.switch is not None:
            self.switch.setMaximumWidth(editor_width(self.width(), self._label_width))

    @property
    def is_in_use(self) -> bool:
        """Whether the choice the group belongs to is the one made."""
        return not self.group.under or self._document.section_on(self.group.under)

    def show_state(self) -> None:
        """Refresh the header and every row."""
        if self.switch is not None:
            self.switch.show_value()
        if self.message is not None:
            self.message.show_state()
        for row in self.rows:
            row.show_state()

    def show_filtered(self, wanted: Filter, *, keep: bool) -> int:
        """Hide what is not wanted; with `keep`, rows that are shown stay. Returns how many basic mode hides."""
        if not self.is_in_use:
            self.hide()
            return 0
        hidden, above = 0, ""
        shown = False
        for row in self.rows:
            visible = wanted.wants(row) or (keep and not row.isHidden())
            if row.isHidden() == visible:
                row.setVisible(visible)
            if visible:
                shown = True
                row.set_repeats(bool(row.reason) and row.reason == above)
                above = row.reason
            hidden += not visible and not wanted.changed_only
        self.setVisible(shown or (self.switch is not None and not wanted.changed_only and self._has_basic))
        return hidden

    @property
    def _has_basic(self) -> bool:
        return not all(row.key.meta.advanced for row in self.rows)

    def _header(self, label_width: int) -> QWidget:
        control = current_theme().size("control")
        caption = QLabel(self.group.caption, self)
        caption.setTextFormat(Qt.TextFormat.PlainText)
        caption.setFont(current_theme().font("heading"))
        caption.setFixedHeight(control)
        if not self.group.switch:
            return caption
        header = QWidget(self)
        grid = QGridLayout(header)
        grid.setContentsMargins(0, 0, 0, 4)
        grid.setHorizontalSpacing(12)
        grid.addWidget(caption, 0, 0)
        grid.setColumnMinimumWidth(0, label_width + BAR)
        grid.setColumnStretch(1, 1000)
        grid.setColumnStretch(2, 1)
        grid.addItem(QSpacerItem(control, 0), 0, 3)
        self.switch = SectionSwitch(self.group.switch, self._document, parent=header)
        self.switch.setMaximumWidth(EDITOR_WIDTH)
        self.switch.setMinimumWidth(150)
        grid.addWidget(self.switch, 0, 1)
        grid.addItem(QSpacerItem(0, 0), 0, 2)
        return header


class SectionPage(QWidget):
    """All groups of one page, in a column that keeps its width on wide screens."""

    #: The button for the rows that basic mode hides was pressed.
    all_wanted = Signal()

    def __init__(self, page: Page, document: Document, parent: QWidget | None = None) -> None:
        """It is of use once somebody has gone through `fill`."""
        super().__init__(parent)
        self.page = page
        self._document = document
        self._stale = True
        self.cards: SectionCards | None = None
        self.switch_box: GroupBox | None = None
        self._messages: list[SectionMessage] = []
        self.groups: list[GroupBox] = []

    def fill(self) -> Iterator[None]:
        """Make the groups, one in each step, and what stands around them."""
        # A row in a layout of its own width: only so do wrapped sentences get the height they need on wide screens.
        inside = QWidget(self)
        inside.setMaximumWidth(ROW_WIDTH)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(inside, 1000)
        across.addStretch(1)
        column = QVBoxLayout(inside)
        theme = current_theme()
        column.setContentsMargins(0, 0, 0, theme.size("space_5"))
        column.setSpacing(theme.size("space_4"))
        label_width = self._label_width()
        self._add_choice(column, label_width)
        for group in self.page.groups:
            self.groups.append(GroupBox(group, self._document, label_width=label_width, parent=self))
            column.addWidget(self.groups[-1])
            yield
        self._more = QPushButton(self)
        self._more.setProperty("link", True)
        self._more.setCursor(Qt.CursorShape.PointingHandCursor)
        self._more.clicked.connect(self.all_wanted)
        self._nothing = QLabel(tr("Nothing here differs from what was opened."), self)
        self._nothing.setProperty("role", "muted")
        column.addWidget(self._nothing)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def rows(self) -> list[Row]:
        return [row for group in self.groups for row in group.rows]

    def row(self, path: str) -> Row | None:
        """The row of a key, or None where the page has none."""
        return next((row for row in self.rows if row.path == path), None)

    def control_of(self, path: str) -> QWidget | None:
        """What chooses or switches the section of a key or the nearest around it; the first one where none does."""
        controls: list[QWidget] = [self.cards] if self.cards is not None else []
        controls += [box.switch for box in (self.switch_box, *self.groups) if box is not None and box.switch]
        shown = [control for control in controls if control.isVisibleTo(self)]
        for part in (path, *reversed(SPEC.ancestors(path))):
            found = next((control for control in shown if control.objectName() == part), None)
            if found is not None:
                return found
        return shown[0] if shown else None

    def invalidate(self) -> None:
        """What depends on other values may be out of date; it is refreshed when the page is shown."""
        self._stale = True

    def get_ready(self) -> Iterator[None]:
        """Let the rows of a page that was never shown make what they need to show their state, group by group.

        That takes them most of the time of the first showing.
        """
        for group in self.groups:
            if self._stale and group.is_in_use:
                group.show_state()
                yield

    def refresh(self, wanted: Filter, *, keep: bool) -> None:
        """Bring a shown page up to date; with `keep`, no row disappears under the person's hands."""
        if self._stale:
            self._stale = False
            for message in self._messages:
                message.show_state()
            if self.cards is not None:
                self.cards.show_value()
            if self.switch_box is not None:
                self.switch_box.show_state()
            for group in self.groups:
                if group.is_in_use:
                    group.show_state()
        hidden = sum(group.show_filtered(wanted, keep=keep) for group in self.groups)
        self._more.setText(counted(hidden, "more setting"))
        self._more.setAccessibleDescription(tr("Shows the settings that are rarely changed."))
        self._more.setVisible(hidden > 0)
        any_shown = any(not group.isHidden() for group in self.groups)
        self._nothing.setVisible(wanted.changed_only and not any_shown)

    def _add_choice(self, column: QVBoxLayout, label_width: int) -> None:
        if self.page.choose:
            self.cards = SectionCards(self.page.choose, self._document, none=self.page.none, parent=self)
            self.cards.setMaximumWidth(ROW_WIDTH)
            message = SectionMessage(self.page.choose, self._document, parent=self)
            message.setMaximumWidth(ROW_WIDTH)
            self._messages.append(message)
            column.addWidget(self.cards)
            column.addWidget(message)
        if self.page.switch:
            caption = tr(SPEC.sections[self.page.switch].meta.label)
            group = Group(caption, (), switch=self.page.switch)
            self.switch_box = GroupBox(group, self._document, label_width=label_width, parent=self)
            column.addWidget(self.switch_box)

    def _label_width(self) -> int:
        metrics = self.fontMetrics()
        widest = max(metrics.horizontalAdvance(tr(SPEC.keys[path].meta.label)) for path in self.page.keys)
        return min(max(widest + 4, 190), 260)
