"""What is asked before the window closes: a training or a prediction that is at work, then unsaved edits."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from sleapnn_gui.document.document import Document
from sleapnn_gui.shell.file_commands import FileCommands
from sleapnn_gui.shell.result_commands import ResultCommands
from sleapnn_gui.shell.run_commands import RunCommands
from sleapnn_gui.widgets.language import tr

_LOOK_MS = 200


class Closing(QObject):
    """Asks one question at a time, without blocking; the window is closed again once all are answered."""

    def __init__(
        self,
        window: QWidget,
        document: Document,
        files: FileCommands,
        runs: RunCommands,
        results: ResultCommands,
    ) -> None:
        super().__init__(window)
        self._files = files
        self._window = window
        self._document = document
        self._guard = files.guard
        self._runs = runs
        self._edits_settled = False
        self._run_settled = self._prediction_settled = False
        self._results = results
        self.question: QMessageBox | None = None
        self._holds: Callable[[], bool] = lambda: False
        self._looks = QTimer(self, interval=_LOOK_MS)
        self._looks.timeout.connect(self._check)

    def may_close(self) -> bool:
        """Whether nothing stands in the way; otherwise a question is now on the screen."""
        if self.question is not None or self._guard.question is not None:
            return False
        if self._files.saving.once_written(self._close):
            return False
        if self._runs.is_training and not self._run_settled:
            self._ask_about_run()
            return False
        if self._results.is_predicting and not self._prediction_settled:
            self._ask_about_prediction()
            return False
        # What was answered holds for this closing only: a person who stays is asked again the next time.
        self._run_settled = self._prediction_settled = False
        if (self._document.is_dirty or self._document.unread) and not self._edits_settled:
            self._guard.before(tr("Closing the window"), self._edits_done, given_up=self._discard)
            return False
        self._edits_settled = False
        return True

    def _ask_about_run(self) -> None:
        rest = self._runs.pair.waiting_model if self._runs.pair is not None else ""
        more = tr("It can go on without this window; open its run folder to see it again.")
        if rest:
            more = tr(
                "It can go on without this window, and the {rest} is trained after it. Stopping keeps this model, and the {rest} is "
                "not trained.",
                rest=rest,
            )
        box = self._box(tr("A training is running."), more, holds=lambda: self._runs.is_training)
        leave = self._button(box, tr("Leave it running"), QMessageBox.ButtonRole.AcceptRole)
        stop = self._button(box, tr("Stop and keep the model"), QMessageBox.ButtonRole.DestructiveRole)
        self._button(box, tr("Do not close"), QMessageBox.ButtonRole.RejectRole)
        leave.clicked.connect(self._leave_run)
        stop.clicked.connect(self._stop_run)
        box.open()

    def _ask_about_prediction(self) -> None:
        box = self._box(
            tr("A prediction is being made."),
            tr("It can go on without this window and write its file."),
            holds=lambda: self._results.is_predicting,
        )
        leave = self._button(box, tr("Leave it running"), QMessageBox.ButtonRole.AcceptRole)
        stop = self._button(box, tr("Stop and keep what is done"), QMessageBox.ButtonRole.DestructiveRole)
        stay = self._button(box, tr("Do not close"), QMessageBox.ButtonRole.RejectRole)
        leave.clicked.connect(self._close_settled)
        stay.clicked.connect(self._stay)
        stop.clicked.connect(self._end_prediction)
        box.open()

    def _end_prediction(self) -> None:
        self._results.predict_page.stop_and_keep()  # the process writes what is done, also when the window is gone
        self._close_settled()

    def _stay(self) -> None:
        """What was answered about a training holds no more either."""
        self._run_settled = False

    def _leave_run(self) -> None:
        self._answered()
        self._run_settled = True
        self._window.close()

    def _stop_run(self) -> None:
        session = self._runs.session
        if session is None or session.is_over:
            self._leave_run()
            return
        if self._runs.pair is not None:
            self._runs.pair.remove_waiting()
        session.ended.connect(lambda _: self._leave_run())
        self._runs.do_stop()

    def _discard(self) -> None:
        self._edits_settled = True
        self._edits_done()

    def _edits_done(self) -> None:
        self._document.set_unread({})
        self._close_settled()

    def _check(self) -> None:
        """A question about what has ended meanwhile is none any more; whoever reads it stays, and sees how it ended."""
        if self.question is not None and not self._holds():
            self._run_settled = False
            self.question.reject()

    def _box(self, text: str, more: str, *, holds: Callable[[], bool]) -> QMessageBox:
        self._holds = holds
        self._looks.start()
        box = QMessageBox(self._window)
        box.setObjectName("closing")
        box.setText(text)
        box.setInformativeText(more)
        box.setWindowModality(Qt.WindowModality.WindowModal)
        box.finished.connect(self._answered)
        self.question = box
        return box

    @staticmethod
    def _button(box: QMessageBox, text: str, role: QMessageBox.ButtonRole) -> QPushButton:
        button = box.addButton(text, role)
        button.setAccessibleName(text)
        return button

    def _answered(self, _code: int = 0) -> None:
        self._looks.stop()
        if self.question is not None:
            self.question.deleteLater()
            self.question = None

    def _close(self) -> None:
        self._window.close()

    def _close_settled(self) -> None:
        """Close once the question is gone from the screen; what was asked about runs is settled."""
        self._answered()
        self._run_settled = self._prediction_settled = True
        self._window.close()
