"""Presets of one's own: ordinary configs with a few comments, whatever others made of them."""

from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import parse_config
from sleapnn_engine.config.own_presets import (
    MINE,
    keep_locked,
    list_own_presets,
    lockable,
    own_preset_file,
    own_preset_text,
    read_own_preset,
    touched_locks,
)
from sleapnn_engine.config.presets import load_preset

CROPS, BOTTOM_UP = "topdown_centered_instance_unet_medium_rf", "bottomup_unet_medium_rf"
UNET = "model_config.backbone_config.unet"
FILTERS, EPOCHS = f"{UNET}.filters", "trainer_config.max_epochs"
SIGMA = "model_config.head_configs.centered_instance.confmaps.sigma"


def changed(name: str, **others: Any) -> dict[str, Any]:
    values = load_preset(name)
    for path, value in others.items():
        tree.put(values, path.replace("__", "."), value)
    return values


def test_what_is_saved_is_what_is_read_and_holds_nothing_of_one_training(tmp_path: Path) -> None:
    values = changed(
        CROPS,
        data_config__train_labels_path=["/home/me/a.slp"],
        trainer_config__run_name="monday",
        trainer_config__wandb__api_key="very-secret",
        trainer_config__max_epochs=77,
    )
    path = own_preset_file(tmp_path, "Flies: our lab / 2")
    path.write_text(
        own_preset_text(
            values, title="Flies: our\nlab", note="As agreed.\nAsk first.", locked=[FILTERS, EPOCHS]
        )
    )
    found = read_own_preset(path)
    assert (found.title, found.note, found.locked) == (
        "Flies: our lab",
        "As agreed. Ask first.",
        (FILTERS, EPOCHS),
    )
    assert found.values["data_config"]["train_labels_path"] == []
    assert found.values["trainer_config"]["run_name"] is None
    assert "secret" not in path.read_text()
    assert found.values["trainer_config"]["max_epochs"] == 77
    assert set(parse_config(path.read_text()).values) == set(load_preset(CROPS)), (
        "no key is added to the format"
    )
    record = found.record
    assert (record.kind, record.model_type, record.backbone) == (MINE, "centered_instance", "unet")
    assert record.note.startswith("2 locked: ")
    assert record.path == path
    assert values["trainer_config"]["run_name"] == "monday", "the config itself is not touched"


def test_any_config_is_one_and_what_is_none_is_told_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text(own_preset_text(load_preset(CROPS), title=""))
    (tmp_path / "locked.yaml").write_text(f"# locked: no.such.key\n# locked: {FILTERS}\n" + _text(BOTTOM_UP))
    (tmp_path / "broken.yaml").write_text("a: [1")
    (tmp_path / "headless.yaml").write_text("data_config: {}\n")
    found, wrong = list_own_presets(tmp_path)
    assert [(preset.title, preset.locked) for preset in found] == [("locked", (FILTERS,)), ("plain", ())]
    assert {Path(str(problem.where).partition(":")[0]).name for problem in wrong} == {
        "broken.yaml",
        "headless.yaml",
    }
    assert list_own_presets(tmp_path / "none") == ([], [])
    with pytest.raises(UserError, match="no preset"):
        read_own_preset(tmp_path / "headless.yaml")


def _text(name: str) -> str:
    return own_preset_text(load_preset(name), title="")


@pytest.mark.parametrize(
    ("locked", "kept"),
    [
        ([FILTERS], [FILTERS]),
        ([EPOCHS], []),  # the same in both
        ([SIGMA], []),  # of a head that is not in use afterwards
        ([UNET], [UNET]),
        (["trainer_config.no_such"], []),
    ],
)
def test_what_is_locked_stays_where_it_is_in_use(locked: list[str], kept: list[str]) -> None:
    before, after = changed(CROPS, **{FILTERS.replace(".", "__"): 40}), load_preset(BOTTOM_UP)
    assert keep_locked(after, before, locked) == kept
    expected = load_preset(BOTTOM_UP)
    for path in kept:
        tree.put(expected, path, tree.get(before, path))
    assert after == expected


def test_changes_touch_what_is_locked_at_above_and_below_it() -> None:
    head = "model_config.head_configs.centered_instance"
    assert touched_locks({SIGMA: 1, EPOCHS: 2}, [SIGMA]) == [SIGMA]
    assert touched_locks({head: None}, [SIGMA]) == [SIGMA]
    assert touched_locks({SIGMA: 1}, [head]) == [head]
    assert touched_locks({f"{SIGMA}2": 1}, [SIGMA]) == []


def test_model_backbone_and_what_was_changed_can_be_locked() -> None:
    found = lockable(changed(CROPS, trainer_config__max_epochs=77, trainer_config__wandb__api_key="x"))
    assert found[:2] == ["model_config.head_configs", "model_config.backbone_config"]
    assert EPOCHS in found
    assert not [path for path in found if "labels_path" in path or "api_key" in path or ".bottomup" in path]
