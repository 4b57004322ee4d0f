"""Random valid configs, drawn from the schema itself."""

from functools import cache
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from sleapnn_engine.config.meta import Meta
from sleapnn_engine.config.spec import SPEC

#: Configs have hundreds of leaves: shrinking one to the smallest failing takes minutes and says little more.
LARGE = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=12
).filter(
    lambda text: (
        bool(text.strip())
        and not any(sign in text for sign in '/\\:*?"<>|')
        and text.strip() not in (".", "..")
    )
)


def numbers(meta: Meta, whole: bool) -> st.SearchStrategy[Any]:
    low = meta.minimum if meta.minimum is not None else meta.above if meta.above is not None else -1000
    high = meta.maximum if meta.maximum is not None else meta.below if meta.below is not None else low + 5000
    if meta.rule == "power_of_two":
        return st.sampled_from([size for size in (1, 2, 4, 8, 16, 32, 64) if size >= low])
    if meta.rule == "odd":
        return st.integers(0, 8).map(lambda half: 2 * half + 1)
    if whole:
        return st.integers(int(low), int(high))
    return st.floats(
        low, high, exclude_min=meta.above is not None, exclude_max=meta.below is not None, allow_nan=False
    )


@cache
def values_of(path: str) -> st.SearchStrategy[Any]:
    """Values that fit one setting's record, null included where it may be null; made once, as making takes longest."""
    meta = SPEC.keys[path].meta
    whole = numbers(meta, True)
    kinds: dict[str, Any] = {
        "bool": st.booleans(),
        "int": whole,
        "float": numbers(meta, False),
        "text": WORDS,
        "choice": st.sampled_from([choice.value for choice in meta.choices] or [None]),
        "file": WORDS.map(lambda word: word + (meta.suffixes or ("",))[0]),
        "folder": WORDS,
        "paths": st.lists(WORDS, unique=True, max_size=3),
        "path_or_paths": st.one_of(WORDS, st.lists(WORDS, unique=True, max_size=3)),
        "names": st.lists(WORDS, unique=True, max_size=4),
        "ints": st.lists(
            st.integers(int(meta.minimum or 0), int(min(meta.maximum or 999, 999))),
            min_size=meta.length or 1,
            max_size=meta.length or 4,
        ),
        "edges": st.lists(st.lists(WORDS, min_size=2, max_size=2), max_size=3),
        "mapping": st.dictionaries(WORDS, st.integers(), max_size=3),
        "int_or_auto": st.one_of(whole, st.just("auto")),
        "float_or_floats": numbers(meta, False),
    }
    found = kinds[meta.kind]
    return st.one_of(st.none(), found) if meta.nullable else found


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    """A config in which every single value fits, secrets left out, any keys missing, any optional section null."""
    return _section(draw, "")


def _section(draw: st.DrawFn, path: str) -> dict[str, Any]:
    section = SPEC.sections[path]
    node: dict[str, Any] = {}
    for key in section.keys:
        if SPEC.keys[key].meta.edited and not SPEC.keys[key].meta.secret and draw(st.booleans()):
            node[SPEC.keys[key].name] = draw(values_of(key))
    children = list(section.sections)
    kept = draw(st.sampled_from(children)) if section.meta.one_of else None
    for child in children:
        name = SPEC.sections[child].name
        if (kept is not None and child != kept) or (
            SPEC.sections[child].meta.null and kept is None and draw(st.booleans())
        ):
            node[name] = None
        else:
            node[name] = _section(draw, child)
    return node
