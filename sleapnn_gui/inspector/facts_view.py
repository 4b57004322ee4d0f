"""What the engine said of the labels, as a calm list of facts with bars for how often each part is visible."""

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from sleapnn_engine.config.issue import LOCATE
from sleapnn_gui.widgets.language import counted, tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.theme import current_theme

_ROW = 22
_TWO_COLUMNS = 420
_MOST_ROWS = 7
_MOST_LISTED = 8


class VisibilityBars(QWidget):
    """One bar per body part: the share of animals on which it is labelled."""

    def __init__(self) -> None:
        super().__init__()
        self._shares: list[tuple[str, float]] = []
        self._least: list[tuple[str, float]] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(tr("How often each part is labelled"))

    def set_shares(self, shares: dict[str, float]) -> None:
        """Show the parts in the skeleton's order."""
        self._shares = list(shares.items())
        self._least = sorted(self._shares, key=lambda named: named[1], reverse=True)[1 - _MOST_ROWS :]
        self.setAccessibleDescription(", ".join(f"{name} {share:.0%}" for name, share in self._shares))
        self.setToolTip("" if len(self._shares) <= _MOST_ROWS else self.accessibleDescription())
        self.updateGeometry()
        self.update()

    def _rows(self, width: int) -> int:
        if width < _TWO_COLUMNS:
            return min(len(self._shares), _MOST_ROWS)
        return (len(self._shares) + 1) // 2

    def heightForWidth(self, width: int) -> int:
        return _ROW * self._rows(width)

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(240))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("caption"))
        narrow, rows = self.width() < _TWO_COLUMNS, self._rows(self.width())
        each = float(self.width()) if narrow else self.width() / 2
        rest = len(self._shares) - rows + 1 if narrow and len(self._shares) > rows else 0
        shown = self._least if rest else self._shares
        for index, (name, share) in enumerate(shown):
            left, top = (0 if index < rows else each), _ROW * (index % rows)
            box = QRectF(left, top, each - (0 if narrow else 16), _ROW)
            if box.intersects(QRectF(event.rect())):  # of hundreds of parts only some are in view
                self._paint_row(painter, box, name, share)
        if rest:
            painter.setPen(theme.color("muted"))
            least = min(share for name, share in self._shares if (name, share) not in self._least)
            more = tr("1 more part") if rest == 1 else tr("{rest} more parts", rest=rest)
            line = QRectF(0, _ROW * (rows - 1), self.width(), _ROW)
            painter.drawText(
                line,
                int(Qt.AlignmentFlag.AlignVCenter),
                tr(
                    "{more} at {least:.0%}{above}",
                    more=more,
                    least=least,
                    above="" if least == 1 else tr(" and above"),
                ),
            )

    @staticmethod
    def _paint_row(painter: QPainter, box: QRectF, name: str, share: float) -> None:
        theme = current_theme()
        words = QRectF(box.left(), box.top(), min(110, box.width() * 0.4), box.height())
        painter.setPen(theme.color("text"))
        shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), shown)
        track = QRectF(
            words.right() + 8, box.center().y() - 3, max(20.0, box.width() - words.width() - 58), 6
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("line"))
        painter.drawRoundedRect(track, 3, 3)
        painter.setBrush(theme.color("accent" if share >= 0.5 else "warning"))
        painter.drawRoundedRect(QRectF(track.left(), track.top(), track.width() * share, 6), 3, 3)
        painter.setPen(theme.color("muted"))
        number = QRectF(track.right() + 6, box.top(), 44, box.height())
        painter.drawText(
            number, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), f"{share:.0%}"
        )


