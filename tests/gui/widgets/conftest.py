"""The theme every widget test stands on."""

import pytest

from sleapnn_gui.widgets.theme import Theme, install_theme


@pytest.fixture
def theme(app) -> Theme:
    found = install_theme(app, mode="light")
    yield found
    found.set_mode("light")
