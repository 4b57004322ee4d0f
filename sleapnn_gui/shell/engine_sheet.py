"""The sheet of the training engine: installs one, shows the one in use, repairs and removes it, or takes one that exists."""

import sys
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from sleapnn_engine.config.chosen_engine import Installation, known_engines
from sleapnn_engine.config.engine_program import engine_of_window, why_no_engine
from sleapnn_gui.run.engine_installing import EngineInstalling, Stage
from sleapnn_gui.shell.engine_pages import WIDTH, AtWork, Existing, InUse, Offer, plain_text
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.theme import set_state

_TOLD = {
    "use": tr(
        "Trainings, predictions and what is read from labels run in this program, apart from the window."
    ),
    "offer": tr(
        "Editing and checking configs works without it. To train, to predict and to look into labels, the window needs the "
        "training engine with PyTorch, which is installed once."
    ),
    "existing": tr(
        "An engine in another environment, or on a path that machines of a cluster share. It is asked for its "
        "version before it is used."
    ),
}
_UNFINISHED = tr(
    "An installation was begun and not finished. What came whole is kept, and Go on fetches the rest."
)


class EngineSheet(QDialog):
    """Beside the window rather than in its way; everything takes place in `installing`, which outlives it.

    `removal_wanted` asks for the engine to be taken away. Each state of it has the same size: nothing moves by itself.
    """

    removal_wanted = Signal()

    def __init__(self, parent: QWidget, installing: EngineInstalling) -> None:
        super().__init__(parent)
        self.setObjectName("engine_sheet")
        self.setWindowTitle(tr("Training engine"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._installing = installing
        self._page = ""
        self.offer = Offer(known_engines().installation)
        self.in_use, self.at_work, self.existing = InUse(), AtWork(), Existing()
        self._stack = QStackedWidget()
        self._pages: dict[str, QWidget] = {
            "use": self.in_use,
            "offer": self.offer,
            "work": self.at_work,
            "existing": self.existing,
        }
        for page in self._pages.values():
            self._stack.addWidget(page)
        self.title, self.about = QLabel(), plain_text()
        self.title.setProperty("role", "title")
        self.problem = MessageLine()
        self._make_buttons()
        self._lay_out()
        for source in (installing.changed, self.offer.changed, self.existing.changed):
            source.connect(self._refresh)
        installing.chosen.connect(self._settle)
        self._settle()

    def _make_buttons(self) -> None:
        self.go = self._button("engine_go", tr("Install"), self._go)
        self.go.setDefault(True)
        set_state(self.go, "primary", value=True)
        self.close_it = self._button("engine_close", tr("Close"), self.reject)
        self.cancel = self._button("engine_cancel", tr("Cancel"), self._installing.cancel)
        self.back = self._button("engine_back", tr("Back"), self._settle)
        self.choose = self._button(
            "engine_choose", tr("Choose one that exists…"), lambda: self._show("existing")
        )
        self.another = self._button("engine_another", tr("Install…"), lambda: self._show("offer"))
        self.repair = self._button("engine_repair", tr("Repair"), self._repair)
        self.remove = self._button("engine_remove", tr("Remove…"), self.removal_wanted.emit)
        self.own = self._button("engine_own", tr("Use this window's own"), self._installing.use_own)

    @staticmethod
    def _button(name: str, words: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(words)
        button.setObjectName(name)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _checked=False: act())
        return button

    def _lay_out(self) -> None:
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        row.setSpacing(8)
        for button in (self.choose, self.another, self.repair, self.remove, self.own):
            row.addWidget(button)
        row.addStretch(1)
        for button in (self.back, self.cancel, self.close_it, self.go):
            row.addWidget(button)
        for part in (self.title, self.about, self._stack):
            part.setFixedWidth(WIDTH)
        self.about.setFixedHeight(self.about.fontMetrics().lineSpacing() * 2 + 4)
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._stack.setFixedHeight(max(page.sizeHint().height() for page in self._pages.values()) + 24)
        for widget in (self.title, self.about, self._stack):
            column.addWidget(widget)
        below, room = QWidget(), QVBoxLayout()
        below.setFixedHeight(
            self.problem.fontMetrics().lineSpacing() * 4 + 12
        )  # whether something is said or not
        below.setLayout(room)
        room.setContentsMargins(0, 0, 0, 0)
        room.addWidget(self.problem)
        room.addStretch(1)
        column.addWidget(below)
        column.addLayout(row)
        margins = column.contentsMargins()
        self.setFixedSize(WIDTH + margins.left() + margins.right(), column.sizeHint().height())

    # -- what is shown ---------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Show the engine in use, or what would be installed where there is none."""
        self._show("offer" if why_no_engine() else "use")

    def _show(self, page: str) -> None:
        self._page = page
        self.offer.keep_place(self._finished)
        self._refresh()

    def _refresh(self) -> None:
        stage = self._installing.stage
        busy = stage is not Stage.IDLE
        page = "work" if stage in (Stage.INSTALLING, Stage.CANCELLING, Stage.REMOVING) else self._page
        if page == "use":
            self.in_use.show_engine(known_engines(), own=sys.executable)
        elif page == "work":
            self.at_work.show_progress(self._work_words(), self._installing.progress.fraction)
        self._stack.setCurrentWidget(self._pages[page])
        self._show_words(page)
        self._show_buttons(page, busy=busy)

    def _work_words(self) -> str:
        words = {Stage.CANCELLING: tr("Ending what is at work"), Stage.REMOVING: tr("Removing the engine")}
        return words.get(self._installing.stage, self._installing.progress.text)

    def _show_words(self, page: str) -> None:
        titles = {
            "use": tr("Training engine"),
            "work": tr("Removing the engine")
            if self._installing.stage is Stage.REMOVING
            else tr("Installing the engine"),
        }
        self.title.setText(
            titles.get(page, tr("Choose an engine") if page == "existing" else tr("Install the engine"))
        )
        self.about.setText(_TOLD["offer" if page == "work" else page])
        problem, severity = self._installing.problem, "error"
        if not problem and page == "offer":
            missing = why_no_engine()
            problem = _UNFINISHED if self._unfinished else missing if "not there any more" in missing else ""
            severity = "warning"
        elif not problem and self._installing.stage is Stage.ASKING:
            problem, severity = f"{self._installing.progress.text} …", "hint"
        self.problem.show_message(problem, severity=severity if problem else "hint")

    def _show_buttons(self, page: str, *, busy: bool) -> None:
        known = known_engines()
        ours, has_engine = known.installation is not None, not why_no_engine()
        is_ours = known.installation is not None and engine_of_window()[0].startswith(
            str(known.installation.place)
        )
        shown = {
            self.choose: page in ("use", "offer"),
            self.another: page == "use",
            self.repair: page == "use" and is_ours,
            self.remove: (page == "use" and ours) or (page == "offer" and self._unfinished),
            self.own: page == "use" and bool(known.command) and not ours,
            self.back: page == "existing" or (page == "offer" and has_engine),
            self.cancel: page == "work" and self._installing.stage is not Stage.REMOVING,
            self.go: page in ("offer", "existing"),
        }
        for button, wanted in shown.items():
            button.setVisible(wanted)
            button.setEnabled(not busy)
        self.cancel.setEnabled(self._installing.stage is Stage.INSTALLING)
        self.another.setText(tr("Change…") if self._finished else tr("Install…"))
        failed = bool(self._installing.problem)
        words = tr("Try again") if failed else tr("Go on") if self._unfinished else tr("Install")
        self.go.setText(tr("Use it") if page == "existing" else words)
        # Before it is known what this machine has, the build would be a guess.
        offered = self.offer.build.index() >= 0 and not self.offer.problem
        possible = bool(self.existing.path.text().strip()) if page == "existing" else offered
        self.go.setEnabled(not busy and possible)

    @property
    def _finished(self) -> bool:
        installation = known_engines().installation
        return installation is not None and installation.finished

    @property
    def _unfinished(self) -> bool:
        installation = known_engines().installation
        return installation is not None and not installation.finished

    # -- what is asked for -----------------------------------------------------------------------------------

    def _go(self) -> None:
        if self._page == "existing":
            self._installing.choose(self.existing.path.text().strip())
        else:
            self._installing.install(self.offer.wanted(), again=self._finished)

    def _repair(self) -> None:
        installation = known_engines().installation
        if isinstance(installation, Installation):
            self._installing.install(installation, again=True)
