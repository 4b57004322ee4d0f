"""The training that a run goes on with: what its checkpoint says, and everything that speaks against it."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import torch

from sleapnn_engine.config import tree
from sleapnn_engine.config.centring import VERSION, centring, usual
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.monitors import USUAL_MONITOR
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.models.network_match import refuse_other_network
from sleapnn_engine.models.weights import OWN_SECTION, places_of, read_checkpoint
from sleapnn_engine.protocol.counting import epoch_name
from sleapnn_engine.training.artifacts.checkpoint_file import first_broken
from sleapnn_engine.training.artifacts.resolved_config import FINAL
from sleapnn_engine.training.schedule import EarlyStopping

SETTING = "trainer_config.resume_ckpt_path"
BEST_NAME = "best.ckpt"
_SEED = "trainer_config.seed"


@attrs.frozen(kw_only=True)
class PreviousRun:
    """An earlier training, as one of its checkpoints has it.

    `epoch` is the next one to be done, from 0, and `batch` the number of its steps that are done already; `step` is
    the number of steps in all. `own` is our section of the file, empty in a file of another program; `config` the
    config that lies beside the file, empty where there is none.
    """

    path: Path
    content: dict[str, Any]
    epoch: int
    batch: int
    step: int
    own: dict[str, Any]
    config: dict[str, Any]

    @property
    def unsaid_centre(self) -> str:
        """How parts came to the centre of an animal, for a config that leaves it open."""
        confmaps = f"{ConfigReader(self.config).head()}.confmaps"
        unsaid = usual(None if self.own else self.config.get(VERSION))
        return centring(lambda name: tree.get(self.config, f"{confmaps}.{name}"), unsaid=unsaid).otherwise

    @property
    def places(self) -> int:
        """Where its targets lay (`geometry.PLACES`)."""
        return places_of(self.content)

    @property
    def seed(self) -> int | None:
        """The seed that was really used; None where nobody wrote it down."""
        for seed in (self.own.get("seed"), tree.get(self.config, _SEED)):
            if isinstance(seed, int):
                return seed
        return None

    @property
    def learning_rate(self) -> float | None:
        """What its config said, before any schedule; None where that is not known."""
        groups = self.content["optimizer_states"][0]["param_groups"]
        said = (
            self.own.get("learning_rate"),
            groups[0].get("initial_lr"),
            tree.get(self.config, "trainer_config.optimizer.lr"),
        )
        return next((float(rate) for rate in said if isinstance(rate, int | float)), None)

    @property
    def rate(self) -> float:
        """The learning rate of its next step."""
        return float(self.content["optimizer_states"][0]["param_groups"][0]["lr"])

    @property
    def schedule(self) -> Mapping[str, Any]:
        """Counts of its learning rate schedule; empty where it had none."""
        states = self.content.get("lr_schedulers") or [{}]
        return states[0] if isinstance(states[0], Mapping) else {}

    @property
    def val(self) -> float | None:
        """Validation loss of the weights in this file; None where it has none."""
        if "val" in self.own or not self._scores:
            return self.own.get("val")
        if self.monitor != USUAL_MONITOR:
            return None
        return _number(self._scores.get("current_score"))

    @property
    def monitor(self) -> Any:
        """The name of the loss, or of what else it was, by which a model was the best."""
        return (self._scores if "best_val" not in self.own else self.own).get("monitor") or USUAL_MONITOR

    @property
    def score(self) -> float | None:
        """Of the weights in this file, the loss by which they may be the best; None where it has none."""
        score = self.own.get("score")
        return self.val if score is None else float(score)

    @property
    def val_of_best(self) -> float | None:
        """Validation loss of the `best.ckpt` that lay beside this file when it was written; None where there was none.

        It differs from that of the best epoch when the model of an epoch that was stopped half-way is the best.
        """
        known, name = (self.own, "val_of_best") if "val_of_best" in self.own else (self.best, "best_val")
        loss: float | None = known.get(name)
        return loss

    @property
    def best(self) -> dict[str, Any]:
        """Best epoch and count for early stopping, by the names of `EarlyStopping.state`; only what the file has."""
        if "best_val" in self.own:
            return self.own
        found: dict[str, Any] = {}
        stopping = callback_state(self.content, "EarlyStopping")
        if (best := _number(self._scores.get("best_model_score"))) is not None:
            found["best_val"] = best
            found["best_epoch"] = self.epoch - 1 if best == self.val and self.epoch else None
        if (reference := _number(stopping.get("best_score"))) is not None:
            found["reference"] = reference
            found["epochs_without_progress"] = int(stopping.get("wait_count") or 0)
        return found

    @property
    def _scores(self) -> Mapping[str, Any]:
        return callback_state(self.content, "ModelCheckpoint")


def read_previous_run(job: Job) -> PreviousRun | None:
    """The training that the job goes on with; None when it starts a new one.

    Reads the checkpoint and the config beside it and creates nothing. Raises UserError (usage) when the file is
    missing, damaged or not made for this, holds values that are no numbers, is of another network, or has nothing left to do with these settings.
    """
    if not job.trainer_config.resume_ckpt_path:
        return None
    previous = open_previous_run(Path(job.trainer_config.resume_ckpt_path).expanduser().absolute())
    _refuse_broken(previous)
    refuse_other_network(job, previous.content["state_dict"], config=previous.config, where=SETTING)
    _refuse_nothing_to_do(job, previous)
    return previous


def open_previous_run(path: Path) -> PreviousRun:
    """Read one checkpoint. Raises UserError (usage) when it is not one that training can go on from."""
    try:
        content = read_checkpoint(path, setting=SETTING)
    except UserError as error:
        raise UserError(error.message, where=error.where, hint=error.hint, usage=True) from error
    if not _has_optimizer(content) or _count(content, "global_step") is None:
        raise UserError(
            f"{path} holds weights, but not the state of a training.",
            where=SETTING,
            hint="Choose another checkpoint, or start a new training from its weights: name it as "
            "model_config.pretrained_backbone_weights and model_config.pretrained_head_weights.",
            usage=True,
        )
    state = content["state_dict"]
    content["state_dict"] = {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}
    own = content.get(OWN_SECTION)
    own = own if isinstance(own, dict) else {}
    epoch, batch = _position(content, own)
    step = _count(content, "global_step") or 0
    return PreviousRun(
        path=path, content=content, epoch=epoch, batch=batch, step=step, own=own, config=_config_beside(path)
    )


def find_best(previous: PreviousRun) -> PreviousRun | None:
    """The best model of the earlier training until then, where its file lies beside the checkpoint or is it.

    A `best.ckpt` of a later epoch, or of another training, is not it.
    """
    path = previous.path.parent / BEST_NAME
    try:
        found = previous if path == previous.path else open_previous_run(path)
    except UserError:
        return None  # no such file, or a damaged one: as good as none
    if first_broken(found.content) is not None:
        return None
    is_it = found.val is not None and found.val == previous.val_of_best and found.step <= previous.step
    return found if is_it else None


def is_judged_alike(job: Job, previous: PreviousRun) -> bool:
    """Whether the same loss says in this training which model is the best."""
    return bool(previous.monitor == (job.trainer_config.model_ckpt.monitor or USUAL_MONITOR))


def callback_state(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What a Lightning callback left in a checkpoint; empty without it. Its key is the name and its settings."""
    callbacks = content.get("callbacks")
    for key, state in callbacks.items() if isinstance(callbacks, dict) else ():
        if str(key).startswith(name) and isinstance(state, dict):
            return state
    return {}


