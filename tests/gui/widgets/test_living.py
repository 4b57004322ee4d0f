"""A list of all widgets is made while Python has garbage to look for, which widgets are part of."""

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QTreeWidget, QWidget

from sleapnn_gui.widgets.living import all_widgets


@pytest.fixture
def threshold_kept() -> Iterator[None]:
    """What is set here of the search for garbage is as before at the end."""
    threshold = gc.get_threshold()
    gc.collect()
    yield
    gc.set_threshold(*threshold)


def test_no_widget_goes_while_the_list_is_made(app: QApplication, threshold_kept: None) -> None:
    """Python looks for garbage twenty objects after it has begun; a widget that goes then ends this process."""
    # Each has parts that Qt has made, of which Python knows nothing yet: objects are made for them.
    kept = [QTreeWidget() for _ in range(20)]
    gc.disable()
    for _ in range(100):
        window = QWidget()
        window.itself = window  # type: ignore[attr-defined]
        QLabel("words", window)
    del window
    gc.set_threshold(gc.get_count()[0] + 20, 10, 10)
    gc.enable()
    found = all_widgets()
    assert len(found) >= len(kept)
    assert {type(widget) for widget in found} >= {QTreeWidget}
    assert gc.isenabled()
