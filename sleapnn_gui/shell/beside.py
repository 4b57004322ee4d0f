"""What stands beside the form: See among its tabs, and which tab was open at the last start."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings

from sleapnn_gui.document.pair import split_path
from sleapnn_gui.shell.settings_keeper import settings_keeper
from sleapnn_gui.widgets.language import tr

if TYPE_CHECKING:
    from sleapnn_gui.form.form_page import FormPage
    from sleapnn_gui.inspector.see.see_pane import SeePane

_TAB, _SHOWN = "beside/tab", "beside/shown"
_SEE = tr("See")


def put_beside(form: "FormPage", see: "SeePane") -> None:
    """Make See a tab beside the form, which follows the setting in hand; the tab of the last start is open."""
    form.context.add_tab(see, _SEE)
    form.context.followed.connect(see.follow)
    shown = QSettings().value(_SHOWN)
    form.context.open_title(str(QSettings().value(_TAB, _SEE)))
    form.set_pane_shown(None if shown is None else str(shown).lower() == "true")
    show_text = partial(_show_text, form)
    form.document.unread_restored.connect(show_text)
    if form.document.unread_texts:
        show_text()


def _show_text(form: "FormPage") -> None:
    """What was typed as YAML has come back from a draft."""
    form.set_pane_shown(True)
    form.context.open(form.context.yaml)


def reveal(form: "FormPage", see: "SeePane", path: str) -> None:
    """Go to a setting or section of the form, of either half of a pair, or by the name of a sight, as `see:crop`, to that."""
    half, path = split_path(path)
    form.document.turn(half or form.document.half)
    kind = next((kind for kind, view in see.views.items() if view.objectName() == path), "")
    if not kind:
        form.reveal(path)
        return
    form.set_pane_shown(True)
    form.context.open(see)
    see.show_kind(kind)


def compare_with_file(show_page: Callable[[str], None], form: "FormPage") -> None:
    """Show what differs from the file that the config was opened from, as it is now."""
    from sleapnn_gui.form.compared_pane import DISK

    show_page("configure")
    form.set_pane_shown(True)
    form.context.open(form.context.diff)
    form.context.diff.compare_with(DISK)


def remember_beside(form: "FormPage") -> None:
    """Open this tab, and the pane if somebody wanted it so, from the next start on as well."""
    shown = {} if form.pane_shown is None else {_SHOWN: form.pane_shown}
    settings_keeper().keep({_TAB: form.context.title, **shown})
