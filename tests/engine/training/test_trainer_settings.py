"""Each setting of how long, how often and with what a run trains, and what it leaves, from a config to its run folder."""

import io
import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import zmq

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.monitors import named_losses
from sleapnn_engine.data.frames import Batch
from sleapnn_engine.data.samples import FrameSamples
from sleapnn_engine.training import loop
from sleapnn_engine.training.processes.device import usable_cores
from sleapnn_engine.training.run import train
from sleapnn_engine.training.state import Training
from tests.engine.training.jobs import events, outline
from tests.engine.training.rendered import built, job, trained, write_labels

TRAINER = "trainer_config__"


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Makes jobs on eight drawn frames, two of them for validation; takes keys of `trainer_config`."""
    labels = write_labels(tmp_path)

    def make(**settings: Any) -> dict[str, Any]:
        return job(tmp_path, labels, **{TRAINER + key: value for key, value in settings.items()})

    return make


Config = Callable[..., dict[str, Any]]


@pytest.mark.setting("trainer_config.max_epochs", "trainer_config.train_steps_per_epoch")
@pytest.mark.parametrize(("epochs", "steps"), [(1, 3), (3, 1)])
def test_a_run_has_that_many_epochs_of_that_many_steps(config: Config, epochs: int, steps: int) -> None:
    kinds = outline(trained(config(max_epochs=epochs, train_steps_per_epoch=steps)))
    assert [kind for kind in kinds if kind in ("batch_end", "epoch_end")] == [
        *["batch_end"] * steps,
        "epoch_end",
    ] * epochs


@pytest.mark.setting("trainer_config.train_steps_per_epoch", "trainer_config.min_train_steps_per_epoch")
@pytest.mark.parametrize(("least", "steps"), [(0, 3), (2, 3), (5, 5)])
def test_without_a_number_an_epoch_is_one_pass_or_the_fewest_steps(
    config: Config, least: int, steps: int
) -> None:
    made = config(train_steps_per_epoch=None, min_train_steps_per_epoch=least)
    assert outline(trained(made)).count("batch_end") == steps


Beginning = tuple[bytes, list[int], bytes]


def begun(training: Training) -> Beginning:
    """The starting weights, the order of the training frames, and how a batch was varied."""
    weights = b"".join(value.detach().numpy().tobytes() for value in training.parts.model.parameters())
    order = [int(i) for _ in range(9) for i in training.parts.batches.next_batch().indices]
    return weights, order, training.parts.batches.next_batch().points.numpy().tobytes()


@pytest.mark.setting("trainer_config.seed")
def test_the_seed_decides_weights_order_and_variation(tmp_path: Path) -> None:
    labels = write_labels(tmp_path, frames=40)
    vary = {
        "data_config__use_augmentations_train": True,
        "data_config__augmentation_config__geometric": {"affine_p": 1.0},
    }

    def begin(seed: int | None) -> Beginning:
        return built(job(tmp_path, labels, trainer_config__seed=seed, **vary), begun)

    assert begin(4) == begin(4)
    for other in (begin(5), begin(None)):
        assert all(a != b for a, b in zip(begin(4), other, strict=True))
    assert all(a != b for a, b in zip(begin(None), begin(None), strict=True))


@pytest.mark.setting("trainer_config.train_data_loader.batch_size")
@pytest.mark.parametrize(("size", "sizes"), [(1, [1] * 6), (4, [4, 2, 4, 2])])
def test_training_batches_have_that_many_images(config: Config, size: int, sizes: list[int]) -> None:
    def measure(training: Training) -> list[int]:
        return [len(training.parts.batches.next_batch().images) for _ in sizes]

    assert built(config(train_data_loader__batch_size=size), measure) == sizes


@pytest.mark.setting("trainer_config.val_data_loader.batch_size")
@pytest.mark.parametrize(("size", "sizes"), [(1, [1, 1]), (2, [2]), (9, [2])])
def test_validation_batches_have_that_many_images(config: Config, size: int, sizes: list[int]) -> None:
    def measure(training: Training) -> list[int]:
        return [len(batch.images) for batch in training.parts.batches.validation()]

    assert built(config(val_data_loader__batch_size=size), measure) == sizes


@pytest.mark.setting("trainer_config.train_data_loader.shuffle")
def test_training_frames_are_shuffled_anew_in_every_pass_or_keep_their_order(config: Config) -> None:
    def passes(training: Training) -> list[list[int]]:
        return [
            [int(i) for _ in range(3) for i in training.parts.batches.next_batch().indices] for _ in range(3)
        ]

    in_order = list(range(6))
    assert built(config(train_data_loader__shuffle=False), passes) == [in_order] * 3
    shuffled = built(config(train_data_loader__shuffle=True), passes)
    assert [sorted(one) for one in shuffled] == [in_order] * 3
    assert len({tuple(one) for one in shuffled}) == 3


@pytest.mark.setting("trainer_config.val_data_loader.shuffle")
@pytest.mark.parametrize("shuffle", [True, False])
def test_validation_frames_keep_their_order_and_the_log_says_so(config: Config, shuffle: bool) -> None:
    def measure(training: Training) -> tuple[list[list[int]], str]:
        twice = [
            [int(i) for batch in training.parts.batches.validation() for i in batch.indices] for _ in range(2)
        ]
        return twice, (training.parts.folder / "run.log").read_text(encoding="utf-8")

    orders, log = built(config(val_data_loader__shuffle=shuffle), measure)
    assert orders == [[0, 1]] * 2
    assert ("are taken in their order" in log) == shuffle


class Readers:
    """Takes the place of reading a batch: holds the first readers until so many are at it together."""

    def __init__(self, samples: FrameSamples, *, wanted: int) -> None:
        self._read, self._wanted = samples.batch, wanted
        self._together = threading.Event()
        self.threads: set[str] = set()
        samples.batch = self  # type: ignore[method-assign]

    def __call__(self, indices: torch.Tensor) -> Batch:
        self.threads.add(threading.current_thread().name)
        if len(self.threads) >= self._wanted:
            self._together.set()
        self._together.wait(timeout=10)
        return self._read(indices)


@pytest.mark.setting(
    "trainer_config.train_data_loader.num_workers", "trainer_config.val_data_loader.num_workers"
)
@pytest.mark.parametrize("part", ["train", "val"])
@pytest.mark.parametrize(
    ("where", "workers", "threads"), [("memory", 0, 0), ("memory", 3, 3), ("disk", 0, 1), ("disk", 2, 2)]
)
def test_cached_images_are_read_by_that_many_threads(
    tmp_path: Path, part: str, where: str, workers: int, threads: int
) -> None:
    made = job(
        tmp_path,
        write_labels(tmp_path, frames=24),
        data_config__data_pipeline_fw=f"torch_dataset_cache_img_{where}",
        data_config__use_same_data_for_val=True,
        **{f"{TRAINER}{part}_data_loader__num_workers": workers},
    )

    def measure(training: Training) -> set[str]:
        batches = training.parts.batches
        readers = Readers(getattr(batches, part), wanted=threads)
        handed = batches.validation() if part == "val" else (batches.next_batch() for _ in range(12))
        assert sum(1 for _ in handed) == 12
        return readers.threads

    found = built(made, measure)
    if threads:
        assert {name.partition("_")[0] for name in found} == {"frames"}
        assert len(found) == threads
    else:
        assert found == {threading.current_thread().name}


def names(folder: Path, pattern: str) -> set[str]:
    return {path.name for path in folder.glob(pattern)}


@pytest.mark.setting("trainer_config.save_ckpt")
@pytest.mark.parametrize("save", [True, False])
def test_the_model_is_written_or_not(config: Config, save: bool) -> None:
    run = trained(config(save_ckpt=save))
    assert names(run, "*.ckpt") == ({"best.ckpt"} if save else set())


@pytest.mark.setting("trainer_config.model_ckpt.save_top_k")
@pytest.mark.parametrize(("kept", "count"), [(-1, 4), (0, 0), (1, 1), (2, 2)])
def test_that_many_of_the_best_models_are_kept(config: Config, kept: int, count: int) -> None:
    run = trained(config(save_ckpt=True, max_epochs=4, model_ckpt__save_top_k=kept))
    losses = [event["body"]["val"] for event in events(run) if event["kind"] == "epoch_end"]
    epochs = {torch.load(path, weights_only=True)["epoch"] for path in run.glob("*.ckpt")}
    assert epochs == set(sorted(range(4), key=losses.__getitem__)[:count])


@pytest.mark.setting("trainer_config.model_ckpt.monitor", "trainer_config.model_ckpt.mode")
@pytest.mark.parametrize(
    "monitor", [None, "val/loss", "train/loss", "val/confmaps_loss", "train/confmaps_loss"]
)
def test_the_best_model_is_the_one_with_the_least_of_the_loss_that_is_to_decide(
    config: Config, monkeypatch: pytest.MonkeyPatch, monitor: str | None
) -> None:
    """Losses that are to decide are set so that each has its least in an epoch of its own; validation's is as it is."""
    losses = {
        "train/loss": [2, 1, 3, 4],
        "val/confmaps_loss": [2, 3, 1, 4],
        "train/confmaps_loss": [1, 2, 4, 3],
    }
    count = iter(range(4))

    def fixed(train: float, val: float, **parts: Any) -> dict[str, float]:
        assert set(named_losses(train, val, **parts)) == {"val/loss", *losses}
        epoch = next(count)
        return {name: float(values[epoch]) for name, values in losses.items()}

    monkeypatch.setattr(loop, "named_losses", fixed)
    settings = {} if monitor is None else {"model_ckpt__monitor": monitor, "model_ckpt__mode": "min"}
    run = trained(config(save_ckpt=True, max_epochs=4, **settings))
    ends = [event["body"] for event in events(run) if event["kind"] == "epoch_end"]
    decides = losses.get(monitor, [end["val"] for end in ends])
    best = decides.index(min(decides))
    assert torch.load(run / "best.ckpt", weights_only=True)["epoch"] == best
    assert (ends[-1]["best_epoch"], ends[-1]["best_val"]) == (best, ends[best]["val"])


