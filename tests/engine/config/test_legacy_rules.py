"""Each conversion of the legacy import on its own, on files with one thing changed."""

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.legacy.conversion import Row, import_legacy
from sleapnn_engine.config.legacy.fields import FIELDS, HEAD_PARTS
from sleapnn_engine.config.spec import SPEC
from tests.engine.config.legacy_samples import HEAD_NAMES, bare_file, whole_file

_ABSENT = object()
_P = "data_config.preprocessing."
_I = "data_config.augmentation_config.intensity."
_G = "data_config.augmentation_config.geometric."
_U = "model_config.backbone_config.unet."
_T = "trainer_config."
_A = "optimization.augmentation_config."
_L = "optimization.learning_rate_schedule."

#: (head, changed legacy leaves, {new path: value}); the comment says why
_CASES = [
    # SLEAP crops after scaling, so 56 scaled pixels at 0.5 are 112 of the source.
    ("centered_instance", {"data.instance_cropping.crop_size": 56, "data.preprocessing.input_scaling": 0.5}, {_P + "crop_size": 112}),
    ("centered_instance", {"data.instance_cropping.crop_size": 100, "data.preprocessing.input_scaling": 0.3}, {_P + "crop_size": 333}),
    ("centered_instance", {"data.preprocessing.input_scaling": 0.5}, {_P + "crop_padding": 32, _P + "crop_size": None}),
    ("centered_instance", {"data.instance_cropping.crop_size": 96}, {_P + "crop_padding": _ABSENT}),
    ("multi_class_topdown", {}, {_P + "crop_padding": 16}),
    ("multi_instance", {}, {_P + "crop_padding": _ABSENT}),
    # An int is a scale too.
    ("centroid", {"data.preprocessing.input_scaling": 1}, {_P + "scale": 1.0}),
    ("centroid", {"data.preprocessing.target_height": 300, "data.preprocessing.target_width": 400}, {_P + "max_height": 300, _P + "max_width": 400}),
    # What SLEAP centred its crops on fills an empty anchor, and only an empty one.
    ("centroid", {"data.instance_cropping.center_on_part": "thorax"}, {HEAD_NAMES["centroid"] + ".confmaps.anchor_part": "thorax"}),
    (
        "centered_instance",
        {"data.instance_cropping.center_on_part": "thorax", "model.heads.centered_instance.anchor_part": "head"},
        {HEAD_NAMES["centered_instance"] + ".confmaps.anchor_part": "head"},
    ),
    ("single_instance", {"data.labels.training_labels": ""}, {"data_config.train_labels_path": None}),
    ("single_instance", {"data.labels.training_labels": ["a.slp", "b.slp"]}, {"data_config.train_labels_path": ["a.slp", "b.slp"]}),
    ("single_instance", {"data.labels.validation_labels": "v.slp"}, {"data_config.val_labels_path": ["v.slp"]}),
    ("single_instance", {"data.labels.test_labels": "t.slp"}, {"data_config.test_file_path": "t.slp"}),
    ("single_instance", {"optimization.preload_data": False}, {"data_config.data_pipeline_fw": "torch_dataset"}),
    # Workers cannot read open videos, so they need the images in memory.
    ("single_instance", {"optimization.num_workers": 2}, {_T + "train_data_loader.num_workers": 2, _T + "val_data_loader.num_workers": 2}),
    ("single_instance", {"optimization.num_workers": 2, "optimization.preload_data": False}, {_T + "train_data_loader.num_workers": 0}),
    # Switches become chances of their own, never the common one.
    ("single_instance", {_A + "rotate": True}, {_G + "rotation_p": 1.0, _G + "scale_p": 0.0, _G + "affine_p": 0.0}),
    ("single_instance", {_A + "scale": True}, {_G + "rotation_p": 0.0, _G + "scale_p": 1.0, _G + "translate_p": 0.0}),
    ("single_instance", {_A + "rotation_min_angle": -360, _A + "rotation_max_angle": 360}, {_G + "rotation_min": -180.0, _G + "rotation_max": 180.0}),
    ("single_instance", {_A + "uniform_noise": True, _A + "uniform_noise_max_val": 51}, {_I + "uniform_noise_p": 1.0, _I + "uniform_noise_max": 0.2}),
    ("single_instance", {_A + "uniform_noise_min_val": -10}, {_I + "uniform_noise_min": 0.0}),
    ("single_instance", {_A + "gaussian_noise": True, _A + "gaussian_noise_stddev": 25.5}, {_I + "gaussian_noise_p": 1.0, _I + "gaussian_noise_std": 0.1}),
    ("single_instance", {_A + "contrast": True}, {_I + "contrast_p": 1.0, _I + "contrast_min": 0.9, _I + "contrast_max": 1.1}),
    ("single_instance", {_A + "brightness": True}, {_I + "brightness_p": 1.0, _I + "brightness_min": 1.0, _I + "brightness_max": 1.0}),
    ("single_instance", {_A + "random_flip": True}, {_G + "flip_p": _ABSENT}),
    ("single_instance", {_A + "translate": True}, {_G + "translate_p": 0.0, _G + "translate_width": _ABSENT}),
    # The size is known where the file resizes all images to it.
    (
        "single_instance",
        {_A + "translate": True, _A + "translate_min": -20, "data.preprocessing.target_height": 100, "data.preprocessing.target_width": 400},
        {_G + "translate_p": 1.0, _G + "translate_height": 0.2, _G + "translate_width": 0.05},
    ),
    # Training steps: SLEAP ignores the minimum when the steps are set.
    ("single_instance", {"optimization.batches_per_epoch": 50}, {_T + "train_steps_per_epoch": 50, _T + "min_train_steps_per_epoch": 50}),
    ("single_instance", {"optimization.batches_per_epoch": 500}, {_T + "min_train_steps_per_epoch": 200}),
    ("single_instance", {"optimization.optimizer": "ADAM"}, {_T + "optimizer_name": "Adam", _T + "optimizer.amsgrad": True}),
    ("single_instance", {"optimization.optimizer": "adamw"}, {_T + "optimizer_name": "AdamW", _T + "optimizer.amsgrad": _ABSENT}),
    ("single_instance", {"optimization.optimizer": "sgd"}, {_T + "optimizer_name": "Adam"}),
    ("single_instance", {_L + "reduce_on_plateau": False}, {_T + "lr_scheduler.reduce_lr_on_plateau": None, _T + "lr_scheduler.step_lr": None}),
    ("single_instance", {_L + "min_learning_rate": 0}, {_T + "lr_scheduler.reduce_lr_on_plateau.min_lr": 0.0}),
    # Names and folders.
    ("single_instance", {"outputs.run_name_prefix": "a_", "outputs.run_name": "b", "outputs.run_name_suffix": "_c"}, {_T + "run_name": "a_b_c"}),
    ("single_instance", {"outputs.run_name": ""}, {_T + "run_name": None}),
    ("single_instance", {"outputs.runs_folder": ""}, {_T + "ckpt_dir": None}),
    ("single_instance", {"outputs.runs_folder": "C:\\data\\models"}, {_T + "ckpt_dir": "C:/data/models"}),
    ("single_instance", {"outputs.save_outputs": False}, {_T + "save_ckpt": False}),
    ("single_instance", {"outputs.checkpointing.every_epoch": True}, {_T + "model_ckpt.save_top_k": -1}),
    ("single_instance", {"outputs.checkpointing.latest_model": True}, {_T + "model_ckpt.save_last": True}),
    (
        "single_instance",
        {"model.base_checkpoint": "models/old/"},
        {
            "model_config.pretrained_backbone_weights": "models/old/best_model.h5",
            "model_config.pretrained_head_weights": "models/old/best_model.h5",
        },
    ),
    ("single_instance", {"name": "mine", "description": "Mice."}, {"name": "mine", "description": "Mice."}),
    # Ports: only where the switch is on; another computer is lost.
    ("single_instance", {"outputs.zmq.publish_updates": True, "outputs.zmq.publish_address": "tcp://10.0.0.7:9123"}, {_T + "zmq.publish_port": 9123, _T + "zmq.controller_port": None}),
    ("single_instance", {"outputs.zmq.subscribe_to_controller": True, "outputs.zmq.controller_address": "ipc:///tmp/x"}, {_T + "zmq.controller_port": None}),
    # The network: the finest head decides, and identities are read at the max stride.
    ("multi_instance", {"model.heads.multi_instance.confmaps.output_stride": 4, "model.heads.multi_instance.pafs.output_stride": 2}, {_U + "output_stride": 2}),
    ("multi_class_topdown", {"model.backbone.unet.max_stride": 32}, {HEAD_NAMES["multi_class_topdown"] + ".class_vectors.output_stride": 32}),
    ("single_instance", {"data.preprocessing.ensure_rgb": True}, {_U + "in_channels": 3, _P + "ensure_rgb": True}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "changes", "wanted"), _CASES, ids=[", ".join(case[1]) or case[0] for case in _CASES]
)
def test_conversion(head, changes, wanted):
    legacy = whole_file(head=head)
    for path, value in changes.items():
        tree.put(legacy, path, value)
    values = import_legacy(legacy).values
    for path, value in wanted.items():
        found = tree.get(values, path, _ABSENT)
        assert found == (pytest.approx(value) if isinstance(value, float) else value), path
        assert type(found) is type(value), path


