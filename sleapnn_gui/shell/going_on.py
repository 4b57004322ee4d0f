"""Where the keyboard goes once a line above the pages was answered: to the next one, else back to the page."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from shiboken6 import isValid

from sleapnn_gui.shell.disk_offer import DiskOffer
from sleapnn_gui.shell.draft_offer import DraftOffer
from sleapnn_gui.shell.pages import Pages
from sleapnn_gui.shell.tour import TourStrip
from sleapnn_gui.shell.window_banner import WindowBanner

_Offer = TourStrip | DraftOffer | DiskOffer | WindowBanner


class GoingOn(QObject):
    """Knows where on its page a person was, and sends the keyboard there when nothing above it is left to be answered."""

    def __init__(self, offers: Sequence[_Offer], pages: Pages) -> None:
        """The `offers` stand above the pages in this order."""
        super().__init__(pages)
        self._offers, self._pages = offers, pages
        self._was: QWidget | None = None
        for offer in offers:
            offer.answered.connect(self._go_on)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._moved)

    def _moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        page = self._pages.currentWidget()
        if now is not None and page is not None and page.isAncestorOf(now):
            self._was = None if now is page else now  # on the page itself it is where that was just gone to

    def _go_on(self) -> None:
        page = self._pages.currentWidget()
        if page is None:
            return
        for offer in self._offers:
            if isinstance(offer, WindowBanner) and not offer.isHidden():
                offer.focus_link()
                return
            first = next(_controls(offer), None)
            if first is not None:
                first.setFocus(Qt.FocusReason.OtherFocusReason)
                return
        place = self._was
        if place is None or not isValid(place) or not (page.isAncestorOf(place) and _is_usable(place)):
            # The first control of this page may be one that ends a run.
            place = page if self._pages.name == "train" else next(_controls(page), page)
        place.setFocus(Qt.FocusReason.OtherFocusReason)


def _controls(area: QWidget) -> Iterator[QWidget]:
    """What the keyboard can be on in an area, in the order of Tab."""
    if area.isHidden():
        return
    widget = area.nextInFocusChain()
    while widget is not None and widget is not area:
        takes_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not isinstance(widget, QScrollArea)
        if takes_tab and area.isAncestorOf(widget) and _is_usable(widget):
            yield widget
        widget = widget.nextInFocusChain()


def _is_usable(widget: QWidget) -> bool:
    return widget.isVisible() and widget.isEnabled()
