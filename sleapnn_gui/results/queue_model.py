"""The rows of the queue: what was there stays in its row's place as far as it can, so that it can be pressed."""

import itertools
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from sleapnn_engine.protocol.queue_records import QueuedTraining, QueueState
from sleapnn_gui.run.queue_watch import QueueSight
from sleapnn_gui.widgets.language import tr

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_ROLE = Qt.ItemDataRole
#: Heading and width of each column.
COLUMNS = (
    (tr("Training"), 230),
    (tr("State"), 90),
    (tr("With"), 110),
    (tr("Together with"), 130),
    (tr("What is known"), 260),
)
_WORDS = {
    QueueState.WAITING: tr("waits"),
    QueueState.RUNNING: tr("at work"),
    QueueState.DONE: tr("trained"),
    QueueState.FAILED: tr("failed"),
    QueueState.SKIPPED: tr("skipped"),
    QueueState.INTERRUPTED: tr("interrupted"),
}


class QueueModel(QAbstractTableModel):
    """Trainings in their order, each with its number in the role for data of the user."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[QueuedTraining] = []
        self._texts: dict[int, tuple[str, ...]] = {}

    def show_sight(self, sight: QueueSight) -> None:
        """Take in what was read: rows go, move, change and come, and all others are left alone."""
        wanted = list(sight.standing.trainings)
        self._remove_others({one.number for one in wanted})
        known = {one.number for one in self.rows}
        for fresh, group in itertools.groupby(
            enumerate(wanted), key=lambda pair: pair[1].number not in known
        ):
            placed = list(group)
            if fresh:
                self._insert(placed[0][0], [one for _, one in placed], sight)
            for row, one in placed:
                self._move(one.number, row)
        self._change(wanted, sight)

    def _remove_others(self, numbers: set[int]) -> None:
        """Take out what is not among these, neighbours at once: whoever follows the rows works anew for each removal."""
        last = len(self.rows) - 1
        while last >= 0:
            first = last + 1
            while first > 0 and self.rows[first - 1].number not in numbers:
                first -= 1
            if first <= last:
                self.beginRemoveRows(_NO_INDEX, first, last)
                del self.rows[first : last + 1]
                self.endRemoveRows()
            last = first - 2

    def _insert(self, row: int, fresh: list[QueuedTraining], sight: QueueSight) -> None:
        self.beginInsertRows(_NO_INDEX, row, row + len(fresh) - 1)
        self.rows[row:row] = fresh
        self._texts.update({one.number: _texts(one, sight) for one in fresh})
        self.endInsertRows()

    def _move(self, number: int, row: int) -> None:
        now = next(place for place, old in enumerate(self.rows) if old.number == number)
        if now != row:
            self.beginMoveRows(_NO_INDEX, now, now, _NO_INDEX, row)
            self.rows.insert(row, self.rows.pop(now))
            self.endMoveRows()

    def _change(self, wanted: list[QueuedTraining], sight: QueueSight) -> None:
        for row, one in enumerate(wanted):
            self.rows[row] = one
            texts = _texts(one, sight)
            if self._texts.get(one.number) != texts:
                self._texts[one.number] = texts
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def name_of(self, one: QueuedTraining) -> str:
        """What a training is called in its row."""
        return self._texts[one.number][0]

    # -- Qt --------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return {_ROLE.DisplayRole: COLUMNS[section][0], _ROLE.TextAlignmentRole: left}.get(_ROLE(role))

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        one = self.rows[index.row()]
        if role == _ROLE.DisplayRole:
            return self._texts[one.number][index.column()]
        if role == _ROLE.ToolTipRole:
            return self._texts[one.number][index.column()] or None
        return one.number if role == _ROLE.UserRole else None


def _texts(one: QueuedTraining, sight: QueueSight) -> tuple[str, ...]:
    name = Path(one.run_dir).name if one.run_dir is not None else Path(one.config).stem
    state = _WORDS[one.state]
    if one.state is QueueState.RUNNING and not sight.at_work:
        state = tr("interrupted")  # nobody has said so yet: what trained it is gone
    known = _judging(one, sight) or one.why or sight.reach.get(one.number, "") or _ended(one)
    own = " ".join(_last_part(text) for text in one.overrides)
    return name, state, own, one.group, known


def _judging(one: QueuedTraining, sight: QueueSight) -> str:
    """Where this completes a pair: how far judging both together is, or why they are not."""
    judging = sight.standing.judging
    if sight.at_work and judging is not None and judging.number == one.number:
        return tr("judged together: {reach}", reach=judging.reach)
    if one.judged:
        return ", ".join((tr("judged together"), *filter(None, (_ended(one),))))
    return tr("not judged together: {not_judged}", not_judged=one.not_judged) if one.not_judged else ""


def _ended(one: QueuedTraining) -> str:
    return "" if one.ended is None else time.strftime(tr("ended %d %b %H:%M"), time.localtime(one.ended))


def _last_part(override: str) -> str:
    """A word like `trainer_config.seed=3` without the sections above the setting."""
    path, sign, value = override.partition("=")
    return f"{path.rpartition('.')[2]}{sign}{value}"
