"""A random change that is said to do nothing does nothing, and any other one is seen."""

from pathlib import Path

import numpy as np
import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.quiet_changes import CHANGES, Change, describe_quiet_change, why_quiet
from sleapnn_engine.config.reader import DATA, GEOMETRIC, INTENSITY, ConfigReader
from sleapnn_engine.inspect.questions import make_answers
from sleapnn_engine.inspect.wanted import never
from tests.engine.training.rendered import job, write_labels

#: What is far enough to be seen.
FAR = {
    "rotation": {"rotation_min": 40.0, "rotation_max": 50.0},
    "scale": {"scale_min": 1.5, "scale_max": 1.5},
    "translate": {"translate_width": 0.3, "translate_height": 0.3},
    "erase": {"erase_scale_min": 0.2, "erase_scale_max": 0.3},
    "mixup": {"mixup_lambda_min": 0.4, "mixup_lambda_max": 0.5},
    "contrast": {"contrast_min": 0.5, "contrast_max": 0.5},
    "brightness": {"brightness_min": 0.5, "brightness_max": 0.5},
    "gaussian_noise": {"gaussian_noise_mean": 0.1, "gaussian_noise_std": 0.1},
    "uniform_noise": {"uniform_noise_min": 0.1, "uniform_noise_max": 0.2},
}
ASK = make_answers()


def alone(folder: Path, change: Change, *, chance: float, numbers: dict[str, float]) -> dict:
    """A config in which this is the only change."""
    labels = folder / "labels.slp"
    if not labels.exists():
        write_labels(folder, frames=4)
    values = job(folder, labels, data_config__use_augmentations_train=True)
    for other in CHANGES:
        tree.put(values, f"{other.section}{other.name}_p", 0.0)
    # Mixing is seen where the images of a batch differ.
    if change.name == "mixup":
        tree.put(values, GEOMETRIC + "translate_p", 1.0)
        tree.put(values, GEOMETRIC + "translate_width", 0.2)
    tree.put(values, f"{change.section}{change.name}_p", chance)
    for name, number in numbers.items():
        tree.put(values, change.section + name, number)
    return values


def pictures(values: dict) -> np.ndarray:
    return ASK["augment"]({"values": values}, never)[1]["draws"]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_what_does_nothing_is_known(tmp_path: Path, change: Change) -> None:
    without = pictures(alone(tmp_path, change, chance=0.0, numbers=FAR[change.name]))
    for chance, numbers, why in (
        (1.0, FAR[change.name], ""),
        (0.0, FAR[change.name], "its chance is 0"),
        (1.0, change.nothing, "its range is empty"),
    ):
        if not numbers:
            continue
        numbers = {name: float(number) for name, number in numbers.items()}
        values = alone(tmp_path, change, chance=chance, numbers=numbers)
        assert why_quiet(ConfigReader(values), change) == why
        assert (pictures(values) == without).all() == bool(why)
        assert bool(
            describe_quiet_change(ConfigReader(values), change.section + next(iter(FAR[change.name])))
        ) is bool(why)


def test_settings_of_other_things_are_not_judged() -> None:
    assert describe_quiet_change(ConfigReader({}), DATA + "validation_fraction") == ""
    off = {"data_config": {"use_augmentations_train": False}}
    assert "switched off" in describe_quiet_change(ConfigReader(off), INTENSITY + "contrast_max")
