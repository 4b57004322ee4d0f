"""A config as other programs of the family read it: what they would refuse is left out, and said."""

from collections.abc import Iterator
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.centring import FALLBACK, METHOD, REDUCTIONS, VERSION, Centring, centring, usual
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import copy_values
from sleapnn_engine.config.future_keys import is_known_to
from sleapnn_engine.config.reader import BACKBONES, HEADS, ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.values import describe

#: Versions of sleap-nn that files can be made for; 0.3 is what all of 0.3.0 to 0.3.5 read.
VERSIONS = ("0.1", "0.3", "0.3.5")
#: The first version that knows words for the centre of an animal.
_SAYS_CENTRES = "0.3.5"


def as_others_read(values: dict[str, Any]) -> dict[str, Any]:
    """The complete values of a job with no weight where there is one loss, and no null where there are several.

    sleap-nn takes neither. Changes `values` and returns them.
    """
    heads = tree.get(values, HEADS)
    for head in heads.values() if isinstance(heads, dict) else ():
        parts = [part for part in head.values() if isinstance(part, dict)] if isinstance(head, dict) else []
        for part in parts:
            if len(parts) == 1:
                part.pop("loss_weight", None)
            elif "loss_weight" in part and part["loss_weight"] is None:
                part["loss_weight"] = 1.0
    return values


def for_version(values: dict[str, Any], *, version: str) -> tuple[dict[str, Any], list[str]]:
    """A config that one of VERSIONS reads, and a sentence for everything in which it will do otherwise there.

    Raises UserError (usage) where nothing would be left to train.
    """
    view = ConfigReader(values)
    if view.backbone().endswith(".timm"):
        raise UserError(
            "Encoders of timm are only known to this program, so sleap-nn cannot train this config.",
            where=view.backbone(),
            hint="Choose another backbone.",
            usage=True,
        )
    made, said = as_others_read(copy_values(values)), []
    for path, value in _unknown(made, version=version):
        _drop(made, path)
        known = SPEC.keys.get(path)
        if value is not None and (known is None or (known.meta.since and value != known.default)):
            said.append(f"{path} ({describe(value)}) is left out: sleap-nn {version} does not know it.")
    confmaps = f"{view.head()}.confmaps"
    if f"{confmaps}.{METHOD}" in SPEC.keys:
        meant = centring(lambda name: view.value(f"{confmaps}.{name}"), unsaid=usual(view.value(VERSION)))
        said += _write_centre(made, meant, section=confmaps, version=version)
    return made, said


def _write_centre(made: dict[str, Any], meant: Centring, *, section: str, version: str) -> list[str]:
    """Put the centre of animals into the file where that version has words for it; else what it will do otherwise."""
    if version == _SAYS_CENTRES:
        for name, value in meant.settings.items():
            tree.put(made, f"{section}.{name}", value)
        return []
    if meant.otherwise == usual(version):
        return []
    return [
        f"{section}: the centre of an animal cannot be said to sleap-nn {version}, which takes "
        f"{REDUCTIONS[usual(version)]} where no anchor is visible; here it is {REDUCTIONS[meant.otherwise]}. "
        "Train both models of a pair in the same program."
    ]


def _drop(values: dict[str, Any], path: str) -> None:
    """Take out what is unknown, and the sections that it leaves empty and that are unknown themselves."""
    tree.drop(values, path)
    above = path.rpartition(".")[0]
    if above and above not in SPEC.sections and tree.get(values, above) == {}:
        _drop(values, above)


def _later(version: str) -> list[str]:
    """Sections and settings that only versions after this one know."""
    known = ("", *VERSIONS[: VERSIONS.index(version) + 1])
    sections = [path for path, one in SPEC.sections.items() if one.meta.since not in known]
    return sections + [path for path, key in SPEC.keys.items() if key.meta.since not in known]


def _unknown(values: dict[str, Any], *, version: str) -> Iterator[tuple[str, Any]]:
    """(path, value) of everything that a version would stumble over."""
    for path in _later(version):
        if tree.has(values, path):
            yield path, tree.get(values, path)
    for path, value in list(tree.leaves(values)):
        if path.endswith(".loss_weight"):
            continue
        ancestors = SPEC.ancestors(path)
        known = path in SPEC.keys and path.rpartition(".")[2] not in (METHOD, FALLBACK)
        section = path in SPEC.sections and path != f"{BACKBONES}.timm"
        within = any(above in SPEC.keys for above in ancestors)  # of a setting that is a mapping itself
        ours = path.startswith(f"{BACKBONES}.timm.")
        if ours or not (known or section or within or is_known_to(path, version=version)):
            yield path, value