@pytest.mark.setting("trainer_config.model_ckpt.save_last")
@pytest.mark.parametrize(("last", "extra"), [(True, {"last.ckpt"}), (False, set()), (None, set())])
def test_the_last_model_is_kept_besides(config: Config, last: bool | None, extra: set[str]) -> None:
    run = trained(config(save_ckpt=True, max_epochs=2, model_ckpt__save_last=last))
    assert names(run, "*.ckpt") == {"best.ckpt"} | extra
    for name in extra:
        assert torch.load(run / name, weights_only=True)["epoch"] == 1


@pytest.mark.setting("trainer_config.ckpt_dir", "trainer_config.run_name")
def test_the_run_gets_a_folder_of_its_name_in_the_models_folder(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        trained(config(ckpt_dir=str(tmp_path / "mine"), run_name="fly")) / "training_config.yaml"
    ).exists()
    assert train(build_job(config(ckpt_dir=None, run_name=None)), stream=io.StringIO()) == 0
    made = {path.relative_to(tmp_path).parent.as_posix() for path in tmp_path.rglob("training_config.yaml")}
    made.remove("mine/fly")
    assert re.fullmatch(r"\d{6}_\d{6}_single_instance", *made)


@pytest.mark.setting("trainer_config.visualize_preds_during_training", "trainer_config.keep_viz")
@pytest.mark.parametrize(("draw", "keep"), [(True, True), (True, False), (False, True)])
def test_pictures_are_drawn_after_each_epoch_and_kept_or_not(
    config: Config, monkeypatch: pytest.MonkeyPatch, draw: bool, keep: bool
) -> None:
    from sleapnn_engine.training import run as engine

    seen: list[set[str]] = []

    class Watched(engine.Preview):
        """Notes what is in the folder before the end of the run tidies up."""

        def fit_ended(self, training: Training, outcome: str) -> None:
            seen.append(names(training.parts.folder, "viz/*.png"))
            super().fit_ended(training, outcome)

    monkeypatch.setattr(engine, "Preview", Watched)
    run = trained(config(max_epochs=2, visualize_preds_during_training=draw, keep_viz=keep))
    drawn = {f"{split}.{epoch:04d}.png" for split in ("train", "validation") for epoch in (0, 1)}
    assert seen == [drawn if draw else set()]
    assert names(run, "viz/*.png") == (drawn if draw and keep else set())
    assert (run / "viz").exists() == (draw and keep)


