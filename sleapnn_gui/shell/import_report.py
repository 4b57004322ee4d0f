"""What became of every setting of an imported SLEAP 1.4 file, to be read beside the form."""

import html
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import save_text
from sleapnn_engine.config.legacy.report import KINDS, Row, shown
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.file_dialog import ask_where_to_save
from sleapnn_gui.widgets.language import counted, tr
from sleapnn_gui.widgets.line import Line
from sleapnn_gui.widgets.theme import current_theme

_SETTING = "setting:"
_ALL = tr("Everything")


class ImportReport(QDialog):
    """The rows of an import under their kind, beside the window rather than in its way.

    `setting_chosen` carries the dotted path of a setting to go to; `reset_asked` wants values of the old labels
    measured anew; `said` carries a sentence and its severity.
    """

    setting_chosen = Signal(str)
    reset_asked = Signal()
    message = Signal(str, str)

    def __init__(self, found: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("import_report")
        self.setWindowTitle(tr("Imported settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(min(760, parent.width()), min(620, parent.height()))
        self._report = found.report
        self._writing = BackgroundTask(self, abandon=False)
        summary = QLabel(found.report.summary[:1].upper() + found.report.summary[1:] + ".")
        summary.setProperty("role", "heading")
        summary.setWordWrap(True)
        self.words = Line()
        self.kind = QuietComboBox()
        self.rows = QTextBrowser()
        self._make_filter()
        self._make_rows()
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addWidget(summary)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        row.addWidget(self.kind)
        column.addLayout(row)
        column.addWidget(self.rows, 1)
        column.addLayout(self._buttons(found))
        self.show_rows()

    def _make_filter(self) -> None:
        self.words.setPlaceholderText(tr("Show only rows with these words"))
        self.words.setAccessibleName(tr("Filter the rows"))
        self.words.setClearButtonEnabled(True)
        self.words.textChanged.connect(self.show_rows)
        self.kind.setAccessibleName(tr("Kind of row"))
        self.kind.addItem(_ALL, "")
        for kind, heading in KINDS.items():
            count = len(self._report.of(kind))
            if count:
                self.kind.addItem(f"{heading.partition(':')[0]} ({count})", kind)
        self.kind.currentIndexChanged.connect(self.show_rows)

    def _make_rows(self) -> None:
        self.rows.setObjectName("import_rows")
        self.rows.setAccessibleName(tr("Imported settings"))
        self.rows.setOpenLinks(False)
        # Dotted names have no blanks to break a line at.
        self.rows.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.rows.anchorClicked.connect(self._follow)
        current_theme().changed.connect(self.show_rows)

    def wanted(self, kind: str) -> list[Row]:
        """The rows of a kind that the filter lets through."""
        chosen = self.kind.currentData()
        words = self.words.text().lower().split()
        return [
            row
            for row in self._report.of(kind)
            if chosen in ("", kind) and all(word in f"{row.text} {row.reason}".lower() for word in words)
        ]

    def show_rows(self) -> None:
        """Write down what the filter lets through."""
        parts = []
        for kind, heading in KINDS.items():
            rows = self.wanted(kind)
            if rows:
                parts.append(f"<h4>{html.escape(heading)}</h4>")
                parts += [self._row(row) for row in rows]
        nothing = f"<p>{tr('No row has these words. Clear the field above to see all of them.')}</p>"
        self.rows.setHtml("".join(parts) or nothing)

    @staticmethod
    def _row(row: Row) -> str:
        theme = current_theme()
        old = html.escape(row.legacy_path or tr("Not a setting of SLEAP"))
        if row.legacy_path:
            old += f": {html.escape(shown(row.old_value)) if row.in_file else tr('(not in the file)')}"
        links = ", ".join(
            f'<a href="{_SETTING}{html.escape(path)}" style="color:{theme.hex("accent_text")}">{html.escape(path)}</a>'
            for path in row.new_paths
        )
        new = f"<br>→ {links}: {html.escape(shown(row.new_value))}" if links else ""
        muted = f'<span style="color:{theme.hex("muted")}">{html.escape(row.reason)}</span>'
        return f'<p style="margin-top:0; margin-bottom:12px">{old}{new}<br>{muted}</p>'

    def _buttons(self, found: Any) -> QHBoxLayout:
        row = QHBoxLayout()
        save = QPushButton(tr("Save the report…"))
        save.clicked.connect(self._save)
        row.addWidget(save)
        if found.resolved:
            count = len(found.resolved)
            reset = QPushButton(tr("Measure {values} anew", values=counted(count, "value")))
            reset.setObjectName("reset_resolved")
            told = tr("Taken from the old labels; measured on yours instead: ") + ", ".join(found.resolved)
            reset.setToolTip(told)
            reset.setAccessibleDescription(told)
            reset.clicked.connect(self._reset)
            row.addWidget(reset)
        row.addStretch(1)
        close = QPushButton(tr("Close"))
        close.setProperty("primary", True)
        close.clicked.connect(self.accept)
        row.addWidget(close)
        return row

    def _follow(self, address: QUrl) -> None:
        self.setting_chosen.emit(address.toString().removeprefix(_SETTING))

    def _reset(self) -> None:
        self.accept()
        self.reset_asked.emit()

    def _save(self) -> None:
        ask_where_to_save(
            self,
            tr("Save the report"),
            self._write,
            name="import_report.txt",
            suffix="txt",
            filters=tr("Text (*.txt)"),
        )

    def _write(self, path: str) -> None:
        def write() -> str:
            try:
                save_text(Path(path), self._report.to_text())
            except UserError as problem:
                return str(problem)
            return ""

        def written(problem: str) -> None:
            told = problem or tr("The report was saved to {path}.", path=path)
            self.message.emit(told, "error" if problem else "info")

        self._writing.begin(write, written)
