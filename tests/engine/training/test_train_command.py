"""`train` as a user runs it, in processes of its own: the run folder, the exact events, control and signals."""

import csv
import signal
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import sleap_io as sio
import torch

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.protocol.client import EngineClient
from sleapnn_engine.protocol.connection import Connection
from sleapnn_engine.protocol.events import Samples
from sleapnn_engine.protocol.messages import Event
from tests.engine.training.jobs import config_file, events, finish, outline, start, values, wait_for

PREPARING = [
    *(f"{name} {state}" for name in ("labels", "split") for state in ("started", "done")),
    "samples",
    *(f"{name} {state}" for name in ("cache", "model") for state in ("started", "done")),
    "started",
    "first_batch started",
    "first_batch done",
]
VALIDATING = ["train done", "validate started", "validate done", "epoch_end"]
SAVING = ["save started", "checkpoint", "save done"]
#: The best model predicts two parts, and the log tells of each.
FINISHING = [
    "finish started",
    "log",
    "log",
    "finish done",
    "finish started",
    "finish done",
    "log",
    "finished",
]


def epoch(steps: int) -> list[str]:
    return ["train started", *["batch_end"] * steps, *VALIDATING, *SAVING]


@pytest.fixture(scope="module")
def run(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run of two epochs: its folder."""
    folder = tmp_path_factory.mktemp("whole")
    config = values(
        shared_data,
        folder,
        trainer_config__visualize_preds_during_training=True,
        trainer_config__keep_viz=True,
        trainer_config__wandb__api_key="secret",
        model_config__backbone_config__unet__in_channels=3,
    )
    code, out, err = finish(start(config_file(config, folder)))
    assert (code, err.count("error")) == (0, 0), err
    assert out.splitlines()[0] == f"run folder: {folder / 'run'}"
    assert sum(line.startswith("epoch ") for line in out.splitlines()) == 2
    return folder / "run"


def test_events_come_in_exactly_this_order(run: Path) -> None:
    # The log says that the images have one channel where the config says three.
    preparing = [*PREPARING[:8], "log", *PREPARING[8:]]
    assert outline(run) == [*preparing, *epoch(3), *epoch(3), *FINISHING]


def test_numbers_of_the_journal_leave_room_for_frames_only(run: Path) -> None:
    numbers = [event["seq"] for event in events(run)]
    assert numbers == sorted(set(numbers))
    # One training and six validation frames per epoch are sent, but not kept, and up to four that are a part's worst.
    assert 2 * 7 <= numbers[-1] - len(numbers) <= 2 * 11


def test_started_says_what_is_trained(run: Path) -> None:
    body = next(event["body"] for event in events(run) if event["kind"] == "started")
    assert body["run_dir"] == str(run)
    assert (body["n_train"], body["n_val"], body["steps_per_epoch"], body["max_epochs"]) == (64, 12, 3, 2)
    assert (len(body["nodes"]), len(body["edges"])) == (32, 25)
    assert body["model_type"] == "single_instance"
    assert body["early_stopping_patience"] == 10


def test_what_there_is_to_learn_from_is_told(run: Path) -> None:
    said = Samples.read(next(event["body"] for event in events(run) if event["kind"] == "samples"))
    parts = {
        "learned": sio.load_slp(run / "labels_gt.train.0.slp"),
        "measured": sio.load_slp(run / "labels_gt.val.0.slp"),
    }
    assert (said.train_frames, said.val_frames) == (len(parts["learned"]), len(parts["measured"])) == (64, 12)
    for labels, told in ((parts["learned"], said.train_parts), (parts["measured"], said.val_parts)):
        points = np.concatenate([frame.numpy() for frame in labels])
        seen = np.isfinite(points).all(axis=-1).sum(axis=0).tolist()
        assert told == dict(zip(labels.skeleton.node_names, seen, strict=True))
    assert (said.train_animals, said.crop, said.cut) == (64, None, 0)


def test_the_folder_holds_exactly_these_files(run: Path) -> None:
    names = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    images = {name for name in names if name.startswith("frames/image-")}
    assert 7 <= len(images) <= 2 * 7, "one training frame, and the worst differ from epoch to epoch"
    assert names - images == {
        *(f"frames/epoch-{epoch:04d}.npz" for epoch in (0, 1)),
        "best.ckpt",
        "events.jsonl",
        "initial_config.yaml",
        "labels_gt.train.0.slp",
        "labels_gt.val.0.slp",
        *(f"labels_pr.{split}.0.slp" for split in ("train", "val")),
        *(f"metrics.{split}.0.{kind}" for split in ("train", "val") for kind in ("json", "npz")),
        "run.log",
        "training_config.yaml",
        "training_log.csv",
        *(f"viz/{split}.{epoch:04d}.png" for split in ("train", "validation") for epoch in (0, 1)),
    }


def test_the_final_config_is_the_newest_settings_file_on_disk(run: Path) -> None:
    # SLEAP takes the newest YAML or JSON file of a folder for the model's settings.
    settings = [path for path in run.iterdir() if path.suffix in (".yaml", ".json")]
    assert max(settings, key=lambda path: path.stat().st_mtime_ns).name == "training_config.yaml"


def test_the_log_has_each_epoch_with_its_own_values(run: Path) -> None:
    with (run / "training_log.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    said = events(run)
    epochs = [event["body"] for event in said if event["kind"] == "epoch_end"]
    nodes = next(event["body"]["nodes"] for event in said if event["kind"] == "started")
    fixed = ["epoch", "train/loss", "val/loss", "learning_rate", "train/time", "val/time"]
    assert list(rows[0]) == [
        *fixed,
        *(f"train/confmaps/{node}" for node in nodes),
        "val/pck_10",
        "val/pck_5",
        "val/mean_oks",
        "val/oks_map",
    ]
    for row, body in zip(rows, epochs, strict=True):
        steps = [
            e["body"]["loss"]
            for e in said
            if e["kind"] == "batch_end" and e["body"]["epoch"] == body["epoch"]
        ]
        assert int(row["epoch"]) == body["epoch"]
        assert float(row["train/loss"]) == pytest.approx(sum(steps) / len(steps), rel=1e-6)
        assert float(row["val/loss"]) == body["val"]
        assert 0 <= float(row["val/mean_oks"]) == body["error"]["mean_oks"] <= 1
        assert float(row["val/oks_map"]) == body["error"]["oks_map"]
        assert 0 <= float(row["val/pck_5"]) <= float(row["val/pck_10"]) == body["error"]["pck_10"] <= 1
        assert float(row["learning_rate"]) == 0.001
        by_node = [float(row[f"train/confmaps/{node}"]) for node in nodes]
        assert sum(by_node) / len(by_node) == pytest.approx(body["train"], rel=1e-4)


def test_the_config_in_the_folder_is_complete_and_resolved(run: Path) -> None:
    config = read_config(run / "training_config.yaml").values
    unet = config["model_config"]["backbone_config"]["unet"]
    head = config["model_config"]["head_configs"]["single_instance"]["confmaps"]
    trainer = config["trainer_config"]
    content = torch.load(run / "best.ckpt", weights_only=True)
    assert (unet["in_channels"], unet["output_stride"]) == (1, 4)
    assert head["part_names"][:3] == ["head", "eyeL", "eyeR"]
    assert (trainer["train_steps_per_epoch"], trainer["run_name"], trainer["seed"]) == (3, "run", 7)
    assert trainer["wandb"]["api_key"] is None
    weights = sum(value.numel() for value in content["state_dict"].values())
    assert config["model_config"]["total_params"] == weights
    assert [node["name"] for node in config["data_config"]["skeletons"][0]["nodes"]] == head["part_names"]
    assert set(SPEC.sections["trainer_config"].keys) == {
        f"trainer_config.{name}" for name, value in trainer.items() if f"trainer_config.{name}" in SPEC.keys
    }
    build_job(config)


def test_initial_config_keeps_what_was_asked_for(run: Path) -> None:
    config = read_config(run / "initial_config.yaml").values
    assert config["model_config"]["backbone_config"]["unet"]["in_channels"] == 3
    assert config["model_config"]["head_configs"]["single_instance"]["confmaps"]["part_names"] is None
    assert config["trainer_config"]["wandb"]["api_key"] is None


def test_the_split_can_be_opened_elsewhere(run: Path, shared_data: Path) -> None:
    for split, frames in (("train", 64), ("val", 12)):
        labels = sio.load_slp((run / f"labels_gt.{split}.0.slp").as_posix())
        assert len(labels) == frames
        stored = Path(str(labels.videos[0].filename))
        assert stored.resolve() == (shared_data / "fly32_single" / f"{split}.pkg.slp").resolve()
        assert labels[0].image.shape == (192, 192, 1)


def test_pictures_show_the_frame(run: Path) -> None:
    picture = cv2.imread(str(run / "viz" / "validation.0001.png"))
    assert picture.shape[1] == 960
    assert picture.std() > 10


def test_the_run_log_tells_the_story(run: Path) -> None:
    text = (run / "run.log").read_text(encoding="utf-8")
    assert "in_channels: the config says 3, this run uses 1" in text
    assert "Epoch 1: train" in text


def test_the_same_seed_gives_the_same_numbers(run: Path, shared_data: Path, tmp_path: Path) -> None:
    # A run without checkpoints, pictures and terminal trains just the same, and leaves no weights.
    config = values(
        shared_data, tmp_path, trainer_config__save_ckpt=False, trainer_config__enable_progress_bar=False
    )
    code, out, _ = finish(start(config_file(config, tmp_path), "--precision", "auto"))
    assert (code, out) == (0, "")
    assert losses(tmp_path / "run") == losses(run)
    assert not list((tmp_path / "run").glob("*.ckpt"))
    assert (tmp_path / "run" / "training_log.csv").exists()
    assert "save started" not in outline(tmp_path / "run")


def losses(run: Path) -> list[float]:
    return [e["body"]["loss"] for e in events(run) if e["kind"] == "batch_end"] + [
        e["body"]["val"] for e in events(run) if e["kind"] == "epoch_end"
    ]


class Viewer:
    """Watches a running engine and collects what it says."""

    def __init__(self, client: EngineClient) -> None:
        self.client = client
        self.seen: list[Event] = []
        self.waiting: deque[Event] = deque()

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        """Read on until an event fits; the test's own time limit ends a wait in vain."""
        while True:
            while self.waiting:
                self.seen.append(self.waiting.popleft())
                if wanted(self.seen[-1]):
                    return self.seen[-1]
            self.waiting.extend(self.client.poll(100))

    def ask(self, verb: str, **args: Any) -> None:
        assert self.client.request(verb, **args).accepted


def kind(name: str) -> Callable[[Event], bool]:
    return lambda event: event.kind == name


@pytest.mark.timeout(120)
def test_a_viewer_pauses_saves_resumes_and_stops(shared_data: Path, tmp_path: Path) -> None:
    config = values(
        shared_data, tmp_path, trainer_config__train_steps_per_epoch=500, trainer_config__max_epochs=50
    )
    process = start(config_file(config, tmp_path), "--run-dir", str(tmp_path / "mine"))
    run = tmp_path / "mine"
    wait_for(run / "engine.json", process=process)
    with EngineClient(Connection.read(run)) as client:
        viewer = Viewer(client)
        viewer.until(kind("batch_end"))
        viewer.ask("pause")
        paused = viewer.until(kind("paused")).body
        assert viewer.until(kind("heartbeat")).body["state"] == "paused"
        viewer.ask("release_memory")
        assert "no unused GPU memory" in viewer.until(kind("memory_released")).body["text"]
        viewer.ask("checkpoint")
        saved = viewer.until(kind("checkpoint")).body
        viewer.ask("resume")
        resumed = viewer.until(kind("resumed")).body
        after = viewer.until(kind("batch_end")).body
        viewer.ask("stop", after="batch")
        viewer.until(kind("finished"))
        frames = [event for event in viewer.seen if event.kind == "frame"]
    assert finish(process)[0] == 0
    assert paused["step"] == resumed["step"] == after["step"]
    assert saved["path"] == str(run / "last.ckpt")
    assert not saved["best"]
    body = events(run)[-1]["body"]
    told = outline(run)
    assert (body["outcome"], body["best_epoch"]) == ("stopped", 0)
    assert (body["epochs"], body["steps"]) == (0, told.count("batch_end"))
    stop = told.index("stopping")
    assert told[stop:] == ["stopping", *VALIDATING, *SAVING, *SAVING, *FINISHING]
    pause = told.index("pausing")
    assert told[pause : told.index("resumed") + 1] == [
        "pausing",
        "paused",
        "log",
        "memory_released",
        *SAVING,
        "resumed",
    ]
    steps = told.count("batch_end")
    for name in ("best.ckpt", "last.ckpt"):
        content = torch.load(run / name, weights_only=True)
        assert (content["epoch"], content["global_step"]) == (0, steps)
    assert not (run / "engine.json").exists()
    check_frames(frames)


def check_frames(frames: list[Event]) -> None:
    assert [event.body["split"] for event in frames] == ["train", *["validation"] * (len(frames) - 1)]
    assert 6 <= len(frames) - 1 <= 10, "and up to four that are the worst of a part"
    shown = [event.body["index"] for event in frames]
    assert shown[:2] == [0, 0]
    assert len(set(shown[1:])) == len(shown) - 1, (
        "some of them spread, the others the worst of all or of a part"
    )
    for event in frames:
        assert event.arrays["image"].shape == (96, 96, 1)
        assert event.arrays["confmaps"].shape == (32, 24, 24)
        assert event.arrays["confmaps"].dtype == "float16"
        assert (event.body["stride"], event.body["scale"]) == (4, 2.0)
        assert [len(event.body[name][0]) for name in ("truth", "predicted", "scores")] == [32, 32, 32]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_everything(shared_data: Path, tmp_path: Path, number: signal.Signals) -> None:
    config = values(
        shared_data,
        tmp_path,
        trainer_config__train_steps_per_epoch=2 if number == signal.SIGINT else 100_000,
        trainer_config__max_epochs=100_000,
        trainer_config__early_stopping__stop_training_on_plateau=False,
        trainer_config__visualize_preds_during_training=True,
    )
    process = start(config_file(config, tmp_path))
    run = tmp_path / "run"
    wait_for(run / "events.jsonl", process=process)
    if number == signal.SIGINT:
        wait_for(run / "viz" / "validation.0001.png", process=process)
    else:
        while b'"batch_end"' not in (run / "events.jsonl").read_bytes():
            time.sleep(0.02)
    process.send_signal(number)
    code, out, err = finish(process)
    assert code == 130
    assert "Traceback" not in out + err
    told = events(run)
    assert told[-1]["body"]["outcome"] == "stopped"
    # Where an epoch was finished, the log also tells of the best one.
    ending = ["log", *SAVING, *(["log"] if "epoch_end" in outline(run) else []), "finished"]
    assert outline(run)[-len(ending) :] == ending
    content = torch.load(run / "last.ckpt", weights_only=True)
    assert content["global_step"] == sum(event["kind"] == "batch_end" for event in told)
    if number == signal.SIGINT:
        assert (run / "best.ckpt").exists()
        assert (run / "viz" / "validation.0001.png").exists()
    assert not (run / "engine.json").exists()


def test_a_loss_that_is_not_finite_ends_the_run_in_words(shared_data: Path, tmp_path: Path) -> None:
    config = values(shared_data, tmp_path, trainer_config__optimizer__lr=1e6, trainer_config__max_epochs=20)
    code, _, err = finish(start(config_file(config, tmp_path)))
    run = tmp_path / "run"
    assert code == 1
    assert "loss became" in err
    assert "Traceback" not in err
    last = events(run)[-1]
    assert last["kind"] == "failed"
    assert last["body"]["path"] == "trainer_config.optimizer.lr"
    assert "Traceback" in (run / "run.log").read_text(encoding="utf-8")
    assert not list(run.glob("*.ckpt"))
    assert not (run / "engine.json").exists()


def test_bad_labels_fail_in_words_with_the_traceback_on_request(shared_data: Path, tmp_path: Path) -> None:
    broken = tmp_path / "labels.slp"
    broken.write_bytes(b"not labels")
    config = values(shared_data, tmp_path, data_config__train_labels_path=[str(broken)])
    code, _, err = finish(start(config_file(config, tmp_path), "--verbose"))
    assert code == 1
    assert str(broken) in err.splitlines()[-1]
    assert "Traceback" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job.yaml", "labels.slp"]
