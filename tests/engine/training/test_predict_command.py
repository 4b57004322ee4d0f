"""`predict`: the points that training has left itself, on any kind of data, and nothing that is done is lost."""

import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.files import read_config
from sleapnn_engine.inference import Predictor
from sleapnn_engine.inference.predictor import Wanted
from sleapnn_engine.training.run import train
from tests.engine.commands.in_process import EventBody, engine
from tests.engine.data import drawn
from tests.engine.training.rendered import NODES, job, places, write_labels
from tests.engine.training.test_evaluation_files import by_x
from tests.engine.training.test_model_types import MODEL_TYPES, labels_for

Runs = Callable[[str], Path]
PAIRS = [("centroid", "centered_instance"), ("multi_class_topdown", "centroid")]


def predicted(*words: str | Path) -> sio.Labels:
    """Run the command, which must say nothing against it, and read its file as other programs do."""
    said = engine("predict", *words)
    assert (said.code, said.err) == (0, ""), said
    return sio.load_slp(str(words[list(map(str, words)).index("-o") + 1]))


def numbers(labels: sio.Labels) -> list[tuple[int, list[tuple[object, ...]]]]:
    """All that a file says of animals, frame by frame, to the last bit."""
    return [
        (
            frame.frame_idx,
            [
                (a.numpy().tobytes(), a.score, a.tracking_score, a.track.name if a.track else None)
                for a in frame.instances
            ],
        )
        for frame in sorted(labels, key=lambda one: one.frame_idx)
    ]


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_it_gives_the_points_that_training_left_bit_for_bit(
    learned_run: Runs, tmp_path: Path, model_type: str
) -> None:
    run = learned_run(model_type)
    for name in ("train.0", "test.1"):
        again = predicted(run, "--data", run / f"labels_gt.{name}.slp", "-o", tmp_path / f"{name}.slp")
        left = sio.load_slp((run / f"labels_pr.{name}.slp").as_posix())
        assert numbers(again) == numbers(left)
        assert sum(len(frame.instances) for frame in again) > 0
        assert again.skeletons[0].node_names == left.skeletons[0].node_names
        assert again.skeletons[0].edge_names == left.skeletons[0].edge_names
        assert [video.filename for video in again.videos] == [video.filename for video in left.videos]


def test_training_in_half_precision_is_judged_in_full(learned_run: Runs, tmp_path: Path) -> None:
    before = learned_run("single_instance")
    weights, key = str(before / "best.ckpt"), "model_config.backbone_config.unet.filters"
    config = job(
        tmp_path,
        write_labels(tmp_path, frames=2),
        data_config__use_same_data_for_val=True,
        model_config__backbone_config__unet__filters=tree.get(
            read_config(before / "training_config.yaml").values, key
        ),
        model_config__pretrained_backbone_weights=weights,
        model_config__pretrained_head_weights=weights,
        trainer_config__train_steps_per_epoch=1,
        trainer_config__optimizer__lr=1e-6,
        trainer_config__save_ckpt=True,
    )
    assert train(build_job(config), precision="bf16", stream=io.StringIO()) == 0
    run = tmp_path / "models" / "run"
    left = numbers(sio.load_slp((run / "labels_pr.train.0.slp").as_posix()))
    assert any(animals for _, animals in left)
    words = (run, "--data", run / "labels_gt.train.0.slp")
    assert numbers(predicted(*words, "-o", tmp_path / "full.slp")) == left
    assert numbers(predicted(*words, "-o", tmp_path / "half.slp", "--precision", "bf16")) != left


