"""The log: one line an event that matters to a person, newest first, with the local time of day."""

import time
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from sleapnn_engine.protocol.counting import Reach
from sleapnn_engine.protocol.measures import Measured
from sleapnn_engine.protocol.messages import PHASES_BEFORE_TRAINING, Event
from sleapnn_gui.monitor import words
from sleapnn_gui.monitor.model_words import model_name, samples_name
from sleapnn_gui.run.queue import Batches, Item
from sleapnn_gui.widgets.theme import current_theme

MOST_LINES = 2000


class LogView(QPlainTextEdit):
    """Lines of text that can be selected and copied; the oldest go when there are too many."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setAccessibleName("Log of the run, newest first")
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
                lines.extend(f"{_clock(item.t)} {text}" for text in self._tell(item))
        self._write(lines)

    def note(self, text: str, *, t: float | None) -> None:
        """Write a line of the window's own, with its time in Unix seconds where that is known."""
        self._write([text if t is None else f"{_clock(t)} {text}"])

    def start_over(self) -> None:
        """Forget the run that was shown."""
        self.clear()
        self._epoch = -1

    def _tell(self, event: Event) -> list[str]:
        teller = _TELLERS.get(event.kind)
        if teller is None or (event.kind == "checkpoint" and event.body["epoch"] == self._epoch):
            # The checkpoint that every epoch ends with is no news; one that was asked for in between is.
            return []
        lines = teller(event.body)
        if event.kind == "epoch_end":
            best, epoch = event.body["best_epoch"], event.body["epoch"]
            self._epoch = epoch
            waited = epoch - best if best is not None else 0
            if waited and waited % 5 == 0:
                lines.append(f"no new best for {words.counted(waited, 'epoch')}")
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


def _started(body: dict[str, Any]) -> list[str]:
    samples = samples_name(body["model_type"])
    frames = f"{body['n_train']:,} training and {body['n_val']:,} validation {samples}"
    return [
        f"{model_name(body['model_type'])} on {body['device']} ({body['precision']}), {body['parameters']:,} parameters",
        f"{frames}, {words.counted(body['steps_per_epoch'], 'batch', 'batches')} in an epoch",
    ]


def _phase(body: dict[str, Any]) -> list[str]:
    before_training = body["name"] in PHASES_BEFORE_TRAINING
    if body["state"] != "done" or not before_training:
        return []
    took = f" ({words.exact_duration(body['seconds'])})" if body["seconds"] is not None else ""
    return [f"{body['text'] or body['name']}{took}"]


def _epoch_end(body: dict[str, Any]) -> list[str]:
    parts = [
        words.epoch_name(body["epoch"]),
        f"train {words.loss(body['train'])}",
        f"val {words.loss(body['val'])}",
    ]
    # No-break spaces keep a number and its unit on one line.
    parts += [text.replace(" ", "\u00a0") for text in words.measured(Measured.of(body["error"]))]
    if body["best"]:
        parts.append("best")
    return ["  ".join(parts)]


def _failed(body: dict[str, Any]) -> list[str]:
    return [f"failed: {body['message']}"]


def _finished(body: dict[str, Any]) -> list[str]:
    how = {"completed": "done", "stopped": "stopped", "early_stopped": "done, stopped early"}
    after = Reach(body["epochs"], body.get("steps", 0)).text
    return [
        f"{how.get(body['outcome'], body['outcome'])} after {after}, {words.exact_duration(body['seconds'])}"
    ]


_TELLERS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "started": _started,
    "phase": _phase,
    "epoch_end": _epoch_end,
    "checkpoint": lambda body: [f"checkpoint written: {PurePath(body['path']).name}"],
    "pausing": lambda body: ["pausing after this batch"],
    "paused": lambda body: [f"paused in {words.epoch_name(body['epoch'])}"],
    "resumed": lambda body: [f"resumed after {words.exact_duration(body['paused_seconds'] or 0.0)}"],
    "stopping": lambda body: [f"stopping after this {body['after']}, the model is kept"],
    "log": lambda body: [body["text"] if body["level"] == "info" else f"{body['level']}: {body['text']}"],
    "failed": _failed,
    "finished": _finished,
}
