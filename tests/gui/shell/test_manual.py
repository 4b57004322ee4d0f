"""The manual in a window of its own: F1 opens it at the setting in hand, words find places, links and Back lead around."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.shell.manual_pages import find, in_theme, read_pages
from sleapnn_gui.shell.manual_window import ManualWindow
from sleapnn_gui.widgets.theme import current_theme
from tests.gui.windows import start_over

CROP = "data_config.preprocessing.crop_size"

pytestmark = pytest.mark.usefixtures("quick_engines")


@pytest.fixture(scope="module")
def pages() -> list:
    return read_pages()


@pytest.fixture
def window(kept: MainWindow) -> MainWindow:
    return start_over(kept)


@pytest.fixture
def manual(window: MainWindow) -> Iterator[ManualWindow]:
    press_f1(window)
    found = next(one for one in window.findChildren(ManualWindow) if one.isVisible())
    yield found
    found.search.clear()
    found.close()


def press_f1(window: MainWindow) -> None:
    window.activateWindow()
    QApplication.processEvents()
    QTest.keyClick(window, Qt.Key.Key_F1)
    QApplication.processEvents()


def titles(manual: ManualWindow) -> list[str]:
    return [manual.entries.index(row).data() for row in range(manual.entries.rowCount())]


def first_line(manual: ManualWindow) -> str:
    """The line at the top of what is seen."""
    return manual.text.cursorForPosition(manual.text.viewport().rect().topLeft()).block().text()


def test_it_is_no_larger_than_the_screen(manual: ManualWindow) -> None:
    assert manual.height() < manual.screen().availableSize().height()


def test_every_page_is_shown_with_its_heading(manual: ManualWindow, pages: list) -> None:
    for page in pages:
        manual.go_to(next(one for one in manual._pages if one.file == page.file))
        assert manual.text.document().begin().text() == page.sections[0].title
        assert page.title in manual.windowTitle()
        assert manual.list.currentIndex().data() == page.title


def test_f1_opens_it_at_the_setting_in_hand(window: MainWindow, manual: ManualWindow) -> None:
    assert manual.page.file == "index.md"
    window.reveal(CROP)
    press_f1(window)
    assert first_line(manual) == CROP
    window.show_page("data")
    press_f1(window)
    assert first_line(manual) == CROP, "no setting is in hand, and what was read stays"


def test_words_find_places_and_return_goes_to_the_first(manual: ManualWindow) -> None:
    pages = titles(manual)
    QTest.keyClicks(manual.search, "crop size smallest")
    assert titles(manual)[0] == "preprocessing.min_crop_size"
    assert (
        manual.entries.index(0)
        .data(Qt.ItemDataRole.AccessibleTextRole)
        .startswith("preprocessing.min_crop_size, ")
    )
    QTest.keyClick(manual.search, Qt.Key.Key_Return)
    assert first_line(manual) == "data_config.preprocessing.min_crop_size"
    marked = {one.cursor.selectedText().lower() for one in manual.text.extraSelections()}
    assert marked == {"crop", "size", "smallest"}
    QTest.keyClicks(manual.search, " nosuchword")
    assert titles(manual) == []
    assert manual.nothing.isVisible(), "an empty list says why it is"
    manual.search.clear()
    assert not manual.nothing.isVisible()
    assert titles(manual) == pages


def test_links_lead_on_and_back_leads_where_one_was(manual: ManualWindow) -> None:
    manual.go_to(manual._pages[0])
    begun = manual.page
    manual.text.anchorClicked.emit("predicting.md#how-good-it-is")
    assert (manual.page.file, first_line(manual)) == ("predicting.md", "How good it is")
    manual.activateWindow()
    QApplication.processEvents()
    QTest.keyClick(manual, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert manual.page is begun
    QTest.keyClick(manual, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert manual.page.file == "predicting.md"


def test_a_page_follows_the_theme(manual: ManualWindow) -> None:
    text = "a\n![x](p-light.png#only-light)\n![x](p-dark.png#only-dark)\nb\n![y](q.png)"
    assert in_theme(text, "dark") == "a\n![x](p-dark.png#only-dark)\nb\n![y](q.png)"
    manual.go_to(manual._pages[0])
    before = manual.text.document().toHtml()
    current_theme().set_mode("dark")
    QTest.qWait(250)
    dark = manual.text.document().toHtml()
    current_theme().set_mode("light")
    assert "start-light.png" in before
    assert "start-dark.png" in dark


def test_nothing_is_left_free_below_a_picture(manual: ManualWindow) -> None:
    manual.go_to(next(one for one in manual._pages if one.file == "runs.md"))
    assert manual.page.about.startswith("The Runs page lists"), "a picture is no beginning"
    picture = manual.text.document().begin().next()
    assert "\ufffc" in picture.text()
    wide = manual.text.document().textWidth()
    height = manual.text.document().documentLayout().blockBoundingRect(picture).height()
    assert height < wide * 720 / 1280 * 1.1


def test_hits_in_headings_come_first(pages: list) -> None:
    hits = find(pages, "curves")
    assert (hits[0].page.file, hits[0].section.title) == ("reading-the-curves.md", "Reading the curves")
    last = [bool(hit.page.group) for hit in hits]
    assert last == sorted(last), "pages for those who change the program come last"
    assert find(pages, "  ") == []
