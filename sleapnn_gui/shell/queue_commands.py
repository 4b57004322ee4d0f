"""Commands on the queue of trainings: show it, add to it, train it, pause it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from sleapnn_engine.config.text_format import first_few
from sleapnn_engine.config.validate import errors
from sleapnn_gui.document.document import Document
from sleapnn_gui.shell.pair_training import SECRETS_NOTE, PairTraining, group_of, wishes_of
from sleapnn_gui.shell.result_commands import ResultCommands
from sleapnn_gui.shell.run_commands import RunCommands, secrets
from sleapnn_gui.widgets.language import tr

if TYPE_CHECKING:
    from sleapnn_engine.protocol.training_queue import TrainingQueue
    from sleapnn_gui.results.runs_page import RunsPage
    from sleapnn_gui.run.queueing import Wish

_AS_BUTTONS = {
    tr("Add chosen runs"): "list_queue",
    tr("Add this config"): "queue_add",
    tr("Pause"): "queue_pause",
    tr("Train the queue"): "queue_train",
}


class QueueCommands(QObject):
    """What is read and changed is so beside the window; the queue itself stands on the page of the runs."""

    def __init__(
        self, parent: QObject, results: ResultCommands, runs: RunCommands, document: Document
    ) -> None:
        super().__init__(parent)
        self._results, self._runs, self._document = results, runs, document
        self._actions: Mapping[str, QAction] = {}
        self.pair = PairTraining(self, document, runs, results)
        self.pair.message.connect(results.message)

    def adopt(self, actions: Mapping[str, QAction]) -> None:
        """The commands as they are pressed; what is in the queue is not known before the runs are listed."""
        self._actions = actions
        for verb in ("queue_train", "queue_pause"):
            actions[verb].setEnabled(False)
        self._results.when_listed(self._serve)

    def _serve(self, page: "RunsPage") -> None:
        """Offer the commands below the list of runs."""
        panel, actions = page.queue, self._actions
        panel.watch.message.connect(self._results.message)
        panel.watch.changed.connect(self._refresh)
        panel.run_chosen.connect(self._runs.open_run)
        panel.offer([(text, actions[verb]) for text, verb in _AS_BUTTONS.items()])
        page.selection_changed.connect(lambda: panel.watch.watch(page.isVisible()))
        page.queue_shown.clicked.connect(lambda _checked=False: panel.setVisible(not panel.isVisible()))

    def _refresh(self) -> None:
        page = self._page
        sight = page.queue.watch.sight
        paused, waiting = sight.standing.paused, sight.standing.waiting
        self._actions["queue_train"].setEnabled(bool(waiting) and (paused or not sight.at_work))
        self._actions["queue_pause"].setEnabled(sight.at_work and not paused)
        page.queue_shown.setText(tr("Queue · {waiting}", waiting=waiting) if waiting else tr("Queue"))

    @property
    def _page(self) -> "RunsPage":
        return self._results.runs_page

    # -- what is asked ---------------------------------------------------------------------------------------

    def do_queue_show(self) -> None:
        """Show the queue below the list of runs."""
        self._results.page_wanted.emit("runs")
        self._page.queue.show()

    def do_queue_add(self) -> None:
        """Add the config as it stands, or both of a pair; with problems in the way, go to them instead."""
        if errors(self._document.every_issue()):
            self._runs.refused.emit()
            return
        note = SECRETS_NOTE if secrets(self._document) else ""
        wishes = wishes_of(self._document)
        self._add(lambda: wishes, group=group_of(self._document), note=note)

    def add_runs(self, folders: Sequence[Path]) -> None:
        """Train these runs again, each as it was."""
        from sleapnn_gui.run.queueing import again

        self._add(lambda: [again(folder) for folder in folders])

    def add_seeds(self, wanted: Sequence[tuple[Path, int]]) -> None:
        """Train these runs again, each with a seed of its own, as a group."""
        from sleapnn_gui.run.queueing import other_seed

        names = list(dict.fromkeys(folder.name for folder, _ in wanted))
        self._add(
            lambda: [other_seed(folder, seed=seed) for folder, seed in wanted],
            group=tr("seeds of {names}", names=first_few(names)),
        )

    def _add(self, wishes: "Callable[[], Sequence[Wish]]", *, group: str = "", note: str = "") -> None:
        from sleapnn_gui.run.queueing import queue_up

        base = self._runs.base

        def act(queue: "TrainingQueue") -> str:
            return queue_up(queue, wishes(), base=base, group=group) + note

        self._page.queue.watch.change(act)

    def do_queue_train(self) -> None:
        self._page.queue.watch.train()

    def do_queue_pause(self) -> None:
        self._page.queue.watch.pause()
