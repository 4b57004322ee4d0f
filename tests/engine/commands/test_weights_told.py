"""Published weights that a training would have to fetch: Check tells of them as `train` does, and fetches nothing."""

from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config.issue import Issue
from tests.engine.commands.agreement import found_before, require_agreement, same_words, warned_by
from tests.engine.commands.in_process import engine, smallest_job

BACKBONE = "model_config.backbone_config"
CONVNEXT: dict[str, Any] = {
    "model_type": "tiny", "stem_patch_kernel": 4, "stem_patch_stride": 2, "output_stride": 2, "max_stride": 16,
}  # fmt: skip


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches, and no way out to the network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    return tmp_path


def starting_from(folder: Path, shared_data: Path, section: str, **changes: Any) -> Path:
    """A config of a ConvNeXt or timm backbone that starts from published weights."""
    chosen: dict[str, Any] = {
        "convnext": {**CONVNEXT, "pre_trained_weights": "ConvNeXt_Tiny_Weights"},
        "timm": {"model_name": "test_resnet", "pretrained": True},
    }
    labels = shared_data / "bad" / "10_tracks" / "no_tracks.pkg.slp"
    backbone = {section: {**chosen[section], **changes.pop("backbone", {})}}
    return smallest_job(folder, labels, "centroid", **{BACKBONE: backbone}, **changes)


def warnings(found: list[Issue]) -> list[str]:
    return [issue.message for issue in found if issue.severity == "warning"]


@pytest.mark.parametrize(
    ("section", "key", "named"),
    [
        ("convnext", "pre_trained_weights", "convnext_tiny-"),
        ("timm", "pretrained", "test_resnet.r160_in1k.safetensors"),
    ],
)
def test_weights_to_fetch_are_told_alike(
    shared_data: Path, caches: Path, section: str, key: str, named: str
) -> None:
    config = starting_from(caches, shared_data, section)
    found = found_before(config)
    assert sorted(path.name for path in caches.iterdir()) == ["job.yaml"]
    (told,) = [issue for issue in found if "begins with downloading" in issue.message]
    assert (told.severity, told.path) == ("warning", f"{BACKBONE}.{section}.{key}")
    assert named in told.message
    assert [issue for issue in found if issue.severity == "error"] == []
    said = engine("train", config)
    assert said.code == 1
    assert "could not be downloaded" in said.err
    same_words(warned_by(said, caches / "models" / "run"), warnings(found))
    assert not (caches / "models").exists()


def test_weights_that_would_not_fit_are_refused_before_they_are_fetched(
    shared_data: Path, caches: Path
) -> None:
    sizes = {"arch": {"depths": [1, 1, 2, 1], "channels": [8, 16, 32, 64]}}
    config = starting_from(caches, shared_data, "convnext", backbone=sizes)
    said = engine("train", config)
    assert "are weights of another network than this one" in said.err
    assert "could not be downloaded" not in said.err
    require_agreement(said, config, run=caches / "models" / "run")
