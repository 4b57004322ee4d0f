"""`key=value` words of a command line, read as OmegaConf reads its dotlists, put into a config."""

from collections.abc import Sequence
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.yaml_dialect import parse


def apply_overrides(values: dict[str, Any], words: Sequence[str]) -> None:
    """Put `key=value` words into the values of a config, in their order.

    Raises UserError (usage) that tells of every word which names no setting or has no value that can be read; nothing
    is then changed.
    """
    found: list[tuple[str, Any]] = []
    wrong: list[UserError] = []
    for word in words:
        try:
            found.append(read_override(word))
        except UserError as error:
            wrong.append(error)
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        lines = "\n".join(str(error) for error in wrong)
        raise UserError(f"{len(wrong)} of the settings given cannot be used:\n{lines}", usage=True)
    for path, value in found:
        tree.put(values, path, value)


def read_override(word: str) -> tuple[str, Any]:
    """The dotted path of one `key=value` word, and its value. Raises UserError (usage)."""
    path, equals, text = word.partition("=")
    if not equals:
        hint = "Write it like trainer_config.max_epochs=20."
        raise UserError("This is no key=value.", where=word, hint=hint, usage=True)
    if path not in SPEC.keys and path not in SPEC.sections:
        hint = "See 'schema' for all of them."
        raise UserError("There is no such setting.", where=path, hint=hint, usage=True)
    parse(text, where=path)  # has bounds, and words for what is no YAML
    # It takes a tenth of a second to import, and few command lines have such words.
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        # By a name of its own: sections around the value would be made and merged for nothing.
        read: Any = OmegaConf.to_container(OmegaConf.from_dotlist([f"value={text}"]))
    except OmegaConfBaseException:  # its reasons are those of its grammar, for programmers
        reference = "“${” begins a reference to another setting, and what follows is none"
        reason = reference if "${" in text else "a name in it is neither text nor a number"
        hint = "Write such a value into the config file, where all text is taken as it is."
        raise UserError(f"The value cannot be read: {reason}.", where=path, hint=hint, usage=True) from None
    return path, read["value"]
