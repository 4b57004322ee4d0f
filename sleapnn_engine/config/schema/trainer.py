"""`trainer_config`: how long, how fast, on what, and what is kept."""

from typing import Any, List, Optional, Union

import attrs

from sleapnn_engine.config.meta import Choice, When, section, setting
from sleapnn_engine.config.schema.mining import HardKeypointMiningConfig
from sleapnn_engine.config.schema.schedule import EarlyStoppingConfig, LRSchedulerConfig, OptimizerConfig
from sleapnn_engine.config.schema.sleap_viewer import ZMQConfig
from sleapnn_engine.config.schema.weights_and_biases import WandBConfig

_SAVES = When(path="trainer_config.save_ckpt", values=(True,), says="Only used when checkpoints are saved.")
_VIZ = When(
    path="trainer_config.visualize_preds_during_training",
    values=(True,),
    says="Only used when pictures are saved during training.",
)


def _batch_size(role: str, *, more: str = "") -> Any:
    return setting(
        1,
        label=f"{role} batch size",
        doc=f"Images the network sees at once; more is steadier and needs more memory.{more}",
        kind="int",
        unit="samples",
        minimum=1,
        maximum=65_536,
    )


def _num_workers(role: str) -> Any:
    return setting(
        0,
        label=f"{role} loading workers",
        doc="Threads that read cached images ahead of training; 0 leaves that to one thread, or to none where images are in memory.",
        kind="int",
        unit="count",
        minimum=0,
        maximum=256,
        advanced=True,
    )


@attrs.define(kw_only=True)
class TrainLoaderConfig:
    batch_size: int = _batch_size(
        "Training", more=" Each of several devices takes this many, and a step learns from all of them."
    )
    shuffle: bool = setting(
        True,
        label="Shuffle training frames",
        doc="Draws a new order for every pass over the training frames; off keeps the order of the files.",
        kind="bool",
        advanced=True,
        legacy="optimization.online_shuffling",
    )
    num_workers: int = _num_workers("Training")


@attrs.define(kw_only=True)
class ValLoaderConfig:
    batch_size: int = _batch_size("Validation")
    shuffle: bool = setting(
        False,
        label="Shuffle validation frames",
        doc="Kept for other programs: here validation frames always come in their own order, so that every epoch is measured alike.",
        kind="bool",
        advanced=True,
    )
    num_workers: int = _num_workers("Validation")


@attrs.define(kw_only=True)
class ModelCkptConfig:
    save_top_k: int = setting(
        1,
        label="Best models kept",
        doc="How many of the best models by validation loss are kept; -1 keeps every epoch, 0 none.",
        kind="int",
        unit="count",
        minimum=-1,
        maximum=1_000_000,
        when=(_SAVES,),
        advanced=True,
    )
    save_last: Optional[bool] = setting(
        None,
        label="Keep the last model",
        doc="Also writes `last.ckpt` after every epoch, the place to resume from.",
        kind="bool",
        null="The last model is not kept, except when training is stopped.",
        null_label="Auto",
        when=(_SAVES,),
        legacy="outputs.checkpointing.latest_model",
    )
    monitor: Optional[str] = setting(
        None,
        label="Best by",
        doc="The loss by which a model is the best, in files of sleap-nn 0.3.5: that of validation (`val/loss`), of training (`train/loss`), or of one head in either.",
        kind="text",
        null="The validation loss.",
        edited=False,
        since="0.3.5",
    )
    mode: Optional[str] = setting(
        None,
        label="Best is the",
        doc="Whether the best is the least, in files of sleap-nn 0.3.5; of a loss it is, so `min` is all there is here.",
        kind="text",
        null="The least.",
        edited=False,
        since="0.3.5",
    )


