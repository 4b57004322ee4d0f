"""What a person says of runs, written into their folders beside the window."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.protocol.remarks import Remarks, write_remarks
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.widgets.language import tr


class RemarkWriting(QObject):
    """Writes remarks one after the other, of each run the last ones.

    `failed` carries sentences on those that could not be written, which are with the next ones; '' once all are.
    """

    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._writing = BackgroundTask(self, abandon=False)
        self._to_write: dict[Path, Remarks] = {}
        self._unwritten: dict[Path, Remarks] = {}

    @property
    def is_at_work(self) -> bool:
        """Whether something that was said is not on the disk yet."""
        return bool(self._to_write) or self._writing.is_at_work

    def keep(self, folder: Path, remarks: Remarks) -> None:
        """Write this down; what is said meanwhile comes after it."""
        self._to_write[folder] = remarks
        if not self._writing.is_at_work:
            self._write()

    def finish(self) -> None:
        """Wait for what is being written; for when the window closes."""
        self._writing.finish()

    def _write(self) -> None:
        said, self._to_write = self._unwritten | self._to_write, {}
        self._writing.begin(
            lambda: {folder: _written(folder, one) for folder, one in said.items()},
            lambda failures: self._wrote(said, failures),
        )

    def _wrote(self, said: dict[Path, Remarks], failures: dict[Path, str]) -> None:
        had_failed = bool(self._unwritten)
        self._unwritten = {folder: one for folder, one in said.items() if failures[folder]}
        if self._unwritten or had_failed:
            self.failed.emit(" ".join(filter(None, failures.values())))
        if self._to_write:
            self._write()


def _written(folder: Path, remarks: Remarks) -> str:
    """Keep what is said of a run; a sentence where that cannot be done. Runs aside."""
    try:
        write_remarks(folder, remarks)
    except OSError as problem:
        return tr(
            "What you said of {folder} could not be kept: {reason}.",
            folder=folder.name,
            reason=reason_of(problem),
        )
    return ""