def _position(content: Mapping[str, Any], own: Mapping[str, Any]) -> tuple[int, int]:
    """Next epoch and the number of its steps that are done.

    Other programs save after the validation of an epoch, when they do not count it as completed yet.
    """
    if (epoch := _count(own, "next_epoch")) is not None:
        return epoch, _count(own, "next_batch") or 0
    begun = _count(content, "loops", "fit_loop", "epoch_progress", "current", "ready")
    completed = _count(content, "loops", "fit_loop", "epoch_progress", "current", "completed")
    steps = _count(content, "loops", "fit_loop", "epoch_loop.batch_progress", "current", "completed")
    last = _dig(content, "loops", "fit_loop", "epoch_loop.batch_progress", "is_last_batch")
    if begun is None or steps is None:
        return (_count(content, "epoch") or 0) + 1, 0
    if begun == completed or last is True:
        return begun, 0
    return max(begun - 1, 0), steps


def _refuse_nothing_to_do(job: Job, previous: PreviousRun) -> None:
    trainer = job.trainer_config
    if previous.epoch >= trainer.max_epochs:
        raise UserError(
            f"{previous.path} has already done {counted(previous.epoch, 'epoch')}, and this training is to end after "
            f"{trainer.max_epochs}.",
            where=SETTING,
            hint="Raise trainer_config.max_epochs; it counts from the beginning of the earlier training.",
            usage=True,
        )
    best = EarlyStopping.from_settings(trainer.early_stopping)
    best.go_on(previous.best, is_alike=is_judged_alike(job, previous))
    if best.exhausted and not previous.batch:
        raise UserError(
            f"{previous.path} ended early, after {counted(best.waited, 'epoch')} without progress, and would end at once again.",
            where=SETTING,
            hint="Raise trainer_config.early_stopping.patience, or turn early stopping off.",
            usage=True,
        )


