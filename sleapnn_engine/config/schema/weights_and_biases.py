"""`trainer_config.wandb`: what a run sends to Weights & Biases."""

from typing import Optional

import attrs

from sleapnn_engine.config.meta import Choice, When, setting

_USED = When(
    path="trainer_config.use_wandb", values=(True,), says="Only used when logging to Weights & Biases is on."
)


@attrs.define(kw_only=True)
class WandBConfig:
    entity: Optional[str] = setting(
        None,
        label="Account or team",
        doc="Whose Weights & Biases space the run belongs to.",
        kind="text",
        null="Your default account.",
        null_label="Default",
        when=(_USED,),
    )
    project: Optional[str] = setting(
        None,
        label="Project",
        doc="The project the run is listed under.",
        kind="text",
        null="Weights & Biases' own default project.",
        null_label="Default",
        when=(_USED,),
    )
    name: Optional[str] = setting(
        None,
        label="Name there",
        doc="What the run is called in Weights & Biases.",
        kind="text",
        null="The name of this run.",
        when=(_USED,),
    )
    api_key: Optional[str] = setting(
        None,
        label="API key",
        doc="Used for this run only and never written to a file; an environment variable or a stored login is better.",
        kind="text",
        null="The environment's or the stored login's key.",
        null_label="Stored login",
        secret=True,
        when=(_USED,),
        advanced=True,
    )
    save_viz_imgs_wandb: bool = setting(
        False,
        label="Send the pictures too",
        doc="Also sends the pictures saved while training.",
        kind="bool",
        when=(
            _USED,
            When(
                path="trainer_config.visualize_preds_during_training",
                values=(True,),
                says="Only used when pictures are saved during training.",
            ),
        ),
        advanced=True,
    )
    wandb_mode: Optional[str] = setting(
        None,
        label="Connection",
        doc="Whether curves are sent at once or kept on this computer.",
        kind="choice",
        choices=(
            Choice(value="online", label="Online", doc="Sent while training."),
            Choice(value="offline", label="Offline", doc="Kept in the run folder, to be sent later."),
        ),
        null="What the environment variable `WANDB_MODE` says, else online.",
        null_label="Default",
        when=(_USED,),
        source="The guide prints the default as the word None; null is meant.",
    )
    prv_runid: Optional[str] = setting(
        None,
        label="Continue run",
        doc="Identifier of the earlier Weights & Biases run that this one continues.",
        kind="text",
        null="A new run.",
        null_label="New",
        when=(_USED,),
        advanced=True,
    )
    group: Optional[str] = setting(
        None,
        label="Group",
        doc="Name under which several runs are shown together.",
        kind="text",
        null="No group.",
        null_label="None",
        when=(_USED,),
        advanced=True,
    )
    delete_local_logs: Optional[bool] = setting(
        None,
        label="Delete local logs",
        doc="Removes the local `wandb` folder when training has ended.",
        kind="bool",
        null="Removed when logging online, kept when offline.",
        when=(_USED,),
        advanced=True,
    )
    current_run_id: Optional[str] = setting(
        None,
        label="Run identifier",
        doc="Identifier of this run in Weights & Biases, written by training.",
        kind="text",
        null="Not started yet.",
        edited=False,
    )
