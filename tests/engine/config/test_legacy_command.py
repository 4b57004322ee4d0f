"""`sleapnn-engine import-legacy`: files, folders, reports, and nothing overwritten in silence."""

import json
import shutil

import pytest

from sleapnn_engine.cli import main
from sleapnn_engine.config import tree
from sleapnn_engine.config.files import read_config
from tests.engine.config.legacy_samples import whole_file

_SIGMA = "model_config.head_configs.single_instance.confmaps.sigma"


@pytest.fixture
def legacy_file(tmp_path):
    file = tmp_path / "old.json"
    file.write_text("// a comment\n" + json.dumps(whole_file()), encoding="utf-8")
    return file


def test_a_file_becomes_a_config_and_a_report(legacy_file, tmp_path, capsys):
    out, report = tmp_path / "new.yaml", tmp_path / "report.txt"
    assert main(["import-legacy", str(legacy_file), "-o", str(out), "--report", str(report)]) == 0
    assert tree.get(read_config(out).values, _SIGMA) == 5.0
    assert report.read_text(encoding="utf-8").startswith("Import of old.json")
    said = capsys.readouterr().out
    assert said.startswith(f"{out}: 0 warnings")
    assert "to do: data_config.train_labels_path" in said


def test_nothing_is_overwritten_without_force(legacy_file, tmp_path, capsys):
    out = tmp_path / "new.yaml"
    out.write_text("mine", encoding="utf-8")
    assert main(["import-legacy", str(legacy_file), "-o", str(out)]) == 2
    assert out.read_text(encoding="utf-8") == "mine"
    assert "--force" in capsys.readouterr().err
    assert main(["import-legacy", str(legacy_file), "-o", str(out), "--force"]) == 0
    assert tree.get(read_config(out).values, _SIGMA) == 5.0
    assert (tmp_path / "new.yaml.bak").read_text(encoding="utf-8") == "mine"


def test_a_model_folder_gives_its_trained_file(tmp_path, capsys):
    model = tmp_path / "210101.single"
    model.mkdir()
    trained = whole_file(model__heads__single_instance__part_names=["A", "B"])
    (model / "training_config.json").write_text(json.dumps(trained), encoding="utf-8")
    (model / "initial_config.json").write_text(json.dumps(whole_file()), encoding="utf-8")
    parts = _SIGMA.replace("sigma", "part_names")
    assert main(["import-legacy", str(model), "-o", str(tmp_path / "kept.yaml")]) == 0
    assert "--reset-resolved" in capsys.readouterr().out
    assert tree.get(read_config(tmp_path / "kept.yaml").values, parts) == ["A", "B"]
    assert main(["import-legacy", str(model), "-o", str(tmp_path / "out"), "--reset-resolved"]) == 0
    assert tree.get(read_config(tmp_path / "out" / "210101.single.yaml").values, parts) is None


def test_a_folder_of_files_and_models_goes_to_a_folder(legacy_file, tmp_path, capsys):
    source = tmp_path / "source"
    (source / "model_a").mkdir(parents=True)
    shutil.copy(legacy_file, source / "one.json")
    shutil.copy(legacy_file, source / "model_a" / "initial_config.json")
    (source / "metrics.json").write_text('{"oks": 1}', encoding="utf-8")
    (source / "other.json").write_text(json.dumps(whole_file(backbone="leap")), encoding="utf-8")
    out = tmp_path / "out"
    assert main(["import-legacy", str(source), "-o", str(out)]) == 1  # one of three is refused
    assert sorted(file.name for file in out.iterdir()) == ["model_a.yaml", "one.yaml"]
    assert "leap" in capsys.readouterr().err
    assert main(["import-legacy", str(source), "-o", str(out), "--force", "--closest-unet"]) == 0
    assert (out / "other.yaml").is_file()


def test_refusals_write_nothing(legacy_file, tmp_path, capsys):
    out = tmp_path / "new.yaml"
    other = tmp_path / "leap.json"
    other.write_text(json.dumps(whole_file(backbone="leap")), encoding="utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()
    for source, says in (
        (other, "leap"),
        (empty, "no SLEAP training file"),
        (tmp_path / "gone.json", "no such file"),
    ):
        assert main(["import-legacy", str(source), "-o", str(out), "--report", str(tmp_path / "r.txt")]) == 2
        assert says in capsys.readouterr().err
    assert not out.exists()
    assert not (tmp_path / "r.txt").exists()


def test_several_files_need_a_folder(legacy_file, tmp_path, capsys):
    shutil.copy(legacy_file, tmp_path / "second.json")
    assert main(["import-legacy", str(tmp_path), "-o", str(tmp_path / "one.yaml")]) == 2
    assert "must be a folder" in capsys.readouterr().err
