"""The Configure page: the list of sections, the rows of one of them, and the pane beside them."""

from collections import deque
from collections.abc import Iterator

import attrs
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.form.ahead import do_ahead
from sleapnn_gui.form.anchored import Anchor
from sleapnn_gui.form.changes import changes
from sleapnn_gui.form.context_pane import ContextPane
from sleapnn_gui.form.half_tabs import HalfTabs
from sleapnn_gui.form.layout import Layout, Page, read_layout
from sleapnn_gui.form.reach import Obstacle, obstacle
from sleapnn_gui.form.row import ROW_WIDTH, Row
from sleapnn_gui.form.section_list import SectionList
from sleapnn_gui.form.section_page import Filter, SectionPage
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.kept_focus import focus_kept
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.segmented import Segmented
from sleapnn_gui.widgets.theme import current_theme

_FOLD_BELOW = 1360  # window width in pixels under which the pane beside the rows folds away
_LIST_WIDTH, _PANE_WIDTH, _NARROW_PANE = 214, 380, 320
_SLIM_BELOW, _SLIM_LIST = 720, 140  # a window of a small screen has a slimmer list


class FormPage(QWidget):
    """Everything a config can say, page by page.

    The document is the only place where values live; this page shows it and hands edits to it. `key_focused`
    is emitted with the dotted path of the setting that got the keyboard focus. Made `in_steps`, it is of use once
    somebody has gone through `fill`.
    """

    key_focused = Signal(str)

    def __init__(
        self,
        document: Document,
        parent: QWidget | None = None,
        *,
        layout: Layout | None = None,
        in_steps: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page:configure")
        self.setAccessibleName(tr("Configure"))
        self.setAccessibleDescription(tr("All settings of the training job."))
        self._document = document
        self._layout = layout or read_layout()
        self._filter = Filter()
        self._scrolled: dict[str, int] = {}
        self._current: SectionPage | None = None
        self._absent = ""
        # Issues found by an edit are followed by `changed`, which shows them; those from elsewhere come alone.
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._refresh_in_place)
        self._pane_wanted: bool | None = None
        self._slim = False
        self.sections = SectionList(self._layout, self)
        self._pages: dict[str, SectionPage] = {}
        self._rows: dict[str, Row] = {}
        self._build()
        if not in_steps:
            deque(self.fill(), maxlen=0)

    def fill(self) -> Iterator[None]:
        """Make the rows, section by section, and what stands beside them; to be gone through once, to its end."""
        for page in self._layout.pages:
            yield from self._add_page(page)
        # Made last, so that Tab goes from the list through the rows to the pane beside them.
        self.context = ContextPane(self._document, self)
        self._splitter.addWidget(self.context)
        yield
        self._splitter.setStretchFactor(2, 1)
        self._splitter.setSizes([_LIST_WIDTH, 700, _PANE_WIDTH])
        self._connect()
        self.show_page(self._layout.pages[0].id)
        self._reloaded()
        do_ahead(self._pages.values(), of=self)

    # -- for the window ------------------------------------------------------------------------------------

    @property
    def document(self) -> Document:
        """The document the form shows."""
        return self._document

    def show_page(self, page: str) -> None:
        """Open the page with this id."""
        self.sections.open(page)

    def page(self) -> str:
        """Id of the open page."""
        return self.sections.page()

    def row(self, path: str) -> Row | None:
        """The row of a key."""
        return self._rows.get(path)

    def reveal(self, path: str, *, focus: bool = True) -> bool:
        """Go to a key or section, show it whatever is filtered, focus it and let it flash. False: no such place.

        Where it cannot be edited now, a line above the rows says why and offers the choice that changes that.
        """
        page = self._layout.page_of(path)
        if page is None:
            return False
        self.show_page(page.id)
        row = self._rows.get(path)
        if not self._filter.wants(row) if row is not None else path in SPEC.sections:
            self.set_filter(attrs.evolve(self._filter, all=True, changed_only=False))
        found = self._show_absence(path)
        box = None if row is None else row.parentWidget()
        has_place = row is not None and box is not None and not row.isHidden() and not box.isHidden()
        target: QWidget | None = row if has_place else self._pages[page.id].control_of(path)
        QTimer.singleShot(0, self, lambda: self._flash(target))
        if not focus:
            pass
        elif found is not None and not found.is_editable:
            self.absence.focus_link()
        elif isinstance(target, Row):
            target.focus_editor()
        elif target is not None:
            target.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._focus_on(path)
        return True

    def filter(self) -> Filter:
        """Which rows are shown."""
        return self._filter

    def set_filter(self, wanted: Filter) -> None:
        """Show all or the basic settings, and of these all or the changed ones."""
        self._filter = wanted
        self._levels.set_index(int(wanted.all))
        self._only.setChecked(wanted.changed_only)
        self._refresh_page(keep=False)

    @property
    def pane_shown(self) -> bool | None:
        """Whether somebody wants the pane beside the rows; None where the window's width decides."""
        return self._pane_wanted

    def set_pane_shown(self, shown: bool | None) -> None:
        """Show or fold the pane beside the rows; with None, the window's width decides."""
        self._pane_wanted = shown
        self._fold()

    # -- building ------------------------------------------------------------------------------------------

    def _build(self) -> None:
        left = QFrame(self)
        left.setProperty("pane", "plain")
        column = QVBoxLayout(left)
        column.setContentsMargins(10, 10, 10, 0)
        self.halves = HalfTabs(self._document, left)
        column.addWidget(self.halves)
        column.addWidget(self.sections, 1)
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self._splitter.setObjectName("form:panes")
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(left)
        self._splitter.addWidget(self._build_middle())
        left.setMinimumWidth(_SLIM_LIST)
        self._splitter.setStretchFactor(0, 0)
        self._splitter.setStretchFactor(1, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._splitter)

    def _build_middle(self) -> QWidget:
        middle = QWidget(self)
        column = QVBoxLayout(middle)
        theme = current_theme()
        column.setContentsMargins(theme.size("space_5"), theme.size("space_5"), 0, 0)
        column.setSpacing(theme.size("space_3"))
        self._title, self._doc = QLabel(middle), QLabel(middle)
        self._title.setProperty("role", "title")
        self._doc.setProperty("role", "muted")
        self._doc.setWordWrap(True)
        bar = QWidget(middle)
        bar.setMaximumWidth(ROW_WIDTH)
        head = QHBoxLayout(bar)
        head.setContentsMargins(0, 0, theme.size("space_4"), 0)
        head.setSpacing(theme.size("space_2"))
        head.addWidget(self._title)
        head.addStretch(1)
        self._add_filters(head, middle)
        top = QVBoxLayout()
        top.setSpacing(2)
        top.addWidget(bar)
        top.addWidget(self._doc)
        column.addLayout(top)
        self.absence = MessageLine(middle)
        self.absence.setObjectName("absence")
        self.absence.setMaximumWidth(ROW_WIDTH)
        self.absence.hide()
        self.absence.followed.connect(self._put_to_use)
        column.addWidget(self.absence)
        self._scroll = QScrollArea(middle)
        self._scroll.setObjectName("form:rows")
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inside = QWidget()
        self._inside.setProperty("clear", True)
        self._stacked = QVBoxLayout(self._inside)
        self._stacked.setContentsMargins(0, 0, theme.size("space_4"), 0)
        self._scroll.setWidget(self._inside)
        self._anchor = Anchor(self._scroll)
        column.addWidget(self._scroll, 1)
        return middle

    def _add_filters(self, head: QHBoxLayout, parent: QWidget) -> None:
        self._only = QToolButton(parent)
        self._only.setText(tr("Changed only"))
        self._only.setCheckable(True)
        self._only.setProperty("plain", True)
        self._only.setToolTip(tr("Show only what differs from the opened file"))
        self._only.setAccessibleName(tr("Changed only"))
        self._only.setAccessibleDescription(tr("Show only the settings that differ from the opened file."))
        self._levels = Segmented(
            [tr("Basic"), tr("All")],
            tips=[tr("The settings most people change"), tr("Every setting there is")],
            parent=parent,
        )
        self._levels.describe(tr("Settings shown"), tr("The basic settings or all of them."))
        self._levels.setFixedWidth(130)
        self._toggle = QToolButton(parent)
        self._toggle.setIcon(icon("columns"))
        self._toggle.setCheckable(True)
        self._toggle.setToolTip(tr("Help, See, YAML and differences"))
        self._toggle.setAccessibleName(tr("Pane beside the form"))
        self._toggle.setAccessibleDescription(tr("Shows or hides help, pictures, YAML and differences."))
        for widget in (self._only, self._levels, self._toggle):
            head.addWidget(widget)
        self._levels.set_index(0)
        self._levels.picked.connect(lambda index: self.set_filter(attrs.evolve(self._filter, all=index == 1)))
        self._only.clicked.connect(lambda on: self.set_filter(attrs.evolve(self._filter, changed_only=on)))
        self._toggle.clicked.connect(self.set_pane_shown)

    def _add_page(self, page: Page) -> Iterator[None]:
        shown = SectionPage(page, self._document, self._inside)
        shown.hide()
        yield from shown.fill()
        shown.all_wanted.connect(lambda: self.set_filter(attrs.evolve(self._filter, all=True)))
        self._stacked.addWidget(shown)
        self._pages[page.id] = shown
        self._rows.update((row.path, row) for row in shown.rows)

    def _connect(self) -> None:
        self._document.changed.connect(self._changed)
        self._document.reloaded.connect(self._reloaded)
        self._document.issues_changed.connect(self._later.start)
        for signal in (self._document.figures_changed, self._document.locks_changed):
            signal.connect(self._later.start)
        self.sections.opened.connect(self._open)
        self.context.asked.connect(self.reveal)
        self.context.reached.connect(lambda path: self.reveal(path, focus=False))
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)

    # -- what cannot be edited now -------------------------------------------------------------------------

    def _show_absence(self, path: str) -> Obstacle | None:
        """Say why the setting somebody came for does nothing, and return it; '' or one that does takes the line away."""
        found = obstacle(self._document, path) if path else None
        self._absent = path if found is not None else ""
        if found is not None:
            self.absence.show_message(found.sentence, severity="info", link=found.offer)
        self.absence.setVisible(found is not None)
        return found

    def _put_to_use(self) -> None:
        path = self._absent
        if path and (found := obstacle(self._document, path)) is not None:
            found.remove(self._document)
            self.reveal(path)

    # -- following the document ----------------------------------------------------------------------------

    def _changed(self, paths: list[str]) -> None:
        with focus_kept(self._inside, self.halves.tabs if self._document.half else self.sections):
            for path in paths:
                row = self._rows.get(path)
                if row is not None:
                    row.show_value()
            self._refresh_in_place()

    def _reloaded(self) -> None:
        for row in self._rows.values():
            row.reload()
        self._invalidate(keep=False)

    def _refresh_in_place(self) -> None:
        """Show what follows from an edit or became known by itself; what the pointer is on stays in its place."""
        with self._anchor.hold(self._current.rows if self._current is not None else ()):
            self._invalidate()

    def _invalidate(self, *, keep: bool = True) -> None:
        self._later.stop()
        self._show_absence(self._absent)
        for page in self._pages.values():
            page.invalidate()
        self._refresh_page(keep=keep)
        found = changes(self._document)
        self.context.refresh(found)
        self.halves.refresh(len(found))
        self.sections.count_marks([change.path for change in found], self._document.issues())

    # -- showing -------------------------------------------------------------------------------------------

    def _open(self, page_id: str) -> None:
        if self._current is not None:
            self._scrolled[self._current.page.id] = self._scroll.verticalScrollBar().value()
            self._current.hide()
        self._current = self._pages[page_id]
        self._show_absence("")
        self._anchor.release()
        page: Page = self._current.page
        self._title.setText(page.label)
        self._doc.setText(page.doc)
        self.context.show_page(page)
        self._refresh_page(keep=False)
        self._current.show()
        self._inside.adjustSize()
        self._scroll.verticalScrollBar().setValue(self._scrolled.get(page_id, 0))

    def _refresh_page(self, *, keep: bool) -> None:
        if self._current is not None:
            self._current.refresh(self._filter, keep=keep)

    def _flash(self, target: QWidget | None) -> None:
        if target is None:
            return
        self._scroll.ensureWidgetVisible(target, 0, 80)
        if isinstance(target, Row):
            target.flash()

    def _focus_moved(self, _: QWidget | None, now: QWidget | None) -> None:
        widget = now
        while widget is not None and widget is not self:
            name = widget.objectName().removeprefix("row:")
            if name in SPEC.keys or (name in SPEC.sections and name):
                self._focus_on(name)
                return
            widget = widget.parentWidget()

    def _focus_on(self, path: str) -> None:
        if path and (path in SPEC.keys or path in SPEC.sections):
            self.context.show_path(path)
            self.key_focused.emit(path)

    def _fold(self) -> None:
        roomy = self.window().width() >= _FOLD_BELOW
        shown = roomy if self._pane_wanted is None else self._pane_wanted
        if self.context.isHidden() == shown:
            self.context.setVisible(shown)
            if shown and not roomy:
                self._splitter.setSizes(
                    [_LIST_WIDTH, self.width() - _LIST_WIDTH - _NARROW_PANE, _NARROW_PANE]
                )
        self._toggle.setChecked(shown)
        slim = self.window().width() < _SLIM_BELOW
        if slim != self._slim and self.isVisible():
            self._slim = slim
            wide = _SLIM_LIST if slim else _LIST_WIDTH
            self._splitter.setSizes([wide, self.width() - wide, 0])
            # On a screen too narrow for a row, scrolling is better than an editor that cannot be reached.
            bar = Qt.ScrollBarPolicy.ScrollBarAsNeeded if slim else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
            self._scroll.setHorizontalScrollBarPolicy(bar)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fold()