_ACCELERATORS = (
    Choice(value="auto", label="Best available", doc="Uses a GPU where there is one, otherwise the CPU."),
    Choice(value="cpu", label="CPU", doc="Works everywhere; slow for large networks."),
    Choice(
        value="gpu",
        label="GPU",
        doc="An NVIDIA or AMD graphics card; training is refused where there is none.",
    ),
    Choice(value="mps", label="Apple GPU", doc="The graphics processor of a Mac with Apple silicon."),
)
_PROFILERS = (
    Choice(value="simple", label="Simple", doc="Times each stage of a step."),
    Choice(value="advanced", label="Advanced", doc="Times every Python function in each stage of a step."),
    Choice(value="pytorch", label="PyTorch", doc="Times every operator of the network."),
    Choice(
        value="passthrough", label="Pass-through", doc="Calls the hooks of a profiler and measures nothing."
    ),
)
_STRATEGIES = (
    Choice(
        value="auto",
        label="Automatic",
        doc="One process for one device, data-parallel for several. Weights that no output needs are looked for where "
        "the encoder is one of timm.",
    ),
    Choice(
        value="ddp",
        label="Data-parallel (DDP)",
        doc="One process for each device, gradients averaged; weights that no output needs are not looked for.",
    ),
    Choice(
        value="fsdp",
        label="Sharded (FSDP)",
        doc="Splits a network that is too large for one GPU, as none made here is: on one GPU it is trained as with "
        "automatic, on several or on the CPU training refuses it.",
    ),
    Choice(
        value="ddp_find_unused_parameters_false",
        label="DDP, all parameters used",
        doc="Weights that no output needs are not looked for; where there are some, training fails.",
    ),
    Choice(
        value="ddp_find_unused_parameters_true",
        label="DDP, some parameters unused",
        doc="Looks in every step for weights that no output needs, which then stay as they are.",
    ),
)