@pytest.mark.parametrize("pair", PAIRS)
def test_a_pair_finds_every_animal_by_itself(
    learned_run: Runs, tmp_path: Path, pair: tuple[str, str]
) -> None:
    runs = [learned_run(kind) for kind in pair]
    labels = learned_run("centroid") / "labels_gt.train.0.slp"
    found = predicted(*runs, "--data", labels, "-o", tmp_path / "pair.slp")
    truth = sio.load_slp(labels.as_posix())
    for frame, true in zip(found, truth, strict=True):
        gaps = [a.numpy() - t.numpy() for a, t in zip(by_x(frame), by_x(true), strict=True)]
        assert np.nanmedian(np.linalg.norm(gaps, axis=-1)) < 2
        if "multi_class_topdown" in pair:
            assert [animal.track.name for animal in by_x(frame)] == ["short", "long"]
    scores = [animal.score for frame in found for animal in frame.instances]
    assert all(0.2 < score < 1.2 and score != 1.0 for score in scores)  # those of the centres
    assert found.skeletons[0].node_names == list(NODES)
    one = predicted(*runs, "--data", labels, "-o", tmp_path / "one.slp", "--max-instances", "1")
    assert [len(frame.instances) for frame in one] == [1] * len(truth)


def test_animals_are_followed_on_request(learned_run: Runs, tmp_path: Path) -> None:
    pair = [learned_run(kind) for kind in PAIRS[0]]
    shown = sio.load_slp((pair[0] / "labels_gt.train.0.slp").as_posix())
    video = tmp_path / "video"
    video.mkdir()
    for number in range(6):  # the animals change sides in the middle, and nobody follows them so far
        image = shown[0].image if number < 3 else np.ascontiguousarray(shown[0].image[:, ::-1])
        cv2.imwrite((video / f"{number}.png").as_posix(), image)
    words = ("--data", video, "--tracking", "oks")
    found = predicted(*pair, *words, "-o", tmp_path / "out.slp")
    tracks = [[animal.track.name for animal in by_x(frame)] for frame in found]
    assert tracks[:3] == [tracks[0]] * 3
    assert sorted(tracks[0]) == ["track_0", "track_1"]
    assert all(animal.tracking_score > 0 for animal in found[1].instances)
    two = predicted(*pair, *words, "-o", tmp_path / "two.slp", "--max-tracks", "2", "--tracking-window", "1")
    assert len(two.tracks) == 2
    named = learned_run("multi_class_bottomup")
    refused(named, *words, "-o", tmp_path / "n.slp", saying="knows who is who")
    refused(pair[0], *words, "-o", tmp_path / "n.slp", saying="--tracking centroid")
    refused(learned_run("single_instance"), *words, "-o", tmp_path / "n.slp", saying="nothing to follow")
    refused(
        *pair, "--data", video, "-o", tmp_path / "n.slp", "--max-tracks", "2", saying="only followed with"
    )


def recordings(folder: Path, images: np.ndarray) -> dict[str, Path]:
    """The same frames, uint8 (F, H, W), in every form that keeps them as they are."""
    listed = folder / "images"
    listed.mkdir()
    for number, image in enumerate(images):
        cv2.imwrite((listed / f"frame{number}.png").as_posix(), image)
    cv2.imwritemulti((folder / "stack.tif").as_posix(), list(images))
    with h5py.File(folder / "array.h5", "w") as file:
        file["images"] = images[..., None]
    return {"folder": listed, "stack": folder / "stack.tif", "array": folder / "array.h5"}


def test_videos_of_every_kind_are_read_and_referred_to(learned_run: Runs, tmp_path: Path) -> None:
    run = learned_run("single_instance")
    shown = sio.load_slp((run / "labels_gt.train.0.slp").as_posix())
    images = np.stack([shown.videos[0][n][..., 0] for n in [*range(len(shown.videos[0]))] * 6])
    kinds = recordings(tmp_path, images)
    every = {
        name: predicted(run, "--data", path, "-o", tmp_path / f"{name}.slp") for name, path in kinds.items()
    }
    first = numbers(every["folder"])
    assert len(first) == len(images) == 12
    assert all(numbers(labels) == first for labels in every.values())
    for name in ("folder", "array"):
        assert every[name].videos[0].shape[:3] == (12, 64, 64)
        assert np.array_equal(every[name][7].image[..., 0], images[7])
    some = predicted(run, "--data", kinds["folder"], "-o", tmp_path / "s.slp", "--frames", "10, 2-3,3")
    assert numbers(some) == [first[2], first[3], first[10]]
    for name in ("video.mp4", "video.avi"):
        video = drawn.write_video(tmp_path / name, 5)
        labels = predicted(run, "--data", video, "-o", tmp_path / f"{name}.slp", "--peak-threshold", "0")
        assert [frame.frame_idx for frame in labels] == [0, 1, 2, 3, 4]
        assert labels.videos[0].filename == video.as_posix()
        assert labels.provenance["options"]["peak_threshold"] == 0


