"""The parts of the sheet of the training engine: what is in use, what would be installed, how far it is, one that exists."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sleapnn_engine.config.chosen_engine import Installation, KnownEngines
from sleapnn_engine.config.installed import PROJECT, version_of
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.run.engine_install import (
    FOLDER,
    Build,
    Finding,
    builds_for,
    find_build,
    free_gb,
    in_folder,
    usual_place,
)
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.file_dialog import ask_for_folder
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.line import Line
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.progress import ProgressBar
from sleapnn_gui.widgets.segmented import Segmented

WIDTH = 560
_NETWORK, _WHEELS = range(2)


def plain_text(words: str = "", *, role: str = "muted") -> QLabel:
    """Sentences that wrap at the width of the sheet."""
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setProperty("role", role)
    return label


class _Rows(QGridLayout):
    """Names on the left, what they stand for on the right."""

    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalSpacing(16)
        self.setVerticalSpacing(8)
        self.setColumnMinimumWidth(0, 88)
        self.setColumnStretch(1, 1)

    def add(self, name: str, *parts: QWidget) -> None:
        """One more row; the first of its parts takes the room."""
        label, line = QLabel(name), QHBoxLayout()
        label.setBuddy(parts[0])
        line.setSpacing(8)
        for place, part in enumerate(parts):
            line.addWidget(part, 1 if place == 0 else 0)
        row = self.rowCount()
        self.addWidget(label, row, 0)
        self.addLayout(line, row, 1)


class InUse(QWidget):
    """Which engine the window starts, its version, and where it lies."""

    def __init__(self) -> None:
        super().__init__()
        self.version, self.origin = QLabel(), QLabel()
        self.place = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        rows = _Rows()
        for name, label in (
            (tr("In use"), self.version),
            (tr("Place"), self.place),
            (tr("From"), self.origin),
        ):
            rows.add(name, label)
        column = _column(self)
        column.addLayout(rows)
        column.addStretch(1)

    def show_engine(self, known: KnownEngines, *, own: str) -> None:
        """Show the chosen engine, else the window's `own`, as words."""
        installation = known.installation
        at = known.command[0] if known.command else own
        ours = installation is not None and at.startswith(str(installation.place))
        self.version.setText(
            known.version or tr("{version_of}, with this window", version_of=version_of(PROJECT))
        )
        self.place.setText(at)
        build = installation.build if installation is not None and ours else ""
        words = {one.name: one.words for system in ("linux", "darwin") for one in builds_for(system, "arm64")}
        origin = (
            tr("installed by this app, build for: {words}", words=words[build].lower())
            if build in words
            else ""
        )
        self.origin.setText(
            origin or (tr("chosen by hand") if known.command else tr("the Python that runs this window"))
        )


