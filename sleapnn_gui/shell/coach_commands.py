"""What is said of a run leads on: to what shows it, and to a config that is changed by one press."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from sleapnn_engine.config.advice import Advice
from sleapnn_engine.config.differences import differences
from sleapnn_engine.config.issue import Fix
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.run_models import config_of
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.protocol.coach_case import Hint, Shows
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.inspector.labels_page import LabelsPage
from sleapnn_gui.shell.advice_commands import AdviceCommands
from sleapnn_gui.shell.list_commands import ListCommands
from sleapnn_gui.shell.locating import Locating
from sleapnn_gui.widgets.file_dialog import ask_for_folder
from sleapnn_gui.widgets.language import tr

if TYPE_CHECKING:
    from sleapnn_gui.monitor.train_page import TrainPage


class CoachCommands(QObject):
    """A change goes into the config that is open where that is the run's, else into the run's, opened as a new one."""

    def __init__(
        self, advice: AdviceCommands, listed: ListCommands, labels: LabelsPage, inspect: Inspect
    ) -> None:
        super().__init__(listed)
        self._advice, self._listed, self._labels = advice, listed, labels
        self._reading = BackgroundTask(self)
        self._train: Callable[[], object] = partial(listed.go_to, "train")
        self.locating = Locating(advice, listed, labels, inspect)
        listed.when_listed(lambda page: page.panel.fix_wanted.connect(self.fix))

    def serve(self, page: "TrainPage") -> None:
        """Do what the page of a run offers."""
        self._train = page.train_wanted.emit
        page.configure_wanted.connect(lambda: self._listed.go_to("configure"))
        page.coach.look_wanted.connect(self._show_evidence)
        page.coach.fix_wanted.connect(lambda hint: self._fix_followed(page, hint))

    def _show_evidence(self, hint: Hint) -> None:
        """What the Train page cannot show itself stands on the Data page."""
        if hint.shows in (Shows.LABELS, Shows.SPLIT):
            self._listed.go_to("data")
            self._labels.go_to(hint.shows)
        elif hint.shows is Shows.SETTING:
            self._listed.show_setting(hint.setting)

    def _fix_followed(self, page: "TrainPage", hint: Hint) -> None:
        session = page.session
        if session is not None and session.run_dir is not None:
            self.fix(session.run_dir, hint)

    def fix(self, folder: Path, hint: Hint) -> None:
        """Change what a hint on the run in a folder says, and show what is changed."""
        if hint.fix is None:
            return
        if hint.fix.locates:
            self._in_config_of(folder, self.locating.begin)
        elif hint.fix.again:
            self._in_config_of(folder, self._train)
        elif hint.fix.folder:
            self._in_config_of(folder, partial(self._ask_folder, hint, hint.fix))
        else:
            self._in_config_of(folder, partial(self._apply, _piece(hint, hint.fix.changes)))

    def _ask_folder(self, hint: Hint, fix: Fix) -> None:
        """Have a person say which folder a setting is to name."""
        label = tr(SPEC.keys[fix.folder].meta.label)
        ask_for_folder(
            self._labels.window(), label, lambda path: self._apply(_piece(hint, {fix.folder: path}))
        )

    def _in_config_of(self, folder: Path, do: Callable[[], object]) -> None:
        """Do something to the config of the run in a folder, which is opened where another one is."""
        values = self._listed.document.values

        def decide(config: ConfigReader | None) -> None:
            if config is None or not differences([ConfigReader(values), config]):
                do()
            else:
                self._listed.open_config(folder, then=do)

        self._reading.begin(partial(config_of, folder), decide)

    def _apply(self, piece: Advice) -> None:
        self._listed.show_changes()
        self._advice.apply([piece])

    def leave(self) -> None:
        """For when the window closes."""
        self._reading.drop()
        self.locating.leave()


def _piece(hint: Hint, changes: Mapping[str, Any]) -> Advice:
    assert hint.fix is not None
    title = hint.fix.label.removesuffix("…")
    return Advice(name=hint.name, title=title, reason=hint.text, changes=changes, done=False)
