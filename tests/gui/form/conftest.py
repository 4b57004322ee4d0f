"""A form over a real document, shown, for the tests of this folder."""

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import Opened
from sleapnn_gui.form.form_page import FormPage
from sleapnn_gui.form.section_page import Filter
from sleapnn_gui.widgets.theme import install_theme

FACTS = {
    "nodes": ["head", "thorax", "abdomen"],
    "edges": [["head", "thorax"], ["thorax", "abdomen"]],
    "tracks": ["female", "male"],
    "image_sizes": [{"height": 1024, "width": 1280}],
    "instance_size": {"max": 163},
    "labeled_frames": 161,
}


def open_values(document: Document, values: dict | None = None) -> None:
    """Start over from a config, by default an empty one."""
    document.adopt(Opened(values=values or {}, title="test"))


def use(document: Document, path: str) -> None:
    """Switch on or choose every section around a key."""
    for part in SPEC.ancestors(path):
        section = SPEC.sections[part]
        if SPEC.sections[section.parent].meta.one_of:
            document.choose(section.parent, section.name)
        elif section.meta.null:
            document.set_section(part, True)


@pytest.fixture(scope="module")
def shown(app: QApplication) -> FormPage:
    """One form for a whole module: making it is the slow part."""
    install_theme(app, mode="light")
    page = FormPage(Document())
    page.resize(1400, 900)
    page.show()
    page.activateWindow()
    assert QTest.qWaitForWindowActive(page)
    yield page
    page.close()
    page.deleteLater()
    app.processEvents()


@pytest.fixture
def form(shown: FormPage) -> FormPage:
    """The form over an empty config, with every setting listed."""
    if shown.document.facts is not None:
        shown.document.set_facts(None)
    open_values(shown.document)
    shown.activateWindow()
    shown.resize(1400, 900)
    shown.show_page("labels")
    if shown.filter() != Filter(all=True):
        shown.set_filter(Filter(all=True))
    return shown


@pytest.fixture
def document(form: FormPage) -> Document:
    return form.document


@pytest.fixture
def facts() -> dict:
    return FACTS
