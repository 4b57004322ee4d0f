"""The one window: pages, commands, and what they do to the document and the run."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.config.reader import HEADS
from sleapnn_engine.protocol.failure_report import for_others
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.draft_keeper import DraftKeeper
from sleapnn_gui.document.drafts import DraftStore
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.disk_check import DiskCheck
from sleapnn_gui.inspector.facts_view import headline
from sleapnn_gui.inspector.figures_watch import FiguresWatch
from sleapnn_gui.inspector.full_check import FullCheck
from sleapnn_gui.inspector.labels_page import LabelsPage
from sleapnn_gui.inspector.labels_watch import LabelsWatch
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.run.verbs import ON_RUN
from sleapnn_gui.shell.advice_commands import AdviceCommands
from sleapnn_gui.shell.beside import compare_with_file, remember_beside, reveal
from sleapnn_gui.shell.closing import Closing
from sleapnn_gui.shell.coach_commands import CoachCommands
from sleapnn_gui.shell.commands import ACTION, make_actions
from sleapnn_gui.shell.data_page import watch_frames
from sleapnn_gui.shell.disk_offer import DiskOffer
from sleapnn_gui.shell.draft_offer import DraftOffer
from sleapnn_gui.shell.file_commands import FileCommands
from sleapnn_gui.shell.first_steps import FirstSteps
from sleapnn_gui.shell.going_on import GoingOn
from sleapnn_gui.shell.help_commands import HelpCommands
from sleapnn_gui.shell.list_commands import ListCommands
from sleapnn_gui.shell.menus import fill_menu_bar
from sleapnn_gui.shell.nav_bar import NavBar
from sleapnn_gui.shell.page_making import make_form, make_train_page
from sleapnn_gui.shell.pages import Pages, home_of
from sleapnn_gui.shell.preset_commands import PresetCommands
from sleapnn_gui.shell.result_commands import ResultCommands
from sleapnn_gui.shell.review_commands import ReviewCommands
from sleapnn_gui.shell.run_commands import AROUND, RunCommands
from sleapnn_gui.shell.screen import SMALLEST, WANTED
from sleapnn_gui.shell.setting_commands import SettingCommands
from sleapnn_gui.shell.settings_keeper import settings_keeper
from sleapnn_gui.shell.settings_store import draft_folder, remember_layout, remember_recent
from sleapnn_gui.shell.status_line import StatusLine, parameters_text
from sleapnn_gui.shell.title import labels_title, window_title
from sleapnn_gui.shell.top_bar import TopBar, search_everything
from sleapnn_gui.shell.view_commands import ViewCommands, mark_theme
from sleapnn_gui.shell.window_banner import WindowBanner
from sleapnn_gui.widgets.language import tr


class MainWindow(QMainWindow):
    """Top bar, rail, four pages, status line; every command is a QAction called `action.<verb>`."""

    warm = property(lambda self: bool(self.runs.is_warm), doc="Whether an engine waits for a training.")
    form = property(lambda self: self.pages.page("configure"), doc="The page of all settings.")
    see = property(lambda self: self.form.context.tab(tr("See")), doc="What a setting does, beside the form.")
    train_page = property(lambda self: self.pages.page("train"), doc="The page of the run that is followed.")
    runs_page = property(lambda self: self.pages.page("runs"), doc="The page of all runs.")

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setAcceptDrops(True)
        self.setMinimumSize(SMALLEST)
        self.resize(WANTED)
        self.document = Document(self)
        self.files = FileCommands(self, self.document)
        self.runs = RunCommands(self, self.document, lambda: self.train_page)
        self.drafts = DraftKeeper(self.document, DraftStore(draft_folder()))
        self.draft_offer = DraftOffer(self.drafts, self.files.guard, self.show_page)
        self.inspect = Inspect(self)
        self.help = HelpCommands(self, self.files, self.inspect, self.runs, lambda: self.form)
        self.pages = Pages()
        self.results = ResultCommands(self, self.runs, self.inspect, self.pages, self._run_looked_at)
        self.listed = ListCommands(self, self.results, self.runs, self.files)
        self._closing = Closing(self, self.document, self.files, self.runs, self.results)
        self.review = ReviewCommands(self, self.document, self.runs, self.inspect)
        self.labels_page = LabelsPage(list_presets("guide"))
        self.presets = PresetCommands(self, self.document, self.files, self.labels_page.beside.presets)
        self.first_steps = FirstSteps(self, self.pages, self.labels_page, can=self.runs.can)
        first = (self, self.first_steps, self.files, self.presets, self.review, self.runs, self.listed.queue)
        self.settings = SettingCommands(self.document, in_hand=lambda: self.form.context.help.path)
        views = ViewCommands(self.show_page)
        owners = (*first, self.files.pairs, self.results, self.listed, self.help, self.settings, views)
        self.actions_by_verb = make_actions(self, owners)
        self.recent_menu = fill_menu_bar(self.menuBar(), self.actions_by_verb)
        self._remembered: Path | None = None
        self.addActions(list(self.actions_by_verb.values()))
        self._make_pages()
        self._lay_out()
        self._connect()
        self.files.do_new()
        self.show_page("data")
        self.labels_page.drop_zone.setFocus()
        self._refresh_commands()

    # -- building ------------------------------------------------------------------------------------------

    def _make_pages(self) -> None:
        self.labels_watch = LabelsWatch(self.document, self.inspect)
        self.frames_watch = watch_frames(self.labels_page, self.labels_watch, self.document, self.inspect)
        self.figures_watch = FiguresWatch(self.document, self.inspect)
        self.full_check = FullCheck(self.document, self.inspect)
        self.advice = AdviceCommands(self.document, self.inspect, self.labels_page)
        self.coach = CoachCommands(self.advice, self.listed, self.labels_page, self.inspect)
        self.disk_check = DiskCheck(self.document)
        self.search_field = search_everything(self.document)

    def _lay_out(self) -> None:
        actions = self.actions_by_verb
        self.top_bar = TopBar(self.search_field, *(actions[verb] for verb in ("check", "train", "review")))
        self.nav_bar = NavBar()
        self.status_line = StatusLine(self.document)
        whole, below = QWidget(), QWidget()
        self.banner = WindowBanner(below)
        self.setCentralWidget(whole)
        column, middle = QVBoxLayout(whole), QHBoxLayout(below)
        for box in (column, middle):
            box.setContentsMargins(0, 0, 0, 0)
            box.setSpacing(0)
        self.disk_offer = DiskOffer(self.document, self.files.watch, around=below)
        above = (self.first_steps.strip, self.draft_offer, self.disk_offer, self.banner)
        GoingOn(above, self.pages)
        for part in (self.top_bar, *above):
            column.addWidget(part)
        column.addWidget(below, 1)
        middle.addWidget(self.nav_bar)
        middle.addWidget(self.pages.scrolled(), 1)
        self.pages.add("data", self.labels_page)
        form = partial(make_form, self.pages, self.document, self.inspect, self.runs.folders, actions)
        train = partial(
            make_train_page, self.pages, actions["train"].trigger, self._show_title, self.results, self.coach
        )
        self.pages.fill({"configure": form, "train": train, **self.results.pages})
        column.addWidget(self.status_line)

    def _connect(self) -> None:
        document = self.document
        self.nav_bar.chosen.connect(self.show_page)
        self.search_field.revealed.connect(self._found)
        self.labels_page.labels_chosen.connect(self.files.offer_labels)
        self.listed.adopt(self.actions_by_verb, lambda: self.form)
        self.status_line.issue_chosen.connect(self.reveal)
        tellers = (self.files, self.presets, self.runs, self.results, self.advice, self.help)
        self.disk_offer.compare_wanted.connect(lambda: compare_with_file(self.show_page, self.form))
        for source in (*tellers, self.settings, self.review, self.disk_offer, self.first_steps):
            source.message.connect(self.show_message)
        for keeper in (self.drafts, settings_keeper()):
            keeper.failed.connect(self.banner.warn_later)
            keeper.mended.connect(self.banner.withdraw)
        self.runs.untrue.connect(self.banner.withdraw)
        self.files.offered.connect(self.banner.offer)
        self.files.run_opened.connect(self.runs.open_run)
        for giver in (self.files, self.presets, self.review, self.settings):
            giver.setting_chosen.connect(self.reveal)
        self.runs.refused.connect(self.do_check)
        self.runs.changed.connect(self._refresh_commands)
        self.runs.opened.connect(lambda: self.show_page("train"))
        for leader in (self.results, self.first_steps.strip):
            leader.page_wanted.connect(self.show_page)
        self.files.labels_opened.connect(lambda: None if self.page() == "data" else self.show_page("data"))
        for chooser in (self.runs.folder_chosen, self.recent_menu.chosen, self.first_steps.path_wanted):
            chooser.connect(self.open_path)
        self.first_steps.adopt(self.actions_by_verb)
        document.state_changed.connect(self._show_document)
        document.reloaded.connect(self._show_document)
        document.issues_changed.connect(self._follow_problems)
        document.edit_failed.connect(lambda text: self.show_message(text, "error"))
        document.undo_stack.indexChanged.connect(self._refresh_commands)
        document.undo_stack.indexChanged.connect(lambda _: self.status_line.show_message(""))
        self.inspect.troubled.connect(self.banner.show_text_later)
        document.reloaded.connect(lambda: self.actions_by_verb["check"].setEnabled(True))
        self.full_check.done.connect(self._report_check)
        self.full_check.failed.connect(self._report_check)
        for signal in (self.labels_watch.reading, self.labels_watch.known, self.labels_watch.failed):
            signal.connect(self._show_labels)

    # -- pages ---------------------------------------------------------------------------------------------

    @property
    def session(self) -> RunSession | None:
        """The run that is followed, if any."""
        return self.runs.session

    def show_page(self, name: str) -> None:
        """Show data, configure, train, runs, or a page that belongs to one of these."""
        if name != self.page():
            self.banner.leave_page()
        page = self.pages.show_page(name)
        self.nav_bar.show_page(home_of(name))
        self.actions_by_verb[f"show_{home_of(name)}"].setChecked(True)
        focus = self.focusWidget()
        if focus is None or not self.nav_bar.isAncestorOf(focus):
            # Qt would give it to the first control of the page, which may be one that ends a run.
            page.setFocus(Qt.FocusReason.OtherFocusReason)
        if name == "runs":
            self.runs_page.set_folders(self.runs.folders())
        self._show_title()

    def page(self) -> str:
        """Name of the page that is shown."""
        return self.pages.name

    def reveal(self, path: str) -> None:
        """Go to one setting or section of the form, or by `see:crop` and such to what is seen beside it."""
        self.show_page("configure")
        reveal(self.form, self.see, path)

    def show_message(self, text: str, severity: str = "info") -> None:
        """Show a sentence under the top bar; an empty one takes it away."""
        self.banner.show_text(text, severity)

    def show_fault(self, sentence: str, details: str) -> None:
        """Say that something failed that never should, and offer what a report of it needs."""
        self.banner.offer_later(
            sentence, "error", tr("Copy details"), partial(self._copy, for_others(details))
        )

    def open_path(self, path: str | Path) -> None:
        """Open a config, SLEAP 1.4 JSON, labels or a run folder."""
        self.files.open_path(Path(path))

    # -- commands of the window itself ---------------------------------------------------------------------

    def do_apply_preset(self) -> None:
        self.show_page("data")
        self.labels_page.offer_presets()

    def do_search(self) -> None:
        self.search_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search_field.selectAll()

    do_palette = do_search

    def do_undo(self) -> None:
        stack = self.document.undo_stack
        self._step_to(stack.undo, tr("Undone: {edit}", edit=stack.undoText()))

    def do_redo(self) -> None:
        stack = self.document.undo_stack
        self._step_to(stack.redo, tr("Done again: {edit}", edit=stack.redoText()))

    def _step_to(self, step: Callable[[], None], told: str) -> None:
        step()
        self.status_line.show_message(told)  # what it was may stand on another page

    def do_check(self) -> None:
        """Have everything looked at again as a training would, and go to the first problem."""
        self.disk_check.check()
        self.labels_watch.refresh(again=True)
        self.full_check.ask()
        self.actions_by_verb["check"].setEnabled(False)
        if any(issue.severity == "error" for issue in self.document.every_issue()):
            self._report_findings()
        else:
            self.show_message(tr("Looking at the labels and their images as a training would …"))

    def _report_check(self, failure: str = "") -> None:
        """Say what the engine found, or why it could not look."""
        self.actions_by_verb["check"].setEnabled(True)
        if failure:
            self.banner.show_text_later(
                f"{tr('Files and labels could not be checked.')} {failure}", "warning"
            )
        else:
            self.banner.when_away(self._report_findings)

    def _report_findings(self) -> None:
        """Say what stands in the way of training, and go there."""
        measure = self.actions_by_verb["measure"].trigger
        path = self.banner.show_findings(self.document.every_issue(), measure=measure)
        if self.banner.severity == "error":
            self.reveal(path)

    def do_quit(self) -> None:
        self.close()

    # -- showing -------------------------------------------------------------------------------------------

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.show_message(tr("Copied to the clipboard."))

    def _follow_problems(self) -> None:
        """Keep true what Check said, and tell the Data page what does not fit."""
        self.banner.renew_findings(self.document.every_issue())
        wrong = [issue for issue in self.document.issues() if issue.severity == "error"]
        head = f"{HEADS}.{self.document.chosen(HEADS)}"
        self.labels_page.show_misfit(next((issue.message for issue in wrong if issue.path == head), ""))

    def _found(self, path: str) -> None:
        if path.startswith(ACTION):
            self.actions_by_verb[path.removeprefix(ACTION)].trigger()
        else:
            self.reveal(path)

    def _show_document(self) -> None:
        document = self.document
        self.top_bar.show_config(document.title, document.is_dirty)
        self.actions_by_verb["import_report"].setEnabled(document.report is not None)
        if document.path is not None and document.path != self._remembered:
            remember_recent(document.path)
        self._remembered = document.path
        self._show_title()
        self._show_labels()

    def _show_title(self) -> None:
        store = self.train_page.store if self.session is not None else RunStore()
        title = window_title(self.document, self.session, store)
        if title != self.windowTitle():
            self.setWindowTitle(title)
        self.status_line.show_run(self._looked_at())

    def _run_looked_at(self) -> Path | None:
        """The run that a command on its model is about: the one chosen in the list, or the one that is followed."""
        if self.page() == "runs":
            return self.results.runs_page.chosen
        return self.session.kept_dir if self.session is not None else None

    def _looked_at(self) -> str | None:
        """What the status line tells of the run that is shown; None where the settings are looked at."""
        if self.page() != "train" or self.session is None:
            return "" if home_of(self.page()) == "runs" else None
        header = self.train_page.store.header
        return "" if header is None else parameters_text(header.parameters, of=tr("this run"))

    def _show_labels(self, _said: Any = None) -> None:
        facts = self.document.facts
        self.top_bar.show_labels(labels_title(self.document), headline(facts) if facts else "")

    def _refresh_commands(self, _index: int = 0) -> None:
        actions, stack = self.actions_by_verb, self.document.undo_stack
        actions["undo"].setEnabled(stack.canUndo())
        actions["redo"].setEnabled(stack.canRedo())
        actions["train"].setEnabled(self.runs.can("train"))
        for verb in (*ON_RUN, *AROUND):
            actions[verb].setEnabled(self.runs.can(verb))
        mark_theme(actions)
        self._show_title()
        self.status_line.engine.setText(self.runs.engine_text())

    # -- Qt ------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        self.files.open_paths([Path(url.toLocalFile()) for url in urls if url.isLocalFile()])
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._closing.may_close():
            remember_layout(self)
            if self.pages.is_made("configure"):
                remember_beside(self.form)
            self.drafts.discard()
            self.leave()
        else:
            event.ignore()

    def leave(self) -> None:
        """Let go of the run and of every process that only this window needs; may be called again."""
        for part in (self.pages, self.runs, self.results, self.listed, self.coach):
            part.leave()
        watches = (self.labels_watch, self.frames_watch, self.figures_watch, self.advice)
        for asking in (*watches, self.files.watch, self.review, self.presets, self.full_check, self.help):
            asking.stop()
        if self.pages.is_made("configure"):
            self.see.stop()
        self.inspect.close()
