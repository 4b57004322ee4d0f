"""What became of every setting of an imported SLEAP 1.4 file."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sleapnn_engine.config.files import save_text
from sleapnn_engine.config.legacy_report import KINDS, shown

_COLUMNS = ("In SLEAP", "Was", "Here", "Is", "Why")


class ImportReport(QDialog):
    """The rows of an import under their kind; `reset_asked` wants values of the old labels measured anew."""

    reset_asked = Signal()

    def __init__(self, found: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("import_report")
        self.setWindowTitle("Imported settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(1080, 620)
        self._report = found.report
        summary = QLabel(found.report.summary[:1].upper() + found.report.summary[1:] + ".")
        summary.setProperty("role", "heading")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addWidget(summary)
        column.addWidget(self._table(), 1)
        column.addLayout(self._buttons(found))

    def _table(self) -> QTreeWidget:
        table = QTreeWidget()
        table.setObjectName("import_rows")
        table.setAccessibleName("Imported settings")
        table.setHeaderLabels(_COLUMNS)
        table.setWordWrap(True)
        for kind, heading in KINDS.items():
            rows = self._report.of(kind)
            if not rows:
                continue
            group = QTreeWidgetItem([heading])
            table.addTopLevelItem(group)
            group.setFirstColumnSpanned(True)
            group.setExpanded(kind != "mapped")
            for row in rows:
                new = shown(row.new_value) if row.new_paths else ""
                old = shown(row.old_value) if row.legacy_path else ""
                item = QTreeWidgetItem([row.legacy_path, old, row.new_path, new, row.reason])
                item.setToolTip(4, row.reason)
                group.addChild(item)
        header = table.header()
        for index, width in enumerate((270, 110, 270, 110)):
            table.setColumnWidth(index, width)
        header.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
        return table

    def _buttons(self, found: Any) -> QHBoxLayout:
        row = QHBoxLayout()
        save = QPushButton("Save the report…")
        save.clicked.connect(self._save)
        row.addWidget(save)
        if found.resolved:
            count = len(found.resolved)
            reset = QPushButton(f"Reset {count} value{'' if count == 1 else 's'} taken from the old labels")
            reset.setObjectName("reset_resolved")
            reset.setToolTip(", ".join(found.resolved))
            reset.setAccessibleDescription(
                "Part names, edges, crop size and steps are then measured on your labels"
            )
            reset.clicked.connect(self._reset)
            row.addWidget(reset)
        row.addStretch(1)
        close = QPushButton("Close")
        close.setProperty("primary", True)
        close.clicked.connect(self.accept)
        row.addWidget(close)
        return row

    def _reset(self) -> None:
        self.accept()
        self.reset_asked.emit()

    def _save(self) -> None:
        dialog = QFileDialog(self, "Save the report", "import_report.txt", "Text (*.txt)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(lambda path: save_text(Path(path), self._report.to_text()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
