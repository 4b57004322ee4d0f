"""Files are data: one that carries a command of each kind is refused or read, and the command is never carried out."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from sleapnn_engine.cli import main
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.inference.trained import read_trained
from sleapnn_engine.models.keras_file import read_keras
from sleapnn_engine.models.weights import read_checkpoint
from sleapnn_engine.training.resuming.previous_run import open_previous_run
from tests.engine.hostile import Command, mark
from tests.engine.training.rendered import job, trained, write_labels

__all__ = ["mark"]  # a fixture


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    return trained(job(folder, write_labels(folder), trainer_config__save_ckpt=True))


def _beside_weights(content: dict[str, Any], path: Path, mark: Path) -> None:
    torch.save({**content, "hyper_parameters": Command(mark)}, path)


def _in_place_of_weights(content: dict[str, Any], path: Path, mark: Path) -> None:
    torch.save({**content, "state_dict": Command(mark)}, path)


def _in_the_old_format(content: dict[str, Any], path: Path, mark: Path) -> None:
    torch.save({**content, "more": Command(mark)}, path, _use_new_zipfile_serialization=False)


def _pickled(content: dict[str, Any], path: Path, mark: Path) -> None:
    path.write_bytes(pickle.dumps(Command(mark)))


def _as_a_program(content: dict[str, Any], path: Path, mark: Path) -> None:
    torch.jit.save(torch.jit.trace(torch.nn.Linear(1, 1), torch.zeros(1, 1)), str(path))


@pytest.mark.parametrize(
    "spoil", [_beside_weights, _in_place_of_weights, _in_the_old_format, _pickled, _as_a_program]
)
def test_a_checkpoint_with_a_command(
    spoil: Callable[..., None], run: Path, mark: Path, tmp_path: Path
) -> None:
    content = torch.load(run / "best.ckpt", weights_only=True)
    for name in ("training_config.yaml", "best.ckpt"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    path = tmp_path / "best.ckpt"
    spoil(content, path, mark)
    for read in (read_checkpoint, read_trained, open_previous_run):
        try:
            read(path)
            assert spoil is _beside_weights, "only what is whole without the command can be read"
        except UserError:
            assert spoil is not _beside_weights
        assert not mark.exists()


#: How programs that decode with jsonpickle are told to call something.
def _call(mark: Path) -> dict[str, Any]:
    return {"py/reduce": [{"py/function": "os.mkdir"}, {"py/tuple": [str(mark)]}]}


def test_a_model_of_keras_with_a_command(mark: Path, tmp_path: Path) -> None:
    path = tmp_path / "best_model.h5"
    with h5py.File(path, "w") as file:
        layer = {"class_name": "Lambda", "config": {"function": f"__import__('os').mkdir({str(mark)!r})"}}
        file.attrs["model_config"] = json.dumps({"config": {"layers": [layer]}})
        file["model_weights/layer/kernel:0"] = np.ones((3, 3, 1, 1), dtype=np.float32)
        file["model_weights/layer/pickled"] = np.void(pickle.dumps(Command(mark)))
    assert list(read_keras(path, setting="")) == ["layer.weight"]
    assert not mark.exists()


def test_labels_with_a_command(mark: Path, tmp_path: Path) -> None:
    path = write_labels(tmp_path)
    with h5py.File(path, "r+") as file:
        metadata = json.loads(file["metadata"].attrs["json"])
        metadata["provenance"] = _call(mark)
        metadata["negative_anchors"] = _call(mark)
        file["metadata"].attrs["json"] = np.bytes_(json.dumps(metadata))
        file["pickled"] = np.void(pickle.dumps(Command(mark)))
    reading = read_labels([path], user_instances_only=True)
    reading.labels.close()
    assert not mark.exists()
    with h5py.File(path, "r+") as file:
        metadata["skeletons"][0]["nodes"] = [_call(mark)]
        metadata["nodes"] = [_call(mark)]
        file["metadata"].attrs["json"] = np.bytes_(json.dumps(metadata))
    reading = read_labels([path], user_instances_only=True)
    reading.labels.close()
    assert reading.problems
    assert not mark.exists()


def test_an_array_file_with_a_command(run: Path, mark: Path, tmp_path: Path, capsys) -> None:
    """numpy's own files are read nowhere; images in `.h5` are numbers or nothing."""
    path = tmp_path / "video.npz"
    np.savez(path, images=np.array(Command(mark), dtype=object))
    video = tmp_path / "video.h5"
    with h5py.File(video, "w") as file:
        file["images"] = np.void(pickle.dumps(Command(mark)))
    for data in (path, video):
        assert main(["predict", str(run), "--data", str(data), "-o", str(tmp_path / "out.slp")]) != 0
        assert str(data) in capsys.readouterr().err
    (run / "metrics.val.0.npz").write_bytes(path.read_bytes())
    assert main(["runs", "list", str(run.parent)]) == 0
    assert not mark.exists()
