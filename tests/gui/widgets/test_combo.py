"""Lists to choose from, where what is chosen has no room."""

import pytest
from PySide6.QtWidgets import QApplication, QStyleOptionComboBox

from sleapnn_gui.widgets.combo import QuietComboBox


@pytest.mark.parametrize(("text", "whole"), [("All", True), ("Animals touch on 23 frames of 50 (23)", False)])
def test_what_has_no_room_ends_in_dots(app: QApplication, text: str, whole: bool) -> None:
    combo = QuietComboBox()
    combo.addItem(text)
    combo.resize(160, combo.height())
    option = QStyleOptionComboBox()
    combo.initStyleOption(option)
    assert (option.currentText == text) == whole
    assert option.currentText.endswith("…") != whole
    assert combo.currentText() == text
    combo.deleteLater()


def test_the_list_has_room_for_words_that_the_field_has_none_for(app: QApplication) -> None:
    combo = QuietComboBox()
    combo.addItems(["All", "Several animals, where the animals are, ConvNeXt"])
    combo.resize(100, combo.height())
    combo.show()
    combo.showPopup()
    assert combo.view().viewport().width() >= combo.view().sizeHintForColumn(0)
    combo.hidePopup()
    combo.close()
    combo.deleteLater()
