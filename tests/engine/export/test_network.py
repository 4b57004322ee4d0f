"""A trained network as a file: it gives the network's numbers, for any number of images, and says what they are."""

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from sleapnn_engine.cli import main
from sleapnn_engine.inference.trained import read_trained
from tests.engine.training.rendered import job, trained, write_labels

#: Every type of model has other outputs, and every kind of network has other layers.
NETWORKS = {
    "bottomup": {},
    "single_instance": {"backbone": "swint"},
    "centroid": {"backbone": "convnext"},
    "centered_instance": {},
    "multi_class_bottomup": {},
    "multi_class_topdown": {},
}
without_onnx = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime")),
    reason="onnx and onnxruntime are not installed",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Path]:
    made = {}
    folder = tmp_path_factory.mktemp("runs")
    labels = {
        count: write_labels(
            folder, f"{count}.slp", animals=count, size=(64, 96), tracks=("a", "b")[:count], frames=4
        )
        for count in (1, 2)
    }
    for kind, settings in NETWORKS.items():
        config = job(
            folder,
            labels[1 if kind == "single_instance" else 2],
            model_type=kind,
            trainer_config__save_ckpt=True,
            trainer_config__run_name=kind,
            trainer_config__train_steps_per_epoch=1,
            **settings,
        )
        made[kind] = trained(config)
    return made


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        *(pytest.param(kind, ".onnx", marks=without_onnx) for kind in NETWORKS),
        *((kind, ".pt2") for kind in ("centroid", "multi_class_topdown")),
    ],
)
def test_the_file_gives_the_numbers_of_the_network(kind, end, runs, tmp_path: Path, capsys) -> None:
    path = tmp_path / f"model{end}"
    assert main(["export", str(runs[kind]), "-o", str(path)]) == 0
    model, about = read_trained(runs[kind]), json.loads(path.with_suffix(".json").read_text())
    assert about["nodes"] == list(model.names.nodes)
    assert about["classes"] == list(model.names.classes)
    images = torch.rand(5, *about["input"]["shape"][1:])
    with torch.inference_mode():
        expected = model.network(images)
    if end == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        found = session.run(None, {about["input"]["name"]: images.numpy()})
    else:
        found = [one.detach().numpy() for one in torch.export.load(path).module()(images)]
    assert [one["name"] for one in about["outputs"]] == list(expected)
    for output, said in zip(found, about["outputs"], strict=True):
        np.testing.assert_allclose(output, expected[said["name"]].numpy(), atol=1e-5)
        assert said["channels"] == output.shape[1]
    assert 0 <= about["largest_difference"] < 1e-5
    assert f"{about['largest_difference']:.0e}"[0] in capsys.readouterr().out
    assert main(["export", str(runs[kind]), "-o", str(path)]) == 2
    assert "exists already" in capsys.readouterr().err


def test_what_is_said_leads_from_a_picture_to_the_input_and_back(runs, tmp_path: Path) -> None:
    """The sizes are those that the network gets here, and the way back is the way that points go here."""
    assert main(["export", str(runs["bottomup"]), "-o", str(tmp_path / "a.pt2"), "--size", "100x120"]) == 0
    about, model = json.loads((tmp_path / "a.json").read_text()), read_trained(runs["bottomup"])
    plan = model.plan((100, 120, 1))
    assert about["input"]["shape"] == ["N", plan.channels, plan.height, plan.width]
    places = np.array([[3.0, 5.0], [70.0, 33.0]])
    ratio, shift = (np.array(about["coordinates"][name]) for name in ("ratio", "shift"))
    np.testing.assert_allclose(
        (places - shift + 0.5) / ratio - 0.5, plan.sizing((100, 120)).to_source(places), atol=1e-9
    )


def test_what_cannot_be_exported_is_said(runs, tmp_path: Path, capsys) -> None:
    run = shutil.copytree(runs["bottomup"], tmp_path / "run")
    (run / "labels_gt.train.0.slp").unlink()
    for words, said in (
        (["-o", str(tmp_path / "model.pt2")], "--size"),
        (["-o", str(tmp_path / "model.h5")], ".onnx"),
        (["-o", str(tmp_path / "model.pt2"), "--size", "large"], "480x640"),
    ):
        assert main(["export", str(run), *words]) == 2
        assert said in capsys.readouterr().err
    pair = [str(runs[kind]) for kind in ("centroid", "centered_instance")]
    assert main(["export", *pair, "-o", str(tmp_path / "model.pt2")]) == 2
    assert "Export each run to a file of its own" in capsys.readouterr().err
    assert not list(tmp_path.glob("model*"))
