"""The demonstration: labels, a small preset, and a training before one's eyes."""

import contextlib
import math
from pathlib import Path
from typing import TextIO

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from sleapnn_engine.config import tree
from sleapnn_engine.config.engine_program import engine_of_window
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.protocol.events import EpochEnd, Phase
from sleapnn_engine.protocol.measures import MEDIAN_PX, Measured
from sleapnn_gui.document.files import open_preset
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.monitor import words
from sleapnn_gui.shell.screenshots import Screenshots
from sleapnn_gui.widgets.language import tr

_PAGES = ("data", "configure", "train")
_LABELS = "data_config.train_labels_path"


class Demo(QObject):
    """Makes the labels if there are none, fills in the config, and presses Train. `failed` says why it cannot."""

    failed = Signal(str)

    def __init__(self, window: MainWindow, folder: Path, labels: list[str]) -> None:
        super().__init__(window)
        self._window = window
        self._folder = folder.expanduser().absolute()
        self._labels = [str(Path(path).expanduser().absolute()) for path in labels]
        self._process: QProcess | None = None
        self._screenshots: Screenshots | None = None

    def start(self, screenshots: Screenshots | None = None) -> None:
        """Go; everything happens in turns of the event loop."""
        self._screenshots = screenshots
        own = self._folder / "mouse.pkg.slp"
        if self._labels or own.is_file():
            self._fill_in(self._labels or [str(own)])
            return
        with contextlib.suppress(OSError):  # the engine says, in a sentence, why it cannot write there
            own.parent.mkdir(parents=True, exist_ok=True)
        self._window.show_message(tr("Drawing demonstration labels …"))
        self._process = QProcess(self)
        self._process.finished.connect(lambda code, _status: self._drawn(code, own))
        program, *words = engine_of_window("demo-data", "-o", str(own))
        self._process.start(program, words)

    def _drawn(self, code: int, path: Path) -> None:
        if code or not path.is_file():
            assert self._process is not None
            said = bytes(self._process.readAllStandardError().data()).decode(errors="replace").strip()
            self.failed.emit(
                tr(
                    "The demonstration labels could not be drawn. {reason}",
                    reason=said.splitlines()[-1] if said else "",
                )
            )
            return
        self._fill_in([str(path)])

    def _fill_in(self, labels: list[str]) -> None:
        document = self._window.document
        opened = open_preset(list_presets("demo")[0])
        own = {_LABELS: labels, "trainer_config.ckpt_dir": str(self._folder / "runs")}
        if document.path is None and not document.is_dirty and not document.undo_stack.count():
            for path, value in own.items():
                tree.put(opened.values, path, value)
            document.adopt(opened)  # nobody's work, which closing the window asks nothing about
        else:
            # As edits: drawing the labels takes a while, in which a person may have begun something.
            document.apply_preset(opened)
            document.apply_values(own, tr("Demonstration labels"))
        self._window.show_message("")
        watch = self._window.labels_watch
        watch.known.connect(self._ready)
        watch.failed.connect(self.failed)

    def _ready(self, _facts: object) -> None:
        self._window.labels_watch.known.disconnect(self._ready)
        self._walk(list(_PAGES))

    def _walk(self, pages: list[str]) -> None:
        """Show each page for a moment, then train."""
        if not pages:
            self._window.actions_by_verb["train"].trigger()
            self._window.runs.finish()
            if self._window.session is None:
                problems = "; ".join(
                    issue.message for issue in self._window.document.issues() if issue.severity == "error"
                )
                self.failed.emit(tr("The demonstration cannot be trained: {problems}", problems=problems))
            return
        self._window.show_page(pages[0])
        QTimer.singleShot(400, self, lambda: self._next(pages))

    def _next(self, pages: list[str]) -> None:
        if self._screenshots is not None:
            self._screenshots.save(pages[0])
        self._walk(pages[1:])


class TerminalReport(QObject):
    """Tells a run in the terminal: phases, epochs, and how it ended. `over` carries the exit code."""

    over = Signal(int)

    def __init__(self, window: MainWindow, stream: TextIO, screenshots: Screenshots | None) -> None:
        super().__init__(window)
        self._window = window
        self._stream = stream
        self._screenshots = screenshots
        self._followed: object = None
        window.runs.opened.connect(self._follow)

    def fail(self, text: str) -> None:
        """Say why nothing was trained, and leave."""
        self._write_line(text)
        self.over.emit(1)

    def _follow(self) -> None:
        session = self._window.session
        if session is None or session is self._followed:
            return
        self._followed = session
        session.events.connect(self._handle_events)
        session.state_changed.connect(self._capture_state)
        session.ended.connect(self._ended)

    def _handle_events(self, events: list[object]) -> None:
        for event in events:
            said = getattr(event, "typed", None)
            if isinstance(said, Phase) and said.state == "started":
                self._write_line(said.text or said.name)
            elif isinstance(said, EpochEnd):
                self._write_line(epoch_line(said))
                if said.epoch in (1, 4, 9, 14, 19):
                    QTimer.singleShot(
                        700,
                        self,
                        lambda number=said.epoch: self._capture(f"epoch-{words.epoch_number(number):02d}"),
                    )

    def _capture_state(self) -> None:
        session = self._window.session
        if session is not None:
            QTimer.singleShot(500, self, lambda name=session.state.value: self._capture(name))

    def _capture(self, name: str) -> None:
        if self._screenshots is not None:
            self._screenshots.save(name)

    def _ended(self, outcome: object) -> None:
        QTimer.singleShot(900, self, lambda: self._finish(outcome))

    def _finish(self, outcome: object) -> None:
        self._capture("end")
        self._write_line(str(getattr(outcome, "sentence", "")))
        state = str(getattr(outcome, "state", ""))
        run_dir = getattr(outcome, "run_dir", None) or (self._window.session and self._window.session.run_dir)
        self._write_line(f"run folder: {run_dir}")
        if self._screenshots is not None:
            self._write_line(f"screenshots: {self._screenshots.folder}")
        self.over.emit(0 if state in ("completed", "stopped") else 1)

    def _write_line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


def epoch_line(said: EpochEnd) -> str:
    """One epoch in a line for the terminal."""
    measured = said.error or Measured()
    found = words.measured(measured)
    if measured[MEDIAN_PX] is not None:
        found[0] = f"{tr(MEDIAN_PX.caption)} {found[0]}"
    results = "".join(f", {text}" for text in found)
    losses = ", ".join(
        f"{name} {value:.3g}"
        for name, value in (("train", said.train), ("validation", said.val))
        if value is not None and math.isfinite(value)
    )
    best = " (best)" if said.best else ""
    return f"{words.epoch_name(said.epoch)}: {losses}{results}{best}"
