"""Search: every setting is found by its name, its YAML key, its help and its choices."""

from fnmatch import fnmatchcase

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.form.search import find, read_synonyms, search_index
from sleapnn_gui.form.search_field import SearchField
from sleapnn_gui.shell.commands import command_hits

HITS = search_index()
HEAD_SECTIONS = SPEC.sections["model_config.head_configs"].sections


def paths(query, **more):
    return [hit.path for hit in find(HITS, query, limit=500, **more)]


def test_all_settings_are_in_the_index_once():
    found = [hit.path for hit in HITS if hit.path in SPEC.keys]
    assert sorted(found) == sorted(SPEC.edited)


def test_every_setting_is_found_by_its_key():
    for path in SPEC.edited:
        assert paths(path)[0] == path
        assert path in paths(SPEC.keys[path].name), path


def test_every_setting_is_found_by_its_label():
    for path, key in SPEC.edited.items():
        found = find(HITS, key.meta.label, limit=500)
        assert path in [hit.path for hit in found]
        assert found[0].label == key.meta.label


def test_every_setting_is_found_by_its_help():
    for path, key in SPEC.edited.items():
        assert path in paths(key.meta.doc), path


def test_every_setting_is_found_by_its_choices():
    for path, key in SPEC.edited.items():
        for choice in key.meta.choices:
            assert path in paths(choice.label), (path, choice.label)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("learning rate", "trainer_config.optimizer.lr"),
        ("LR", "trainer_config.optimizer.lr"),
        ("crop", "data_config.preprocessing.crop_size"),
        ("bottomup", "model_config.head_configs.bottomup.confmaps.part_names"),
        ("adamw", "trainer_config.optimizer_name"),
        ("seed", "trainer_config.seed"),
        ("augmentation", "data_config.augmentation_config"),
    ],
)
def test_the_best_hit_comes_first(query, first):
    assert first in paths(query)[:3]


def test_what_biologists_say_finds_what_is_meant():
    """Each word of the table leads to what it stands for, before most else that holds it by chance."""
    hits = [*HITS, *command_hits()]
    known = {hit.path for hit in hits}
    for pattern, words in read_synonyms().items():
        meant = {path for path in known if fnmatchcase(path, pattern)}
        assert meant, f"{pattern} stands for nothing"
        for word in words:
            found = [hit.path for hit in find(hits, word)]
            assert meant & set(found[:8]), f"{word}: {found[:8]}"
    assert paths("out of memory")[0] == "trainer_config.train_data_loader.batch_size"
    assert set(paths("heatmap")) >= {f"{head}.confmaps.sigma" for head in HEAD_SECTIONS}


def test_a_slip_of_the_finger_finds_the_nearest_label():
    assert "trainer_config.optimizer.lr" in paths("lerning rate")
    assert paths("qqqqqq") == []
    assert paths("   ") == []


def test_settings_in_use_come_first():
    wanted = "model_config.head_configs.multi_class_topdown.confmaps.sigma"
    assert paths("spread")[0] != wanted
    assert paths("spread", prefers=lambda path: path == wanted)[0] == wanted


@pytest.fixture
def field(app):
    widget = SearchField(HITS)
    widget.show()
    yield widget
    widget.close()


def test_enter_goes_to_the_first_hit(field):
    gone = []
    field.revealed.connect(gone.append)
    QTest.keyClicks(field, "learning rate")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert gone == ["trainer_config.optimizer.lr"]
    assert field.text() == ""


def test_a_hit_can_be_picked_from_the_list(field):
    gone = []
    field.revealed.connect(gone.append)
    field.setFocus()
    QTest.keyClicks(field, "stride")
    popup = field.completer().popup()
    assert popup.isVisible()
    second = field.found()[1].path
    for _ in range(3):
        if popup.currentIndex().row() != 1:
            QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert gone == [second]


def test_enter_on_nothing_goes_nowhere(field):
    gone = []
    field.revealed.connect(gone.append)
    QTest.keyClicks(field, "qqqqqq")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert gone == []
