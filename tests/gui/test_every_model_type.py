"""Each type of model from its preset to the list of runs: real labels, the real engine, the real window."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from sleapnn_engine.protocol.measures import F1, MEDIAN_PX, Group
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.monitor.model_words import CROPPED, ONE_ANIMAL, model_name
from sleapnn_gui.monitor.runs_model import COLUMNS
from sleapnn_gui.run.machine import State
from tests.gui.real_runs import SMALL, real_window

pytestmark = pytest.mark.usefixtures("quick_engines")
Wait = Callable[..., None]

#: Type of model, its preset, and labels it fits.
TYPES = (
    ("single_instance", "single_instance_unet_medium_rf", "fly32_single"),
    ("centroid", "centroid_unet", "mice11_pair"),
    ("centered_instance", "topdown_centered_instance_unet_medium_rf", "flies13_pair"),
    ("bottomup", "bottomup_unet_medium_rf", "mice11_pair"),
    ("multi_class_bottomup", "multi_class_bottomup_unet", "flies24_pair"),
    ("multi_class_topdown", "topdown_multi_class_centered_instance_unet", "flies24_pair"),
)
SHORT = {**SMALL, "trainer_config.max_epochs": 2, "trainer_config.train_steps_per_epoch": 3}


@pytest.fixture
def window(app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    with real_window(tmp_path, monkeypatch) as found:
        yield found


@pytest.mark.parametrize(("model_type", "preset", "labels"), TYPES, ids=[kind[0] for kind in TYPES])
def test_from_the_preset_to_the_list_of_runs(
    window: MainWindow,
    shared_data: Path,
    tmp_path: Path,
    wait_until: Wait,
    model_type: str,
    preset: str,
    labels: str,
) -> None:
    window.open_path(shared_data / labels / "val.pkg.slp")
    wait_until(lambda: window.document.facts is not None, 60, "labels are described")
    window.files.use_preset(preset)
    window.files.finish()
    scale = {} if model_type in CROPPED else {"data_config.preprocessing.scale": 0.5}
    folder = tmp_path / "models"
    window.document.apply_values({**SHORT, **scale, "trainer_config.ckpt_dir": str(folder)}, "small")
    window.actions_by_verb["train"].trigger()
    window.runs.finish()
    session = window.session
    assert session is not None, window.banner.sentence
    wait_until(lambda: session.is_over, 180, "the run ends")
    assert session.state is State.COMPLETED, window.train_page.banner.text

    page, store = window.train_page, window.train_page.store
    page._refresh()
    assert store.header is not None
    facts = window.document.facts
    assert facts is not None
    nodes = ("centroid",) if model_type == "centroid" else tuple(facts["nodes"])
    assert store.header.nodes == nodes
    assert len(store.epochs) == 2
    counted = store.latest(Group.ANIMALS)
    assert (counted is not None and counted[F1] is not None) == (model_type not in ONE_ANIMAL)
    assert page.strip.animals.isVisible() == (counted is not None)
    if model_type in ONE_ANIMAL:
        assert store.epochs[-1].measured[MEDIAN_PX] is not None
    if model_type == "multi_class_topdown":
        assert store.epochs[-1].measured.values["class_accuracy"] is not None
    assert (len(store.heads) > 1) == (
        model_type in ("bottomup", "multi_class_bottomup", "multi_class_topdown")
    )

    view = page.charts.frames.view
    assert view.frame is not None
    assert view.frame.body["epoch"] == 1
    point = next(point for animal in view.overlay.truth for point in animal if point is not None)
    assert view.describe_at(view._to_screen(QPointF(point[0] + 0.5, point[1] + 0.5)))
    assert all(len(animal) == len(nodes) for animal in view.overlay.truth)
    body = view.frame.body
    if model_type.startswith("multi_class"):
        assert set(body["true_identities"]) <= {*facts["tracks"], None}
        assert set(body["identities"]) <= {*facts["tracks"], None}
        assert len(body["true_identities"]) == len(body["truth"])
        assert len(body["identities"]) == len(body["predicted"])
        assert "taken for somebody else" in view.accessibleDescription()
    else:
        assert "identities" not in body

    window.show_page("runs")
    table = window.runs_page.model
    wait_until(lambda: len(table.shown) == 1, 20, "the run is listed")
    listed = {column.heading: column.words(table.shown[0]) or "–" for column in COLUMNS}
    assert (listed["Run"], listed["Model"]) == ("here", model_name(model_type))
    # After two epochs a model that looks for several animals may find none, which its state says.
    assert listed["State"] in ("completed", "completed, with warnings")
    assert listed["Epochs"] == "2"
    assert (listed["Animals found"] != "–") == (model_type not in ONE_ANIMAL)
    window.runs_page.run_chosen.emit(folder / "here")
    wait_until(lambda: len(window.train_page.store.epochs) == 2, 20, "its curves are back")
    assert window.page() == "train"
