"""Every setting has a test that shows its effect, and the pages made from settings and tests are current."""

import pytest

from sleapnn_engine.config.reference import reference_page
from tests.architecture import settings_shown
from tests.architecture.settings_shown import Misplaced, keys_of, markers, shown_in
from tests.architecture.sources import ROOT, Source

SEED = "trainer_config.seed"


def test_every_setting_is_shown_by_a_test():
    silent = [path for path, tests in settings_shown.settings_shown().items() if not tests]
    assert silent == [], "mark a test that shows what they do with pytest.mark.setting"


def test_every_marker_names_a_setting():
    assert [f"{test}: {pattern}" for pattern, test in markers() if not keys_of(pattern)] == []


def test_the_page_of_tests_is_current():
    path = settings_shown.PAGE
    assert path.read_text(encoding="utf-8") == settings_shown.page(), (
        f"{settings_shown.COMMAND} > {path.relative_to(ROOT)}"
    )


def test_the_page_of_settings_is_current():
    path = ROOT / "resources" / "docs" / "config-reference.md"
    assert path.read_text(encoding="utf-8") == f"{reference_page()}\n", (
        f"python -m sleapnn_engine schema > {path.relative_to(ROOT)}"
    )


def found(text: str) -> list[tuple[str, str]]:
    """(pattern, name of the test) of every marker of a file with that text."""
    path = ROOT / "tests" / "test_example.py"
    source = Source(path)
    source.__dict__["text"] = text
    return [(pattern, test.removeprefix("tests/test_example.py::")) for pattern, test in shown_in(source)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'@pytest.mark.setting("{SEED}")\ndef test_a(): ...', [(SEED, "test_a")]),
        ('@pytest.mark.setting("name", "a.*")\ndef test_a(): ...', [("name", "test_a"), ("a.*", "test_a")]),
        ("def test_a(): ...", []),
    ],
)
def test_markers_are_read_from_the_sources(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        '@pytest.mark.setting("name")\ndef show_a(): ...',
        '@pytest.mark.setting("name")\nclass TestA: ...',
        'pytestmark = pytest.mark.setting("name")',
        "@pytest.mark.setting(NAME)\ndef test_a(): ...",
        '@pytest.mark.setting(f"{A}.name")\ndef test_a(): ...',
        "@pytest.mark.setting()\ndef test_a(): ...",
        '@pytest.mark.setting(key="name")\ndef test_a(): ...',
    ],
)
def test_markers_that_say_nothing_are_refused(text):
    with pytest.raises(Misplaced, match="test_example"):
        found(text)


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        (SEED, 1),
        ("trainer_config.seeds", 0),
        ("trainer_config.model_ckpt.*", 4),
        ("trainer_config.*.lr", 1),
        ("*", 4),
    ],
)
def test_a_star_is_one_name_between_dots(pattern, count):
    assert len(keys_of(pattern)) == count