def test_of_labels_frames_can_be_chosen(learned_run: Runs, tmp_path: Path) -> None:
    run = learned_run("single_instance")
    labels = write_labels(tmp_path, "some.slp", frames=6, predicted=2)
    words = (run, "--data", labels, "-o")

    def frames(name: str, *options: str) -> list[int]:
        return [frame.frame_idx for frame in predicted(*words, tmp_path / name, *options)]

    assert frames("all.slp") == [0, 1, 2, 3, 4, 5]
    assert frames("hand.slp", "--only-labelled") == [0, 1, 2, 3]
    assert frames("hands.slp", "--only-labelled", "--frames", "2-5") == [2, 3]
    stored = sio.load_slp(labels.as_posix())
    stored.labeled_frames = stored.labeled_frames[1:2]
    sio.save_slp(stored, (tmp_path / "one.slp").as_posix(), embed=False, restore_original_videos=False)
    words = (run, "--data", tmp_path / "one.slp", "-o")
    assert frames("listed.slp") == [1]
    assert frames("video.slp", "--video-index", "0") == [0, 1, 2, 3, 4, 5]
    assert frames("part.slp", "--frames", "3-4") == [3, 4]


def test_frames_that_do_not_decode_are_left_out_and_named(learned_run: Runs, tmp_path: Path) -> None:
    video = drawn.spoil(drawn.write_video(tmp_path / "a.avi"), [4, 6])
    said = engine("predict", learned_run("single_instance"), "--data", video, "-o", tmp_path / "out.slp")
    assert said.code == 0
    (line,) = said.err.splitlines()
    assert line.startswith("warning: 2 frames could not be read and are left out: a.avi frame 4: ")
    assert "a.avi frame 6" in line
    left = [frame.frame_idx for frame in sio.load_slp((tmp_path / "out.slp").as_posix())]
    assert left == [0, 1, 2, 3, 5, 7, 8, 9, 10, 11]


def refused(*words: str | Path, saying: str, code: int = 2) -> None:
    said: EventBody = engine("predict", *words)
    assert (said.code, saying in said.err) == (code, True), said


