"""The YAML that config files are written in: read as OmegaConf reads it, with every problem as a sentence.

The difference to plain YAML 1.1 that matters: `1e-6` without a dot is a number. Dates stay text, a key given
twice is refused, and `${...}` and `???` are ordinary text, because a config file is data. What a text can come to is
bounded, so that reading ends soon whatever it holds, and that is numbers, text, true, false, null, lists and sections only.
"""

import functools
import re
from collections.abc import Callable, Hashable
from typing import Any

import yaml

from sleapnn_engine.config.errors import UserError

_FLOAT = re.compile(
    r"""^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?(?:[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)
    |\.[0-9_]+(?:[eE][-+][0-9]+)?
    |[-+]?\.(?:inf|Inf|INF)
    |\.(?:nan|NaN|NAN))$""",
    re.VERBOSE,
)
_FLOAT_STARTS = list("-+0123456789.")
#: Where libyaml takes what PyYAML does not, or takes it for something else: tabs, signs that only some call a line's
#: end, tags, question marks, and a comment right after the mark of a text of several lines.
_TOLD_APART = re.compile("[\t\x85\u2028\u2029\ufeff]|(?<![\\w.])!|[|>][-+0-9]*#|\\?")
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
#: Kinds of values that YAML has and configs do not; only a tag asks for them.
_FOREIGN = ("timestamp", "binary", "set", "omap", "pairs")
_MERGE = "tag:yaml.org,2002:merge"
#: What PyYAML calls mistakes that are made often, by how it begins, and in words; {sign} is what it stumbled over.
_IN_WORDS = {
    "mapping values are not allowed here": "a colon stands where only a value can; the line is indented too far, "
    "or a text with a colon needs quotation marks",
    "could not find expected ':'": "a name has no colon after it",
    "expected <block end>": "this line is indented otherwise than those that it belongs to",
    "found unexpected end of stream": "a quotation mark is opened and not closed",
    "expected ',' or ']'": "a list that begins with [ is not closed with ]",
    "expected ',' or '}'": "a section that begins with {{ is not closed with }}",
    "expected the node content": "a value is missing before “{sign}”; a text that begins with this sign needs quotation marks",
    "found character": "“{sign}” cannot begin a value; a text that begins with this sign needs quotation marks",
    "sequence entries are not allowed here": "a list written with “-” begins on a line of its own, below its name",
    "mapping keys are not allowed here": "“?” cannot stand here; a text that begins with it needs quotation marks",
    "found unknown escape character": "“\\{sign}” means nothing between double quotation marks; for a backslash write two, or "
    "use single quotation marks",
    "but found another document": "a second config begins here, and a file holds one",
    "expected chomping": "behind “|” and “>” the text begins on the next line",
    "expected a comment or a line break": "behind “|” and “>” the text begins on the next line",
    "expected alphabetic": "a text that begins with “*” or “&” needs quotation marks",
}
_FOUND = re.compile(r"found (?:character |unknown escape character )?'(.*?)'")

#: Far more than any config has: characters of the text, values in it with repeated parts counted each time,
#: sections inside one another, signs of one number.
MOST_SIGNS, MOST_VALUES, MOST_LEVELS, MOST_DIGITS = 1_000_000, 20_000, 100, 400
#: Longer lines are wrapped when they are written; a value so short never is, behind any name and however deep.
_WIDTH, _SHORT = 1000, 400
#: What Python shows of a value, and the value again; those of sections and lists are empty.
_KINDS: dict[type, Callable[[str], Any]] = {
    str: str,
    int: int,
    float: float,
    bool: lambda shown: shown == "True",
    type(None): lambda _: None,
    dict: lambda _: {},
    list: lambda _: [],
    tuple: lambda _: [],
}


