"""What is more than a copy in SLEAP ≤ 1.4 data and training settings: units, joined names, switches."""

import re

from sleapnn_engine.config.legacy.augment import carry_augmentation
from sleapnn_engine.config.legacy.draft import Draft
from sleapnn_engine.config.legacy.fields import DROPPED
from sleapnn_engine.config.legacy.skeleton import plain_skeletons
from sleapnn_engine.config.model_types import keys_of
from sleapnn_engine.config.reader import DATA, MODEL, PREPROCESSING, SCHEDULERS, TRAINER
from sleapnn_engine.config.spec import SPEC

_LABELS = "data.labels."
_CROPPING = "data.instance_cropping."
_OPTIMIZATION = "optimization."
_OUTPUTS = "outputs."
_PLATEAU = SCHEDULERS + ".reduce_lr_on_plateau"
_LOCAL_HOSTS = ("127.0.0.1", "localhost", "0.0.0.0", "*", "[::1]", "[::]")


def carry_rules(draft: Draft) -> None:
    """All conversions of the data and training settings; heads and backbone come before, copies after."""
    for rule in (
        _labels,
        _split,
        _skeletons,
        _image_size,
        _crop,
        _pipeline,
        carry_augmentation,
        _weights,
        _batches,
        _steps,
        _optimizer,
        _schedule,
        _folder,
        _run_name,
        _checkpoints,
        _ports,
        _names,
    ):
        rule(draft)
    for path, reason in DROPPED.items():
        draft.drop(path, reason)


def carry_copies(draft: Draft) -> None:
    """Every leaf that a setting of the schema names as its own and that no rule has dealt with."""
    plateau = draft.source.value("optimization.learning_rate_schedule.reduce_on_plateau")
    unet = draft.source.section_is_set("model.backbone.unet")
    for key in SPEC.keys.values():
        path = key.meta.legacy
        off = (path.startswith("model.backbone.unet.") and not unet) or (
            key.section == _PLATEAU and not plateau
        )
        if path and not off and not draft.seen(path):
            draft.carry(path, key.path)


def _labels(draft: Draft) -> None:
    for name, new in (("training_labels", "train_labels_path"), ("validation_labels", "val_labels_path")):
        path = _LABELS + name
        said = draft.source.value(path)
        files = [said] if isinstance(said, str) else said or []
        files = [file for file in files if file] or None
        kind = "mapped" if said and files else ""
        draft.carry(
            path,
            DATA + new,
            value=files,
            reason="A list of files." if files else "No file is named.",
            kind=kind,
        )
    path = _LABELS + "test_labels"
    said = draft.source.value(path) or None
    draft.carry(path, DATA + "test_file_path", value=said, reason="" if said else "No file is named.")


def _split(draft: Draft) -> None:
    lost = "Frames are split afresh, so validation frames will be others than in SLEAP."
    path = _LABELS + "split_by_inds"
    listed = draft.source.value(path)
    draft.drop(
        path, lost if listed else "Frames are never split by a list.", kind="warning" if listed else "dropped"
    )
    for name in ("training_inds", "validation_inds", "test_inds"):
        filled = bool(draft.source.value(_LABELS + name))
        draft.drop(
            _LABELS + name,
            lost if filled else "No frames are listed.",
            kind="warning" if filled else "dropped",
        )


def _skeletons(draft: Draft) -> None:
    path = _LABELS + "skeletons"
    graphs = draft.source.value(path)
    if not graphs:
        text = "None is stored; training takes it from the labels."
        draft.carry(path, DATA + "skeletons", value=None, reason=text, kind="mapped")
        return
    skeletons = plain_skeletons(graphs)
    if skeletons is None:
        text = "The stored skeletons cannot be read; training takes the skeleton from the labels."
        draft.carry(path, DATA + "skeletons", value=None, reason=text, kind="warning")
    else:
        draft.carry_resolved(
            path, DATA + "skeletons", value=skeletons, reason="The same skeletons as plain lists of names."
        )


def _image_size(draft: Draft) -> None:
    path = "data.preprocessing.imagenet_mode"
    mode = draft.source.value(path)
    lost = "Images are not shifted and scaled for ImageNet networks; UNet does not need it."
    draft.drop(path, lost if mode else "Off, as always here.", kind="warning" if mode else "dropped")
    path = "data.preprocessing.resize_and_pad_to_target"
    kept = draft.source.value(path)
    reason = "Images are always resized and padded to the largest size."
    draft.drop(path, reason, kind="dropped" if kept else "warning")


