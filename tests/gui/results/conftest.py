"""A model that others have trained, and labels that it fits: nothing is trained for what is done with a model."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from sleapnn_gui.widgets.theme import install_theme


@pytest.fixture
def models(shared_data: Path, tmp_path: Path) -> Path:
    """A folder with three run folders: bottomup, single_instance and multiclass_centered_instance."""
    for folder in (shared_data / "sleap_nn_models").iterdir():
        shutil.copytree(folder, tmp_path / "models" / folder.name.removeprefix("minimal_instance_"))
    return tmp_path / "models"


@pytest.fixture
def labels(shared_data: Path, tmp_path: Path) -> Path:
    """One labelled frame with two animals, of which the models know something."""
    made = tmp_path / "labels.pkg.slp"
    shutil.copyfile(shared_data / "projects" / "minimal_instance" / "minimal_instance.pkg.slp", made)
    return made


@pytest.fixture(autouse=True)
def _themed(app: QApplication) -> None:
    install_theme(app, mode="light")
