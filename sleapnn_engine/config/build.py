"""From a checked config to typed objects: `job.trainer_config.max_epochs` and so on."""

from collections.abc import Mapping
from typing import Any

import attrs

from sleapnn_engine.config.centring import Centring, centring, explicit, usual
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.model_types import MODEL_TYPES, ModelType
from sleapnn_engine.config.reader import BACKBONES
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.schema.trainer import TrainerConfig
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.validate import errors, validate
from sleapnn_engine.config.values import convert, is_wrong


def build_job(values: Mapping[str, Any]) -> Job:
    """The config as attrs objects: missing keys take the guide's defaults, null sections are None.

    Raises UserError (usage) that lists every error where the config has any.
    """
    found = errors(validate(values))
    if found:
        lines = "\n".join(f"{issue.path or 'file'}: {issue.message}" for issue in found)
        raise UserError(
            f"The config has {len(found)} problem{'s' if len(found) > 1 else ''}:\n{lines}", usage=True
        )
    job = _build(Job, values)
    assert isinstance(job, Job)
    return job


def build_model_job(values: Mapping[str, Any]) -> Job:
    """What a config says of a trained model and its images, all else left at its defaults; nothing to start from is named.

    Settings of the training itself count for nothing and may be wrong. Raises UserError (usage) as `build_job` does.
    """
    data, model = (values.get(name) for name in ("data_config", "model_config"))
    data, model = (section if isinstance(section, Mapping) else {} for section in (data, model))
    started = ("pretrained_backbone_weights", "pretrained_head_weights")
    kept = ("preprocessing", "user_instances_only")
    return build_job(
        {
            "data_config": {
                # A config without labels is no job; here none are read.
                "train_labels_path": ["-"],
                **{name: data[name] for name in kept if name in data},
            },
            "model_config": {name: value for name, value in model.items() if name not in started},
        }
    )


def build_trainer(values: Mapping[str, Any]) -> TrainerConfig:
    """What a config says of the epochs of a training: their number, the learning rate, and when it stops early.

    All else counts for nothing and may be wrong. Raises UserError (usage) as `build_job` does.
    """
    said = values.get("trainer_config")
    trainer = said if isinstance(said, Mapping) else {}
    kept = ("max_epochs", "optimizer_name", "optimizer", "lr_scheduler", "early_stopping")
    job = build_job(
        {
            "data_config": {"train_labels_path": ["-"]},
            # No job is without a network; here none is built.
            "model_config": {
                "head_configs": {next(iter(MODEL_TYPES)): {}},
                "backbone_config": {SPEC.sections[SPEC.sections[BACKBONES].sections[0]].name: {}},
            },
            "trainer_config": {name: trainer[name] for name in kept if name in trainer},
        }
    )
    return job.trainer_config


def active(sections: Any) -> str:
    """Name of the one section of a one-of group that is set ('' when there is none)."""
    return next(
        (field.name for field in attrs.fields(type(sections)) if getattr(sections, field.name) is not None),
        "",
    )


def model_type(job: Job) -> ModelType:
    """What is known of the job's type of model."""
    return MODEL_TYPES[active(job.model_config.head_configs)]


def centring_of(job: Job) -> Centring:
    """Which point of an animal is its centre, for a job whose model looks for centres or around them."""
    section = getattr(job.model_config.head_configs, active(job.model_config.head_configs))
    return centring(lambda name: getattr(section.confmaps, name, None), unsaid=usual(job.sleap_nn_version))


def with_centre(job: Job, *, unsaid: str) -> Job:
    """The job with the centre of animals said in it; `unsaid` is how parts come to one where the job leaves it open.

    A job of a model that has to do with no centres is returned as it is.
    """
    heads = job.model_config.head_configs
    name = active(heads)
    section = getattr(heads, name)
    confmaps = explicit(section.confmaps, unsaid=unsaid)
    if confmaps is section.confmaps:
        return job
    heads = attrs.evolve(heads, **{name: attrs.evolve(section, confmaps=confmaps)})
    return attrs.evolve(job, model_config=attrs.evolve(job.model_config, head_configs=heads))


def job_values(job: Any) -> dict[str, Any]:
    """The complete config of a job as a plain dict, in schema order.

    Only what some other programs do not know is left out where it is not in use: sections of our own, later settings.
    """
    return attrs.asdict(job, filter=_is_written)


def _is_written(field: "attrs.Attribute[Any]", value: Any) -> bool:
    """Whether files have the field: not where it is without a value and other programs may not know it."""
    if "section" in field.metadata:
        return value is not None or not field.metadata["section"].own
    meta = field.metadata["meta"]
    return value is not None or meta.edited if not meta.since else value != field.default


def _build(cls: type, values: Mapping[str, Any]) -> Any:
    chosen: dict[str, Any] = {}
    for field in attrs.fields(cls):
        if field.name not in values:
            continue
        value = values[field.name]
        if "section" in field.metadata:
            chosen[field.name] = None if value is None else _build(field.metadata["class"], value)
        else:
            meta = field.metadata["meta"]
            # What a training writes for others to read is used nowhere, and nobody is asked to mend it.
            unusable = not meta.edited and is_wrong(meta, value)
            chosen[field.name] = None if unusable else convert(meta, value)
    return cls(**chosen)