@pytest.mark.setting("trainer_config.enable_progress_bar")
@pytest.mark.parametrize("enabled", [True, False])
def test_the_terminal_is_told_of_each_epoch_or_of_nothing(config: Config, enabled: bool) -> None:
    stream = io.StringIO()
    train(build_job(config(max_epochs=2, enable_progress_bar=enabled)), stream=stream)
    lines = [line for line in stream.getvalue().splitlines() if line.startswith("epoch ")]
    assert len(lines) == (2 if enabled else 0)
    assert bool(stream.getvalue()) == enabled


class Window:
    """SLEAP's training window: reads progress until the end, and presses stop a moment after the first batch."""

    def __init__(self, *, stops: bool) -> None:
        self._context = zmq.Context()
        self._progress, self._button = self._context.socket(zmq.SUB), self._context.socket(zmq.PUB)
        self._progress.subscribe(b"")
        self.ports = [end.bind_to_random_port("tcp://127.0.0.1") for end in (self._progress, self._button)]
        self.seen: list[dict[str, Any]] = []
        self._stops = stops
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._closing.is_set():
            if self._progress.poll(10):
                self.seen.append(json.loads(self._progress.recv()))
                if self._stops and self.seen[-1]["event"] == "batch_end":
                    time.sleep(0.5)
            if self._stops and any(message["event"] == "batch_end" for message in self.seen):
                self._button.send_json({"command": "stop"})

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        for end in (self._progress, self._button):
            end.close(linger=0)
        self._context.term()


