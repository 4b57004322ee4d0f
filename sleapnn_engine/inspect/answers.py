"""What an editor asks about a config: what its labels hold and what is wrong with it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sleapnn_engine.config.advice import advice_values
from sleapnn_engine.config.advice import advise as find_advice
from sleapnn_engine.config.checks.disk import check_files
from sleapnn_engine.config.checks.labels import check_labels, problems_of
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.reader import DATA, ConfigReader
from sleapnn_engine.config.validate import errors, validate
from sleapnn_engine.data.describe import describe_reading
from sleapnn_engine.inspect.known_labels import KnownLabels
from sleapnn_engine.inspect.labelled import label_paths
from sleapnn_engine.inspect.preparation import prepare_values
from sleapnn_engine.inspect.wanted import Cancelled, never, require_wanted
from sleapnn_engine.training.inputs.labels import TRAIN, VAL, Read

TEST = DATA + "test_file_path"


def describe(
    values: Mapping[str, Any], cancelled: Cancelled = never, *, known: KnownLabels | None = None
) -> dict[str, Any]:
    """Facts of the labels that a config names, as `data.describe` lists them, of the training files.

    Besides: `validation`, the same facts of the validation files or null without any, and `test`, a list of those of
    each labelled test file. Never raises for what is wrong with files; raises NotWanted.
    """
    view, facts_of = ConfigReader(values), _describer(values, cancelled, known=known)
    facts, val = facts_of(label_paths(view, TRAIN)), label_paths(view, VAL)
    facts["validation"] = facts_of(val) if val else None
    facts["test"] = [facts_of([path]) for path in label_paths(view, TEST) if path.lower().endswith(".slp")]
    return facts


def advise(
    values: Mapping[str, Any], cancelled: Cancelled = never, *, known: KnownLabels | None = None
) -> list[dict[str, Any]]:
    """How to train on the labels of a config, as plain values; [] where they allow no advice. Raises NotWanted."""
    facts = _describer(values, cancelled, known=known)(label_paths(ConfigReader(values), TRAIN))
    found = find_advice(values, facts)
    return [advice_values(piece) for piece in found]


def check(
    values: Mapping[str, Any],
    cancelled: Cancelled = never,
    *,
    known: KnownLabels | None = None,
    precision: str = "auto",
) -> list[Issue]:
    """Everything wrong or doubtful in a config, its files and its labels, in the words of a training.

    A training that is started finds the same errors and refuses; without an error here, it takes its first step unless
    the machine fails. `precision` is the number format it would be told. Raises NotWanted and nothing else.
    """
    issues = [*validate(values), *check_files(values)]
    require_wanted(cancelled)
    read = (known or KnownLabels()).reader(cancelled)
    if errors(issues):
        return [*issues, *_of_labels(values, read, told=issues)]
    prepared = prepare_values(values, read=read, cancelled=cancelled, precision=precision)
    return [*issues, *prepared.found.issues]


def _describer(
    values: Mapping[str, Any], cancelled: Cancelled, *, known: KnownLabels | None
) -> Callable[[list[str]], dict[str, Any]]:
    """A function that describes labels files, read as the config says."""
    read = (known or KnownLabels()).reader(cancelled)
    only_user = ConfigReader(values).value(DATA + "user_instances_only") is not False
    return lambda paths: describe_reading(read(paths, user_instances_only=only_user))


def _of_labels(values: Mapping[str, Any], read: Read, *, told: list[Issue]) -> list[Issue]:
    """What can be said of labels where the rest of the config allows no training."""
    view, found, wrong = ConfigReader(values), [], {issue.path for issue in errors(told)}
    only_user = view.value(DATA + "user_instances_only") is not False
    for key, judge in ((TRAIN, partial(check_labels, values)), (VAL, partial(problems_of, key=VAL))):
        paths = label_paths(view, key)
        if paths and key not in wrong:
            found += judge(describe_reading(read(paths, user_instances_only=only_user)))
    return found
