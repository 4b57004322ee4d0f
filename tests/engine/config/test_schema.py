"""The schema says everything about every key, and says it once."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config.build import build_job, job_values
from sleapnn_engine.config.meta import UNITS
from sleapnn_engine.config.reference import explain, json_schema, reference_page
from sleapnn_engine.config.spec import SPEC, Key
from sleapnn_engine.config.values import problem_of

KEYS = list(SPEC.keys.values())
UNET = "model_config.backbone_config.unet."


def _ids(key: Key) -> str:
    return key.path


def test_every_key_of_the_guide_is_declared_once(shared_spec: Path) -> None:
    wanted = json.loads((shared_spec / "seed_keys.json").read_text())
    own = tuple(f"{path}." for path, section in SPEC.sections.items() if section.meta.own)
    guides = [path for path, key in SPEC.edited.items() if not (path.startswith(own) or key.meta.since)]
    assert sorted(guides) == sorted(wanted)
    assert len(guides) == 187


@pytest.mark.parametrize("key", KEYS, ids=_ids)
def test_key_is_described(key: Key) -> None:
    meta = key.meta
    assert meta.label
    assert meta.label[0].isupper() or meta.label[0].isdigit()
    assert re.fullmatch(r"[A-Z`.][^\n]*\.", meta.doc), "help must be one sentence"
    assert len(meta.doc) > 20
    assert meta.unit in UNITS
    assert not meta.null or meta.null.endswith(".")
    for choice in meta.choices:
        assert choice.label
        assert choice.doc.endswith(".")
    for condition in meta.when:
        assert condition.says.endswith(".")
        assert condition.path in SPEC.keys or condition.path in SPEC.sections


@pytest.mark.parametrize("key", KEYS, ids=_ids)
def test_the_default_passes_its_own_check(key: Key) -> None:
    if key.default is None and not key.meta.nullable:
        pytest.fail("the default is null but null is not a value of this setting")
    assert problem_of(key, key.default) is None


@pytest.mark.parametrize("key", [key for key in KEYS if key.meta.kind == "choice"], ids=_ids)
def test_a_choice_offers_choices(key: Key) -> None:
    assert key.meta.choices


def test_pixel_units_say_which_pixels() -> None:
    assert all(text.split()[-1] in ("source", "input") for text in UNITS.values() if text.startswith("px"))
    lengths = re.compile(r"(size|stride|width|height|padding)$")
    for key in SPEC.edited.values():
        if (
            lengths.search(key.name)
            and key.meta.kind == "int"
            and "batch" not in key.name
            and "step_size" not in key.name
        ):
            assert key.meta.unit in ("px_source", "px_input", "cells"), key.path


def test_defaults_are_the_guides(shared_spec: Path) -> None:
    """Every default printed in the guide's own list equals ours."""
    found = dict(_printed_defaults((shared_spec / "config-guide.md").read_text()))
    assert len(found) > 150
    different = {
        path: (SPEC.keys[path].default, said)
        for path, said in found.items()
        if SPEC.keys[path].default != said
    }
    assert different == {}


#: Printed as text, a typing slip, or nothing: see the field's `source` or its place in the guide.
_NOT_PRINTED_AS_MEANT = {"trainer_config.wandb.wandb_mode", "model_config.backbone_config.convnext.arch"}


def _printed_defaults(guide: str) -> list[tuple[str, object]]:
    """(dotted key, default) pairs read from the guide's bullet lists, nesting followed by indentation."""
    rows: list[tuple[str, object]] = []
    stack: list[tuple[int, str]] = []
    base = ""
    for line in guide.splitlines():
        heading = re.match(r"## .*\(`(\w+)`\)", line)
        if heading:
            base, stack = heading.group(1), []
        bullet = re.match(r"( *)- `([\w.]+)`:(.*)", line)
        if not bullet or not base:
            continue
        depth, name, rest = len(bullet.group(1)), bullet.group(2), bullet.group(3)
        stack = [(d, n) for d, n in stack if d < depth]
        path = ".".join([base, *(n for _, n in stack), name])
        stack.append((depth, name))
        printed = re.search(r"\*\*Default\*\*: `(.*?)`|Default: `(.*?)`", rest)
        if path in SPEC.edited and printed and path not in _NOT_PRINTED_AS_MEANT:
            rows.append((path, _literal(printed.group(1) or printed.group(2))))
    return rows


def _literal(text: str) -> object:
    import ast

    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def test_reference_and_json_schema_cover_every_key() -> None:
    page = reference_page()
    schema = json_schema()
    for path in SPEC.keys:
        assert f"`{path}`" in page
        node = schema
        for name in path.split("."):
            node = node["properties"][name]
        assert node["description"] == SPEC.keys[path].meta.doc
        assert SPEC.keys[path].meta.doc in explain(path)


def test_a_complete_job_reads_back_as_itself() -> None:
    values = SPEC.defaults()
    values["data_config"]["train_labels_path"] = ["a.slp"]
    values["model_config"]["backbone_config"]["unet"] = SPEC.defaults("model_config.backbone_config.unet")
    values["model_config"]["head_configs"]["single_instance"] = SPEC.defaults(
        "model_config.head_configs.single_instance"
    )
    job = build_job(values)
    assert job.trainer_config.max_epochs == 10
    assert job.model_config.backbone_config.convnext is None
    assert job_values(build_job(job_values(job))) == job_values(job)


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        (UNET + "kernel_size", "abc", "an odd whole number from 1 to 31"),
        (UNET + "stem_stride", 2.5, "a power of two from 1 to 1024 px input, or null"),
        ("data_config.validation_fraction", "abc", "a number of more than 0 and less than 1"),
        ("trainer_config.trainer_devices", "all", "a whole number from 1 to 1024, or auto, or null"),
        (
            "trainer_config.trainer_device_indices",
            [0, "x"],
            "a list of whole numbers from 0 to 1023, or null",
        ),
        (
            "model_config.backbone_config.convnext.arch.depths",
            "abc",
            "a list of 4 whole numbers from 1 to 256",
        ),
        ("trainer_config.profiler", "all", "one of simple, advanced, pytorch, passthrough, or null"),
    ],
)
def test_what_is_none_of_the_allowed_values_says_which_are(path: str, value: Any, allowed: str) -> None:
    found = problem_of(SPEC.keys[path], value)
    assert found is not None
    assert f" must be {allowed}; " in found[1]
