"""Either side is killed at a random moment: nothing that was recorded is lost, and all surfaces tell the same truth.

`python -m tests.benchmarks.soak_kills` kills many.
"""

import os
import random
import tempfile
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from sleapnn_gui.monitor.run_summary import summarise
from tests.gui.kills import soak

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")


def test_after_kills_of_either_side_all_surfaces_tell_the_same(
    app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    runs = tmp_path / "runs"
    runs.mkdir()
    seed = random.randrange(10**6)
    assert soak(app, runs, kills=3, seed=seed) == [], f"seed {seed}"
    ends = [summary.state for path in sorted(runs.iterdir()) if (summary := summarise(path))]
    assert ends[1] == "completed", "its window was killed, not its engine"