class _Bounded(yaml.composer.Composer, yaml.constructor.SafeConstructor, yaml.resolver.Resolver):
    """Counts while it reads: a part marked with & counts again wherever * repeats it."""

    peek_event: Callable[[], Any]

    def begin(self) -> None:
        """Start counting, and with no part marked."""
        self.anchors: dict[str, yaml.Node] = {}
        self._values = 0
        self._level = 0
        self._sizes: dict[str, int] = {}
        self._open: list[str] = []

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            self._count(self._repeated(event), event)
            return super().compose_node(parent, index)
        self._count(1, event)
        if self._level >= MOST_LEVELS:
            raise _refused(f"the sections nest more than {MOST_LEVELS} deep, which no config does", event)
        before = self._values
        self._level += 1
        if event.anchor:
            self._open.append(event.anchor)
        node = super().compose_node(parent, index)
        if event.anchor:
            self._open.remove(event.anchor)
            self._sizes[event.anchor] = self._values - before + 1
        self._level -= 1
        return node

    def _repeated(self, event: yaml.AliasEvent) -> int:
        """How many values stand in the part that is repeated."""
        if event.anchor in self._open:
            raise _refused(f"“*{event.anchor}” repeats the part that it stands in, which has no end", event)
        if event.anchor not in self._sizes:
            raise _refused(
                f"“*{event.anchor}” repeats a part that is marked “&{event.anchor}” nowhere above", event
            )
        return self._sizes[event.anchor]

    def _count(self, more: int, event: yaml.Event) -> None:
        self._values += more
        if self._values > MOST_VALUES:
            repeats = ", with what “*” repeats" if isinstance(event, yaml.AliasEvent) else ""
            raise _refused(f"up to here there are more than {MOST_VALUES:,} values{repeats}", event)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        number = node.tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
        if number and len(node.value) > MOST_DIGITS:
            raise _refused(f"a number has {len(node.value):,} signs, which is too long", node)
        try:
            return super().construct_object(node, deep)
        except ValueError as problem:
            raise _refused(f"this value cannot be read ({problem})", node) from None
        except (
            KeyError,
            IndexError,
        ):  # PyYAML looks up or takes apart what a tag promises and its text does not hold
            kind = str(node.tag).rpartition(":")[2]
            raise _refused(f"this value cannot be read (it is marked !!{kind} and is none)", node) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        # What is marked !!map and is none is refused below.
        for key_node, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if key_node.tag == _MERGE:
                continue
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


class _Loader(_Bounded, yaml.SafeLoader):
    """Says what is wrong, and where, in the words that people are given."""

    def __init__(self, text: str) -> None:
        yaml.SafeLoader.__init__(self, text)
        self.begin()


def _fast_loader() -> type[_Bounded] | None:
    """The same on top of libyaml, which takes an eighth of the time; None where PyYAML was built without it."""
    if not yaml.__with_libyaml__:
        return None

    class Fast(_Bounded, yaml.CSafeLoader):
        def __init__(self, text: str) -> None:
            yaml.CSafeLoader.__init__(self, text)
            self.begin()

    return Fast


class _BeyondBounds(yaml.constructor.ConstructorError):
    """What is refused here, in words of this module: the other loader would come to the same ones, in far more time."""


def _refused(what: str, at: Any) -> yaml.MarkedYAMLError:
    """An error at the place of an event or a node."""
    return _BeyondBounds(None, None, what, at.start_mark)


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


_Bounded.yaml_constructors = {
    tag: construct
    for tag, construct in _Bounded.yaml_constructors.items()
    if str(tag).rpartition(":")[2] not in _FOREIGN
}
_number_rules(_Bounded)
_number_rules(_Dumper)
_FAST = _fast_loader()
_Dumper.add_representer(tuple, lambda dumper, data: dumper.represent_list(list(data)))


def parse(text: str, *, where: str = "") -> Any:
    """The value a YAML text stands for. Raises UserError with line and column where it is no YAML or beyond all bounds."""
    if len(text) > MOST_SIGNS:
        raise UserError(
            f"The file has {len(text):,} characters; a config has {MOST_SIGNS:,} at most.",
            where=where,
            usage=True,
        )
    try:
        return _read(text)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        raise UserError(
            _sentence(problem),
            where=where,
            hint="Nothing was changed.",
            usage=True,
            line=None if mark is None else mark.line + 1,
        ) from None
    except (ValueError, RecursionError) as problem:
        raise UserError(f"The file cannot be read as YAML: {problem}.", where=where, usage=True) from None


