"""What has no effect must not get in the way either, whatever its value is."""

import io
from pathlib import Path

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.idle_settings import idle_reason
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC, Key
from sleapnn_engine.config.validate import validate
from sleapnn_engine.training.run import train
from tests.engine.training.rendered import job, write_labels

AUGMENTATION = "data_config.augmentation_config"


def out_of_range(key: Key) -> float | None:
    """A number below the range of a setting; None for a setting without one."""
    least = key.meta.above if key.meta.minimum is None else key.meta.minimum
    return None if least is None or key.meta.kind not in ("int", "float") else least - 1


def test_numbers_outside_their_range_train_where_they_have_no_effect(tmp_path: Path) -> None:
    values = job(tmp_path, write_labels(tmp_path), trainer_config__max_epochs=1)
    tree.put(values, "data_config.use_augmentations_train", False)
    tree.put(values, AUGMENTATION, SPEC.defaults(AUGMENTATION))
    for part in ("intensity", "geometric"):
        tree.put(values, f"{AUGMENTATION}.{part}", SPEC.defaults(f"{AUGMENTATION}.{part}"))
    idle = [
        path
        for path, key in SPEC.keys.items()
        if out_of_range(key) is not None
        and tree.has(values, path)
        and idle_reason(ConfigReader(values), path)
    ]
    for path in idle:
        tree.put(values, path, out_of_range(SPEC.keys[path]))
    assert len(idle) >= 30
    noted = {issue.path for issue in validate(values) if issue.severity == "info"}
    assert set(idle) <= noted
    assert train(build_job(values), stream=io.StringIO()) == 0
