"""The live config: edits, undo, lossless switching, saving."""

import gc
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.yaml_dialect import parse
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.files import Opened

TEXT = """\
# mine
trainer_config:
  max_epochs: 30   # enough
zz: 1
data_config:
  train_labels_path: [a.slp]
model_config:
  backbone_config:
    unet: {filters: 24}
  head_configs:
    single_instance:
      confmaps: {sigma: 2.5}
"""
EPOCHS = "trainer_config.max_epochs"
HEADS = "model_config.head_configs"


@pytest.fixture
def document(app: QApplication, tmp_path: Path) -> Document:
    file = tmp_path / "mine.yaml"
    file.write_text(TEXT)
    found = Document()
    found.load(file)
    return found


def test_untouched_saves_unchanged(document: Document, tmp_path: Path) -> None:
    document.save()
    assert (tmp_path / "mine.yaml").read_text() == TEXT


def test_missing_keys_read_as_the_guides_defaults(document: Document) -> None:
    assert document.value("trainer_config.seed") is None
    assert document.value("data_config.validation_fraction") == 0.1
    assert not document.is_changed("data_config.validation_fraction")


def test_typing_is_one_undo_step(document: Document) -> None:
    for text in ("4", "45", 45):
        document.set_value(EPOCHS, text)
    assert document.is_changed(EPOCHS)
    assert document.is_dirty
    document.undo_stack.undo()
    assert document.value(EPOCHS) == 30
    assert not document.is_dirty


def test_invalid_text_is_kept_and_explained(document: Document) -> None:
    document.set_value(EPOCHS, "3o")
    assert document.value(EPOCHS) == "3o"
    assert [issue.severity for issue in document.issues(EPOCHS)] == ["error"]


def test_switching_the_model_type_loses_nothing(document: Document) -> None:
    document.choose(HEADS, "bottomup")
    document.set_value(f"{HEADS}.bottomup.pafs.sigma", 50.0)
    document.choose(HEADS, "single_instance")
    assert document.value(f"{HEADS}.single_instance.confmaps.sigma") == 2.5
    saved = parse(document.to_yaml())["model_config"]["head_configs"]
    assert saved["bottomup"] is None
    assert saved["single_instance"] == {"confmaps": {"sigma": 2.5}}
    assert document.value(f"{HEADS}.bottomup.pafs.sigma") == 50.0
    document.choose(HEADS, "bottomup")
    assert parse(document.to_yaml())["model_config"]["head_configs"]["bottomup"]["pafs"]["sigma"] == 50.0


def test_editing_a_section_not_in_use_does_not_put_it_to_use(document: Document) -> None:
    document.set_value("model_config.backbone_config.convnext.model_type", "base")
    assert document.chosen("model_config.backbone_config") == "unet"
    document.choose("model_config.backbone_config", "convnext")
    assert document.value("model_config.backbone_config.convnext.model_type") == "base"


def test_an_optional_section_switches_without_loss(document: Document) -> None:
    path = "data_config.augmentation_config"
    assert not document.section_on(path)
    document.set_section(path, True)
    document.set_section(f"{path}.geometric", True)
    document.set_value(f"{path}.geometric.rotation_max", 90.0)
    document.set_section(path, False)
    assert parse(document.to_yaml())["data_config"]["augmentation_config"] is None
    assert "switched off" in document.idle_reason(f"{path}.geometric.rotation_max")
    document.set_section(path, True)
    assert document.value(f"{path}.geometric.rotation_max") == 90.0


def test_the_constant_schedule_writes_nulls(document: Document) -> None:
    document.choose("trainer_config.lr_scheduler", None)
    assert parse(document.to_yaml())["trainer_config"]["lr_scheduler"] == {
        "step_lr": None,
        "reduce_lr_on_plateau": None,
    }


def test_reset_goes_back_to_what_was_opened(document: Document) -> None:
    document.set_value(EPOCHS, 7)
    document.set_value("trainer_config.seed", 3)
    assert [row[0] for row in document.differences()] == [EPOCHS, "trainer_config.seed"]
    document.reset(EPOCHS)
    document.reset("trainer_config.seed")
    assert document.differences() == []
    assert document.to_yaml() == TEXT


