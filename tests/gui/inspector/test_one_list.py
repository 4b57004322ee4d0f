"""After Check the window lists what the engine found and nothing else: each thing once, in one wording, at one setting."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, Signal

from sleapnn_engine.config import tree
from sleapnn_engine.config.checks.labels import check_labels
from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.config.issue import Issue, issue_values
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.inspect.answers import check, describe
from sleapnn_engine.inspect.known_labels import KnownLabels
from sleapnn_gui.document.document import Document
from sleapnn_gui.inspector.disk_check import DiskCheck
from sleapnn_gui.inspector.full_check import FullCheck
from sleapnn_gui.inspector.labels_watch import LabelsWatch
from tests.engine.commands.bad_cases import HEADS, LABELS
from tests.engine.commands.in_process import smallest_job

PATHS = "data_config.train_labels_path"
REAL = ("fly32_single", "flies13_pair", "flies24_pair", "mice11_pair")
#: What only some settings of a head have against labels: changes of the smallest job.
SETTINGS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "unknown anchor": ("10_tracks/no_tracks.pkg.slp", "centroid", {"confmaps.anchor_part": "antenna"}),
    "unknown part": ("10_tracks/no_tracks.pkg.slp", "bottomup", {"confmaps.part_names": ["head", "antenna"]}),
    "few parts": ("10_tracks/no_tracks.pkg.slp", "bottomup", {"confmaps.part_names": ["head", "thorax"]}),
    "one part": ("10_tracks/no_tracks.pkg.slp", "bottomup", {"confmaps.part_names": ["head"]}),
    "limb to a part left out": (
        "10_tracks/no_tracks.pkg.slp",
        "bottomup",
        {"confmaps.part_names": ["head", "thorax"], "pafs.edges": [["head", "abdomen"]]},
    ),
    "limb to nowhere": ("10_tracks/no_tracks.pkg.slp", "bottomup", {"pafs.edges": [["head", "antenna"]]}),
    "one limb": ("10_tracks/no_tracks.pkg.slp", "bottomup", {"pafs.edges": [["head", "thorax"]]}),
    "unknown identity": (
        "10_tracks/unused_tracks.pkg.slp",
        "multi_class_bottomup",
        {"class_maps.classes": ["alice"]},
    ),
    "one identity": (
        "10_tracks/unused_tracks.pkg.slp",
        "multi_class_topdown",
        {"class_vectors.classes": ["ghost_a"]},
    ),
}


class Engine(QObject):
    """The engine's answers without its process, which gives the same ones later; labels are read once for all cases."""

    answered = Signal(str, object)
    failed = Signal(str, str)
    renewed = Signal()
    known = KnownLabels()
    found: list[Issue]

    def ask(self, kind: str, *, values: dict[str, Any]) -> None:
        if kind == "describe":
            self.answered.emit(kind, describe(values, known=self.known))
        else:
            self.found = check(values, known=self.known)
            self.answered.emit(kind, {"issues": [issue_values(issue) for issue in self.found]})

    def is_asking(self, _kind: str) -> bool:
        return False

    def cancel(self, _kind: str) -> None:
        pass


def texts(issues: list[Issue]) -> list[tuple[str, str, str]]:
    return sorted((issue.path, issue.severity, issue.message) for issue in issues)


def require_one_list(values: dict[str, Any], config: Path) -> None:
    """Fail unless the window, with these settings opened and Check pressed, lists what the engine does."""
    config.write_text(dump_config(values), encoding="utf-8")
    document, engine = Document(), Engine()
    watch, full = LabelsWatch(document, engine), FullCheck(document, engine)
    disk = DiskCheck(document)
    document.load(config)
    watch.refresh()
    full.ask()
    found = texts(engine.found)
    assert texts(document.issues()) == found
    assert len(set(found)) == len(found)
    if document.facts is not None:
        quick = texts(check_labels(document.values, document.facts))
        assert set(quick) <= set(found)
    full.stop()
    watch.stop()
    disk.deleteLater()
    document.deleteLater()


@pytest.mark.parametrize("name", LABELS)
def test_bad_labels(app, shared_data: Path, tmp_path: Path, name: str) -> None:
    for model_type in {kind for kinds, _, _ in LABELS[name] for kind in kinds}:
        config = smallest_job(tmp_path, shared_data / "bad" / name, model_type)
        require_one_list(read_config(config).values, config)


@pytest.mark.parametrize("labels", REAL)
def test_presets(app, shared_data: Path, tmp_path: Path, labels: str) -> None:
    for preset in list_presets("guide"):
        values = read_config(preset.path).values
        tree.put(values, PATHS, [str(shared_data / labels / "val.pkg.slp")])
        require_one_list(values, tmp_path / "config.yaml")


@pytest.mark.parametrize("case", SETTINGS)
def test_settings_that_do_not_fit_labels(app, shared_data: Path, tmp_path: Path, case: str) -> None:
    labels, model_type, changes = SETTINGS[case]
    filled = {f"{HEADS}{model_type}.{key}": value for key, value in changes.items()}
    config = smallest_job(tmp_path, shared_data / "bad" / labels, model_type, **filled)
    require_one_list(read_config(config).values, config)


def test_settings_that_are_wrong_in_themselves(app, shared_data: Path, tmp_path: Path) -> None:
    for name in (
        "10_tracks/no_tracks.pkg.slp",
        "09_skeleton/no_edges.pkg.slp",
        "06_damaged/truncated.pkg.slp",
    ):
        for model_type in ("bottomup", "multi_class_bottomup"):
            config = smallest_job(
                tmp_path, shared_data / "bad" / name, model_type, trainer_config__max_epochs=0
            )
            require_one_list(read_config(config).values, config)


def test_what_was_found_of_other_settings_is_no_news_of_these(app, shared_data: Path, tmp_path: Path) -> None:
    config = smallest_job(tmp_path, shared_data / "bad" / "10_tracks/no_tracks.pkg.slp", "bottomup")
    document, engine = Document(), Engine()
    document.load(config)
    full = FullCheck(document, engine)
    done: list[str] = []
    full.done.connect(lambda: done.append("done"))
    engine.ask = lambda kind, *, values: None  # type: ignore[method-assign]
    engine.is_asking = lambda kind: True  # type: ignore[method-assign]
    full.ask()
    document.set_value("trainer_config.max_epochs", 3)
    late = [issue_values(Issue(PATHS, "error", "Something that is mended by now."))]
    engine.answered.emit("check", {"issues": late})
    assert (document.issues(PATHS), done) == ([], [])
    full._again()
    engine.answered.emit("check", {"issues": late})
    assert [issue.message for issue in document.issues(PATHS)] == ["Something that is mended by now."]
    assert done == ["done"]
    full.stop()
