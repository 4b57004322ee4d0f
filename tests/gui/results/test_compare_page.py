"""Runs side by side: curves, the best of each, what differs and the error of each part, all from their own files."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from sleapnn_engine.config import tree
from sleapnn_engine.config.differences import differences
from sleapnn_engine.config.files import copy_values, dump_config, read_config
from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.protocol.comparison import read_compared
from sleapnn_engine.protocol.epoch_history import read_epochs
from sleapnn_engine.protocol.measures import MEDIAN_PX
from sleapnn_gui.monitor.plots import QuietAxis
from sleapnn_gui.monitor.run_summary import summarise
from sleapnn_gui.results.compare_page import ComparePage
from sleapnn_gui.results.figure_table import FigureTable, distinguishing_names
from tests.gui.monitor.speaking import Speaker
from tests.gui.monitor.test_runs_page import write

Wait = Callable[..., None]
LR, MODEL = "trainer_config.optimizer.lr", "model_config.head_configs"


def values(model_type: str = "single_instance") -> dict:
    preset = next(one for one in list_presets("guide") if one.model_type == model_type)
    return copy_values(read_config(preset.path).values)


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Three runs of one model; the second learned faster and found more, the third has no config."""
    made = []
    for place, name in enumerate(("a", "b", "c")):
        speaker = Speaker(t=1000.0).start(model_type="single_instance", steps=2)
        for epoch in range(3 + place):
            better = 1.0 + place * epoch
            near = {"pck_10": 0.125 * better, "mean_oks": 0.0625 * better}
            speaker.batches(2, steps=2).epoch(
                epoch, val=0.5 / better, median=8.0 / better, counted={**near, "f1": None}
            )
        folder = write(tmp_path / name, speaker, outcome="completed")
        config = values()
        tree.put(config, LR, 0.001 * (place + 1))
        if name != "c":
            (folder / "initial_config.yaml").write_text(dump_config(config))
        made.append(folder)
    return made


@pytest.fixture
def page(app: QApplication) -> Iterator[ComparePage]:
    found = ComparePage()
    found.resize(1204, 610)
    found.show()
    yield found
    found.leave()
    found.close()
    found.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def texts(table: FigureTable) -> list[tuple[str, ...]]:
    """What is shown, line by line."""
    cells = [
        [table.item(row, column) for column in range(table.columnCount())] for row in range(table.rowCount())
    ]
    return [tuple("" if cell is None else cell.text() for cell in line) for line in cells]


def test_epochs_are_read_from_the_journal(folders: list[Path]) -> None:
    with (folders[1] / "events.jsonl").open("ab") as journal:
        journal.write(b'{"kind":"epoch_end","body":{"epo')
    found = read_epochs(folders[1])
    assert [(one.epoch, one.step) for one in found] == [(0, 2), (1, 4), (2, 6), (3, 8)]
    assert [one.val for one in found] == [0.5, 0.25, 0.5 / 3, 0.125]
    assert found[3].measured[MEDIAN_PX] == 2.0
    assert found[0].seconds < found[3].seconds
    assert read_epochs(folders[0].parent) == []


def test_only_what_differs_is_told() -> None:
    one, two = values(), values()
    assert differences([ConfigReader(one), ConfigReader(two)]) == []
    tree.put(two, LR, 0.5)
    tree.put(two, "trainer_config.run_name", "another")
    tree.put(one, "name", None)  # as the queue writes what nobody has named
    tree.put(two, "description", "the second try")
    tree.put(two, "trainer_config.wandb.api_key", "secret")
    tree.put(two, "data_config.augmentation_config.geometric", None)
    found = differences([ConfigReader(one), ConfigReader(two)])
    assert {one.path: one.values for one in found if one.path == LR}[LR][1] == 0.5
    assert {one.path for one in found} == {LR, "data_config.augmentation_config.geometric"}
    other = differences([ConfigReader(one), ConfigReader(values("bottomup"))])
    assert other[0].path == MODEL
    assert not [one for one in other if one.path.startswith(f"{MODEL}.")]


def test_runs_stand_side_by_side(page: ComparePage, folders: list[Path], wait_until: Wait) -> None:
    runs = [run for run in map(summarise, folders[:2]) if run is not None]
    page.open(runs)
    wait_until(lambda: page.compared is not None)
    assert page.strip.name.text() == "Compare 2 runs"
    assert page.legend.names == ["a", "b"]
    best = {row[0]: row[1:] for row in texts(page.best)}
    assert best["Median error"] == ("8.0 px", "2.0 px")
    assert best["Best epoch"] == ("1", "4")
    assert best["Within 10 % of body"] == ("12 %", "50 %")
    widest = page.best.fontMetrics().horizontalAdvance("Within 10 % of body")
    assert page.best.columnWidth(0) >= widest + 8, "names of figures are whole"
    assert best["Mean OKS"] == ("6.2 %", "25 %")
    item = page.best.item(0, 2)
    assert item is not None
    assert item.font().bold() or item.font().weight() > 400, "the better one stands out"
    assert texts(page.differs) == [("Learning rate", "0.001", "0.002")]
    assert {len(row) for row in texts(page.parts)} == {3}
    assert "a: 0.500 at the end; b: 0.125 at the end" in page.plot.accessibleDescription()
    page.what.buttons[1].click()
    assert "b: 2.0 px at the end" in page.plot.accessibleDescription()
    for place, most in enumerate((4.0, 8.0)):
        page.over.buttons[place].click()
        assert page.plot.view.viewRange()[0][1] == pytest.approx(most * 1.01)
    page.over.buttons[2].click()
    page.log.click()