def test_what_makes_no_sense_is_refused_in_sentences(learned_run: Runs, tmp_path: Path) -> None:
    single, crops = learned_run("single_instance"), learned_run("centered_instance")
    centres, limbs = learned_run("centroid"), learned_run("bottomup")
    labels, out = single / "labels_gt.train.0.slp", tmp_path / "out.slp"
    video = drawn.write_video(tmp_path / "video.avi", 3)
    to = ("-o", out)
    refused(tmp_path / "none", "--data", labels, *to, saying="There is no such run folder.")
    refused(tmp_path, "--data", labels, *to, saying="there is no training_config.yaml in it")
    empty = tmp_path / "untrained"
    empty.mkdir()
    (empty / "training_config.yaml").write_bytes((single / "training_config.yaml").read_bytes())
    (empty / "last.ckpt").write_bytes((single / "best.ckpt").read_bytes())
    refused(empty, "--data", labels, *to, saying="Give the checkpoint to use itself: last.ckpt.")
    predicted(empty / "last.ckpt", "--data", labels, "-o", tmp_path / "last.slp")
    (empty / "best.ckpt").write_bytes((limbs / "best.ckpt").read_bytes())
    refused(empty, "--data", labels, *to, saying="another network", code=1)
    (empty / "best.ckpt").write_bytes(b"no checkpoint")
    refused(empty, "--data", labels, *to, saying="could not be read as a checkpoint", code=1)
    refused(single, limbs, "--data", labels, *to, saying="do not work together")
    refused(centres, centres, "--data", labels, *to, saying="do not work together")
    refused(crops, "--data", video, *to, saying="animals whose place is known")
    refused(single, "--data", video, *to, "--only-labelled", saying="shows no labels")
    refused(single, "--data", video, *to, "--video-index", "0", saying="is one video")
    refused(single, "--data", video, *to, "--frames", "1-3", saying="has 3 frames, numbered from 0 to 2")
    refused(single, "--data", video, *to, "--frames", "3-1", saying="ends before it begins")
    refused(single, "--data", video, *to, "--frames", "a", saying="is no frame number")
    refused(single, "--data", video, *to, "--max-instances", "1", saying="nothing to limit")
    refused(centres, "--data", video, *to, "--n-points", "5", saying="does not join parts along limbs")
    refused(single, "--data", video, *to, "--device", "gpu3", saying="There is no device")
    refused(single, "--data", video, *to, "--precision", "16", saying="16-bit floats are for graphics cards")
    refused(single, "--data", video, "-o", tmp_path / "out.h5", saying="Call it out.slp.")
    refused(single, "--data", video, "-o", tmp_path / "no" / "out.slp", saying="there is no folder")
    refused(single, "--data", tmp_path / "no.mp4", *to, saying="There is no such file or folder.")
    refused(single, "--data", tmp_path / "untrained", *to, saying="There are no images in this folder.")
    said = engine("predict", single, "--data", video, *to, "--batch-size", "0", "--peak-threshold", "2")
    assert said.code == 2
    assert "--batch-size" in said.err
    assert "--peak-threshold" in said.err
    # Of faults in different places, all are told.
    said = engine(
        "predict",
        tmp_path / "none",
        "--data",
        tmp_path / "no.mp4",
        "-o",
        tmp_path / "x.h5",
        "--device",
        "tpu",
    )
    assert said.code == 2
    assert all(part in said.err for part in ("run folder", "no.mp4", "x.slp", "tpu"))
    assert not out.exists()


def test_a_file_that_is_there_is_only_replaced_on_request(learned_run: Runs, tmp_path: Path) -> None:
    run = learned_run("single_instance")
    labels = write_labels(tmp_path, "mine.slp", frames=2)
    before = labels.read_bytes()
    refused(run, "--data", labels, "-o", labels, saying="there already")
    refused(run, "--data", labels, "-o", labels, "--overwrite", saying="would replace the labels")
    assert labels.read_bytes() == before
    out = tmp_path / "out.slp"
    out.write_bytes(b"something")
    refused(run, "--data", labels, "-o", out, saying="there already")
    assert out.read_bytes() == b"something"
    assert len(predicted(run, "--data", labels, "-o", out, "--overwrite")) == 2


