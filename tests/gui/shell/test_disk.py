"""The window's own thread touches no disk, which may be a network folder that takes seconds: whatever a person does."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from PySide6.QtWidgets import QApplication, QMenu

from sleapnn_engine.config.presets import list_presets
from sleapnn_engine.config.reader import HEADS
from sleapnn_engine.config.spec import SPEC
from sleapnn_gui.app import build
from sleapnn_gui.document import starting
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.run.launch import prepare
from sleapnn_gui.run.session import RunSession
from sleapnn_gui.shell.import_report import ImportReport
from tests.gui.monitor.speaking import Speaker
from tests.gui.monitor.test_runs_page import write
from tests.gui.shell.test_unsaved import LEGACY
from tests.gui.windows import throw_away

pytestmark = pytest.mark.usefixtures("quick_engines")
ROOT = Path(__file__).resolve().parents[3]
EPOCHS = "trainer_config.max_epochs"
LABELS = "data_config.train_labels_path"
CENTROID = "model_config: {head_configs: {centroid: {confmaps: {sigma: 5.0}}}}\n"
TOUCHES = (
    "open",
    "os.listdir",
    "os.scandir",
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.truncate",
)


class Disk:
    """Listens to what Python does with files in the thread of the window, on behalf of the window."""

    def __init__(self) -> None:
        self.act = ""
        self.found: dict[str, set[str]] = {}
        self._thread = threading.get_ident()

    def hear(self, event: str, args: tuple[object, ...]) -> None:
        if not self.act or event not in TOUCHES or threading.get_ident() != self._thread:
            return
        # Modules that are needed for the first time; they lie where the program does.
        if isinstance(args[0], str) and args[0].endswith((".py", ".pyc")):
            return
        place = _ours(sys._getframe(1))
        # A number is a file that was opened, and told of, before.
        if place and not isinstance(args[0], int):
            self.found.setdefault(self.act, set()).add(f"{event} {args[0]} in {place}")


def _ours(frame: FrameType | None) -> str:
    """The innermost place in the program from which something is done; '' where a test does it."""
    place = ""
    while frame is not None:
        name = Path(frame.f_code.co_filename)
        if not place and "sleapnn_" in str(name) and ROOT / "tests" not in name.parents:
            place = f"{name.name}:{frame.f_lineno}"
        frame = frame.f_back
    return place


@pytest.fixture(scope="module")
def disk() -> Disk:
    """A listener cannot be taken away again; it hears nothing between acts."""
    found = Disk()
    sys.addaudithook(found.hear)
    return found


@pytest.fixture
def window(app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.chdir(tmp_path)
    _, found = build(["sleapnn-gui", "--theme", "light"])
    yield found
    throw_away(found)


def go_on(app: QApplication, until: Callable[[], bool]) -> None:
    """Let the window work until something holds, and then for a moment in which timers of all kinds come."""
    end = time.monotonic() + 20
    while not until():
        assert time.monotonic() < end, "did not happen"
        app.processEvents()
        time.sleep(0.002)
    end = time.monotonic() + 0.05
    while time.monotonic() < end:
        app.processEvents()
        time.sleep(0.002)


def config_acts(
    window: MainWindow, folder: Path
) -> Iterator[tuple[str, Callable[[], object], Callable[[], bool]]]:
    """What is done with files and settings: its name, the act, and how it is seen to be done."""
    files, document = window.files, window.document
    preset = list_presets("guide")[3]
    yield "use a preset", lambda: files.use_preset(preset.name), lambda: document.undo_stack.canUndo()
    yield "start anew", window.actions_by_verb["new"].trigger, lambda: document.undo_stack.count() == 2
    for name in SPEC.sections[HEADS].sections:
        child = SPEC.sections[name].name
        yield f"choose {child}", lambda child=child: document.choose(HEADS, child), lambda: True
    document.undo_stack.setClean()
    yield "open a config", lambda: files.open_path(folder / "a.yaml"), lambda: document.title == "a.yaml"
    yield "edit", lambda: document.set_value(EPOCHS, 31), lambda: True
    yield "save", window.actions_by_verb["save"].trigger, lambda: not document.is_dirty
    document.set_value(EPOCHS, 32)
    (folder / "a.yaml").write_text("trainer_config:\n  max_epochs: 7\n", encoding="utf-8")
    yield "see what others changed", files.watch.check, window.disk_offer.isVisible
    yield "save what others changed", window.actions_by_verb["save"].trigger, lambda: has(window, "overtaken")
    window.findChild(object, "overtaken").close()
    new = folder / "new" / "b.yaml"
    yield "save into no folder", lambda: files.saving._write([new]), lambda: has(window, "new_folder")
    window.findChild(object, "new_folder").close()
    yield "make the folder", lambda: files.saving._write([new], new=True), lambda: document.path == new
    missing = [str(folder / "none.slp")]
    yield "labels that are gone", lambda: files.set_labels(missing), lambda: document.value(LABELS) == missing
    document.undo_stack.setClean()
    old = folder / "old.json"
    yield "import", lambda: files.open_path(old), lambda: document.report is not None
    yield "its report", window.actions_by_verb["import_report"].trigger, lambda: has(window, "import_report")
    report = window.findChild(ImportReport)
    said: list[str] = []
    report.message.connect(lambda text, _: said.append(text))
    yield "save the report", lambda: report._write(str(folder / "report.txt")), lambda: bool(said)
    report.close()


def has(window: MainWindow, name: str) -> bool:
    return window.findChild(object, name) is not None


def view_acts(
    window: MainWindow, folder: Path
) -> Iterator[tuple[str, Callable[[], object], Callable[[], bool]]]:
    """What is looked at."""
    for page in ("train", "runs", "configure"):
        yield f"page {page}", lambda page=page: window.show_page(page), lambda: True
    for page in window.form._layout.pages:
        yield f"section {page.id}", lambda page=page: window.form.show_page(page.id), lambda: True
    for verb in ("theme_dark", "theme_light"):
        yield verb, window.actions_by_verb[verb].trigger, lambda: True
    yield "check", window.actions_by_verb["check"].trigger, lambda: True
    over = lambda: window.session is not None and window.session.is_over  # noqa: E731
    yield "open a run", lambda: window.files.open_path(folder / "run"), over
    yield "another, whose engine is gone", lambda: window.runs.open_run(folder / "gone"), over
    sheet, results = window.results.predict_page, window.results.evaluation_page
    again = lambda: window.results.predict_with(folder / "run")  # noqa: E731
    yield "predict with no model", again, lambda: bool(sheet.banner.text)
    (folder / "run" / "training_config.yaml").write_text(CENTROID, encoding="utf-8")
    (folder / "run" / "best.ckpt").write_bytes(b"weights")
    yield "predict", again, lambda: sheet.sheet.model is not None
    wanted = folder / "a.run.slp"
    choose = lambda: sheet.sheet.data.choose(str(folder / "a.mp4"))  # noqa: E731
    yield "choose what to look at", choose, lambda: sheet.sheet.output.text() == str(wanted)
    judge = lambda: window.results.show_evaluation(folder / "run")  # noqa: E731
    yield "an evaluation", judge, lambda: results.evaluate.isEnabled()
    yield "runs to compare with", results._list_others, lambda: results.findChild(QMenu) is not None
    results.findChild(QMenu).close()
    table = folder / "figures.csv"
    yield "write figures", lambda: results.exports.write_csv(str(table)), table.exists


def walk(
    app: QApplication, disk: Disk, acts: Iterator[tuple[str, Callable[[], object], Callable[[], bool]]]
) -> None:
    disk.found = {}
    try:
        for name, act, done in acts:
            disk.act = name
            act()
            go_on(app, done)
            disk.act = ""
    finally:
        disk.act = ""
    assert [f"{name}: {touch}" for name, touches in disk.found.items() for touch in touches] == []


def test_no_act_on_configs_touches_the_disk(
    app: QApplication, window: MainWindow, disk: Disk, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    (tmp_path / "a.yaml").write_text("trainer_config:\n  max_epochs: 5\n", encoding="utf-8")
    (tmp_path / "old.json").write_text(LEGACY, encoding="utf-8")
    wait_until(lambda: starting._preset_head.cache_info().currsize == len(SPEC.sections[HEADS].sections))
    walk(app, disk, config_acts(window, tmp_path))


def test_no_look_at_anything_touches_the_disk(
    app: QApplication, window: MainWindow, disk: Disk, tmp_path: Path
) -> None:
    write(tmp_path / "run", Speaker().start().batches(4).epoch(0), outcome="completed")
    write(tmp_path / "gone", Speaker().start().batches(4), outcome="")
    (tmp_path / "gone" / "run.log").write_text("a line\n", encoding="utf-8")
    walk(app, disk, view_acts(window, tmp_path))


def test_starting_and_ending_a_run_touches_the_disk_for_the_output_of_its_process_only(
    app: QApplication, window: MainWindow, disk: Disk, tmp_path: Path
) -> None:
    """The file for the output lies in a fresh folder among the temporary files of this computer."""
    session = RunSession(window, engine=(sys.executable, "-c", "print('nothing to train')"))
    launch = prepare("", tmp_path / "run")
    disk.found, disk.act = {}, "run"
    try:
        session.launch(launch)
        window.train_page.set_session(session)
        window.show_page("train")
        go_on(app, lambda: session.is_over)
    finally:
        disk.act = ""
        window.train_page.set_session(None)
    touched = {touch.partition(" in ")[0] for touch in disk.found.get("run", ())}
    assert touched == {f"open {launch.output}", "open /dev/null"}
    assert session.outcome is not None
    assert session.outcome.last_lines == ("nothing to train",)
