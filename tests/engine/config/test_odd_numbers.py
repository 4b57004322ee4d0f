"""Whatever stands in place of a number in a file is one sentence about its key, and never an exception or a wait."""

from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.cli import main
from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.checks.disk import check_files
from sleapnn_engine.config.checks.labels import check_labels
from sleapnn_engine.config.derived import also_text, auto_text, receptive_field
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import copy_values, dump_config, parse_config
from sleapnn_engine.config.idle_settings import idle_settings
from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.overrides import apply_overrides
from sleapnn_engine.config.reader import BACKBONES, HEADS, ConfigReader
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.validate import validate
from sleapnn_engine.config.yaml_dialect import parse
from tests.engine.config.numbers import NUMBERS

ODD = {
    ".nan": ".nan",
    ".inf": ".inf",
    "-.inf": "-.inf",
    "1e308": "1e308",
    "1e400": "1e400",
    "10^40": "1" + "0" * 40,
    "-10^12": "-1" + "0" * 12,
    "more digits than a float has": "9" * 299,
    "the word nan": '"nan"',
    "the word inf": '"inf"',
    "words": "as many as there are",
    "true": "true",
    "no list": "[]",
    "no section": "{}",
    "a list of nan": "[.nan]",
}
FACTS = {
    "nodes": ["head", "thorax"],
    "edges": [["head", "thorax"]],
    "tracks": ["female"],
    "image_sizes": [{"height": 1024, "width": 1280}],
    "instance_size": {"max": 163},
    "labeled_frames": 161,
}


def config_using(path: str) -> dict[str, Any]:
    """A config without an error in which every section around a key is in use."""
    values: dict[str, Any] = {"data_config": {"train_labels_path": ["a.slp"]}}
    for part in (*SPEC.ancestors(path), path):
        if part in SPEC.sections and part.count(".") and not part.startswith((BACKBONES, HEADS)):
            tree.put(values, part, {})
    names = path.split(".")
    tree.put(values, BACKBONES, {names[2] if path.startswith(BACKBONES) else "unet": {}})
    head = names[2] if path.startswith(HEADS) else "single_instance"
    tree.put(values, HEADS, {head: SPEC.defaults(f"{HEADS}.{head}")})
    if "class_vectors" in tree.get(values, f"{HEADS}.{head}"):
        tree.drop(values, f"{HEADS}.{head}.class_vectors.output_stride")
    if ".lr_scheduler." in path:
        for other in SPEC.sections["trainer_config.lr_scheduler"].sections:
            if not path.startswith(other + "."):
                tree.put(values, other, None)
    if path.endswith(("convnext.arch.depths", "convnext.arch.channels")):
        tree.put(values, f"{BACKBONES}.convnext.arch", {})
    return values


def wrong(issues: list[Issue]) -> list[Issue]:
    return [issue for issue in issues if issue.severity == "error"]


def figures(values: dict[str, Any], facts: dict[str, Any]) -> list[Any]:
    """Everything that is computed from a config while it is edited."""
    view = ConfigReader(values)
    texts = [auto_text(path, facts, None) + also_text(view, path) for path in SPEC.edited]
    return [
        *texts,
        receptive_field(view),
        idle_settings(values),
        check_files(values),
        check_labels(values, facts),
    ]


@pytest.mark.parametrize("path", NUMBERS)
def test_every_number_of_a_file_is_one_sentence_whatever_it_is(path: str) -> None:
    good = config_using(path)
    assert wrong(validate(good)) == [], path
    for odd in ODD.values():
        values = copy_values(good)
        apply_overrides(values, [f"{path}={odd}"])
        text = dump_config(values)
        read = parse_config(text).values
        assert dump_config(read, base=text) == text, (path, odd)
        must = f"{SPEC.keys[path].meta.label} must "
        (said,) = [issue for issue in validate(read) if issue.path == path and must in issue.message]
        assert said.message.endswith("."), (path, odd, said.message)
        assert len(said.message) < 400
        figures(read, FACTS)
        if said.severity == "info":  # a number that nothing reads
            assert "has no effect here" in said.message
            build_job(read)
            continue
        with pytest.raises(UserError, match=path.replace(".", r"\.")):
            build_job(read)


@pytest.mark.parametrize("path", NUMBERS)
def test_a_number_has_a_smallest_and_a_largest_value(path: str) -> None:
    meta = SPEC.keys[path].meta
    if not meta.choices:
        assert meta.minimum is not None or meta.above is not None
        assert meta.maximum is not None or meta.below is not None


def test_the_largest_values_together_are_computed_at_once() -> None:
    """No figure is found by counting up to a number of the file."""
    for head in SPEC.sections[HEADS].sections:
        values = SPEC.defaults()
        tree.put(values, f"{BACKBONES}.unet", SPEC.defaults(f"{BACKBONES}.unet"))
        tree.put(values, head, SPEC.defaults(head))
        for path in NUMBERS:
            if tree.has(values, path) and SPEC.keys[path].meta.maximum is not None:
                tree.put(values, path, SPEC.keys[path].meta.maximum)
        assert len(figures(values, FACTS)) > 100
        assert "channels, and no network" in " ".join(issue.message for issue in validate(values))


def test_what_a_training_wrote_for_others_need_not_be_right() -> None:
    values = config_using("trainer_config.max_epochs")
    tree.put(values, "model_config.total_params", "many")
    assert build_job(values).model_config.total_params is None


@pytest.mark.parametrize("command", ["train", "validate"])
def test_the_commands_say_it_without_a_traceback(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "model_config:\n  backbone_config:\n    unet: {max_stride: .inf, convs_per_block: 1e400}\n"
        "trainer_config:\n  early_stopping: {patience: .nan}\n"
    )
    assert main([command, str(file)]) == 2
    streams = capsys.readouterr()
    said = streams.out + streams.err
    assert "Traceback" not in said
    for path in ("unet.max_stride", "unet.convs_per_block", "early_stopping.patience"):
        assert f"{path}: error: " in said


@pytest.mark.parametrize("name", ["embed", "depths", "num_heads"])
def test_numbers_inside_a_section_of_one_setting_are_one_sentence_too(name: str) -> None:
    path = f"{BACKBONES}.swint.arch"
    for odd in ODD.values():
        values = config_using(path)
        arch = {"embed": 48, "depths": [2, 2, 6, 2], "num_heads": [3, 6, 12, 24], name: parse(odd)}
        tree.put(values, path, arch)
        read = parse_config(dump_config(values)).values
        (said,) = wrong(validate(read))
        assert said.path == path
        assert said.message.endswith("."), (name, odd, said.message)
        figures(read, FACTS)
        with pytest.raises(UserError, match=path.replace(".", r"\.")):
            build_job(read)
