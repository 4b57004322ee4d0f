"""No word of any page is cut off, on a small screen, and on one whose system shows everything twice as large."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel, QToolButton, QWidget

from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.widgets.elided import ElidedLabel
from tests.gui.windows import start_over

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]

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
