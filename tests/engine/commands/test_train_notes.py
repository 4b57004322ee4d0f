"""What `train` says of the config before it trains: what has no effect, and what is no config at all."""

from pathlib import Path

from tests.engine.commands.in_process import engine, smallest_job
from tests.engine.training.rendered import write_labels


def test_a_setting_without_effect_is_told(tmp_path: Path) -> None:
    config = smallest_job(
        tmp_path,
        write_labels(tmp_path),
        "single_instance",
        data_config__use_existing_imgs=True,
        data_config__augmentation_config={"geometric": {"rotation_max": 90.0}},
        trainer_config__early_stopping={"stop_training_on_plateau": False, "patience": 3},
        trainer_config__keep_viz=True,
    )
    said = engine("train", config)
    assert said.code == 0
    notes = [line.split(": note: ")[0].rpartition(" ")[2] for line in said.err.splitlines() if "note" in line]
    assert sorted(notes) == [
        "data_config.augmentation_config.geometric.rotation_max",
        "data_config.use_existing_imgs",
        "trainer_config.early_stopping.patience",
        "trainer_config.keep_viz",
    ]


def test_a_setting_that_is_used_is_not_told(tmp_path: Path) -> None:
    config = smallest_job(
        tmp_path,
        write_labels(tmp_path),
        "single_instance",
        data_config__use_augmentations_train=True,
        data_config__augmentation_config={"geometric": {"rotation_max": 90.0}},
        trainer_config__visualize_preds_during_training=True,
        trainer_config__keep_viz=True,
    )
    assert ": note: " not in engine("train", config).err


def test_findings_that_refuse_nothing_are_left_out_of_a_refusal(tmp_path: Path) -> None:
    config = smallest_job(
        tmp_path,
        write_labels(tmp_path),
        "single_instance",
        data_config__use_augmentations_train=True,
        data_config__augmentation_config={"geometric": {"rotation_p": 1.0}},
        trainer_config__max_epochs=0,
    )
    said = engine("train", config)
    assert said.code == 2
    assert [line for line in said.err.splitlines() if ": warning: " not in line] == [
        f"{config}: trainer_config.max_epochs: error: Most epochs must be at least 1; it is 0."
    ]


def test_warnings_of_a_run_reach_the_terminal_without_a_progress_line(tmp_path: Path) -> None:
    config = smallest_job(
        tmp_path,
        write_labels(tmp_path, frames=2),
        "single_instance",
        trainer_config__enable_progress_bar=False,
    )
    said = engine("train", config)
    assert (said.code, said.out) == (0, "")
    assert "warning: Only 1 validation frame of 2: expect a noisy score." in said.err.splitlines()
