"""What types of model are called, and in which ways their runs differ to the eye."""

from sleapnn_engine.config.model_types import keys_of
from sleapnn_engine.config.reader import HEADS
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.widgets.language import tr

CROPPED = frozenset(keys_of(lambda kind: kind.cropped))
ONE_ANIMAL = frozenset(keys_of(lambda kind: kind.one_animal))


def model_name(model_type: str) -> str:
    """A type of model as the form calls it; a type this window does not know by its own name."""
    section = SPEC.sections.get(f"{HEADS}.{model_type}")
    return tr(section.meta.label) if section is not None else model_type.replace("_", " ")


def head_name(model_type: str, head: str) -> str:
    """A head as the form calls it, in running text: 'confidence maps'."""
    section = SPEC.sections.get(f"{HEADS}.{model_type}.{head}")
    return tr(section.meta.label).lower() if section is not None else head.replace("_", " ")


def samples_name(model_type: str) -> str:
    """What a model of this type is shown: 'crops' or 'frames'."""
    return tr("crops") if model_type in CROPPED else tr("frames")