class FactsView(QWidget):
    """Facts of the open labels. `notes`, placed by the owner, has their problems, or why there are none yet.

    `locate_wanted` means that a person is to say where missing images are.
    """

    locate_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.notes = QWidget()
        noted = QVBoxLayout(self.notes)
        noted.setContentsMargins(0, 0, 0, 0)
        self.status = QLabel()
        self.status.setProperty("role", "muted")
        self.status.setWordWrap(True)
        self.messages = QVBoxLayout()
        self.messages.setSpacing(6)
        noted.addWidget(self.status)
        noted.addLayout(self.messages)
        self._grid_box = QWidget()
        self.grid = QGridLayout(self._grid_box)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(24)
        self.grid.setVerticalSpacing(6)
        self.grid.setColumnStretch(1, 1)
        self.parts = QLabel(tr("How often each part is labelled"))
        self.parts.setProperty("role", "heading")
        self.bars = VisibilityBars()
        column.addWidget(self.parts)
        column.addWidget(self.bars)
        column.addSpacing(8)
        column.addWidget(self._grid_box)
        self.show_nothing()

    def show_nothing(self) -> None:
        """Say what to do when there are no labels."""
        self._clear()
        self._show_message(
            tr(
                "Nothing is open yet. Label some frames in SLEAP, save them, and drop the file above; "
                "20 to 100 frames of varied poses are a good start."
            )
        )

    def show_reading(self, paths: Sequence[str]) -> None:
        """Name what is being read."""
        self._clear()
        self._show_message(tr("Reading ") + ", ".join(PurePath(path).name for path in paths) + " …")

    def show_failure(self, text: str) -> None:
        """Say why nothing could be read."""
        self._clear()
        self._show_message("")
        self._add_message("error", text)

    def show_facts(self, facts: dict[str, Any]) -> None:
        """List what was found, problems first."""
        self._clear()
        self._show_message("")
        for text in facts.get("problems", []):
            self._add_message("error", text, link=LOCATE.label if text in facts.get("lost", ()) else "")
        for text in facts.get("warnings", [])[:6]:
            self._add_message("warning", text)
        for row, (name, said) in enumerate(fact_rows(facts)):
            label, value = QLabel(name), QLabel(said)
            label.setProperty("role", "muted")
            value.setWordWrap(True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            self.grid.addWidget(value, row, 1)
        shares = facts.get("visibility") or {}
        self.parts.setVisible(bool(shares))
        self.bars.setVisible(bool(shares))
        self.bars.set_shares(shares)

    def _show_message(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))

    def _add_message(self, severity: str, text: str, *, link: str = "") -> None:
        line = MessageLine()
        line.show_message(text, severity=severity, link=link)
        line.followed.connect(self.locate_wanted)
        self.messages.addWidget(line)

    def _clear(self) -> None:
        for layout in (self.messages, self.grid):
            while (item := layout.takeAt(0)) is not None:
                widget = item.widget()
                if widget is not None:
                    widget.deleteLater()
        self.parts.hide()
        self.bars.hide()


def fact_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """(what, said) pairs about labels, in the order a person asks for them, beside what `headline` says."""
    instances = facts.get("instances", {})
    files = facts.get("files", [])
    rows = [(tr("Files"), _listed(files, lambda file: PurePath(file["path"]).name))] if len(files) > 1 else []
    rows += [
        (
            tr("Animals"),
            tr(
                "{used} used; at most {most} in a frame",
                used=instances.get("used", 0),
                most=facts.get("max_instances_per_frame", 0),
            ),
        ),
        (tr("Images"), _listed(facts.get("image_sizes", []), _size, between="; ") or tr("none readable")),
        (
            tr("Skeleton"),
            tr(
                "{parts} parts, {limbs} limbs",
                parts=len(facts.get("nodes", [])),
                limbs=len(facts.get("edges", [])),
            ),
        ),
    ]
    videos = facts.get("videos", [])
    if len(videos) > 1:
        rows.append((tr("Videos"), _listed(videos, lambda video: video["name"])))
    if facts.get("empty_frames"):
        rows.append(
            (tr("Empty frames"), tr("{empty_frames} without an animal", empty_frames=facts["empty_frames"]))
        )
    size = facts.get("body_length")
    if size:
        rows.append(
            (
                tr("Body length"),
                tr(
                    "{min:.0f} to {max:.0f} px, median {median:.0f} px source",
                    min=size["min"],
                    max=size["max"],
                    median=size["median"],
                ),
            )
        )
    if facts.get("tracks"):
        rows.append((tr("Identities"), _listed(facts["tracks"])))
    return rows


def _size(found: dict[str, Any]) -> str:
    channels = tr("gray") if found["channels"] == 1 else tr("colour")
    return tr(
        "{width} × {height} px, {channels} ({frames} frames)",
        width=found["width"],
        height=found["height"],
        channels=channels,
        frames=found["frames"],
    )


def _listed(found: Sequence[Any], name: Callable[[Any], str] = str, *, between: str = ", ") -> str:
    """The names of the first of some things, and how many more there are."""
    rest = len(found) - _MOST_LISTED
    return between.join(map(name, found[:_MOST_LISTED])) + (
        tr(" and {rest} more", rest=rest) if rest > 0 else ""
    )


def headline(facts: dict[str, Any]) -> str:
    """The labels in a few words, for the top bar."""
    most = facts.get("max_instances_per_frame", 0)
    animals = counted(most, "animal")
    return tr(
        "{frames} frames · {animals} · {parts} parts",
        frames=facts.get("labeled_frames", 0),
        animals=animals,
        parts=len(facts.get("nodes", [])),
    )