def _crops(draft: Draft) -> bool:
    return any(
        draft.source.section_is_set(f"model.heads.{name}") for name in keys_of(lambda kind: kind.cropped)
    )


def _crop(draft: Draft) -> None:
    """SLEAP cropped the scaled image; here the crop is cut from the source image and then scaled."""
    scale = draft.source.value("data.preprocessing.input_scaling")
    factor = scale if scale > 0 else 1.0
    path = _CROPPING + "crop_size"
    size = draft.source.value(path)
    if size is None:
        draft.carry(path, PREPROCESSING + "crop_size", reason="Measured from the labels, as in SLEAP.")
    else:
        value = round(size / factor)
        draft.carry_resolved(path, PREPROCESSING + "crop_size", value=value, reason=_before_scaling(scale))
    path = _CROPPING + "crop_size_detection_padding"
    if not _crops(draft):
        draft.drop(path, "This model type looks at whole images, so it has no crop to pad.")
    elif size is not None and not draft.reset:
        draft.drop(path, "The crop size is set, so nothing is padded.")
    else:
        value = round(draft.source.value(path) / factor)
        draft.carry(path, PREPROCESSING + "crop_padding", value=value, reason=_before_scaling(scale))
    path = _CROPPING + "center_on_part"
    if not draft.seen(path):
        draft.drop(path, "This model type has no anchor part.")


def _before_scaling(scale: float) -> str:
    if scale == 1 or scale <= 0:
        return "Pixels of the source image; with an input scale of 1 they are the same."
    return f"SLEAP counted pixels after scaling by {scale:g}; here they are pixels of the source image."


def _pipeline(draft: Draft) -> None:
    path = _OPTIMIZATION + "preload_data"
    preload = draft.source.value(path)
    value = "torch_dataset_cache_img_memory" if preload else "torch_dataset"
    reason = "All images are kept in memory." if preload else "Images are read as they are needed."
    draft.carry(path, DATA + "data_pipeline_fw", value=value, reason=reason, kind="mapped")
    path = _OPTIMIZATION + "num_workers"
    workers = draft.source.value(path)
    if workers is None:
        draft.drop(path, "Not set: the training process reads the images.")
        return
    targets = [f"{TRAINER}{role}_data_loader.num_workers" for role in ("train", "val")]
    if workers and not preload:
        text = "Images that are read as they are needed are read by one thread."
        draft.carry(path, *targets, value=0, reason=text)
    else:
        draft.carry(path, *targets, value=workers)


def _weights(draft: Draft) -> None:
    """The model folder to start from; SLEAP's Keras layers started from Glorot uniform weights."""
    draft.note(MODEL + "init_weights", "xavier", "SLEAP's layers start from Glorot (Xavier) uniform weights.")
    path = "model.base_checkpoint"
    folder = (draft.source.value(path) or "").replace("\\", "/").rstrip("/")
    file = folder if folder.endswith((".h5", ".ckpt")) else f"{folder}/best_model.h5"
    targets = (MODEL + "pretrained_backbone_weights", MODEL + "pretrained_head_weights")
    if folder:
        draft.carry(
            path,
            *targets,
            value=file,
            reason="SLEAP names the model's folder; its weights are in best_model.h5.",
        )
    else:
        draft.carry(path, *targets, value=None)


def _batches(draft: Draft) -> None:
    targets = [f"{TRAINER}{role}_data_loader.batch_size" for role in ("train", "val")]
    draft.carry(
        _OPTIMIZATION + "batch_size", *targets, reason="SLEAP has one batch size for training and validation."
    )


def _steps(draft: Draft) -> None:
    """SLEAP ignores the minimum when the steps are set; programs that raise the steps to it must not."""
    path = _OPTIMIZATION + "batches_per_epoch"
    steps = draft.source.value(path)
    draft.carry_resolved(path, TRAINER + "train_steps_per_epoch")
    path, target = _OPTIMIZATION + "min_batches_per_epoch", TRAINER + "min_train_steps_per_epoch"
    fewest = draft.source.value(path)
    if steps is not None and not draft.reset and steps < fewest:
        draft.carry(
            path, target, value=steps, reason="SLEAP ignores the minimum when the steps per epoch are set."
        )
    else:
        draft.carry(path, target)


