"""SLEAP's own windows: the one that watches a training and stops it, and the lists of trained models and their figures."""

import io
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sleap_io as sio
import zmq

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.inspect.suggestions import suggest
from sleapnn_engine.inspect.wanted import never
from sleapnn_engine.training.run import train
from tests.engine.data import drawn
from tests.engine.evaluation.test_comparing import ANIMAL, predictions, write
from tests.engine.training.jobs import events
from tests.engine.training.rendered import NODES, job, trained, write_labels
from tests.interop.table import learning, predicted

pytestmark = pytest.mark.interop


def test_its_training_window_watches_and_stops_a_training(their_side, tmp_path: Path) -> None:
    publish, control = _free_ports()
    said: dict[str, Any] = {}
    window = threading.Thread(target=lambda: said.update(their_side("watch", publish, control)))
    window.start()
    _wait_for(publish)
    config = job(
        tmp_path,
        write_labels(tmp_path),
        trainer_config__max_epochs=10_000,
        trainer_config__early_stopping__stop_training_on_plateau=False,
        trainer_config__zmq__publish_port=publish,
        trainer_config__zmq__controller_port=control,
    )
    assert train(build_job(config), stream=io.StringIO()) == 0
    window.join()
    told = events(tmp_path / "models" / "run")
    assert told[-1]["body"]["outcome"] == "stopped"
    done = [event["body"] for event in told if event["kind"] == "epoch_end"]
    assert said["pressed_after"] >= 2
    assert said["epochs"] == len(done) >= 3
    assert said["val"] == pytest.approx(done[-1]["val"])
    assert said["ended"]
    assert said["batches"] >= 4


def test_its_lists_show_every_kind_of_run(their_side, tmp_path: Path) -> None:
    labels = write_labels(tmp_path, "one.slp")
    several = write_labels(tmp_path, "two.slp", animals=2, size=(64, 96), tracks=("short", "long"))
    for kind in MODEL_TYPES:
        alone = kind == "single_instance"
        trained(
            job(
                tmp_path,
                labels if alone else several,
                model_type=kind,
                trainer_config__save_ckpt=True,
                trainer_config__run_name=kind,
            )
        )
    said = their_side("listed", labels)
    assert {row["head"] for row in said["models"]} == set(MODEL_TYPES)
    assert {row["Model Type"] for row in said["table"]} == set(MODEL_TYPES)
    for row in said["models"]:
        assert row["nodes"] == list(NODES), row
        counts = (6, 6, 2, 2) if row["head"] == "single_instance" else (12, 6, 4, 2)
        assert tuple(row["counts"]) == counts, row
    for kind in MODEL_TYPES:
        assert said["by_head"][kind] == [str(tmp_path / "models" / kind)]
    for row in said["table"]:
        assert row["Path"] == str(tmp_path / "models" / row["Model Type"])
        assert row["Architecture"].startswith("unet, max stride: 8")
        assert "frames)" in row["Training Instances"]
        # A model that has seen four images finds little; that its figures are there is what counts.
        assert "OKS mAP" in row or row["Model Type"] == "centroid"
    folders = [tmp_path / "models" / kind for kind in MODEL_TYPES]
    for run, read in their_side("figures", *folders).items():
        ours = json.loads((Path(run) / "metrics.val.0.json").read_text())
        for section, part in read.items():
            known = {name: ours[section][name] for name in part}
            np.testing.assert_allclose(
                [np.nan if value is None else value for value in known.values()], list(part.values())
            )


def test_its_main_window_lists_what_is_sent_to_labelling(their_side, tmp_path: Path) -> None:
    video = drawn.write_video(tmp_path / "a.avi", 9, size=(64, 64))
    truth = write(tmp_path / "t.slp", {(0, 2): [ANIMAL], (0, 4): [ANIMAL]}, videos=(str(video),))
    given = {(0, 2): [ANIMAL + 3, ANIMAL + 9], (0, 3): [ANIMAL]}
    found = predictions(tmp_path / "p.slp", given, videos=(str(video),))
    asked = {
        "file": str(truth),
        "predicted": str(found),
        "frames": [{"video": str(video), "frame": number} for number in (4, 2, 3)],
        "output": str(tmp_path / "out.slp"),
    }
    suggest(asked, never)
    said = their_side("shown", asked["output"])
    seen = said["seen"][:3]
    # It counts frames from 1 in its list.
    assert [row[1] for row in said["rows"]] == [5, 3, 4]
    assert {row[0] for row in said["rows"]} == {"1: a.avi"}
    assert [row[2] for row in said["rows"]] == ["1", "1", ""]
    assert [one["frame"] for one in seen] == [4, 2, 3]
    assert [(one["user"], one["predicted"]) for one in seen] == [(1, 0), (1, 2), (0, 1)]
    assert {tuple(one["image"][:2]) for one in seen} == {(64, 64)}


def test_its_main_window_shows_what_is_predicted(their_side, tmp_path: Path) -> None:
    several = write_labels(tmp_path, "two.slp", animals=2, size=(64, 96), tracks=("short", "long"))
    config = learning(tmp_path / "runs", several, "multi_class_bottomup", "unet")
    run = trained(config)
    output = tmp_path / "found.slp"
    assert predicted(several, output, [run], "--frames", "0-5") is None
    said = their_side("shown", output)
    ours = sorted(sio.load_slp(str(output)).labeled_frames, key=lambda frame: frame.frame_idx)
    assert said["tracks"] == ["short", "long"]
    assert said["nodes"] == list(NODES)
    assert said["edges"] == [["nose", "neck"], ["neck", "tail"]]
    assert said["provenance"]["model_paths"] == str([str(run / "best.ckpt")])
    assert [one["frame"] for one in said["seen"]] == list(range(6))
    assert [one["predicted"] for one in said["seen"]] == [len(frame.instances) for frame in ours]
    assert sum(one["predicted"] for one in said["seen"]) >= 6
    for frame, points, scores, seen in zip(ours, said["points"], said["scores"], said["seen"], strict=True):
        np.testing.assert_allclose(points, [one.numpy() for one in frame.instances], atol=1e-9)
        np.testing.assert_allclose(scores, [one.score for one in frame.instances], rtol=1e-6)
        assert [row["track"] for row in seen["instances"]] == [one.track.name for one in frame.instances]


def _free_ports() -> tuple[int, int]:
    context = zmq.Context.instance()
    ends = [context.socket(zmq.SUB) for _ in range(2)]
    first, second = (end.bind_to_random_port("tcp://127.0.0.1") for end in ends)
    for end in ends:
        end.close(linger=0)
    return first, second


def _wait_for(port: int) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
