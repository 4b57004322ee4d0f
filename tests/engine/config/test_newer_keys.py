"""Settings of later versions: each is told with what happens here, and what makes another model of a file is refused."""

from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import build_model_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.future_keys import NEWER
from sleapnn_engine.config.validate import validate
from tests.engine.training.rendered import job

HEADS = "model_config.head_configs"


def _config(**changes: Any) -> dict[str, Any]:
    config = job(Path(), Path("labels.slp"), model_type="centroid")
    for path, value in changes.items():
        tree.put(config, path, value)
    return config


@pytest.mark.parametrize("path", NEWER)
def test_what_asks_for_nothing_is_no_matter_and_what_asks_is_told(path) -> None:
    newer = NEWER[path]
    for usual in newer.usual:
        (issue,) = [issue for issue in validate(_config(**{path: usual})) if issue.path == path]
        assert issue.severity == "info"
    (issue,) = [issue for issue in validate(_config(**{path: "something"})) if issue.path == path]
    assert issue.severity == ("error" if newer.needed else "warning")
    assert issue.message.endswith(newer.effect)


def test_a_section_that_is_off_asks_for_nothing() -> None:
    for on, severity in ((False, "info"), (True, "warning")):
        section = {"enabled": on, "tile_size": 256}
        (issue,) = [
            issue
            for issue in validate(_config(**{"data_config.preprocessing.tiling": section}))
            if issue.path == "data_config.preprocessing.tiling"
        ]
        assert issue.severity == severity


@pytest.mark.parametrize(
    ("section", "name", "said"),
    [
        *(
            ("model_config.head_configs", name, "masks")
            for name in ("bottomup_segmentation", "semantic_segmentation")
        ),
        ("model_config.head_configs", "bbox_ssd", "boxes"),
        ("model_config.head_configs", "embedding", "animals apart"),
        ("model_config.backbone_config", "pretrained", "timm"),
    ],
)
def test_a_model_of_a_later_version_is_named(section, name, said) -> None:
    config = _config(**{section: {name: {"part": {"output_stride": 2}}}})
    (issue,) = [issue for issue in validate(config) if issue.path == section]
    assert issue.severity == "error"
    assert name in issue.message
    assert said in issue.message
    assert "none is set" not in issue.message


def test_a_trained_network_that_ends_otherwise_is_not_used() -> None:
    with pytest.raises(UserError, match="sigmoid"):
        build_model_job(_config(**{f"{HEADS}.centroid.confmaps.use_sigmoid_activation": True}))