def _read(text: str) -> Any:
    if _FAST is not None and not _TOLD_APART.search(text):
        try:
            return yaml.load(text, Loader=_FAST)  # type: ignore[arg-type]
        except _BeyondBounds:
            raise
        except (yaml.YAMLError, ValueError, RecursionError):
            pass  # read once more for the sentence
    return yaml.load(text, Loader=_Loader)


def _sentence(problem: yaml.YAMLError) -> str:
    if isinstance(problem, yaml.reader.ReaderError):
        return f"The file cannot be read as YAML: its sign number {problem.position + 1} ({_sign(problem)}) is no text."
    mark = getattr(problem, "problem_mark", None)
    what = str(getattr(problem, "problem", None) or problem).strip()
    if "could not determine a constructor" in what:
        tag = what.rpartition(" ")[2].strip("'").replace("tag:yaml.org,2002:", "!!")
        what = f"“{tag}” marks a kind of value that configs do not have"
    if "\\t" in what:
        what = "a tab is used for indentation; use spaces"
    sign = found.group(1) if (found := _FOUND.search(what)) is not None else ""
    words = next((words for start, words in _IN_WORDS.items() if what.startswith(start)), "")
    what = words.format(sign=sign) if words else what
    if mark is None:
        return f"The file cannot be read as YAML: {what}."
    return f"Line {mark.line + 1}, column {mark.column + 1}: {what}."


def _sign(problem: yaml.reader.ReaderError) -> str:
    code = problem.character if isinstance(problem.character, int) else ord(problem.character[:1])
    return f"U+{code:04X}"


def write(values: Any) -> str:
    """YAML text of plain values: block style, keys in order, text quoted wherever it would read as something else."""
    lines: list[str] = []
    if values and type(values) in (dict, list) and _write_block(values, "", lines):
        return "\n".join(lines) + "\n"
    return _write_slowly(values)


def _write_slowly(values: Any) -> str:
    return str(yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH))


def _write_block(values: Any, indent: str, lines: list[str]) -> bool:
    """Add the lines of a section or list that is not empty, as PyYAML has them; False where only PyYAML knows how.

    A config is mostly the same few names and values again and again, each of which is put into words once.
    """
    if len(indent) > MOST_LEVELS:
        return False
    named = type(values) is dict
    for name, value in values.items() if named else ((None, value) for value in values):
        begins = "-" if not named else None
        if type(name) is str and len(name) < _SHORT:
            begins = _name_text(name)
        if begins is None:
            return False
        if value and type(value) in (dict, list, tuple):
            first = len(lines)
            if named:
                lines.append(f"{indent}{begins}")
            if not _write_block(value, indent + "  ", lines):
                return False
            if not named:
                lines[first] = f"{indent}- {lines[first][len(indent) + 2 :]}"
            continue
        shown = value if type(value) is str else repr(value)
        kind = _KINDS.get(type(value))
        text = None if kind is None or len(shown) >= _SHORT else _value_text(kind, shown)
        if text is None:
            return False
        lines.append(f"{indent}{begins} {text}")
    return True


@functools.lru_cache(maxsize=1024)
def _name_text(name: str) -> str | None:
    """A key with its colon; None where it takes more than one short line."""
    text = _write_slowly({name: None}).removesuffix(" null\n")
    return text if _is_short(text) and not text.startswith("? ") else None


@functools.lru_cache(maxsize=4096)
def _value_text(kind: Callable[[str], Any], shown: str) -> str | None:
    """A single value of one of `_KINDS`, given as text or as Python shows it; None like `_name_text`."""
    text = _write_slowly({"x": kind(shown)}).removeprefix("x: ").removesuffix("\n")
    return text if _is_short(text) else None


def _is_short(text: str) -> bool:
    return len(text) < _SHORT and len(text.splitlines()) == 1
