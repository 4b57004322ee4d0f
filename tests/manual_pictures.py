"""The pictures of the manual, made anew by the window itself: `python -m tests.manual_pictures [NAME ...]`.

A real window on labels that the project renders, with a real training, walks through the states that the pages show and
saves each in both themes as `resources/docs/pictures/NAME-light.png` and `NAME-dark.png`. It takes some three minutes.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from PySide6.QtWidgets import QApplication, QWidget

from sleapnn_engine.config.reference import PICTURES

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "docs" / "pictures"
SIZE = (1280, 720)
TRAIN, PREPROCESSING = "trainer_config.", "data_config.preprocessing."
LABELS = "data_config.train_labels_path"


class Album:
    """Saves what a widget shows in both themes, unless other pictures were asked for; `names` empty means all."""

    def __init__(self, names: list[str], folder: Path) -> None:
        self.names, self.folder = names, folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, name: str, widget: QWidget) -> None:
        """Save `widget` as NAME-light.png and NAME-dark.png, and leave the light theme."""
        from sleapnn_gui.widgets.theme import current_theme

        if self.names and name not in self.names:
            return
        for scheme in ("light", "dark"):
            current_theme().set_mode(scheme)
            rest(0.6)
            file = self.folder / f"{name}-{scheme}.png"
            widget.grab().save(str(file))
            # A window has few colours: a fifth of the bytes.
            with Image.open(file) as picture:
                picture.convert("RGB").quantize(192, dither=Image.Dither.NONE).save(file, optimize=True)
            print(file.relative_to(ROOT), file.stat().st_size // 1000, "kB", flush=True)
        current_theme().set_mode("light")


def rest(seconds: float) -> None:
    """Let the window live for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Let the window live until `condition` holds; RuntimeError where it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {seconds:.0f} s")
        rest(0.05)


def draw_labels(folder: Path, name: str, *words: str) -> Path:
    """Labels that the project renders."""
    file = Path(f"{name}.pkg.slp")  # beside the window, so that no picture shows where it was made
    engine = [sys.executable, "-m", "sleapnn_engine", "demo-data", "-o", str(folder / file), *words]
    subprocess.run(engine, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return file


def show_beginnings(window: QWidget, album: Album, mouse: Path) -> None:
    """From the empty window to a config that can be trained."""
    from sleapnn_engine.config.presets import list_presets
    from sleapnn_gui.document.files import open_preset

    rest(1.0)
    album.save("start", window)
    window.files.do_new()
    window.document.apply_preset(open_preset(list_presets("demo")[0]))
    window.document.apply_values({LABELS: [str(mouse)]}, "labels")
    wait_for(lambda: window.document.facts is not None, 60, "labels are described")
    window.show_page("data")
    rest(4.0)
    album.save("data", window)
    window.reveal(LABELS)
    rest(2.0)
    album.save("configure", window)


def show_sights(window: QWidget, album: Album, flies: Path) -> None:
    """What settings do, beside the form."""
    from sleapnn_engine.config.presets import list_presets
    from sleapnn_gui.document.files import open_preset

    preset = next(one for one in list_presets("guide") if "centered_instance_unet_medium" in one.name)
    window.document.adopt(open_preset(preset))
    window.document.apply_values(
        {LABELS: [str(flies)], PREPROCESSING + "crop_size": 96, "data_config.use_augmentations_train": True},
        "labels",
    )
    wait_for(lambda: window.document.facts is not None, 60, "labels are described")
    window.see.show_kind("chain")
    window.reveal(window.see.views["chain"].objectName())
    for path, name in PICTURES.items():
        window.reveal(path)
        wait_for(lambda: window.see.watch.is_idle, 60, f"what {path} does is shown")
        rest(1.0)
        album.save(name, window.see)


def show_problems(window: QWidget, album: Album) -> None:
    """What Check says, and the sheet before training."""
    window.document.apply_values({PREPROCESSING + "crop_size": -5, TRAIN + "max_epochs": 0}, "nonsense")
    window.actions_by_verb["check"].trigger()
    rest(3.0)
    album.save("check", window)
    window.document.undo_stack.undo()
    window.show_message("")


def train(window: QWidget, album: Album, mouse: Path, runs: Path) -> None:
    """A training from its sheet to its end, and a second, shorter one to compare with."""
    from sleapnn_engine.config.presets import list_presets
    from sleapnn_gui.document.files import open_preset

    for name, rate in (("first", 1e-3), ("higher_rate", 4e-3)):
        window.document.adopt(open_preset(list_presets("demo")[0]))
        values = {"max_epochs": 14, "ckpt_dir": str(runs), "run_name": name, "optimizer.lr": rate}
        window.document.apply_values(
            {LABELS: [str(mouse)], **{TRAIN + key: value for key, value in values.items()}}, "short"
        )
        wait_for(lambda: window.document.facts is not None, 60, "labels are described")
        if name == "first":
            window.actions_by_verb["review"].trigger()
            rest(3.0)
            sheet = next(one for one in window.findChildren(QWidget, "train_sheet") if one.isVisible())
            album.save("before-training", sheet)
            sheet.close()
        window.actions_by_verb["train"].trigger()
        window.runs.finish()
        if window.session is None:
            raise RuntimeError("; ".join(issue.message for issue in window.document.issues()))
        wait_for(lambda: len(window.train_page.store.epochs) >= 8, 300, "eight epochs")
        rest(1.0)
        if name == "first":
            album.save("train", window)
        wait_for(lambda: window.session is None or window.session.is_over, 300, "the training ends")
        rest(2.0)
        if name == "first":
            album.save("trained", window)


def show_results(window: QWidget, album: Album, runs: Path) -> None:
    """The pages of what was trained."""
    first, second = runs / "first", runs / "higher_rate"
    window.show_page("runs")
    wait_for(lambda: len(window.runs_page.model.shown) >= 2, 30, "the runs are listed")
    window.runs_page.choose([first])
    rest(2.0)
    album.save("runs", window)
    window.runs_page.choose([first, second])
    window.actions_by_verb["list_compare"].trigger()
    rest(3.0)
    album.save("compare", window)
    window.show_page("runs")
    window.runs_page.choose([first])
    window.actions_by_verb["show_evaluation"].trigger()
    rest(5.0)
    album.save("evaluation", window)
    window.show_page("runs")
    window.runs_page.choose([first])
    window.actions_by_verb["predict"].trigger()
    rest(3.0)
    album.save("predict", window)


def main() -> None:
    """Walk through the window and save what the command line names, or everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these pictures")
    parser.add_argument("-o", "--output", type=Path, default=FOLDER)
    args = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # Its name stands in the pictures.
    folder = Path(tempfile.gettempdir(), "poses")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
            os.environ[variable] = str(folder / variable.lower())
        from sleapnn_gui.app import build

        os.chdir(folder)
        mouse = draw_labels(folder, "mouse")
        flies = draw_labels(folder, "flies", "--species", "fly", "--animals", "3", "--frames", "60")
        _, window = build(["sleapnn-gui", "--theme", "light"])
        window.resize(*SIZE)
        album = Album(args.names, args.output)
        show_beginnings(window, album, mouse)
        show_sights(window, album, flies)
        show_problems(window, album)
        train(window, album, mouse, Path("runs"))
        show_results(window, album, folder / "runs")
        window.document.undo_stack.setClean()
        window.runs.leave()
        window.close()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