@pytest.fixture
def window() -> Iterator[Callable[..., Window]]:
    opened: list[Window] = []

    def open_one(*, stops: bool) -> Window:
        opened.append(Window(stops=stops))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.mark.setting("trainer_config.zmq.publish_port")
@pytest.mark.parametrize("connected", [True, False])
def test_sleaps_window_hears_of_the_run_on_its_port(
    config: Config, window: Callable[..., Window], connected: bool
) -> None:
    sleap = window(stops=False)
    trained(config(zmq__publish_port=sleap.ports[0] if connected else None, max_epochs=2))
    deadline = time.monotonic() + 10
    while (
        connected and time.monotonic() < deadline and not any(m["event"] == "train_end" for m in sleap.seen)
    ):
        time.sleep(0.01)
    told = [message["event"] for message in sleap.seen]
    assert told.count("epoch_end") == (2 if connected else 0)


@pytest.mark.setting(
    "trainer_config.zmq.controller_port", "trainer_config.zmq.controller_polling_timeout"
)  # fmt: skip
def test_sleaps_stop_button_is_waited_for_after_each_batch(
    config: Config, window: Callable[..., Window]
) -> None:
    sleap = window(stops=True)
    publish, control = sleap.ports
    endless = {"max_epochs": 3, "train_steps_per_epoch": 1000, "zmq__publish_port": publish}
    run = trained(config(**endless, zmq__controller_port=control, zmq__controller_polling_timeout=30_000_000))
    assert events(run)[-1]["body"]["outcome"] == "stopped"
    # The button is pressed half a second after the first batch, time enough for many more if nobody waited for it.
    assert outline(run).count("batch_end") < 10


THERE = {"cpu": True, "gpu": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}


@pytest.mark.setting("trainer_config.trainer_accelerator")
@pytest.mark.parametrize("kind", [kind for kind, there in THERE.items() if there])
def test_a_run_uses_the_kind_of_processor_that_was_chosen(config: Config, kind: str) -> None:
    run = trained(config(trainer_accelerator=kind))
    (device,) = (event["body"]["device"] for event in events(run) if event["kind"] == "started")
    assert device.partition(":")[0] == {"gpu": "cuda"}.get(kind, kind)


@pytest.mark.setting("trainer_config.trainer_accelerator")
@pytest.mark.parametrize("kind", [kind for kind, there in THERE.items() if not there])
def test_a_kind_of_processor_that_is_not_there_is_refused(config: Config, tmp_path: Path, kind: str) -> None:
    with pytest.raises(UserError, match="on this machine") as caught:
        trained(config(trainer_accelerator=kind))
    assert caught.value.usage
    assert caught.value.where == "trainer_config.trainer_accelerator"
    assert not (tmp_path / "models").exists()


