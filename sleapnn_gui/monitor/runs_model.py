"""The rows of the Runs page: sorted and filtered here, so that thousands of them take no time in the window."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPixmap

from sleapnn_engine.protocol.measures import MEASURES, Group
from sleapnn_engine.protocol.remarks import Remarks
from sleapnn_gui.monitor.run_summary import RunSummary
from sleapnn_gui.widgets.cells import Cell
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_MOST_BLOCKS = 8
"""Groups of rows put in one after another; with more of them the table is laid out anew at once."""
_ROLE = Qt.ItemDataRole


@attrs.frozen
class Column:
    """One column: its heading, the words of a run in it, its width in pixels, and what it is sorted by.

    `value` names one of a run's numbers; those without it are sorted as text.
    """

    key: str
    heading: str
    words: Callable[[RunSummary], str]
    width: int
    help: str = ""
    value: str = ""

    @property
    def is_number(self) -> bool:
        return bool(self.value) and self.key != "started"

    @property
    def alignment(self) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if self.is_number else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def shown(self, run: RunSummary) -> str:
        """The words that stand in the table; a dash for what is not known."""
        return self.words(run) or ("" if self.key in ("star", "note") else "–")

    def order(self, run: RunSummary) -> tuple[bool, Any]:
        """What rows are sorted by; what is not known comes last."""
        if self.value:
            found = run.values.get(self.value)
            return found is None, found or 0.0
        said = self.words(run)
        return not said, said.lower()


def _figure(key: str) -> Callable[[RunSummary], str]:
    return lambda run: run.figures.get(key, "")


def _width(heading: str) -> int:
    """Of a column of figures, whose heading is the longest in it."""
    return 32 + round(6.4 * max(len(heading), 7))


_MEASURED = {
    one.key: Column(
        one.key, tr(one.heading), _figure(one.key), _width(one.heading), tr(one.heading_help), value=one.key
    )
    for one in MEASURES
    if one.heading
}
_FIRST = tuple(one.key for one in MEASURES if one.key in _MEASURED and one.group is Group.ERROR)

COLUMNS = (
    Column("star", "", lambda run: "★" if run.star else "", 28, tr("Press it to give a run a star or take it")),
    Column("name", tr("Run"), lambda run: run.name, 180, tr("F2 gives it another name; its folder stays as it is")),
    Column("state", tr("State"), lambda run: run.state, 128, tr("Point at it to read how this is known")),
    Column("started", tr("Started"), lambda run: run.started, 142, value="started"),
    Column("model", tr("Model"), lambda run: run.model, 158, tr("What the network was asked to find")),
    *(_MEASURED[key] for key in _FIRST),
    Column("epochs", tr("Epochs"), lambda run: run.epochs.partition(" ")[0], 88, tr("Brought to their end; beside the list stand the steps of the one after them"), value="epochs"),
    Column("note", tr("Note"), lambda run: run.note, 170, tr("What you wrote of it")),
    *(column for key, column in _MEASURED.items() if key not in _FIRST),
    Column("time", tr("Time"), lambda run: run.time, 84, tr("From the first word of the run to its last"), value="time"),
    Column("labels", tr("Labels"), lambda run: run.labels, 150, tr("What it was trained on")),
    Column("backbone", tr("Network"), lambda run: run.backbone, 90),
    Column(
        "best",
        tr("Validation loss"),
        lambda run: run.best,
        124,
        tr("Of the epoch whose model was kept; losses of different types of model cannot be compared"),
        value="best",
    ),
)  # fmt: skip
PLACES = {column.key: place for place, column in enumerate(COLUMNS)}


@attrs.frozen
class Wanted:
    """Which runs are shown: those whose words hold all of `text`, with a star, of these labels."""

    text: str = ""
    starred: bool = False
    labels: str | None = None

    def shows(self, run: RunSummary) -> bool:
        """Whether a run is shown."""
        if (self.starred and not run.star) or (self.labels is not None and self.labels not in run.labels):
            return False
        return all(word in run.text for word in self.text.lower().split())


class RunsModel(QAbstractTableModel):
    """`remarked` carries a run's folder and what a person says of it now: somebody else writes it down."""

    remarked = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._runs: dict[Path, RunSummary] = {}
        self.shown: list[RunSummary] = []
        self.wanted = Wanted()
        self._by, self._order = PLACES["started"], Qt.SortOrder.DescendingOrder
        self._dots: dict[tuple[str, str], QPixmap] = {}

    def __len__(self) -> int:
        return len(self._runs)

    # -- what is listed --------------------------------------------------------------------------------------

    def put(self, runs: Iterable[RunSummary], *, only: set[Path] | None = None) -> None:
        """Take these in; with `only`, the list is complete and others go."""
        for run in runs:
            self._runs[run.folder] = run
        if only is not None:
            self._runs = {folder: run for folder, run in self._runs.items() if folder in only}
        self._arrange()

    def drop(self, folder: Path) -> None:
        """A run is there no more."""
        if self._runs.pop(folder, None) is not None:
            self._arrange()

    def want(self, wanted: Wanted) -> None:
        """Show these runs only."""
        self.wanted = wanted
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._by, self._order = column, order
        self._arrange()

    def _arrange(self) -> None:
        column, down = COLUMNS[self._by], self._order is Qt.SortOrder.DescendingOrder
        found = [run for run in self._runs.values() if self.wanted.shows(run)]
        found.sort(key=lambda run: run.values.get("started", 0.0), reverse=True)
        ordered = [(*column.order(run), run) for run in found]
        known = [one for one in ordered if not one[0]]
        known.sort(key=lambda one: one[1], reverse=down)
        self._show([*(run for *_, run in known), *(run for unknown, _, run in ordered if unknown)])

    def _show(self, runs: list[RunSummary]) -> None:
        """Show these: where all that is shown stays in its order, others are put between."""
        blocks = _between([run.folder for run in self.shown], [run.folder for run in runs])
        if blocks is None or len(blocks) > _MOST_BLOCKS:
            self.beginResetModel()
            self.shown = runs
            self.endResetModel()
            return
        for first, count in blocks:
            self.beginInsertRows(_NO_INDEX, first, first + count - 1)
            self.shown[first:first] = runs[first : first + count]
            self.endInsertRows()
        for row, (run, before) in enumerate(zip(runs, self.shown, strict=True)):
            if run is not before:
                self.shown[row] = run
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def renew(self, runs: Iterable[RunSummary]) -> set[Path]:
        """Newer figures of runs that are listed, each in its row, wherever that belongs now; the folders of those that differ."""
        newer = {run.folder: run for run in runs if self._runs.get(run.folder) not in (None, run)}
        self._runs |= newer
        for row, before in enumerate(self.shown):
            if before.folder in newer:
                self.shown[row] = newer[before.folder]
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))
        return set(newer)

    def run_before(self, folder: Path) -> RunSummary | None:
        """The run that was begun last before one: of the same labels and type of model where there is one."""
        run = self._runs.get(folder)
        if run is None:
            return None
        began = run.values.get("started", 0.0)
        earlier = [one for one in self._runs.values() if one.values.get("started", 0.0) < began]
        earlier.sort(key=lambda one: (_alike(one, run), one.values.get("started", 0.0)))
        return earlier[-1] if earlier else None

    def find(self, folder: Path) -> RunSummary | None:
        """A run by its folder, shown or not."""
        return self._runs.get(folder)

    # -- Qt --------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == _ROLE.TextAlignmentRole:
            return column.alignment
        return {_ROLE.DisplayRole: column.heading, _ROLE.ToolTipRole: column.help}.get(_ROLE(role))

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        run, column = self.shown[index.row()], COLUMNS[index.column()]
        if role == _ROLE.DisplayRole:
            return column.shown(run)
        if role == _ROLE.EditRole:
            return column.words(run)
        if role == _ROLE.TextAlignmentRole:
            return column.alignment
        if role == _ROLE.ToolTipRole:
            return _tip(run, column)
        if role == _ROLE.UserRole:
            return run.folder
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = super().flags(index)
        editable = COLUMNS[index.column()].key in ("name", "note")
        return found | Qt.ItemFlag.ItemIsEditable if editable else found

    def setData(self, index: Index, value: Any, role: int = _ROLE.EditRole) -> bool:
        key = COLUMNS[index.column()].key
        if role != _ROLE.EditRole or key not in ("name", "note"):
            return False
        self.remark(self.shown[index.row()].folder, **{key: str(value).strip()})
        return True

    def remark(self, folder: Path, **said: Any) -> None:
        """Say something of a run: its `name`, `note` or `star`. It stays in its row until the list is read anew."""
        run = self._runs.get(folder)
        if run is None:
            return
        if said.get("name") == "":
            said["name"] = run.folder.name
        changed = attrs.evolve(run, **said)
        if changed == run:
            return
        self._runs[folder] = changed
        for row, one in enumerate(self.shown):
            if one.folder == folder:
                self.shown[row] = changed
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))
        name = "" if changed.name == folder.name else changed.name
        self.remarked.emit(folder, Remarks(name, changed.note, changed.star))

    def cell(self, row: int, column: int) -> Cell:
        """What stands in a row and column."""
        run, shown = self.shown[row], COLUMNS[column]
        picture = self._dot(run.token) if shown.key == "state" else None
        is_name = shown.key == "name"
        font = "heading" if is_name else "base"
        return Cell(shown.shown(run), shown.alignment.value, font, picture, ends=is_name)

    def _dot(self, token: str) -> QPixmap:
        theme = current_theme()
        key = token, theme.scheme
        if key not in self._dots:
            picture = QPixmap(QSize(8, 8) * 2)
            picture.setDevicePixelRatio(2.0)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(token))
            painter.drawEllipse(0, 0, 8, 8)
            painter.end()
            self._dots[key] = picture
        return self._dots[key]


def _between(before: Sequence[Path], now: Sequence[Path]) -> list[tuple[int, int]] | None:
    """Where in `now` something new begins, and how much of it; None where not all of `before` stays in its order."""
    blocks: list[tuple[int, int]] = []
    kept = 0
    for place, one in enumerate(now):
        if kept < len(before) and before[kept] == one:
            kept += 1
        elif blocks and sum(blocks[-1]) == place:
            blocks[-1] = blocks[-1][0], blocks[-1][1] + 1
        else:
            blocks.append((place, 1))
    return blocks if kept == len(before) else None


def _alike(one: RunSummary, other: RunSummary) -> bool:
    return (one.labels, one.model) == (other.labels, other.model)


def _tip(run: RunSummary, column: Column) -> str:
    tips: Mapping[str, str] = {"state": run.why, "name": str(run.folder), "note": run.note}
    return tips.get(column.key, "")
