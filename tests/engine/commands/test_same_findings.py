"""What `train` refuses or warns of is told before: settings and files that only meet where images are planned."""

from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.commands.validate import values_of
from sleapnn_engine.inspect.answers import describe
from tests.engine.commands.agreement import found_before, require_agreement
from tests.engine.commands.in_process import engine, smallest_job

PRE = "data_config.preprocessing."
FLIES = "10_tracks/no_tracks.pkg.slp"
REPORTS = "15_reports/"


@pytest.mark.parametrize(
    ("labels", "model_type", "val", "changes", "severity", "path", "words"),
    [
        (
            FLIES, "centered_instance", None, {PRE + "crop_size": 16},
            "warning", PRE + "crop_size", "Crops of 16 px do not hold all parts of",
        ),
        (
            FLIES, "centered_instance", None, {PRE + "crop_size": 100_000},
            "error", PRE + "crop_size", "must be at most 65536",
        ),
        (
            FLIES, "centered_instance", None, {PRE + "crop_size": 60_000},
            "error", PRE + "crop_size", "more than 10 times as large as the images",
        ),
        (
            FLIES, "centered_instance", None, {PRE + "crop_size": 64, PRE + "scale": 0.05},
            "warning", PRE + "scale", "The network sees crops of 3×3 px",
        ),
        (
            FLIES, "bottomup", None, {PRE + "scale": 0.02},
            "warning", "data_config.preprocessing", "less than its largest stride",
        ),
        (
            REPORTS + "validation_without_animals/l.slp", "bottomup",
            REPORTS + "validation_without_animals/val.slp", {},
            "error", "data_config.val_labels_path", "has a visible point",
        ),
        (
            REPORTS + "second_file_other_skeleton/l1.slp", "bottomup",
            REPORTS + "second_file_other_skeleton/l2.slp", {},
            "error", "data_config.val_labels_path", "it also has 'ear'",
        ),
        (
            FLIES, "centroid", "07_damaged_video/zero_bytes/labels.slp", {},
            "error", "data_config.val_labels_path", "clip.mp4 can be read",
        ),
        (
            FLIES, "centroid", FLIES, {},
            "warning", "data_config.val_labels_path", "are training frames as well",
        ),
        (
            FLIES, "bottomup", None, {"data_config.test_file_path": ["{bad}/06_damaged/truncated.pkg.slp"]},
            "error", "data_config.test_file_path", "damaged or cut short",
        ),
        (
            REPORTS + "predicted_only/l.slp", "bottomup", None, {"data_config.user_instances_only": True},
            "error", "data_config.train_labels_path", "no hand-labelled animals (16 are predicted)",
        ),
    ],
)  # fmt: skip
def test_what_training_finds_is_told_before(
    shared_data: Path,
    tmp_path: Path,
    labels: str,
    model_type: str,
    val: str | None,
    changes: dict[str, Any],
    severity: str,
    path: str,
    words: str,
) -> None:
    bad = shared_data / "bad"
    filled = {
        key: [one.format(bad=bad) for one in value] if isinstance(value, list) else value
        for key, value in changes.items()
    }
    config = smallest_job(tmp_path, bad / labels, model_type, val=val and bad / val, **filled)
    told = [(i.severity, i.path) for i in found_before(config) if words in i.message]
    assert set(told) == {(severity, path)}
    require_agreement(engine("train", config), config, run=tmp_path / "models" / "run")


def test_predicted_animals_are_used_where_the_config_says_so(shared_data: Path, tmp_path: Path) -> None:
    labels = shared_data / "bad" / "15_reports" / "predicted_only" / "l.slp"
    config = smallest_job(tmp_path, labels, "bottomup", **{"data_config.user_instances_only": False})
    assert [issue for issue in found_before(config) if issue.severity == "error"] == []
    facts = describe(values_of(config))
    assert facts["problems"] == []
    assert facts["instances"]["used"] == 16
    said = engine("train", config)
    assert said.code == 0
    require_agreement(said, config, run=tmp_path / "models" / "run")
    assert engine("validate", "--labels", config).code == 0