def _optimizer(draft: Draft) -> None:
    path = _OPTIMIZATION + "optimizer"
    said = draft.source.value(path)
    known = {"adam": "Adam", "adamw": "AdamW"}.get(said.strip().lower())
    if known:
        draft.carry(path, TRAINER + "optimizer_name", value=known, reason="The same rule.", kind="mapped")
    else:
        text = f"{said or 'An empty name'} is not among the optimizers here, so Adam is used."
        draft.carry(path, TRAINER + "optimizer_name", value="Adam", reason=text, kind="warning")
    if known == "Adam":
        draft.note(TRAINER + "optimizer.amsgrad", True, "SLEAP's Adam runs with AMSGrad.")


def _schedule(draft: Draft) -> None:
    section = "optimization.learning_rate_schedule."
    draft.note(SCHEDULERS + ".step_lr", None, "")
    if draft.source.value(section + "reduce_on_plateau"):
        draft.note(_PLATEAU + ".threshold_mode", "abs", "")
        draft.report(
            section + "reduce_on_plateau",
            (),
            None,
            "The section below is set, so the rate falls on plateaus.",
            kind="mapped",
        )
        return
    draft.report(
        section + "reduce_on_plateau", (_PLATEAU,), None, "The learning rate stays as it is.", kind="mapped"
    )
    for key in SPEC.sections[_PLATEAU].keys:
        if SPEC.keys[key].meta.legacy:
            draft.drop(SPEC.keys[key].meta.legacy, "The learning rate does not fall in this file.")


def _folder(draft: Draft) -> None:
    path = _OUTPUTS + "runs_folder"
    said = draft.source.value(path)
    folder = said.replace("\\", "/") or None
    reason = "" if folder == said else "Written with forward slashes, which every system reads."
    reason = reason if folder else "The folder that training is started from."
    draft.carry(path, TRAINER + "ckpt_dir", value=folder, reason=reason)


def _run_name(draft: Draft) -> None:
    parts = [_OUTPUTS + name for name in ("run_name_prefix", "run_name", "run_name_suffix")]
    name = "".join(draft.source.value(part) or "" for part in parts) or None
    for part in parts:
        own = draft.source.value(part) or ""
        if part.endswith("run_name"):
            joined = "Prefix, name and suffix in one." if name != own else ""
            draft.carry(
                part, TRAINER + "run_name", value=name, reason=joined if name else "Made anew for each run."
            )
        elif own:
            draft.report(part, (TRAINER + "run_name",), name, "Part of the run name.", kind="mapped")
        else:
            draft.drop(part, "Adds nothing to the run name.")


def _checkpoints(draft: Draft) -> None:
    path = _OUTPUTS + "checkpointing.every_epoch"
    every = draft.source.value(path)
    reason = "The model of every epoch is kept." if every else "Only the best model is kept."
    draft.carry(
        path, TRAINER + "model_ckpt.save_top_k", value=-1 if every else 1, reason=reason, kind="mapped"
    )
    path = _OUTPUTS + "checkpointing.best_model"
    best = draft.source.value(path)
    draft.drop(
        path, "The best model is always kept when models are saved.", kind="dropped" if best else "warning"
    )


def _ports(draft: Draft) -> None:
    for switch, address, port in (
        ("subscribe_to_controller", "controller_address", "controller_port"),
        ("publish_updates", "publish_address", "publish_port"),
    ):
        switch, address, target = (
            f"{_OUTPUTS}zmq.{switch}",
            f"{_OUTPUTS}zmq.{address}",
            f"{TRAINER}zmq.{port}",
        )
        said = draft.source.value(address)
        found = re.fullmatch(r"(?:tcp://)?(.*):([0-9]{1,5})", said.strip())
        if not draft.source.value(switch):
            draft.report(switch, (target,), None, "Off: no port.", kind="mapped")
            draft.drop(address, "Switched off in this file.")
        elif found is None:
            draft.report(switch, (target,), None, "On, but without a port.", kind="warning")
            draft.drop(address, f"There is no port number at the end of {said}.", kind="warning")
        else:
            _carry_port(draft, switch, address, target, found)


def _carry_port(draft: Draft, switch: str, address: str, target: str, found: re.Match[str]) -> None:
    host, port = found.group(1), int(found.group(2))
    draft.report(switch, (target,), port, "On: the port below is set.", kind="mapped")
    if host in _LOCAL_HOSTS:
        draft.carry(
            address, target, value=port, reason="Only the port is written; the computer is always this one."
        )
    else:
        text = f"Only the port is written; training on another computer than {host} will not be seen there."
        draft.carry(address, target, value=port, reason=text, kind="warning")


def _names(draft: Draft) -> None:
    for name in ("name", "description"):
        if draft.source.value(name):
            draft.carry(name, name)
        else:
            draft.drop(name, "It is empty.")