@attrs.define(kw_only=True)
class TrainerConfig:
    train_data_loader: TrainLoaderConfig = section(
        TrainLoaderConfig, label="Training batches", doc="How training images are put together."
    )
    val_data_loader: ValLoaderConfig = section(
        ValLoaderConfig, label="Validation batches", doc="How validation images are put together."
    )
    model_ckpt: ModelCkptConfig = section(ModelCkptConfig, label="Checkpoints", doc="Which models are kept.")
    trainer_devices: Optional[Union[int, str]] = setting(
        None,
        label="Devices",
        doc="How many devices to train on, each in a process of its own with its own random changes of images; "
        "auto takes every GPU of the machine. On the CPU it is the number of processes, up to one for each core.",
        kind="int_or_auto",
        unit="count",
        minimum=1,
        maximum=1024,
        null="As many as device indices are listed; otherwise one.",
        null_label="One",
        advanced=True,
    )
    trainer_device_indices: Optional[List[int]] = setting(
        None,
        label="Device indices",
        doc="Exactly which devices to train on, counted from 0; overrides the number of devices.",
        kind="ints",
        unit="none",
        minimum=0,
        maximum=1023,
        null="The first devices are used.",
        null_label="Any",
        advanced=True,
    )
    trainer_accelerator: str = setting(
        "auto",
        label="Train on",
        doc="The kind of processor to train on.",
        kind="choice",
        choices=_ACCELERATORS,
    )
    profiler: Optional[str] = setting(
        None,
        label="Profiler",
        doc="Measures with a profiler of Lightning where training time goes, and writes its report to the run folder. "
        "Loading it takes some seconds.",
        kind="choice",
        choices=_PROFILERS,
        null="No profiling.",
        null_label="Off",
        advanced=True,
    )
    trainer_strategy: str = setting(
        "auto",
        label="Strategy",
        doc="How several devices share the work, by any name that Lightning knows. `auto` and all that begin with "
        "`ddp` are used; `dp` and `single_device` on one device. `deepspeed…`, `fsdp_cpu_offload` and `xla…` are refused "
        "before anything is created, with Lightning's reason where it has one.",
        kind="choice",
        choices=_STRATEGIES,
        open_choices=True,
        advanced=True,
    )
    enable_progress_bar: bool = setting(
        True,
        label="Progress in the terminal",
        doc="Prints a progress line while training.",
        kind="bool",
        advanced=True,
    )
    min_train_steps_per_epoch: int = setting(
        200,
        label="Fewest steps per epoch",
        doc="An epoch has at least this many steps, so that few frames still make epochs of useful length; "
        "several devices divide them among themselves.",
        kind="int",
        unit="steps",
        minimum=0,
        maximum=10_000_000,
        step=50,
        when=(
            When(
                path="trainer_config.train_steps_per_epoch",
                values=(None,),
                says="Has no effect: the steps per epoch are set.",
            ),
        ),
    )
    train_steps_per_epoch: Optional[int] = setting(
        None,
        label="Steps per epoch",
        doc="Number of batches that make one epoch; several devices divide them among themselves, rounded up.",
        kind="int",
        unit="steps",
        minimum=1,
        maximum=10_000_000,
        null="One pass over the training frames, or the fewest steps per epoch if that is more.",
        legacy="optimization.batches_per_epoch",
    )
    visualize_preds_during_training: bool = setting(
        False,
        label="Save pictures while training",
        doc="Writes a picture of predictions and confidence maps to the `viz` folder after each epoch.",
        kind="bool",
        legacy="outputs.save_visualizations",
    )
    keep_viz: bool = setting(
        False,
        label="Keep the pictures",
        doc="Keeps the `viz` folder when training has ended; off deletes it then.",
        kind="bool",
        when=(_VIZ,),
        legacy="outputs.keep_viz_images",
    )
    max_epochs: int = setting(
        10,
        label="Most epochs",
        doc="Training ends after this many epochs, or earlier when it no longer improves.",
        kind="int",
        unit="epochs",
        minimum=1,
        maximum=10_000_000,
        legacy="optimization.epochs",
    )
    seed: Optional[int] = setting(
        None,
        label="Random seed",
        doc="Makes the starting weights, the order of frames and their random changes the same in every run.",
        kind="int",
        unit="none",
        minimum=0,
        maximum=4294967295,
        null="Every run is different.",
        null_label="None",
    )
    use_wandb: bool = setting(
        False,
        label="Log to Weights & Biases",
        doc="Sends the training curves to a Weights & Biases project.",
        kind="bool",
    )
    save_ckpt: bool = setting(
        False,
        label="Save the model",
        doc="Writes the best model to the run folder; off trains and keeps no model.",
        kind="bool",
        legacy="outputs.save_outputs",
    )
    ckpt_dir: Optional[str] = setting(
        None,
        label="Models folder",
        doc="Folder in which each run gets a folder of its own.",
        kind="folder",
        null="The folder training is started from.",
        null_label="Here",
    )
    run_name: Optional[str] = setting(
        None,
        label="Run name",
        doc="Name of this run and of its folder.",
        kind="text",
        null="Made from the time and the model type.",
    )
    resume_ckpt_path: Optional[str] = setting(
        None,
        label="Resume from",
        doc="Checkpoint of an earlier run whose training is taken up again, with its optimizer and epoch.",
        kind="file",
        suffixes=(".ckpt",),
        null="Starts a new training.",
        null_label="None",
    )
    optimizer_name: str = setting(
        "Adam",
        label="Optimizer",
        doc="The rule by which weights are improved.",
        kind="choice",
        choices=(
            Choice(value="Adam", label="Adam", doc="The usual choice."),
            Choice(
                value="AdamW", label="AdamW", doc="Adam with weight decay, which can help large networks."
            ),
        ),
    )
    optimizer: OptimizerConfig = section(OptimizerConfig, label="Optimizer", doc="How weights are improved.")
    lr_scheduler: Optional[LRSchedulerConfig] = section(
        LRSchedulerConfig,
        label="Learning rate schedule",
        doc="How the learning rate falls while training.",
        null="The learning rate stays as it is.",
        one_of="at_most",
    )
    early_stopping: EarlyStoppingConfig = section(
        EarlyStoppingConfig, label="Early stopping", doc="When training ends before the last epoch."
    )
    online_hard_keypoint_mining: HardKeypointMiningConfig = section(
        HardKeypointMiningConfig,
        label="Hard keypoint mining",
        doc="A larger share of the loss for parts that are hard to find.",
    )
    wandb: WandBConfig = section(
        WandBConfig,
        label="Weights & Biases",
        doc="Where the training curves are sent.",
    )
    zmq: ZMQConfig = section(
        ZMQConfig, label="SLEAP viewer", doc="Lets SLEAP's own training window watch and stop this run."
    )
