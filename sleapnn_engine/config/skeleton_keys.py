"""Which settings of a config choose from the skeleton and the tracks of the labels: centre, parts, limbs, identities."""

from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC

#: What is chosen, by what its names are completed from and by the kind of its value.
_ROLES = {
    ("part", "text"): "anchor",
    ("part", "names"): "parts",
    ("edge", "edges"): "limbs",
    ("track", "names"): "identities",
}


def skeleton_keys(view: ConfigReader) -> dict[str, str]:
    """Dotted keys of the type of model in use by their role: `anchor`, `parts`, `limbs`, `identities`."""
    head = view.head()
    found = {}
    for path, key in SPEC.keys.items():
        role = _ROLES.get((key.meta.names_of, key.meta.kind))
        if head and role and path.startswith(head + "."):
            found[role] = path
    return found
