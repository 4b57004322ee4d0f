"""The log: one line an event that matters to a person, newest first, with the local time of day."""

import time
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from sleapnn_engine.protocol import events
from sleapnn_engine.protocol.counting import Reach
from sleapnn_engine.protocol.messages import Event
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.model_words import model_name, samples_name
from sleapnn_gui.run.queue import Batches, Item
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

MOST_LINES = 2000


class LogView(QPlainTextEdit):
    """Lines of text that can be selected and copied; the oldest go when there are too many."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setAccessibleName(tr("Log of the run, newest first"))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.setUndoRedoEnabled(False)
        self.document().setDocumentMargin(0)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumSize(120, 48)
        self.setTabChangesFocus(True)
        self._epoch = -1
        self._paint()
        current_theme().changed.connect(self._paint)

    def add(self, items: list[Item]) -> None:
        """Write the events that are worth a line."""
        lines: list[str] = []
        for item in items:
            if not isinstance(item, Batches):
                lines.extend(f"{_clock(item.t)} {text}" for text in self._lines_of(item))
        self._write(lines)

    def note(self, text: str, *, t: float | None) -> None:
        """Write a line of the window's own, with its time in Unix seconds where that is known."""
        self._write([text if t is None else f"{_clock(t)} {text}"])

    def start_over(self) -> None:
        """Forget the run that was shown."""
        self.clear()
        self._epoch = -1

    def _lines_of(self, event: Event) -> list[str]:
        teller = _TELLERS.get(event.kind)
        said = event.typed
        if teller is None or (isinstance(said, events.Checkpoint) and said.epoch == self._epoch):
            # The checkpoint that every epoch ends with is no news; one that was asked for in between is.
            return []
        lines = teller(said)
        if isinstance(said, events.EpochEnd):
            self._epoch = said.epoch
            waited = said.epoch - said.best_epoch if said.best_epoch is not None else 0
            if waited and waited % 5 == 0:
                lines.append(tr("no new best for {epochs}", epochs=words.counted(waited, "epoch")))
        return lines

    def _write(self, lines: list[str]) -> None:
        if not lines:
            return
        cursor = QTextCursor(self.document())
        lines = lines[-MOST_LINES:]
        cursor.beginEditBlock()
        empty = self.document().isEmpty()
        cursor.insertText("\n".join(reversed(lines)) + ("" if empty else "\n"))
        extra = self.document().blockCount() - MOST_LINES
        if extra > 0:
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.movePosition(
                QTextCursor.MoveOperation.PreviousBlock, QTextCursor.MoveMode.KeepAnchor, extra - 1
            )
            cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock, QTextCursor.MoveMode.KeepAnchor)
            cursor.movePosition(QTextCursor.MoveOperation.PreviousCharacter, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
        cursor.endEditBlock()

    def _paint(self) -> None:
        theme = current_theme()
        font = theme.font("small", mono=True)
        font.setStyleHint(QFont.StyleHint.Monospace)
        self.setFont(font)
        self.setStyleSheet(f"color: {theme.hex('muted')};")


def _clock(t: float) -> str:
    """The local time of day, with the date where that is another one."""
    then, now = time.localtime(t), time.localtime()
    return time.strftime("%H:%M:%S" if then[:3] == now[:3] else "%Y-%m-%d %H:%M:%S", then)


def _started(said: events.Started) -> list[str]:
    if not said.parameters:  # a program that does not say more of itself
        return [said.run_name]
    samples = samples_name(said.model_type)
    frames = tr(
        "{n_train:,} training and {n_val:,} validation {samples}",
        n_train=said.n_train,
        n_val=said.n_val,
        samples=samples,
    )
    return [
        tr(
            "{model_name} on {device} ({precision}), {parameters:,} parameters",
            model_name=model_name(said.model_type),
            device=said.device,
            precision=said.precision,
            parameters=said.parameters,
        ),
        tr(
            "{frames}, {batches} in an epoch",
            frames=frames,
            batches=words.counted(said.steps_per_epoch, "batch", "batches"),
        ),
    ]


def _phase(said: events.Phase) -> list[str]:
    before_training = said.name in events.PHASES_BEFORE_TRAINING
    if said.state != "done" or not before_training:
        return []
    took = f" ({words.exact_duration(said.seconds)})" if said.seconds is not None else ""
    return [f"{said.text or said.name}{took}"]


def _epoch_end(said: events.EpochEnd) -> list[str]:
    parts = [
        words.epoch_name(said.epoch),
        tr("train {loss}", loss=words.loss(said.train)),
        tr("val {loss}", loss=words.loss(said.val)),
    ]
    # No-break spaces keep a number and its unit on one line.
    parts += [
        text.replace(" ", "\u00a0") for text in (words.measured(said.error) if said.error is not None else [])
    ]
    if said.best:
        parts.append("best")
    return ["  ".join(parts)]


def _failed(said: events.Failed) -> list[str]:
    return [tr("failed: {message}", message=said.message)]


def _finished(said: events.Finished) -> list[str]:
    how = {"completed": tr("done"), "stopped": tr("stopped"), "early_stopped": tr("done, stopped early")}
    after = Reach(said.epochs, said.steps).text
    return [
        tr(
            "{how} after {after}, {time}",
            how=how.get(said.outcome, said.outcome),
            after=after,
            time=words.exact_duration(said.seconds),
        )
    ]


_TELLERS: dict[str, Callable[[Any], list[str]]] = {
    "started": _started,
    "phase": _phase,
    "epoch_end": _epoch_end,
    "checkpoint": lambda said: [tr("checkpoint written: {file}", file=PurePath(said.path).name)],
    "pausing": lambda said: [tr("pausing after this batch")],
    "paused": lambda said: [tr("paused in {epoch}", epoch=words.epoch_name(said.epoch))],
    "resumed": lambda said: [
        tr("resumed after {exact_duration}", exact_duration=words.exact_duration(said.paused_seconds))
    ],
    "stopping": lambda said: [
        tr(
            "stopping after this {what}, the model is kept{asked}",
            what=said.after,
            asked=f": {said.reason}" if said.reason else "",
        )
    ],
    "stop_rules": lambda said: [
        tr("stops by itself: {rules}", rules=tr(" or ").join(said.rules) or tr("by no rule"))
    ],
    "log": lambda said: [said.text if said.level == "info" else f"{said.level}: {said.text}"],
    "failed": _failed,
    "finished": _finished,
}