def validates_elsewhere(job: Job) -> bool:
    """Whether no training frames are set aside for validation."""
    data = job.data_config
    return bool(data.val_labels_path) or data.use_same_data_for_val


def _refuse_broken(previous: PreviousRun) -> None:
    """Raise UserError (usage) when weights or moments are not finite, naming what lies beside that is."""
    broken = first_broken(previous.content)
    if broken is None:
        return
    whole = _whole_beside(previous.path)
    raise UserError(
        f"{previous.path} holds values that are no numbers, first in {broken}.",
        where=SETTING,
        hint=f"That training went wrong; choose {' or '.join(whole) or 'an previous checkpoint'}"
        + (" beside it." if whole else "."),
        usage=True,
    )


def _whole_beside(path: Path) -> list[str]:
    """Checkpoints in the same folder that training can go on from, with their epochs, the latest first."""
    found = []
    for other in sorted(path.parent.glob("*.ckpt")):
        with contextlib.suppress(UserError):  # of no use either
            if other != path and first_broken((one := open_previous_run(other)).content) is None:
                found.append((one.step, f"{other.name} ({epoch_name(int(one.content.get('epoch', 0)))})"))
    return [name for _, name in sorted(found, reverse=True)]


def _has_optimizer(content: Mapping[str, Any]) -> bool:
    """Whether there is the state of an optimizer with a learning rate."""
    states = content.get("optimizer_states")
    state = states[0] if isinstance(states, list) and states else None
    groups = state.get("param_groups") if isinstance(state, dict) else None
    return (
        isinstance(groups, list)
        and bool(groups)
        and all(isinstance(group, dict) and {"lr", "params"} <= set(group) for group in groups)
        and isinstance(_dig(state, "state"), dict)
    )


def _config_beside(path: Path) -> dict[str, Any]:
    try:
        return read_config(path.parent / FINAL).values
    except UserError:
        return {}  # it is only asked for what the checkpoint does not say itself


def _dig(content: Any, *names: str) -> Any:
    for name in names:
        content = content.get(name) if isinstance(content, dict) else None
    return content


def _count(content: Any, *names: str) -> int | None:
    value = _dig(content, *names)
    return value if isinstance(value, int) and value >= 0 else None


def _number(value: Any) -> float | None:
    """A finite number, also one in a tensor."""
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    return float(value) if isinstance(value, int | float) and torch.isfinite(torch.tensor(value)) else None