#: (changed leaf, its value, word of the reason): the row must be a warning
_WARNINGS = [
    ("data.preprocessing.imagenet_mode", "tf", "ImageNet"),
    ("data.preprocessing.resize_and_pad_to_target", False, "always resized"),
    ("data.labels.split_by_inds", True, "split afresh"),
    ("data.labels.training_inds", [1, 2], "split afresh"),
    ("data.labels.skeletons", [{"nodes": 3}], "cannot be read"),
    ("model.heads.single_instance.offset_refinement", True, "offsets"),
    (_A + "contrast", True, "gamma"),
    (_A + "brightness", True, "adds gray levels"),
    (_A + "translate", True, "5 px"),
    (_A + "random_flip", True, "mirrored"),
    (_A + "random_crop", True, "cropped"),
    (_A + "uniform_noise_min_val", -10, "cut"),
    ("optimization.optimizer", "rmsprop", "rmsprop"),
    ("outputs.checkpointing.best_model", False, "best model"),
    ("optimization.epoch", 5, "no such setting"),
    ("optimization.epochs", "many", "is not a whole number"),
    ("optimization.augmentation_config", [], "not a section"),
    ("data.labels.validation_fraction", 1.5, "less than 1"),
    ("optimization.batch_size", -4, "at least 1"),
    ("optimization.learning_rate_schedule.reduce_on_plateau", "yes", "is not true or false"),
]


