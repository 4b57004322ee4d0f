"""Models of every type that learn a few drawn frames by heart."""

from pathlib import Path
from typing import Any

from tests.engine.training.rendered import job, trained
from tests.engine.training.test_model_types import labels_for

#: For types that need twice as many steps, which are shorter.
SLOWLY: dict[str, Any] = {
    "trainer_config__train_steps_per_epoch": 80,
    "trainer_config__optimizer__lr": 0.003,
}
#: What each type has beside the shared keys of the smallest job; learning needs a little more of it.
LEARNS: dict[str, dict[str, Any]] = {
    "single_instance": SLOWLY,
    "centroid": {},
    "centered_instance": {"data_config__preprocessing__crop_size": 32},
    "bottomup": {
        "model_config__head_configs__bottomup__pafs__sigma": 8.0,
        "model_config__head_configs__bottomup__pafs__output_stride": 2,
    },
    "multi_class_bottomup": {
        **SLOWLY,
        "model_config__backbone_config__unet__filters": 12,
        "model_config__head_configs__multi_class_bottomup__class_maps__sigma": 3.0,
        "model_config__head_configs__multi_class_bottomup__class_maps__output_stride": 2,
    },
    "multi_class_topdown": {
        "data_config__preprocessing__crop_size": 32,
        "model_config__head_configs__multi_class_topdown__class_vectors__num_fc_units": 32,
    },
}


def learned(folder: Path, model_type: str, **changes: Any) -> Path:
    """A model that knows its few frames by heart, tested on those and on two files more."""
    labels = labels_for(model_type, folder, frames=2)
    again = folder / "again.slp"
    again.write_bytes(labels.read_bytes())
    config = job(
        folder,
        labels,
        model_type=model_type,
        data_config__use_same_data_for_val=True,
        data_config__test_file_path=[str(labels), str(again)],
        trainer_config__max_epochs=4,
        trainer_config__save_ckpt=True,
        **{
            "model_config__backbone_config__unet__filters": 8,
            "trainer_config__train_steps_per_epoch": 40,
            "trainer_config__optimizer__lr": 0.004,
            **LEARNS[model_type],
            **changes,
        },
    )
    return trained(config)
