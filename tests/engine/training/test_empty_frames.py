"""Frames that are marked as empty: learned from where a config says so, by models that look at whole frames."""

from pathlib import Path
from typing import Any

import pytest
import sleap_io as sio
import torch

from sleapnn_engine.config.idle_settings import idle_settings
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.training.loop import training_step
from sleapnn_engine.training.losses import total_loss
from sleapnn_engine.training.state import Training
from tests.engine.training.jobs import events
from tests.engine.training.rendered import built, job, trained
from tests.engine.training.test_model_types import labels_for

KEY, WEIGHT = "data_config.use_negative_frames", "data_config.negative_loss_weight"
WHOLE = [kind for kind, one in MODEL_TYPES.items() if not one.cropped]
#: Of twelve frames, those that somebody has marked as empty.
EMPTY = (0, 3, 7, 11)


def marked(folder: Path, model_type: str) -> Path:
    """Labels of twelve frames of which four are marked as empty."""
    path = labels_for(model_type, folder, frames=12)
    labels = sio.load_slp(path.as_posix())
    for number in EMPTY:
        labels.labeled_frames[number].instances = []
        labels.labeled_frames[number].is_negative = True
    sio.save_slp(labels, path.as_posix(), embed=False, restore_original_videos=False)
    return path


def shown(training: Training) -> tuple[list[int], list[int]]:
    """The frames that are learned from and those that measure."""
    batches = training.parts.batches
    train, val = (
        [frame.frame_index for frame in part.store.labels.frames] for part in (batches.train, batches.val)
    )
    return train, val


@pytest.mark.setting("data_config.use_negative_frames")
@pytest.mark.parametrize("model_type", [*WHOLE, "centered_instance"])
def test_frames_marked_as_empty_are_learned_where_asked(tmp_path: Path, model_type: str) -> None:
    labels = marked(tmp_path, model_type)
    usual = job(tmp_path, labels, model_type=model_type)
    asked = job(tmp_path, labels, model_type=model_type, **{KEY.replace(".", "__"): True})

    def look(training: Training) -> tuple[Any, ...]:
        batches, parts = training.parts.batches, shown(training)
        first = [frame.empty for frame in batches.train.store.labels.frames]
        drawn = [
            bool(batches.sample(batches.train, index).targets[batches.targets[0].head].any())
            for index in range(len(batches.train) if any(first) else 0)
        ]
        return *parts, first, drawn

    train, val, *_ = built(usual, look)
    assert not set(EMPTY) & {*train, *val}
    more_train, more_val, empty, drawn = built(asked, look)
    assert [name for name, _ in idle_settings(asked)] == ([KEY] if MODEL_TYPES[model_type].cropped else [])
    if MODEL_TYPES[model_type].cropped:
        assert (more_train, more_val) == (train, val)
        return
    # What is with animals is split as it is without the others: both models of a pair have the same frames.
    assert ([*train, *val], set(more_train) & set(more_val)) == (
        [f for f in [*more_train, *more_val] if f not in EMPTY],
        set(),
    )
    assert {*more_train, *more_val} == set(range(12))
    assert len(set(EMPTY) & set(more_val)) == 1
    assert drawn == [not one for one in empty]


@pytest.mark.setting("data_config.negative_loss_weight")
def test_empty_frames_count_in_the_training_loss_as_they_are_weighed(tmp_path: Path) -> None:
    labels = marked(tmp_path, "bottomup")
    changes = {KEY.replace(".", "__"): True, "trainer_config__train_data_loader__batch_size": 9}
    config = job(tmp_path, labels, model_type="bottomup", **changes, **{WEIGHT.replace(".", "__"): 3.0})

    def look(training: Training) -> tuple[float, float, float]:
        parts = training.parts
        train = parts.batches.train
        weights = torch.tensor([3.0 if frame.empty else 1.0 for frame in train.store.labels.frames])
        assert weights.tolist().count(3.0) == 3
        # All there are, as the first step has them in another order.
        example = parts.batches.unchanged(train.batch(torch.arange(len(train))), train)
        expected = 0.0
        with torch.no_grad():
            outputs = parts.model(example.images)
            for loss in parts.losses:
                squared = (outputs[loss.head] - example.targets[loss.head]).square().mean(dim=(1, 2, 3))
                expected += float((weights * squared).mean())
            plain = float(total_loss(parts.losses, outputs, example.targets).total)
        return training_step(training, 0).loss, expected, plain

    loss, expected, plain = built(config, look)
    assert loss == pytest.approx(expected, rel=1e-4)
    assert abs(loss - plain) > 0.01 * plain


@pytest.mark.parametrize("model_type", ["single_instance", "bottomup"])
def test_figures_are_made_of_frames_with_animals(tmp_path: Path, model_type: str) -> None:
    config = job(
        tmp_path,
        marked(tmp_path, model_type),
        model_type=model_type,
        trainer_config__save_ckpt=True,
        trainer_config__visualize_preds_during_training=True,
        **{KEY.replace(".", "__"): True, WEIGHT.replace(".", "__"): 0.5},
    )
    run = trained(config)
    assert events(run)[-1]["body"]["outcome"] == "completed"
    for split in ("train", "val"):
        truth = sio.load_slp((run / f"labels_gt.{split}.0.slp").as_posix())
        assert not {int(frame.frame_idx) for frame in truth.labeled_frames} & set(EMPTY)
        found = sio.load_slp((run / f"labels_pr.{split}.0.slp").as_posix())
        assert len(found.labeled_frames) == len(truth.labeled_frames)


def test_asked_for_but_none_marked_is_told(tmp_path: Path) -> None:
    labels = labels_for("centroid", tmp_path)
    run = trained(job(tmp_path, labels, model_type="centroid", **{KEY.replace(".", "__"): True}))
    assert "No frame of the training labels is marked as empty" in (run / "run.log").read_text()
