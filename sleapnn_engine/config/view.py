"""Reading a config with the guide's defaults filled in, whatever the file left out or got wrong."""

from collections.abc import Mapping
from typing import Any

from . import tree
from .spec import SPEC

DATA = "data_config."
MODEL = "model_config."
TRAINER = "trainer_config."
PREPROCESSING = DATA + "preprocessing."
INTENSITY = DATA + "augmentation_config.intensity."
GEOMETRIC = DATA + "augmentation_config.geometric."
BACKBONES = MODEL + "backbone_config"
HEADS = MODEL + "head_configs"
SCHEDULERS = TRAINER + "lr_scheduler"


def as_number(value: Any) -> float | int | None:
    """The number a value stands for, also when it was written as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        text = value.strip()
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            return None
    return None


class View:
    """One config, read by dotted path. A key in a null or missing optional section reads as None."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def on(self, path: str) -> bool:
        """Whether the section at `path` and all sections above it are set (missing ones follow the guide)."""
        for part in (*SPEC.ancestors(path), path):
            if tree.has(self.values, part):
                if tree.get(self.values, part) is None:
                    return False
            elif part in SPEC.sections and not SPEC.sections[part].on:
                return False
        return True

    def value(self, path: str) -> Any:
        """The file's value, else the guide's default; None when its section is off."""
        section = path.rpartition(".")[0]
        if section and not self.on(section):
            return None
        if tree.has(self.values, path):
            return tree.get(self.values, path)
        return SPEC.keys[path].default if path in SPEC.keys else None

    def number(self, path: str) -> float | int | None:
        return as_number(self.value(path))

    def chosen(self, path: str) -> list[str]:
        """Names of the child sections of a one-of section that are set, in schema order."""
        return [SPEC.sections[child].name for child in SPEC.sections[path].sections if self.on(child)]

    def state(self, path: str) -> Any:
        """What a condition compares: a key's value, or the chosen child's name for a one-of section."""
        if path in SPEC.sections and SPEC.sections[path].meta.one_of:
            names = self.chosen(path)
            return names[0] if names else None
        return self.value(path)

    def backbone(self) -> str:
        """Dotted path of the only backbone that is set, or '' when there are none or several."""
        names = self.chosen(BACKBONES)
        return f"{BACKBONES}.{names[0]}" if len(names) == 1 else ""

    def head(self) -> str:
        """Dotted path of the only head that is set, or '' when there are none or several."""
        names = self.chosen(HEADS)
        return f"{HEADS}.{names[0]}" if len(names) == 1 else ""

    def head_parts(self) -> list[str]:
        """Dotted paths of the sections (confmaps, pafs, ...) of the active head."""
        head = self.head()
        return [part for part in SPEC.sections[head].sections if self.on(part)] if head else []
