"""Trainings on labels of unusual kinds: marks of centres alone, and videos of which some frames are damaged."""

import io

import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.training.callbacks.checkpoint import BEST
from sleapnn_engine.training.run import train
from tests.engine.data.drawn import labels, spoil, write_video
from tests.engine.training.rendered import job, trained


def marks_only(folder):
    def edit(project):
        for frame in project.labeled_frames:
            frame.instances = []
            frame.centroids = [sio.UserCentroid(x=20.0, y=30.0), sio.UserCentroid(x=70.0, y=12.0)]

    write_video(folder / "a.mp4")
    return labels(folder / "l.slp", ["a.mp4"], frames=[0, 2, 4, 6], edit=edit)


def test_a_model_of_centres_is_trained_on_marks_alone(tmp_path):
    config = job(tmp_path, marks_only(tmp_path), model_type="centroid", trainer_config__save_ckpt=True)
    run = trained(config)
    assert (run / BEST).is_file()


@pytest.mark.parametrize("model_type", ["single_instance", "centered_instance", "bottomup"])
def test_other_models_say_that_marks_have_no_body_parts(tmp_path, model_type):
    config = job(tmp_path, marks_only(tmp_path), model_type=model_type)
    with pytest.raises(UserError, match="8 centroid marks, which have no body parts"):
        train(build_job(config), stream=io.StringIO())


@pytest.mark.parametrize(
    "pipeline", ["torch_dataset", "torch_dataset_cache_img_memory", "torch_dataset_cache_img_disk"]
)
def test_damaged_frames_are_left_out_before_training_however_images_are_kept(tmp_path, pipeline):
    spoil(write_video(tmp_path / "a.avi"), [0, 4, 5])
    path = labels(tmp_path / "l.slp", ["a.avi"], frames=range(12))
    run = trained(job(tmp_path, path, data_config__data_pipeline_fw=pipeline))
    parts = [sio.load_slp((run / f"labels_gt.{name}.0.slp").as_posix()) for name in ("train", "val")]
    used = sorted(frame.frame_idx for part in parts for frame in part.labeled_frames)
    np.testing.assert_array_equal(used, [1, 2, 3, 6, 7, 8, 9, 10, 11])
