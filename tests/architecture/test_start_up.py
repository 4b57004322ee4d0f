"""What is loaded when: each part starts in a fresh process with nothing it does not need."""

import json
import os
import subprocess
import sys

import pytest

from sleapnn_gui.shell.pages import MODULES

TRAINS = {
    "torch",
    "torchvision",
    "lightning",
    "pytorch_lightning",
    "timm",
    "sleap_io",
    "cv2",
    "scipy",
    "h5py",
}
DRAWS = {"PySide6", "pyqtgraph", "qtawesome", "sleapnn_gui"}


def loaded_by(statement, *, whole=False):
    """Top-level packages, or `whole` names of modules, in a fresh process after `statement`."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    names = set(json.loads(done.stdout.splitlines()[-1]))
    return names if whole else {name.partition(".")[0] for name in names}


def test_the_app_loads_nothing_that_trains_nor_what_its_first_page_does_not_need():
    assert loaded_by("import sleapnn_gui.app") & (TRAINS | {"pyqtgraph", "qtawesome", "qtpy"}) == set()


def test_what_is_opened_later_is_loaded_later():
    """Sheets in turns of their own once the window is seen, the rest when it is needed; garbage is searched for later too."""
    statement = (
        "import contextlib, gc, sys; from sleapnn_gui.__main__ import main\n"
        "sys.argv = ['sleapnn-gui', '--help']\n"
        "with contextlib.suppress(SystemExit): main()\n"
        "assert not gc.isenabled()"
    )
    later = {"training_review", "train_sheet", "manual_window", "engine_sheet", "import_report"}
    sheets = {f"sleapnn_gui.shell.{name}" for name in later} | {
        "sleapnn_gui.form.preset_sheet",
        "sleapnn_gui.form.save_preset",
        "sleapnn_gui.run.resuming",
    }
    others = {"importlib.metadata", "psutil", "ssl", "pickletools", "sleapnn_engine.protocol.coach"}
    assert loaded_by(statement, whole=True) & (sheets | others) == set()
    assert sheets <= set(MODULES)


@pytest.mark.parametrize("package", ["config", "protocol"])
def test_settings_and_protocol_load_neither_torch_nor_qt(package):
    """Every module of the package, not only its door."""
    statement = (
        f"import importlib, pkgutil, sleapnn_engine.{package} as p\n"
        "for m in pkgutil.walk_packages(p.__path__, p.__name__ + '.'): importlib.import_module(m.name)"
    )
    assert loaded_by(statement) & (TRAINS | DRAWS) == set()


def test_settings_are_loaded_without_numpy():
    statement = (
        "import importlib, pkgutil, sleapnn_engine.config as p\n"
        "for m in pkgutil.walk_packages(p.__path__, p.__name__ + '.'): importlib.import_module(m.name)"
    )
    assert "numpy" not in loaded_by(statement)


def test_the_command_line_starts_without_torch():
    """`--help`, a typing error and `validate` answer at once."""
    statement = "from sleapnn_engine.cli import build_parser; build_parser('validate')"
    assert loaded_by(statement) & (TRAINS | DRAWS) == set()
