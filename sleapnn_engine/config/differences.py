"""In which settings configs differ, in the order of the schema: for runs that are compared."""

from collections.abc import Sequence
from typing import Any

import attrs

from sleapnn_engine.config.reader import TRAINER, ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.tree import same

#: What is another one in every run and says nothing of how it was trained.
OF_EACH_RUN = (TRAINER + "run_name", TRAINER + "ckpt_dir", TRAINER + "resume_ckpt_path")


@attrs.frozen
class Difference:
    """One setting, or what was chosen or switched on: its dotted path, its label, and a value for each config.

    A choice has the label of what was chosen, a section True or False.
    """

    path: str
    label: str
    values: tuple[Any, ...]


def differences(configs: Sequence[ConfigReader]) -> list[Difference]:
    """What differs between configs; settings of a section count where all have it, and secrets never."""
    found = [*_choices(configs), *_sections(configs)]
    for path, key in SPEC.keys.items():
        # What stands in no section are words about the file.
        if path in OF_EACH_RUN or key.meta.secret or not key.meta.edited or not key.section:
            continue
        if not all(config.on(key.section) for config in configs):
            continue
        values = tuple(config.value(path) for config in configs)
        if any(not same(value, values[0]) for value in values):
            found.append(Difference(path, key.meta.label, values))
    return found


def _choices(configs: Sequence[ConfigReader]) -> list[Difference]:
    found = []
    for path, section in SPEC.sections.items():
        if section.meta.one_of:
            names = [next(iter(config.chosen(path)), None) for config in configs]
            if len(set(names)) > 1:
                labels = (SPEC.sections[f"{path}.{name}"].meta.label if name else None for name in names)
                found.append(Difference(path, section.meta.label, tuple(labels)))
    return found


def _sections(configs: Sequence[ConfigReader]) -> list[Difference]:
    found = []
    for path, section in SPEC.sections.items():
        above = SPEC.sections.get(section.parent)
        if not section.meta.null or section.meta.one_of or above is None or above.meta.one_of:
            continue
        on = [config.on(path) for config in configs]
        if len(set(on)) > 1 and all(config.on(section.parent) for config in configs if section.parent):
            found.append(Difference(path, section.meta.label, tuple(on)))
    return found
