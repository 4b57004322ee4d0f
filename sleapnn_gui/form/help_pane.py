"""The help beside the form: everything known about the setting that has the focus."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QTextBrowser, QToolButton, QVBoxLayout, QWidget

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.form.help_text import key_help, section_help
from sleapnn_gui.form.layout import Page
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.icons import icon
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme


class HelpPane(QWidget):
    """Shows the help of a key, a section or a page; the YAML key can be copied."""

    copied = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._path = ""
        self._page: Page | None = None
        self._said = ("", "", "")
        theme = current_theme()
        self._title = QLabel(self)
        self._title.setFont(theme.font("heading"))
        self._title.setWordWrap(True)
        self._key = ElidedLabel(mode=Qt.TextElideMode.ElideLeft, parent=self)
        self._key.setProperty("role", "caption")
        self._copy = QToolButton(self)
        self._copy.setIcon(icon("copy"))
        self._copy.setToolTip(tr("Copy the YAML key"))
        self._copy.setAccessibleName(tr("Copy the YAML key"))
        self._copy.setAccessibleDescription(tr("Puts the dotted key on the clipboard."))
        self._copy.clicked.connect(self.copy_key)
        self._body = QTextBrowser(self)
        self._body.setFrameShape(QFrame.Shape.NoFrame)
        self._body.setAccessibleName(tr("Help"))
        self._body.setAccessibleDescription(tr("What the setting with the focus does."))
        self._body.setOpenLinks(False)
        self._body.document().setDocumentMargin(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 8)
        column.setSpacing(4)
        column.addWidget(self._title)
        key_line = QHBoxLayout()
        key_line.setSpacing(4)
        key_line.addWidget(self._key, 1)
        key_line.addWidget(self._copy)
        column.addLayout(key_line)
        column.addSpacing(4)
        column.addWidget(self._body, 1)

    @property
    def path(self) -> str:
        """Key or section the help is about, '' while it is about a page."""
        return self._path

    def text(self) -> str:
        """The help shown, as plain text."""
        return self._body.toPlainText()

    def show_path(self, path: str) -> None:
        """Show the help of a key or section."""
        self._path = path
        self.refresh()

    def show_page(self, page: Page) -> None:
        """Show what a page is for, until a setting gets the focus."""
        self._path, self._page = "", page
        self.refresh()

    def refresh(self) -> None:
        """Say it again with the values of now."""
        path = self._path
        self._copy.setVisible(bool(path))
        self._key.setText(path)
        self._key.setVisible(bool(path))
        if path in SPEC.keys:
            self._fill(tr(SPEC.keys[path].meta.label), key_help(self._document, path))
        elif path and path in SPEC.sections:
            self._fill(tr(SPEC.sections[path].meta.label), section_help(self._document, path))
        elif self._page is not None:
            about = tr("Click a setting, or move to it with Tab, to read about it here.")
            self._fill(self._page.label, f"<p>{self._page.doc}</p><p class='quiet'>{about}</p>")

    def copy_key(self) -> None:
        """Put the dotted key on the clipboard."""
        QGuiApplication.clipboard().setText(self._path)
        self.copied.emit(self._path)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.refresh()

    def _fill(self, title: str, body: str) -> None:
        theme = current_theme()
        style = (
            f"p {{ margin-top: 0; margin-bottom: 10px; }} td {{ padding: 5px 0 5px 0; color: {theme.hex('text')};"
            f" border-top: 1px solid {theme.hex('line')}; }} h4 {{ margin-top: 14px; margin-bottom: 6px; }}"
            f" .name {{ color: {theme.hex('muted')}; padding-right: 14px; white-space: nowrap; }}"
            f" table {{ margin-top: 6px; }} .quiet {{ color: {theme.hex('muted')}; }}"
        )
        said = (title, style, f"<div style='color:{theme.hex('text')}'>{body}</div>")
        if said == self._said:
            # Most edits change nothing that the help says; what is read stays scrolled where it was.
            return
        self._said = said
        self._title.setText(title)
        self._body.document().setDefaultStyleSheet(style)
        self._body.setHtml(said[2])
