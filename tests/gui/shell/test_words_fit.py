"""What is on the pages can be seen: no word is cut off, on a small screen, and on one whose system shows everything twice
as large; and the edge of whatever can be edited or pressed is told from what it stands on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.widgets.cards import Card
from sleapnn_gui.widgets.elided import ElidedLabel
from sleapnn_gui.widgets.segmented import Segmented
from sleapnn_gui.widgets.theme import current_theme
from tests.gui.widgets.test_seen_by_all import contrast
from tests.gui.windows import start_over

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]

#: What is known to be a control by its edge; words that are pressed as a link, and icons, are known by themselves.
EDGED = (QLineEdit, QComboBox, QAbstractSpinBox, QCheckBox, Segmented, Card, QPushButton)
PAGES = ("data", "configure", "train", "runs", "predict", "frames", "evaluation", "compare")


@pytest.fixture(scope="module")
def window(kept: MainWindow, shared_data: Path) -> MainWindow:
    return start_over(kept, str(shared_data / "fly32_single" / "train.pkg.slp"))


def is_cut(part: QWidget) -> bool:
    """Whether a label or button has less room than its words; what shortens its words itself shows them in a tip."""
    if isinstance(part, QLabel) and part.wordWrap():
        return part.heightForWidth(part.width()) > part.height() + 1
    return part.minimumSizeHint().width() > part.width() + 1


def cut_words(page: QWidget) -> list[str]:
    seen = [
        part for kind in (QLabel, QAbstractButton) for part in page.findChildren(kind) if part.isVisible()
    ]
    own = [part for part in seen if part.text() and not isinstance(part, (ElidedLabel, QToolButton))]
    assert own
    return [part.text() for part in own if is_cut(part)]


@pytest.mark.parametrize("size", [(1280, 720), (683, 384)])
def test_no_word_is_cut(window: MainWindow, size: tuple[int, int], wait_until: Wait) -> None:
    wait_until(lambda: window.document.facts is not None, 60, "the labels are known")
    assert set(PAGES) >= {"data", "configure", "train", "runs", *window.results.pages}
    window.resize(*size)
    for name in PAGES:
        window.show_page(name)
        page = window.pages.currentWidget()
        wait_until(
            lambda page=page: not cut_words(page), 5, f"all words of {name} have room: {cut_words(page)}"
        )


def edged(window: MainWindow) -> list[QWidget]:
    """The controls with an edge of their own, of which the left one is on the screen."""
    found = []
    for part in window.findChildren(QWidget):
        is_control = (isinstance(part, EDGED) and not part.property("link")) or part.property("field")
        if not is_control or not (part.isVisible() and part.isEnabled()):
            continue
        around = part.parentWidget()
        inside = isinstance(around, (QComboBox, QAbstractSpinBox)) or around.property("field")
        if not inside and part.visibleRegion().contains(QPoint(0, part.height() // 2)):
            found.append(part)
    return found


def edge_contrast(picture: QImage, window: MainWindow, control: QWidget) -> float:
    """How much of a contrast there is, at the left of a control, to what lies three pixels beside it."""
    place = control.mapTo(window, QPoint(0, control.height() // 2))
    ground, *edge = (picture.pixelColor(place.x() + by, place.y()).name() for by in (-3, 0, 1, 2))
    return max(contrast(color, ground) for color in edge)


def too_faint(window: MainWindow, kinds: set[type[QWidget]]) -> list[str]:
    """The controls on the screen whose edge has less of a contrast than WCAG 1.4.11 asks for; adds what kinds there are."""
    picture, seen = window.grab().toImage(), edged(window)
    kinds.update(kind for kind in EDGED for control in seen if isinstance(control, kind))
    return [
        f"{type(one).__name__} {one.accessibleName()}"
        for one in seen
        if edge_contrast(picture, window, one) < 3
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_controls_are_told_from_what_they_stand_on(window: MainWindow, scheme: str, wait_until: Wait) -> None:
    window.resize(1280, 720)
    current_theme().set_mode(scheme)
    kinds: set[type[QWidget]] = set()
    sections = [page.id for page in window.form._layout.pages] if scheme == "dark" else ["backbone"]
    try:
        for name in [*PAGES, *(f"configure:{section}" for section in sections)]:
            page, _, section = name.partition(":")
            window.show_page(page)
            if section:
                window.form.show_page(section)
            wait_until(lambda: not too_faint(window, kinds), 5, f"each control on {name} is seen")
    finally:
        current_theme().set_mode("light")
    assert kinds >= {QLineEdit, QComboBox, Segmented, Card, QPushButton}
