"""The tables of the protocol document, written from the definitions so that the two cannot disagree; run to write them."""

from collections.abc import Mapping, Sequence

from sleapnn_engine.protocol.events import KINDS, EventBody
from sleapnn_engine.protocol.fields import Field
from sleapnn_engine.protocol.questions import QUESTIONS
from sleapnn_engine.protocol.verbs import VERBS, Verb
from tests.architecture.sources import ROOT

DOCUMENT = ROOT / "resources" / "docs" / "protocol.md"
COMMAND = "python -m tests.architecture.protocol_tables"

#: Where the written part of the document begins and ends.
EVENTS_MARK = "events"
REQUESTS_MARK = "requests"
QUESTIONS_MARK = "questions"


def fill(document: str) -> str:
    """Replace what stands between the marks of the protocol document with the tables as they are now."""
    tables = {
        EVENTS_MARK: event_tables(),
        REQUESTS_MARK: request_tables(),
        QUESTIONS_MARK: request_tables(QUESTIONS),
    }
    for mark, text in tables.items():
        begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
        before, opened, rest = document.partition(begin)
        _, closed, after = rest.partition(end)
        if not opened or not closed:
            raise ValueError(f"The document should hold '{begin}' and, after it, '{end}'.")
        document = f"{before}{begin}\n{text}\n{end}{after}"
    return document


def event_tables() -> str:
    """Write a section for every kind of event."""
    return "\n".join(_event_section(kind) for kind in KINDS.values())


def request_tables(verbs: Mapping[str, Verb] = VERBS) -> str:
    """Write a section for every verb."""
    return "\n".join(_request_section(verb) for verb in verbs.values())


def _event_section(kind: type[EventBody]) -> str:
    traits = [
        "in the journal" if kind.journaled else "not in the journal",
        "numbered" if kind.counted else "without a number",
        *(["followed by raw arrays"] if kind.carries_arrays else []),
    ]
    return f"### `{kind.kind}`\n\n{kind.doc()}\n\nTraits: {', '.join(traits)}.\n\n{_table(kind.fields())}\n"


def _request_section(verb: Verb) -> str:
    done = f" Done when `{verb.done}` is said." if verb.done else ""
    return f"### `{verb.name}`\n\n{verb.doc}{done}\n\n{_table(verb.fields)}\n"


def _table(fields: Sequence[Field]) -> str:
    if not fields:
        return "No keys."
    rows = ["| key | type | meaning |", "|---|---|---|"]
    for field in fields:
        choices = f": {', '.join(f'`{choice}`' for choice in field.choices)}" if field.choices else ""
        optional = " (may be left out)" if field.optional else ""
        rows.append(f"| `{field.name}` | {field.type_name}{optional} | {field.doc}{choices} |")
    return "\n".join(rows)


if __name__ == "__main__":
    DOCUMENT.write_text(fill(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