def test_every_key_survives_set_save_load(document: Document, tmp_path: Path) -> None:
    for key in SPEC.edited.values():
        if key.meta.secret:
            continue
        value = _another(key)
        file = tmp_path / "all.yaml"
        document.load(tmp_path / "mine.yaml")
        _use(document, key.path)
        document.set_value(key.path, value)
        document.save(file)
        again = Document()
        again.load(file)
        assert again.value(key.path) == value, key.path
        assert type(again.value(key.path)) is type(value)


def _use(document: Document, path: str) -> None:
    """Put the sections above a key to use."""
    for section in SPEC.ancestors(path):
        known = SPEC.sections[section]
        if SPEC.sections[known.parent].meta.one_of:
            document.choose(known.parent, known.name)
        elif known.meta.null:
            document.set_section(section, True)


def _another(key: Any) -> Any:
    by_kind: dict[str, Any] = {
        "bool": not key.default,
        "int": 4,
        "float": 0.25,
        "text": "word 1e-3",
        "file": "a.ckpt",
        "folder": "models/ümlaut",
        "paths": ["x.slp", "y.slp"],
        "path_or_paths": "z.slp",
        "names": ["yes", "1e-6"],
        "ints": [1, 2, 3, 4],
        "edges": [["a", "b"]],
        "mapping": {"embed": 96},
        "int_or_auto": "auto",
        "float_or_floats": 1e-7,
    }
    return key.meta.choices[-1].value if key.meta.kind == "choice" else by_kind[key.meta.kind]


def test_a_file_that_is_no_config_changes_nothing(document: Document, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("- 1\n- 2\n")
    with pytest.raises(UserError, match="a list"):
        document.load(tmp_path / "bad.yaml")
    assert document.value(EPOCHS) == 30


def test_what_auto_comes_to(document: Document) -> None:
    document.set_facts(
        {"image_sizes": [{"height": 480, "width": 640}], "labeled_frames": 100, "nodes": ["a", "b"]}
    )
    assert document.auto_text("data_config.preprocessing.max_width") == "→ 640 px"
    steps = "trainer_config.train_steps_per_epoch"
    assert document.auto_text(steps) == ""
    document.set_figures({"steps_per_epoch": 450})
    assert document.auto_text(steps) == "→ 450 steps"
    document.set_figures(document.figures, pending=True)
    assert document.auto_text(steps) == "→ …", (
        "what may be of an earlier config is not shown as if it were of this"
    )
    document.set_figures({"failed": "The engine could not be started."})
    assert document.auto_text(steps) == "→ not known here"
    assert document.auto_text(f"{HEADS}.single_instance.confmaps.part_names") == "→ 2 parts"
    assert document.also_text(f"{HEADS}.single_instance.confmaps.sigma") == "= 2.5 px input"


def test_a_preset_is_one_undo_step_and_keeps_the_labels(document: Document) -> None:
    document.apply_preset(Opened(values={"trainer_config": {"max_epochs": 5}}, title="Small"))
    assert document.value(EPOCHS) == 5
    assert not document.is_changed(EPOCHS)
    assert document.value("data_config.train_labels_path") == ["a.slp"]
    assert document.path is None
    document.undo_stack.undo()
    assert document.value(EPOCHS) == 30
    assert document.path is not None
    assert document.to_yaml() == TEXT


@pytest.mark.parametrize("edited", [False, True])
def test_a_file_opened_after_unsaved_work_counts_as_saved(document: Document, edited: bool) -> None:
    document.adopt(Opened(values={}, title="old.json", report="what was made of it"))
    if edited:
        document.set_value("trainer_config.max_epochs", 3)
    assert document.is_dirty
    document.adopt(Opened(values={}, title="other.yaml"))
    assert not document.is_dirty


def test_what_was_typed_over_is_kept_nowhere(document: Document) -> None:
    """Steps of one key that are merged leave nothing behind: it would be found by every search for garbage."""
    typed = range(731_000, 731_030)  # which no other document of this process has
    for number in typed:
        document.set_value(EPOCHS, number)
    gc.collect()
    assert document.undo_stack.count() == 1
    kept = [one for one in gc.get_objects() if type(one) is State and one.values]
    epochs = [state.values.get("trainer_config", {}).get("max_epochs") for state in kept]
    assert sorted(one for one in epochs if isinstance(one, int) and one in typed[1:-1]) == []