def test_every_value_that_the_axis_of_the_loss_names_is_drawn(
    page: ComparePage, tmp_path: Path, wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wider than its axis is left out by what draws it."""
    drawn: list[str] = []
    draw = QuietAxis.drawPicture

    def listen(axis: QuietAxis, painter: object, line: object, marks: object, texts: list) -> None:
        if axis is page.plot.left:
            drawn[:] = [text for _, _, text in texts]
        draw(axis, painter, line, marks, texts)

    monkeypatch.setattr(QuietAxis, "drawPicture", listen)
    for number, (first, last) in enumerate(((9e-4, 1.1e-4), (5.6e-4, 3.1e-4), (0.02, 1.2e-6))):
        speaker = Speaker(t=1000.0).start(model_type="single_instance", steps=2)
        for epoch, loss in enumerate((first, last)):
            speaker.batches(2, steps=2).epoch(epoch, val=loss)
        folders = [write(tmp_path / f"{number}{name}", speaker, outcome="completed") for name in "ab"]
        page.open([run for run in map(summarise, folders) if run is not None])
        wait_until(lambda number=number: page.compared is not None and page.legend.names[0] == f"{number}a")
        page.grab()
        low, high = page.plot.view.viewRange()[1]
        assert len(drawn) == len(page.plot.left.places(low, high)) >= 3, (first, last, drawn)


def test_a_run_without_a_config_is_compared_by_its_figures(
    page: ComparePage, folders: list[Path], wait_until: Wait
) -> None:
    page.open([run for run in map(summarise, folders) if run is not None])
    wait_until(lambda: page.compared is not None)
    assert texts(page.differs) == []
    assert page.differs.accessibleDescription() == "No setting that is known of all these runs differs."
    said = page.differs.grab().toImage()
    page.differs._empty = ""
    assert page.differs.grab().toImage() != said, "it stands in the middle of the empty table"
    assert len(texts(page.best)[0]) == 4


def test_runs_that_a_program_named_are_distinguishing_names_by_what_differs() -> None:
    days = [f"251201_{hour}.single_instance.n=32" for hour in ("093012", "101500")]
    assert distinguishing_names(days) == ("093012", "101500")
    assert distinguishing_names([days[0], days[0].replace("single_instance", "centroid")]) == (
        "single_instance",
        "centroid",
    )
    assert distinguishing_names(["run", "run-1"]) == ("run", "run-1")
    assert distinguishing_names(["flies", "mice"]) == ("flies", "mice")
    assert distinguishing_names(["alone.of.them"]) == ("alone.of.them",)
    assert distinguishing_names(["same.name", "same.name"]) == ("name", "name")


def seeded(folder: Path, name: str, *, seed: int, lr: float, median: float, t: float) -> Path:
    """A run of one epoch with this error."""
    speaker = Speaker(t=t).start(model_type="single_instance", steps=2)
    speaker.batches(2, steps=2).epoch(0, val=0.1, median=median)
    made = write(folder / name, speaker, outcome="completed")
    config = values()
    tree.put(config, LR, lr)
    tree.put(config, "trainer_config.seed", seed)
    (made / "initial_config.yaml").write_text(dump_config(config))
    return made


def test_whether_it_helped_is_told_and_more_seeds_are_asked_for(
    page: ComparePage, tmp_path: Path, wait_until: Wait
) -> None:
    made = [
        seeded(tmp_path, f"{name}{seed}", seed=seed, lr=lr, median=median + seed / 10, t=t)
        for name, lr, median, t in (("new", 0.002, 3.5, 5000.0), ("old", 0.001, 5.0, 1000.0))
        for seed in range(3)
    ]
    runs = [run for run in map(summarise, made) if run is not None]
    page.open(runs)
    wait_until(lambda: page.compared is not None)
    assert page.help.answer.text().startswith("Learning rate 0.001 → 0.002. Yes: 1.50 px better")
    assert "3 seeds of each differ by up to 0.20 px" in page.help.answer.text()
    wanted: list[object] = []
    page.help.seeds_wanted.connect(wanted.append)
    page.help.count.setCurrentIndex(1)
    page.help.add.click()
    assert wanted == [[(made[3], 3), (made[3], 4), (made[0], 3), (made[0], 4)]], (
        "seeds that were not used yet"
    )
    table, curves, picture = (tmp_path / name for name in ("a.csv", "b.csv", "c.png"))
    page.exports.write_csv(str(table))
    wait_until(table.exists)
    head, first, *_ = table.read_text().splitlines()
    assert {"run", "median_px", "best epoch", "px nose", LR, "trainer_config.seed"} <= set(head.split(","))
    assert first.startswith(f"new0,{made[0]},3.5,")
    page.exports.write_csv(str(curves), make=list(page.exports._tables.values())[1])
    wait_until(curves.exists)
    assert curves.read_text().splitlines()[1].startswith("new0,1,2,"), "people count epochs from 1"
    page.exports.write_png(str(picture))
    wait_until(lambda: picture.exists() and "is in" in page.strip.about.text())


def test_no_verdict_where_none_can_be_given(tmp_path: Path, folders: list[Path]) -> None:
    one = [seeded(tmp_path, f"s{seed}", seed=seed, lr=0.1, median=5.0, t=1.0) for seed in range(2)]
    assert read_compared(one).verdicts == []
    assert read_compared(folders).verdicts == [], "the config of one is not known"
    other = values()
    tree.put(other, "data_config.train_labels_path", ["/others.slp"])
    tree.put(other, LR, 0.5)
    (one[1] / "initial_config.yaml").write_text(dump_config(other))
    assert read_compared(one).verdicts == [], "errors are of different frames"
