"""Which point of an animal is its centre: read from files of several programs, written so that none has to guess."""

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import torch

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job, centring_of
from sleapnn_engine.config.centring import REDUCTIONS, Centring
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.config.validate import validate
from sleapnn_engine.data.centroids import centroids
from sleapnn_engine.data.geometry import PLACES
from sleapnn_engine.inference.predictor import Predictor
from sleapnn_engine.inference.trained import read_trained
from sleapnn_engine.models.weights import OWN_SECTION
from tests.engine.training.rendered import built, job, trained, write_labels

HEAD = "model_config.head_configs.{}.confmaps"
#: A right angle: box, mean and median are three places.
ANIMAL = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 20.0]])


def _config(kind: str, *, version: str | None = None, **said: Any) -> dict[str, Any]:
    config = job(Path(), Path("labels.slp"), model_type=kind)
    for name, value in said.items():
        tree.put(config, f"{HEAD.format(kind)}.{name}", value)
    return config if version is None else {**config, "sleap_nn_version": version}


@pytest.mark.parametrize("kind", ["centroid", "centered_instance", "multi_class_topdown"])
@pytest.mark.parametrize(
    ("version", "said", "meant"),
    [
        (None, {}, Centring()),
        ("", {}, Centring()),
        ("any", {}, Centring()),
        ("0.1.0", {}, Centring()),
        ("v0.2.1a1", {}, Centring()),
        ("0.3.0", {}, Centring(None, "center_of_mass")),
        ("0.3.5", {}, Centring(None, "center_of_mass")),
        ("1.0", {"anchor_part": "neck"}, Centring("neck", "center_of_mass")),
        (None, {"anchor_part": "neck"}, Centring("neck")),
        ("0.3.5", {"centroid_method": "bbox_center"}, Centring()),
        ("0.3.5", {"anchor_part": "neck", "centroid_method": "anchor"}, Centring("neck", "center_of_mass")),
        (
            None,
            {"anchor_part": "neck", "centroid_fallback": "geometric_median"},
            Centring("neck", "geometric_median"),
        ),
        (None, {"centroid_method": "geometric_median"}, Centring(None, "geometric_median")),
    ],
)
def test_the_centre_is_what_the_writer_of_the_file_means(kind, version, said, meant) -> None:
    config = _config(kind, version=version, **said)
    assert centring_of(build_job(config)) == meant
    told = [issue for issue in validate(config) if issue.path == f"{HEAD.format(kind)}.anchor_part"]
    assert len(told) == (meant.otherwise != "bbox_center")
    if told:  # and the change that is offered does what it says
        assert told[0].severity == "info"
        assert REDUCTIONS[meant.otherwise] in told[0].message
        for path, value in told[0].fix.changes.items():
            tree.put(config, path, value)
        assert centring_of(build_job(config)) == Centring(meant.anchor)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"centroid_method": "middle"}, "centroid_method"),
        ({"centroid_method": 3}, "centroid_method"),
        ({"centroid_fallback": "anchor"}, "centroid_fallback"),
        ({"centroid_method": "anchor"}, "centroid_method"),
        ({"centroid_method": "bbox_center", "anchor_part": "neck"}, "centroid_method"),
    ],
)
def test_words_that_contradict_are_refused_where_they_stand(said, name) -> None:
    config = _config("centered_instance", **said)
    with pytest.raises(UserError) as refused:
        build_job(config)
    assert f"{HEAD.format('centered_instance')}.{name}" in refused.value.message
    (issue,) = [issue for issue in validate(config) if issue.severity == "error"]
    for path in issue.fix.changes:
        tree.drop(config, path)
    build_job(config)


