"""A list of texts: adding, taking out, ordering, editing, dropping files, marking."""

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidget, QToolButton

from sleapnn_gui.widgets.line import Line
from sleapnn_gui.widgets.string_list import StringList


@pytest.fixture
def listed(theme):
    widget = StringList(
        names=lambda: ["head", "thorax", "tail"], files=True, browse=lambda take: take(["chosen.slp"])
    )
    widget.resize(400, 200)
    widget.set_items(["a", "b", "c"])
    widget.show()
    yield widget
    widget.close()


@pytest.fixture
def told(listed):
    seen = []
    listed.edited.connect(lambda: seen.append(listed.items()))
    return seen


def inner(listed):
    return listed.findChild(QListWidget)


def field(listed):
    return next(line for line in listed.findChildren(Line) if line.parent() is listed)


def button(listed, what):
    return next(found for found in listed.findChildren(QToolButton) if found.toolTip().startswith(what))


def test_typed_text_is_added_with_enter(listed, told):
    QTest.keyClicks(field(listed), "d")
    QTest.keyClick(field(listed), Qt.Key.Key_Return)
    assert told == [["a", "b", "c", "d"]]
    assert field(listed).text() == ""


def test_what_is_there_is_not_added_twice(listed, told):
    listed.add(["a", "d", "d"])
    assert told == [["a", "b", "c", "d"]]


def test_delete_takes_out_the_selected(listed, told):
    inner(listed).setCurrentRow(1)
    QTest.keyClick(inner(listed), Qt.Key.Key_Delete)
    assert told == [["a", "c"]]


@pytest.mark.parametrize(
    ("key", "order"), [(Qt.Key.Key_Up, ["b", "a", "c"]), (Qt.Key.Key_Down, ["a", "c", "b"])]
)
def test_alt_and_arrows_order(listed, told, key, order):
    inner(listed).setCurrentRow(1)
    QTest.keyClick(inner(listed), key, Qt.KeyboardModifier.AltModifier)
    assert told == [order]


def test_buttons_do_the_same_and_stop_at_the_ends(listed, told):
    inner(listed).setCurrentRow(0)
    assert not button(listed, "Move up").isEnabled()
    button(listed, "Move down").click()
    button(listed, "Remove").click()
    assert told == [["b", "a", "c"], ["b", "c"]]


def test_an_item_is_edited_in_place_and_vanishes_when_emptied(listed, told):
    inner(listed).item(0).setText("z")
    inner(listed).item(1).setText("  ")
    assert told[0] == ["z", "b", "c"]
    assert told[-1] == ["z", "c"]


def test_files_are_dropped_and_chosen(listed, told):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/tmp/x.slp"), QUrl("https://example.org/y.slp")])
    drop = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    listed.dropEvent(drop)
    button(listed, "Choose").click()
    assert told == [["a", "b", "c", "/tmp/x.slp"], ["a", "b", "c", "/tmp/x.slp", "chosen.slp"]]


def test_setting_tells_nobody(listed, told):
    listed.set_items(["x"])
    assert (told, listed.items()) == ([], ["x"])


def test_it_is_as_tall_as_its_items_and_never_scrolls(listed):
    listed.set_items([str(number) for number in range(30)])
    assert inner(listed).height() >= 30 * 20
    assert inner(listed).verticalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff


def test_a_wrong_item_is_marked_by_icon_and_words(listed, theme):
    listed.mark_items({"b": "b does not exist."})
    item = inner(listed).item(1)
    assert not item.icon().isNull()
    assert item.toolTip() == "b does not exist."
    assert item.foreground().color().name() == theme.hex("error")
    theme.set_mode("dark")
    assert item.foreground().color().name() == theme.tokens.hex("error", "dark")
    listed.mark_items({})
    assert item.icon().isNull()


def test_names_already_taken_are_not_offered(listed):
    listed.set_items(["head"])
    field(listed).setFocus()
    QTest.qWait(0)
    model = field(listed).completer().model()
    assert [model.data(model.index(row, 0)) for row in range(model.rowCount())] == ["thorax", "tail"]
