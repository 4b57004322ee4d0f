"""Every model type learns what it is shown, and its predictions and metrics are left as other programs read them."""

import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.training.run import train

from .jobs import events
from .rendered import NODES, job, trained, write_labels
from .test_model_types import MODEL_TYPES, ends, labels_for
from .test_nothing_left import spoil

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
        model_config__backbone_config__unet__filters=12,
        trainer_config__max_epochs=4,
        trainer_config__save_ckpt=True,
        **{
            "trainer_config__train_steps_per_epoch": 40,
            "trainer_config__optimizer__lr": 0.004,
            **LEARNS[model_type],
            **changes,
        },
    )
    return trained(config)


@pytest.mark.setting("data_config.test_file_path")
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_type_learns_and_every_part_is_measured(tmp_path: Path, model_type: str) -> None:
    run = learned(tmp_path, model_type)
    found = ends(run)
    error = found[-1]["error"]
    assert found[-1]["train"] < found[0]["train"] / 2
    assert error["median_px"] < 1.5
    several = model_type in ("centroid", "bottomup", "multi_class_bottomup")
    assert error["f1"] == (1.0 if several else None)
    assert error["class_accuracy"] == (1.0 if model_type.startswith("multi_class") else None)
    for name in ("train.0", "val.0", "test.0", "test.1"):
        predicted = sio.load_slp((run / f"labels_pr.{name}.slp").as_posix())
        truth = sio.load_slp((run / f"labels_gt.{name}.slp").as_posix())
        assert len(predicted) == len(truth) == 2
        animals = [len(frame.instances) for frame in predicted]
        assert animals == [len(frame.instances) for frame in truth]
        plain = json.loads((run / f"metrics.{name}.json").read_text())
        assert plain["distance_metrics"]["p50"] < 2.0
        packed = np.load(run / f"metrics.{name}.npz", allow_pickle=True)["metrics"].item()
        assert packed["distance_metrics"]["p50"] == pytest.approx(plain["distance_metrics"]["p50"])
        if model_type == "centroid":
            assert plain["detection_metrics"]["f1"] == 1.0
        else:
            assert plain["mOKS"]["mOKS"] > 0.2
        scores = [animal.score for frame in predicted for animal in frame.instances]
        if model_type in ("centered_instance", "multi_class_topdown"):
            assert scores == [1.0] * 4  # their places were given
        if model_type == "single_instance":
            assert min(scores) > 1.5  # of three peaks of up to 1 each
        if model_type.startswith("multi_class"):
            assert [i.track.name for frame in predicted for i in by_x(frame)] == ["short", "long"] * 2
    listed = [path for path in run.iterdir() if path.suffix in (".json", ".yaml")]
    newest = max(listed, key=lambda path: path.stat().st_mtime_ns)
    assert newest.name == "training_config.yaml"


def by_x(frame: sio.LabeledFrame) -> list[sio.PredictedInstance]:
    return sorted(frame.instances, key=lambda animal: np.nanmean(animal.numpy()[:, 0]))


@pytest.mark.setting("data_config.test_file_path")
def test_a_film_is_predicted_without_being_measured(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    writer = cv2.VideoWriter(film.as_posix(), cv2.VideoWriter.fourcc(*"mp4v"), 10, (64, 64))
    for number in range(5):
        writer.write(np.full((64, 64, 3), 40 * number, dtype=np.uint8))
    writer.release()
    config = job(
        tmp_path,
        write_labels(tmp_path),
        data_config__test_file_path=str(film),
        trainer_config__save_ckpt=True,
    )
    run = trained(config)
    predicted = sio.load_slp((run / "labels_pr.test.0.slp").as_posix())
    assert [frame.frame_idx for frame in predicted] == list(range(5))
    assert predicted.skeletons[0].node_names == list(NODES)
    assert not list(run.glob("metrics.test*"))
    assert not list(run.glob("labels_gt.test*"))


@pytest.mark.setting("data_config.test_file_path")
def test_a_film_cannot_test_a_model_of_crops(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"")
    config = job(
        tmp_path,
        labels_for("centered_instance", tmp_path),
        model_type="centered_instance",
        data_config__test_file_path=str(film),
    )
    with pytest.raises(UserError, match="has no labels") as caught:
        train(build_job(config), stream=io.StringIO())
    assert caught.value.where == "data_config.test_file_path"


def test_one_part_that_cannot_be_predicted_costs_no_other_and_is_told(tmp_path: Path) -> None:
    labels, broken = write_labels(tmp_path), write_labels(tmp_path, "broken.slp", frames=2)
    good = write_labels(tmp_path, "good.slp", frames=2)
    spoil(tmp_path / "broken" / "001.png")
    told = io.StringIO()
    config = job(
        tmp_path,
        labels,
        data_config__test_file_path=[str(broken), str(good)],
        trainer_config__save_ckpt=True,
    )
    assert train(build_job(config), stream=io.StringIO(), errors=told) == 0
    run = tmp_path / "models" / "run"
    assert "labels_pr.test.0 could not be made" in told.getvalue()
    # Whoever opens the run later reads it as well.
    (said,) = [text for text in events(run)[-1]["body"]["warnings"] if "could not be made" in text]
    assert said.startswith("The model is saved, but labels_pr.test.0 could not be made: ")
    assert "broken" in told.getvalue()
    assert "Traceback" not in told.getvalue()
    assert sorted(path.name for path in run.glob("labels_pr.*")) == [
        f"labels_pr.{name}.slp" for name in ("test.1", "train.0", "val.0")
    ]
    assert len(sio.load_slp((run / "labels_pr.test.1.slp").as_posix())) == len(sio.load_slp(good.as_posix()))


def test_without_a_saved_model_nothing_is_predicted(tmp_path: Path) -> None:
    run = trained(job(tmp_path, write_labels(tmp_path)))
    assert not list(run.glob("labels_pr*"))
