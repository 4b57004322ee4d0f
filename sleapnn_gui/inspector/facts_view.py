"""What the engine said of the labels, as a calm list of facts with bars for how often each part is visible."""

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.theme import current_theme

_ROW = 22
_MOST_LISTED = 8


class VisibilityBars(QWidget):
    """One bar per body part: the share of animals on which it is labelled."""

    def __init__(self) -> None:
        super().__init__()
        self._shares: list[tuple[str, float]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("How often each part is labelled")

    def set_shares(self, shares: dict[str, float]) -> None:
        """Show the parts in the skeleton's order."""
        self._shares = list(shares.items())
        self.setAccessibleDescription(", ".join(f"{name} {share:.0%}" for name, share in self._shares))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, _ROW * ((len(self._shares) + 1) // 2))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("caption"))
        half, rows = self.width() / 2, (len(self._shares) + 1) // 2
        for index, (name, share) in enumerate(self._shares):
            left, top = (0 if index < rows else half), _ROW * (index % rows)
            box = QRectF(left, top, half - 16, _ROW)
            if box.intersects(QRectF(event.rect())):  # of hundreds of parts only some are in view
                self._paint_row(painter, box, name, share)

    @staticmethod
    def _paint_row(painter: QPainter, box: QRectF, name: str, share: float) -> None:
        theme = current_theme()
        words = QRectF(box.left(), box.top(), 110, box.height())
        painter.setPen(theme.color("text"))
        shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), shown)
        track = QRectF(words.right() + 8, box.center().y() - 3, max(20.0, box.width() - 168), 6)
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
    """Facts of the open labels, their problems, or why there are none yet."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        self.status = QLabel()
        self.status.setProperty("role", "muted")
        self.status.setWordWrap(True)
        self.messages = QVBoxLayout()
        self.messages.setSpacing(6)
        self._grid_box = QWidget()
        self.grid = QGridLayout(self._grid_box)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(24)
        self.grid.setVerticalSpacing(6)
        self.grid.setColumnStretch(1, 1)
        self.parts = QLabel("How often each part is labelled")
        self.parts.setProperty("role", "heading")
        self.bars = VisibilityBars()
        column.addWidget(self.status)
        column.addLayout(self.messages)
        column.addWidget(self._grid_box)
        column.addSpacing(8)
        column.addWidget(self.parts)
        column.addWidget(self.bars)
        self.show_nothing()

    def show_nothing(self) -> None:
        """Say what to do when there are no labels."""
        self._clear()
        self._show_message(
            "Nothing is open yet. Label some frames in SLEAP, save them, and drop the file above; "
            "20 to 100 frames of varied poses are a good start."
        )

    def show_reading(self, paths: Sequence[str]) -> None:
        """Name what is being read."""
        self._clear()
        self._show_message("Reading " + ", ".join(PurePath(path).name for path in paths) + " …")

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
            self._add_message("error", text)
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

    def _add_message(self, severity: str, text: str) -> None:
        line = MessageLine()
        line.show_message(text, severity=severity)
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
    """(what, said) pairs about labels, in the order a person asks for them."""
    instances = facts.get("instances", {})
    rows = [
        ("Files", _listed(facts.get("files", []), lambda file: PurePath(file["path"]).name)),
        ("Labelled frames", str(facts.get("labeled_frames", 0))),
        (
            "Animals",
            f"{instances.get('used', 0)} used; at most {facts.get('max_instances_per_frame', 0)} in a frame",
        ),
        ("Images", _listed(facts.get("image_sizes", []), _size, between="; ") or "none readable"),
        ("Skeleton", f"{len(facts.get('nodes', []))} parts, {len(facts.get('edges', []))} limbs"),
    ]
    size = facts.get("instance_size")
    if size:
        rows.append(
            (
                "Animal size",
                f"{size['min']:.0f} to {size['max']:.0f} px, median {size['median']:.0f} px source",
            )
        )
    if facts.get("tracks"):
        rows.append(("Identities", _listed(facts["tracks"])))
    return rows


def _size(found: dict[str, Any]) -> str:
    channels = "gray" if found["channels"] == 1 else "colour"
    return f"{found['width']} × {found['height']} px, {channels} ({found['frames']} frames)"


def _listed(found: Sequence[Any], name: Callable[[Any], str] = str, *, between: str = ", ") -> str:
    """The names of the first of some things, and how many more there are."""
    rest = len(found) - _MOST_LISTED
    return between.join(map(name, found[:_MOST_LISTED])) + (f" and {rest} more" if rest > 0 else "")


def headline(facts: dict[str, Any]) -> str:
    """The labels in a few words, for the top bar."""
    most = facts.get("max_instances_per_frame", 0)
    animals = f"{most} animal{'' if most == 1 else 's'}"
    return f"{facts.get('labeled_frames', 0)} frames · {animals} · {len(facts.get('nodes', []))} parts"
