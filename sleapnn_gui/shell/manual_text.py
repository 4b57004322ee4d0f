"""A page of the manual as it is read: calm tables, code in its own type, pictures as wide as the text."""

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFragment,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from sleapnn_gui.shell.manual_pages import Page, Section, folder, in_theme, plain
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.theme import current_theme

#: Lines longer than this are hard to read.
WIDEST = 720
_IN_PERCENT = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value


class ManualText(QTextBrowser):
    """Shows one page at a time; `anchorClicked` carries its links, which nothing here follows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.page: Page | None = None
        self._shown: QTextDocument | None = None
        self._pictures: dict[str, QImage] = {}
        self._marked: list[str] = []
        self._rest = QTimer(self, interval=150, singleShot=True)
        self._rest.timeout.connect(self._show_again)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setAccessibleName(tr("Page of the manual"))
        self.setAccessibleDescription(tr("Arrow keys scroll, Tab goes from link to link."))

    def show_page(self, page: Page) -> None:
        """Show it from its beginning."""
        self.page = page
        # Made whole before it is shown: the text would be laid out anew with each thing that is changed in it.
        document = QTextDocument(self)
        document.setDocumentMargin(0)
        document.setDefaultFont(current_theme().font())
        document.setIndentWidth(20)
        document.setMarkdown(in_theme(page.markdown, current_theme().scheme))
        edits = QTextCursor(document)
        edits.beginEditBlock()
        _set_code(document)
        _set_blocks(document)
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                _set_table(frame)
        edits.endEditBlock()
        document.setUndoRedoEnabled(False)
        self.setDocument(document)
        if self._shown is not None:
            self._shown.deleteLater()
        self._shown = document

    def go_to(self, section: Section) -> None:
        """Scroll until the heading of a section of this page is the first line, and put the cursor there."""
        block = self._heading(section)
        if block is None:
            return
        cursor = QTextCursor(block)
        self.setTextCursor(cursor)
        top = self.document().documentLayout().blockBoundingRect(block).top()
        self.verticalScrollBar().setValue(int(top) - 4)

    def mark(self, words: list[str]) -> None:
        """Tint the words that were looked for."""
        self._marked = words
        tint = QTextCharFormat()
        tint.setBackground(current_theme().color("accent_tint"))
        found = []
        for word in words:
            cursor = self.document().find(word)
            while not cursor.isNull():
                one = QTextBrowser.ExtraSelection()
                one.cursor, one.format = cursor, tint  # type: ignore[attr-defined]
                found.append(one)
                cursor = self.document().find(word, cursor)
        self.setExtraSelections(found)

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: N802 (Qt's name)
        """A picture of the manual, no wider than the text; nothing else is ever loaded, from here or elsewhere."""
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return None
        file = folder() / Path(QUrl(name).path())
        if str(file) not in self._pictures:
            self._pictures[str(file)] = QImage(str(file))
        picture, wide = self._pictures[str(file)], min(self._room(), WIDEST)
        if picture.width() <= wide:
            return picture
        ratio = self.devicePixelRatioF()
        sized = picture.scaledToWidth(int(wide * ratio), Qt.TransformationMode.SmoothTransformation)
        sized.setDevicePixelRatio(ratio)
        return sized

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            bar = self.verticalScrollBar()
            bar.setValue(bar.minimum() if event.key() == Qt.Key.Key_Home else bar.maximum())
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        side = max((self.width() - self.verticalScrollBar().width() - WIDEST) // 2, 24)
        self.setViewportMargins(side, 20, side, 0)
        super().resizeEvent(event)
        if self.page is not None:
            self._rest.start()  # pictures are as wide as the text

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.page is not None:
            self._rest.start()

    def _show_again(self) -> None:
        """Show the page in other colours or another width, where it was."""
        if self.page is not None:
            place, marked = self.verticalScrollBar().value(), self._marked
            self.show_page(self.page)
            self.mark(marked)
            self.verticalScrollBar().setValue(place)

    def _room(self) -> int:
        return max(self.viewport().width(), 200)

    def _heading(self, section: Section) -> QTextBlock | None:
        """The block of a heading: the one that is as far among those of its words as the section is."""
        assert self.page is not None
        alike = [one for one in self.page.sections if one.title == section.title]
        nth = next((number for number, one in enumerate(alike) if one.anchor == section.anchor), 0)
        block = self.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and plain(block.text()) == section.title:
                if nth == 0:
                    return block
                nth -= 1
            block = block.next()
        return None


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _pieces(block: QTextBlock) -> Iterator[QTextFragment]:
    """The parts of a block that are in one type each."""
    iterator = block.begin()
    while not iterator.atEnd():
        yield iterator.fragment()
        iterator += 1


def _is_code(block: QTextBlock) -> bool:
    """Whether a block is lines of code and nothing else."""
    pieces = list(_pieces(block))
    inside = block.textList() is not None or QTextCursor(block).currentTable() is not None
    return bool(pieces) and not inside and all(piece.charFormat().fontFixedPitch() for piece in pieces)


def _set_code(document: QTextDocument) -> None:
    """Code in the theme's type."""
    font, merged = current_theme().font(mono=True), QTextCharFormat()
    merged.setFont(font, QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesSpecifiedOnly)
    for block in _blocks(document):
        for piece in [one for one in _pieces(block) if one.charFormat().fontFixedPitch()]:
            cursor = QTextCursor(document)
            cursor.setPosition(piece.position())
            cursor.setPosition(piece.position() + piece.length(), QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(merged)


def _set_blocks(document: QTextDocument) -> None:
    """Room between lines, above headings and under paragraphs; a tint behind lines of code."""
    for block in _blocks(document):
        form, cursor = block.blockFormat(), QTextCursor(block)
        if form.headingLevel():
            form.setTopMargin(0 if block.position() == 0 else 16)
            form.setBottomMargin(8)
            _set_heading(block, form.headingLevel())
        elif _is_code(block):
            form.setBackground(current_theme().color("control"))
            form.setBottomMargin(0 if _is_code(block.next()) else 12)
        else:
            # A picture is a line as well, and would have a third of its height below it.
            is_picture = any(piece.charFormat().isImageFormat() for piece in _pieces(block))
            form.setLineHeight(100 if is_picture else 135, _IN_PERCENT)
            form.setBottomMargin(4 if block.textList() else 0 if cursor.currentTable() else 12)
        cursor.setBlockFormat(form)


def _set_heading(block: QTextBlock, level: int) -> None:
    cursor = QTextCursor(block)
    cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
    words = cursor.charFormat()
    words.clearProperty(QTextFormat.Property.FontSizeAdjustment)  # it would win over a size
    words.setFont(current_theme().font("title" if level == 1 else "heading"))
    cursor.setCharFormat(words)


def _set_table(table: QTextTable) -> None:
    """Lines between rows only, and as wide as the text."""
    form = table.format()
    form.setBorder(0)
    form.setCellPadding(5)
    form.setCellSpacing(0)
    form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
    form.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
    table.setFormat(form)
    theme = current_theme()
    for row in range(table.rows()):
        for column in range(table.columns()):
            cell = table.cellAt(row, column)
            shape = cell.format().toTableCellFormat()
            shape.setBottomBorder(1)
            shape.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
            shape.setBottomBorderBrush(theme.color("line"))
            if row == 0:
                shape.setForeground(theme.color("muted"))
            cell.setFormat(shape)
