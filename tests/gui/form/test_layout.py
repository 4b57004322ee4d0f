"""The authored layout: every edited key in exactly one place, every page and group with words."""

from collections import Counter

import pytest

from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.form.layout import read_layout

LAYOUT = read_layout()
GROUPS = [(page, group) for page in LAYOUT.pages for group in page.groups]


def test_every_edited_key_has_exactly_one_place():
    placed = Counter(key for page in LAYOUT.pages for key in page.keys)
    assert set(placed) == set(SPEC.edited)
    assert [key for key, times in placed.items() if times > 1] == []


def test_every_page_and_group_has_words():
    for page in LAYOUT.pages:
        assert page.label
        assert page.rail
        assert page.doc.endswith(".")
    for page, group in GROUPS:
        assert group.caption, page.id
        assert group.keys, page.id


def test_pages_have_names_of_their_own():
    assert len({page.id for page in LAYOUT.pages}) == len(LAYOUT.pages)
    assert len({page.label for page in LAYOUT.pages}) == len(LAYOUT.pages)


def test_no_group_is_too_long_for_one_layout():
    assert max(len(group.keys) for _, group in GROUPS) <= 40


def test_switches_are_optional_sections_and_choices_one_of_sections():
    switches = [group.switch for _, group in GROUPS if group.switch] + [
        p.switch for p in LAYOUT.pages if p.switch
    ]
    assert switches
    assert all(SPEC.sections[path].meta.null for path in switches)
    chosen = [page.choose for page in LAYOUT.pages if page.choose]
    assert set(chosen) == {path for path, section in SPEC.sections.items() if section.meta.one_of}


def test_a_choice_that_may_be_none_has_a_card_for_it():
    for page in LAYOUT.pages:
        if page.choose:
            assert bool(page.none) == (SPEC.sections[page.choose].meta.one_of == "at_most"), page.id


def test_every_optional_section_can_be_switched_or_chosen():
    reachable = {group.switch for _, group in GROUPS} | {page.switch for page in LAYOUT.pages}
    reachable |= {
        child for page in LAYOUT.pages if page.choose for child in SPEC.sections[page.choose].sections
    }
    reachable |= {page.choose for page in LAYOUT.pages}
    assert {path for path, section in SPEC.sections.items() if section.meta.null} <= reachable


def test_keys_of_a_choice_are_shown_under_it():
    for page, group in GROUPS:
        for key in group.keys:
            alternative = [
                p
                for p in SPEC.ancestors(key)
                if p in SPEC.sections and SPEC.sections[SPEC.sections[p].parent].meta.one_of
            ]
            assert (group.under or None) == (alternative[0] if alternative else None), (page.id, key)


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("data_config.preprocessing.scale", "preprocessing"),
        ("data_config.preprocessing", "preprocessing"),
        ("data_config.augmentation_config", "augmentation"),
        ("model_config.head_configs", "head"),
        ("model_config.head_configs.bottomup", "head"),
        ("model_config.head_configs.bottomup.pafs.unknown", "head"),
        ("model_config.backbone_config.unet", "backbone"),
        ("trainer_config.lr_scheduler", "schedule"),
        ("trainer_config.early_stopping", "stopping"),
        ("trainer_config.wandb.current_run_id", "logging"),
        ("name", "about"),
    ],
)
def test_every_path_belongs_to_a_page(path, page):
    assert LAYOUT.page_of(path).id == page


def test_a_path_of_nowhere_has_no_page():
    assert LAYOUT.page_of("nowhere.at_all") is None
    assert LAYOUT.page_of("") is None
