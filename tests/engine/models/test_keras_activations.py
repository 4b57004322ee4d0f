"""Models of SLEAP up to 1.4 on real pictures: the numbers are those of the graph of layers that their files hold."""

import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import torch

from sleapnn_engine.inference.trained import read_trained
from tests.engine.models.keras_graph import outputs

pytestmark = pytest.mark.interop

#: The folder of each model, and the video that it has learned from.
MODELS = {
    "minimal_robot.UNet.single_instance": "robot2/small_robot.mp4",
    "minimal_instance.UNet.bottomup": "centered_pair/centered_pair_low_quality.mp4",
    "min_tracks_2node.UNet.topdown_multiclass": "centered_pair/centered_pair_low_quality.mp4",
}
#: The part of a picture that is looked at; its sides are multiples of the deepest strides.
WINDOW = (slice(96, 96 + 128), slice(112, 112 + 128))


def picture(video: Path, *, channels: int) -> np.ndarray:
    """A part of a frame, (128, 128, channels), RGB or gray from 0 to 1."""
    stream = cv2.VideoCapture(str(video))
    there, frame = stream.read()
    stream.release()
    assert there
    shown = frame[..., ::-1] if channels == 3 else frame[..., :1]
    return np.ascontiguousarray(shown[WINDOW]) / np.float32(255)


@pytest.mark.parametrize("folder", MODELS)
def test_what_is_computed_of_a_picture_is_what_the_graph_of_the_file_gives(
    folder: str, shared_data: Path
) -> None:
    place = shared_data / "legacy_models" / folder
    trained = read_trained(place)
    image = picture(shared_data / "projects" / MODELS[folder], channels=trained.channels)
    expected = outputs(place / "best_model.h5", image)
    with torch.no_grad():
        found = trained.network(torch.from_numpy(image).permute(2, 0, 1)[None])
    named = {name.removesuffix("_0"): value for name, value in expected.items()}
    assert found.keys() <= named.keys()
    for name, value in found.items():
        other = named[name]
        assert np.abs(other).max() > 1e-2, "the picture shows it something"
        own = value[0].permute(1, 2, 0) if value.ndim == 4 else value[0]
        np.testing.assert_allclose(own.numpy(), other, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("folder", MODELS)
def test_the_graph_gives_what_sleap_recorded(folder: str, shared_data: Path) -> None:
    """Of an image without anything on it, which is what there is a record of."""
    place = shared_data / "legacy_models" / folder
    with h5py.File(place / "dummy_activations.h5") as file:
        recorded = {name: file[name][()] for name in file if name != "metadata"}
        _, *size = json.loads(file["metadata"][()])["input_shape"]
    for name, value in outputs(place / "best_model.h5", np.zeros(size)).items():
        np.testing.assert_allclose(value, recorded[name][0], atol=1e-5, rtol=1e-4)
