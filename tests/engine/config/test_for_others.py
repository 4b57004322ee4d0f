"""Configs for versions of sleap-nn: nothing is left that they would refuse, and what is left out is named."""

from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.cli import main
from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_job, job_values
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.config.for_others import VERSIONS, as_others_read, for_version
from sleapnn_engine.config.model_types import MODEL_TYPES
from tests.engine.training.rendered import job

CONFMAPS = "model_config.head_configs.{}.confmaps"


def _config(kind: str, **changes: Any) -> dict[str, Any]:
    return job(Path("folder"), Path("labels.slp"), model_type=kind, **changes)


@pytest.mark.parametrize("kind", MODEL_TYPES)
def test_no_lone_loss_has_a_weight_and_no_weight_is_null(kind) -> None:
    head = as_others_read(job_values(build_job(_config(kind))))["model_config"]["head_configs"][kind]
    weights = [part.get("loss_weight", "none") for part in head.values()]
    assert weights == (["none"] if len(head) == 1 else [1.0] * len(head))


LATER = {
    "trainer_config.model_ckpt.monitor": "train/loss",
    "data_config.use_negative_frames": True,
    "data_config.preprocessing.tiling": {"enabled": True},
    "trainer_config.own_word": 3,
}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_version_does_not_know_is_left_out_and_named(version) -> None:
    config = _config("centroid", **{name.replace(".", "__"): value for name, value in LATER.items()})
    made, said = for_version(config, version=version)
    gone = {"0.1": 4, "0.3": 3, "0.3.5": 1}[version]
    for path in LATER:
        assert tree.has(made, path) != any(path in sentence for sentence in said), path
    assert sum(any(path in sentence for path in LATER) for sentence in said) == gone
    assert set(LATER) <= {path for path in LATER if tree.has(config, path)}  # the config itself stays


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["cosine_annealing_warmup", "linear_warmup_linear_decay"])
def test_a_schedule_is_left_out_as_a_whole_for_versions_that_came_before_it(version, name) -> None:
    path = f"trainer_config.lr_scheduler.{name}"
    chosen = {"step_lr": None, "reduce_lr_on_plateau": None, name: {"warmup_epochs": 1}}
    made, said = for_version(_config("centroid", trainer_config__lr_scheduler=chosen), version=version)
    assert tree.has(made, path) == (version == "0.3.5")
    assert [sentence.startswith(path) for sentence in said if ".lr_scheduler." in sentence] == [True] * (
        version != "0.3.5"
    )


@pytest.mark.parametrize(
    ("version", "method", "words"),
    [("0.1", None, ""), ("0.3", None, "the mean of"), ("0.3.5", "bbox_center", "")],
)
def test_the_centre_is_said_where_there_are_words_and_told_where_it_differs(version, method, words) -> None:
    made, said = for_version(_config("centered_instance"), version=version)
    assert tree.get(made, f"{CONFMAPS.format('centered_instance')}.centroid_method") == method
    assert [words in sentence for sentence in said] == ([True] if words else [])


def test_an_encoder_that_only_this_program_knows_is_refused() -> None:
    config = job(Path(), Path("labels.slp"), backbone="timm")
    with pytest.raises(UserError, match="timm"):
        for_version(config, version="0.3")


def test_the_command_writes_the_file_and_says_what_is_left_out(tmp_path: Path, capsys) -> None:
    source, made = tmp_path / "job.yaml", tmp_path / "theirs.yaml"
    source.write_text("# mine\n" + dump_config({**_config("centroid"), "own_word": 1}))
    words = ["export-config", str(source), "--for", "0.3", "-o", str(made)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "own_word" in said
    assert "own_word" not in read_config(made).values
    assert made.read_text().startswith("# mine")
    assert main(words) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*words, "--force"]) == 0
