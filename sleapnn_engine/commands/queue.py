"""`sleapnn-engine queue add|list|run|pause|move|remove|clear`: trainings one after the other, also those added meanwhile."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.commands.queue_training import QueueTraining, cards_here
from sleapnn_engine.commands.train import add_job_arguments, add_stop_rules, read_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.pairs import CENTRE, differing, group_of_file, half_of, is_pair, names_of
from sleapnn_engine.config.text_format import first_few
from sleapnn_engine.protocol.queue_records import QueueState
from sleapnn_engine.protocol.stop_rules import StopRule
from sleapnn_engine.protocol.training_queue import TrainingQueue, default_queue


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--queue", type=Path, metavar="FILE", help="another queue than your own")
    verbs = parser.add_subparsers(dest="verb", metavar="add|list|run|pause|move|remove|clear", required=True)
    adding = verbs.add_parser(
        "add",
        parents=[shared],
        help="put a training at the end, after a check; its config is read again when its turn comes",
    )
    add_job_arguments(adding)
    add_stop_rules(adding)
    adding.add_argument("--run-dir", type=Path, metavar="DIR", help="exactly this run folder")
    adding.add_argument(
        "--pair",
        type=Path,
        metavar="CONFIG",
        help="the other model of a top-down pair, trained after it; both stay together",
    )
    listing = verbs.add_parser("list", parents=[shared], help="say what waits and what became of the rest")
    listing.add_argument("--json", action="store_true", help="print a JSON list")
    running = verbs.add_parser(
        "run", parents=[shared], help="train what waits, one after the other, or one on each graphics card"
    )
    running.add_argument("--go-on", action="store_true", help="train the next one also after a failure")
    running.add_argument(
        "--one-at-a-time",
        action="store_true",
        help="train one after the other, also where there are several graphics cards to train on at the same time",
    )
    running.add_argument(
        "--group",
        default="",
        metavar="NAME",
        help="only the trainings of this group, as the list has it; what else waits goes on waiting",
    )
    verbs.add_parser(
        "pause", parents=[shared], help="begin nothing new; what is at work is trained to its end"
    )
    moving = verbs.add_parser("move", parents=[shared], help="have a training come before another one")
    moving.add_argument("number", type=int, metavar="NUMBER", help="as the list has it")
    moving.add_argument(
        "before", type=int, nargs="?", metavar="BEFORE", help="number of the other one (default: to the end)"
    )
    removing = verbs.add_parser("remove", parents=[shared], help="take trainings out")
    removing.add_argument("numbers", nargs="+", type=int, metavar="NUMBER", help="as the list has them")
    clearing = verbs.add_parser("clear", parents=[shared], help="take out what is over")
    clearing.add_argument("--all", action="store_true", help="also what waits")


def run(args: argparse.Namespace) -> int:
    """Do what is asked with the queue. Raises UserError for a queue that cannot be read or written."""
    queue = TrainingQueue(args.queue or default_queue())
    act = {
        "add": _add, "list": _list, "run": _run, "pause": _pause, "move": _move, "remove": _remove, "clear": _clear,
    }[args.verb]  # fmt: skip
    return act(queue, args)


def _add(queue: TrainingQueue, args: argparse.Namespace) -> int:
    configs = [args.config, *([args.pair] if args.pair is not None else [])]
    read = [read_job(config, args.overrides) for config in configs]
    if any(one.job is None for one in read):
        print("Nothing was added to the queue.", file=sys.stderr)
        return 2
    if args.pair is not None:
        _check_pair(*(one.values for one in read), where=str(args.pair))
    shared = {"folder": Path.cwd(), "overrides": args.overrides, "precision": args.precision}
    fields: list[dict[str, Any]] = [
        {**shared, "config": config, "stop_rules": rules_for(one.values, args.stop_when)}
        for config, one in zip(configs, read, strict=True)
    ]
    fields[0]["run_dir"] = None if args.run_dir is None else str(args.run_dir.absolute())
    added = queue.add_group(fields, name="" if args.pair is None else group_of_file(args.config))
    ahead = queue.standing().waiting - len(added)
    for one in added:
        print(f"{one.number}: {one.config} waits, {ahead} before it. Train with “sleapnn-engine queue run”.")
        ahead += 1
    return 0


def rules_for(values: Mapping[str, Any], rules: Sequence[StopRule]) -> list[str]:
    """The rules that a model can follow, in words: one that finds centres knows of no part."""
    knows_parts = half_of(values) != CENTRE
    return [rule.text for rule in rules if knows_parts or not rule.parts]


def _check_pair(one: Mapping[str, Any], other: Mapping[str, Any], *, where: str) -> None:
    """Raise UserError (usage) unless two configs are of models that work as one and have in common what a pair has."""
    if not is_pair(one, other):
        raise UserError(
            "these two configs are no pair: one has to find animals by their centre, the other to look at each of them.",
            where=where,
            hint="Without --pair each is a training of its own.",
            usage=True,
        )
    wrong = differing(one, other)
    if wrong:
        raise UserError(
            f"the two models of a pair have their labels and what is made of them in common, and these configs differ in "
            f"{first_few(names_of(wrong))}.",
            where=where,
            hint="Give both the same, or add them one by one.",
            usage=True,
        )


def _pause(queue: TrainingQueue, args: argparse.Namespace) -> int:
    queue.pause()
    rest = "What is at work is trained to its end." if queue.standing().is_at_work else ""
    print(f"The queue is paused; “sleapnn-engine queue run” goes on with it. {rest}".strip())
    return 0


def _move(queue: TrainingQueue, args: argparse.Namespace) -> int:
    if queue.move(args.number, before=args.before):
        return 0
    raise UserError(
        f"{args.number} was not moved.",
        hint="Give the number of one that waits, and of another one before which it shall come.",
        usage=True,
    )


def _list(queue: TrainingQueue, args: argparse.Namespace) -> int:
    standing = queue.standing()
    found = standing.trainings
    if args.json:
        print(json.dumps([attrs.asdict(one) for one in found], indent=1))
        return 0
    for one in found:
        group = f"  ({one.group})" if one.group else ""
        print(f"{one.number:>3}  {one.state:<11}  {' '.join((one.config, *one.overrides))}{group}")
        unjudged = f"not judged together: {one.not_judged}" if one.not_judged else ""
        judged = f"both are judged in {one.judged}" if one.judged else unjudged
        for told in filter(None, (one.why, judged)):
            print(f"{'':>18}{told}")
    if not found:
        print(f"The queue in {queue.path} is empty.", file=sys.stderr)
    if standing.paused:
        print("The queue is paused.", file=sys.stderr)
    return 0


def _remove(queue: TrainingQueue, args: argparse.Namespace) -> int:
    gone = {one.number for one in queue.remove(lambda one: one.number in args.numbers)}
    at_work = {one.number for one in queue.read() if one.state is QueueState.RUNNING}
    for number in args.numbers:
        if number in at_work:
            print(f"{number} is at work. Stop it with “sleapnn-engine stop RUN_DIR”.", file=sys.stderr)
        elif number not in gone:
            print(f"{number} is not in the queue.", file=sys.stderr)
    return 0 if gone >= set(args.numbers) else 1


def _clear(queue: TrainingQueue, args: argparse.Namespace) -> int:
    gone = queue.remove(lambda one: args.all or one.state is not QueueState.WAITING)
    print(f"{len(gone)} taken out.")
    return 0


def _run(queue: TrainingQueue, args: argparse.Namespace) -> int:
    """Train until nothing waits; 0 where all went well, 1 where one failed, 130 after Ctrl-C."""
    with queue.working():
        (queue.pause if args.group else queue.open)()
        cards = [] if args.one_at_a_time else cards_here()
        code = QueueTraining(queue, cards, go_on=args.go_on, group=args.group).run()
        if args.group and not queue.standing().waiting:
            queue.open()  # the group holds nothing back any more
        return code
