"""What a config says of the centres of animals: words of the format that are wrong, and what a version leaves unsaid."""

from collections.abc import Callable, Iterator

from sleapnn_engine.config.centring import (
    FALLBACK,
    METHOD,
    REDUCTIONS,
    USUAL,
    VERSION,
    Centring,
    centring,
    problems,
    usual,
)
from sleapnn_engine.config.issue import Fix, Issue, Remove
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.spec import SPEC


def _centres(view: ConfigReader) -> Iterator[Issue]:
    section = f"{view.head()}.confmaps"
    if f"{section}.{METHOD}" not in SPEC.keys or not view.on(section):
        return

    def value_of(name: str) -> object:
        return view.value(f"{section}.{name}")

    wrong = problems({name: value_of(name) for name in ("anchor_part", METHOD, FALLBACK)})
    for name, text in wrong:
        yield Issue(f"{section}.{name}", "error", text, Fix(f"Remove {name}", {f"{section}.{name}": Remove}))
    version = view.value(VERSION)
    if not wrong:
        yield from _unusual(
            section, centring(value_of, unsaid=usual(version)), said=value_of, version=version
        )


def _unusual(
    section: str, meant: Centring, *, said: Callable[[str], object], version: object
) -> Iterator[Issue]:
    """Tell where a file means another centre than this program's own files do, and by which words."""
    if meant.otherwise == USUAL.otherwise:
        return
    name = METHOD if meant.anchor is None else FALLBACK
    what = (
        "The centre of an animal"
        if meant.anchor is None
        else f"Where {meant.words} is not visible, the centre"
    )
    why = f"as {name} says"
    if said(name) is None and meant.otherwise == usual(version):
        why = f"as sleap-nn {version}, which wrote the file, has it"
    box = USUAL.otherwise
    fix = Fix("Use the middle of the box", {f"{section}.{name}": box})
    text = f"{what} is {REDUCTIONS[meant.otherwise]}, {why}; {box} is {REDUCTIONS[box]}."
    yield Issue(f"{section}.anchor_part", "info", text, fix)


CENTRE_CHECKS: tuple[Callable[[ConfigReader], Iterator[Issue]], ...] = (_centres,)
