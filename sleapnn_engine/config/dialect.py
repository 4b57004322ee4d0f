"""The YAML that config files are written in: read as OmegaConf reads it, with every problem as a sentence.

The difference to plain YAML 1.1 that matters: `1e-6` without a dot is a number. Dates stay text, a key given
twice is refused, and `${...}` and `???` are ordinary text, because a config file is data.
"""

import re
from collections.abc import Hashable
from typing import Any

import yaml

from .errors import UserError

_FLOAT = re.compile(
    r"""^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?(?:[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)
    |\.[0-9_]+(?:[eE][-+][0-9]+)?
    |[-+]?\.(?:inf|Inf|INF)
    |\.(?:nan|NaN|NAN))$""",
    re.VERBOSE,
)
_FLOAT_STARTS = list("-+0123456789.")
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be a plain word", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key “{key}” stands twice in one section", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _number_rules(cls: Any) -> None:
    """Give a loader or dumper OmegaConf's rule for what is a number, and no dates."""
    cls.yaml_implicit_resolvers = {
        first: [(tag, rule) for tag, rule in rules if tag != _TIMESTAMP]
        for first, rules in cls.yaml_implicit_resolvers.items()
    }
    cls.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, _FLOAT_STARTS)


_number_rules(_Loader)
_number_rules(_Dumper)
_Dumper.add_representer(tuple, lambda dumper, data: dumper.represent_list(list(data)))


def parse(text: str, *, where: str = "") -> Any:
    """The value a YAML text stands for. Raises UserError with line and column where it is no YAML."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as problem:
        raise UserError(_sentence(problem), where=where, hint="Nothing was changed.", usage=True) from None
    except (ValueError, RecursionError) as problem:
        raise UserError(f"The file cannot be read as YAML: {problem}.", where=where, usage=True) from None


def _sentence(problem: yaml.YAMLError) -> str:
    if isinstance(problem, yaml.reader.ReaderError):
        return f"The file cannot be read as YAML: its sign number {problem.position + 1} ({_sign(problem)}) is no text."
    mark = getattr(problem, "problem_mark", None)
    what = str(getattr(problem, "problem", None) or problem).strip()
    if "\\t" in what:
        what = "a tab is used for indentation; use spaces"
    if mark is None:
        return f"The file cannot be read as YAML: {what}."
    return f"Line {mark.line + 1}, column {mark.column + 1}: {what}."


def _sign(problem: yaml.reader.ReaderError) -> str:
    code = problem.character if isinstance(problem.character, int) else ord(problem.character[:1])
    return f"U+{code:04X}"


def write(values: Any) -> str:
    """YAML text of plain values: block style, keys in order, text quoted wherever it would read as something else."""
    return str(yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000))
