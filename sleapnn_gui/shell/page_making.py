"""How the larger pages of the window are made, in steps that are each short enough to be a turn of the event loop."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from sleapnn_gui.document.document import Document
from sleapnn_gui.inspector.client import Inspect
from sleapnn_gui.shell.coach_commands import CoachCommands
from sleapnn_gui.shell.pages import Steps
from sleapnn_gui.shell.result_commands import ResultCommands


def make_form(
    place: QWidget,
    document: Document,
    inspect: Inspect,
    folders: Callable[[], Sequence[Path]],
    actions: Mapping[str, QAction],
) -> Steps:
    """The Configure page with See beside it, made where it stays; `actions` are the commands of the window."""
    from sleapnn_gui.form.form_page import FormPage

    yield
    from sleapnn_gui.inspector.see.see_pane import SeePane

    yield
    form = FormPage(document, place, in_steps=True)
    yield
    yield from form.fill()
    form.context.diff.set_folders(folders)
    see = SeePane(document, inspect, folders=folders, in_steps=True)
    yield from see.fill()
    yield
    from sleapnn_gui.shell.beside import put_beside

    put_beside(form, see)
    see.nothing.setting_wanted.connect(form.reveal)
    see.nothing.command_wanted.connect(lambda verb: actions[verb].trigger())
    return form


def make_train_page(
    place: QWidget,
    train: Callable[[], None],
    show_news: Callable[[], None],
    results: ResultCommands,
    coach: CoachCommands,
) -> Steps:
    """The Train page, made where it stays; what it is asked for goes to these."""
    from sleapnn_gui.monitor.train_page import TrainPage

    yield
    page = TrainPage(parent=place, in_steps=True)
    yield from page.fill()
    page.train_wanted.connect(train)
    page.news.connect(show_news)
    page.labelling_wanted.connect(lambda frames: results.send_to_labelling(page.strip.name.text(), frames))
    results.serve(page)
    coach.serve(page)
    return page