@pytest.mark.parametrize(("path", "value", "word"), _WARNINGS, ids=[case[0] for case in _WARNINGS])
def test_what_needs_a_look_is_a_warning(path, value, word):
    legacy = whole_file()
    tree.put(legacy, path, value)
    row = _row(import_legacy(legacy).report.rows, path)
    assert (row.kind, row.old_value) == ("warning", value)
    assert word in row.reason


def _row(rows: tuple[Row, ...], path: str) -> Row:
    (found,) = [row for row in rows if row.legacy_path == path]
    return found


def test_a_lost_host_is_a_warning():
    legacy = whole_file(
        outputs__zmq__publish_updates=True, outputs__zmq__publish_address="tcp://10.0.0.7:9001"
    )
    row = _row(import_legacy(legacy).report.rows, "outputs.zmq.publish_address")
    assert (row.kind, row.new_path, row.new_value) == ("warning", "trainer_config.zmq.publish_port", 9001)
    assert "10.0.0.7" in row.reason


def test_a_differing_anchor_is_a_warning():
    legacy = whole_file(head="centered_instance", data__instance_cropping__center_on_part="thorax")
    legacy["model"]["heads"]["centered_instance"]["anchor_part"] = "head"
    assert _row(import_legacy(legacy).report.rows, "data.instance_cropping.center_on_part").kind == "warning"


def test_shifts_use_the_image_size_that_the_caller_knows():
    legacy = whole_file(optimization__augmentation_config__translate=True)
    values = import_legacy(legacy, image_size=(50, 100)).values
    assert tree.get(values, _G + "translate_height") == pytest.approx(0.1)
    assert tree.get(values, _G + "translate_width") == pytest.approx(0.05)


@pytest.mark.parametrize("head", HEAD_NAMES)
def test_what_is_missing_takes_the_default_of_sleap(head):
    bare = bare_file(model__heads={head: {}})
    written_out = whole_file(head=head)
    short, whole = import_legacy(bare), import_legacy(written_out)
    assert short.values == whole.values
    told = {row.legacy_path for row in short.report.rows if not row.in_file}
    assert {
        "model.backbone.unet.filters",
        "model.backbone.unet.up_interpolate",
        "optimization.batch_size",
    } <= told


def test_null_sections_are_as_good_as_missing_ones():
    empty = {
        "data": None,
        "optimization": None,
        "outputs": None,
        "model": {"backbone": {"unet": {}}, "heads": {"single_instance": {}}},
    }
    assert import_legacy(empty).values == import_legacy(bare_file()).values
    nothing = import_legacy({"data": None, "model": None, "optimization": None, "outputs": None})
    assert all(head is None for head in tree.get(nothing.values, "model_config.head_configs").values())
    assert len(nothing.report.of("warning")) == 2


def test_a_null_leaf_takes_the_default_of_sleap_and_says_so():
    result = import_legacy(whole_file(optimization__batch_size=None))
    assert tree.get(result.values, _T + "train_data_loader.batch_size") == 8
    row = _row(result.report.rows, "optimization.batch_size")
    assert (row.kind, row.old_value, row.new_value) == ("changed", None, 8)


def test_every_known_leaf_is_dealt_with_by_name():
    for head, (_, parts) in HEAD_PARTS.items():
        legacy = whole_file(head=head)
        report = import_legacy(legacy).report
        unknown = [row.legacy_path for row in report.rows if "no such setting" in row.reason]
        assert unknown == []
        assert len(parts) in (1, 2)


def test_the_schema_names_only_leaves_that_exist():
    named = {key.meta.legacy for key in SPEC.keys.values() if key.meta.legacy}
    assert named <= set(FIELDS)


def test_the_file_handed_in_is_left_as_it_was():
    legacy = whole_file(data__labels__training_labels=["a.slp"])
    before = repr(legacy)
    import_legacy(legacy).values["data_config"]["train_labels_path"].append("b.slp")
    assert repr(legacy) == before


def test_the_text_report_shows_warnings_first():
    legacy = whole_file(optimization__optimizer="sgd", optimization__augmentation_config__rotate=True)
    text = import_legacy(legacy).report.to_text()
    lines = text.splitlines()
    assert lines[0] == "Import of a SLEAP 1.4 configuration"
    assert "1 warning," in lines[1]
    assert lines[3].startswith("Warnings")
    assert 'optimization.optimizer: "sgd" → trainer_config.optimizer_name: "Adam"' in lines[4]
    assert "sgd is not among the optimizers" in lines[5]
