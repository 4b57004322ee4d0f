"""People count epochs and steps from 1, files from 0: only `protocol/counting.py` words one, so that all surfaces agree."""

import ast
import re

from tests.architecture.sources import product_sources

COUNTING = "sleapnn_engine/protocol/counting.py"
#: Where the next epoch is computed for files, not told to anybody.
FOR_FILES = {
    f"sleapnn_engine/training/{name}.py"
    for name in ("state", "artifacts/checkpoint_file", "resuming/previous_run")
}
NAMED = re.compile(r"\b(epoch|step|batch)\s*(#|no\.?)?\s*$", re.IGNORECASE)
WORDED = re.compile(r"\b(epoch|step|batch) %", re.IGNORECASE)
#: Numbers as computers write them, such as 1e+06.
COMPUTER = re.compile(r"%\.?\d*g\b")


def worded(node):
    """Whether an f-string or a format puts a bare number behind the word epoch, step or batch."""
    if isinstance(node, ast.JoinedStr):
        return any(
            isinstance(before, ast.Constant)
            and isinstance(after, ast.FormattedValue)
            and NAMED.search(str(before.value))
            for before, after in zip(node.values, node.values[1:])
        )
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(WORDED.search(node.value))


def added(node):
    """Whether 1 is added to an epoch."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and isinstance(node.right, ast.Constant)
        and node.right.value in (1, 1.0)
        and "epoch" in ast.unparse(node.left)
    )


def nodes(but=()):
    for source in product_sources():
        if source.name not in but:
            yield from (
                (f"{source.name}:{node.lineno}", node) for node in source.nodes if hasattr(node, "lineno")
            )


def test_one_function_words_epochs_and_steps():
    assert [place for place, node in nodes({COUNTING}) if worded(node)] == []


def test_one_function_counts_epochs_for_people():
    assert [place for place, node in nodes({COUNTING, *FOR_FILES}) if added(node)] == []


def test_numbers_in_messages_are_written_as_people_write_them():
    """The window's axes have a way of their own; a version such as 1.4 is no amount."""
    found = [
        place
        for place, node in nodes()
        if place.startswith(
            ("sleapnn_engine/training", "sleapnn_engine/protocol/", "sleapnn_engine/commands")
        )
        if (
            isinstance(node, ast.FormattedValue)
            and node.format_spec
            and ast.unparse(node.format_spec).endswith("g'")
        )
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and COMPUTER.search(node.value))
    ]
    assert found == []


def test_the_rules_see_what_they_forbid():
    wrong = ast.parse('f"epoch {n}"; f"at step {n} of"; "in epoch %d"; epoch + 1; body["epoch"] + 1').body
    assert all(worded(line.value) or added(line.value) for line in wrong)
    fine = ast.parse('f"{epoch_name(n)}"; f"epochs {n}"; "an epoch"; epochs - 1').body
    assert not any(worded(line.value) or added(line.value) for line in fine)


def test_one_function_knows_the_english_plural():
    """Where there is another language, a catalogue knows it."""
    plurals = [
        place
        for place, node in nodes({"sleapnn_engine/config/text_format.py"})
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and isinstance(node.right, ast.Constant)
        if node.right.value == "s"
    ]
    assert plurals == []
