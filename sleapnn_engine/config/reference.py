"""The schema as text: one setting explained, the whole reference page, and JSON Schema."""

from typing import Any

from sleapnn_engine.config.meta import Meta
from sleapnn_engine.config.spec import SPEC, Key, Section
from sleapnn_engine.config.values import describe

#: Settings beside which the page shows a picture, and its name: what the window shows beside the form while the setting
#: is in hand (`python -m tests.manual_pictures` makes them).
PICTURES = {
    "data_config.preprocessing.scale": "see-chain",
    "data_config.preprocessing.crop_size": "see-crop",
    "data_config.augmentation_config.geometric.rotation_max": "see-augment",
    "model_config.backbone_config.unet.max_stride": "see-network",
    "model_config.head_configs.centered_instance.confmaps.anchor_part": "see-skeleton",
    "model_config.head_configs.centered_instance.confmaps.sigma": "see-targets",
    "trainer_config.lr_scheduler.reduce_lr_on_plateau.patience": "see-schedule",
}


def explain(path: str) -> str:
    """A few lines about one key or section."""
    if path in SPEC.sections:
        return _section_text(SPEC.sections[path])
    return "\n".join([path, *("  " + line for line in facts_of(SPEC.keys[path]))])


def facts_of(key: Key) -> list[str]:
    """What is known of a setting, one sentence or fact a line, its help first."""
    meta = key.meta
    lines = [f"{meta.label}: {meta.doc}", f"Default: {describe(key.default)}"]
    if meta.unit_text:
        lines.append(f"Unit: {meta.unit_text}")
    if range_text(meta):
        lines.append(f"Range: {range_text(meta)}")
    if meta.null:
        lines.append(f"null: {meta.null}")
    lines.extend(f"{describe(choice.value)}: {choice.doc}" for choice in meta.choices)
    lines.extend(dict.fromkeys(condition.says for condition in meta.when))
    if meta.source:
        lines.append(f"Note: {meta.source}")
    return lines


def range_text(meta: Meta) -> str:
    """The range in words, '' where every value of the kind will do."""
    parts = []
    if meta.minimum is not None:
        parts.append(f"at least {_n(meta.minimum)}")
    if meta.above is not None:
        parts.append(f"more than {_n(meta.above)}")
    if meta.maximum is not None:
        parts.append(f"at most {_n(meta.maximum)}")
    if meta.below is not None:
        parts.append(f"less than {_n(meta.below)}")
    if meta.rule:
        parts.append({"odd": "odd", "power_of_two": "a power of two"}[meta.rule])
    return ", ".join(parts)


def _n(number: float) -> str:
    return f"{number:g}" if abs(number) < 1e6 else str(int(number))


def _section_text(section: Section) -> str:
    lines = [section.path, f"  {section.meta.label}: {section.meta.doc}"]
    if section.meta.null:
        lines.append(f"  null: {section.meta.null}")
    if section.meta.one_of:
        amount = {"exactly": "Exactly one", "at_most": "At most one"}[section.meta.one_of]
        names = ", ".join(SPEC.sections[child].name for child in section.sections)
        lines.append(f"  {amount} of {names} is set; the others are null.")
    lines.extend(f"  {path}" for path in (*section.keys, *section.sections))
    return "\n".join(lines)


def reference_page() -> str:
    """All settings as one Markdown page."""
    lines = [
        "# Settings",
        "",
        "Every key of a config file, made from the schema. Units say which pixels are meant.",
        "",
    ]
    for section in SPEC.sections.values():
        keys = [SPEC.keys[path] for path in section.keys]
        if not keys:
            continue
        lines += [f"## `{section.path}`" if section.path else "## The file", "", section.meta.doc, ""]
        for key in keys:
            lines.append(f"### `{key.path}`")
            lines += ["", *(f"- {fact}" for fact in facts_of(key)), ""]
            if key.path in PICTURES:
                lines += [*_picture(key), ""]
    return "\n".join(lines)


def _picture(key: Key) -> list[str]:
    """The picture of a setting, for each theme of who reads the page."""
    name, shows = PICTURES[key.path], f"{key.meta.label}, as See shows what it does"
    return [f"![{shows}](pictures/{name}-{theme}.png#only-{theme})" for theme in ("light", "dark")]


_TYPES: dict[str, dict[str, Any]] = {
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "text": {"type": "string"},
    "file": {"type": "string"},
    "folder": {"type": "string"},
    "paths": {"type": "array", "items": {"type": "string"}},
    "path_or_paths": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    "names": {"type": "array", "items": {"type": "string"}},
    "ints": {"type": "array", "items": {"type": "integer"}},
    "edges": {
        "type": "array",
        "items": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
    },
    "mapping": {"type": "object"},
    "int_or_auto": {"anyOf": [{"type": "integer"}, {"const": "auto"}]},
    "float_or_floats": {"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}}]},
    "any": {},
}


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a config file; unknown keys are allowed, as they are kept."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Training config",
        **_section_schema(""),
    }


def _section_schema(path: str) -> dict[str, Any]:
    section = SPEC.sections[path]
    properties = {SPEC.keys[key].name: _key_schema(SPEC.keys[key]) for key in section.keys}
    properties.update({SPEC.sections[child].name: _section_schema(child) for child in section.sections})
    said: dict[str, Any] = {"type": "object", "description": section.meta.doc, "properties": properties}
    if section.meta.null:
        said["type"] = ["object", "null"]
    return said


def _key_schema(key: Key) -> dict[str, Any]:
    meta = key.meta
    said: dict[str, Any] = {"title": meta.label, "description": meta.doc, "default": key.default}
    if meta.kind == "choice" and not meta.open_choices:
        shape: dict[str, Any] = {"enum": [choice.value for choice in meta.choices]}
    else:
        shape = dict(_TYPES["text" if meta.kind == "choice" else meta.kind])
    if meta.kind in ("int", "float"):
        for word, bound in (
            ("minimum", meta.minimum),
            ("maximum", meta.maximum),
            ("exclusiveMinimum", meta.above),
            ("exclusiveMaximum", meta.below),
        ):
            if bound is not None:
                shape[word] = bound
    return {**said, **({"anyOf": [shape, {"type": "null"}]} if meta.null else shape)}
