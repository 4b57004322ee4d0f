"""The settings that hold numbers, of every kind: alone, in lists, beside a word, and as choices."""

from sleapnn_engine.config.spec import SPEC

KINDS = ("int", "float", "ints", "int_or_auto", "float_or_floats")
NUMBERS = sorted(
    path
    for path, key in SPEC.edited.items()
    if key.meta.kind in KINDS or any(type(choice.value) is int for choice in key.meta.choices)
)
