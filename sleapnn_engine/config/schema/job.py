"""The whole file: data, model and trainer sections and the notes around them."""

from typing import Optional

import attrs

from sleapnn_engine.config.meta import section, setting
from sleapnn_engine.config.schema.data import DataConfig
from sleapnn_engine.config.schema.model import ModelConfig
from sleapnn_engine.config.schema.trainer import TrainerConfig


@attrs.define(kw_only=True)
class Job:
    data_config: DataConfig = section(
        DataConfig, label="Data", doc="The labels and what happens to their images."
    )
    model_config: ModelConfig = section(ModelConfig, label="Model", doc="The network and what it finds.")
    trainer_config: TrainerConfig = section(TrainerConfig, label="Training", doc="How the network learns.")
    name: Optional[str] = setting(
        "",
        label="Name",
        doc="A name for this configuration.",
        kind="text",
        null="No name.",
        null_label="None",
    )
    description: Optional[str] = setting(
        "",
        label="Description",
        doc="What this configuration is for.",
        kind="text",
        null="No description.",
        null_label="None",
    )
    sleap_nn_version: Optional[str] = setting(
        "",
        label="Written by version",
        doc="The version of sleap-nn that wrote the file, kept as it is; what the file leaves open about the centres of animals is taken as that version has it.",
        kind="text",
        null="Not known.",
        null_label="None",
        advanced=True,
    )
    filename: Optional[str] = setting(
        "",
        label="File name",
        doc="A file name noted in the file; it is kept as it is and never used.",
        kind="text",
        null="None noted.",
        null_label="None",
        advanced=True,
    )