class Offer(QWidget):
    """What would be installed: which build and why, where to, from where, and how much room it takes.

    `changed` says that it is another; `problem` why it cannot be done as it stands.
    """

    changed = Signal()

    def __init__(self, known: Installation | None) -> None:
        super().__init__()
        self._builds = builds_for()
        self._picked, self.problem = False, ""
        self._finding, self._measuring = BackgroundTask(self), BackgroundTask(self)
        self.build = Segmented([one.words for one in self._builds])
        self.build.describe(tr("Build"), tr("For which device PyTorch is made; it can be changed later"))
        self.build.picked.connect(self._pick)
        self.reason = plain_text(tr("Looking at what this machine has …"))
        self.place = Line()
        self.place.setAccessibleName(tr("Place of the engine"))
        self.place.setText(str(known.place if known is not None else usual_place()))
        self.place.textChanged.connect(self._measure)
        self.source = Segmented([tr("The network"), tr("A folder of wheels")])
        self.source.describe(tr("From"), tr("A folder of wheels is for a machine without network"))
        self.source.set_index(_NETWORK)
        self.source.picked.connect(self._show_source)
        self.wheels = Line()
        self.wheels.setAccessibleName(tr("Folder of wheels"))
        self.wheels.setPlaceholderText(
            tr('filled by: python -m pip download -d wheels "{project}[engine]"', project=PROJECT)
        )
        self.wheels.textChanged.connect(self._measure)
        self.browse_place, self.browse_wheels = QPushButton(tr("Browse…")), QPushButton(tr("Browse…"))
        self.browse_place.clicked.connect(
            lambda: ask_for_folder(self, tr("Where the engine goes"), self._put_in)
        )
        self.browse_wheels.clicked.connect(
            lambda: ask_for_folder(self, tr("Folder of wheels"), self.wheels.setText)
        )
        self.room = MessageLine()
        self._lay_out()
        if known is not None:
            self._propose(known)
        self._show_source(self.source.index())
        self._finding.begin(find_build, self._found)

    def _lay_out(self) -> None:
        rows = _Rows()
        rows.add(tr("Build"), self.build)
        rows.addWidget(self.reason, rows.rowCount(), 1)
        rows.add(tr("Place"), self.place, self.browse_place)
        rows.add(tr("From"), self.source)
        rows.add("", self.wheels, self.browse_wheels)
        column = _column(self)
        column.addLayout(rows)
        column.addWidget(self.room)
        column.addStretch(1)

    def _propose(self, known: Installation) -> None:
        """What was begun before is proposed as it was."""
        names = [one.name for one in self._builds]
        if known.build in names:
            self._pick(names.index(known.build))
            self.build.set_index(names.index(known.build))
        if known.wheels:
            self.source.set_index(_WHEELS)
            self.wheels.setText(known.wheels)

    def _put_in(self, folder: str) -> None:
        self.place.setText(str(in_folder(Path(folder))))

    def keep_place(self, kept: bool) -> None:
        """An engine that is there is made anew where it lies; elsewhere it would be a second one that nobody knows of."""
        for widget in (self.place, self.browse_place):
            widget.setEnabled(not kept)
        self.place.setToolTip(tr("Remove the engine first to have it elsewhere") if kept else "")

    def wanted(self) -> Installation:
        """What a person would have with what is chosen."""
        offline = self.source.index() == _WHEELS
        return Installation(
            place=in_folder(Path(self.place.text().strip()).expanduser()),
            build=self._build().name,
            version=version_of(PROJECT),
            wheels=self.wheels.text().strip() if offline else "",
        )

    def _build(self) -> Build:
        return self._builds[max(self.build.index(), 0)]

    def _pick(self, _index: int) -> None:
        self._picked = True
        self._measure()

    def _found(self, finding: Finding) -> None:
        self.reason.setText(finding.reason)
        if not self._picked:
            names = [one.name for one in self._builds]
            self.build.set_index(names.index(finding.build))
        self._measure()

    def _show_source(self, index: int) -> None:
        for widget in (self.wheels, self.browse_wheels):
            widget.setEnabled(index == _WHEELS)
        self._measure()

    def _measure(self, _text: str = "") -> None:
        """Ask how much room there is; a folder may lie on a slow disk."""
        wanted = self.wanted()
        self._measuring.begin(partial(_room, wanted), partial(self._show_size, wanted))

    def _show_size(self, wanted: Installation, found: tuple[float | None, str]) -> None:
        free, problem = found
        build = self._build()
        fetched = "" if wanted.wheels else tr("{fetched:g} GB to fetch and ", fetched=build.fetched)
        size = tr("About {fetched}{taken:g} GB on the disk", fetched=fetched, taken=build.taken)
        if not problem and free is not None and free < build.taken:
            problem = tr(
                "{size}, where only {free:.1f} GB are free. Free some room there, or choose another place.",
                size=size,
                free=free,
            )
        self.problem = problem
        room = tr(", where {free:,.0f} GB are free", free=free) if free is not None else ""
        self.room.show_message(
            problem
            or tr(
                "{size}{room}. It goes into the folder “{folder}”, with a Python of its own where this machine has none.",
                size=size,
                room=room,
                folder=FOLDER,
            ),
            severity="error" if problem else "hint",
        )
        self.changed.emit()


class AtWork(QWidget):
    """How far an installation is."""

    def __init__(self) -> None:
        super().__init__()
        self.text = plain_text(role="")
        self.bar = ProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the installation"))
        self.note = plain_text(
            tr(
                "This sheet may be closed: it goes on while the app is open. Cancel keeps each file that has come whole, and so "
                "does a line that breaks: what is left is fetched the next time."
            )
        )
        column = _column(self)
        column.addWidget(self.text)
        column.addWidget(self.bar)
        column.addWidget(self.note)
        column.addStretch(1)

    def show_progress(self, text: str, fraction: float) -> None:
        """Show how far it is; `fraction` is from 0 to 1."""
        self.text.setText(f"{text} …")
        self.bar.fill(round(fraction * 1000))


class Existing(QWidget):
    """Where an engine lies that is there already. `changed` says that another path was typed."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.path = Line()
        self.path.setAccessibleName(tr("Path of the engine"))
        self.path.setPlaceholderText(
            tr("the folder of an environment, its Python, or the program sleapnn-engine")
        )
        self.path.textChanged.connect(lambda _text: self.changed.emit())
        browse = QPushButton(tr("Browse…"))
        browse.clicked.connect(
            lambda: ask_for_folder(self, tr("Folder of an environment"), self.path.setText)
        )
        rows = _Rows()
        rows.add(tr("Path"), self.path, browse)
        column = _column(self)
        column.addLayout(rows)
        column.addStretch(1)


def _column(owner: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(owner)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(12)
    return column


def _room(wanted: Installation) -> tuple[float | None, str]:
    """GB free where an engine would go, and why it cannot come from there, as a sentence. Runs aside."""
    wheels = wanted.wheels
    if wheels and not any(Path(wheels).expanduser().glob("*.whl")):
        return None, tr("There are no wheels in {wheels}.", wheels=wheels)
    return free_gb(wanted.place), ""
