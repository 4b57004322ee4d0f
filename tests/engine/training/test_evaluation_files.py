"""Every model type learns what it is shown, and its predictions and metrics are left as other programs read them."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data import label_parts
from sleapnn_engine.training import run as run_module
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import events
from tests.engine.training.rendered import NODES, built, job, trained, write_labels
from tests.engine.training.test_model_types import MODEL_TYPES, ends, labels_for
from tests.engine.training.test_nothing_left import spoil


@pytest.mark.setting("data_config.test_file_path")
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_type_learns_and_every_part_is_measured(
    learned_run: Callable[[str], Path], model_type: str
) -> None:
    run = learned_run(model_type)
    found = ends(run)
    error = found[-1]["error"]
    assert found[-1]["train"] < found[0]["train"] / 2
    assert (
        error["median_px"] < 2.0
    )  # a processor without AVX-512 ends a little elsewhere after the same steps
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
        if name == "val.0" and model_type in ("single_instance", "bottomup"):
            best = min(found, key=lambda end: end["val"])["error"]["median_px"]
            assert plain["distance_metrics"]["p50"] == pytest.approx(best, abs=1e-3), (
                "what is watched comes out"
            )
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
def test_a_video_is_predicted_without_being_measured(tmp_path: Path) -> None:
    video = tmp_path / "video.mp4"
    writer = cv2.VideoWriter(video.as_posix(), cv2.VideoWriter.fourcc(*"mp4v"), 10, (64, 64))
    for number in range(5):
        writer.write(np.full((64, 64, 3), 40 * number, dtype=np.uint8))
    writer.release()
    config = job(
        tmp_path,
        write_labels(tmp_path),
        data_config__test_file_path=str(video),
        trainer_config__save_ckpt=True,
    )
    run = trained(config)
    predicted = sio.load_slp((run / "labels_pr.test.0.slp").as_posix())
    assert [frame.frame_idx for frame in predicted] == list(range(5))
    assert predicted.skeletons[0].node_names == list(NODES)
    assert not list(run.glob("metrics.test*"))
    assert not list(run.glob("labels_gt.test*"))


@pytest.mark.setting("data_config.test_file_path")
def test_a_video_cannot_test_a_model_of_crops(tmp_path: Path) -> None:
    video = tmp_path / "video.mp4"
    video.write_bytes(b"")
    config = job(
        tmp_path,
        labels_for("centered_instance", tmp_path),
        model_type="centered_instance",
        data_config__test_file_path=str(video),
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


def test_figures_that_cannot_be_made_cost_no_predictions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        run_module, "write_split", lambda *words, **how: None
    )  # as where the disk was full then
    told = io.StringIO()
    config = job(tmp_path, write_labels(tmp_path), trainer_config__save_ckpt=True)
    assert train(build_job(config), stream=io.StringIO(), errors=told) == 0
    run = tmp_path / "models" / "run"
    assert (run / "labels_pr.train.0.slp").exists()
    assert "metrics.train.0 could not be made" in told.getvalue()
    assert "labels_pr" not in told.getvalue()


def test_without_a_saved_model_nothing_is_predicted(tmp_path: Path) -> None:
    run = trained(job(tmp_path, write_labels(tmp_path)))
    assert not list(run.glob("labels_pr*"))


def test_labels_are_read_once_for_all_parts_that_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    class Counted:
        Labels, PredictedInstance = sio.Labels, sio.PredictedInstance

        @staticmethod
        def load_slp(path: str) -> sio.Labels:
            read.append(path)
            return sio.load_slp(path)

    monkeypatch.setattr(label_parts, "sio", Counted)
    labels = write_labels(tmp_path)
    folder = built(job(tmp_path, labels), lambda training: training.parts.folder)
    assert read == [str(labels)]
    numbers = [
        {frame.frame_idx for frame in sio.load_slp((folder / f"labels_gt.{split}.0.slp").as_posix())}
        for split in ("train", "val")
    ]
    assert numbers[0] | numbers[1] == set(range(8))
    assert not numbers[0] & numbers[1]