@pytest.mark.setting("trainer_config.trainer_accelerator")
def test_left_to_itself_a_run_uses_the_best_processor_there_is(config: Config) -> None:
    best = next(kind for kind in ("gpu", "mps", "cpu") if THERE[kind])
    used = built(config(trainer_accelerator="auto"), lambda training: training.parts.fabric.device.type)
    assert used == {"gpu": "cuda"}.get(best, best)


@pytest.mark.setting("trainer_config.trainer_device_indices", "trainer_config.trainer_devices")
def test_listed_devices_are_used_whatever_their_number_was_set_to(config: Config) -> None:
    too_many = usable_cores() + 1
    with pytest.raises(UserError, match=f"Training on {too_many} devices was asked for"):
        trained(config(trainer_devices=too_many))
    run = trained(config(trainer_devices=too_many, trainer_device_indices=[0]))
    assert [e["body"]["device"] for e in events(run) if e["kind"] == "started"] == ["cpu"]
    with pytest.raises(UserError, match="Device 1 was asked for"):
        trained(config(trainer_device_indices=[1]))


@pytest.mark.setting("trainer_config.optimizer.lr")
@pytest.mark.parametrize("rate", [1e-4, 1e-2])
def test_the_first_step_is_as_large_as_the_learning_rate(config: Config, rate: float) -> None:
    def step(training: Training) -> float:
        before = [value.detach().clone() for value in training.parts.model.parameters()]
        for value in training.parts.model.parameters():
            value.grad = torch.ones_like(value)
        training.parts.optimizer.step()
        after = training.parts.model.parameters()
        return max(float((b - a).detach().abs().max()) for a, b in zip(after, before, strict=True))

    assert built(config(optimizer__lr=rate), step) == pytest.approx(rate, rel=1e-2)


@pytest.mark.setting("trainer_config.optimizer_name")
@pytest.mark.parametrize(("name", "decay"), [("Adam", 0.0), ("AdamW", 0.01)])
def test_adamw_pulls_weights_towards_zero_and_adam_does_not(config: Config, name: str, decay: float) -> None:
    def shrink(training: Training) -> float:
        """The share a weight loses in one step without gradient, as a share of the learning rate."""
        value = next(iter(training.parts.model.parameters()))
        torch.nn.init.ones_(value)
        for one in training.parts.model.parameters():
            one.grad = torch.zeros_like(one)
        training.parts.optimizer.step()
        return (1 - float(value.detach().mean())) / 0.1

    assert built(config(optimizer_name=name, optimizer__lr=0.1), shrink) == pytest.approx(decay, abs=1e-5)


@pytest.mark.setting("trainer_config.optimizer.amsgrad")
def test_amsgrad_never_forgets_a_large_gradient(config: Config) -> None:
    def last_step(training: Training) -> float:
        value = next(iter(training.parts.model.parameters()))  # the others have no gradient, and stay
        for gradient in (100.0, *[1.0] * 3000):
            value.grad = torch.full_like(value, gradient)
            before = value.detach().clone()
            training.parts.optimizer.step()
        return float((before - value.detach()).abs().mean())

    plain, never = (
        built(config(optimizer__amsgrad=on, optimizer__lr=0.01), last_step) for on in (False, True)
    )
    assert not math.isclose(plain, never)
    assert never < plain / 2


def steps(run: Path) -> list[tuple[int, int, float]]:
    """(epoch, step, loss) of every step."""
    bodies = [event["body"] for event in events(run) if event["kind"] == "batch_end"]
    return [(body["epoch"], body["step"], body["loss"]) for body in bodies]


@pytest.mark.setting("trainer_config.resume_ckpt_path")
def test_a_training_is_taken_up_again_with_its_optimizer_and_epoch(config: Config) -> None:
    keep = {"save_ckpt": True, "model_ckpt__save_last": True, "train_data_loader__batch_size": 3}
    whole = trained(config(**keep, run_name="whole", max_epochs=3))
    first = trained(config(**keep, run_name="first", max_epochs=1))
    resumed = trained(
        config(**keep, run_name="second", max_epochs=3, resume_ckpt_path=str(first / "last.ckpt"))
    )
    assert [step[:2] for step in steps(resumed)] == [(1, 2), (1, 3), (2, 4), (2, 5)]
    for found, expected in zip(steps(resumed), steps(whole)[2:], strict=True):
        assert found == pytest.approx(expected, rel=1e-5)
