"""Options stand before, between or after the other words of a command, and mean the same."""

import argparse
import itertools
from collections.abc import Iterator

import pytest

from sleapnn_engine.cli import COMMANDS, build_parser
from tests.engine.commands.in_process import engine

_SAMPLES = {int: "3", float: "0.25"}
#: What an option of its own kind takes.
_OWN = {"stop_when": "by 18:00"}


def leaves() -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Every command, and every verb of a command that has verbs, with its parser."""
    for command in COMMANDS:
        parser = _children(build_parser(command))[command]
        for verb, child in _children(parser).items():
            yield (command, verb), child
        if not _children(parser):
            yield (command,), parser


def _children(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = [action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(found[0]) if found else {}


def _words(parser: argparse.ArgumentParser) -> tuple[list[str], list[list[str]]]:
    """Words for every positional argument, two where several are taken, and for every option."""
    positional: list[str] = []
    options = []
    excluded = {other for group in parser._mutually_exclusive_groups for other in group._group_actions[1:]}
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction) or action in excluded:
            continue
        kind = int if type(action.default) is int else action.type  # a type of its own that takes numbers
        known = _OWN.get(action.dest) or _SAMPLES.get(kind, "sample")  # type: ignore[call-overload]
        value = next(iter(action.choices)) if action.choices else known
        if action.option_strings:
            options.append([action.option_strings[-1]] + ([str(value)] if action.nargs != 0 else []))
        else:
            many = 2 if action.nargs in ("*", "+") else 1
            positional += [f"{value}.{action.dest}.{number}" if action.type is None else f"{value}{number}"
                           for number in range(many)]  # fmt: skip
    return positional, options


ORDERED = {words: _words(parser) for words, parser in leaves() if all(_words(parser))}


def test_the_commands_with_both_kinds_of_words_are_known() -> None:
    assert {("train",), ("validate",), ("describe",), ("import-legacy",), ("runs", "list")} <= set(ORDERED)


@pytest.mark.parametrize("words", ORDERED, ids=" ".join)
def test_any_order_means_the_same(words: tuple[str, ...]) -> None:
    positional, options = ORDERED[words]
    whole = build_parser(words[0])
    plain = whole.parse_args([*words, *itertools.chain(*options), *positional])
    for place in range(len(positional) + 1):
        before, after = positional[:place], positional[place:]
        for turned in (options, options[::-1]):
            mixed = [*before, *itertools.chain(*turned), *after]
            assert whole.parse_args([*words, *mixed]) == plain, mixed


def test_settings_after_an_option_are_taken(tmp_path) -> None:
    """The whole command, as far as the file that is not there."""
    config = tmp_path / "none.yaml"
    for order in (
        [config, "--run-dir", tmp_path / "run", "trainer_config.max_epochs=1"],
        ["--run-dir", tmp_path / "run", config, "trainer_config.max_epochs=1"],
        [config, "trainer_config.max_epochs=1", "--run-dir", tmp_path / "run"],
    ):
        said = engine("train", *order)
        assert (said.code, said.err) == (2, f"{config}: There is no such file.\n")


@pytest.mark.parametrize("wrong", [["--runs-dir", "D"], ["--precision", "8"]])
def test_a_wrong_option_is_still_refused(wrong, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser("train").parse_args(["train", "config.yaml", *wrong, "trainer_config.max_epochs=1"])
    assert ended.value.code == 2
    assert wrong[0] in capsys.readouterr().err
