"""The classes of the settings as OmegaConf's structured configs: for other programs, and to see that types are as told.

Jobs are not built by it, see architecture.md; what it makes of a config's values is what is built.
"""

from typing import Any

import attrs
import pytest
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.spec import SPEC, Key

PRESETS = {preset.path.stem: preset.path for preset in list_presets()}


def typed(values: dict[str, Any]) -> Job:
    """A config as OmegaConf types it."""
    made = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Job), values))
    assert isinstance(made, Job)
    return made


@pytest.mark.parametrize(
    "name", ["config_bottomup_convnext", "config_centroid_swint", "timm_single_instance"]
)
def test_a_preset_is_the_same_job(name: str) -> None:
    values = read_config(PRESETS[name]).values
    tree.put(values, "data_config.train_labels_path", ["labels.slp"])
    assert typed(values) == build_job(values)


def as_text(key: Key) -> Any:
    """A value of the setting, written as text where it is a number."""
    meta = key.meta
    number = next((bound for bound in (meta.minimum, meta.maximum) if bound is not None), 1)
    return {
        "bool": True,
        "int": str(int(number)),
        "float": f"{max(number, 1)}e-2",
        "text": "5",
        "choice": meta.choices[-1].value if meta.choices else None,
        "names": ["5"],
        "paths": ["5"],
        "ints": [int(number)] * (meta.length or 1),
    }.get(meta.kind, key.default)


def test_only_what_has_no_one_type_is_left_open() -> None:
    """OmegaConf knows no union of text and lists."""
    left = {path for path, key in SPEC.keys.items() if field(path).type is Any and key.meta.edited}
    assert left == {"data_config.test_file_path"}


def test_every_setting_has_the_type_that_its_record_tells() -> None:
    """All at once, numbers written as text; null where the record says that null means something."""
    values: dict[str, Any] = {}
    for path, key in SPEC.keys.items():
        tree.put(values, path, as_text(key))
    job = typed(values)
    kinds = {
        "int": int,
        "float": float,
        "bool": bool,
        "text": str,
        "names": list,
        "paths": list,
        "ints": list,
    }
    seen = set()
    for path, key in SPEC.keys.items():
        expected = kinds.get(key.meta.kind)
        if expected is None or field(path).type is Any:
            continue
        assert type(found(job, path)) is expected, path
        seen.add(key.meta.kind)
    assert seen == set(kinds)


def test_null_is_taken_where_the_record_says_what_it_means() -> None:
    # A job without labels is refused in words of its own, so that none has null there.
    for path, key in SPEC.keys.items():
        annotated = field(path).type
        if path == "data_config.train_labels_path":
            continue
        assert annotated is Any or (type(None) in getattr(annotated, "__args__", ())) == key.meta.nullable, (
            path
        )


@pytest.mark.parametrize(
    ("key", "text"), [("run_name", "${name}"), ("run_name", "???"), ("max_epochs", "many")]
)
def test_a_file_is_data_which_is_why_jobs_are_not_built_by_it(key: str, text: str) -> None:
    """Text stands for itself in a config; OmegaConf looks up one, drops another, and stops at the first mistake."""
    values = {"trainer_config": {key: text}}
    try:
        kept = getattr(typed(values).trainer_config, key)
    except OmegaConfBaseException:
        kept = None
    assert kept != text


def field(path: str) -> "attrs.Attribute[Any]":
    *sections, name = path.split(".")
    cls = Job
    for section in sections:
        cls = attrs.fields_dict(cls)[section].metadata["class"]
    return attrs.fields_dict(cls)[name]


def found(job: Job, path: str) -> Any:
    node: Any = job
    for name in path.split("."):
        node = getattr(node, name)
    return node
