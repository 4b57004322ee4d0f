"""The Runs page: every run under the folders a person has used, as a table to sort, filter and act on."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sleapnn_gui.monitor.banner import Banner
from sleapnn_gui.monitor.panel import TextToggle
from sleapnn_gui.monitor.run_summary import RunSummary
from sleapnn_gui.monitor.runs_model import COLUMNS, PLACES, RunsModel, Wanted
from sleapnn_gui.results.current_rows import CurrentRows
from sleapnn_gui.results.frame_source import FrameSource
from sleapnn_gui.results.queue_panel import QueuePanel
from sleapnn_gui.results.remark_writing import RemarkWriting
from sleapnn_gui.results.run_panel import RunPanel
from sleapnn_gui.results.runs_reading import RunsReading
from sleapnn_gui.run.queue_watch import QueueWatch
from sleapnn_gui.widgets.cells import CellTable
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.one_by_one import OneByOne
from sleapnn_gui.widgets.still import Still
from sleapnn_gui.widgets.theme import current_theme

#: Milliseconds for which looking again is told, also where it takes none.
_SEEN_MS = 250
#: Milliseconds until the first rows are shown, and between two times that more are: each lays the table out anew.
_FIRST_MS, _MORE_MS = 100, 600
_ROW_HEIGHT = 32
_NO_PANEL_BELOW = 860


class RunsPage(QWidget):
    """A table of runs and the chosen one beside it; `run_chosen` carries the folder of the one to show.

    `predict_wanted` and `evaluation_wanted` are about the run that is `chosen` in it; `selection_changed` says that
    other runs are chosen, or that the page is left or come to.
    """

    run_chosen = Signal(Path)
    predict_wanted = Signal()
    evaluation_wanted = Signal()
    selection_changed = Signal()

    def __init__(self, source: FrameSource, *, parent: QWidget | None = None, in_steps: bool = False) -> None:
        """Made `in_steps`, it is of use once somebody has gone through `fill`."""
        super().__init__(parent)
        self.setObjectName("page:runs")
        self.setAccessibleName(tr("Runs"))
        self._folders: list[Path] = []
        self._read: list[RunSummary] = []
        self._found: set[Path] = set()
        self._complete = True
        self._remarks = RemarkWriting(self)
        self.model = RunsModel(self)
        self.reading = RunsReading(self)
        self.reading.ready.connect(self._receive)
        if not in_steps:
            deque(self.fill(source), maxlen=0)

    def fill(self, source: FrameSource) -> Iterator[None]:
        """Make what it shows, some in each step; frames of runs come from the source."""
        self.panel = RunPanel(source)
        yield
        self.panel.setObjectName("runs:panel")
        self._make_table()
        self.status = QLabel()
        self.status.setProperty("role", "muted")
        self.status.setWordWrap(True)
        self.banner = Banner(self.table)
        column = QVBoxLayout()
        column.setContentsMargins(24, 16, 16, 16)
        column.setSpacing(8)
        column.addLayout(self._make_head())
        column.addWidget(self.banner)
        column.addWidget(self.status)
        column.addWidget(self.table, 1)
        yield
        self.queue = QueuePanel(QueueWatch(self))
        column.addStretch()  # with nothing to list, the sentence stays under the title
        column.addWidget(self.queue)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(column, 1)
        row.addWidget(self.panel)
        self._coming = OneByOne(self)
        self._coming.hide((self.table, self.panel))
        self._still, self._beside = Still(self.table), Still(self)
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(lambda: self._still.when_away(self._fill))
        self.model.remarked.connect(self._remarks.keep)
        self._remarks.failed.connect(self._show_unwritten)
        current = CurrentRows(self, self.model, held=lambda: self._remarks.is_at_work)
        current.renewed.connect(self._show_renewed)
        self.table.selectionModel().selectionChanged.connect(self._selected)

    def _make_table(self) -> None:
        table = self.table = CellTable(self.model)
        table.setObjectName("runs:table")
        table.setAccessibleName(tr("Runs"))
        table.setModel(self.model)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        for place, column in enumerate(COLUMNS):
            table.setColumnWidth(place, column.width)
        header.setSortIndicator(PLACES["started"], Qt.SortOrder.DescendingOrder)
        header.sortIndicatorChanged.connect(self._sort)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        table.activated.connect(self._activate)
        table.clicked.connect(self._press)
        self.menu = QMenu(table)
        self.menu.setObjectName("menu.of_runs")
        table.customContextMenuRequested.connect(self._open_menu)

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(8)
        title = QLabel(tr("Runs"))
        title.setProperty("role", "title")
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(tr("Filter: name, state, labels, note…"))
        self.filter.setAccessibleName(tr("Filter the runs"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setFixedHeight(current_theme().size("control"))
        self.filter.setMinimumWidth(120)
        self.filter.setMaximumWidth(280)
        self.starred = TextToggle("★", name=tr("Show only runs with a star"))
        self.filter.textChanged.connect(self._want)
        self.starred.toggled.connect(self._want)
        again = QPushButton(tr("Look again"))
        again.clicked.connect(self._rescan)
        self.predict = _button(
            tr("Predict…"), tr("Find the animals on a video or labels with the model of the chosen run")
        )
        self.evaluation = _button(
            tr("Evaluation"), tr("See how good the model of the chosen run is, or judge it on other labels")
        )
        self.predict.clicked.connect(self.predict_wanted)
        self.evaluation.clicked.connect(self.evaluation_wanted)
        head.addWidget(title)
        head.addSpacing(8)
        head.addWidget(self.filter, 1)
        head.addWidget(self.starred)
        head.addStretch(1)
        self.queue_shown = QPushButton(tr("Queue"))
        self.queue_shown.setToolTip(tr("Show or hide what is trained one after the other"))
        self.queue_shown.setAccessibleDescription(self.queue_shown.toolTip())
        for button in (again, self.queue_shown, self.evaluation, self.predict):
            head.addWidget(button)
        return head

    # -- what is chosen --------------------------------------------------------------------------------------

    @property
    def chosen(self) -> Path | None:
        """The folder of the run that is chosen in the list; of several, the one chosen last."""
        folders = [run.folder for run in self.selected]
        index = self.table.currentIndex()
        current = self.model.shown[index.row()].folder if index.isValid() else None
        return current if current in folders else folders[-1] if folders else None

    @property
    def selected(self) -> list[RunSummary]:
        """The runs that are chosen, in the order of the list."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self.model.shown[row] for row in rows]

    def choose(self, folders: Sequence[Path]) -> None:
        """Choose these runs, as far as they are listed; nobody hears of it where they are chosen already."""
        wanted, selection = set(folders), QItemSelection()
        places = [row for row, run in enumerate(self.model.shown) if run.folder in wanted]
        for row in places:
            selection.select(self.model.index(row, 0), self.model.index(row, len(COLUMNS) - 1))
        model = self.table.selectionModel()
        if places:
            model.setCurrentIndex(self.model.index(places[-1], PLACES["name"]), _NO_UPDATE)
        model.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def offer(self, actions: Sequence[QAction], *, buttons: Sequence[tuple[str, QAction]]) -> None:
        """Have these commands in the menu of the list, and some of them as buttons beside the chosen run."""
        self.menu.addActions(list(actions))
        self.panel.offer(buttons)

    def edit(self, key: str) -> None:
        """Have a person type the `name` or the `note` of the chosen run in its row."""
        folder = self.chosen
        for row, run in enumerate(self.model.shown):
            if run.folder == folder:
                index = self.model.index(row, PLACES[key])
                self.table.scrollTo(index)
                self.table.edit(index)

    def _show_unwritten(self, text: str) -> None:
        if text:
            self.banner.show_message(text, severity="error", closable=True)
        else:
            self.banner.clear()

    def _show_renewed(self, folders: set[Path]) -> None:
        if self.chosen in folders:
            self._selected()

    def _selected(self) -> None:
        chosen, several = self.chosen, len(self.selected)
        for button in (self.predict, self.evaluation):
            button.setEnabled(chosen is not None)
        run = self.model.find(chosen) if chosen is not None else None
        if run is None:
            self.panel.show_nothing()
        elif several > 1:
            self.panel.show_nothing(
                tr("{several} runs are chosen. Compare shows up to eight side by side.", several=several)
            )
        else:
            self.panel.show_run(run, before=self.model.run_before(run.folder))
        self.selection_changed.emit()

    def _activate(self, index: QModelIndex) -> None:
        self.run_chosen.emit(self.model.shown[index.row()].folder)

    def _press(self, index: QModelIndex) -> None:
        if index.column() == PLACES["star"]:
            run = self.model.shown[index.row()]
            self.model.remark(run.folder, star=not run.star)

    def _open_menu(self, place: QPoint) -> None:
        if self.table.indexAt(place).isValid():
            self.menu.popup(self.table.viewport().mapToGlobal(place))

    # -- what is listed --------------------------------------------------------------------------------------

    def _rescan(self) -> None:
        """Say so for as long as it takes to be read: a folder that is as it was is looked through in no time."""
        if self._folders:
            self.status.setText(tr("Looking again in {where} …", where=self._where))
            folders = self._folders
            QTimer.singleShot(_SEEN_MS, self, lambda: self.set_folders(folders))

    @property
    def _where(self) -> str:
        return (
            str(self._folders[0])
            if len(self._folders) == 1
            else tr("{count} folders", count=len(self._folders))
        )

    def set_folders(self, folders: Sequence[Path]) -> None:
        """List the runs of these folders; reading happens in a thread, and a newer look replaces an older one."""
        if not folders:
            return
        self._folders = list(folders)
        self._read, self._found, self._complete = [], set(), False
        self.status.setText(tr("Looking in {where} …", where=self._where))
        self.status.setToolTip("\n".join(map(str, folders)))
        self.reading.begin(folders)

    def _receive(self, runs: list[RunSummary], complete: bool) -> None:
        self._read += runs
        self._found |= {run.folder for run in runs}
        self._complete = complete
        if not self._soon.isActive():
            self._soon.start(
                _MORE_MS if len(self.model) and not complete else _FIRST_MS
            )  # what is handed over in one turn is shown in one

    def _fill(self) -> None:
        """Show what was read; rows move, which the pointer may be on."""
        read, self._read = self._read, []
        if self._remarks.is_at_work:
            # What a person said just now is not on the disk yet.
            read = [self.model.find(run.folder) or run for run in read]
        self._keep_choice(lambda: self.model.put(read, only=self._found if self._complete else None))
        self._show_status()

    def _keep_choice(self, change: Callable[[], None]) -> None:
        """Do what gives rows other places, and choose again what was chosen."""
        before, current = {run.folder: run for run in self.selected}, self.chosen
        self.table.selectionModel().blockSignals(True)
        change()
        self.table.selectionModel().blockSignals(False)
        ordered = [folder for folder in before if folder != current]
        self.choose([*ordered, *([current] if current is not None else [])])
        if before != {run.folder: run for run in self.selected}:
            self._selected()  # a run has changed, or is not shown any more

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self._keep_choice(lambda: self.model.sort(column, order))

    def _want(self) -> None:
        wanted = Wanted(self.filter.text(), starred=self.starred.isChecked())
        self._keep_choice(lambda: self.model.want(wanted))
        self._show_status()

    def _show_status(self) -> None:
        count, shown = len(self.model), self.model.rowCount()
        if count and self.table.isHidden():
            self._coming.show((self.table,))
            self._beside.when_away(self._show_panel)
        elif not count:
            self._beside.drop()
            self._coming.hide((self.table, self.panel))
        if not self._complete:
            self.status.setText(tr("{count} so far in {where} …", count=count, where=self._where))
        elif count:
            of = (
                tr("{count} in {where}", count=count, where=self._where)
                if shown == count
                else tr("{shown} of {count} in {where}", shown=shown, count=count, where=self._where)
            )
            self.status.setText(tr("{of}. Double-click one to see its curves and pictures.", of=of))
        else:
            self.status.setText(
                tr(
                    "No runs in {where} yet. Each training gets a folder there and appears in this list.",
                    where=self._where,
                )
            )

    # -- Qt --------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.selection_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.selection_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_panel()

    def _show_panel(self) -> None:
        self.panel.setVisible(len(self.model) > 0 and self.width() >= _NO_PANEL_BELOW)

    def leave(self) -> None:
        """For when the window closes: what was said of runs is written."""
        self._remarks.finish()
        self.queue.watch.leave()
        self.panel.leave()


_NO_UPDATE = QItemSelectionModel.SelectionFlag.NoUpdate


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleDescription(tip)
    button.setEnabled(False)
    return button
