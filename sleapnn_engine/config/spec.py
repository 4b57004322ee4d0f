"""The schema, flattened: every key and section by dotted path, in authored order."""

from functools import lru_cache
from typing import Any

import attrs

from sleapnn_engine.config.issue import Remove
from sleapnn_engine.config.meta import Meta, SectionMeta
from sleapnn_engine.config.schema.job import Job


@attrs.frozen
class Key:
    """One setting: its dotted path, its record and the guide's default."""

    path: str
    meta: Meta
    default: Any

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def section(self) -> str:
        return self.path.rpartition(".")[0]


@attrs.frozen
class Section:
    """One section: its dotted path, its record, whether it is set by default, and its direct children's paths."""

    path: str
    meta: SectionMeta
    on: bool
    keys: tuple[str, ...]
    sections: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def parent(self) -> str:
        return self.path.rpartition(".")[0]


@attrs.frozen
class Spec:
    """All keys and sections. `edited` are the guide's keys; the rest is known and kept, but has no editor."""

    keys: dict[str, Key]
    sections: dict[str, Section]

    @property
    def edited(self) -> dict[str, Key]:
        return {path: key for path, key in self.keys.items() if key.meta.edited}

    def defaults(self, path: str = "") -> dict[str, Any]:
        """The section at `path` with the guide's defaults, null sections as null; `path` itself is always set."""
        node: dict[str, Any] = {}
        section = self.sections[path]
        for key in section.keys:
            if self.keys[key].meta.edited:
                default = self.keys[key].default
                node[self.keys[key].name] = list(default) if isinstance(default, list) else default
        for child in section.sections:
            if self.sections[child].on or not self.sections[child].meta.own:
                node[self.sections[child].name] = self.defaults(child) if self.sections[child].on else None
        return node

    def left_out(self, path: str) -> Any:
        """What a change of a file has for a section that is not in use: null, or `Remove` for one of our own."""
        return Remove if self.sections[path].meta.own else None

    def ancestors(self, path: str) -> tuple[str, ...]:
        """Paths of the sections above `path`, outermost first, without the root."""
        return _ancestors(path)

    def nullable_section(self, path: str) -> str:
        """The innermost nullable section that holds `path`, or ''."""
        for ancestor in reversed(self.ancestors(path)):
            if ancestor in self.sections and self.sections[ancestor].meta.null:
                return ancestor
        return ""


@lru_cache(maxsize=1024)
def _ancestors(path: str) -> tuple[str, ...]:
    names = path.split(".")[:-1]
    return tuple(".".join(names[: i + 1]) for i in range(len(names)))


def _walk(cls: type, prefix: str, on: bool, meta: SectionMeta, spec: Spec) -> None:
    keys: list[str] = []
    children: list[tuple[str, attrs.Attribute[Any]]] = []
    for field in attrs.fields(cls):
        path = f"{prefix}.{field.name}" if prefix else field.name
        if "section" in field.metadata:
            children.append((path, field))
        else:
            default = field.default.factory() if isinstance(field.default, attrs.Factory) else field.default  # type: ignore[arg-type]
            spec.keys[path] = Key(path, field.metadata["meta"], default)
            keys.append(path)
    spec.sections[prefix] = Section(prefix, meta, on, tuple(keys), tuple(path for path, _ in children))
    for path, field in children:
        _walk(field.metadata["class"], path, field.default is not None, field.metadata["section"], spec)


def _flatten() -> Spec:
    spec = Spec({}, {})
    _walk(Job, "", True, SectionMeta(label="Training job", doc="Everything a training job is told."), spec)
    return spec


SPEC = _flatten()