def test_ctrl_c_keeps_what_is_done_and_costs_no_good_file(learned_run: Runs, tmp_path: Path) -> None:
    video, good, out = (
        drawn.write_video(tmp_path / "long.avi", 4000),
        tmp_path / "good.slp",
        tmp_path / "new.slp",
    )
    good.write_bytes(b"a good file")
    run = str(learned_run("single_instance"))
    for path, written in ((good, tmp_path / "good.partial.slp"), (out, out)):
        words = [
            "predict",
            run,
            "--data",
            str(video),
            "-o",
            str(path),
            "--overwrite",
            "--json",
            "--batch-size",
            "1",
        ]
        process = subprocess.Popen(
            [sys.executable, "-m", "sleapnn_engine", *words], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        lines = iter(process.stdout)
        told: dict[str, object] = {}
        while not told.get("n_processed"):
            told = json.loads(next(lines))
        assert told["n_total"] == 4000
        assert float(str(told["rate"])) > 0
        assert float(str(told["eta"])) > 0
        process.send_signal(signal.SIGINT)
        rest = [json.loads(line) for line in lines]
        process.stdout.close()
        assert process.wait() == 130
        assert rest[-1]["outcome"] == "interrupted"
        assert rest[-1]["output"] == str(written)
        done = sio.load_slp(written.as_posix())
        assert 0 < len(done) == rest[-1]["frames"] < 4000
        assert done.provenance["frames"] == f"{len(done)} of 4000"
    assert good.read_bytes() == b"a good file"


def test_what_was_done_before_a_failure_is_kept_beside_the_file(
    learned_run: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = learned_run("single_instance")  # trained before anything fails: it predicts as well
    video, out = drawn.write_video(tmp_path / "video.avi", 40), tmp_path / "out.slp"
    real = Predictor._find
    left = iter(range(3))

    def failing(self: Predictor, ready: object) -> object:
        if next(left, None) is None:
            raise MemoryError
        return real(self, ready)  # type: ignore[arg-type]

    monkeypatch.setattr(Predictor, "_find", failing)
    said = engine("predict", run, "--data", video, "-o", out)
    assert said.code == 1
    assert "not enough memory" in said.err
    assert "12 frames that were done are in" in said.err
    assert len(sio.load_slp(out.as_posix())) == 12


def test_no_more_is_read_ahead_than_two_batches_beyond_the_one_in_work(learned_run: Runs) -> None:
    predictor = Predictor.open(learned_run("single_instance"), device="cpu", batch_size=2)
    image, drawn_frames = np.zeros((64, 64, 1), np.uint8), []

    def stream():
        for number in range(1000):
            drawn_frames.append(number)
            yield Wanted(0, number, lambda: image)

    running = predictor.run(stream(), workers=1)
    for done in range(1, 6):
        assert len(next(running)) == 2
        assert len(drawn_frames) <= 2 * (done + 3)
    running.close()


def test_arrays_come_back_as_points_of_their_own_pixels(learned_run: Runs, tmp_path: Path) -> None:
    predictor = Predictor.open(learned_run("bottomup"), device="cpu")
    shown = sio.load_slp((learned_run("bottomup") / "labels_gt.train.0.slp").as_posix())
    images = np.stack([frame.image for frame in shown])
    found = predictor.predict(images)
    for poses, true in zip(found, places(2, 2, height=64, width=96), strict=True):
        assert poses.points.shape == (2, 3, 2)
        ordered = poses.points[np.argsort(poses.points[:, 1, 0])]
        assert np.linalg.norm(ordered - true, axis=-1).max() < 2
    assert predictor.names.nodes == NODES
    with pytest.raises(ValueError, match="uint8"):
        predictor.predict(images.astype(float))
    crops = Predictor.open([learned_run("centered_instance")], device="cpu")
    centres = places(2, 2, height=64, width=96).mean(axis=2)
    (one, _) = crops.predict(images, centers=list(centres))
    assert one.points.shape == (2, 3, 2)
    with pytest.raises(Exception, match="needs their centres"):
        crops.predict(images)


def test_models_of_other_programs_are_read(shared_data: Path, tmp_path: Path) -> None:
    labels = shared_data / "projects" / "minimal_instance" / "minimal_instance.pkg.slp"
    truth = sio.load_slp(labels.as_posix())[0]
    for number, folder in enumerate((shared_data / "sleap_nn_models" / "minimal_instance_bottomup",)):
        found = predicted(folder, "--data", labels, "-o", tmp_path / f"{number}.slp")[0]
        gaps = [a.numpy() - t.numpy() for a, t in zip(by_x(found), by_x(truth), strict=True)]
        assert np.nanmedian(np.linalg.norm(gaps, axis=-1)) < 3


def test_labels_of_other_types_are_left_alone(learned_run: Runs, tmp_path: Path) -> None:
    """A model of crops looks at the animals of the labels it is given, not of those it was trained on."""
    labels = labels_for("centered_instance", tmp_path, frames=3)
    found = predicted(learned_run("centered_instance"), "--data", labels, "-o", tmp_path / "o.slp")
    assert [len(frame.instances) for frame in found] == [2, 2, 2]
