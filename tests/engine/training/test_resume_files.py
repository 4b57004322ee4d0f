"""Which checkpoints a training can be taken up from, what of them is used, and what is said of the rest."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.data.geometry import PLACES
from sleapnn_engine.inference.trained import read_trained
from sleapnn_engine.protocol.channel import EngineChannel
from sleapnn_engine.protocol.messages import Command
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import config_file, events, finish, start
from tests.engine.training.rendered import built, job
from tests.engine.training.resuming import (
    STEPS,
    config,
    draw_labels,
    exactly,
    resumed,
    run,
    since,
    steps,
    texts,
)

RESUME = "trainer_config.resume_ckpt_path"
OWN = "sleapnn_engine"
UNET = "model_config__backbone_config__unet__"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_labels(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def first(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One epoch of a training; not to be written to."""
    return run(config(data, tmp_path_factory.mktemp("first"), trainer_config__max_epochs=1))


@pytest.fixture
def previous(first: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(first, tmp_path / "run"))


def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """Change what stands in a checkpoint."""
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)
    return path


def without(*names: str) -> Callable[[dict[str, Any]], Any]:
    return lambda content: [content.pop(name) for name in names]


def rename_head(content: dict[str, Any]) -> None:
    state = content["state_dict"]
    content["state_dict"] = {name.replace("SingleInstance", "Centroid"): state[name] for name in state}


def break_weight(content: dict[str, Any]) -> None:
    next(iter(content["state_dict"].values()))[0] = float("nan")