def test_each_word_is_the_point_it_says() -> None:
    points = torch.from_numpy(np.stack([ANIMAL, ANIMAL + 5, np.full((3, 2), np.nan)]))
    points[1, 2] = torch.nan
    found = {name: centroids(points, otherwise=name).numpy() for name in REDUCTIONS}
    np.testing.assert_allclose(found["bbox_center"][:2], [[4, 10], [9, 5]])
    np.testing.assert_allclose(found["center_of_mass"][:2], [[8 / 3, 20 / 3], [9, 5]])
    # No point near it has a smaller sum of distances.
    best = found["geometric_median"][0]
    sums = [
        np.linalg.norm(ANIMAL - best - step, axis=1).sum()
        for step in 0.01 * np.mgrid[-1:2, -1:2].reshape(2, 9).T
    ]
    assert np.argmin(sums) == 4
    for name in REDUCTIONS:
        assert np.isnan(found[name][2]).all()
        np.testing.assert_allclose(centroids(points, anchor=1, otherwise=name)[:2], [[8, 0], [13, 5]])
        np.testing.assert_allclose(centroids(points, anchor=2, otherwise=name)[1], found[name][1])


def _anchored(folder: Path, kind: str) -> dict[str, Any]:
    config = job(folder, write_labels(folder), model_type=kind)
    config["sleap_nn_version"] = "0.3.5"
    config["trainer_config"]["save_ckpt"] = True
    tree.put(config, f"{HEAD.format(kind)}.anchor_part", "tail")
    return config


@pytest.mark.setting(
    "model_config.head_configs.*.confmaps.centroid_method",
    "model_config.head_configs.*.confmaps.centroid_fallback",
)
@pytest.mark.parametrize("anchor", ["tail", None])
def test_training_has_the_centre_of_its_config(anchor, tmp_path: Path) -> None:
    config = _anchored(tmp_path, "centroid")
    tree.put(config, f"{HEAD.format('centroid')}.anchor_part", anchor)
    frame = built(config, lambda training: training.parts.batches.train.store.labels.frames[0])
    points = torch.from_numpy(frame.points)
    expected = centroids(points, anchor=2 if anchor else None, otherwise="center_of_mass")
    np.testing.assert_allclose(frame.centers, expected, atol=1e-5)


def test_a_run_writes_down_what_it_was_trained_with_and_keeps_it_when_it_goes_on(tmp_path: Path) -> None:
    kind = "centered_instance"
    run = trained(_anchored(tmp_path, kind))
    written = read_config(run / "training_config.yaml").values
    meant = Centring("tail", "center_of_mass")
    assert {
        name: tree.get(written, f"{HEAD.format(kind)}.{name}") for name in meant.settings
    } == meant.settings
    assert read_trained(run).centring == meant
    # Whoever goes on with it with a config that leaves it open has it as before.
    config = job(tmp_path, tmp_path / "labels.slp", model_type=kind)
    config["trainer_config"] |= {
        "resume_ckpt_path": str(run / "best.ckpt"),
        "max_epochs": 2,
        "run_name": "on",
    }
    assert built(config, lambda training: centring_of(training.parts.job)) == Centring(None, "center_of_mass")


def test_a_model_from_before_is_read_as_it_was_trained_and_a_foreign_one_as_its_version_has_it(
    tmp_path: Path,
) -> None:
    config = job(tmp_path, write_labels(tmp_path), model_type="centered_instance")
    config["sleap_nn_version"] = "0.3.5"
    config["trainer_config"]["save_ckpt"] = True
    run = trained(config)
    file = run / "training_config.yaml"
    values = read_config(file).values
    for name in ("centroid_method", "centroid_fallback"):
        tree.drop(values, f"{HEAD.format('centered_instance')}.{name}")
    file.write_text(dump_config(values))
    assert read_trained(run).centring == Centring()
    assert read_trained(run).crops.places == PLACES
    content = torch.load(run / "best.ckpt", weights_only=True)
    del content[OWN_SECTION]["places"]
    torch.save(content, run / "best.ckpt")
    before = read_trained(run)
    assert before.crops.places == before.plan((64, 64, 1)).places == 1
    del content[OWN_SECTION]
    torch.save(content, run / "best.ckpt")
    assert read_trained(run).centring == Centring(None, "center_of_mass")
    foreign = read_trained(run)
    assert foreign.crops.places == PLACES
    finder = attrs.evolve(foreign, job=build_job(_config("centroid")))
    (note,) = [
        note
        for note in Predictor.of([finder, foreign], device=torch.device("cpu")).notes
        if "off-centre" in note
    ]
    assert REDUCTIONS["bbox_center"] in note
    assert REDUCTIONS["center_of_mass"] in note
