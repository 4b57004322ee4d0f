"""Whether a setting has any effect under the current config, and if not, why, in one sentence."""

from collections.abc import Mapping
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.meta import When
from sleapnn_engine.config.reader import GEOMETRIC, INTENSITY, ConfigReader
from sleapnn_engine.config.spec import SPEC

#: Random changes of images whose chance stands in a key of its own, and those that may share one.
_ALONE = ("uniform_noise", "gaussian_noise", "contrast", "brightness", "erase", "mixup")
_TOGETHER = ("rotation", "scale", "translate")


def idle_reason(view: ConfigReader, path: str) -> str:
    """'' while the setting or section at `path` has an effect, else the sentence that says why not."""
    for section in (*SPEC.ancestors(path), *((path,) if path in SPEC.sections else ())):
        reason = _section_reason(view, section, within=path != section)
        if reason:
            return reason
    return _unmet(view, SPEC.keys[path].meta.when) if path in SPEC.keys else ""


def is_never_drawn(view: ConfigReader, path: str) -> bool:
    """Whether `path` says how far a random change of images goes whose chance is 0, so that it never happens."""
    section, name = next(
        ((part, path.removeprefix(part)) for part in (INTENSITY, GEOMETRIC) if path.startswith(part)),
        ("", ""),
    )
    change = next((change for change in (*_ALONE, *_TOGETHER) if name.startswith(f"{change}_")), "")
    if not change or name.endswith("_p"):
        return False
    chance = f"{section}{change}_p"
    if change in _TOGETHER and view.value(chance) is None:
        own = any(view.value(f"{section}{other}_p") is not None for other in _TOGETHER)
        return own or view.number(f"{section}affine_p") == 0
    return view.number(chance) == 0


def idle_settings(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(dotted key, sentence why not) of every setting that a config changes from the guide's default to no effect."""
    view, found = ConfigReader(values), []
    for path, key in SPEC.keys.items():
        said = tree.get(values, path)
        if said is None or said == key.default or not key.meta.edited:
            continue
        reason = idle_reason(view, path)
        if reason:
            found.append((path, reason))
    return found


def _section_reason(view: ConfigReader, section: str, *, within: bool) -> str:
    known = SPEC.sections.get(section)
    if known is None:
        return ""
    parent = SPEC.sections[known.parent]
    if within and known.meta.null and not view.on(section):
        if parent.meta.one_of:
            chosen = view.state(known.parent)
            other = SPEC.sections[f"{known.parent}.{chosen}"].meta.label if chosen else "none"
            return f"Not in use: {parent.meta.label.lower()} is {other}."
        return f"Not in use: {known.meta.label.lower()} is switched off."
    return _unmet(view, known.meta.when)


def _unmet(view: ConfigReader, conditions: tuple[When, ...]) -> str:
    return next(
        (condition.says for condition in conditions if not condition.holds(view.state(condition.path))), ""
    )