REFUSED: dict[str, tuple[Callable[[Path], Any], dict[str, Any], str, str]] = {
    "missing": (Path.unlink, {}, RESUME, "There is no file"),
    "no checkpoint": (lambda path: path.write_text("nothing"), {}, RESUME, "could not be read"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:5000]), {}, RESUME, "could not be read"),
    "only weights": (lambda path: edit(path, without("optimizer_states")), {}, RESUME, "holds weights, but not"),
    "no steps": (lambda path: edit(path, without("global_step")), {}, RESUME, "holds weights, but not"),
    "broken weights": (lambda path: edit(path, break_weight), {}, RESUME, "no numbers, first in model.backbone"),
    "another type": (lambda path: edit(path, rename_head), {}, RESUME, "is of a centroid model, and"),
    "another width": (lambda path: None, {UNET + "filters": 6}, RESUME, r"Of another shape: .*unet.filters was 4"),
    "another depth": (
        lambda path: None, {UNET + "max_stride": 16}, RESUME, r"Not in the file: .*Only in the file: .*max_stride was 8",
    ),
    "nothing to do": (lambda path: None, {"trainer_config__max_epochs": 1}, RESUME, "has already done 1 epoch,"),
    "no progress": (
        lambda path: edit(path, lambda content: content[OWN].update(epochs_without_progress=3)),
        {}, RESUME, "ended early, after 3 epochs",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_gone_on_from_is_refused_before_anything_is_created(
    data: Path, tmp_path: Path, previous: Path, name: str
) -> None:
    spoil, changes, where, said = REFUSED[name]
    spoil(previous / "last.ckpt")
    job = config(data, tmp_path, **changes, trainer_config__resume_ckpt_path=str(previous / "last.ckpt"))
    with pytest.raises(UserError, match=f"(?s){said}") as caught:
        train(build_job(job), stream=io.StringIO())
    assert (caught.value.usage, caught.value.where) == (True, where)
    assert caught.value.hint.endswith(".")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_only_the_labels_tell_fails_in_words(data: Path, tmp_path: Path, previous: Path) -> None:
    head = "model_config__head_configs__single_instance__confmaps__part_names"
    with pytest.raises(UserError, match="another network: 2 of 26 tensors") as caught:
        resumed(data, previous, **{head: ["nose", "tail"]})
    assert "SingleInstanceConfmapsHead.0.weight (3 x" in caught.value.message
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_moments_of_other_weights_are_refused(data: Path, previous: Path) -> None:
    def spoil(content: dict[str, Any]) -> None:
        content["optimizer_states"][0]["state"][0]["exp_avg"] = torch.zeros(3)

    edit(previous / "last.ckpt", spoil)
    with pytest.raises(UserError, match="exp_avg of one tensor is 3, and the tensor 4 x 1 x 3 x 3"):
        resumed(data, previous)


def best_of(folder: Path) -> dict[str, Any]:
    return torch.load(folder / "best.ckpt", weights_only=True)


def unbeatable(content: dict[str, Any]) -> None:
    content[OWN].update(best_val=0.0, val=0.0, val_of_best=0.0)


def test_the_best_model_comes_along_and_stays_unless_it_is_beaten(data: Path, previous: Path) -> None:
    beaten = resumed(data, previous, trainer_config__max_epochs=2)
    assert best_of(beaten)["epoch"] == 1
    for name in ("best.ckpt", "last.ckpt"):
        edit(previous / name, unbeatable)
    kept = resumed(data, previous, trainer_config__max_epochs=2)
    assert (kept / "best.ckpt").read_bytes() == (previous / "best.ckpt").read_bytes()
    told = [event["body"] for event in events(kept) if event["kind"] == "checkpoint"]
    assert (told[0]["epoch"], told[0]["best"], told[0]["val"]) == (0, True, 0.0)
    ended = events(kept)[-1]["body"]
    assert (ended["epochs"], ended["best_epoch"], ended["best_val"]) == (2, 0, 0.0)
    # The error of the best epoch is known, though that epoch was not one of this run.
    told_before = [
        text
        for text in texts(previous, "info")
        if text.startswith("The best model is from epoch 1: median error")
    ]
    assert told_before[0] in texts(kept, "info")


@pytest.mark.parametrize("file", ["best.ckpt", "last.ckpt"])
def test_several_best_models_count_the_earlier_one(data: Path, previous: Path, file: str) -> None:
    keeping = {"save_last": False, "save_top_k": 3}
    second = resumed(
        data, previous, file=file, trainer_config__max_epochs=3, trainer_config__model_ckpt=keeping
    )
    found = {path.name: torch.load(path, weights_only=True)["epoch"] for path in second.glob("*.ckpt")}
    assert found == {"best-v1.ckpt": 0, "best-v2.ckpt": 1, "best.ckpt": 2}


@pytest.mark.parametrize(
    "spoil", [Path.unlink, lambda path: edit(path, unbeatable), lambda path: path.write_text("")]
)
def test_a_best_model_that_is_not_there_is_told(
    data: Path, previous: Path, spoil: Callable[[Path], Any]
) -> None:
    """Gone, of another training, or damaged."""
    spoil(previous / "best.ckpt")
    second = resumed(data, previous, trainer_config__max_epochs=2)
    assert best_of(second)["epoch"] == 1
    (warned,) = texts(second, "warning")
    assert "is not beside last.ckpt" in warned


def test_without_checkpoints_none_is_copied(data: Path, previous: Path) -> None:
    second = resumed(data, previous, trainer_config__max_epochs=2, trainer_config__save_ckpt=False)
    assert not list(second.glob("*.ckpt"))


def test_the_best_model_of_half_an_epoch_counts_by_its_own_loss(
    data: Path, previous: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter(range(10**9))
    with monkeypatch.context() as patched:
        stop = [Command("stop", {"after": "batch"})]
        patched.setattr(EngineChannel, "pop_commands", lambda channel: stop if next(looks) == 2 else [])
        second = resumed(data, previous)
    assert (best_of(second)["epoch"], best_of(second)["global_step"]) == (1, STEPS + 2)
    third = resumed(data, second, trainer_config__max_epochs=2)
    told = [event["body"] for event in events(third) if event["kind"] == "checkpoint"]
    assert told[0]["val"] == best_of(second)[OWN]["val"] < best_of(second)[OWN]["best_val"]
    assert any("is from an epoch half-way" in text for text in texts(third, "info"))
    # Where nothing beats it, it stays the best model from run to run.
    for name in ("best.ckpt", "last.ckpt"):
        edit(second / name, lambda content: content[OWN].update(val=0.0, val_of_best=0.0))
    fourth = resumed(data, second, trainer_config__max_epochs=2)
    fifth = resumed(data, fourth, trainer_config__max_epochs=3)
    assert (fifth / "best.ckpt").read_bytes() == (second / "best.ckpt").read_bytes()
    assert texts(fifth, "warning") == []


def test_without_a_seed_that_of_the_earlier_training_is_used(data: Path, tmp_path: Path) -> None:
    drawn = {"data_config__val_labels_path": None, "data_config__validation_fraction": 0.45}
    unbroken = run(
        config(data, tmp_path, **drawn, trainer_config__max_epochs=2, trainer_config__run_name="whole")
    )
    run(config(data, tmp_path, **drawn, trainer_config__max_epochs=1))
    second = resumed(data, tmp_path / "run", **drawn, trainer_config__max_epochs=2, trainer_config__seed=None)
    assert steps(second) == exactly(since(steps(unbroken), 1))
    assert read_config(second / "training_config.yaml").values["trainer_config"]["seed"] == 7
    assert texts(second, "warning") == []
    third = resumed(
        data, tmp_path / "run", trainer_config__max_epochs=2,
        **{**drawn, "data_config__validation_fraction": 0.6},
    )  # fmt: skip
    assert "validation frames are not those of the earlier training" in texts(third, "warning")[0]


def test_what_is_otherwise_now_is_followed_and_told(data: Path, previous: Path) -> None:
    foreign = previous / "foreign.ckpt"
    torch.save({"state_dict": {"model.head_layers.0.OtherHead.0.bias": torch.zeros(3)}}, foreign)
    second = resumed(
        data,
        previous,
        trainer_config__max_epochs=2,
        trainer_config__seed=8,
        trainer_config__optimizer={"lr": 0.0005, "amsgrad": True},
        trainer_config__lr_scheduler={
            "step_lr": {"step_size": 1, "gamma": 0.1},
            "reduce_lr_on_plateau": None,
        },
        trainer_config__train_data_loader__batch_size=3,
        trainer_config__train_steps_per_epoch=2,
        # This does not fit the network and is not read, for all weights are in the checkpoint.
        model_config__pretrained_head_weights=str(foreign),
    )
    said = " ".join(texts(second, "warning"))
    for part in (
        "The learning rate was 0.001 and is to be 0.0005, so training goes on with 0.0005",
        "The seed is 8 and was 7",
        "This run has 3 samples in a batch, the earlier one had 4",
        "This run has 2 steps in an epoch, the earlier one had 4",
        "starts anew: the learning rate schedule.",
    ):
        assert part in said
    assert list(steps(second)) == [(1, 4, 0), (1, 5, 1)]
    content = torch.load(second / "last.ckpt", weights_only=True)
    assert content["optimizer_states"][0]["param_groups"][0]["lr"] == pytest.approx(0.00005)
    assert content["optimizer_states"][0]["state"][0]["step"] == 6


def test_targets_stay_where_an_earlier_version_had_them(data: Path, tmp_path: Path) -> None:
    """A checkpoint without the mark is of a version whose targets of crops lay half a pixel further right and down."""
    own = job(
        tmp_path,
        data / "train.slp",
        model_type="centered_instance",
        **{
            f"trainer_config__{name}": value
            for name, value in {"save_ckpt": True, "model_ckpt": {"save_last": True}, "max_epochs": 1}.items()
        },
    )
    first = run(own)

    def shift(settings: dict[str, Any]) -> float:
        """How far targets are moved, in pixels, both ways alike."""
        moved = built(settings, lambda training: training.parts.batches.next_batch().shifts)
        assert moved.min() == moved.max()
        return float(moved.max())

    def going_on(file: Path) -> dict[str, Any]:
        tree.put(own, "trainer_config.max_epochs", 2)
        tree.put(own, "trainer_config.resume_ckpt_path", str(file))
        return own

    assert shift(going_on(first / "last.ckpt")) == pytest.approx(-0.5)
    crops = read_trained(first).crops
    assert crops is not None
    assert crops.places == PLACES
    for name in ("best.ckpt", "last.ckpt"):
        edit(first / name, lambda content: content[OWN].pop("places"))
    assert shift(going_on(first / "last.ckpt")) == pytest.approx(0)
    second = run(going_on(first / "last.ckpt"))
    (warned,) = (text for text in texts(second, "warning") if "had targets" in text)
    assert warned.startswith(
        "last.ckpt is of an earlier version of this program, which had targets up to 0.5 px off"
    )
    for folder in (first, second):
        assert (crops := read_trained(folder).crops) is not None
        assert crops.places == 1
    tree.drop(own, "trainer_config.resume_ckpt_path")
    tree.put(own, "model_config.pretrained_head_weights", str(first / "best.ckpt"))
    tree.put(own, "trainer_config.max_epochs", 1)
    third = run(own)
    assert any("half a pixel further right and down" in text for text in texts(third, "info"))
    assert read_trained(third).places == PLACES


def test_what_is_not_in_the_file_starts_anew_and_is_told(data: Path, previous: Path) -> None:
    edit(previous / "last.ckpt", without(OWN, "loops", "lr_schedulers"))
    second = resumed(data, previous, trainer_config__max_epochs=2)
    (warned,) = texts(second, "warning")
    assert warned == (
        "last.ckpt does not hold everything; this starts anew: the learning rate schedule, the best epoch, the count "
        "for early stopping, the random changes of images, the random numbers of the network, numpy's random numbers, "
        "Python's random numbers."
    )
    assert min(steps(second)) == (1, STEPS, 0)


def test_a_split_that_nobody_wrote_down_is_said_to_be_unknown(data: Path, previous: Path) -> None:
    edit(previous / "last.ckpt", without(OWN))
    (previous / "training_config.yaml").unlink()
    second = resumed(
        data,
        previous,
        trainer_config__max_epochs=2,
        trainer_config__seed=None,
        data_config__val_labels_path=None,
    )
    assert any("set aside for validation is not known" in text for text in texts(second, "warning"))


@pytest.mark.timeout(120)
def test_weights_that_the_earlier_training_started_from_need_not_be_there_any_more(
    data: Path, tmp_path: Path, previous: Path
) -> None:
    file = config_file(config(data, tmp_path, trainer_config__max_epochs=2), tmp_path)
    code, _, err = finish(
        start(
            file,
            f"trainer_config.resume_ckpt_path={previous / 'last.ckpt'}",
            "model_config.pretrained_backbone_weights=gone.ckpt",
            "model_config.pretrained_head_weights=gone.ckpt",
        )
    )
    assert code == 0, err
    assert list(steps(tmp_path / "run-1")) == [(1, STEPS + batch, batch) for batch in range(STEPS)]


@pytest.mark.timeout(120)
def test_on_the_command_line(data: Path, tmp_path: Path, previous: Path) -> None:
    file = config_file(config(data, tmp_path, trainer_config__max_epochs=2), tmp_path)
    from_there = f"trainer_config.resume_ckpt_path={previous / 'last.ckpt'}"
    code, out, err = finish(start(file, from_there, "trainer_config.max_epochs=1"))
    assert (code, out) == (2, "")
    assert "has already done 1 epoch," in err
    assert "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job.yaml", "run"]
    code, out, err = finish(start(file, from_there, "--precision", "32"))
    assert code == 0, err
    assert out.splitlines()[0] == f"run folder: {tmp_path / 'run-1'}"
    assert list(steps(tmp_path / "run-1")) == [(1, STEPS + batch, batch) for batch in range(STEPS)]
